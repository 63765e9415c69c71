//! Clauses 3.5.x and the three administrators.

use serde_json::json;

use crate::harness::{Harness, day};

/// The three administrators exclude each other and every business role.
#[test]
fn clause_3_3_2_1_the_three_administrators_stand_alone() {
    let h = Harness::on("2026-11-23");
    let security = h.by(&h.security);
    let person = h.person("0200", "冯刚", None, &[], 0);
    for roles in [
        ["system_administrator", "security_auditor"],
        ["security_administrator", "staff"],
        ["security_auditor", "registrar"],
        ["system_administrator", "office_head"],
    ] {
        let rights =
            json!({"person": person, "department": null, "roles": roles, "class": null, "clearance": 0});
        assert_eq!(
            h.refused(&security, "person.set_rights", rights).code,
            "person.roles_exclude",
            "{roles:?}"
        );
    }
    // Nobody sets one's own rights.
    let own = json!({"person": h.security, "department": null, "roles": ["security_administrator"], "class": null, "clearance": 0});
    assert_eq!(h.refused(&security, "person.set_rights", own).status, jingui_office::Status::Access);
    // Administrators know no item.
    let (item, _) = h.item(1, 1);
    for administrator in [&h.security, &h.auditor] {
        assert_eq!(h.refused(&h.by(administrator), "item.read", json!({"item": item})).code, "absent");
    }
}

/// Clause 3.5.1: without a commitment nothing of level 2 or above.
#[test]
fn clause_3_5_1_no_commitment_no_access() {
    let h = Harness::on("2026-11-23");
    let security = h.by(&h.security);
    let person = h.did(
        &security,
        "person.add",
        json!({"staff_number": "0300", "name": "何洁", "department": h.strategy}),
    );
    let id: jingui_store::Id = person["id"].as_str().unwrap().parse().unwrap();
    h.did(
        &security,
        "person.record_review",
        json!({"person": id, "class": "general", "on": "2026-11-01", "supports": 3}),
    );
    h.did(&jingui_office::Caller::Founder, "person.set_rights", json!({"person": id, "department": h.strategy, "roles": ["staff"], "class": "general", "clearance": 3}));
    let (open, _) = h.item(1, 1);
    let (secret, _) = h.item(2, 1);
    let who = h.by(&id);
    h.did(&who, "item.read", json!({"item": open}));
    assert_eq!(h.refused(&who, "item.read", json!({"item": secret})).code, "absent");
    h.did(&who, "person.sign_commitment", json!({"version": 1}));
    h.did(&who, "item.read", json!({"item": secret}));
}

/// Clause 3.5.3: clearance can't exceed what the review supports, and an expired review suspends it.
#[test]
fn clause_3_5_3_review_supports_and_suspends_the_clearance() {
    let h = Harness::on("2023-11-23");
    let security = h.by(&h.security);
    let rights = json!({"person": h.colleague, "department": h.strategy, "roles": ["staff"], "class": "general", "clearance": 4});
    let refusal = h.refused(&security, "person.set_rights", rights);
    assert_eq!(
        (refusal.code, refusal.facts["supported"].as_u64()),
        ("person.clearance_unsupported", Some(3))
    );
    let (item, _) = h.item(2, 1);
    h.did(&h.by(&h.colleague), "item.read", json!({"item": item}));
    h.go_to("2026-11-23");
    assert_eq!(h.refused(&h.by(&h.colleague), "item.read", json!({"item": item})).code, "absent");
}

/// Accounts: one form of a name, weak passwords refused, no password in the journal.
#[test]
fn clause_3_3_2_1_accounts() {
    let h = Harness::on("2026-11-23");
    let security = h.by(&h.security);
    let open =
        |account: &str, password: &str| json!({"person": h.staff, "account": account, "password": password});
    for weak in ["short", "12345678", "lilei-12345", "aaaaaaaa"] {
        assert_eq!(h.refused(&security, "account.open", open("lilei", weak)).code, "field.password");
    }
    h.did(&security, "account.open", open("ＬｉＬｅｉ", "Jinshi-2026"));
    let taken = json!({"person": h.colleague, "account": "lilei", "password": "Jinshi-2026"});
    assert_eq!(h.refused(&security, "account.open", taken).code, "account.taken");
    let change = |current: &str| json!({"current": current, "password": "Shishi-2027"});
    assert_eq!(
        h.refused(&h.by(&h.staff), "account.change_password", change("wrong")).code,
        "field.current_password"
    );
    h.did(&h.by(&h.staff), "account.change_password", change("Jinshi-2026"));
    let store = h.office.store();
    let (last, _) = store.head().unwrap();
    for seq in 1..=last {
        let entry = store.read(|conn| store.entry(conn, seq)).unwrap().unwrap();
        let text = serde_json::to_string(&entry).unwrap();
        assert!(!text.contains("Jinshi-2026") && !text.contains("Shishi-2027"), "entry {seq}");
    }
}

/// Saved filters belong to whoever saved them.
#[test]
fn filters_are_each_persons_own() {
    let h = Harness::on("2026-11-23");
    let saved =
        h.did(&h.by(&h.staff), "filter.save", json!({"page": "items", "name": "机密", "query": "level=3"}));
    let remove = json!({"filter": saved["id"]});
    assert_eq!(h.refused(&h.by(&h.colleague), "filter.remove", remove.clone()).code, "absent");
    h.did(&h.by(&h.staff), "filter.remove", remove);
}

/// Clause 1.3.3: the founder sets the office up, and never comes back once somebody has signed in.
#[test]
fn clause_1_3_3_the_founder_doesnt_come_back() {
    let h = Harness::on("2026-11-23");
    let founder = jingui_office::Caller::Founder;
    let add = |number: &str| json!({"staff_number": number, "name": "后来者"});
    h.did(&founder, "person.add", add("9001"));
    h.did(&h.by(&h.security), "session.sign_in", json!({}));
    let refusal = h.refused(&founder, "person.add", add("9002"));
    assert_eq!((refusal.code, refusal.clauses.as_slice()), ("office.founded", &["1.3.3".to_owned()][..]));
}

/// Clause 1.3.2: what falls due is shown to whoever has to act, before it is late.
#[test]
fn clause_1_3_2_what_falls_due_is_shown_before_it_is_late() {
    use jingui_office::supervision::workbench::{Task, workbench};
    let h = Harness::on("2026-11-23");
    let bench = |person: &jingui_store::Id, today: &str| {
        let look = |conn: &jingui_office::Connection| {
            let asker = h.office.person(conn, person)?.unwrap().asker(day(today));
            workbench(conn, &asker, &h.office.rules(), day(today))
        };
        h.office.store().read(look).unwrap()
    };
    let told = |tasks: &[Task]| -> Vec<(String, Option<i32>)> {
        tasks.iter().map(|task| (task.kind.to_owned(), task.days_left)).collect()
    };
    // A confidential item of 2017, ten years: announced 90 days ahead, counted once the period is over.
    let old = json!({
        "document_number": "国资发〔2017〕8号", "title": "关于旧事项的通知", "source": "国务院国资委", "category": "decision",
        "level": 2, "dated": "2017-01-31", "scope": {"kind": "everyone"}, "copies": 1
    });
    h.did(
        &h.by(&h.registrar),
        "item.register",
        json!({"item": old, "place": {"cabinet": h.cabinet_2, "slot": 2}}),
    );
    let (item, copies) = h.item(2, 1);
    let announced = |today: &str| told(&bench(&h.registrar, today).due_or_late);
    assert_eq!(announced("2026-11-01"), []);
    assert_eq!(announced("2026-11-02").len(), 1);
    assert_eq!(announced("2026-11-02")[0].0, "expiring_item");
    assert_eq!(announced("2027-02-01"), []);
    let figure = |today: &str| {
        bench(&h.registrar, today).strip.iter().find(|one| one.kind == "expired_items").unwrap().count
    };
    assert_eq!((figure("2027-01-31"), figure("2027-02-01")), (0, 1));
    // A loan is on the borrower's and the head's workbench the working day before, with the days left.
    let loan = h.lend(&h.staff, &h.strategy_head, &item, &copies[0], 5);
    let due = h.record("loan", &loan)["state"]["out"]["due"].clone();
    assert_eq!(due, "2026-11-30");
    for person in [&h.staff, &h.strategy_head] {
        assert_eq!(told(&bench(person, "2026-11-26").due_or_late), []);
        assert_eq!(told(&bench(person, "2026-11-27").due_or_late), [("overdue_loan".to_owned(), Some(1))]);
    }
    // The security administrator is told of a year without a published calendar 60 days ahead, and of reviews.
    let kinds = |today: &str| -> Vec<&'static str> {
        let bench = bench(&h.security, today);
        bench.waits_for_me.iter().chain(&bench.due_or_late).map(|task| task.kind).collect()
    };
    assert_eq!(kinds("2026-10-31"), Vec::<&str>::new());
    assert_eq!(kinds("2026-11-02"), ["import_calendar"]);
    let reviewed = h.record("person", &h.staff)["review"]["due"].as_str().unwrap().to_owned();
    let before = day(&reviewed).plus_days(-30).to_string();
    assert!(kinds(&before).contains(&"review_person"), "{before}");
    // The person concerned sees it too.
    assert!(told(&bench(&h.staff, &before).due_or_late).iter().any(|(kind, _)| kind == "review_person"));
}

/// Clause 3.3.2.1: a forgotten password is replaced by the security administrator, a closed account opened again.
#[test]
fn clause_3_3_2_1_a_forgotten_password_is_replaced() {
    let h = Harness::on("2026-11-23");
    let security = h.by(&h.security);
    let open = json!({"person": h.staff, "account": "lilei", "password": "Erste-Parole-1"});
    h.did(&security, "account.open", open);
    h.did(&security, "account.close", json!({"person": h.staff}));
    let reset = json!({"person": h.staff, "password": "Zweite-Parole-2"});
    assert_eq!(
        h.refused(&h.by(&h.staff), "account.reset", reset.clone()).status,
        jingui_office::Status::Access
    );
    h.did(&security, "account.reset", reset);
    let account = h.office.store().read(|conn| h.office.account(conn, "lilei")).unwrap().unwrap();
    assert!(account.open && jingui_crypto::password::verify("Zweite-Parole-2", &account.password).unwrap());
    let weak = json!({"person": h.staff, "password": "11111111"});
    assert_eq!(h.refused(&security, "account.reset", weak).code, "field.password");
    let own = json!({"person": h.security, "password": "Dritte-Parole-3"});
    assert_eq!(h.refused(&security, "account.reset", own).status, jingui_office::Status::Access);
}
