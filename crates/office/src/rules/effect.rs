//! What another value of a parameter would touch: counted before it is proposed, and again before it is confirmed.
//! Nothing that runs is changed by it; the count says how much keeps terms that no longer would be given.

use jingui_regulation::{Date, Param};
use jingui_store::StoreError;
use rusqlite::{Connection, params};
use schemars::JsonSchema;
use serde::Serialize;

use crate::work::Rules;

/// A kind of record that a new value touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Effect {
    /// What is counted: `loans_keep_longer_term`, `loans_reminded_now`, `loans_incident_now`, `items_keep_longer_period`,
    /// `items_announced_now`, `people_keep_review_day`, `accounts_keep_shorter_password`, `content_above_ceiling`.
    pub kind: &'static str,
    /// How many.
    pub count: u64,
}

/// What the value would touch today; nothing for parameters that only later events read.
pub fn of(
    conn: &Connection,
    rules: &Rules,
    today: Date,
    parameter: Param,
    value: i64,
) -> Result<Vec<Effect>, StoreError> {
    let one = |kind, sql: &str, values: &[&dyn rusqlite::ToSql]| -> Result<Vec<Effect>, StoreError> {
        let count = conn.prepare_cached(sql)?.query_row(values, |row| row.get(0))?;
        Ok(vec![Effect { kind, count }])
    };
    let working_day = |days: i64| {
        let days = u16::try_from(days.max(0)).unwrap_or(u16::MAX);
        rules.calendar.add_working_days(today, days).date.to_string()
    };
    match parameter {
        Param::LoanDaysInternal | Param::LoanDaysConfidential | Param::LoanDaysSecret => {
            let level = match parameter {
                Param::LoanDaysInternal => 1,
                Param::LoanDaysConfidential => 2,
                _ => 3,
            };
            one(
                "loans_keep_longer_term",
                "SELECT count(*) FROM loan WHERE state = 'out' AND level = ?1 AND body ->> '$.state.out.approval.days' > ?2",
                params![level, value],
            )
        }
        Param::ReminderDays => one(
            "loans_reminded_now",
            "SELECT count(*) FROM loan WHERE state IN ('out', 'returning') AND due > ?1 AND due <= ?2",
            params![working_day(i64::from(rules.count(Param::ReminderDays))), working_day(value)],
        ),
        Param::PeriodYearsInternal
        | Param::PeriodYearsConfidential
        | Param::PeriodYearsSecret
        | Param::PeriodYearsTopSecret => {
            let level = match parameter {
                Param::PeriodYearsInternal => 1,
                Param::PeriodYearsConfidential => 2,
                Param::PeriodYearsSecret => 3,
                _ => 4,
            };
            one(
                "items_keep_longer_period",
                "SELECT count(*) FROM item WHERE level = ?1 AND declassifies_on > date(dated, '+' || ?2 || ' years')",
                params![level, value],
            )
        }
        Param::ExpiryAheadDays => {
            let ahead = |days: i64| today.plus_days(i32::try_from(days).unwrap_or(i32::MAX)).to_string();
            one(
                "items_announced_now",
                "SELECT count(*) FROM item WHERE declassifies_on > ?1 AND declassifies_on <= ?2",
                params![ahead(i64::from(rules.count(Param::ExpiryAheadDays))), ahead(value)],
            )
        }
        Param::ReviewYearsCore | Param::ReviewYearsImportant | Param::ReviewYearsGeneral => {
            let class = match parameter {
                Param::ReviewYearsCore => "core",
                Param::ReviewYearsImportant => "important",
                _ => "general",
            };
            one(
                "people_keep_review_day",
                "SELECT count(*) FROM person WHERE state = 'active' AND body ->> '$.class' = ?1 AND body ->> '$.review' IS NOT NULL",
                params![class],
            )
        }
        Param::PasswordLength if value > rules.parameters.value(Param::PasswordLength) => one(
            "accounts_keep_shorter_password",
            "SELECT count(*) FROM account WHERE body ->> '$.open' = 1",
            params![],
        ),
        Param::ContentCeiling => one(
            "content_above_ceiling",
            "SELECT count(DISTINCT file.item) FROM file JOIN item ON item.key = file.item WHERE item.level > ?1",
            params![value],
        ),
        _ => Ok(Vec::new()),
    }
}
