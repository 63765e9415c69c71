//! What a register was: read by today's SQL it is what a slow model makes of the entries up to then.

use std::collections::BTreeMap;

use jingui_regulation::Moment;
use jingui_store::{Entry, StoreError};
use serde_json::{Value, json};

use crate::harness::Harness;

/// Records by kind and key, as the entries up to `cut` leave them.
fn replayed(entries: &[Entry], cut: u64) -> BTreeMap<(String, String), (u64, Value)> {
    let mut all = BTreeMap::new();
    for put in entries.iter().take_while(|entry| entry.seq <= cut).flat_map(|entry| &entry.puts) {
        let body = serde_json::from_str(put.body.get()).unwrap();
        all.insert((put.kind.clone(), put.key.clone()), (put.version, body));
    }
    all
}

fn entries(h: &Harness) -> Vec<Entry> {
    let store = h.office.store();
    let newest = store.head().unwrap().0;
    let read = store.read(|conn| -> Result<Vec<Entry>, StoreError> {
        (1..=newest).map(|seq| Ok(store.entry(conn, seq)?.unwrap())).collect()
    });
    read.unwrap()
}

/// Days on which things are registered, lent, brought back, moved, corrected and lost.
fn days(h: &Harness) {
    let registrar = h.by(&h.registrar);
    let (first, copies) = h.item(2, 3);
    h.lend(&h.staff, &h.strategy_head, &first, &copies[0], 5);
    h.go_to("2026-11-24");
    let (second, others) = h.item(3, 2);
    let scope = json!({"kind": "named", "people": [h.staff], "departments": []});
    h.did(&registrar, "item.rescope", json!({"item": second, "scope": scope}));
    h.did(&registrar, "copy.place", json!({"copy": copies[1], "cabinet": h.cabinet_2, "slot": 9}));
    h.go_to("2026-11-25");
    h.lend(&h.colleague, &h.strategy_head, &first, &copies[2], 3);
    h.did(&registrar, "copy.report_lost", json!({"copy": others[0], "circumstances": "清点时未见"}));
    h.go_to("2026-11-26");
    h.did(&registrar, "copy.found", json!({"copy": others[0]}));
    h.did(&h.by(&h.security), "department.add", json!({"name": "财务部"}));
}

#[test]
fn clause_5_1_2_every_register_at_every_entry_is_what_the_entries_up_to_then_made() {
    let h = Harness::on("2026-11-23");
    days(&h);
    let entries = entries(&h);
    let store = h.office.store();
    let mut compared = 0;
    // A moment shows all entries up to its last one: those are the cuts there are.
    let mut cuts: Vec<(Moment, u64)> = entries.iter().map(|entry| (entry.at, entry.seq)).collect();
    cuts.reverse();
    cuts.dedup_by_key(|(at, _)| *at);
    assert!(cuts.len() > 3, "{cuts:?}");
    for (at, cut) in cuts {
        let model = replayed(&entries, cut);
        for kind in jingui_office::kinds() {
            let columns: String = kind.columns.iter().map(|column| format!(", {}", column.name)).collect();
            let sql = format!("SELECT key, version, body{columns} FROM {} ORDER BY key", kind.name);
            let rows = store.read_as_of(at, Vec::new(), |conn| -> Result<Vec<_>, StoreError> {
                let mut statement = conn.prepare(&sql)?;
                let mut found = statement.query([])?;
                let mut rows = Vec::new();
                while let Some(row) = found.next()? {
                    let body: Value = serde_json::from_str(&row.get::<_, String>(2)?)?;
                    for (place, column) in kind.columns.iter().enumerate() {
                        let pointer = column.path.replace("$.", "/").replace('.', "/");
                        let shown = match row.get_ref(place + 3)? {
                            rusqlite::types::ValueRef::Text(text) => {
                                json!(std::str::from_utf8(text).unwrap())
                            }
                            rusqlite::types::ValueRef::Integer(number) => json!(number),
                            _ => Value::Null,
                        };
                        let expected = match body.pointer(&pointer).cloned().unwrap_or_default() {
                            Value::Bool(yes) => json!(i64::from(yes)),
                            scalar => scalar,
                        };
                        assert_eq!(shown, expected, "{} {} at {at}", kind.name, column.name);
                    }
                    rows.push((row.get::<_, String>(0)?, row.get::<_, u64>(1)?, body));
                }
                Ok(rows)
            });
            let rows = rows.unwrap();
            let expected: Vec<_> = model
                .iter()
                .filter(|((known, _), _)| known == kind.name)
                .map(|((_, key), (version, body))| (key.clone(), *version, body.clone()))
                .collect();
            assert_eq!(rows, expected, "{} at {at}, entry {cut}", kind.name);
            compared += rows.len();
        }
    }
    assert!(compared > 100, "{compared}");
    h.verify_clean();
}

#[test]
fn clause_1_3_3_who_held_a_copy_at_any_moment_is_what_the_entries_say() {
    use jingui_office::items::held::{HeldFilter, held};
    use jingui_office::items::{Copy, Custody};

    let h = Harness::on("2026-11-23");
    days(&h);
    let entries = entries(&h);
    let store = h.office.store();
    let asker = store.read(|conn| h.office.asker(conn, &h.registrar)).unwrap().unwrap();
    let people = [&h.registrar, &h.custodian, &h.office_head, &h.staff, &h.colleague];
    let mut seen = 0;
    for entry in &entries {
        let last = entries.iter().rfind(|other| other.at == entry.at).unwrap().seq;
        let model = replayed(&entries, last);
        for person in people {
            let mut expected: Vec<String> = model
                .iter()
                .filter(|((kind, _), _)| kind == "copy")
                .map(|(_, (_, body))| serde_json::from_value::<Copy>(body.clone()).unwrap())
                .filter(|copy| {
                    copy.custody.holder() == person && !matches!(copy.custody, Custody::Void { .. })
                })
                .map(|copy| copy.label)
                .collect();
            expected.sort();
            let rows = store
                .read_as_of(entry.at, Vec::new(), |conn| {
                    held(conn, &asker, person, &HeldFilter { limit: Some(200), cursor: None })
                })
                .unwrap();
            let mut labels: Vec<String> = rows
                .map(|rows| rows.rows)
                .unwrap_or_default()
                .iter()
                .map(|content| serde_json::from_str::<Copy>(content.copy.get()).unwrap().label)
                .collect();
            labels.sort();
            assert_eq!(labels, expected, "{person} at {}", entry.at);
            seen += labels.len();
        }
    }
    assert!(seen > 50, "{seen}");
    // Nobody else's business: a colleague may ask only after the own copies.
    let colleague = store.read(|conn| h.office.asker(conn, &h.colleague)).unwrap().unwrap();
    let may_ask = |person: &jingui_store::Id| {
        store.read(|conn| held(conn, &colleague, person, &HeldFilter::default())).unwrap().is_some()
    };
    assert!(may_ask(&h.colleague) && !may_ask(&h.staff));
}
