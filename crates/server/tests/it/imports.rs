//! An old ledger comes in through the console.

use serde_json::{Value, json};

use crate::harness::{Answer, Client, House};

const LEDGER: &str = "2025年收文登记簿,,,,,,\n\
    序号,收文日期,来文单位,文号,文件标题,密级,份数\n\
    1,2025-03-05,国务院国资委,国资发〔2025〕12号,关于做好年度工作的通知,内部,1\n\
    2,2025.3.6,省委办公厅,省委办〔2025〕3号,关于加强机要管理的通知,秘密★5年,2\n\
    3,2025.13.2,省委办公厅,省委办〔2025〕4号,关于印发方案的通知,秘密★5年,1\n";

fn upload(client: &Client, name: &str, bytes: &[u8]) -> Answer {
    client.with("content-type", "application/octet-stream").with("x-file-name", name).send(
        "POST",
        "/api/imports",
        bytes,
    )
}

fn finished(client: &Client, id: &str) -> Value {
    loop {
        let ledger = client.get(&format!("/api/imports/{id}")).json();
        if ledger["progress"]["state"] != "running" {
            return ledger;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn a_ledger_is_looked_at_mapped_and_imported_once() {
    let house = House::new();
    let client = house.signed_in("registrar");
    let answer = upload(&client, "%E5%8F%B0%E8%B4%A6.csv", LEDGER.as_bytes());
    assert_eq!(answer.status, 201, "{answer:?}");
    let ledger = answer.json();
    assert_eq!(ledger["file"], "台账.csv");
    assert_eq!((&ledger["accepted"], &ledger["refused"]), (&json!(2), &json!(1)));
    assert_eq!(ledger["accepted_rows"][0]["title"], "关于做好年度工作的通知");
    assert_eq!(ledger["refused_rows"][0]["found"], "2025.13.2");
    let id = ledger["id"].as_str().unwrap();

    // Another mapping: the title is read from the column of the source.
    let mut sheets = ledger["sheets"].clone();
    sheets[0]["columns"]["title"] = json!(2);
    let mapping = format!("/api/imports/{id}/mapping");
    let json_client = client.with("content-type", "application/json");
    let mapped = json_client.send("PUT", &mapping, json!({"sheets": sheets}).to_string().as_bytes()).json();
    assert_eq!(mapped["accepted_rows"][0]["title"], "国务院国资委", "{mapped}");
    sheets[0]["columns"]["title"] = json!(99);
    let wrong = json_client.send("PUT", &mapping, json!({"sheets": sheets}).to_string().as_bytes());
    assert_eq!((wrong.status, wrong.json()["field"].as_str()), (422, Some("sheets")));
    let back = json!({"sheets": ledger["sheets"]}).to_string();
    assert_eq!(json_client.send("PUT", &mapping, back.as_bytes()).status, 200);

    let run = format!("/api/imports/{id}/run");
    let defaults = json!({"defaults": {"category": "other", "scope": {"kind": "named", "people": [], "departments": [house.department]}}});
    assert_eq!(client.post(&run, &defaults).status, 202);
    assert_eq!(
        finished(&client, id)["progress"],
        json!({"state": "finished", "accepted": 2, "present": 0, "refused": 1})
    );
    assert_eq!(client.post(&run, &defaults).status, 409, "once only");
    assert_eq!(client.get("/api/items/count").json()["count"], 2);
    let book = client.get(&format!("/api/imports/{id}/refused.xlsx"));
    assert_eq!(book.status, 200);
    assert!(crate::views::rows_of(&book.body).iter().flatten().any(|cell| cell == "2025.13.2"));
    assert_eq!(client.get("/api/imports").json()["rows"][0]["record"]["result"]["accepted"], 2);

    // The same file again adds nothing.
    let again = upload(&client, "again.csv", LEDGER.as_bytes()).json();
    let again = again["id"].as_str().unwrap();
    assert_eq!(client.post(&format!("/api/imports/{again}/run"), &defaults).status, 202);
    assert_eq!(finished(&client, again)["progress"]["present"], 2);

    let other = house.signed_in("head");
    assert_eq!(other.get(&format!("/api/imports/{id}")).status, 404, "another's upload isn't there");
}

#[test]
fn what_is_no_ledger_is_told_so() {
    let house = House::new();
    let client = house.signed_in("registrar");
    for (name, bytes) in [
        ("a.xlsx", &b"no zip"[..]),
        ("a.xlsx", b""),
        ("a.csv", b"\xff\xff\xff"),
        ("a.exe", b"MZ"),
        ("a.xls", &[0_u8; 4096]),
    ] {
        let answer = upload(&client, name, bytes);
        assert_eq!(
            (answer.status, answer.json()["field"].as_str()),
            (422, Some("file")),
            "{name}: {answer:?}"
        );
    }
    let empty = upload(&client, "a.csv", b"");
    assert!(matches!(empty.status, 201 | 422));
    let long = "x".repeat(900);
    for name in ["", "%00", long.as_str()] {
        assert_eq!(upload(&client, name, LEDGER.as_bytes()).json()["field"], "X-File-Name", "{name}");
    }
    assert_eq!(upload(&house.signed_in("staff"), "a.csv", LEDGER.as_bytes()).status, 403);
    assert_eq!(upload(&house.client(), "a.csv", LEDGER.as_bytes()).status, 401);
    assert_eq!(client.raw("/api/imports", b"{}").status, 415, "a file isn't JSON");
}
