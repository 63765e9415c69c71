//! The reading rule (clauses 3.1.1.3, 3.5.1, 3.5.3): clearance at least the level, inside the need-to-know scope or
//! keeping the item by duty, commitment signed, review valid.
//!
//! It exists twice on purpose: as the policy `item.read` and as the SQL condition below, which every list, count,
//! search and export uses. A test over many generated offices holds the two equal.

use jingui_access::Asker;
use jingui_regulation::{Moment, Role};
use jingui_store::{Id, Narrowed, Record as _};
use rusqlite::types::Value;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Item;
use crate::action::{About, Action, Stop};
use crate::work::Work;

/// The condition on a row of `item`, with its values, for this reader.
#[derive(Debug, Clone)]
pub struct Readable {
    /// SQL over the table `item`; values are positional.
    pub sql: String,
    /// Values for the condition, in order.
    pub values: Vec<Value>,
}

/// Whether the reader keeps or supervises items by duty and so needs no place in their scope.
pub fn by_duty(asker: &Asker) -> bool {
    [Role::Registrar, Role::Custodian, Role::OfficeHead].iter().any(|role| asker.is(*role))
}

/// Whether the reader is one of the three administrators, who know no item.
pub fn is_administrator(asker: &Asker) -> bool {
    [Role::SystemAdministrator, Role::SecurityAdministrator, Role::SecurityAuditor]
        .iter()
        .any(|role| asker.is(*role))
}

/// Highest level the reader may know of at all: 0 when none.
pub fn reach(asker: &Asker) -> u8 {
    if is_administrator(asker) || asker.roles.is_empty() {
        0
    } else if asker.committed && asker.reviewed {
        asker.clearance
    } else {
        asker.clearance.min(1)
    }
}

/// The reading rule as an SQL condition on `item`.
pub fn readable(asker: &Asker) -> Readable {
    let reach = Value::Integer(reach(asker).into());
    if by_duty(asker) {
        return Readable { sql: "item.level <= ?".into(), values: vec![reach] };
    }
    let tokens = asker.tokens();
    let marks = vec!["?"; tokens.len()].join(", ");
    let mut values = vec![reach];
    values.extend(tokens.into_iter().map(Value::Text));
    Readable {
        sql: format!(
            "item.level <= ? AND EXISTS (SELECT 1 FROM member WHERE member.record = item.key AND member.who IN ({marks}))"
        ),
        values,
    }
}

/// The same of the present record `now`, for registers shown as of a past moment: who may not know of an item today
/// doesn't see what it was.
pub fn readable_now(asker: &Asker) -> Narrowed {
    let reach = reach(asker);
    if by_duty(asker) {
        return (Item::KIND.name, format!("now.level <= {reach}"));
    }
    let tokens: Vec<String> =
        asker.tokens().iter().map(|token| format!("'{}'", token.replace('\'', "''"))).collect();
    let sql = format!(
        "now.level <= {reach} AND EXISTS (SELECT 1 FROM main.member WHERE member.record = now.key AND member.who IN ({}))",
        tokens.join(", ")
    );
    (Item::KIND.name, sql)
}

/// What narrows the registers as they stood at a past moment: what may be known today, and that what was made later wasn't
/// there. Ids grow with time, so that lists by id begin where that moment was.
pub fn narrowed(asker: &Asker, at: Moment) -> Vec<Narrowed> {
    let latest = Id::latest(at);
    let by_id = [
        crate::items::Copy::KIND,
        crate::loans::Loan::KIND,
        crate::loans::ReadingSession::KIND,
        crate::receipts::Receipt::KIND,
        crate::accountability::incident::Incident::KIND,
        crate::files::Print::KIND,
    ];
    let then = by_id.iter().map(|kind| (kind.name, format!("now.key <= '{latest}'")));
    std::iter::once(readable_now(asker)).chain(then).collect()
}

/// Asks whether the reader may know of an item; never run as a change, only decided.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// The item.
    pub item: Id,
}

/// The name under which the policies decide on knowing of an item.
pub const READ: &str = "item.read";

impl Action for Open {
    const NAME: &'static str = READ;
    const TITLE: (&'static str, &'static str) = ("查阅登记", "Open a register entry");
    const CLAUSES: &'static [&'static str] = &["3.1.1.2", "3.1.1.3", "5.1.2"];
    type Outcome = Opened;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Item::about(&work.need::<Item>(&self.item)?))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Opened, Stop> {
        let item = work.need::<Item>(&self.item)?;
        Ok(Opened { item: self.item, level: item.marking.level().number() })
    }
}

/// That the entry was opened.
#[derive(Debug, Clone, serde::Serialize, JsonSchema)]
pub struct Opened {
    /// The item.
    pub item: Id,
    /// Its level.
    pub level: u8,
}
