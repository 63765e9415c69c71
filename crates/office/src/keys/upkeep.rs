//! Whether backups and drills are in time (clause 3.3.1.4): when each was last done, when it falls due, what the newest backup
//! lacks; and the work that follows from it for the system administrator and for whoever answers for the whole.

use jingui_access::Asker;
use jingui_regulation::{Date, Moment, Param, Role};
use jingui_store::StoreError;
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Serialize;

use super::backup::{Backup, Done};
use crate::supervision::workbench::{Task, Workbench};
use crate::work::Rules;

/// Most backups, drills and restorations that are shown.
const SHOWN: u32 = 50;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// How a deadline stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing is to be done.
    InOrder,
    /// It is to be done now, or soon.
    Due,
    /// The day has passed.
    Late,
}

/// A recurring duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "UpkeepDeadline")]
pub struct Deadline {
    /// When it was last done; nothing when never.
    pub last: Option<Moment>,
    /// Day it falls due; nothing for a drill while there is no backup to drill.
    pub due: Option<Date>,
    /// Working days left; negative when late.
    pub days_left: Option<i32>,
    /// How it stands.
    pub standing: Standing,
}

impl Deadline {
    fn of(last: Option<Moment>, due: Option<Date>, now: bool, today: Date, rules: &Rules) -> Self {
        let days_left = due.map(|due| rules.calendar.working_days_between(today, due));
        let standing = match due {
            Some(due) if due < today => Standing::Late,
            Some(_) if now => Standing::Due,
            _ => Standing::InOrder,
        };
        Self { last, due, days_left, standing }
    }
}

/// A place that holds a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "BackupPlace")]
pub struct Kept {
    /// The place, as it was named.
    pub place: String,
    /// When a backup was last taken there.
    pub at: Moment,
    /// Entries since then, which it hasn't.
    pub behind: u64,
    /// Files that the registers had and the vault had not.
    pub missing: u64,
}

/// How backups and drills stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Upkeep {
    /// Backups.
    pub backup: Deadline,
    /// Drills.
    pub drill: Deadline,
    /// Days from one backup to the next.
    pub backup_days: i64,
    /// Months from one drill to the next.
    pub drill_months: i64,
    /// Places, that of the newest backup first.
    pub places: Vec<Kept>,
    /// What was done, newest first.
    pub done: Vec<Backup>,
}

/// How backups and drills stand at this moment.
pub fn upkeep(conn: &Connection, rules: &Rules, now: Moment) -> Result<Upkeep, StoreError> {
    let (backup, drill) = deadlines(conn, rules, now)?;
    Ok(Upkeep {
        backup,
        drill,
        backup_days: rules.parameters.value(Param::BackupDays),
        drill_months: rules.parameters.value(Param::RestoreDrillMonths),
        places: places(conn)?,
        done: rows(conn, "SELECT body FROM backup ORDER BY at DESC LIMIT ?1", SHOWN)?,
    })
}

/// A backup falls due so many days after the last one, at the same hour; a drill so many months after the last one or, before
/// there was any, after the first backup. What was never done is due now.
fn deadlines(conn: &Connection, rules: &Rules, now: Moment) -> Result<(Deadline, Deadline), StoreError> {
    let today = now.date();
    let taken = super::backup::last(conn, Done::Backup)?;
    let again = taken.map(|at| at.plus_millis(rules.parameters.value(Param::BackupDays).saturating_mul(DAY)));
    let due = again.map_or(today, Moment::date);
    let backup = Deadline::of(taken, Some(due), again.is_none_or(|again| again <= now), today, rules);
    let drilled = super::backup::last(conn, Done::Drill)?;
    let first = rows(conn, "SELECT body FROM backup WHERE done = 'backup' ORDER BY at LIMIT ?1", 1)?;
    let since = drilled.or_else(|| first.first().map(|first| first.at));
    let due = since.map(|at| at.date().plus_months(rules.count(Param::RestoreDrillMonths)));
    let soon = rules.calendar.add_working_days(today, rules.count(Param::ReminderDays)).date;
    let drill = Deadline::of(drilled, due, due.is_some_and(|due| due <= soon), today, rules);
    Ok((backup, drill))
}

fn rows(conn: &Connection, sql: &str, limit: u32) -> Result<Vec<Backup>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(serde_json::from_str(row.get_ref(0)?.as_str().unwrap_or_default())?);
    }
    Ok(found)
}

fn places(conn: &Connection) -> Result<Vec<Kept>, StoreError> {
    let journal: u64 =
        conn.prepare_cached("SELECT coalesce(max(seq), 0) FROM entry")?.query_row([], |row| row.get(0))?;
    let mut places: Vec<Kept> = Vec::new();
    let taken = "SELECT body FROM backup WHERE done = 'backup' AND key IN
                 (SELECT max(key) FROM backup WHERE done = 'backup' GROUP BY body ->> '$.place') ORDER BY at DESC LIMIT ?1";
    for Backup { at, particulars, .. } in rows(conn, taken, SHOWN)? {
        let behind = journal.saturating_sub(particulars.entries);
        places.push(Kept { place: particulars.place, at, behind, missing: particulars.missing });
    }
    Ok(places)
}

/// What is to be done about backups and drills, added to a workbench: due or late for the system administrator; late for the
/// office head, who answers for the whole, and for the auditor.
pub fn tasks(
    conn: &Connection,
    asker: &Asker,
    rules: &Rules,
    now: Moment,
    bench: &mut Workbench,
) -> Result<(), StoreError> {
    let does = asker.is(Role::SystemAdministrator);
    if !does && !asker.is(Role::OfficeHead) && !asker.is(Role::SecurityAuditor) {
        return Ok(());
    }
    let (backup, drill) = deadlines(conn, rules, now)?;
    let place = places(conn)?.into_iter().next().map(|kept| kept.place);
    for (kind, deadline) in [("take_backup", backup), ("drill_restore", drill)] {
        let shown =
            if does { deadline.standing != Standing::InOrder } else { deadline.standing == Standing::Late };
        if !shown {
            continue;
        }
        let task = Task {
            kind,
            id: kind.to_owned(),
            item: None,
            copy: None,
            number: None,
            title: place.clone(),
            level: None,
            person: None,
            since: deadline.last.map(|at| at.to_string()),
            due: deadline.due,
            days_left: deadline.days_left,
        };
        if does { bench.waits_for_me.push(task) } else { bench.due_or_late.push(task) }
    }
    Ok(())
}
