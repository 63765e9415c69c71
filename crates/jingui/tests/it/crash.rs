//! The process is killed, again and again, in the middle of work. What was acknowledged is there afterwards, the book
//! is whole, and the office opens in seconds. (What a disk does when the power fails is asked elsewhere.)

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use jingui_crypto::Seal;
use jingui_store::{Options, Outcome, Store};
use serde_json::{Value, json};

use crate::program::{Founded, PASSWORD, Served, Session, people};

/// How often it is killed: 50 times, or 500 with `ENDURANCE=1`.
fn cycles() -> u32 {
    if std::env::var_os("ENDURANCE").is_some() { 500 } else { 50 }
}

/// Entries that were acknowledged: number, and the key of the record that each put.
type Acknowledged = BTreeMap<u64, String>;

#[test]
fn kills_in_the_midst_of_work_lose_nothing_that_was_acknowledged() {
    let cycles = cycles();
    let founded = Founded::new();
    let served = founded.serve();
    let department = people(&served, &founded);
    served.kill();
    let unsealed = Seal::parse(&std::fs::read_to_string(&founded.key).unwrap()).unwrap().open(None).unwrap();
    let count = AtomicU32::new(0);
    let mut all = Acknowledged::new();
    for cycle in 0..cycles {
        let served = founded.serve();
        assert!(served.took < Duration::from_secs(10), "cycle {cycle}: opening took {:?}", served.took);
        let fresh =
            burst(served, Duration::from_millis(u64::from(60 + cycle * 37 % 400)), &department, &count);
        assert!(!fresh.is_empty(), "cycle {cycle}: nothing was acknowledged before the end");
        all.extend(fresh);

        let mut options = Options::new(founded.data.join("office.db"), jingui_office::kinds());
        options.cache_mib = 64;
        let store = Store::open(unsealed.keyring(), options).unwrap();
        store
            .read(|conn| -> Result<(), jingui_store::StoreError> {
                for (seq, key) in &all {
                    let entry = store
                        .entry(conn, *seq)?
                        .unwrap_or_else(|| panic!("cycle {cycle}: entry {seq} is lost"));
                    assert_eq!(entry.outcome, Outcome::Done, "cycle {cycle}: entry {seq}");
                    assert!(
                        entry.puts.iter().any(|put| put.key == *key),
                        "cycle {cycle}: entry {seq} is another one"
                    );
                }
                Ok(())
            })
            .unwrap();
        // Replaying everything each time would take longer than the cycles themselves.
        if cycle % 5 == 4 || cycle == 0 {
            let verdict = store.verify(|_, _| {}).unwrap();
            assert_eq!(verdict.finding, None, "cycle {cycle}: {verdict:?}");
        }
    }
    let verified = founded.run("verify", &[]);
    assert!(verified.status.success());
    println!("{} acknowledged entries in {cycles} cycles", all.len());
}

/// Works from several sides at once until the process is killed; answers what was acknowledged.
fn burst(served: Served, length: Duration, department: &str, count: &AtomicU32) -> Acknowledged {
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let staff = served.sign_in("lilei", PASSWORD);
    let known = Mutex::new(Acknowledged::new());
    let items: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for worker in 0..4_u32 {
            let (registrar, staff, known, items, over) =
                (registrar.clone(), staff.clone(), &known, &items, &over);
            scope.spawn(move || {
                loop {
                    let number = count.fetch_add(1, Ordering::Relaxed);
                    let done = match worker {
                        0 => register(&registrar, number, department, items),
                        1 => sign_for(&registrar, number),
                        2 => apply(&staff, items),
                        _ => filter(&staff, number),
                    };
                    match done {
                        Ok(Some((seq, key))) => drop(known.lock().unwrap().insert(seq, key)),
                        // Nothing to apply for, now or ever again.
                        Ok(None) if over.load(Ordering::Relaxed) => break,
                        Ok(None) => std::thread::sleep(Duration::from_millis(2)),
                        Err(Gone) => break,
                    }
                }
            });
        }
        let begun = Instant::now();
        // However slow the machine, something is acknowledged before the end.
        while begun.elapsed() < length
            || (known.lock().unwrap().is_empty() && begun.elapsed() < Duration::from_secs(20))
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        served.kill();
        over.store(true, Ordering::Relaxed);
    });
    known.into_inner().unwrap()
}

/// The server is gone.
struct Gone;

type Done = Result<Option<(u64, String)>, Gone>;

fn act(session: &Session, action: &str, input: &Value, record: &str) -> Done {
    let answer = session.send("POST", &format!("/api/actions/{action}"), Some(input)).ok_or(Gone)?;
    assert_eq!(answer.status, 200, "{action}: {}", answer.body);
    let answer = answer.json();
    let key = answer.pointer(record).and_then(Value::as_str).unwrap_or_else(|| panic!("{answer}"));
    Ok(Some((answer["entry"].as_u64().unwrap(), key.to_owned())))
}

fn register(session: &Session, number: u32, department: &str, items: &Mutex<Vec<String>>) -> Done {
    let item = json!({
        "document_number": format!("岳重办〔2026〕{}号", number + 1), "title": format!("关于第{number}号事项的通知"), "source": "岳重集团党委",
        "category": "decision", "level": 2, "scope": { "kind": "named", "people": [], "departments": [department] }, "copies": 2,
    });
    let done = act(session, "item.register", &json!({ "item": item }), "/outcome/item/id")?;
    items.lock().unwrap().extend(done.iter().map(|(_, key)| key.clone()));
    Ok(done)
}

fn sign_for(session: &Session, number: u32) -> Done {
    let input = json!({
        "source": "省委办公厅", "channel": "confidential_courier", "envelope": format!("{number:06}"), "seal": "intact", "pieces": 1,
    });
    act(session, "receipt.sign", &input, "/outcome/id")
}

fn apply(session: &Session, items: &Mutex<Vec<String>>) -> Done {
    let Some(item) = items.lock().unwrap().pop() else { return Ok(None) };
    let input = json!({ "item": item, "reason": "起草方案", "days": 5, "mode": "take_out" });
    act(session, "loan.apply", &input, "/outcome/id")
}

fn filter(session: &Session, number: u32) -> Done {
    // A few names over and over: the same record in many versions.
    let input = json!({ "page": "items", "name": format!("常用{}", number % 7), "query": format!("level={}", number % 4 + 1) });
    act(session, "filter.save", &input, "/outcome/id")
}
