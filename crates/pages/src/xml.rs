//! XML as a tree of elements by their local names: OFD files in the wild use other prefixes and
//! namespaces than the standard says. Nothing outside the bytes is ever looked at: a document type
//! definition is refused, and with it every entity of one's own.

use crate::Fault;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::rc::Rc;

/// Most elements in one file; a tree takes many times the bytes of its text.
const ELEMENTS: usize = 1_000_000;

/// An element.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub name: String,
    attributes: Vec<(String, String)>,
    pub children: Vec<Rc<Node>>,
    /// The text directly in it, white space and all.
    pub text: String,
}

impl Node {
    /// An attribute's value without white space around it.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.trim())
    }

    /// The id of a relationship: of two attributes called `id`, the one that begins with a letter.
    pub fn relation(&self) -> Option<&str> {
        let ids = self.attributes.iter().filter(|(own, _)| own == "id");
        ids.map(|(_, value)| value.trim()).find(|id| id.starts_with(|c: char| c.is_ascii_alphabetic()))
    }

    /// Whether an attribute says so; `default` without it.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        match self.attribute(name) {
            Some(value) => value.eq_ignore_ascii_case("true") || value == "1",
            None => default,
        }
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Rc<Node>> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Rc<Node>> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of this name, where it has any.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim()).filter(|text| !text.is_empty())
    }
}

/// Reads a file's root element.
///
/// # Errors
/// When it is no XML, has a document type definition, or is nested or grown beyond bounds.
pub(crate) fn parse(part: &str, bytes: &[u8], depth: usize) -> Result<Rc<Node>, Fault> {
    let text = decode(bytes);
    let mut reader = Reader::from_str(&text);
    let mut open: Vec<Node> = vec![Node::default()];
    let mut elements = 0;
    loop {
        let event = reader.read_event().map_err(|error| Fault::damaged(part, error))?;
        match event {
            Event::Start(start) => {
                check(part, "depth", open.len(), depth)?;
                open.push(element(part, &start)?);
                elements += 1;
            }
            Event::Empty(start) => {
                let node = element(part, &start)?;
                if let Some(parent) = open.last_mut() {
                    parent.children.push(Rc::new(node));
                }
                elements += 1;
            }
            Event::End(_) => {
                let node = open.pop().unwrap_or_default();
                match open.last_mut() {
                    Some(parent) => parent.children.push(Rc::new(node)),
                    None => return Err(Fault::damaged(part, "ends more than it starts")),
                }
            }
            Event::Text(text) => append(&mut open, &text.xml10_content()),
            Event::CData(text) => append(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|error| Fault::damaged(part, error))?;
                match character {
                    Some(character) => append(&mut open, character.encode_utf8(&mut [0; 4])),
                    None => append(
                        &mut open,
                        quick_xml::escape::resolve_predefined_entity(&reference.xml10_content())
                            .ok_or_else(|| Fault::damaged(part, "names an unknown entity"))?,
                    ),
                }
            }
            Event::DocType(_) => return Err(Fault::damaged(part, "has a document type definition")),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
        check(part, "elements", elements, ELEMENTS)?;
    }
    // What never ended is damaged, though all of it was read.
    match (open.pop(), open.is_empty()) {
        (Some(mut outside), true) => {
            outside.children.pop().ok_or_else(|| Fault::damaged(part, "has no element"))
        }
        _ => Err(Fault::damaged(part, "breaks off")),
    }
}

fn check(part: &str, what: &str, found: usize, allowed: usize) -> Result<(), Fault> {
    if found > allowed {
        return Err(Fault::TooLarge {
            what: format!("{part}: {what}"),
            found: found as u64,
            allowed: allowed as u64,
        });
    }
    Ok(())
}

fn append(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

fn element(part: &str, start: &BytesStart<'_>) -> Result<Node, Fault> {
    let mut node = Node { name: start.local_name().as_ref().to_owned(), ..Node::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| Fault::damaged(part, error))?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| Fault::damaged(part, error))?;
        node.attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(node)
}

/// Text in the encoding that a mark or the declaration names, otherwise UTF-8.
fn decode(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(200)).unwrap_or_default());
    let declared = head.split_once("?>").and_then(|(declaration, _)| {
        let (_, value) = declaration.split_once("encoding")?;
        value.split(['"', '\'']).nth(1)
    });
    let encoding = declared.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    // A byte order mark wins over what is declared; `decode` sees to that.
    encoding.unwrap_or(encoding_rs::UTF_8).decode(bytes).0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Rc<Node>, Fault> {
        parse("part", text.as_bytes(), 8)
    }

    #[test]
    fn elements_are_found_whatever_their_prefix() {
        let root =
            read("<?xml version='1.0'?><a:x xmlns:a='u'><b:y k=' &lt;1 '>t&amp;&#x4E2D;</b:y><y/></a:x>");
        let root = root.unwrap();
        assert_eq!(root.name, "x");
        assert_eq!(root.text_of("y"), Some("t&中"));
        assert_eq!(root.child("y").unwrap().attribute("k"), Some("<1"));
        assert_eq!(root.all("y").count(), 2);
    }

    #[test]
    fn other_encodings_are_read() {
        let (bytes, ..) = encoding_rs::GBK.encode("<?xml version=\"1.0\" encoding=\"GBK\"?><x>密级</x>");
        assert_eq!(parse("part", &bytes, 8).unwrap().text, "密级");
    }

    #[test]
    fn document_types_and_entities_are_refused() {
        let outside = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><x>&e;</x>";
        assert!(matches!(read(outside), Err(Fault::Damaged { .. })));
        assert!(matches!(read("<x>&e;</x>"), Err(Fault::Damaged { .. })));
        assert!(matches!(read("<x a='&e;'/>"), Err(Fault::Damaged { .. })));
    }

    #[test]
    fn depth_is_bounded_and_halves_are_damaged() {
        let deep = "<x>".repeat(100) + &"</x>".repeat(100);
        assert!(matches!(read(&deep), Err(Fault::TooLarge { .. })));
        for half in ["", "<x>", "<x", "<x></y>", "</x>", "text"] {
            assert!(matches!(read(half), Err(Fault::Damaged { .. })), "{half}");
        }
    }
}
