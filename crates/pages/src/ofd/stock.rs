//! What the pages of a package share while they are drawn: the package itself, fonts, pictures, and
//! what is to be told.

use super::document::{Notices, Resources};
use super::package::Package;
use super::picture;
use super::typeface::{Loaded, Typeface};
use crate::fonts::Fonts;
use crate::xml::Node;
use crate::{Bounds, Fault};
use image::RgbaImage;
use std::collections::HashMap;
use std::rc::Rc;

pub(super) struct Stock {
    pub package: Package,
    pub bounds: Bounds,
    pub fonts: Fonts,
    pub loaded: Loaded,
    pub notices: Notices,
    /// Whether this package is the picture of a seal in another one.
    pub nested: bool,
    /// By the font's file, or its identifier without one.
    typefaces: HashMap<String, Rc<Typeface>>,
    pictures: HashMap<String, Option<Rc<RgbaImage>>>,
    /// The page that was read last.
    page: Option<(String, Rc<Node>)>,
}

impl Stock {
    pub fn new(package: Package, bounds: Bounds, fonts: Fonts, notices: Notices, nested: bool) -> Self {
        Self {
            package,
            bounds,
            fonts,
            loaded: Loaded::new(),
            notices,
            nested,
            typefaces: HashMap::new(),
            pictures: HashMap::new(),
            page: None,
        }
    }

    /// A page's content. It is asked for its size, drawn and searched; one reading serves all.
    ///
    /// # Errors
    /// When it is missing, damaged or too large.
    pub fn page(&mut self, file: &str) -> Result<Rc<Node>, Fault> {
        if let Some((known, root)) = &self.page
            && known == file
        {
            return Ok(Rc::clone(root));
        }
        let root = self.package.xml(file)?;
        self.page = Some((file.to_owned(), Rc::clone(&root)));
        Ok(root)
    }

    /// A font by its identifier.
    pub fn typeface(&mut self, id: &str, resources: &Resources) -> Rc<Typeface> {
        let resource = resources.find("Font", id);
        let file = resource.and_then(|resource| {
            let location = resource.node.text_of("FontFile")?;
            Some(self.package.locate(&resource.folder, location))
        });
        // An identifier means something within its document only, which the address tells.
        let key = match resource {
            Some(resource) => {
                format!("{id} {:p} {}", Rc::as_ptr(&resource.node), file.as_deref().unwrap_or_default())
            }
            None => String::new(),
        };
        if let Some(known) = self.typefaces.get(&key) {
            return Rc::clone(known);
        }
        let bytes = file.and_then(|file| self.package.bytes(&file).ok());
        let brought = bytes.is_some();
        let typeface = Rc::new(Typeface::new(resource, bytes, &self.fonts));
        if brought && typeface.embedded().is_none() {
            self.notices.insert("font_substituted");
        }
        self.typefaces.insert(key, Rc::clone(&typeface));
        typeface
    }

    /// A decoded picture. As many are kept as together have the pixels that one may have.
    pub fn picture(&mut self, folder: &str, location: &str) -> Option<Rc<RgbaImage>> {
        let name = self.package.locate(folder, location);
        if let Some(known) = self.pictures.get(&name) {
            return known.clone();
        }
        let bytes = self.package.bytes(&name).ok();
        let image = bytes.and_then(|bytes| picture::decode(&bytes, self.bounds)).map(Rc::new);
        let pixels = |image: &RgbaImage| u64::from(image.width()) * u64::from(image.height());
        let kept: u64 = self.pictures.values().flatten().map(|image| pixels(image)).sum();
        if kept + image.as_ref().map_or(0, |image| pixels(image)) > self.bounds.pixels {
            self.pictures.clear();
        }
        self.pictures.insert(name, image.clone());
        image
    }

    /// The picture of a seal, which may be an OFD itself, drawn `width` pixels wide.
    pub fn seal(&mut self, bytes: &[u8], width: f32) -> Option<Rc<RgbaImage>> {
        if !bytes.starts_with(b"PK") {
            return picture::decode(bytes, self.bounds).map(Rc::new);
        }
        if self.nested {
            return None;
        }
        let (image, notices) = super::seal_picture(bytes, self.bounds, &self.fonts, width).ok()?;
        self.notices.extend(notices);
        Some(Rc::new(image))
    }
}
