//! Issuing units: each name once, so that completion offers what was typed before.

use jingui_store::{Column, Kind, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::Stop;
use crate::work::Work;

/// A unit that sends or issues items, kept under its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Name.
    pub name: String,
}

impl Record for Source {
    const KIND: Kind =
        Kind { name: "source", columns: &[Column::new("name", "$.name")], indexes: &[], side: None };

    fn key(&self) -> &str {
        &self.name
    }
}

/// Remembers the unit when it is new.
pub fn remember(work: &mut Work<'_, '_>, name: &str) -> Result<(), Stop> {
    if work.get::<Source>(name)?.is_none() {
        work.put(&Source { name: name.to_owned() })?;
    }
    Ok(())
}
