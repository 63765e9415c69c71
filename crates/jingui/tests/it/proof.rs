//! Keys shared among holders, and a ledger that is held against what others saw of it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::program::{
    Founded, PASSWORD, Served, Session, command, err, jingui, out, passwords, people, text,
};

/// An office whose key three people share, two of whom open it.
pub struct Shared {
    pub place: tempfile::TempDir,
    pub passwords: Vec<(String, String)>,
}

impl Shared {
    pub fn new(suite: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        let (data, sheets) = (place.path().join("office"), place.path().join("sheets"));
        let holders = ["--holders", "王芳,李强,张敏", "--needed", "2", "--sheets", text(&sheets)];
        let made = jingui(&[&["init", "--data", text(&data), "--suite", suite][..], &holders].concat());
        assert!(made.status.success(), "{}", err(&made));
        assert!(!out(&made).contains("口令密钥"), "{}", out(&made));
        Self { passwords: passwords(&out(&made)), place }
    }

    pub fn data(&self) -> String {
        text(&self.place.path().join("office")).to_owned()
    }

    pub fn share(&self, number: u8) -> String {
        text(&self.place.path().join(format!("sheets/份额-{number}.txt"))).to_owned()
    }
}

#[test]
fn clause_3_3_1_4_two_of_three_holders_open_and_one_alone_doesnt() {
    for suite in ["international", "guomi"] {
        let office = Shared::new(suite);
        let (data, other) = (office.data(), Shared::new(suite));
        let page = fs::read_to_string(office.place.path().join("sheets/份额-2.html")).unwrap();
        assert!(page.contains("李强") && page.contains("<svg") && page.contains("任意 2 份"), "{page}");
        let verify = |shares: &[String]| {
            let mut arguments = vec!["verify", "--data", &data];
            for share in shares {
                arguments.extend(["--share", share]);
            }
            jingui(&arguments)
        };
        assert!(verify(&[office.share(3), office.share(1)]).status.success());
        assert!(err(&verify(&[office.share(1)])).contains("shares"), "{}", err(&verify(&[office.share(1)])));
        assert!(err(&verify(&[office.share(1), office.share(1)])).contains("entered already"));
        assert!(err(&verify(&[office.share(1), other.share(2)])).contains("another office"));
        let nobody = verify(&[]);
        assert!(err(&nobody).contains("2 key holders open this office"), "{}", err(&nobody));

        // Served with nobody at hand it waits at its door, and nothing else is served.
        let door = Served::start(&["serve", "--data", &data, "--listen", "127.0.0.1:0"]);
        let at = door.address.to_string();
        let visitor = door.visitor();
        assert_eq!(visitor.send("GET", "/api/health", None).unwrap().json(), json!({"status": "sealed"}));
        let closed = visitor.send("GET", "/api/items", None).unwrap();
        assert_eq!((closed.status, &closed.json()["code"]), (503, &json!("sealed")));
        let give = |file: &str| jingui(&["unseal", "--address", &at, file]);
        let typo = office.place.path().join("typo.txt");
        let mut lines = fs::read_to_string(office.share(1)).unwrap();
        let wrong = if lines.starts_with('0') { "1" } else { "0" };
        lines.replace_range(0..1, wrong);
        fs::write(&typo, lines).unwrap();
        let refused = give(text(&typo));
        assert!(err(&refused).contains("第 [1] 行"), "{}", err(&refused));
        assert!(err(&give(&other.share(1))).contains("别的单位"));
        assert!(out(&give(&office.share(1))).contains("1 of 2"));
        assert!(err(&give(&office.share(1))).contains("已经输入过"));
        let shown = visitor.send("GET", "/api/seal", None).unwrap().json();
        assert_eq!(shown["holders"][0], json!({"number": 1, "name": "王芳", "given": true}));
        assert!(out(&give(&office.share(3))).contains("已启封"));
        let begun = std::time::Instant::now();
        let open = || {
            let visitor = door.visitor();
            visitor.send("GET", "/api/health", None).is_some_and(|answer| answer.body.contains("\"ok\""))
        };
        while !open() && begun.elapsed().as_secs() < 20 {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let password = &office.passwords.iter().find(|(name, _)| name == "auditor").unwrap().1;
        let auditor = door.sign_in("auditor", password);
        let journal = auditor.get("/api/journal?action=seal.open");
        assert_eq!(journal["rows"].as_array().unwrap().len(), 1, "{journal}");
        let ledger = auditor.get("/api/ledger");
        assert_eq!(ledger["suite"], suite);
        drop(door);
        // What was tried is kept: who of the holders, from where, with what outcome.
        let unsealed = {
            let seal = fs::read_to_string(Path::new(&data).join("key.json")).unwrap();
            let seal = jingui_crypto::Seal::parse(&seal).unwrap();
            let mut shares = jingui_crypto::Assembly::new(&seal).unwrap();
            shares.add(&fs::read_to_string(office.share(2)).unwrap()).unwrap();
            shares.add(&fs::read_to_string(office.share(3)).unwrap()).unwrap();
            shares.open().unwrap()
        };
        let options = jingui_store::Options::new(Path::new(&data).join("office.db"), jingui_office::kinds());
        let store = jingui_store::Store::open(unsealed.keyring(), options).unwrap();
        let body: String = store
            .read(|conn| -> Result<_, jingui_store::StoreError> {
                Ok(conn.query_row("SELECT body FROM opening", [], |row| row.get(0))?)
            })
            .unwrap();
        let opening: Value = serde_json::from_str(&body).unwrap();
        let outcomes: Vec<_> = opening["attempts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|attempt| (attempt["outcome"].as_str().unwrap(), attempt["share"].as_u64()))
            .collect();
        let expected = [
            ("seal.mistyped", None),
            ("seal.other_office", None),
            ("taken", Some(1)),
            ("seal.twice", Some(1)),
            ("taken", Some(3)),
        ];
        assert_eq!(outcomes, expected);
    }
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// The office as it was, in place of the office as it is: what somebody does who owns the machine.
pub fn put_back(older: &Path, data: &Path) {
    for name in ["office.db-wal", "office.db-shm"] {
        let _ = fs::remove_file(data.join(name));
    }
    copy(older, data);
}

pub fn register(founded: &Founded) {
    let served = founded.serve();
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let input = json!({
        "item": {"title": "关于开展年度保密检查的通知", "source": "国务院国资委", "category": "decision", "level": 1,
                 "scope": {"kind": "everyone"}, "copies": 1},
    });
    registrar.did("item.register", &input);
    assert!(served.end());
}

/// An older state of the whole directory passes every check that looks at the machine alone; a checkpoint kept outside tells.
#[test]
fn clause_1_3_1_a_ledger_that_was_put_back_is_refused() {
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    assert!(served.end());
    let older = founded.data.with_extension("older");
    copy(&founded.data, &older);
    register(&founded);
    let kept = founded.data.with_extension("checkpoint");
    let made = founded.run("checkpoint", &[text(&kept)]);
    assert!(made.status.success(), "{}", err(&made));
    assert!(founded.run("verify", &["--checkpoint", text(&kept)]).status.success());

    put_back(&older, &founded.data);
    assert!(founded.run("verify", &[]).status.success(), "by itself it is whole");
    for order in [["verify", "--checkpoint"], ["serve", "--checkpoint"]] {
        let refused = founded.run(order[0], &[order[1], text(&kept)]);
        assert_eq!(refused.status.code(), Some(3), "{}", err(&refused));
        assert!(
            err(&refused).contains("账本被退回") && err(&refused).contains("are missing, since"),
            "{}",
            err(&refused)
        );
    }
    // The checkpoint isn't written over by one of the older ledger.
    let before = fs::read_to_string(&kept).unwrap();
    assert_eq!(founded.run("checkpoint", &[text(&kept)]).status.code(), Some(3));
    assert_eq!(fs::read_to_string(&kept).unwrap(), before);
    // Another history of the same length: as many entries again, but not those.
    register(&founded);
    register(&founded);
    let forked = founded.run("verify", &["--checkpoint", text(&kept)]);
    assert_eq!(forked.status.code(), Some(3));
    assert!(err(&forked).contains("账本分叉"), "{}", err(&forked));
    // Somebody else's checkpoint is no finding: it is said that it isn't ours.
    let other = Founded::new();
    let foreign = other.run("verify", &["--checkpoint", text(&kept)]);
    assert_eq!(foreign.status.code(), Some(1));
    assert!(err(&foreign).contains("isn't signed by this office's ledger"), "{}", err(&foreign));
}

/// Each holder's medium keeps the newest checkpoint at every opening, and is held against the ledger at the next.
#[test]
fn clause_1_3_1_a_holders_medium_finds_what_was_put_back() {
    let office = Shared::new("guomi");
    let data = office.data();
    let (one, two) = (office.share(1), office.share(2));
    let with = ["serve", "--data", &data, "--listen", "127.0.0.1:0", "--share", &one, "--share", &two];
    assert!(Served::start(&with).end());
    let kept = Path::new(&two).with_extension("checkpoint");
    let first = fs::read_to_string(&kept).unwrap();
    let older = office.place.path().join("older");
    copy(Path::new(&data), &older);
    assert!(Served::start(&with).end());
    assert_ne!(fs::read_to_string(&kept).unwrap(), first);
    put_back(&older, Path::new(&data));
    let refused = jingui(&with);
    assert_eq!(refused.status.code(), Some(3), "{}", err(&refused));
    assert!(err(&refused).contains("账本被退回"), "{}", err(&refused));
}

#[test]
fn clause_1_3_1_a_witness_on_another_computer_finds_what_was_put_back() {
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    let auditor = served.sign_in("auditor", founded.password("auditor"));
    let key = auditor.get("/api/ledger")["key"].as_str().unwrap().to_owned();
    assert!(served.end());
    let older = founded.data.with_extension("older");
    copy(&founded.data, &older);

    let place = founded.data.with_extension("witness");
    let arguments = ["witness", "--directory", text(&place), "--listen", "127.0.0.1:0", "--log", &key];
    let mut witness = command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(witness.stdout.take().unwrap()).lines();
    let told = lines.find_map(|line| line.unwrap().strip_prefix("--witness ").map(str::to_owned)).unwrap();
    let with = ["--listen", "127.0.0.1:0", "--witness", &told];
    let served = Served::start(&founded.with("serve", &with));
    let auditor = served.sign_in("auditor", founded.password("auditor"));
    let patience = std::time::Instant::now();
    let signed = loop {
        let ledger = auditor.get("/api/ledger");
        if ledger["witnesses"][0]["last"]["state"] == "signed" || patience.elapsed().as_secs() > 20 {
            break ledger;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    assert_eq!(signed["witnesses"][0]["last"]["state"], "signed", "{signed}");
    // The auditor compares what was written down elsewhere, and proves one entry to somebody who has no key.
    let checkpoint = signed["checkpoint"].as_str().unwrap();
    let compare = |session: &Session, text: &str| {
        session.send("POST", "/api/ledger/compare", Some(&json!({ "checkpoint": text }))).unwrap()
    };
    assert_eq!(compare(&auditor, checkpoint).json()["state"], "continued");
    assert_eq!(compare(&auditor, "nonsense").json()["state"], "foreign");
    assert_eq!(compare(&served.sign_in("zhoumin", PASSWORD), checkpoint).status, 403);
    let proven = auditor.get("/api/ledger/proofs/3");
    let (proof, entry) = (founded.data.with_extension("proof"), founded.data.with_extension("entry"));
    fs::write(&proof, proven["proof"].as_str().unwrap()).unwrap();
    let mut sealed = data_encoding::BASE64.decode(proven["sealed"].as_str().unwrap().as_bytes()).unwrap();
    let verify = |sealed: &[u8]| {
        fs::write(&entry, sealed).unwrap();
        let arguments = [text(&proof), "--log", &key, "--entry", text(&entry)];
        jingui_verify::run(arguments.map(std::ffi::OsString::from), &mut Vec::new())
    };
    assert_eq!(verify(&sealed), 0);
    sealed[40] ^= 1;
    assert_eq!(verify(&sealed), 1);
    assert_eq!(auditor.send("GET", "/api/ledger/proofs/100000", None).unwrap().status, 404);
    assert!(served.end());

    put_back(&older, &founded.data);
    let refused = founded.run("serve", &with);
    assert_eq!(refused.status.code(), Some(3), "{}", err(&refused));
    assert!(err(&refused).contains("账本被退回"), "{}", err(&refused));
    witness.kill().unwrap();
    witness.wait().unwrap();
    // Without the witness it is said, and served: a witness that is off is no reason to stop work.
    let served = Served::start(&founded.with("serve", &with));
    assert!(served.end());
}

#[test]
fn an_exported_ledger_is_verified_by_a_program_that_has_no_key() {
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    assert!(served.end());
    let exported = founded.data.with_extension("ledger");
    let made = founded.run("export-ledger", &[text(&exported)]);
    assert!(made.status.success(), "{}", err(&made));
    let verify = || {
        let mut told = Vec::new();
        (jingui_verify::run([exported.clone().into_os_string()], &mut told), String::from_utf8(told).unwrap())
    };
    let (code, told) = verify();
    assert_eq!(code, 0, "{told}");
    let segment = exported.join(format!("{:020}.entries", 1));
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let (code, told) = verify();
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("破损"), "{told}");
}
