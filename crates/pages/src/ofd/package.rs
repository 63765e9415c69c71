//! The package: the ZIP and how its files name each other (`ST_Loc`, GB/T 33190 7.1). Locations
//! are taken from the package's root or from the file they stand in, and in whatever case they
//! are written; they never lead outside the package.

use crate::xml::{self, Node};
use crate::{Archive, Bounds, Fault};
use std::collections::HashMap;
use std::rc::Rc;

pub(super) struct Package {
    archive: Archive<'static>,
    /// Small letters → name.
    names: HashMap<String, String>,
    bounds: Bounds,
}

impl Package {
    /// Opens the ZIP.
    ///
    /// # Errors
    /// When it is damaged or exceeds the bounds.
    pub fn open(bytes: Vec<u8>, bounds: Bounds) -> Result<Self, Fault> {
        let archive = Archive::open(bytes, bounds)?;
        let names = archive.names().map(|name| (name.to_lowercase(), name.to_owned())).collect();
        Ok(Self { archive, names, bounds })
    }

    /// Whether a file is there.
    pub fn contains(&self, name: &str) -> bool {
        self.archive.contains(name)
    }

    /// The name of the file that `location` means inside a file or folder `base`.
    pub fn locate(&self, base: &str, location: &str) -> String {
        let location = location.trim();
        let near = resolve(base, location);
        // Some writers mean the root without saying so.
        let candidates = [near.clone(), resolve("", location)];
        candidates
            .iter()
            .find_map(|name| {
                if self.archive.contains(name) {
                    Some(name.clone())
                } else {
                    self.names.get(&name.to_lowercase()).cloned()
                }
            })
            .unwrap_or(near)
    }

    /// Unpacks a file.
    ///
    /// # Errors
    /// When it is missing, damaged or too large.
    pub fn bytes(&mut self, name: &str) -> Result<Vec<u8>, Fault> {
        self.archive.read(name)
    }

    /// Reads a file of XML.
    ///
    /// # Errors
    /// When it is missing, damaged or too large.
    pub fn xml(&mut self, name: &str) -> Result<Rc<Node>, Fault> {
        let bytes = self.bytes(name)?;
        xml::parse(name, &bytes, self.bounds.depth)
    }
}

/// The folder of a file.
pub(super) fn folder(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A location from the root where it starts with a slash, otherwise from the folder `base`.
fn resolve(base: &str, location: &str) -> String {
    let location = location.replace('\\', "/");
    let joined = if location.starts_with('/') { location } else { format!("{base}/{location}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_stay_inside() {
        assert_eq!(resolve("Doc_0", "Pages/P.xml"), "Doc_0/Pages/P.xml");
        assert_eq!(resolve("Doc_0", "/Doc_1/./P.xml"), "Doc_1/P.xml");
        assert_eq!(resolve("Doc_0/Res", "..\\..\\..\\..\\etc\\x"), "etc/x");
    }
}
