//! Keys rotated and split anew while the office is served: by two people, cut off anywhere, and everything from before
//! still read.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jingui_crypto::Seal;
use jingui_store::{Clock as _, SystemClock};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

use crate::program::{PASSPHRASE, PASSWORD, Served, Session, err, jingui, out, passwords, text};

/// An office with people who propose, decide and hold.
struct House {
    place: tempfile::TempDir,
    data: PathBuf,
    /// Arguments that open it.
    opens: Vec<String>,
    passwords: Vec<(String, String)>,
}

impl House {
    fn by_passphrase() -> Self {
        let place = tempfile::tempdir().unwrap();
        let secret = text(&place.path().join("passphrase")).to_owned();
        fs::write(&secret, PASSPHRASE).unwrap();
        Self::made(place, &["--passphrase-file", &secret], &["--passphrase-file", &secret])
    }

    fn by_shares() -> Self {
        let place = tempfile::tempdir().unwrap();
        let sheets = text(&place.path().join("sheets")).to_owned();
        let [one, two] = [1, 2].map(|number| format!("{sheets}/份额-{number}.txt"));
        let init = ["--holders", "王芳,李强", "--needed", "2", "--suite", "guomi", "--sheets", &sheets];
        Self::made(place, &init, &["--share", &one, "--share", &two])
    }

    fn made(place: tempfile::TempDir, init: &[&str], opens: &[&str]) -> Self {
        let data = place.path().join("office");
        let made = jingui(&[&["init", "--data", text(&data)], init].concat());
        assert!(made.status.success(), "{}", err(&made));
        let opens = opens.iter().map(|&argument| argument.to_owned()).collect();
        let house = Self { place, data, opens, passwords: passwords(&out(&made)) };
        let served = house.serve();
        let security = house.security(&served);
        let auditor = house.passwords.iter().find(|(account, _)| account == "auditor").unwrap();
        let auditor = served.sign_in("auditor", &auditor.1);
        for (number, account, roles) in [
            ("0001", "zhoumin", &["registrar"][..]),
            ("0005", "lilei", &["staff"]),
            ("0003", "sunli", &["office_head"]),
        ] {
            let person =
                security.did("person.add", &json!({"staff_number": number, "name": account}))["id"].clone();
            let today = SystemClock.now().date();
            security.did(
                "person.record_review",
                &json!({"person": person, "class": "general", "on": today, "supports": 3}),
            );
            let rights = json!({"department": null, "roles": roles, "class": "general", "clearance": 3});
            let proposal = json!({"person": person, "rights": rights, "reason": "上岗"});
            let proposal = security.did("rights.propose", &proposal);
            // There is no office head yet.
            auditor.did("rights.confirm", &json!({"proposal": proposal["id"]}));
            security
                .did("account.open", &json!({"person": person, "account": account, "password": PASSWORD}));
            served.sign_in(account, PASSWORD).did("person.sign_commitment", &json!({"version": 1}));
        }
        assert!(served.end());
        house
    }

    fn run(&self, order: &str, data: &Path, more: &[&str]) -> std::process::Output {
        let opens: Vec<&str> = self.opens.iter().map(String::as_str).collect();
        jingui(&[&[order, "--data", text(data)], &opens[..], more].concat())
    }

    fn serve(&self) -> Served {
        self.serve_at(&self.data)
    }

    fn serve_at(&self, data: &Path) -> Served {
        let opens: Vec<&str> = self.opens.iter().map(String::as_str).collect();
        Served::start(&[&["serve", "--data", text(data), "--listen", "127.0.0.1:0"], &opens[..]].concat())
    }

    fn security(&self, served: &Served) -> Session {
        let password = self.passwords.iter().find(|(account, _)| account == "security").unwrap();
        served.sign_in("security", &password.1)
    }

    fn is_whole(&self, data: &Path) {
        let verified = self.run("verify", data, &[]);
        assert!(verified.status.success(), "{}{}", out(&verified), err(&verified));
    }

    /// Proposes and approves a rotation of both kinds; answers the change.
    fn rotate(&self, served: &Served) -> Value {
        let wanted = json!({"entries": true, "levels": true, "reason": "年度更换"});
        let change = self.security(served).did("key.propose_rotation", &wanted)["id"].clone();
        served.sign_in("sunli", PASSWORD).did("key.approve", &json!({"change": change}));
        change
    }
}

/// Waits for something of the page of keys, as the office head sees it.
fn until(served: &Served, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let head = served.sign_in("sunli", PASSWORD);
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let keys = head.get("/api/keys");
        if wanted(&keys) {
            return keys;
        }
        assert!(Instant::now() < patience, "{what}: {keys}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Newest epochs of entries and levels.
fn epochs(keys: &Value) -> (u64, u64) {
    let newest = |of: &str| {
        let all = keys["epochs"].as_array().unwrap().iter().filter(|epoch| epoch["of"] == of);
        all.map(|epoch| epoch["number"].as_u64().unwrap()).max().unwrap()
    };
    (newest("entries"), newest("levels"))
}

fn state(keys: &Value) -> &str {
    keys["changes"][0]["change"]["state"]["name"].as_str().unwrap()
}

/// Registers an item with a file; answers the file's id once it can be read.
fn file(served: &Served, words: &str) -> String {
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let input = json!({
        "item": {"title": "关于开展年度保密检查的通知", "source": "国务院国资委", "category": "decision", "level": 1,
                 "scope": {"kind": "everyone"}, "copies": 1},
    });
    let item = registrar.did("item.register", &input)["item"]["id"].as_str().unwrap().to_owned();
    let bytes = "application/octet-stream\r\nx-file-name: letter.txt";
    let (status, _, body) =
        registrar.raw("POST", &format!("/api/items/{item}/files"), bytes, words.as_bytes()).unwrap();
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
    let patience = Instant::now() + Duration::from_mins(1);
    while registrar.get(&format!("/api/items/{item}/files"))["rows"][0]["file"]["state"]["name"] != "ready" {
        assert!(Instant::now() < patience, "nobody looked into the file");
        std::thread::sleep(Duration::from_millis(50));
    }
    serde_json::from_slice::<Value>(&body).unwrap()["id"].as_str().unwrap().to_owned()
}

/// Whether a page of the file is shown.
fn is_read(served: &Served, file: &str) {
    let reader = served.sign_in("lilei", PASSWORD);
    let reading = reader.did("view.open", &json!({"file": file}))["id"].as_str().unwrap().to_owned();
    let page = reader.raw("GET", &format!("/api/readings/{reading}/pages/1"), "text/plain", b"").unwrap();
    assert_eq!(page.0, 200, "{}", String::from_utf8_lossy(&page.2));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn clause_3_3_1_4_keys_are_rotated_while_work_goes_on_and_backups_stay_whole() {
    let house = House::by_passphrase();
    let served = house.serve();
    let before = file(&served, "甲号预案。");
    let was = fs::read_to_string(house.data.join("key.json")).unwrap();
    house.rotate(&served);
    let keys = until(&served, "wrapped anew", |keys| {
        keys["changes"][0]["change"]["state"]["rewrapped_at"].is_string()
    });
    assert_eq!((epochs(&keys), &keys["older_file_keys"], &keys["file_keys"]), ((1, 1), &json!(0), &json!(1)));
    assert_ne!(fs::read_to_string(house.data.join("key.json")).unwrap(), was, "the file was written");
    // Without a restart: what was sealed before is read, and new things are sealed under the new keys.
    is_read(&served, &before);
    let after = file(&served, "乙号预案。");
    is_read(&served, &after);
    let auditor = house.passwords.iter().find(|(account, _)| account == "auditor").unwrap();
    let rows = served.sign_in("auditor", &auditor.1).get("/api/journal?limit=200");
    let names: Vec<&str> =
        rows["rows"].as_array().unwrap().iter().filter_map(|row| row["action"].as_str()).collect();
    for name in ["key.propose_rotation", "key.approve", "key.rotated", "key.rewrap"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    assert!(served.end());
    house.is_whole(&house.data);
    // A file of keys from before knows nothing of the new epoch.
    let unsealed = Seal::parse(&was).unwrap().open(Some(PASSPHRASE)).unwrap();
    let options = jingui_store::Options::new(house.data.join("office.db"), jingui_office::kinds());
    let store = jingui_store::Store::open(unsealed.keyring(), options).unwrap();
    assert!(store.verify(|_, _| {}).unwrap().finding.is_some());
    drop(store);

    let backup = house.place.path().join("backup");
    let taken = house.run("backup", &house.data, &[text(&backup)]);
    assert!(taken.status.success(), "{}", err(&taken));
    let again = house.place.path().join("again");
    let restored = house.run("restore", &again, &[text(&backup)]);
    assert!(restored.status.success(), "{}", err(&restored));
    house.is_whole(&again);
    let served = house.serve_at(&again);
    is_read(&served, &before);
    is_read(&served, &after);
    assert_eq!(epochs(&served.sign_in("sunli", PASSWORD).get("/api/keys")), (1, 1));
}

#[test]
fn a_rotation_that_is_cut_off_anywhere_is_carried_out_after_the_next_start() {
    let house = House::by_passphrase();
    let (key, beside) = (house.data.join("key.json"), house.data.join("key.json.new"));
    let served = house.serve();
    let letter = file(&served, "甲号预案。");
    // The file can't be written: nothing is sealed under keys that aren't on the disk, and the page says so.
    fs::create_dir_all(beside.join("in-the-way")).unwrap();
    house.rotate(&served);
    let keys = served.sign_in("sunli", PASSWORD).get("/api/keys");
    assert_eq!((epochs(&keys), state(&keys), &keys["trouble"]), ((0, 0), "approved", &json!(true)));
    served.kill();
    fs::remove_dir_all(&beside).unwrap();

    // Killed between the decision and the file; and between the file and the first entry under the new key.
    let written = house.place.path().join("written");
    copy(&house.data, &written);
    let unsealed = Seal::parse(&fs::read_to_string(&key).unwrap()).unwrap().open(Some(PASSPHRASE)).unwrap();
    let mut rng = ChaCha20Rng::from_os_rng();
    let mut keys = unsealed.keyring().clone();
    keys.rotate_entries(&mut rng);
    keys.rotate_levels(&mut rng);
    let rotated = unsealed.update(keys, &mut rng).seal().to_text();
    fs::write(written.join("key.json"), &*rotated).unwrap();
    for data in [&house.data, &written] {
        house.is_whole(data);
        let served = house.serve_at(data);
        let keys = until(&served, "rotated", |keys| state(keys) == "rotated" && keys["older_file_keys"] == 0);
        assert_eq!((epochs(&keys), &keys["trouble"]), ((1, 1), &json!(false)));
        is_read(&served, &letter);
        served.kill();
        house.is_whole(data);
    }
    assert_eq!(fs::read_to_string(written.join("key.json")).unwrap(), *rotated, "it isn't rotated twice");
}

/// Killed at moments nobody chose, around the decision.
#[test]
fn a_rotation_that_is_killed_at_any_moment_leaves_an_office_that_opens() {
    let house = House::by_passphrase();
    let served = house.serve();
    let letter = file(&served, "甲号预案。");
    assert!(served.end());
    for round in 0..8_u64 {
        let served = house.serve();
        let wanted = json!({"entries": true, "levels": round % 2 == 0, "reason": "演练"});
        let change = house.security(&served).did("key.propose_rotation", &wanted)["id"].clone();
        let head = served.sign_in("sunli", PASSWORD);
        let approve = std::thread::spawn(move || {
            head.send("POST", "/api/actions/key.approve", Some(&json!({"change": change})))
        });
        std::thread::sleep(Duration::from_millis(round * 3));
        served.kill();
        let _ = approve.join();
        house.is_whole(&house.data);
        let served = house.serve();
        let open = until(&served, "carried out", |keys| ["rotated", "proposed"].contains(&state(keys)));
        if state(&open) == "proposed" {
            // It was never decided.
            let off = json!({"change": open["changes"][0]["change"]["id"], "reason": "未批准"});
            house.security(&served).did("key.call_off", &off);
        }
        is_read(&served, &letter);
        assert!(served.end());
    }
    house.is_whole(&house.data);
}

/// A holder's share, collected: the four lines of the sheet.
fn collect(holder: &Session, change: &Value) -> String {
    let sheet = holder.send("POST", "/api/keys/share", Some(&json!({"change": change}))).unwrap();
    assert_eq!(sheet.status, 200, "{}", sheet.body);
    let sheet = sheet.json();
    assert_eq!((&sheet["of"], &sheet["needed"]), (&json!(2), &json!(2)), "{sheet}");
    let lines: Vec<&str> =
        sheet["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    lines.join("\n")
}

fn confirm(holder: &Session, change: &Value, share: &str) -> (u16, Value) {
    let body = json!({"change": change, "share": share});
    let answer = holder.send("POST", "/api/keys/share/confirm", Some(&body)).unwrap();
    (answer.status, if answer.body.is_empty() { Value::Null } else { answer.json() })
}

#[test]
fn clause_3_3_1_4_new_holders_collect_their_shares_and_the_old_ones_open_nothing() {
    let house = House::by_shares();
    let was = fs::read_to_string(house.data.join("key.json")).unwrap();
    let propose = |served: &Served| -> Value {
        let everyone = house.security(served).get("/api/directory");
        let person = |name: &str| {
            let rows = everyone["rows"].as_array().unwrap();
            rows.iter().find(|row| row["name"] == name).unwrap()["id"].clone()
        };
        let wanted =
            json!({"needed": 2, "holders": [person("zhoumin"), person("lilei")], "reason": "王芳调离"});
        let change = house.security(served).did("key.propose_holders", &wanted)["id"].clone();
        served.sign_in("sunli", PASSWORD).did("key.approve", &json!({"change": change}));
        change
    };

    // The process ends while shares are handed out: they are worth nothing, the old ones open, and the page says so.
    let served = house.serve();
    let change = propose(&served);
    let holder = served.sign_in("lilei", PASSWORD);
    let lost = collect(&holder, &change);
    assert_eq!(confirm(&holder, &change, &lost).0, 204);
    served.kill();
    assert_eq!(fs::read_to_string(house.data.join("key.json")).unwrap(), was);
    let served = house.serve();
    until(&served, "broken off", |keys| state(keys) == "broken_off");
    let holder = served.sign_in("lilei", PASSWORD);
    assert_eq!(confirm(&holder, &change, &lost).1["code"], "keys.not_dealt");

    let change = propose(&served);
    let [one, two] = ["zhoumin", "lilei"].map(|account| served.sign_in(account, PASSWORD));
    // Nobody else gets it, and nobody gets it twice.
    for other in [served.sign_in("sunli", PASSWORD), house.security(&served)] {
        let body = json!({"change": change});
        assert_eq!(other.send("GET", "/api/keys/share", None).unwrap().status, 404);
        assert_eq!(
            other.send("POST", "/api/keys/share", Some(&body)).unwrap().json()["code"],
            "keys.not_dealt"
        );
        let straight =
            other.send("POST", "/api/actions/key.collect", Some(&json!({"change": change, "set": "x"})));
        assert_eq!(straight.unwrap().status, 404, "there is no way around the edge");
    }
    let first = collect(&one, &change);
    let again = one.send("POST", "/api/keys/share", Some(&json!({"change": change}))).unwrap();
    assert_eq!((again.status, &again.json()["code"]), (409, &json!("key.collected")));
    let second = collect(&two, &change);
    // A typo is named by its line; another holder's share and one from another sealing aren't taken.
    let wrong = if first.starts_with('0') { "1" } else { "0" };
    let (status, told) = confirm(&one, &change, &format!("{wrong}{}", &first[1..]));
    assert_eq!((status, &told["code"], &told["facts"]["lines"]), (409, &json!("seal.mistyped"), &json!([1])));
    assert_eq!(confirm(&one, &change, &second).1["code"], "keys.not_yours");
    assert_eq!(confirm(&one, &change, &lost).1["code"], "seal.other_sealing");
    assert_eq!(confirm(&one, &change, &first).0, 204);
    assert_eq!(fs::read_to_string(house.data.join("key.json")).unwrap(), was, "until all have confirmed");
    assert_eq!(confirm(&two, &change, &second.replace(' ', "").to_lowercase()).0, 204);
    let keys = until(&served, "in force", |keys| state(keys) == "resealed");
    assert_eq!((&keys["holders"], &keys["needed"]), (&json!(["zhoumin", "lilei"]), &json!(2)));
    assert_eq!(keys["set"], keys["changes"][0]["change"]["state"]["set"]);
    let letter = file(&served, "甲号预案。");
    assert!(served.end());

    let old = house.run("verify", &house.data, &[]);
    assert!(!old.status.success() && err(&old).contains("another sealing"), "{}", err(&old));
    let sheets = [("one", &first), ("two", &second)].map(|(name, share)| {
        let path = house.place.path().join(name);
        fs::write(&path, share).unwrap();
        text(&path).to_owned()
    });
    let opens = ["--share", &sheets[0], "--share", &sheets[1]].map(str::to_owned).to_vec();
    let House { place, data, passwords, .. } = house;
    let house = House { place, data, opens, passwords };
    house.is_whole(&house.data);
    let served = house.serve();
    is_read(&served, &letter);
    // No share is anywhere in the office.
    assert!(served.end());
    for share in [&first, &second] {
        let code = share.replace([' ', '\n'], "");
        for entry in fs::read_dir(&house.data)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
        {
            let bytes = fs::read(&entry).unwrap();
            assert!(!bytes.windows(18).any(|window| window == &code.as_bytes()[..18]), "{}", entry.display());
        }
    }
}

/// From a passphrase to shares: the passphrase opens nothing from then on.
#[test]
fn clause_3_3_1_4_a_passphrase_gives_way_to_shares() {
    let house = House::by_passphrase();
    let served = house.serve();
    let everyone = house.security(&served).get("/api/directory");
    let rows = everyone["rows"].as_array().unwrap();
    let person = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap()["id"].clone();
    let wanted = json!({"needed": 2, "holders": [person("zhoumin"), person("lilei")], "reason": "改为分持"});
    let change = house.security(&served).did("key.propose_holders", &wanted)["id"].clone();
    served.sign_in("sunli", PASSWORD).did("key.approve", &json!({"change": change}));
    for account in ["lilei", "zhoumin"] {
        let holder = served.sign_in(account, PASSWORD);
        let share = collect(&holder, &change);
        assert_eq!(confirm(&holder, &change, &share).0, 204);
    }
    let keys = until(&served, "in force", |keys| state(keys) == "resealed");
    assert_eq!(keys["opened_by"], "shares");
    assert!(served.end());
    let refused = house.run("verify", &house.data, &[]);
    assert!(!refused.status.success() && err(&refused).contains("key holders"), "{}", err(&refused));
}
