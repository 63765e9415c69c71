//! A numbered copy of an item (份, with its 份号).

use jingui_access::Thing;
use jingui_regulation::Level;
use jingui_store::{Column, Held, Id, Kind, Record, Side, Stored};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Custody, Item};
use crate::action::{About, Stop};
use crate::work::Work;

/// A copy. Exactly one person holds it at every moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Copy {
    /// Id.
    pub id: Id,
    /// The item.
    pub item: Id,
    /// Level of the item.
    pub level: Level,
    /// Copy number (份号), printed with six digits.
    pub number: u32,
    /// What the label's bar code holds; unique.
    pub label: String,
    /// Where it is and who answers for it.
    pub custody: Custody,
    /// Damage noted when it came back, if any.
    pub damage: Option<String>,
}

impl Record for Copy {
    const KIND: Kind = Kind {
        name: "copy",
        columns: &[
            Column::fixed("item", "$.item"),
            Column::new("level", "$.level"),
            Column::fixed("number", "$.number"),
            Column::fixed("label", "$.label"),
            Column::new("state", "$.custody.state"),
            Column::new("holder", "$.custody.holder"),
            Column::new("receiver", "$.custody.to"),
            Column::new("cabinet", "$.custody.cabinet"),
            Column::new("slot", "$.custody.slot"),
            Column::new("due", "$.custody.due"),
        ],
        indexes: &[
            "unique:item, number",
            "item, state, cabinet, holder",
            "unique:label",
            "holder, state",
            "receiver",
            "cabinet, slot",
            "state, level",
        ],
        side: Some(side),
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// Who has the copy is worked out from its stored body, so that a replay gives the same.
fn side(body: &str) -> Result<Side, serde_json::Error> {
    let copy: Copy = serde_json::from_str(body)?;
    let how = match &copy.custody {
        // Until the other side has confirmed, whoever hands it over still answers for it.
        Custody::Desk { .. } | Custody::Kept { .. } | Custody::Offered { .. } => "kept",
        other => other.state(),
    };
    Ok(Side { held: Some(Held { who: copy.custody.holder().to_string(), how }), ..Side::default() })
}

impl Copy {
    /// An action about this copy: level and scope are its item's.
    pub fn about(work: &Work<'_, '_>, id: &Id) -> Result<(About, Stored<Self>), Stop> {
        let copy = work.need::<Self>(id)?;
        let item = work.need::<Item>(&copy.item)?;
        let thing = Thing {
            holder: copy.custody.holder().to_string(),
            receiver: match &copy.custody {
                Custody::Offered { to, .. } => to.to_string(),
                _ => String::new(),
            },
            ..item.thing()
        };
        Ok((About::record("copy", id.as_str(), copy.version).with(thing), copy))
    }
}
