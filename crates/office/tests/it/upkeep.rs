//! Backups and drills in time, and what was given up outside.

use jingui_access::Asker;
use jingui_office::keys::go_on::{Contradiction, Loss, given_up};
use jingui_office::keys::upkeep::{Standing, Upkeep, tasks, upkeep};
use jingui_office::supervision::workbench::Workbench;
use jingui_office::{Caller, Connection};
use jingui_regulation::{Moment, Role};
use jingui_store::StoreError;
use serde_json::{Value, json};

use crate::harness::{Harness, day};

fn note(done: &str) -> Value {
    json!({"done": done, "place": "/backup", "entries": 12, "files": 3, "missing": 0, "behind": null})
}

fn now(h: &Harness) -> Moment {
    h.office.store().now()
}

fn stands(h: &Harness) -> Upkeep {
    h.office.store().read(|conn| upkeep(conn, &h.office.rules(), now(h))).unwrap()
}

/// Kinds and days left of what waits for, and of what is late before, somebody of that role.
fn bench(h: &Harness, role: Role) -> (Vec<(&'static str, Option<i32>)>, Vec<&'static str>) {
    let asker = Asker {
        id: "x".to_owned(),
        roles: vec![role],
        mechanism: None,
        clearance: 0,
        committed: false,
        reviewed: false,
        department: String::new(),
    };
    let mut bench = Workbench::default();
    let look = |conn: &Connection| -> Result<(), StoreError> {
        tasks(conn, &asker, &h.office.rules(), now(h), &mut bench)
    };
    h.office.store().read(look).unwrap();
    let waits = bench.waits_for_me.iter().map(|task| (task.kind, task.days_left)).collect();
    (waits, bench.due_or_late.iter().map(|task| task.kind).collect())
}

/// A backup a day, a drill every three months; what is due waits for the system administrator, what is late is seen by those
/// who answer for it; before the first backup there is nothing to drill.
#[test]
fn clause_3_3_1_4_backups_and_drills_fall_due() {
    use Role::{OfficeHead, Registrar, SecurityAuditor, SystemAdministrator};
    let h = Harness::on("2026-11-23");
    assert_eq!(bench(&h, SystemAdministrator), (vec![("take_backup", Some(0))], vec![]));
    assert_eq!(stands(&h).drill.due, None);
    h.did(&Caller::Clock, "backup.note", note("backup"));
    assert_eq!(bench(&h, SystemAdministrator), (vec![], vec![]));
    let told = stands(&h);
    assert_eq!((told.backup.standing, told.backup.due), (Standing::InOrder, Some(day("2026-11-24"))));
    assert_eq!((told.drill.standing, told.drill.due), (Standing::InOrder, Some(day("2027-02-23"))));
    assert_eq!(told.places.len(), 1);
    let entries: i64 = h.count("SELECT max(seq) FROM entry");
    assert_eq!(told.places[0].behind, u64::try_from(entries).unwrap() - 12);

    // At the same hour of the next day it is due, the day after it is late; over a weekend days left are working days.
    h.go_to("2026-11-24");
    assert_eq!(bench(&h, SystemAdministrator).0, [("take_backup", Some(0))]);
    assert_eq!(bench(&h, OfficeHead).1, [""; 0]);
    h.go_to("2026-11-30");
    assert_eq!(bench(&h, SystemAdministrator).0, [("take_backup", Some(-4))]);
    for role in [OfficeHead, SecurityAuditor] {
        assert_eq!(bench(&h, role), (vec![], vec!["take_backup"]));
    }
    assert_eq!(bench(&h, Registrar), (vec![], vec![]));
    h.did(&Caller::Clock, "backup.note", note("backup"));
    assert_eq!(bench(&h, OfficeHead).1, [""; 0]);

    // The drill is announced as other deadlines are, and counts from the last one then.
    h.go_to("2027-02-22");
    let drill =
        |h: &Harness| bench(h, SystemAdministrator).0.into_iter().find(|(kind, _)| *kind == "drill_restore");
    assert_eq!(drill(&h), Some(("drill_restore", Some(1))));
    h.go_to("2027-02-24");
    assert_eq!(drill(&h), Some(("drill_restore", Some(-1))));
    assert!(bench(&h, OfficeHead).1.contains(&"drill_restore"));
    h.did(&Caller::Clock, "backup.note", note("drill"));
    assert_eq!((drill(&h), stands(&h).drill.due), (None, Some(day("2027-05-24"))));
    h.verify_clean();
}

/// A drill that is noted later counts from when it was done, never from the future, and once.
#[test]
fn clause_3_3_1_4_a_drill_counts_once_and_from_when_it_was_done() {
    let h = Harness::on("2026-11-23");
    let drill = |at: &str, proof: &str| {
        let mut drill = note("drill");
        drill["done_at"] = json!(at);
        drill["proof"] = json!(proof);
        drill
    };
    let done = h.did(&Caller::Clock, "backup.note", drill("2026-11-20T02:00:00.000Z", "aa"));
    assert_eq!(done["at"], "2026-11-20T02:00:00.000Z");
    let again = h.refused(&Caller::Clock, "backup.note", drill("2026-11-20T02:00:00.000Z", "aa"));
    assert_eq!(again.code, "backup.noted");
    let ahead = h.did(&Caller::Clock, "backup.note", drill("2027-11-20T02:00:00.000Z", "bb"));
    assert_eq!(ahead["at"], json!(now(&h)));
    let person = h.refused(&h.by(&h.office_head), "backup.note", note("drill"));
    assert_eq!(person.status, jingui_office::Status::Access);
}

/// What was decided holds for the checkpoint that was named, whoever shows it, and for no other.
#[test]
fn clause_1_3_1_what_was_given_up_is_known_again_and_nothing_else() {
    let h = Harness::on("2026-11-23");
    let loss = |told_by: &str, size, root: Option<&str>| Loss {
        told_by: told_by.to_owned(),
        how: Contradiction::Ahead,
        size,
        root: root.map(str::to_owned),
        at: None,
    };
    let decision = json!({
        "journal": 10, "since": null, "sentence": "…", "set": null, "auditor": null, "attempts": [],
        "holders": [{"number": 1, "name": "王芳"}, {"number": 2, "name": "李强"}],
        "losses": [loss("file", 20, Some("aa")), loss("witness", 30, None)],
    });
    let refused = h.refused(&h.by(&h.office_head), "seal.go_on", decision.clone());
    assert_eq!(refused.status, jingui_office::Status::Access);
    h.did(&Caller::Clock, "seal.go_on", decision);
    for (again, known) in [
        (loss("file", 20, Some("aa")), true),
        (loss("another", 20, Some("aa")), true),
        (loss("file", 20, Some("bb")), false),
        (loss("file", 21, Some("aa")), false),
        (loss("witness", 30, None), true),
        (loss("witness", 31, None), false),
        (loss("stranger", 30, None), false),
    ] {
        let found = h.office.store().read(|conn| given_up(conn, &again)).unwrap();
        assert_eq!(found, known, "{again:?}");
    }
}
