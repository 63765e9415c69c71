//! Changes of keys and key holders: proposed by one person, decided by another, one at a time. What the process makes of
//! them with real keys is tested with the binary.

use jingui_crypto::Sealer;
use jingui_office::{Caller, Status};
use jingui_store::Id;
use serde_json::{Value, json};

use crate::harness::Harness;

fn id(value: &Value) -> Id {
    value["id"].as_str().unwrap().parse().unwrap()
}

/// Opens an account for each of them.
fn accounts(h: &Harness, people: &[&Id]) {
    for (number, person) in people.iter().enumerate() {
        let input =
            json!({"person": person, "account": format!("holder{number}"), "password": "Jinshi-2026"});
        let by = if *person == &h.security { Caller::Founder } else { h.by(&h.security) };
        h.did(&by, "account.open", input);
    }
}

fn holders(needed: u8, holders: &[&Id]) -> Value {
    json!({"needed": needed, "holders": holders, "reason": "持有人调离"})
}

const ROTATION: fn() -> Value = || json!({"entries": true, "levels": true, "reason": "年度更换"});

#[test]
fn clause_3_3_2_1_one_proposes_a_change_of_keys_and_another_decides() {
    let h = Harness::on("2026-11-23");
    let (security, head) = (h.by(&h.security), h.by(&h.office_head));
    // One administrator alone changes nothing, and nobody else begins.
    for person in [&h.office_head, &h.auditor, &h.registrar] {
        let refused = h.refused(&h.by(person), "key.propose_rotation", ROTATION());
        assert_eq!(refused.status, Status::Access);
    }
    let nothing = json!({"entries": false, "levels": false, "reason": "x"});
    assert_eq!(h.refused(&security, "key.propose_rotation", nothing).code, "key.nothing");
    let change = id(&h.did(&security, "key.propose_rotation", ROTATION()));
    let order = json!({"change": change});
    for person in [&h.security, &h.auditor, &h.strategy_head, &h.staff] {
        assert_eq!(h.refused(&h.by(person), "key.approve", order.clone()).status, Status::Access);
    }
    // One at a time, of whichever kind.
    assert_eq!(h.refused(&security, "key.propose_rotation", ROTATION()).code, "key.one_at_a_time");
    let no = json!({"change": change, "reason": "先做备份"});
    h.did(&head, "key.reject", no.clone());
    // What was decided isn't decided again, and nothing rejected is carried out.
    for (by, action, input) in
        [(&head, "key.approve", &order), (&head, "key.reject", &no), (&security, "key.call_off", &no)]
    {
        let refused = h.refused(by, action, input.clone());
        assert_eq!((refused.code, &refused.facts["state"]), ("key.state", &json!("key_rejected")));
    }
    let rotated = json!({"change": change, "entry_epoch": 1, "level_epoch": 1});
    assert_eq!(h.refused(&Caller::Clock, "key.rotated", rotated).code, "key.state");

    let change = id(&h.did(&security, "key.propose_rotation", ROTATION()));
    let order = json!({"change": change});
    // The decision names the proposal as it was read.
    let performed = h.ask(&head, "key.approve", order.clone(), Some(2)).unwrap();
    assert_eq!(performed.result.unwrap_err().code, "stale");
    let approved = h.did(&head, "key.approve", order.clone());
    assert_eq!(approved["state"], json!({"name": "approved", "entry_epoch": 1, "level_epoch": 1}));
    assert_eq!(h.refused(&head, "key.approve", order).code, "key.state");
    let late = json!({"change": change, "reason": "改主意"});
    assert_eq!(h.refused(&head, "key.call_off", late).code, "key.state");
    // Only the process says that it is done, once.
    let rotated = json!({"change": change, "entry_epoch": 1, "level_epoch": 1});
    assert_eq!(h.refused(&head, "key.rotated", rotated.clone()).status, Status::Access);
    h.did(&Caller::Clock, "key.rotated", rotated.clone());
    assert_eq!(h.refused(&Caller::Clock, "key.rotated", rotated).code, "key.state");
    // The next one begins where this one ended, and a kind that isn't wanted stays.
    let change = id(&h.did(
        &security,
        "key.propose_rotation",
        json!({"entries": false, "levels": true, "reason": "x"}),
    ));
    let approved = h.did(&head, "key.approve", json!({"change": change}));
    assert_eq!(approved["state"], json!({"name": "approved", "entry_epoch": 1, "level_epoch": 2}));
}

#[test]
fn clause_3_3_2_1_who_changes_the_holders_doesnt_come_to_open_the_office_alone() {
    let h = Harness::on("2026-11-23");
    let (security, head) = (h.by(&h.security), h.by(&h.office_head));
    let propose = |input: Value| h.refused(&security, "key.propose_holders", input);
    let system = h.person("A001", "系统管理员", None, &["system_administrator"], 0);
    assert_eq!(propose(holders(2, &[&h.staff, &h.colleague])).code, "key.no_account");
    accounts(&h, &[&h.security, &h.office_head, &h.staff, &h.colleague, &h.auditor, &system]);
    assert_eq!(propose(holders(2, &[&h.staff])).code, "key.holders");
    assert_eq!(propose(holders(1, &[&h.staff, &h.colleague])).code, "key.needed");
    assert_eq!(propose(holders(3, &[&h.staff, &h.colleague])).code, "key.needed");
    assert_eq!(propose(holders(2, &[&h.staff, &h.staff])).code, "key.twice");
    // Two administrators as the only holders, or as a part that opens.
    for all in [vec![&h.security, &system], vec![&h.staff, &system, &h.auditor]] {
        assert_eq!(propose(holders(2, &all)).code, "key.administrators_alone");
    }
    h.did(&security, "account.close", json!({"person": h.colleague}));
    assert_eq!(propose(holders(2, &[&h.staff, &h.colleague])).code, "key.no_account");
    // Proposer and decider together.
    let change =
        id(&h.did(&security, "key.propose_holders", holders(2, &[&h.security, &h.office_head, &h.staff])));
    assert_eq!(h.refused(&head, "key.approve", json!({"change": change})).code, "key.own_quorum");
    h.did(&security, "key.call_off", json!({"change": change, "reason": "重提"}));
    // Who was fit when it was proposed has lost the account since.
    let change = id(&h.did(&security, "key.propose_holders", holders(2, &[&h.office_head, &h.staff])));
    h.did(&security, "account.close", json!({"person": h.staff}));
    assert_eq!(h.refused(&head, "key.approve", json!({"change": change})).code, "key.no_account");
}

#[test]
fn clause_3_3_1_4_each_holder_collects_and_confirms_the_own_share() {
    let h = Harness::on("2026-11-23");
    let (security, head) = (h.by(&h.security), h.by(&h.office_head));
    let (one, two) = (h.by(&h.staff), h.by(&h.colleague));
    accounts(&h, &[&h.staff, &h.colleague]);
    let change = id(&h.did(&security, "key.propose_holders", holders(2, &[&h.staff, &h.colleague])));
    let collect = json!({"change": change, "set": "0123456789"});
    let confirm = json!({"change": change});
    let tasks = |person: &Id| -> Vec<&'static str> {
        let store = h.office.store();
        let bench = store.read(|conn| {
            let asker = h.office.asker(conn, person)?.unwrap();
            jingui_office::supervision::workbench::workbench(
                conn,
                &asker,
                &h.office.rules(),
                h.office.today(),
            )
        });
        let tasks = bench.unwrap().waits_for_me;
        tasks
            .iter()
            .map(|task| task.kind)
            .filter(|kind| kind.contains("share") || kind.contains("key"))
            .collect()
    };
    assert_eq!((tasks(&h.office_head), tasks(&h.staff)), (vec!["decide_key_change"], vec![]));
    assert_eq!(h.refused(&one, "key.collect", collect.clone()).code, "key.state");
    h.did(&head, "key.approve", confirm.clone());
    assert_eq!((tasks(&h.office_head), tasks(&h.staff)), (vec![], vec!["collect_share"]));
    for stranger in [&h.security, &h.office_head, &h.registrar] {
        assert_eq!(h.refused(&h.by(stranger), "key.collect", collect.clone()).status, Status::Access);
        assert_eq!(h.refused(&h.by(stranger), "key.confirm", confirm.clone()).status, Status::Access);
    }
    assert_eq!(h.refused(&one, "key.confirm", confirm.clone()).code, "key.not_collected");
    h.did(&one, "key.collect", collect.clone());
    assert_eq!(h.refused(&one, "key.collect", collect.clone()).code, "key.collected");
    assert_eq!(tasks(&h.staff), ["confirm_share"]);
    h.did(&one, "key.confirm", confirm.clone());
    // Not all of them: nothing is in force.
    let resealed = json!({"change": change, "set": "0123456789"});
    assert_eq!(h.refused(&Caller::Clock, "key.resealed", resealed.clone()).code, "key.state");
    assert_eq!(tasks(&h.staff), Vec::<&str>::new());
    h.did(&two, "key.collect", collect);
    h.did(&two, "key.confirm", confirm);
    let late = json!({"change": change, "reason": "改主意"});
    assert_eq!(h.refused(&head, "key.call_off", late).code, "key.state");
    assert_eq!(h.did(&Caller::Clock, "key.resealed", resealed)["state"]["name"], "resealed");
    // One that broke off with the process is over, and the next one can begin.
    let change = id(&h.did(&security, "key.propose_holders", holders(2, &[&h.staff, &h.colleague])));
    h.did(&head, "key.approve", json!({"change": change}));
    assert_eq!(
        h.did(&Caller::Clock, "key.break_off", json!({"change": change}))["state"]["name"],
        "broken_off"
    );
    h.did(&security, "key.propose_rotation", ROTATION());
}

/// A key that was destroyed while it was being wrapped anew doesn't come back.
#[test]
fn clause_3_3_1_4_keys_of_files_are_wrapped_anew_and_destroyed_ones_stay_destroyed() {
    let mut h = Harness::on("2026-11-23");
    let (item, _) = h.item(1, 1);
    let registrar = h.by(&h.registrar);
    let mut rng = <rand_chacha::ChaCha20Rng as rand::SeedableRng>::seed_from_u64(1);
    let level = h.keys.level_sealer(1).unwrap();
    let mut keep = |name: &str| {
        let begin = json!({"item": item, "name": name, "bytes": 5});
        let file = id(&h.did(&registrar, "file.begin", begin));
        let wrapped = level.seal(file.as_str().as_bytes(), &[7; 32], &mut rng);
        let sealed = json!({"name": format!("sealed-{name}"), "bytes": 100});
        h.did(&registrar, "file.keep", json!({"file": file, "sealed": sealed, "wrapped": wrapped}));
        (file, wrapped)
    };
    let (kept, gone) = (keep("a"), keep("b"));
    let store = h.office.store();
    let older = |epoch| store.read(|conn| store.count_file_keys(conn, epoch)).unwrap();
    assert_eq!((older(0), older(1)), ((0, 2), (2, 2)));
    let first = store.read(|conn| store.older_file_keys(conn, 1, "", 1)).unwrap();
    assert_eq!(first, std::slice::from_ref(&kept));
    assert_eq!(
        store.read(|conn| store.older_file_keys(conn, 1, kept.0.as_str(), 9)).unwrap(),
        std::slice::from_ref(&gone)
    );

    h.did(&h.by(&h.office_head), "file.remove", json!({"file": gone.0, "reason": "误传"}));
    h.keys.rotate_levels(&mut rng);
    let newer = h.keys.level_sealer(1).unwrap();
    let again = |one: &(Id, Vec<u8>), rng: &mut rand_chacha::ChaCha20Rng| {
        let wrapped = newer.seal(one.0.as_str().as_bytes(), &[7; 32], rng);
        json!({"file": one.0, "from": one.1, "wrapped": wrapped})
    };
    let keys = json!({"keys": [again(&kept, &mut rng), again(&gone, &mut rng)], "last": true});
    assert_eq!(h.refused(&h.by(&h.security), "key.rewrap", keys.clone()).status, Status::Access);
    assert_eq!(h.did(&Caller::Clock, "key.rewrap", keys.clone()), json!(1));
    assert_eq!(h.did(&Caller::Clock, "key.rewrap", keys), json!(0), "the one it was is gone");
    let store = h.office.store();
    let now = store.read(|conn| store.file_key(conn, &kept.0)).unwrap().unwrap();
    assert_eq!(Sealer::epoch(&now), Some(1));
    assert_eq!(store.read(|conn| store.file_key(conn, &gone.0)).unwrap(), None);
    // No wrapped key is in the journal.
    let hidden = serde_json::to_string(&now).unwrap();
    for seq in 1..=store.head().unwrap().0 {
        let entry = store.read(|conn| store.entry(conn, seq)).unwrap().unwrap();
        assert!(!serde_json::to_string(&entry).unwrap().contains(&hidden), "entry {seq}");
    }
}
