//! Input fields that are folded once, at the edge, and can't hold what a register mustn't: control characters,
//! nothing at all, or a page where a line belongs.

use std::fmt;

use jingui_regulation::fold;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

/// One line of text: 1 to 200 characters after folding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Line(String);

/// Several lines of text: 1 to 4,000 characters after folding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Paragraph(String);

const LINE: usize = 200;
const PARAGRAPH: usize = 4_000;

macro_rules! text_field {
    ($name:ident, $most:expr, $fold:path, $schema:literal) => {
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(field: $name) -> Self {
                field.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                // Length first: folding a megabyte of nonsense is work that nobody needs.
                if text.len() > $most * 8 {
                    return Err(format!("expected at most {} characters, found {} bytes", $most, text.len()));
                }
                let folded = $fold(text)?;
                match folded.chars().count() {
                    0 => Err("expected some text, found none".to_owned()),
                    count if count > $most => Err(format!("expected at most {} characters, found {count}", $most)),
                    _ => Ok(Self(folded)),
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $schema.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "minLength": 1, "maxLength": $most })
            }
        }
    };
}

text_field!(Line, LINE, fold_line, "Line");
text_field!(Paragraph, PARAGRAPH, fold_paragraph, "Paragraph");

fn fold_line(text: &str) -> Result<String, String> {
    fold::text(text).map_err(|error| error.to_string())
}

/// Folds each line for itself, so that line breaks stay.
fn fold_paragraph(text: &str) -> Result<String, String> {
    let lines: Result<Vec<_>, _> = text.trim().lines().map(fold_line).collect();
    Ok(lines?.join("\n"))
}
