//! An office whose ledger was put back: held at its door, and going on only by decision of those who may.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{
    Founded, PASSPHRASE, PASSWORD, Served, command, err, jingui, out, passwords, people, text,
};
use crate::proof::{Shared, copy, put_back, register};

/// The bodies of all records of a kind, read with a plain key file.
fn records(founded: &Founded, kind: &str) -> Vec<Value> {
    let unsealed = jingui_crypto::Seal::parse(&fs::read_to_string(&founded.key).unwrap()).unwrap();
    bodies(&founded.data, unsealed.open(None).unwrap().keyring(), kind)
}

fn bodies(data: &Path, keys: &jingui_crypto::Keyring, kind: &str) -> Vec<Value> {
    let options = jingui_store::Options::new(data.join("office.db"), jingui_office::kinds());
    let store = jingui_store::Store::open(keys, options).unwrap();
    store
        .read(|conn| -> Result<_, jingui_store::StoreError> {
            let mut statement = conn.prepare(&format!("SELECT body FROM {kind} ORDER BY key"))?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            Ok(rows.map(|body| serde_json::from_str(&body.unwrap()).unwrap()).collect())
        })
        .unwrap()
}

fn seal(served: &Served) -> Value {
    served.visitor().send("GET", "/api/seal", None).unwrap().json()
}

fn decide(served: &Served, decision: &Value) -> (u16, Value) {
    let answer = served.visitor().send("POST", "/api/seal/go-on", Some(decision)).unwrap();
    (answer.status, answer.json())
}

#[test]
fn clause_1_3_1_going_on_behind_a_checkpoint_takes_the_quorum() {
    let office = Shared::new("guomi");
    let data = office.data();
    let (one, two, three) = (office.share(1), office.share(2), office.share(3));
    let with = ["serve", "--data", &data, "--listen", "127.0.0.1:0", "--share", &one, "--share", &two];
    assert!(Served::start(&with).end());
    let older = office.place.path().join("older");
    copy(Path::new(&data), &older);
    assert!(Served::start(&with).end());
    let medium = Path::new(&one).with_extension("checkpoint");
    let kept = office.place.path().join("kept");
    fs::copy(&medium, &kept).unwrap();
    put_back(&older, Path::new(&data));

    // Opened at its door by two holders, it is held there: nothing is served.
    let door =
        Served::start(&["serve", "--data", &data, "--listen", "127.0.0.1:0", "--checkpoint", text(&kept)]);
    let at = door.address.to_string();
    assert!(out(&jingui(&["unseal", "--address", &at, &one])).contains("1 of 2"));
    assert!(out(&jingui(&["unseal", "--address", &at, &two])).contains("已启封"));
    door.until("held");
    assert_eq!(door.visitor().send("GET", "/api/items", None).unwrap().status, 503);
    assert_eq!(door.visitor().send("POST", "/api/sign-in", Some(&json!({}))).unwrap().status, 503);
    let shown = seal(&door);
    let (journal, known) =
        (shown["held"]["journal"].as_u64().unwrap(), shown["held"]["losses"][0]["size"].as_u64());
    let known = known.unwrap();
    assert!(known > journal, "{shown}");
    assert_eq!(shown["held"]["losses"].as_array().unwrap().len(), 1);
    assert_eq!(shown["held"]["losses"][0]["how"], "ahead");
    assert!(shown["held"]["since"].is_string() && shown["held"]["losses"][0]["at"].is_string(), "{shown}");
    let sentence = format!("放弃第 {} 至 {known} 笔账，继续使用", journal + 1);
    assert_eq!(shown["sentence"], sentence);
    assert!(
        shown["holders"].as_array().unwrap().iter().all(|holder| holder["given"] == false),
        "entered anew"
    );

    // Shares from the opening don't count; one holder doesn't decide, nor does anybody without naming the loss.
    let give = |sentence: &[&str], share: &str| {
        jingui(&[&["unseal", "--address", &at][..], sentence, &[share]].concat())
    };
    let unnamed = give(&[], &one);
    assert!(!unnamed.status.success() && out(&unnamed).contains("put back"), "{}", err(&unnamed));
    let less = format!("放弃第 {} 至 {} 笔账，继续使用", journal + 1, known - 1);
    assert!(err(&give(&["--sentence", &less], &one)).contains("确认语与所缺内容不符"));
    assert!(out(&give(&["--sentence", &sentence], &one)).contains("1 of 2"));
    assert!(err(&give(&["--sentence", &sentence], &one)).contains("已经输入过"));
    assert_eq!(decide(&door, &json!({"sentence": sentence, "account": "auditor", "password": "x"})).0, 409);
    door.until("held");
    assert!(out(&give(&["--sentence", &sentence], &three)).contains("继续使用"));
    door.until("ok");
    let password = &office.passwords.iter().find(|(name, _)| name == "auditor").unwrap().1;
    let auditor = door.sign_in("auditor", password);
    let gone_on = auditor.get("/api/journal?action=seal.go_on");
    assert_eq!(gone_on["rows"].as_array().unwrap().len(), 1);
    assert_eq!(gone_on["rows"][0]["seq"], journal + 1, "before anything else: {gone_on}");
    assert!(door.end());

    // The decision holds for what it named; the medium's older checkpoint is put aside, not written over.
    let again = [&with[..], &["--checkpoint", text(&kept)]].concat();
    assert!(Served::start(&again).end());
    assert_eq!(
        fs::read_to_string(medium.with_extension(format!("given-up-{known}"))).unwrap(),
        fs::read_to_string(&kept).unwrap()
    );
    assert!(Served::start(&again).end());

    // Who decided what, with every try.
    let seal = fs::read_to_string(Path::new(&data).join("key.json")).unwrap();
    let mut shares = jingui_crypto::Assembly::new(&jingui_crypto::Seal::parse(&seal).unwrap()).unwrap();
    shares.add(&fs::read_to_string(&two).unwrap()).unwrap();
    shares.add(&fs::read_to_string(&three).unwrap()).unwrap();
    let written = bodies(Path::new(&data), shares.open().unwrap().keyring(), "gone_on");
    assert_eq!(written.len(), 1);
    let holders: Vec<_> =
        written[0]["holders"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(holders, ["王芳", "张敏"]);
    assert_eq!((&written[0]["sentence"], &written[0]["journal"]), (&json!(sentence), &json!(journal)));
    let outcomes: Vec<_> =
        written[0]["attempts"].as_array().unwrap().iter().map(|one| one["outcome"].clone()).collect();
    assert_eq!(outcomes, ["seal.sentence", "taken", "seal.twice", "seal.kind", "taken"]);
}

#[test]
fn clause_1_3_1_without_holders_keeper_and_auditor_decide_together() {
    // A key file that its keeper started the office with, and another history.
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    assert!(served.end());
    let older = founded.data.with_extension("older");
    copy(&founded.data, &older);
    register(&founded);
    let kept = founded.data.with_extension("checkpoint");
    assert!(founded.run("checkpoint", &[text(&kept)]).status.success());
    put_back(&older, &founded.data);
    register(&founded);
    register(&founded);
    let with = ["--listen", "127.0.0.1:0", "--checkpoint", text(&kept)];
    let refused = founded.run("serve", &with);
    assert_eq!(refused.status.code(), Some(3));
    assert!(err(&refused).contains("账本分叉") && err(&refused).contains("--hold"), "{}", err(&refused));

    let hold = founded.with("serve", &[&with[..], &["--hold"]].concat());
    let held = Served::start(&hold);
    held.until("held");
    assert_eq!(held.ended(), Some(3), "told to end while held, it never served");
    assert_eq!(records(&founded, "gone_on").len(), 0);
    let held = Served::start(&hold);
    held.until("held");
    let shown = seal(&held);
    assert_eq!((&shown["kind"], &shown["held"]["losses"][0]["how"]), (&json!("key_file"), &json!("forked")));
    let sentence = shown["sentence"].as_str().unwrap().to_owned();
    assert!(sentence.contains("另一本账"), "{sentence}");
    let as_one = |account: &str, password: &str| {
        decide(&held, &json!({"sentence": sentence, "account": account, "password": password}))
    };
    assert_eq!(as_one("auditor", "wrong").1["code"], "session.wrong");
    assert_eq!(as_one("system", founded.password("system")).1["code"], "seal.auditor");
    assert_eq!(as_one("zhoumin", PASSWORD).1["code"], "seal.auditor");
    assert_eq!(decide(&held, &json!({"sentence": sentence})).1["code"], "seal.kind");
    let (status, decided) = as_one("auditor", founded.password("auditor"));
    assert_eq!((status, &decided["open"]), (200, &json!(true)), "{decided}");
    held.until("ok");
    assert!(held.end());
    let written = records(&founded, "gone_on");
    assert!(written.len() == 1 && written[0]["auditor"].is_string(), "{written:?}");
    assert_eq!(written[0]["attempts"].as_array().unwrap().len(), 5);

    // A passphrase, which is typed anew.
    let place = tempfile::tempdir().unwrap();
    let (data, secret) = (place.path().join("office"), place.path().join("passphrase"));
    fs::write(&secret, PASSPHRASE).unwrap();
    let made = jingui(&["init", "--data", text(&data), "--passphrase-file", text(&secret)]);
    let auditor = passwords(&out(&made)).into_iter().find(|(name, _)| name == "auditor").unwrap().1;
    let with =
        ["serve", "--data", text(&data), "--listen", "127.0.0.1:0", "--passphrase-file", text(&secret)];
    let older = place.path().join("older");
    copy(&data, &older);
    assert!(Served::start(&with).end());
    let kept = place.path().join("kept");
    let keep = ["checkpoint", "--data", text(&data), "--passphrase-file", text(&secret), text(&kept)];
    assert!(jingui(&keep).status.success());
    put_back(&older, &data);
    let held = Served::start(&[&with[..], &["--checkpoint", text(&kept), "--hold"]].concat());
    held.until("held");
    let sentence = seal(&held)["sentence"].clone();
    let as_one = |passphrase: &str| {
        decide(
            &held,
            &json!({"sentence": sentence, "passphrase": passphrase, "account": "auditor", "password": auditor}),
        )
    };
    assert_eq!(as_one("another passphrase").1["code"], "seal.passphrase");
    assert_eq!(as_one(PASSPHRASE).1["open"], true);
    held.until("ok");
    assert!(held.end());
}

/// A witness that is ended with the test.
struct Witness {
    child: Child,
    at: String,
}

impl Witness {
    fn start(directory: &Path, log: &str) -> Self {
        let arguments = ["witness", "--directory", text(directory), "--listen", "127.0.0.1:0", "--log", log];
        let mut child = command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let at = lines.find_map(|line| line.unwrap().strip_prefix("--witness ").map(str::to_owned)).unwrap();
        Self { child, at }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn clause_1_3_1_a_witness_is_reset_by_its_owner_alone() {
    let place = tempfile::tempdir().unwrap();
    let (data, key) = (place.path().join("office"), place.path().join("office.key"));
    let made = jingui(&["init", "--data", text(&data), "--suite", "guomi", "--key-file", text(&key)]);
    let founded = Founded { passwords: passwords(&out(&made)), _place: place, data, key };
    let served = founded.serve();
    let auditor = served.sign_in("auditor", founded.password("auditor"));
    let log = auditor.get("/api/ledger")["key"].as_str().unwrap().to_owned();
    assert!(served.end());
    let older = founded.data.with_extension("older");
    copy(&founded.data, &older);
    let desk = founded.data.with_extension("witness");
    let witness = Witness::start(&desk, &log);
    let key = jingui_ledger::NoteKey::parse(witness.at.split_once('=').unwrap().1).unwrap();
    assert_eq!(key.kind(), jingui_ledger::NoteKeyKind::CosignSm2, "an office of guomi is witnessed in guomi");
    let with = ["--listen", "127.0.0.1:0", "--witness", &witness.at];
    let served = Served::start(&founded.with("serve", &with));
    served.sign_in("auditor", founded.password("auditor"));
    assert!(served.end());
    assert!(Served::start(&founded.with("serve", &with)).end());
    put_back(&older, &founded.data);

    // The witness says what it saw and when; its own signature and the ledger's prove it.
    let held = Served::start(&founded.with("serve", &[&with[..], &["--hold"]].concat()));
    held.until("held");
    let shown = seal(&held);
    let loss = &shown["held"]["losses"][0];
    assert!(loss["root"].is_string() && loss["at"].is_string(), "{shown}");
    assert!(loss["told_by"].as_str().unwrap().contains("jingui-witness"));
    let decision =
        json!({"sentence": shown["sentence"], "account": "auditor", "password": founded.password("auditor")});
    assert_eq!(decide(&held, &decision).0, 200);
    held.until("ok");
    let auditor = held.sign_in("auditor", founded.password("auditor"));
    let ledger = auditor.get("/api/ledger");
    let checkpoint = founded.data.with_extension("newest");
    fs::write(&checkpoint, ledger["checkpoint"].as_str().unwrap()).unwrap();
    assert!(held.end());
    // It isn't made to forget by the office's decision: it goes on saying so, and the office goes on telling.
    let served = Served::start(&founded.with("serve", &with));
    let auditor = served.sign_in("auditor", founded.password("auditor"));
    let patience = Instant::now() + Duration::from_secs(20);
    while auditor.get("/api/ledger")["witnesses"][0]["last"]["state"] == "waiting"
        && Instant::now() < patience
    {
        std::thread::sleep(Duration::from_millis(100));
    }
    let state = auditor.get("/api/ledger")["witnesses"][0]["last"]["state"].clone();
    assert!(state == "ahead" || state == "forked", "{state}");
    assert!(served.end());

    let known = loss["size"].to_string();
    let accept = |seen: &str, reason: &str| {
        let decision = ["--seen", seen, "--reason", reason];
        jingui(&[&["witness-accept", "--directory", text(&desk), text(&checkpoint)][..], &decision].concat())
    };
    assert!(err(&accept(&known, "硬盘损坏")).contains("another witness is at work"));
    drop(witness);
    assert!(err(&accept("3", "硬盘损坏")).contains("entries, not 3"), "{}", err(&accept("3", "硬盘损坏")));
    assert!(err(&accept(&known, " ")).contains("reason"));
    let accepted = accept(&known, "硬盘损坏，密钥持有人已决定继续使用");
    assert!(accepted.status.success() && out(&accepted).contains(&known), "{}", err(&accepted));
    let decisions = fs::read_dir(&desk).unwrap().map(|entry| entry.unwrap().path());
    let decisions = decisions.filter(|path| path.extension().is_some_and(|ending| ending == "accepted"));
    let decision = fs::read_to_string(decisions.last().unwrap()).unwrap();
    assert!(decision.contains("硬盘损坏") && decision.contains(&format!("\n{known}\n")), "{decision}");
    let witness = Witness::start(&desk, &log);
    let with = ["--listen", "127.0.0.1:0", "--witness", &witness.at];
    let served = Served::start(&founded.with("serve", &with));
    let auditor = served.sign_in("auditor", founded.password("auditor"));
    let patience = Instant::now() + Duration::from_secs(20);
    while auditor.get("/api/ledger")["witnesses"][0]["last"]["state"] != "signed" {
        assert!(Instant::now() < patience, "{}", auditor.get("/api/ledger")["witnesses"]);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(served.end());
    assert_eq!(records(&founded, "gone_on").len(), 1);
}

/// The end that is asked for between the door and the office comes as soon as there is an office.
#[test]
fn told_to_end_between_door_and_office_it_ends() {
    let office = Shared::new("international");
    let data = office.data();
    let door = Served::start(&["serve", "--data", &data, "--listen", "127.0.0.1:0"]);
    let at = door.address.to_string();
    assert!(out(&jingui(&["unseal", "--address", &at, &office.share(1)])).contains("1 of 2"));
    // Somebody whose request never ends keeps the door from closing for some seconds.
    let mut slow = TcpStream::connect(door.address).unwrap();
    let head = format!(
        "POST /api/seal/open HTTP/1.1\r\nhost: {at}\r\nsec-fetch-site: same-origin\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    slow.write_all(head.as_bytes()).unwrap();
    assert!(out(&jingui(&["unseal", "--address", &at, &office.share(2)])).contains("已启封"));
    std::thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    let mut door = door;
    door.signal("TERM");
    loop {
        if let Some(status) = door.child.try_wait().unwrap() {
            assert!(status.success());
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "it serves on");
        std::thread::sleep(Duration::from_millis(50));
    }
}
