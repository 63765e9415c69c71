//! The auditor's desk: slips, and checkpoints of every kind held against the ledger.

use serde_json::{Value, json};

use crate::harness::{Client, House};

fn slip(auditor: &Client) -> (u64, Vec<String>, String) {
    let answer = auditor.get("/api/ledger/slip");
    assert_eq!(answer.status, 200, "{answer:?}");
    let slip = answer.json();
    let lines = slip["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned());
    (slip["size"].as_u64().unwrap(), lines.collect(), slip["code"].as_str().unwrap().to_owned())
}

fn typed(auditor: &Client, size: u64, digits: &str) -> (u16, Value) {
    let answer = auditor.post("/api/ledger/compare", &json!({"slip": {"size": size, "digits": digits}}));
    (answer.status, answer.json())
}

fn presented(auditor: &Client, checkpoint: &str) -> Value {
    let answer = auditor.post("/api/ledger/compare", &json!({ "checkpoint": checkpoint }));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[test]
fn only_the_auditor_sees_the_desk() {
    let house = House::new();
    let (registrar, nobody) = (house.signed_in("registrar"), house.client());
    for path in ["/api/ledger", "/api/ledger/checkpoint", "/api/ledger/proofs/1", "/api/ledger/slip"] {
        let refused = registrar.get(path);
        assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("auditor_only")), "{path}");
        assert_eq!(nobody.get(path).status, 401, "{path}");
        assert_eq!(house.signed_in("auditor").get(path).status, 200, "{path}");
    }
    assert_eq!(typed(&registrar, 1, "").0, 403);
}

#[test]
fn clause_1_3_1_a_slip_is_continued_by_its_ledger() {
    let house = House::new();
    let auditor = house.signed_in("auditor");
    let answer = auditor.get("/api/ledger/slip").json();
    let modules = answer["modules"].as_array().unwrap();
    assert!(modules.len() >= 21 && modules.iter().all(|row| row.as_str().unwrap().len() == modules.len()));
    let (size, lines, code) = slip(&auditor);
    assert_eq!((size, lines.len()), (house.entries(), 4));
    assert!(lines.iter().all(|line| line.len() == 22), "{lines:?}");
    house.item(2, 1);
    let continued =
        |signed| json!({"state": "continued", "journal": house.entries(), "size": size, "signed": signed});
    assert_eq!(typed(&auditor, size, &lines.join("\n")), (200, continued(false)));
    assert_eq!(typed(&auditor, size, &lines.concat().to_lowercase().replace('0', "o")).1, continued(false));
    assert_eq!(presented(&auditor, &code), continued(false), "as a scanner reads it");
    let note = auditor.get("/api/ledger").json()["checkpoint"].as_str().unwrap().to_owned();
    assert_eq!(presented(&auditor, &format!("  {}\n", note.replace('\n', "\r\n")))["signed"], true);
}

#[test]
fn what_was_mistyped_from_a_slip_is_named() {
    let house = House::new();
    let auditor = house.signed_in("auditor");
    let (size, lines, _) = slip(&auditor);
    let mut wrong = lines.clone();
    let other = if wrong[2].starts_with('A') { "B" } else { "A" };
    wrong[2].replace_range(0..1, other);
    let (status, problem) = typed(&auditor, size, &wrong.join("\n"));
    assert_eq!(
        (status, &problem["code"], &problem["facts"]["lines"]),
        (422, &json!("slip.lines"), &json!([3]))
    );
    wrong[0].pop();
    assert_eq!(typed(&auditor, size, &wrong.join("\n")).1["facts"]["lines"], json!([1, 3]));
    // A wrong number of entries would otherwise look as if entries were missing.
    let (status, problem) = typed(&auditor, size * 10, &lines.join("\n"));
    assert_eq!((status, &problem["code"], &problem["field"]), (422, &json!("slip.size"), &json!("size")));
    assert_eq!(typed(&auditor, size, "no slip").1["code"], "slip.shape");
    let share =
        "0435 VB9W 7Y50 3C8Q HS\n9EB9 ARY9 JEY0 9MP7 8J\nKRC8 NSZ5 8533 8G9T M9\nBV65 9PDW SN6J QMT9 K5";
    assert_eq!(typed(&auditor, size, share).1["code"], "slip.shape", "a key holder's share");
    // Exactly one of the two forms.
    for other in [
        json!({}),
        json!({"checkpoint": "x", "slip": {"size": 1, "digits": ""}}),
        json!({"slip": {"size": 1}}),
        json!({"slip": {"size": 1, "digits": "", "more": 1}}),
        json!({"slip": {"size": -1, "digits": ""}}),
        json!({"other": 1}),
        json!("checkpoint"),
    ] {
        assert_eq!(auditor.post("/api/ledger/compare", &other).status, 422, "{other}");
    }
}

/// A second office stands for the ledger that was there before: a slip doesn't say whose it is.
#[test]
fn clause_1_3_1_a_ledger_that_was_put_back_or_forked_is_found_by_its_slip() {
    let (house, before) = (House::new(), House::new());
    let (auditor, there) = (house.signed_in("auditor"), before.signed_in("auditor"));
    assert_eq!(house.entries(), before.entries());
    let (size, lines, code) = slip(&there);
    let forked = json!({"state": "forked", "journal": size, "size": size, "signed": false});
    assert_eq!(typed(&auditor, size, &lines.join("\n")), (200, forked));
    before.item(2, 1);
    let (longer, lines, _) = slip(&there);
    let (status, ahead) = typed(&auditor, longer, &lines.join("\n"));
    assert_eq!((status, &ahead["state"], &ahead["known"]), (200, &json!("ahead"), &json!(longer)));
    assert_eq!(ahead["journal"], size);
    let last = auditor.get("/api/journal?limit=1").json();
    assert_eq!(ahead["since"], last["rows"][0]["at"]);

    let foreign = |why: &str| json!({"state": "foreign", "why": why});
    assert_eq!(presented(&auditor, &code), foreign("other_log"));
    let note = there.get("/api/ledger").json()["checkpoint"].as_str().unwrap().to_owned();
    assert_eq!(presented(&auditor, &note), foreign("other_log"));
    assert_eq!(presented(&auditor, "nonsense"), foreign("no_checkpoint"));
    let own = auditor.get("/api/ledger").json()["checkpoint"].as_str().unwrap().to_owned();
    assert_eq!(presented(&auditor, own.lines().next().unwrap()), foreign("no_checkpoint"), "a part of one");
    let more = own.replacen(&format!("\n{size}\n"), &format!("\n{longer}\n"), 1);
    assert_ne!(more, own);
    assert_eq!(presented(&auditor, &more), foreign("unsigned"), "another number under the same signature");
}

#[test]
fn the_journal_says_refusals_in_words_but_no_title() {
    let house = House::new();
    house.signed_in("staff").act("person.add", &json!({"staff_number": "1", "name": "某人"}));
    let auditor = house.signed_in("auditor");
    let row = |client: &Client| client.get("/api/journal?refused=true&limit=1").json()["rows"][0].clone();
    let refused = row(&auditor.with("accept-language", "zh-CN"));
    assert_eq!(refused["refused"], "entrusted_to");
    assert_eq!(refused["reason"], "此项由安全保密管理员办理。");
    assert_eq!(refused["facts"], Value::Null);
    assert!(
        row(&auditor.with("accept-language", "en"))["reason"].as_str().unwrap().contains("administrator")
    );
    let name = "干部任免的情况";
    for _ in 0..2 {
        let _ = house.signed_in("security").act("department.add", &json!({ "name": name }));
    }
    let journal = auditor.get("/api/journal?refused=true").json();
    assert_eq!(journal["rows"][0]["refused"], "name_taken");
    assert!(!journal.to_string().contains(name), "names of files are refused in the same words: {journal}");
    assert_eq!(auditor.get("/api/journal?refused=false&limit=1").json()["rows"][0]["reason"], Value::Null);
}
