//! Reading a form that carries a file (`multipart/form-data`, RFC 7578), as browsers and `curl -F` send it. Takes parts and
//! names as they are; never decides what they may be.

use std::io::BufRead as _;
use std::ops::Range;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};

use crate::input;
use crate::language::Language;
use crate::problem::{BadField, Problem};

/// Most parts of a form; ours have two.
const PARTS: usize = 8;
/// Most bytes of the head of a part.
const HEAD: usize = 4 << 10;

/// A form as it came.
pub(crate) struct Form {
    bytes: Vec<u8>,
    parts: Vec<Part>,
}

struct Part {
    name: String,
    file_name: Option<String>,
    content: Range<usize>,
}

/// The form in a body of at most `limit` bytes: 400 when it is none.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    language: Language,
) -> Result<Form, Problem> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let none = || Problem::edge(StatusCode::BAD_REQUEST, "body.not_form", language);
    let boundary = parameter(media, "boundary").filter(|boundary| (1..=70).contains(&boundary.len()));
    let boundary = boundary.ok_or_else(none)?;
    let bytes = input::bytes(body, limit, language).await?;
    let parts = parts(&bytes, &boundary).ok_or_else(none)?;
    Ok(Form { bytes, parts })
}

impl Form {
    /// A part's content, and the name of its file: 422 when there is none of that name.
    pub(crate) fn part(&self, name: &str, language: Language) -> Result<(&[u8], Option<&str>), Problem> {
        let part = self.parts.iter().find(|part| part.name == name);
        let content = part.and_then(|part| Some((self.bytes.get(part.content.clone())?, part)));
        content.map(|(content, part)| (content, part.file_name.as_deref())).ok_or_else(|| {
            let names: Vec<&str> = self.parts.iter().map(|part| part.name.as_str()).collect();
            let found = input::shortened(&names.join(", "));
            Problem::field(
                BadField { field: name.to_owned(), found, expected: format!("a part named {name}") },
                language,
            )
        })
    }

    /// The bytes of a part, without a copy: the form is used up.
    pub(crate) fn into_part(mut self, name: &str) -> Vec<u8> {
        let Some(part) = self.parts.iter().find(|part| part.name == name) else { return Vec::new() };
        self.bytes.truncate(part.content.end);
        self.bytes.drain(..part.content.start.min(self.bytes.len()));
        self.bytes
    }
}

/// Where the parts lie; nothing where this is no whole form.
fn parts(bytes: &[u8], boundary: &str) -> Option<Vec<Part>> {
    let delimiter = format!("--{boundary}");
    let mut parts: Vec<Part> = Vec::new();
    let mut from = 0;
    // The head of the part that is open, and where its content begins.
    let mut open: Option<(String, Option<String>, usize)> = None;
    loop {
        let line = bytes.get(from..)?;
        if let Some(after) = line.strip_prefix(delimiter.as_bytes()) {
            if let Some((name, file_name, start)) = open.take() {
                // The line break before the delimiter is the delimiter's.
                let end = from.checked_sub(2).filter(|end| *end >= start)?;
                parts.push(Part { name, file_name, content: start..end });
            }
            if after.starts_with(b"--") {
                return Some(parts);
            }
            if parts.len() == PARTS || !after.starts_with(b"\r\n") {
                return None;
            }
            let start = from + delimiter.len() + 2;
            let (name, file_name, length) = head(bytes.get(start..)?)?;
            from = start + length;
            open = Some((name, file_name, from));
            // An empty part is followed by its line break and the delimiter.
            if bytes.get(from..)?.starts_with(b"\r\n--") {
                from += 2;
                continue;
            }
        }
        // On to the next line that ends as lines of forms do.
        loop {
            let mut rest = bytes.get(from..)?;
            let skipped = rest.skip_until(b'\n').ok()?;
            if skipped == 0 {
                return None;
            }
            from += skipped;
            if from.checked_sub(2).and_then(|at| bytes.get(at)) == Some(&b'\r') {
                break;
            }
        }
    }
}

/// The name, the file's name and the length of a part's head.
fn head(bytes: &[u8]) -> Option<(String, Option<String>, usize)> {
    let within = bytes.get(..bytes.len().min(HEAD))?;
    let length = within.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(within.get(..length)?).ok()?;
    let disposition =
        text.split("\r\n").filter_map(|line| line.split_once(':')).find_map(|(field, value)| {
            field.trim().eq_ignore_ascii_case("content-disposition").then(|| value.trim().to_owned())
        })?;
    Some((parameter(&disposition, "name")?, parameter(&disposition, "filename"), length))
}

/// A parameter of a header's value, quoted or not. Browsers write `"` and line breaks in names percent-encoded.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (name, after) = rest.trim_start().split_once('=')?;
        let (found, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(';').unwrap_or(after.len())),
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(found.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"));
        }
        rest = next.trim_start().strip_prefix(';')?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(body: &str, boundary: &str) -> Option<Vec<(String, Option<String>, String)>> {
        let found = parts(body.as_bytes(), boundary)?;
        let content = |part: &Part| body[part.content.clone()].to_owned();
        Some(found.iter().map(|part| (part.name.clone(), part.file_name.clone(), content(part))).collect())
    }

    #[test]
    fn the_parts_of_a_form_are_found_whatever_is_in_them() {
        let body = "--b1\r\nContent-Disposition: form-data; name=\"registration\"\r\nContent-Type: application/json\r\n\r\n{}\r\n\
                    --b1\r\ncontent-disposition: form-data; name=file; filename=\"附%22件.pdf\"\r\n\r\na\n--b1\rb\r\n-b1\r\n\r\n--b1--\r\n";
        let part = |name: &str, file: Option<&str>, content: &str| {
            (name.to_owned(), file.map(ToOwned::to_owned), content.to_owned())
        };
        assert_eq!(
            form(body, "b1").unwrap(),
            [part("registration", None, "{}"), part("file", Some("附\"件.pdf"), "a\n--b1\rb\r\n-b1\r\n")]
        );
        // A file of no bytes, and a form of no parts.
        let empty = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\r\n--b--";
        assert_eq!(form(empty, "b").unwrap(), [part("file", None, "")]);
        assert_eq!(form("--b--\r\n", "b").unwrap(), []);
    }

    #[test]
    fn what_is_no_whole_form_is_none() {
        let whole = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nwords\r\n--b--";
        assert!(form(whole, "b").is_some());
        for cut in 0..whole.len() {
            assert!(form(&whole[..cut], "b").is_none(), "{cut}");
        }
        assert!(form(whole, "c").is_none());
        assert!(form("--b\r\nContent-Type: text/plain\r\n\r\nwords\r\n--b--", "b").is_none());
    }

    #[test]
    fn parameters_are_read_quoted_or_not() {
        let media = "multipart/form-data; charset=utf-8; boundary=abc";
        assert_eq!(parameter(media, "boundary").unwrap(), "abc");
        assert_eq!(parameter("multipart/form-data; boundary=\"a;b\"", "boundary").unwrap(), "a;b");
        assert_eq!(parameter("multipart/form-data", "boundary"), None);
        assert_eq!(parameter("form-data; name=\"open", "name"), None);
    }
}
