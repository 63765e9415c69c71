//! Running numbers without gaps: a number is taken in the same transaction as what it numbers.

use jingui_store::{Column, Kind, Record};
use serde::{Deserialize, Serialize};

use crate::action::Stop;
use crate::work::Work;

/// A series of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Name, such as `receipt-2026`.
    pub name: String,
    /// The number given last.
    pub last: u64,
}

impl Record for Series {
    const KIND: Kind =
        Kind { name: "series", columns: &[Column::new("last", "$.last")], indexes: &[], side: None };

    fn key(&self) -> &str {
        &self.name
    }
}

/// The number given last.
pub fn last(work: &Work<'_, '_>, name: &str) -> Result<u64, Stop> {
    Ok(work.get::<Series>(name)?.map_or(0, |series| series.record.last))
}

/// Takes the next `count` numbers of a series; answers the first.
pub fn take(work: &mut Work<'_, '_>, name: &str, count: u64) -> Result<u64, Stop> {
    let last = last(work, name)?;
    work.put(&Series { name: name.to_owned(), last: last + count })?;
    Ok(last + 1)
}

/// Takes the next number of this year's series, as people write it: `2026-000123` for an item, which labels and
/// scanners carry; other registers put their sign before it, so that no two numbers look alike.
pub fn yearly(work: &mut Work<'_, '_>, series: &str) -> Result<String, Stop> {
    let year = work.today().year();
    let number = take(work, &format!("{series}-{year}"), 1)?;
    let sign = match series {
        "receipt" => "收",
        "loan" => "借",
        "incident" => "案",
        "evidence" => "证",
        _ => "",
    };
    Ok(format!("{sign}{year}-{number:06}"))
}
