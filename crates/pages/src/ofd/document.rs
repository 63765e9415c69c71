//! A document of the package (GB/T 33190 7.5 to 7.9): where its pages, templates, resources,
//! annotations and seals stand. Only what is needed to find them is read here.

use super::numbers;
use super::package::{Package, folder};
use super::seal;
use crate::xml::Node;
use crate::{Bounds, Fault};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use tiny_skia::Rect;

/// What is told to the reader, by the words of the console.
pub(crate) type Notices = BTreeSet<&'static str>;

/// One document.
pub(super) struct Volume {
    /// The page area that pages have without one of their own.
    pub area: Option<Rect>,
    pub resources: Rc<Resources>,
    /// The identifier of the colour space for colours that name none.
    pub default_colours: Option<String>,
    /// Template pages by identifier.
    pub templates: HashMap<String, String>,
    /// Files of annotations by the identifier of their page.
    pub annotations: HashMap<String, Vec<String>>,
    /// Seals by the identifier of their page.
    pub stamps: HashMap<String, Vec<Stamp>>,
}

/// Where a page stands.
pub(super) struct PageAt {
    pub volume: Rc<Volume>,
    pub id: String,
    pub file: String,
}

/// The picture of a seal on a page (18.2.3).
pub(super) struct Stamp {
    pub boundary: Rect,
    /// The part of it that shows, from its own corner; a seal over several sheets shows a strip on
    /// each.
    pub clip: Option<Rect>,
    pub picture: Rc<Vec<u8>>,
}

/// Resources (7.9) by kind and identifier.
#[derive(Default)]
pub(super) struct Resources {
    entries: HashMap<(String, String), Resource>,
    parent: Option<Rc<Resources>>,
}

/// A resource and the folder that its files stand in.
#[derive(Clone)]
pub(crate) struct Resource {
    pub node: Rc<Node>,
    pub folder: String,
}

impl Resources {
    /// A resource by its element's name and identifier.
    pub fn find(&self, kind: &str, id: &str) -> Option<&Resource> {
        let key = (kind.to_owned(), id.trim().to_owned());
        let mut level = Some(self);
        while let Some(resources) = level {
            if let Some(found) = resources.entries.get(&key) {
                return Some(found);
            }
            level = resources.parent.as_deref();
        }
        None
    }

    /// Reads files of resources; one that can't be read is left out and told.
    pub fn read<'a>(
        package: &mut Package,
        base: &str,
        locations: impl Iterator<Item = &'a str>,
        parent: Option<Rc<Resources>>,
        notices: &mut Notices,
    ) -> Self {
        let mut resources = Self { entries: HashMap::new(), parent };
        for location in locations {
            let file = package.locate(base, location);
            let Ok(root) = package.xml(&file) else {
                notices.insert("content_left_out");
                continue;
            };
            let own = package_folder(folder(&file), root.attribute("BaseLoc"));
            for node in root.children.iter().flat_map(|group| &group.children) {
                if let Some(id) = node.attribute("ID") {
                    let resource = Resource { node: Rc::clone(node), folder: own.clone() };
                    resources.entries.insert((node.name.clone(), id.to_owned()), resource);
                }
            }
        }
        resources
    }
}

/// The folder that a resource file's own locations start from.
fn package_folder(base: &str, location: Option<&str>) -> String {
    match location {
        Some(location) if location.starts_with('/') => location.to_owned(),
        Some(location) => format!("{base}/{location}"),
        None => base.to_owned(),
    }
}

/// Reads all documents of a package and lists their pages in order.
///
/// # Errors
/// When the package has no document that can be read, or too many pages.
pub(super) fn read(
    package: &mut Package,
    bounds: Bounds,
    notices: &mut Notices,
) -> Result<Vec<PageAt>, Fault> {
    let root = package.xml("OFD.xml")?;
    let mut pages = Vec::new();
    for body in root.all("DocBody") {
        let location = body.text_of("DocRoot").ok_or_else(|| Fault::damaged("OFD.xml", "has no DocRoot"))?;
        let file = package.locate("", location);
        if !package.contains(&file) && package.contains("Encryptions.xml") {
            return Err(Fault::Locked);
        }
        let document = package.xml(&file)?;
        let base = folder(&file).to_owned();
        let volume = Rc::new(volume(package, body, &document, &base, notices));
        let listed = document.child("Pages").map(|pages| pages.children.as_slice()).unwrap_or_default();
        for page in listed {
            let Some(location) = page.attribute("BaseLoc") else { continue };
            pages.push(PageAt {
                volume: Rc::clone(&volume),
                id: page.attribute("ID").unwrap_or_default().to_owned(),
                file: package.locate(&base, location),
            });
            if pages.len() > bounds.pages {
                let (found, allowed) = (listed.len() as u64, bounds.pages as u64);
                return Err(Fault::TooLarge { what: "pages".into(), found, allowed });
            }
        }
    }
    if pages.is_empty() { Err(Fault::damaged("OFD.xml", "leads to no page")) } else { Ok(pages) }
}

fn volume(package: &mut Package, body: &Node, document: &Node, base: &str, notices: &mut Notices) -> Volume {
    let empty = Rc::new(Node::default());
    let common = document.child("CommonData").unwrap_or(&empty);
    let files = ["PublicRes", "DocumentRes"];
    let listed = files.iter().flat_map(|name| common.all(name)).map(|node| node.text.as_str());
    let resources = Rc::new(Resources::read(package, base, listed, None, notices));
    let templates = common
        .all("TemplatePage")
        .filter_map(|page| {
            let file = package.locate(base, page.attribute("BaseLoc")?);
            Some((page.attribute("ID")?.to_owned(), file))
        })
        .collect();
    if document.child("Attachments").is_some() {
        notices.insert("attachments_not_shown");
    }
    let annotations = annotations(package, document, base, notices);
    let stamps = stamps(package, body, notices);
    Volume {
        area: area(common.child("PageArea")),
        resources,
        default_colours: common.text_of("DefaultCS").map(str::to_owned),
        templates,
        annotations,
        stamps,
    }
}

/// The physical box of a page area (7.5).
pub(super) fn area(area: Option<&Rc<Node>>) -> Option<Rect> {
    let boxes = ["PhysicalBox", "ApplicationBox", "ContentBox"];
    boxes.iter().find_map(|name| numbers::rectangle(area?.text_of(name)?))
}

/// Which files hold the annotations of which page (15.1).
fn annotations(
    package: &mut Package,
    document: &Node,
    base: &str,
    notices: &mut Notices,
) -> HashMap<String, Vec<String>> {
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    let Some(location) = document.text_of("Annotations") else { return found };
    let file = package.locate(base, location);
    let Ok(root) = package.xml(&file) else {
        notices.insert("content_left_out");
        return found;
    };
    for page in root.all("Page") {
        if let (Some(id), Some(location)) = (page.attribute("PageID"), page.text_of("FileLoc")) {
            found.entry(id.to_owned()).or_default().push(package.locate(folder(&file), location));
        }
    }
    found
}

/// The seals of a document's signatures (18). A signature is neither checked nor hidden.
fn stamps(package: &mut Package, body: &Node, notices: &mut Notices) -> HashMap<String, Vec<Stamp>> {
    let mut found: HashMap<String, Vec<Stamp>> = HashMap::new();
    let Some(location) = body.text_of("Signatures") else { return found };
    notices.insert("signatures_not_checked");
    let list = package.locate("", location);
    let Ok(root) = package.xml(&list) else {
        notices.insert("content_left_out");
        return found;
    };
    for signature in root.all("Signature") {
        let Some(location) = signature.attribute("BaseLoc") else { continue };
        let file = package.locate(folder(&list), location);
        let Ok(signature) = package.xml(&file) else {
            notices.insert("content_left_out");
            continue;
        };
        let Some(info) = signature.child("SignedInfo") else { continue };
        if info.child("StampAnnot").is_none() {
            continue;
        }
        let places =
            [info.child("Seal").and_then(|seal| seal.text_of("BaseLoc")), signature.text_of("SignedValue")];
        let picture = places.into_iter().flatten().find_map(|location| {
            let name = package.locate(folder(&file), location);
            seal::picture(&package.bytes(&name).ok()?).map(<[u8]>::to_vec)
        });
        let Some(picture) = picture.map(Rc::new) else {
            notices.insert("picture_not_shown");
            continue;
        };
        for stamp in info.all("StampAnnot") {
            let boundary = stamp.attribute("Boundary").and_then(numbers::rectangle);
            if let (Some(page), Some(boundary)) = (stamp.attribute("PageRef"), boundary) {
                let clip = stamp.attribute("Clip").and_then(numbers::rectangle);
                let stamp = Stamp { boundary, clip, picture: Rc::clone(&picture) };
                found.entry(page.to_owned()).or_default().push(stamp);
            }
        }
    }
    found
}
