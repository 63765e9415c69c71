//! The auditor: reads the book as plain JSON and says what doesn't follow from the regulation.
//!
//! Owns its own idea of the rules, written from the regulation's text. Must never call the office's code: what both
//! got wrong in the same way would never be found.

#![allow(clippy::indexing_slicing, reason = "reading JSON by name answers null where there is nothing")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::book::{Book, Line};

/// Everything that is wrong, in words; nothing when the book is in order.
pub fn audit(book: &Book) -> Vec<String> {
    let mut auditor = Auditor::default();
    for (at, line) in (1..).zip(&book.lines) {
        if line.seq != at {
            auditor.wrong(line, format!("entry {at} is expected here"));
        }
        auditor.follow(line);
    }
    if auditor.known != book.records {
        auditor.findings.push("the registers aren't what the journal says".to_owned());
    }
    holders(book, &mut auditor.findings);
    loans(book, &mut auditor.findings);
    numbers(book, &mut auditor.findings);
    auditor.findings
}

/// Walks the journal and keeps what it says.
#[derive(Default)]
struct Auditor {
    known: BTreeMap<(String, String), Value>,
    findings: Vec<String>,
}

impl Auditor {
    fn wrong(&mut self, line: &Line, what: impl std::fmt::Display) {
        self.findings.push(format!("entry {} ({} by {}): {what}", line.seq, line.action, line.actor));
    }

    fn record(&self, kind: &str, key: &Value) -> Value {
        let key = key.as_str().unwrap_or_default().to_owned();
        self.known.get(&(kind.to_owned(), key)).cloned().unwrap_or(Value::Null)
    }

    fn follow(&mut self, line: &Line) {
        if line.refused && !line.puts.is_empty() {
            self.wrong(line, "refused, but it changed something");
        }
        let before: Vec<Value> =
            line.puts.iter().map(|(kind, key, _)| self.record(kind, &Value::from(key.as_str()))).collect();
        // What one entry puts belongs together: cabinets and persons are looked up as they stand after it.
        for (kind, key, body) in &line.puts {
            self.known.insert((kind.clone(), key.clone()), body.clone());
        }
        for ((kind, _, body), before) in line.puts.iter().zip(&before) {
            match kind.as_str() {
                "copy" => self.copy(line, before, body),
                "loan" => self.loan(line, before, body),
                "reading_session" => self.session(line, before, body),
                _ => {}
            }
        }
    }

    /// Clauses 1.3.3, 3.1.1.2 – 3.1.1.4, 3.1.3.2, 3.1.3.5.
    fn copy(&mut self, line: &Line, before: &Value, after: &Value) {
        let (old, new) = (&before["custody"], &after["custody"]);
        let state = |custody: &Value| custody["state"].as_str().unwrap_or_default().to_owned();
        let level = after["level"].as_u64().unwrap_or_default();
        if level == 4 && (state(new) == "lent" || new["purpose"]["for"] == "loan") {
            self.wrong(line, "a top-secret copy leaves the registry");
        }
        if self.record("person", &new["holder"]).is_null() {
            self.wrong(line, "the holder isn't in the personnel register");
        }
        let changes_hands = !before.is_null() && old["holder"] != new["holder"];
        if changes_hands {
            let confirmed =
                state(old) == "offered" && old["to"] == new["holder"] && new["holder"] == line.actor.as_str();
            let found =
                state(old) == "missing" && state(new) == "desk" && new["holder"] == line.actor.as_str();
            if !confirmed && !found {
                self.wrong(line, format!("{} passes on without both sides: {old} → {new}", after["label"]));
            }
        }
        if state(new) == "lent" && changes_hands {
            self.may_know(line, &new["holder"], level);
            self.in_scope(line, &new["holder"], &after["item"]);
        }
        if state(old) == "lent" && state(new) == "lent" && old["holder"] != new["holder"] {
            self.wrong(line, "passed from borrower to borrower");
        }
        let from_a_borrower = state(old) == "lent" && state(new) == "offered";
        if from_a_borrower && new["purpose"]["for"] != "return" {
            self.wrong(line, "a borrower passes it on");
        }
        if state(new) == "kept" && old != new {
            let cabinet = self.record("cabinet", &new["cabinet"]);
            if cabinet["level"].as_u64().unwrap_or_default() < level {
                self.wrong(line, format!("a level-{level} copy in {}", cabinet["name"]));
            }
            if cabinet["custodian"] != new["holder"] {
                self.wrong(line, "in a cabinet, but its custodian doesn't hold it");
            }
            let slot = new["slot"].as_u64().unwrap_or_default();
            if slot == 0 || slot > cabinet["slots"].as_u64().unwrap_or_default() {
                self.wrong(line, format!("there is no slot {slot}"));
            }
        }
    }

    /// Clauses 3.1.3.1 – 3.1.3.4.
    fn loan(&mut self, line: &Line, before: &Value, after: &Value) {
        let level = after["level"].as_u64().unwrap_or_default();
        let approval = |loan: &Value| {
            let state = &loan["state"];
            if state["approval"].is_null() {
                state["out"]["approval"].clone()
            } else {
                state["approval"].clone()
            }
        };
        let (old, new) = (approval(before), approval(after));
        if !new.is_null() && old != new {
            let days = new["days"].as_u64().unwrap_or_default();
            if days == 0 || days > self.limit(level) {
                self.wrong(line, format!("{days} working days at level {level}"));
            }
            let (approver, applicant) = (
                self.record("person", &Value::from(line.actor.as_str())),
                self.record("person", &after["applicant"]),
            );
            if line.actor.as_str() == after["applicant"] {
                self.wrong(line, "the own application was approved");
            }
            let has = |role: &str| {
                approver["roles"].as_array().is_some_and(|roles| roles.iter().any(|one| one == role))
            };
            let own_head = has("department_head")
                && approver["department"] == after["department"]
                && !after["department"].is_null();
            if !(has("office_head") || level <= 2 && own_head) {
                self.wrong(line, format!("approved by {} for {}", approver["name"], applicant["name"]));
            }
        }
        let (was_out, out) = (&before["state"]["out"], &after["state"]["out"]);
        if !out.is_null() && (was_out.is_null() || was_out["approval"]["days"] != out["approval"]["days"]) {
            let days = out["approval"]["days"].as_u64().unwrap_or_default();
            let due = working_days_after(out["since"].as_str().unwrap_or_default(), days);
            if out["due"] != due {
                self.wrong(
                    line,
                    format!("{days} working days from {} end on {due}, not {}", out["since"], out["due"]),
                );
            }
        }
    }

    /// Clause 3.1.3.2: a second person is there, not the reader and not who opens.
    fn session(&mut self, line: &Line, before: &Value, session: &Value) {
        if before.is_null() {
            let level =
                self.record("item", &session["item"])["marking"]["level"].as_u64().unwrap_or_default();
            for present in ["reader", "second", "opened_by"] {
                self.may_know(line, &session[present], level);
            }
            self.in_scope(line, &session["reader"], &session["item"]);
        }
        if session["second"] == session["opened_by"] || session["second"] == session["reader"] {
            self.wrong(line, "the second person of a reading session is one of the two");
        }
        let room = self.record("room", &session["room"]);
        if room["reading"] != true {
            self.wrong(line, "read outside of a reading room");
        }
    }

    /// Clauses 3.5.1, 3.5.3: cleared for the level; from level 2 on committed, and reviewed for it.
    fn may_know(&mut self, line: &Line, person: &Value, level: u64) {
        let person = self.record("person", person);
        let review = &person["review"];
        let vetted = !person["commitment"].is_null()
            && review["due"].as_str().is_some_and(|due| line.day.as_str() < due)
            && review["supports"].as_u64().unwrap_or_default() >= level;
        if person["clearance"].as_u64().unwrap_or_default() < level || level >= 2 && !vetted {
            self.wrong(line, format!("{} may not know of level {level}", person["name"]));
        }
    }

    /// Clause 3.1.1.3: inside the need-to-know scope of the item.
    fn in_scope(&mut self, line: &Line, person: &Value, item: &Value) {
        let scope = self.record("item", item)["scope"].clone();
        let named = |list: &str, who: &Value| scope[list].as_array().is_some_and(|all| all.contains(who));
        let department = self.record("person", person)["department"].clone();
        if scope["kind"] != "everyone" && !named("people", person) && !named("departments", &department) {
            self.wrong(line, format!("{person} receives from outside the scope"));
        }
    }

    /// Longest loan of a level as set at that moment, in working days.
    fn limit(&self, level: u64) -> u64 {
        let (key, days) = match level {
            4 => ("loan_approval_top_secret", 1),
            3 => ("loan_days_secret", 5),
            2 => ("loan_days_confidential", 10),
            _ => ("loan_days_internal", 20),
        };
        self.record("setting", &Value::from(key))["value"].as_u64().unwrap_or(days)
    }
}

/// Clause 1.3.3: exactly one holder for each copy at every moment.
fn holders(book: &Book, findings: &mut Vec<String>) {
    for (key, copy) in book.of("copy") {
        let custody = &copy["custody"];
        let known = ["desk", "kept", "offered", "lent", "reading", "missing", "void"];
        if !custody["state"].as_str().is_some_and(|state| known.contains(&state)) {
            findings.push(format!("copy {key} is in no known state: {custody}"));
        }
        if !custody["holder"]
            .as_str()
            .is_some_and(|holder| book.of("person").any(|(person, _)| person == holder))
        {
            findings.push(format!("copy {key} has not exactly one holder: {custody}"));
        }
    }
}

/// What loans and copies say of each other agrees, both ways.
fn loans(book: &Book, findings: &mut Vec<String>) {
    let mut claimed = BTreeSet::new();
    for (key, loan) in book.of("loan") {
        let state = &loan["state"];
        let (copy, custody) = match state["name"].as_str().unwrap_or_default() {
            "out" => (&state["out"]["copy"], "lent"),
            "returning" => (&state["out"]["copy"], "offered"),
            "handing_over" => (&state["copy"], "offered"),
            "reading" => (&state["copy"], "reading"),
            _ => continue,
        };
        let found =
            book.of("copy").find(|(id, _)| copy == id).map_or(&Value::Null, |(_, copy)| &copy["custody"]);
        let named = [&found["loan"], &found["purpose"]["loan"]].contains(&&Value::from(key));
        if found["state"] != custody || !named {
            findings.push(format!("loan {key} is {}, but its copy is {found}", state["name"]));
        }
        if custody == "lent" && (found["holder"] != loan["applicant"] || found["due"] != state["due"]) {
            findings.push(format!("loan {key}: borrower or due day differ from {found}"));
        }
        if !claimed.insert(copy.to_string()) {
            findings.push(format!("copy {copy} is out on two loans"));
        }
    }
    for (key, copy) in book.of("copy") {
        let custody = &copy["custody"];
        let out = matches!(custody["state"].as_str(), Some("lent" | "reading"))
            || matches!(custody["purpose"]["for"].as_str(), Some("loan" | "return"));
        if out && !claimed.contains(&Value::from(key).to_string()) {
            findings.push(format!("copy {key} is out on no loan: {custody}"));
        }
    }
}

/// Numbers are unique and without a gap, for each series and year; labels are unique.
fn numbers(book: &Book, findings: &mut Vec<String>) {
    for (kind, field) in
        [("item", "register_number"), ("loan", "number"), ("receipt", "number"), ("incident", "number")]
    {
        let mut years: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (key, record) in book.of(kind) {
            match record[field].as_str().and_then(|number| number.split_once('-')) {
                Some((year, serial)) if serial.parse::<u64>().is_ok() => {
                    years.entry(year.to_owned()).or_default().extend(serial.parse::<u64>());
                }
                _ => findings.push(format!("{kind} {key} has no number: {}", record[field])),
            }
        }
        for (year, mut serials) in years {
            serials.sort_unstable();
            if !serials.iter().copied().eq(1..=serials.len() as u64) {
                findings.push(format!("numbers of {kind} in {year} repeat or have gaps: {serials:?}"));
            }
        }
    }
    let labels: Vec<&Value> = book.of("copy").map(|(_, copy)| &copy["label"]).collect();
    if labels.iter().map(ToString::to_string).collect::<BTreeSet<_>>().len() != labels.len() {
        findings.push("two copies carry one label".to_owned());
    }
}

/// Days off and weekends worked in 2026, read here without the office's parser.
const YEAR: &str = include_str!("../../regulation/calendars/2026.toml");

fn listed(section: &str, day: &str) -> bool {
    let from = YEAR.split(&format!("\n{section} = [")).nth(1).unwrap_or_default();
    from.split(']').next().unwrap_or_default().contains(day)
}

/// The day that ends `count` working days after `start`, in 2026.
fn working_days_after(start: &str, count: u64) -> String {
    let (mut day, mut left) = (start.to_owned(), count);
    while left > 0 {
        day = next_day(&day);
        let works = if weekend(&day) { listed("worked", &day) } else { !listed("off", &day) };
        left -= u64::from(works);
    }
    day
}

fn parts(day: &str) -> (u32, u32, u32) {
    let mut parts = day.split('-').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}

fn next_day(day: &str) -> String {
    let (year, month, date) = parts(day);
    let long = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let (year, month, date) = match (month, date) {
        (12, 31) => (year + 1, 1, 1),
        (_, last) if last == long => (year, month + 1, 1),
        _ => (year, month, date + 1),
    };
    format!("{year:04}-{month:02}-{date:02}")
}

/// Zeller's congruence: Saturday is 0, Sunday 1.
fn weekend(day: &str) -> bool {
    let (year, month, date) = parts(day);
    let (year, month) = if month < 3 { (year - 1, month + 12) } else { (year, month) };
    let (century, short) = (year / 100, year % 100);
    (date + 13 * (month + 1) / 5 + short + short / 4 + century / 4 + 5 * century) % 7 < 2
}
