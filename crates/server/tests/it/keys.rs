//! Changes of keys where the process ends at the one moment that no kill from outside hits reliably.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jingui_crypto::{Assembly, Keyring, Lock, PassphraseCost, Seal, Suite, Unsealed};
use jingui_server::{Config, Keeper, Live, Running, Write, serve};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::{Value, json};

use crate::harness::{Client, House, PASSWORD};

/// One more server of that office, with keys.
fn with_keys(house: &House, unsealed: Unsealed, clock: bool, write: Write) -> Running {
    let mut config =
        Config::new("127.0.0.1:0".parse().unwrap(), house.office.clone(), house.content(), Live::default());
    config.workers = 2;
    config.clock = clock;
    config.keys = Some(Arc::new(Keeper::new(unsealed, true, write)));
    serve(config).unwrap()
}

fn signed_in(running: &Running, account: &str) -> Client {
    let client = Client::new(running.address());
    let answer = client.post("/api/sign-in", &json!({"account": account, "password": PASSWORD}));
    client.with("cookie", answer.header("set-cookie").split(';').next().unwrap())
}

fn state(client: &Client) -> Value {
    client.get("/api/keys").json()["changes"][0]["change"]["state"]["name"].clone()
}

/// The file was written, and the process ended before the journal said so: the new shares open, and the next start says it.
#[test]
fn a_new_seal_that_was_written_before_the_end_is_in_force_after_the_next_start() {
    let house = House::new();
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let keys = Keyring::generate(Suite::International, &mut rng);
    let cost = PassphraseCost { memory_kib: 64, passes: 1, lanes: 1 };
    let lock = Lock::Passphrase { passphrase: "金匮石室", cost };
    let (unsealed, _) = Unsealed::new(house.office.store().log_id(), keys, &lock, &mut rng).unwrap();
    let disk = Arc::new(Mutex::new(String::new()));
    let written = Arc::clone(&disk);
    // It lies on the disk; whoever wrote it never hears so.
    let cut_off = Box::new(move |text: &str| {
        text.clone_into(&mut written.lock().unwrap());
        Err(io::Error::other("cut off"))
    });
    let running = with_keys(&house, unsealed, false, cut_off);
    let holders = json!({"needed": 2, "holders": [house.registrar, house.staff], "reason": "持有人调离"});
    let proposed = signed_in(&running, "security").act("key.propose_holders", &holders);
    let change = proposed.json()["outcome"]["id"].clone();
    let head = signed_in(&running, "head");
    assert_eq!(head.act("key.approve", &json!({"change": change})).status, 200);
    let shares = ["registrar", "staff"].map(|account| {
        let holder = signed_in(&running, account);
        let sheet = holder.post("/api/keys/share", &json!({"change": change})).json();
        let lines: Vec<&str> = sheet["lines"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let share = lines.join("\n");
        let confirmed = holder.post("/api/keys/share/confirm", &json!({"change": change, "share": share}));
        assert_eq!(confirmed.status, 204, "{confirmed:?}");
        share
    });
    assert_eq!((state(&head), &head.get("/api/keys").json()["trouble"]), (json!("collecting"), &json!(true)));
    drop(running);

    let seal = Seal::parse(&disk.lock().unwrap()).unwrap();
    let mut assembly = Assembly::new(&seal).unwrap();
    for share in &shares {
        assembly.add(share).unwrap();
    }
    let opened = assembly.open().unwrap();
    let running = with_keys(&house, opened, true, Box::new(|_| panic!("there is nothing to write")));
    let head = signed_in(&running, "head");
    let patience = Instant::now() + Duration::from_secs(30);
    while state(&head) != "resealed" && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(20));
    }
    let keys = head.get("/api/keys").json();
    assert_eq!((state(&head), &keys["set"]), (json!("resealed"), &json!(seal.set())));
}

#[test]
fn keys_are_shown_to_those_who_answer_for_them_and_changed_where_their_file_is() {
    let house = House::new();
    for (account, status, code) in
        [("staff", 403, "keys.shown_to"), ("registrar", 403, "keys.shown_to"), ("auditor", 409, "keys.none")]
    {
        let answer = house.signed_in(account).get("/api/keys");
        assert_eq!((answer.status, &answer.json()["code"]), (status, &json!(code)), "{account}");
    }
    let wanted = json!({"entries": true, "levels": true, "reason": "年度更换"});
    let before = house.entries();
    let answer = house.signed_in("security").act("key.propose_rotation", &wanted);
    assert_eq!((answer.status, &answer.json()["code"]), (409, &json!("keys.none")));
    assert_eq!(house.entries(), before + 1, "nothing but the sign-in");
}
