//! Refusals as people are told, stale versions, and what is hidden.

use serde_json::{Value, json};

use crate::harness::{House, by, did};

#[test]
fn a_refusal_names_clause_facts_and_cure() {
    let house = House::new();
    let (item, _) = house.item(3, 1);
    let staff = house.signed_in("staff");
    let answer = staff
        .act("loan.apply", &json!({"item": item, "reason": "编制年度方案", "days": 6, "mode": "take_out"}));
    assert_eq!(answer.status, 409);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let mut problem = answer.json();
    assert_eq!(problem["entry"], house.entries(), "the refusal is journaled");
    problem["entry"] = Value::Null;
    assert_eq!(problem["code"], "loan.too_long");
    assert_eq!(problem["facts"], json!({"asked": 6, "limit": 5, "level": 3}));
    assert_eq!(problem["clauses"][0]["id"], "3.1.3.3");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("机密") && detail.contains('5') && detail.contains('6'), "{detail}");
    assert!(!problem["cure"].as_array().unwrap().is_empty());

    let english = staff
        .with("accept-language", "en")
        .act("loan.apply", &json!({"item": item, "reason": "x", "days": 6, "mode": "take_out"}));
    assert_eq!(english.header("content-language"), "en");
    assert_eq!(english.json()["title"], "Refused");
    assert!(english.json()["detail"].as_str().unwrap().is_ascii(), "{english:?}");
}

#[test]
fn a_stale_version_changes_nothing() {
    let house = House::new();
    let (item, _) = house.item(2, 1);
    let apply = json!({"item": item, "reason": "编制年度方案", "days": 3, "mode": "take_out"});
    let loan = did(&house.office, &by(&house.staff), "loan.apply", apply)["id"].clone();
    let staff = house.signed_in("staff");
    let stale = staff.with("if-match", "\"7\"").act("loan.withdraw", &json!({"loan": loan}));
    assert_eq!((stale.status, stale.json()["code"].as_str()), (412, Some("stale")));
    let wrong = staff.with("if-match", "seven").act("loan.withdraw", &json!({"loan": loan}));
    assert_eq!((wrong.status, wrong.json()["code"].as_str()), (400, Some("precondition")));
    assert_eq!(staff.with("if-match", "\"1\"").act("loan.withdraw", &json!({"loan": loan})).status, 200);
}

#[test]
fn hidden_and_absent_are_the_same_bytes() {
    let house = House::new();
    let (item, copies) = house.item(3, 1);
    let outsider = house.signed_in("outsider");
    let absent = "0".repeat(26);
    for (action, hidden, nothing) in [
        (
            "loan.apply",
            json!({"item": item, "reason": "x", "days": 1, "mode": "take_out"}),
            json!({"item": absent, "reason": "x", "days": 1, "mode": "take_out"}),
        ),
        ("item.read", json!({"item": item}), json!({"item": absent})),
        (
            "copy.report_lost",
            json!({"copy": copies[0], "circumstances": "x"}),
            json!({"copy": absent, "circumstances": "x"}),
        ),
    ] {
        let (hidden, nothing) = (outsider.act(action, &hidden), outsider.act(action, &nothing));
        assert_eq!(hidden.status, 404, "{action}: {hidden:?}");
        assert_eq!(hidden.body, nothing.body, "{action}");
        let names = |headers: &std::collections::BTreeMap<String, String>| {
            headers.keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(names(&hidden.headers), names(&nothing.headers), "{action}");
    }
    assert_eq!(outsider.act("no.such_action", &json!({})).body, outsider.act("loan.remind", &json!({})).body);
    assert_eq!(outsider.act("import.rows", &json!({})).status, 404, "the importer's actions have no route");
}

#[test]
fn what_isnt_entitled_is_refused_with_its_clause() {
    let house = House::new();
    let staff = house.signed_in("staff");
    let answer = staff.act("person.add", &json!({"staff_number": "1", "name": "某人"}));
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json()["code"], "entrusted_to");
    assert_eq!(answer.json()["cure"][0]["role"], "security_administrator");
    assert!(!answer.json()["clauses"].as_array().unwrap().is_empty());
    assert_eq!(house.client().act("person.add", &json!({})).status, 401);
}

#[test]
fn only_the_auditor_verifies() {
    let house = House::new();
    let staff = house.signed_in("staff");
    assert_eq!(staff.post("/api/journal/verify", &json!({})).status, 403);
    assert_eq!(staff.get("/api/journal/verify").status, 403);
    let auditor = house.signed_in("auditor");
    assert_eq!(auditor.get("/api/journal/verify").json(), json!({"state": "none"}));
    assert_eq!(auditor.post("/api/journal/verify", &json!({})).status, 202);
    let verdict = loop {
        let progress = auditor.get("/api/journal/verify").json();
        if progress["state"] != "running" {
            break progress;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(verdict["whole"], true, "{verdict}");
    assert_eq!(verdict["entries"], house.entries());
}
