//! What is shown, to whom, and with which trace.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::harness::{Client, House, by, did};

#[test]
fn a_list_is_narrowed_by_its_query() {
    let house = House::new();
    let items: Vec<_> = [1, 2, 3, 3].map(|level| house.item(level, 1).0).to_vec();
    let staff = house.signed_in("staff");
    let all = staff.get("/api/items").json();
    assert_eq!(all["rows"].as_array().unwrap().len(), 4);
    assert_eq!(all["rows"][0]["item"]["id"], items[3].as_str(), "newest first");
    assert_eq!(staff.get("/api/items?level=3").json()["rows"].as_array().unwrap().len(), 2);
    assert_eq!(
        staff.get("/api/items/count?level=3&category=decision").json(),
        json!({"count": 2, "more": false})
    );
    let search = "/api/items/count?q=%E4%BF%9D%E5%AF%86";
    assert_eq!(staff.get(search).json()["count"], 4);
    let first = staff.get("/api/items?limit=3").json();
    let next = first["next"].as_str().unwrap();
    let second = staff.get(&format!("/api/items?limit=3&cursor={next}")).json();
    assert_eq!(second["rows"][0]["item"]["id"], items[0].as_str());
    assert_eq!(second["next"], Value::Null);
    assert_eq!(house.signed_in("outsider").get("/api/items/count").json()["count"], 0);
    assert_eq!(house.signed_in("security").get("/api/items").json()["rows"], json!([]));
}

#[test]
fn opening_an_entry_of_level_3_leaves_a_trace_once_a_session() {
    let house = House::new();
    let (ordinary, _) = house.item(2, 1);
    let (secret, _) = house.item(3, 2);
    let staff = house.signed_in("staff");
    let before = house.entries();
    let answer = staff.get(&format!("/api/items/{ordinary}"));
    assert_eq!((answer.status, answer.header("etag")), (200, "\"1\""));
    assert_eq!(house.entries(), before, "level 2 is read without a trace");
    for _ in 0..3 {
        let answer = staff.get(&format!("/api/items/{secret}"));
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["copies"].as_array().unwrap().len(), 2);
    }
    assert_eq!(house.entries(), before + 1);
    let again = house.signed_in("staff");
    assert_eq!(again.get(&format!("/api/items/{secret}")).status, 200);
    assert_eq!(house.entries(), before + 3, "the sign-in and another session's reading");
    let auditor = house.signed_in("auditor");
    let journal = auditor.get("/api/journal?action=item.read").json();
    assert_eq!(journal["rows"].as_array().unwrap().len(), 2);
    assert_eq!(journal["rows"][0]["actor"], house.staff.as_str());
    assert!(!journal.to_string().contains("年度保密检查"), "the journal shows no title");
}

#[test]
fn a_hidden_item_looks_like_none() {
    let house = House::new();
    let (secret, _) = house.item(3, 1);
    let outsider = house.signed_in("outsider");
    let absent = "0".repeat(26);
    for tail in ["", "/history", "/timeline", "/allowed", "?limit=1"] {
        let hidden = outsider.get(&format!("/api/items/{secret}{tail}"));
        let nothing = outsider.get(&format!("/api/items/{absent}{tail}"));
        assert_eq!(hidden.status, nothing.status);
        assert_eq!(hidden.body, nothing.body);
        let names = |headers: &BTreeMap<String, String>| headers.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&hidden.headers), names(&nothing.headers));
    }
    assert_eq!(outsider.get("/api/items/x").body, outsider.get(&format!("/api/items/{absent}")).body);
    assert_eq!(outsider.get(&format!("/api/scan/{absent}")).status, 404);
    // The try is journaled, and nobody waits for that.
    let auditor = house.signed_in("auditor");
    let tried = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let path = format!("/api/journal?action=item.read&refused=true&actor={}", house.outsider);
        auditor.get(&path).json()["rows"].as_array().unwrap().iter().any(|row| row["refused"] == "absent")
    });
    assert!(tried);
}

#[test]
fn what_may_be_done_is_offered_with_its_reason() {
    let house = House::new();
    let (item, copies) = house.item(2, 1);
    let offered = |account: &str| -> Vec<(String, bool)> {
        let rows = house.signed_in(account).get(&format!("/api/items/{item}/allowed")).json();
        let rows = rows["rows"].as_array().unwrap_or_else(|| panic!("{account}: {rows}"));
        rows.iter().map(|row| (row["action"].as_str().unwrap().to_owned(), row["allowed"] == true)).collect()
    };
    let yes = |action: &str| (action.to_owned(), true);
    assert_eq!(offered("staff"), [yes("loan.apply")]);
    assert!(offered("registrar").contains(&yes("item.revise")));
    assert!(offered("registrar").contains(&yes("copy.place")));
    let apply = json!({"item": item, "reason": "编制年度方案", "days": 3, "mode": "take_out"});
    let loan = did(&house.office, &by(&house.head), "loan.apply", apply)["id"].clone();
    assert!(
        offered("head").contains(&("loan.approve".to_owned(), false)),
        "the own application: shown, not allowed"
    );
    assert!(offered("head").contains(&yes("loan.withdraw")));
    let _ = (loan, copies);
    let timeline = house.signed_in("registrar").get(&format!("/api/items/{item}/timeline")).json();
    let actions: Vec<_> =
        timeline["rows"].as_array().unwrap().iter().map(|row| row["action"].clone()).collect();
    assert_eq!(actions, [json!("loan.apply"), json!("item.register")]);
    assert!(timeline["rows"][0]["terminal"].is_string());
    // Another reader learns where it went, not who applied nor from which terminal.
    let told = house.signed_in("staff").get(&format!("/api/items/{item}/timeline")).json();
    assert_eq!(told["rows"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&told["rows"][0]["action"], &told["rows"][0]["terminal"]),
        (&json!("item.register"), &json!(null))
    );
    let history = house.signed_in("staff").get(&format!("/api/items/{item}/history")).json();
    assert_eq!(history["rows"].as_array().unwrap().len(), 1);
}

#[test]
fn a_list_can_be_taken_along_as_filtered() {
    let house = House::new();
    for _ in 0..3 {
        house.item(2, 1);
    }
    house.item(3, 1);
    let staff = house.signed_in("staff");
    let book = staff.get("/api/items.xlsx?level=2");
    assert_eq!(book.status, 200);
    assert_eq!(
        book.header("content-type"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    );
    let rows = rows_of(&book.body);
    assert_eq!(rows.len(), 4, "headings and three items");
    assert_eq!(rows[0][0], "登记号");
    assert!(rows[1].contains(&"秘密★10年".to_owned()), "{rows:?}");
    assert!(
        rows[1].contains(&"党委办公室".to_owned()) || rows[1].contains(&"国务院国资委".to_owned()),
        "{rows:?}"
    );
    assert_eq!(rows_of(&house.signed_in("outsider").get("/api/items.xlsx").body).len(), 1);
    let english = staff.with("accept-language", "en").get("/api/items.xlsx");
    assert_eq!(rows_of(&english.body)[0][0], "Register number");
    for (account, list) in [("registrar", "receipts"), ("registrar", "loans"), ("security", "people")] {
        let book = house.signed_in(account).get(&format!("/api/{list}.xlsx"));
        assert_eq!(book.status, 200, "{list}");
        assert!(!rows_of(&book.body).is_empty(), "{list}");
    }
}

/// The first sheet of a workbook as text.
pub fn rows_of(bytes: &[u8]) -> Vec<Vec<String>> {
    use calamine::Reader as _;
    let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

#[test]
fn every_view_answers_every_role() {
    let house = House::new();
    let (item, copies) = house.item(3, 1);
    let apply = json!({"item": item, "reason": "编制年度方案", "days": 3, "mode": "take_out"});
    did(&house.office, &by(&house.staff), "loan.apply", apply);
    let _ = copies;
    let document = jingui_server::document();
    for account in ["security", "auditor", "registrar", "custodian", "head", "staff", "outsider"] {
        let client = house.signed_in(account);
        let begins = client.get("/api/moment").json()["begins"].as_str().unwrap().to_owned();
        for (path, operation) in gets(&document) {
            let mut address = path
                .replace("{item}", item.as_str())
                .replace("{year}", "2026")
                .replace("{key}", "loan_days_secret")
                .replace(['{', '}'], "");
            if path.ends_with("/hits") {
                address.push_str("?q=%E4%BF%9D%E5%AF%86");
            }
            if path.ends_with("/effect") {
                address.push_str("?value=3");
            }
            if path == "/api/evidence/preview" {
                let _ = write!(address, "?item={item}");
            }
            if path.starts_with("/api/differences") {
                let _ = write!(address, "?register=item&from={begins}");
            }
            let answer = client.get(&address);
            // This office has no file of keys.
            let keyless = path == "/api/keys" && answer.status == 409;
            assert!(keyless || matches!(answer.status, 200 | 403 | 404), "{account} {path}: {answer:?}");
            let documented = &operation["responses"][answer.status.to_string()];
            assert!(documented.is_object(), "{path} answers {} undocumented", answer.status);
            if account == "auditor" || account == "security" {
                assert!(
                    !String::from_utf8_lossy(&answer.body).contains("年度保密检查"),
                    "{account} sees a title at {path}"
                );
            }
        }
    }
}

#[test]
fn no_query_stumbles() {
    let house = House::new();
    house.item(2, 1);
    let client = house.signed_in("registrar");
    let document = jingui_server::document();
    let long = "x".repeat(20_000);
    let bad = [
        "",
        "%00",
        "%ff",
        "%ed%a0%80",
        "-1",
        "99999999999999999999",
        "null",
        "true",
        "2025.13.2",
        "%EF%BC%91",
        "%25",
        "'%20OR%201=1--",
        "%22",
        "*",
        "AND",
        "NEAR(",
        "%E2%98%85",
        "AAAA",
        long.as_str(),
    ];
    let mut tried = 0;
    for (path, operation) in gets(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            for value in bad {
                let address = match parameter["in"].as_str().unwrap() {
                    "query" => format!("{}?{name}={value}", path.replace(['{', '}'], "")),
                    "path" if !value.is_empty() => path.replace(&format!("{{{name}}}"), value),
                    _ => continue,
                };
                let answer = client.get(&address);
                assert!(
                    answer.status < 500,
                    "{path} {name}={value:.60}: {}",
                    String::from_utf8_lossy(&answer.body)
                );
                if answer.status == 422 {
                    assert!(answer.json()["field"].is_string(), "{path} {name}={value:.60}");
                }
                tried += 1;
            }
        }
        let unknown = client.get(&format!("{}?no_such_field=1", path.replace(['{', '}'], "")));
        assert!(unknown.status < 500, "{path}");
    }
    assert!(tried > 300, "{tried}");
    assert_eq!(client.get("/api/items?no_such_field=1").json()["field"], "no_such_field");
    assert_eq!(client.get("/api/items?level=9").json()["field"], "level");
}

fn gets(document: &Value) -> Vec<(&String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    // The stream of notices never ends by itself.
    paths
        .iter()
        .filter(|(path, _)| *path != "/api/live")
        .filter_map(|(path, item)| Some((path, item.get("get")?)))
        .collect()
}

#[test]
fn a_wrong_client_is_still_a_client() {
    let house = House::new();
    let client: Client = house.signed_in("staff");
    assert_eq!(client.get("/api/calendar/1500").status, 404);
    assert_eq!(client.get("/api/calendar/2026").json()["provisional"], false);
    assert_eq!(client.get("/api/calendar/2099").json()["provisional"], true);
    assert!(client.get("/api/clauses").json()["rows"].as_array().unwrap().len() > 40);
    let loan = client.get("/api/parameters").json();
    assert!(
        loan["rows"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["key"] == "loan_days_secret" && row["value"] == 5)
    );
}
