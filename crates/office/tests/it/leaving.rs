//! Clause 3.5.4: leaving is completed only when nothing is held, answered for or owed.

use jingui_office::personnel::due::{DueFilter, Matter, due};
use jingui_office::personnel::holdings::{self, Holding, Way};
use jingui_office::{Connection, Status};
use jingui_store::{Id, StoreError};
use serde_json::{Value, json};

use crate::harness::{Harness, day};

fn held(h: &Harness, asker: &Id, person: &Id) -> Vec<Holding> {
    let look = |conn: &Connection| {
        let asker = h.office.asker(conn, asker)?.unwrap();
        holdings::list(conn, &asker, person)
    };
    h.office.store().read(look).unwrap().unwrap()
}

fn ways(h: &Harness, person: &Id) -> Vec<(Way, u64)> {
    held(h, &h.office_head, person).iter().map(|one| (one.way, one.count)).collect()
}

fn begin(h: &Harness, person: &Id) -> Value {
    let input = json!({"person": person, "last_day": "2026-12-18", "reason": "调离"});
    h.did(&h.by(&h.security), "leaving.begin", input)["id"].clone()
}

/// Who leaves gives everything back, each thing by its own way, gets nothing new, and is gone when all is done.
#[test]
fn clause_3_5_4_leaving_is_completed_only_when_nothing_is_left() {
    let h = Harness::on("2026-11-23");
    let account = json!({"person": h.staff, "account": "lilei", "password": "Jinshi-2026"});
    h.did(&h.by(&h.security), "account.open", account);
    let (item, copies) = h.item(2, 2);
    let (other, _) = h.item(3, 1);
    let loan = h.lend(&h.staff, &h.strategy_head, &item, &copies[0], 5);
    let waiting = h.apply(&h.staff, &other, 3, "take_out");
    // Nobody begins the own leaving, nor that of somebody else without the office.
    let own = json!({"person": h.security, "last_day": "2026-12-18", "reason": "调离"});
    assert_eq!(h.refused(&h.by(&h.security), "leaving.begin", own).status, Status::Access);
    let yesterday = json!({"person": h.staff, "last_day": "2026-11-22", "reason": "调离"});
    assert_eq!(h.refused(&h.by(&h.security), "leaving.begin", yesterday.clone()).code, "leaving.last_day");
    assert_eq!(h.refused(&h.by(&h.strategy_head), "leaving.begin", yesterday).status, Status::Access);
    let leaving = begin(&h, &h.staff);
    let again = json!({"person": h.staff, "last_day": "2026-12-18", "reason": "调离"});
    assert_eq!(h.refused(&h.by(&h.security), "leaving.begin", again).code, "person.leaving");
    assert_eq!(ways(&h, &h.staff), [(Way::BorrowedCopy, 1), (Way::OpenLoan, 1)]);
    // Nothing new: no application, no approval, no extension, no post, no place as a second person.
    let apply = json!({"item": item, "reason": "再借", "days": 2, "mode": "take_out"});
    assert_eq!(h.refused(&h.by(&h.staff), "loan.apply", apply).code, "person.leaving");
    assert_eq!(
        h.refused(&h.by(&h.office_head), "loan.approve", json!({"loan": waiting})).code,
        "person.leaving"
    );
    let post = h.did(&h.by(&h.security), "post.add", json!({"name": "文秘岗"}))["id"].clone();
    let assign = json!({"person": h.staff, "post": post});
    assert_eq!(h.refused(&h.by(&h.security), "person.assign", assign).code, "person.leaving");
    let head = json!({"department": h.strategy, "head": h.staff});
    assert_eq!(h.refused(&h.by(&h.security), "department.name_head", head).code, "person.leaving");
    // Not before everything is back. Who completes it sees how much there is, but not of what.
    let complete = json!({"leaving": leaving});
    let refusal = h.refused(&h.by(&h.office_head), "leaving.complete", complete.clone());
    assert_eq!((refusal.code, refusal.facts["count"].as_u64()), ("leaving.not_empty", Some(2)));
    let seen = held(&h, &h.security, &h.staff);
    assert!(seen.iter().all(|one| one.number.is_none() && one.level.is_none() && one.id.is_none()));
    assert!(held(&h, &h.staff, &h.staff).iter().all(|one| one.number.is_some()));
    h.did(&h.by(&h.staff), "loan.withdraw", json!({"loan": waiting}));
    h.did(&h.by(&h.staff), "loan.bring_back", json!({"loan": loan, "to": h.registrar}));
    // Brought back isn't taken back: the borrower answers for it until the registrar has checked it.
    assert_eq!(ways(&h, &h.staff), [(Way::BorrowedCopy, 1)]);
    h.did(&h.by(&h.registrar), "loan.take_back", json!({"loan": loan, "check": {"condition": "sound"}}));
    assert_eq!(ways(&h, &h.staff), []);
    h.did(&h.by(&h.office_head), "leaving.complete", complete.clone());
    assert_eq!(h.refused(&h.by(&h.office_head), "leaving.complete", complete).code, "leaving.state");
    // Gone at once: no action, no account, no row among those who can be chosen.
    assert_eq!(h.refused(&h.by(&h.staff), "item.read", json!({"item": item})).code, "person.left");
    let account = h.office.store().read(|conn| h.office.account(conn, "lilei")).unwrap().unwrap();
    assert!(!account.open);
    assert_eq!(h.record("person", &h.staff)["standing"], json!({"state": "left", "on": "2026-11-23"}));
    h.verify_clean();
}

/// A keeper's cabinets, rooms, items and sole role go to successors before the keeper does.
#[test]
fn clause_3_5_4_and_1_3_3_a_keeper_hands_everything_to_successors() {
    let h = Harness::on("2026-11-23");
    let (_, copies) = h.item(3, 1);
    h.item(2, 1);
    let leaving = begin(&h, &h.registrar);
    let complete = json!({"leaving": leaving});
    let before = [
        (Way::KeptCopy, 1),
        (Way::KeptCopy, 1),
        (Way::Cabinet, 1),
        (Way::Cabinet, 1),
        (Way::Room, 1),
        (Way::Items, 1),
        (Way::Items, 1),
        (Way::SoleRole, 1),
    ];
    assert_eq!(ways(&h, &h.registrar), before);
    let successor = h.person("0011", "林悦", Some(&h.party), &["registrar", "staff"], 3);
    let (new, head) = (h.by(&successor), h.by(&h.office_head));
    assert_eq!(ways(&h, &h.registrar).len(), before.len() - 1);
    // Nothing goes into the leaver's own cabinets any more.
    let back = json!({"copy": copies[0], "cabinet": h.cabinet_3, "slot": 2});
    assert_eq!(h.refused(&h.by(&h.registrar), "copy.place", back).code, "person.leaving");
    // Full cabinets change hands copy by copy.
    let name = |cabinet: &Id| json!({"cabinet": cabinet, "custodian": successor});
    assert_eq!(h.refused(&head, "cabinet.name_custodian", name(&h.cabinet_3)).code, "cabinet.not_empty");
    let fresh =
        json!({"name": "机密柜9", "room": h.reading_room, "level": 3, "custodian": successor, "slots": 9});
    let fresh = h.did(&new, "cabinet.add", fresh)["id"].clone();
    for one in held(&h, &h.registrar, &h.registrar).iter().filter(|one| one.way == Way::KeptCopy) {
        h.did(&h.by(&h.registrar), "copy.place", json!({"copy": one.id, "cabinet": fresh, "slot": 1}));
        h.did(&new, "copy.accept", json!({"copy": one.id}));
    }
    for cabinet in [&h.cabinet_2, &h.cabinet_3] {
        h.did(&head, "cabinet.name_custodian", name(cabinet));
    }
    let unfit = json!({"room": h.reading_room, "responsible": successor});
    assert_eq!(h.refused(&head, "room.name_responsible", unfit).code, "person.clearance_too_low");
    let room = json!({"room": h.reading_room, "responsible": h.custodian});
    h.did(&head, "room.name_responsible", room);
    // Items by level, to somebody who may know of that level, by somebody who may.
    let entrust = |level: u8, to: &Id| json!({"from": h.registrar, "to": to, "level": level});
    assert_eq!(h.refused(&new, "item.entrust", entrust(3, &h.registrar)).code, "person.leaving");
    assert_eq!(h.refused(&new, "item.entrust", entrust(4, &h.custodian)).status, Status::Absent);
    for level in [2, 3] {
        let moved = h.did(&new, "item.entrust", entrust(level, &successor));
        assert_eq!(moved, json!({"moved": 1, "left": 0}));
    }
    assert_eq!(ways(&h, &h.registrar), []);
    h.did(&head, "leaving.complete", complete);
    h.verify_clean();
}

/// The declassification period: its length by class inside the bounds, notes while it runs, announced, and confirmed only
/// when it is over.
#[test]
fn clause_3_5_4_the_declassification_period_is_tracked_to_its_end() {
    let h = Harness::on("2026-11-23");
    let (security, head) = (h.by(&h.security), h.by(&h.office_head));
    let review = json!({"person": h.colleague, "class": "important", "on": "2026-11-23", "supports": 3});
    h.did(&security, "person.record_review", review);
    // Called off, the person stays and is given things again.
    let called = begin(&h, &h.colleague);
    h.did(&security, "leaving.call_off", json!({"leaving": called, "reason": "决定留任"}));
    let (item, _) = h.item(2, 1);
    h.apply(&h.colleague, &item, 2, "take_out");
    let state = h.refused(&head, "leaving.complete", json!({"leaving": called}));
    assert_eq!((state.code, state.facts["state"].as_str()), ("leaving.state", Some("called_off")));
    let loan: Id = held(&h, &h.colleague, &h.colleague)[0].id.clone().unwrap().parse().unwrap();
    h.did(&h.by(&h.colleague), "loan.withdraw", json!({"loan": loan}));
    let leaving = begin(&h, &h.colleague);
    let matters = |today: &str| -> Vec<(Matter, String, bool)> {
        let look = |conn: &Connection| -> Result<_, StoreError> {
            let asker = h.office.person(conn, &h.security)?.unwrap().asker(day(today));
            let filter = DueFilter { person: Some(h.colleague.clone()), ..DueFilter::default() };
            due(conn, &asker, &h.office.rules(), day(today), &filter)
        };
        let all = h.office.store().read(look).unwrap().into_iter();
        all.map(|one| (one.matter, one.due.unwrap().to_string(), one.late)).collect()
    };
    assert_eq!(matters("2026-11-24"), [(Matter::LeavePerson, "2026-12-18".to_owned(), false)]);
    assert_eq!(matters("2026-12-19"), [(Matter::LeavePerson, "2026-12-18".to_owned(), true)]);
    let talk = json!({"leaving": leaving, "about": "talk", "text": "离岗谈话，签订离岗承诺"});
    h.did(&security, "leaving.note", talk);
    for months in [23, 37] {
        let refusal = h.refused(&head, "leaving.complete", json!({"leaving": leaving, "months": months}));
        assert_eq!(
            (refusal.code, refusal.facts["least"].as_u64(), refusal.facts["most"].as_u64()),
            ("leaving.months", Some(24), Some(36))
        );
    }
    let done = h.did(&head, "leaving.complete", json!({"leaving": leaving, "months": 30}));
    assert_eq!(
        done["state"]["period"],
        json!({"class": "important", "months": 30, "from": "2026-11-23", "until": "2029-05-23"})
    );
    let travel = json!({"leaving": leaving, "about": "travel", "text": "因私出境申请，未同意"});
    h.did(&security, "leaving.note", travel.clone());
    assert_eq!(h.refused(&h.by(&h.strategy_head), "leaving.note", travel.clone()).status, Status::Access);
    assert_eq!(matters("2029-01-01"), []);
    assert_eq!(matters("2029-05-23"), [(Matter::ReleasePerson, "2029-05-23".to_owned(), false)]);
    assert_eq!(matters("2029-05-24"), [(Matter::ReleasePerson, "2029-05-23".to_owned(), true)]);
    let release = json!({"leaving": leaving});
    h.go_to("2029-05-23");
    let refusal = h.refused(&security, "leaving.release", release.clone());
    assert_eq!((refusal.code, refusal.facts["until"].as_str()), ("leaving.period_runs", Some("2029-05-23")));
    h.go_to("2029-05-24");
    let released = h.did(&security, "leaving.release", release);
    assert_eq!(released["notes"].as_array().unwrap().len(), 2);
    assert_eq!(matters("2029-05-24"), []);
    assert_eq!(h.refused(&security, "leaving.note", travel).code, "leaving.state");
}
