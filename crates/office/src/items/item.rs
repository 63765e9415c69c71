//! The register entry of an item.

use jingui_access::Thing;
use jingui_regulation::{Category, Date, Marking, Moment, Urgency, fold};
use jingui_store::{Column, Id, Kind, Record, Side, Stored, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Scope;
use crate::action::About;

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
}

impl Record for Item {
    const KIND: Kind = Kind {
        name: "item",
        columns: &[
            Column::new("serial", "$.serial"),
            Column::new("register_number", "$.register_number"),
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
            "document_number, source",
            "unique:origin",
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
    Ok(Side { members: item.scope.tokens(), text: Some(Text { serial: item.serial, terms: terms(&text) }) })
}

/// Cuts text into overlapping pairs of characters, the terms of the index: a search for any two or more characters
/// in a row is then an exact phrase. Parts are kept apart so that no phrase runs from one into the next.
pub fn terms(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for part in text.split('\u{1f}') {
        let characters: Vec<char> = fold::search(part).chars().filter(|c| c.is_alphanumeric()).collect();
        for pair in characters.windows(2) {
            out.extend(pair);
            out.push(' ');
        }
        if let [single] = characters.as_slice() {
            out.push(*single);
            out.push(' ');
        }
        // A term that no search makes keeps phrases from reaching over the border.
        out.push_str("0 ");
    }
    out
}

impl Item {
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
        assert_eq!(terms("保密局"), "保密 密局 0 ");
        assert_eq!(terms("甲乙\u{1f}丙丁"), "甲乙 0 丙丁 0 ");
        assert_eq!(terms("〔２０２６〕号"), "20 02 26 6号 0 ");
    }
}
