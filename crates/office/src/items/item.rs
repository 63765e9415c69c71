//! The register entry of an item.

use jingui_access::Thing;
use jingui_regulation::{Category, Date, Level, Marking, Moment, Urgency, fold};
use jingui_store::{Column, Id, Kind, Record, Side, Stored, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Scope;
use crate::action::About;
use crate::refusal::Refusal;

/// An item of the register: one document, in as many copies as were received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// Id.
    pub id: Id,
    /// Running number over all years; gives the order of registration.
    pub serial: i64,
    /// Register number, such as `2026-000123`.
    pub register_number: String,
    /// The receipt it came with, if it came by one.
    pub receipt: Option<Id>,
    /// The issuer's document number, such as `国资发〔2026〕12号`.
    pub document_number: Option<String>,
    /// Title.
    pub title: String,
    /// Issuing unit.
    pub source: String,
    /// Category (clauses 2.1.1 – 2.1.7).
    pub category: Category,
    /// Level and period.
    pub marking: Marking,
    /// Day of issue as printed; the period counts from it.
    pub dated: Date,
    /// Day of receipt.
    pub received_on: Date,
    /// Basis of the classification, as marked or as told.
    pub basis: Option<String>,
    /// Urgency.
    pub urgency: Urgency,
    /// Need-to-know scope.
    pub scope: Scope,
    /// Who answers for it (clause 1.3.3).
    pub responsible: Id,
    /// Department that handles it.
    pub department: Option<Id>,
    /// Number of copies.
    pub copies: u32,
    /// Remark.
    pub remark: Option<String>,
    /// The day it declassifies, where the marking sets one.
    pub declassifies_on: Option<Date>,
    /// When it was registered.
    pub registered_at: Moment,
    /// By whom.
    pub registered_by: Id,
    /// Identity of the ledger row it was imported from; importing the row again finds it.
    pub origin: Option<String>,
    /// Why the entry was struck, when it was: it stays in the register, struck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void: Option<Void>,
}

/// A register entry made by mistake is struck, never erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Void {
    /// When.
    pub at: Moment,
    /// By whom.
    pub by: Id,
    /// Why.
    pub reason: String,
}

impl Record for Item {
    const KIND: Kind = Kind {
        name: "item",
        columns: &[
            Column::growing("serial", "$.serial"),
            Column::fixed("register_number", "$.register_number"),
            Column::new("receipt", "$.receipt"),
            Column::new("document_number", "$.document_number"),
            Column::new("title", "$.title"),
            Column::new("source", "$.source"),
            Column::new("category", "$.category"),
            Column::new("level", "$.marking.level"),
            Column::new("dated", "$.dated"),
            Column::new("received_on", "$.received_on"),
            Column::new("urgency", "$.urgency"),
            Column::new("department", "$.department"),
            Column::new("declassifies_on", "$.declassifies_on"),
            Column::new("origin", "$.origin"),
            Column::new("responsible", "$.responsible"),
        ],
        indexes: &[
            "unique:serial, level",
            "unique:register_number",
            "level, serial",
            "category, dated, level",
            "source, serial, level",
            "received_on, serial, level",
            "dated, serial, level",
            "department, serial, level",
            "department, received_on, serial, level",
            "document_number, source",
            "unique:origin",
            "responsible, level",
        ],
        side: Some(side),
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// What hangs beside an item is worked out from its stored body, so that a replay gives the same.
fn side(body: &str) -> Result<Side, serde_json::Error> {
    let item: Item = serde_json::from_str(body)?;
    let mut text = format!("{}\u{1f}{}\u{1f}{}", item.title, item.register_number, item.source);
    if let Some(number) = &item.document_number {
        text.push('\u{1f}');
        text.push_str(number);
    }
    let text = Some(Text { serial: item.serial, terms: terms(&text) });
    Ok(Side { members: item.scope.tokens(), text, held: None })
}

/// A term that ends each part of a text and that no search can make, so that no phrase reaches over the border.
const BORDER: &str = "\u{1c1} ";

/// Cuts text into overlapping pairs of characters, the terms of the index: a search for any two or more characters
/// in a row is then an exact phrase, and for a single one a prefix.
pub fn terms(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for part in text.split('\u{1f}') {
        let characters: Vec<char> = letters(part);
        for pair in characters.windows(2) {
            out.extend(pair);
            out.push(' ');
        }
        if let Some(last) = characters.last() {
            out.push(*last);
            out.push(' ');
        }
        out.push_str(BORDER);
    }
    out
}

/// The index query that finds what was typed: each word between blanks as a substring, all of them. Nothing when nothing
/// searchable was typed.
pub fn phrase(typed: &str) -> Option<String> {
    let words: Vec<String> = typed.split_whitespace().filter_map(|word| one_phrase(&letters(word))).collect();
    (!words.is_empty()).then(|| words.join(" AND "))
}

fn one_phrase(characters: &[char]) -> Option<String> {
    match characters {
        [] => None,
        [single] => Some(format!("\"{single}\" *")),
        several => {
            let pairs: Vec<String> = several.windows(2).map(|pair| pair.iter().collect()).collect();
            Some(format!("\"{}\"", pairs.join(" ")))
        }
    }
}

/// The characters that are searched for: folded, letters and digits only.
pub(crate) fn letters(text: &str) -> Vec<char> {
    fold::search(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

impl Item {
    /// The day the marking ends; level 1 carries none.
    pub fn declassification(&self) -> Option<Date> {
        if self.marking.level() == Level::Internal { None } else { self.marking.until(self.dated) }
    }

    /// Refuses what can't be done to an entry that was struck.
    pub fn standing(&self) -> Result<(), Refusal> {
        if self.void.is_none() {
            return Ok(());
        }
        Err(Refusal::new("item.void", &["3.1.1.1"]).fact("register_number", self.register_number.as_str()))
    }

    /// The facts the access policy decides by.
    pub fn thing(&self) -> Thing {
        Thing { level: self.marking.level().number(), scope: self.scope.tokens(), ..Thing::default() }
    }

    /// An action about this item.
    pub fn about(stored: &Stored<Self>) -> About {
        About::record("item", stored.id.as_str(), stored.version).with(stored.thing())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_overlapping_pairs_and_parts_stay_apart() {
        assert_eq!(terms("保密局"), "保密 密局 局 \u{1c1} ");
        assert_eq!(terms("甲乙\u{1f}丙丁"), "甲乙 乙 \u{1c1} 丙丁 丁 \u{1c1} ");
        assert_eq!(terms("〔２０２６〕号"), "20 02 26 6号 号 \u{1c1} ");
    }

    #[test]
    fn what_is_typed_becomes_a_phrase() {
        assert_eq!(phrase("保密工作"), Some("\"保密 密工 工作\"".into()));
        assert_eq!(phrase("保密　工作 1"), Some("\"保密\" AND \"工作\" AND \"1\" *".into()));
        assert_eq!(phrase("密"), Some("\"密\" *".into()));
        assert_eq!(phrase(" 〔〕\""), None);
    }
}
