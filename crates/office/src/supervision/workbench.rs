//! The workbench: what waits for me, what I hold and owe, what falls due or is late; for the head, what is wrong
//! today. Worked out from live state, one query for each kind of work.

mod keys;
use std::collections::BTreeMap;

use jingui_access::Asker;
use jingui_regulation::{Date, Param, Role};
use jingui_store::{Id, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use schemars::JsonSchema;
use serde::Serialize;

use crate::items::reading::{by_duty, readable};
use crate::items::views::id;
use crate::loans::views::{for_decision, visible};
use crate::page::Condition;
use crate::personnel::due::{DueFilter, Matter, due};
use crate::work::Rules;

/// A piece of work.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Task {
    /// What is to be done: `approve_loan`, `approve_renewal`, `accept_copy`, `acknowledge_loan`, `check_return`,
    /// `register_receipt`, `place_copy`, `hand_over_loan`, `close_session`, `return_copy`, `collect_loan`,
    /// `await_approval`, `overdue_loan`, `open_incident`, `expiring_item`, `review_person`, `check_person`, `leave_person`,
    /// `release_person`, `sign_commitment`, `import_calendar`, `confirm_ceiling`, `confirm_rights`, `confirm_parameter`,
    /// `approve_print`, `make_print`, `take_backup`, `drill_restore`, `decide_key_change`, `collect_share`, `confirm_share`.
    pub kind: &'static str,
    /// The record it is about.
    pub id: String,
    /// The item concerned.
    pub item: Option<Id>,
    /// The copy concerned.
    pub copy: Option<Id>,
    /// Number people know it by.
    pub number: Option<String>,
    /// Title or name, as far as the reader may know it.
    pub title: Option<String>,
    /// Level of the item.
    pub level: Option<u8>,
    /// The other person concerned: applicant, giver, borrower.
    pub person: Option<Id>,
    /// Since when it waits.
    pub since: Option<String>,
    /// Day it falls due.
    pub due: Option<Date>,
    /// Working days left; negative when late.
    pub days_left: Option<i32>,
}

/// Everything on one person's workbench.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Workbench {
    /// What waits for this person.
    pub waits_for_me: Vec<Task>,
    /// What this person holds or owes.
    pub i_hold: Vec<Task>,
    /// What falls due soon or is late, in the own or the answered-for part of the office.
    pub due_or_late: Vec<Task>,
    /// For heads and the registry: what is wrong today.
    pub strip: Vec<Figure>,
}

/// A number that opens its list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Figure {
    /// What is counted: `overdue_loans`, `open_incidents`, `missing_copies`, `open_receipts`, `unplaced_copies`,
    /// `waiting_loans`, `expired_items`, `people_late`.
    pub kind: &'static str,
    /// How many.
    pub count: u64,
}

/// Most tasks of one kind; the rest stands in its list.
const MOST: usize = 50;

struct Bench<'a> {
    conn: &'a Connection,
    asker: &'a Asker,
    rules: &'a Rules,
    today: Date,
}

/// The columns a query for tasks answers, in this order.
const TASK: &str = "id, item, copy, number, title, level, person, since, due";

impl Bench<'_> {
    fn days_left(&self, due: Date) -> i32 {
        self.rules.calendar.working_days_between(self.today, due)
    }

    /// Tasks of one kind. `sql` selects the columns of [`TASK`]; where it needs item titles it joins through `known`.
    fn tasks(&self, kind: &'static str, sql: &str, values: Vec<Value>) -> Result<Vec<Task>, StoreError> {
        let mut statement = self.conn.prepare_cached(&format!("SELECT {TASK} FROM ({sql}) LIMIT {MOST}"))?;
        let mut rows = statement.query(params_from_iter(&values))?;
        let mut tasks = Vec::new();
        while let Some(row) = rows.next()? {
            let due: Option<Date> = row.get::<_, Option<String>>(8)?.and_then(|text| text.parse().ok());
            tasks.push(Task {
                kind,
                id: row.get(0)?,
                item: id(row, 1)?,
                copy: id(row, 2)?,
                number: row.get(3)?,
                title: row.get(4)?,
                level: row.get(5)?,
                person: id(row, 6)?,
                since: row.get(7)?,
                due,
                days_left: due.map(|due| self.days_left(due)),
            });
        }
        Ok(tasks)
    }

    /// Loans under a condition, with the item as far as it may be known.
    fn loans(&self, kind: &'static str, condition: &Condition, order: &str) -> Result<Vec<Task>, StoreError> {
        let rule = readable(self.asker);
        let sql = format!(
            "SELECT loan.key AS id, item.key AS item, coalesce(loan.copy, loan.body ->> '$.state.copy') AS copy, item.register_number AS number,
                    item.title AS title, loan.level AS level, loan.applicant AS person, loan.applied_at AS since, loan.due AS due
             FROM loan LEFT JOIN item ON item.key = loan.item AND ({}) WHERE {} ORDER BY {order}",
            rule.sql,
            condition.sql()
        );
        let mut values = rule.values;
        values.extend(condition.values.clone());
        self.tasks(kind, &sql, values)
    }

    /// Copies under a condition.
    fn copies(
        &self,
        kind: &'static str,
        person: &str,
        condition: &Condition,
    ) -> Result<Vec<Task>, StoreError> {
        let rule = readable(self.asker);
        let sql = format!(
            "SELECT copy.key AS id, item.key AS item, copy.key AS copy, copy.label AS number, item.title AS title, copy.level AS level,
                    {person} AS person, copy.body ->> '$.custody.since' AS since, copy.due AS due
             FROM copy LEFT JOIN item ON item.key = copy.item AND ({}) WHERE {} ORDER BY copy.key DESC",
            rule.sql,
            condition.sql()
        );
        let mut values = rule.values;
        values.extend(condition.values.clone());
        self.tasks(kind, &sql, values)
    }

    fn me(&self) -> Value {
        Value::Text(self.asker.id.clone())
    }

    fn mine(&self, sql: &str) -> Condition {
        let mut condition = Condition::default();
        condition.and(sql, [self.me()]);
        condition
    }
}

/// This person's workbench.
pub fn workbench(
    conn: &Connection,
    asker: &Asker,
    rules: &Rules,
    today: Date,
) -> Result<Workbench, StoreError> {
    let bench = Bench { conn, asker, rules, today };
    let mut all = Workbench::default();
    keys::waiting(&bench, &mut all.waits_for_me)?;
    let people_late = people(&bench, &mut all)?;
    if asker.roles.iter().any(|role| role.is_administrator()) {
        administrators(&bench, &mut all);
        proposals(&bench, &mut all)?;
        return Ok(all);
    }
    waiting(&bench, &mut all.waits_for_me)?;
    ceiling(&bench, &mut all)?;
    proposals(&bench, &mut all)?;
    holding(&bench, &mut all.i_hold)?;
    falling_due(&bench, &mut all.due_or_late)?;
    if by_duty(asker) || asker.is(Role::DepartmentHead) {
        strip(&bench, &mut all.strip)?;
    }
    if bench.asker.is(Role::OfficeHead) || bench.asker.is(Role::DepartmentHead) {
        all.strip.push(Figure { kind: "people_late", count: people_late });
    }
    Ok(all)
}

fn waiting(bench: &Bench<'_>, tasks: &mut Vec<Task>) -> Result<(), StoreError> {
    if let Some(decide) = for_decision(bench.asker) {
        for (kind, state) in
            [("approve_loan", "loan.state = 'applied'"), ("approve_renewal", "loan.renewal IS NOT NULL")]
        {
            let mut condition = decide.clone();
            condition.and(state, []);
            tasks.extend(bench.loans(kind, &condition, "loan.applied_at")?);
        }
    }
    tasks.extend(bench.loans(
        "acknowledge_loan",
        &bench.mine("loan.state = 'handing_over' AND loan.applicant = ?"),
        "loan.key",
    )?);
    let accept = bench.mine("copy.receiver = ? AND copy.body ->> '$.custody.purpose.for' = 'place'");
    tasks.extend(bench.copies("accept_copy", "copy.holder", &accept)?);
    let check = "SELECT loan.key AS id, item.key AS item, copy.key AS copy, copy.label AS number, item.title AS title, loan.level AS level,
                        loan.applicant AS person, loan.body ->> '$.state.offered_at' AS since, loan.due AS due
                 FROM copy JOIN loan ON loan.key = copy.body ->> '$.custody.purpose.loan' LEFT JOIN item ON item.key = loan.item
                 WHERE copy.receiver = ? AND copy.body ->> '$.custody.purpose.for' = 'return' ORDER BY loan.key";
    tasks.extend(bench.tasks("check_return", check, vec![bench.me()])?);
    let confirm = "SELECT key AS id, item, NULL AS copy, NULL AS number, NULL AS title, NULL AS level, reader AS person,
                          opened_at AS since, NULL AS due FROM reading_session
                   WHERE state = 'open' AND (reader = ?1 AND body ->> '$.reader_confirmed' IS NULL
                                             OR body ->> '$.second' = ?1 AND body ->> '$.second_confirmed' IS NULL) ORDER BY opened_at";
    tasks.extend(bench.tasks("confirm_session", confirm, vec![bench.me()])?);
    let prints = |condition: &str| {
        format!(
            "SELECT print.key AS id, item.key AS item, NULL AS copy, item.register_number AS number, item.title AS title, item.level AS level,
                    print.applicant AS person, print.body ->> '$.applied_at' AS since, NULL AS due
             FROM print JOIN item ON item.key = print.item WHERE ({}) AND {condition} ORDER BY print.key",
            readable(bench.asker).sql
        )
    };
    let known = readable(bench.asker).values;
    if bench.asker.is(Role::OfficeHead) || bench.asker.is(Role::DepartmentHead) {
        let mut values = known.clone();
        values.push(bench.me());
        let mut condition = "print.state = 'applied' AND print.applicant <> ?".to_owned();
        if !bench.asker.is(Role::OfficeHead) {
            condition.push_str(" AND item.level <= 2 AND print.body ->> '$.department' = ?");
            values.push(Value::Text(bench.asker.department.clone()));
        }
        tasks.extend(bench.tasks("approve_print", &prints(&condition), values)?);
    }
    if bench.asker.is(Role::Registrar) {
        tasks.extend(bench.tasks("make_print", &prints("print.state = 'approved'"), known)?);
    }
    if bench.asker.is(Role::Registrar) {
        let receipts = "SELECT key AS id, NULL AS item, NULL AS copy, number, source AS title, NULL AS level, received_by AS person,
                               received_at AS since, NULL AS due FROM receipt WHERE open = 1 ORDER BY received_at";
        tasks.extend(bench.tasks("register_receipt", receipts, Vec::new())?);
    }
    if by_duty(bench.asker) {
        let sessions = "SELECT key AS id, item, NULL AS copy, NULL AS number, NULL AS title, NULL AS level, reader AS person,
                               opened_at AS since, NULL AS due FROM reading_session WHERE state = 'open' AND body ->> '$.opened_by' = ? ORDER BY opened_at";
        tasks.extend(bench.tasks("close_session", sessions, vec![bench.me()])?);
        let mut approved = Condition::default();
        approved.and(
            "loan.state = 'approved' AND EXISTS (SELECT 1 FROM copy WHERE copy.item = loan.item AND copy.holder = ? AND copy.state IN ('desk', 'kept'))",
            [bench.me()],
        );
        tasks.extend(bench.loans("hand_over_loan", &approved, "loan.applied_at")?);
        tasks.extend(bench.copies(
            "place_copy",
            "NULL",
            &bench.mine("copy.holder = ? AND copy.state = 'desk'"),
        )?);
    }
    Ok(())
}

fn holding(bench: &Bench<'_>, tasks: &mut Vec<Task>) -> Result<(), StoreError> {
    let out = bench.mine("loan.applicant = ? AND loan.state IN ('out', 'returning')");
    tasks.extend(bench.loans("return_copy", &out, "loan.due")?);
    tasks.extend(bench.loans(
        "collect_loan",
        &bench.mine("loan.applicant = ? AND loan.state = 'approved'"),
        "loan.key",
    )?);
    tasks.extend(bench.loans(
        "await_approval",
        &bench.mine("loan.applicant = ? AND loan.state = 'applied'"),
        "loan.key",
    )?);
    Ok(())
}

fn falling_due(bench: &Bench<'_>, tasks: &mut Vec<Task>) -> Result<(), StoreError> {
    let soon =
        bench.rules.calendar.add_working_days(bench.today, bench.rules.count(Param::ReminderDays)).date;
    let mut late = visible(bench.asker);
    late.and("loan.state IN ('out', 'returning') AND loan.due <= ?", [Value::Text(soon.to_string())]);
    tasks.extend(bench.loans("overdue_loan", &late, "loan.due")?);
    let ahead = bench.today.plus_days(i32::from(bench.rules.count(Param::ExpiryAheadDays)));
    if !by_duty(bench.asker) {
        return Ok(());
    }
    let rule = readable(bench.asker);
    let incidents = format!(
        "SELECT incident.key AS id, incident.item AS item, NULL AS copy, incident.number AS number, incident.body ->> '$.description' AS title,
                NULL AS level, NULL AS person, incident.opened_at AS since, NULL AS due
         FROM incident WHERE incident.state = 'open'
         AND (incident.item IS NULL OR EXISTS (SELECT 1 FROM item WHERE item.key = incident.item AND ({}))) ORDER BY incident.opened_at",
        rule.sql
    );
    tasks.extend(bench.tasks("open_incident", &incidents, rule.values.clone())?);
    let expiring = format!(
        "SELECT item.key AS id, item.key AS item, NULL AS copy, item.register_number AS number, item.title AS title, item.level AS level,
                NULL AS person, NULL AS since, item.declassifies_on AS due
         FROM item WHERE ({}) AND item.declassifies_on BETWEEN ? AND ? ORDER BY item.declassifies_on",
        rule.sql
    );
    let mut values = rule.values;
    values.push(Value::Text(bench.today.to_string()));
    values.push(Value::Text(ahead.to_string()));
    tasks.extend(bench.tasks("expiring_item", &expiring, values)?);
    Ok(())
}

fn strip(bench: &Bench<'_>, figures: &mut Vec<Figure>) -> Result<(), StoreError> {
    let count = |sql: &str, condition: &Condition| -> Result<u64, StoreError> {
        let sql = format!("{sql} AND {}", condition.sql());
        Ok(bench
            .conn
            .prepare_cached(&sql)?
            .query_row(params_from_iter(&condition.values), |row| row.get(0))?)
    };
    let mut late = visible(bench.asker);
    late.and("loan.due < ?", [Value::Text(bench.today.to_string())]);
    figures.push(Figure {
        kind: "overdue_loans",
        count: count("SELECT count(*) FROM loan WHERE loan.state IN ('out', 'returning')", &late)?,
    });
    let waiting = for_decision(bench.asker).unwrap_or_else(|| {
        let mut none = Condition::default();
        none.and("loan.state = 'applied'", []);
        let mine = visible(bench.asker);
        none.and(mine.sql(), mine.values);
        none
    });
    figures
        .push(Figure { kind: "waiting_loans", count: count("SELECT count(*) FROM loan WHERE 1", &waiting)? });
    if !by_duty(bench.asker) {
        return Ok(());
    }
    let mut known = Condition::default();
    let rule = readable(bench.asker);
    known.and(
        format!("EXISTS (SELECT 1 FROM item WHERE item.key = copy.item AND ({}))", rule.sql),
        rule.values,
    );
    figures.push(Figure {
        kind: "missing_copies",
        count: count("SELECT count(*) FROM copy WHERE copy.state = 'missing'", &known)?,
    });
    figures.push(Figure {
        kind: "unplaced_copies",
        count: count("SELECT count(*) FROM copy WHERE copy.state = 'desk'", &known)?,
    });
    let mut expired = Condition::default();
    let rule = readable(bench.asker);
    expired.and(rule.sql, rule.values);
    expired.and("item.declassifies_on < ?", [Value::Text(bench.today.to_string())]);
    figures
        .push(Figure { kind: "expired_items", count: count("SELECT count(*) FROM item WHERE 1", &expired)? });
    let all = Condition::default();
    figures.push(Figure {
        kind: "open_receipts",
        count: count("SELECT count(*) FROM receipt WHERE open = 1", &all)?,
    });
    figures.push(Figure {
        kind: "open_incidents",
        count: count("SELECT count(*) FROM incident WHERE state = 'open'", &all)?,
    });
    Ok(())
}

/// What is due about people: one's own commitment waits for oneself, the rest is shown to those who see to it. A periodic
/// check is the heads' business alone. Answers how much of it all is late.
fn people(bench: &Bench<'_>, all: &mut Workbench) -> Result<u64, StoreError> {
    let heads = bench.asker.is(Role::OfficeHead) || bench.asker.is(Role::DepartmentHead);
    let all_of_them = due(bench.conn, bench.asker, bench.rules, bench.today, &DueFilter::default())?;
    let late = all_of_them.iter().filter(|one| one.late).count();
    let mut shown: BTreeMap<&'static str, usize> = BTreeMap::new();
    for one in all_of_them {
        let own = one.person.as_str() == bench.asker.id;
        let mine = match one.matter {
            Matter::CheckPerson => heads,
            Matter::SignCommitment | Matter::ReviewPerson => {
                own || bench.asker.is(Role::SecurityAdministrator)
            }
            Matter::LeavePerson => own || heads || bench.asker.is(Role::SecurityAdministrator),
            Matter::ReleasePerson => {
                bench.asker.is(Role::OfficeHead) || bench.asker.is(Role::SecurityAdministrator)
            }
        };
        let of_this_kind = shown.entry(one.matter.task()).or_default();
        if !mine || *of_this_kind >= MOST {
            continue;
        }
        *of_this_kind += 1;
        let column = if own && one.matter == Matter::SignCommitment {
            &mut all.waits_for_me
        } else {
            &mut all.due_or_late
        };
        column.push(Task {
            kind: one.matter.task(),
            id: one.person.to_string(),
            item: None,
            copy: None,
            number: Some(one.staff_number),
            title: Some(one.name),
            level: None,
            person: Some(one.person),
            since: None,
            due: one.due,
            days_left: one.due.map(|due| bench.days_left(due)),
        });
    }
    Ok(u64::try_from(late).unwrap_or(u64::MAX))
}

/// Approvals of content that the security administrator entered and the office head is to confirm.
fn ceiling(bench: &Bench<'_>, all: &mut Workbench) -> Result<(), StoreError> {
    if bench.asker.is(Role::OfficeHead) {
        let unconfirmed = "SELECT key AS id, NULL AS item, NULL AS copy, number, body ->> '$.authority' AS title,
                                  NULL AS level, body ->> '$.entered_by' AS person, body ->> '$.entered_at' AS since, NULL AS due
                           FROM content_approval WHERE body ->> '$.confirmed_by' IS NULL AND valid_until >= ? ORDER BY key";
        let today = Value::Text(bench.today.to_string());
        all.waits_for_me.extend(bench.tasks("confirm_ceiling", unconfirmed, vec![today])?);
    }
    Ok(())
}

/// Proposals that wait for this person: the office head, and the auditor for the rights of the office's first head.
fn proposals(bench: &Bench<'_>, all: &mut Workbench) -> Result<(), StoreError> {
    let condition = if bench.asker.is(Role::OfficeHead) {
        "proposal.subject <> ?1"
    } else if bench.asker.is(Role::SecurityAuditor) {
        "proposal.of = 'rights' AND proposal.subject <> ?1 AND NOT EXISTS (
             SELECT 1 FROM person AS head, json_each(head.body, '$.roles') AS role
             WHERE role.value = 'office_head' AND head.state = 'active' AND head.key <> proposal.subject)"
    } else {
        return Ok(());
    };
    for (kind, of) in [("confirm_rights", "rights"), ("confirm_parameter", "parameter")] {
        let sql = format!(
            "SELECT proposal.key AS id, NULL AS item, NULL AS copy, coalesce(person.staff_number, proposal.subject) AS number,
                    coalesce(person.name, proposal.body ->> '$.reason') AS title, NULL AS level, proposal.body ->> '$.proposed_by' AS person,
                    proposal.body ->> '$.proposed_at' AS since, NULL AS due
             FROM proposal LEFT JOIN person ON person.key = proposal.subject
             WHERE proposal.state = 'open' AND proposal.of = '{of}' AND {condition} ORDER BY proposal.key"
        );
        all.waits_for_me.extend(bench.tasks(kind, &sql, vec![bench.me()])?);
    }
    Ok(())
}

fn administrators(bench: &Bench<'_>, all: &mut Workbench) {
    if !bench.asker.is(Role::SecurityAdministrator) {
        return;
    }
    let horizon = bench.today.plus_days(i32::from(bench.rules.count(Param::CalendarAheadDays)));
    for year in bench.today.year()..=horizon.year() {
        if bench.rules.calendar.is_provisional(year) {
            let due = Date::new(year, 1, 1);
            all.waits_for_me.push(Task {
                kind: "import_calendar",
                id: year.to_string(),
                item: None,
                copy: None,
                number: Some(year.to_string()),
                title: None,
                level: None,
                person: None,
                since: None,
                due,
                days_left: due.map(|due| bench.days_left(due)),
            });
        }
    }
}
