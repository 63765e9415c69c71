//! The journal proves the registers: what is altered behind its back is found and named.

use jingui_office::{Caller, Office, Request};
use jingui_regulation::RulePack;
use jingui_store::{Finding, Store};
use rusqlite::Connection;
use serde_json::json;

use crate::harness::{Harness, options};

fn raw(h: &Harness) -> Connection {
    let conn = Connection::open(h.directory.path().join("office.db")).unwrap();
    let hex: String = h.keys.derive("database").expose().iter().map(|byte| format!("{byte:02x}")).collect();
    conn.execute_batch(&format!("PRAGMA key = \"x'{hex}'\";")).unwrap();
    conn
}

fn finding(h: &Harness) -> Option<Finding> {
    h.office.store().verify(|_, _| {}).unwrap().finding
}

#[test]
fn clause_1_3_1_verification_names_what_was_tampered_with() {
    let h = Harness::on("2026-11-23");
    let (item, copies) = h.item(2, 2);
    h.lend(&h.staff, &h.strategy_head, &item, &copies[0], 5);
    h.verify_clean();
    let conn = raw(&h);
    let tamper = |change: &str, back: &str, expected: &dyn Fn(&Finding) -> bool| {
        conn.execute_batch(change).unwrap();
        let found = finding(&h);
        assert!(found.as_ref().is_some_and(expected), "{change}: {found:?}");
        conn.execute_batch(back).unwrap();
        assert_eq!(finding(&h), None, "{back}");
    };
    conn.execute_batch("CREATE TABLE keep AS SELECT * FROM entry; CREATE TABLE keep_copy AS SELECT key, version, born, since, body FROM copy; CREATE TABLE keep_was AS SELECT * FROM was").unwrap();
    let copy = copies[0].to_string();
    tamper(
        &format!("UPDATE copy SET body = replace(body, '\"lent\"', '\"lost\"') WHERE key = '{copy}'"),
        &format!(
            "UPDATE copy SET body = (SELECT body FROM keep_copy WHERE key = '{copy}') WHERE key = '{copy}'"
        ),
        &|found| matches!(found, Finding::Record { kind, key } if kind == "copy" && *key == copy),
    );
    tamper(
        &format!("DELETE FROM copy WHERE key = '{copy}'"),
        &format!(
            "INSERT INTO copy (key, version, born, since, body) SELECT * FROM keep_copy WHERE key = '{copy}'"
        ),
        &|found| matches!(found, Finding::Record { key, .. } if *key == copy),
    );
    tamper(
        "UPDATE entry SET sealed = zeroblob(length(sealed)) WHERE seq = 7",
        "UPDATE entry SET sealed = (SELECT sealed FROM keep WHERE seq = 7) WHERE seq = 7",
        &|found| *found == Finding::EntryAltered { seq: 7 },
    );
    tamper(
        "UPDATE entry SET sealed = (SELECT sealed FROM keep WHERE seq = 8) WHERE seq = 7",
        "UPDATE entry SET sealed = (SELECT sealed FROM keep WHERE seq = 7) WHERE seq = 7",
        &|found| *found == Finding::EntryAltered { seq: 7 },
    );
    tamper(
        "UPDATE entry SET actor = 'somebody' WHERE seq = 9",
        "UPDATE entry SET actor = (SELECT actor FROM keep WHERE seq = 9) WHERE seq = 9",
        &|found| *found == Finding::EntryListing { seq: 9 },
    );
    tamper(
        "DELETE FROM entry WHERE seq = 5",
        "INSERT INTO entry SELECT * FROM keep WHERE seq = 5",
        &|found| *found == Finding::EntryMissing { seq: 5 },
    );
    tamper(
        "DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)",
        "INSERT INTO entry SELECT * FROM keep WHERE seq = (SELECT max(seq) FROM keep)",
        &|found| *found == Finding::Root || matches!(found, Finding::Record { .. }),
    );
    tamper(
        "INSERT INTO member (record, who) SELECT key, '*' FROM item LIMIT 1",
        "DELETE FROM member WHERE who = '*'",
        &|found| matches!(found, Finding::Record { kind, .. } if kind == "member"),
    );
    // What records were is proven like what they are.
    tamper(
        "UPDATE was SET body = replace(body, 'kept', 'lent') WHERE id IN (SELECT was FROM version WHERE kind = 'copy')",
        "UPDATE was SET body = (SELECT body FROM keep_was WHERE keep_was.id = was.id)",
        &|found| matches!(found, Finding::Record { kind, .. } if kind == "was"),
    );
    tamper(
        "UPDATE version SET was = -was",
        "UPDATE version SET was = -was",
        &|found| matches!(found, Finding::Record { kind, .. } if kind == "version"),
    );
    tamper(
        "INSERT INTO words (rowid, terms) VALUES (999, '伪造')",
        "DELETE FROM words WHERE rowid = 999",
        &|found| matches!(found, Finding::Record { kind, .. } if kind == "words"),
    );
}

#[test]
fn clause_1_3_1_everything_is_there_after_a_restart_and_other_keys_open_nothing() {
    let h = Harness::on("2026-11-23");
    let (item, copies) = h.item(2, 1);
    h.lend(&h.staff, &h.strategy_head, &item, &copies[0], 5);
    let head = h.office.store().head().unwrap();
    let Harness { office, clock, keys, directory, .. } = h;
    drop(office);
    let other = jingui_crypto::Keyring::generate(
        jingui_crypto::Suite::International,
        &mut <rand_chacha::ChaCha20Rng as rand::SeedableRng>::seed_from_u64(99),
    );
    assert!(Store::open(&other, options(&directory, &clock, 1)).is_err());
    let store = Store::open(&keys, options(&directory, &clock, 1)).unwrap();
    assert_eq!(store.head().unwrap(), head);
    let office = Office::open(store, RulePack::embedded().unwrap()).unwrap();
    assert_eq!(office.store().verify(|_, _| {}).unwrap().finding, None);
    // The file holds nothing readable.
    let bytes = std::fs::read(directory.path().join("office.db")).unwrap();
    for needle in ["国务院国资委", "loan.apply", "SQLite format"] {
        assert!(!bytes.windows(needle.len()).any(|window| window == needle.as_bytes()), "{needle}");
    }
}

#[test]
fn a_new_layout_is_built_from_the_journal() {
    let h = Harness::on("2026-11-23");
    h.item(3, 2);
    let Harness { office, clock, keys, directory, .. } = h;
    drop(office);
    // As after an update that adds an index: the fingerprint no longer fits.
    let mut newer = options(&directory, &clock, 1);
    for kind in &mut newer.kinds {
        if kind.name == "room" {
            kind.indexes = &["unique:name"];
        }
    }
    let store = Store::open(&keys, newer).unwrap();
    assert_eq!(store.verify(|_, _| {}).unwrap().finding, None);
    drop(store);
    let store = Store::open(&keys, options(&directory, &clock, 1)).unwrap();
    assert_eq!(store.verify(|_, _| {}).unwrap().finding, None);
    let copies: i64 = store
        .read(|conn| -> Result<i64, jingui_store::StoreError> {
            Ok(conn.query_row("SELECT count(*) FROM copy", [], |row| row.get(0))?)
        })
        .unwrap();
    assert_eq!(copies, 2);
}

#[test]
fn a_clock_set_back_does_not_turn_the_journal_back() {
    let h = Harness::on("2026-11-23");
    h.item(1, 1);
    h.go_to("2025-01-01");
    h.item(1, 1);
    let moments: Vec<String> = h
        .office
        .store()
        .read(|conn| -> Result<Vec<String>, jingui_store::StoreError> {
            Ok(conn
                .prepare("SELECT at FROM entry ORDER BY seq")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?)
        })
        .unwrap();
    assert!(moments.is_sorted());
}

#[test]
fn unknown_fields_and_stray_values_are_refused_by_name() {
    let h = Harness::on("2026-11-23");
    let registrar = h.by(&h.registrar);
    let error = |input| format!("{:?}", h.ask(&registrar, "receipt.sign", input, None).unwrap_err());
    let sign = json!({"source": "x", "channel": "other", "seal": "intact", "pieces": 1, "colour": "red"});
    assert!(error(sign).contains("colour"));
    assert!(
        error(json!({"source": "a\u{0}b", "channel": "other", "seal": "intact", "pieces": 1}))
            .contains("control")
    );
    assert!(
        error(json!({"source": "长".repeat(300), "channel": "other", "seal": "intact", "pieces": 1}))
            .contains("200")
    );
    assert!(h.ask(&registrar, "receipt.burn", json!({}), None).is_err());
}

/// What was queued is done and answered even if the office is closed the moment after: the last handle isn't let go in
/// the writer's own thread, which couldn't wait for its own end.
#[test]
fn clause_1_3_1_what_is_queued_when_the_office_closes_is_done() {
    let Harness { office, clock, keys, directory, security, .. } = Harness::on("2026-11-23");
    let (sender, answers) = std::sync::mpsc::channel();
    for number in 0..50 {
        let sender = sender.clone();
        let request = Request {
            caller: Caller::Person { id: security.clone(), terminal: "test".into() },
            action: "department.add".into(),
            input: serde_json::value::to_raw_value(&json!({"name": format!("处{number}")})).unwrap(),
            seen: None,
        };
        office.submit(request, move |answer| {
            sender.send(answer.is_ok_and(|done| done.result.is_ok())).unwrap();
        });
    }
    drop((office, sender));
    assert_eq!(answers.iter().collect::<Vec<_>>(), [true; 50]);
    let store = Store::open(&keys, options(&directory, &clock, 12)).unwrap();
    let sql = "SELECT count(*) FROM department WHERE name LIKE '处%'";
    let count = store
        .read(|conn| -> Result<i64, jingui_store::StoreError> {
            Ok(conn.query_row(sql, [], |row| row.get(0))?)
        })
        .unwrap();
    assert_eq!(count, 50);
    assert_eq!(store.verify(|_, _| {}).unwrap().finding, None);
}

/// Under steady writing the write-ahead log stays short: it once grew to many times the database.
#[test]
fn clause_1_3_1_the_log_of_writes_stays_short() {
    let h = Harness::on("2026-11-23");
    let clock = h.clock.clone();
    let Harness { office, directory, keys, registrar, .. } = h;
    drop(office);
    let mut options = options(&directory, &clock, 12);
    options.wal_limit = 1 << 20;
    let store = Store::open(&keys, options).unwrap();
    let office = Office::open(store, RulePack::embedded().unwrap()).unwrap();
    let wal = directory.path().join("office.db-wal");
    let remark = "备".repeat(1_900);
    let mut longest = 0;
    for _ in 0..600 {
        let input = json!({"source": "国务院国资委", "channel": "other", "seal": "intact", "pieces": 1, "remark": remark});
        let caller = Caller::Person { id: registrar.clone(), terminal: "test".into() };
        let input = serde_json::value::to_raw_value(&input).unwrap();
        let request = Request { caller, action: "receipt.sign".into(), input, seen: None };
        office.perform(request).unwrap().result.unwrap();
        longest = longest.max(std::fs::metadata(&wal).unwrap().len());
    }
    assert!((1 << 20..3 << 20).contains(&longest), "{longest} bytes");
    assert_eq!(office.store().verify(|_, _| {}).unwrap().finding, None);
}
