//! What an operator does on the command line.

use std::fs;
use std::path::{Path, PathBuf};

use jingui_crypto::Seal;
use jingui_store::{Options, Store};
use serde_json::{Value, json};

use crate::program::{Founded, PASSPHRASE, PASSWORD, command, err, jingui, out, passwords, people, text};

fn shipped_pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../regulation")
}

/// A copy of the shipped rule pack, to be damaged.
fn pack(into: &Path) {
    for folder in ["", "calendars", "policies"] {
        fs::create_dir_all(into.join(folder)).unwrap();
        for entry in fs::read_dir(shipped_pack().join(folder)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), into.join(folder).join(entry.file_name())).unwrap();
            }
        }
    }
}

#[test]
fn an_office_is_set_up_by_passphrase_and_opens_by_it_alone() {
    let place = tempfile::tempdir().unwrap();
    let (data, secret) = (place.path().join("office"), place.path().join("passphrase"));
    fs::write(&secret, format!("{PASSPHRASE}\n")).unwrap();
    let made = jingui(&["init", "--data", text(&data), "--passphrase-file", text(&secret)]);
    assert!(made.status.success(), "{}", err(&made));
    let first = passwords(&out(&made));
    assert_eq!(
        first.iter().map(|(account, _)| account.as_str()).collect::<Vec<_>>(),
        ["system", "security", "auditor"]
    );
    assert!(first.iter().all(|(_, password)| password.len() >= 16), "{first:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&data), 0o700);
        assert_eq!((mode(&data.join("key.json")), mode(&data.join("tls-key.pem"))), (0o600, 0o600));
    }
    // Neither the passphrase nor a first password lies anywhere in the directory.
    for entry in fs::read_dir(&data).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        for secret in first.iter().map(|(_, password)| password.as_str()).chain([PASSPHRASE]) {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
    // A second set-up doesn't touch it.
    let again = jingui(&["init", "--data", text(&data), "--passphrase-file", text(&secret)]);
    assert!(!again.status.success() && err(&again).contains("isn't empty"), "{}", err(&again));

    let verify = |passphrase: &str| {
        command(&["verify", "--data", text(&data)]).env("JINGUI_PASSPHRASE", passphrase).output().unwrap()
    };
    assert!(verify(PASSPHRASE).status.success());
    let wrong = verify("correct horse battery stapler");
    assert!(!wrong.status.success() && err(&wrong).contains("passphrase"), "{}", err(&wrong));
    let none = jingui(&["verify", "--data", text(&data)]);
    assert!(!none.status.success() && err(&none).contains("--passphrase-file"), "{}", err(&none));
}

#[test]
fn a_set_up_that_fails_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("office");
    let init = |passphrase: &str| {
        command(&["init", "--data", text(&data)]).env("JINGUI_PASSPHRASE", passphrase).output().unwrap()
    };
    let short = init("short");
    assert!(!short.status.success() && err(&short).contains("12 characters"), "{}", err(&short));
    assert!(!data.exists());
    let key = place.path().join("no-such-folder/office.key");
    let failed = jingui(&["init", "--data", text(&data), "--key-file", text(&key)]);
    assert!(!failed.status.success() && err(&failed).contains("can't write"), "{}", err(&failed));
    assert!(init(PASSPHRASE).status.success());
}

#[test]
fn it_serves_ends_well_and_lets_one_process_in() {
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    let security = served.sign_in("security", founded.password("security"));
    assert_eq!(security.get("/api/me")["person"]["roles"], json!(["security_administrator"]));
    for order in ["serve", "verify"] {
        let second = founded.run(order, &[]);
        assert!(
            !second.status.success() && err(&second).contains("another process"),
            "{order}: {}",
            err(&second)
        );
    }
    assert!(served.end(), "SIGTERM ends it well");
    let verified = founded.run("verify", &[]);
    assert!(verified.status.success() && out(&verified).contains("the book is whole"), "{}", out(&verified));
    // Off loopback it serves under TLS, with the certificate made at set-up.
    let mut child = command(&founded.with("serve", &["--listen", "0.0.0.0:0"]))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains("https://"), "{line}");
}

#[test]
fn verify_names_what_was_tampered_with() {
    let founded = Founded::new();
    let unsealed = Seal::parse(&fs::read_to_string(&founded.key).unwrap()).unwrap().open(None).unwrap();
    let store =
        Store::open(unsealed.keyring(), Options::new(founded.data.join("office.db"), jingui_office::kinds()))
            .unwrap();
    let person: String = store
        .read(|conn| -> Result<String, jingui_store::StoreError> {
            Ok(conn.query_row("SELECT key FROM person WHERE staff_number = 'A001'", [], |row| row.get(0))?)
        })
        .unwrap();
    drop(store);
    // Whoever holds the key can write past the journal; the journal tells.
    let database = jingui_office::Connection::open(founded.data.join("office.db")).unwrap();
    let hex = data_encoding::HEXLOWER.encode(unsealed.keyring().derive("database").expose());
    database.execute_batch(&format!("PRAGMA key = \"x'{hex}'\";")).unwrap();
    database
        .execute_batch(
            "UPDATE person SET body = json_set(body, '$.clearance', 4) WHERE staff_number = 'A001'",
        )
        .unwrap();
    drop(database);
    let verified = founded.run("verify", &[]);
    assert_eq!(verified.status.code(), Some(3), "a book that isn't whole has an exit code of its own");
    assert!(err(&verified).contains(&format!("the record {person} of person differs")), "{}", err(&verified));
    // A single byte in the middle of the file, from outside: found, and not taken for a disk that is full.
    let path = founded.data.join("office.db");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let verified = founded.run("verify", &[]);
    assert_eq!(verified.status.code(), Some(3), "{}", err(&verified));
    assert!(err(&verified).contains("not whole"), "{}", err(&verified));
}

/// What proves must not mend: registers of another layout are refused by `verify`, not silently built anew.
#[test]
fn verify_doesnt_rebuild() {
    let founded = Founded::new();
    let unsealed = Seal::parse(&fs::read_to_string(&founded.key).unwrap()).unwrap().open(None).unwrap();
    let database = jingui_office::Connection::open(founded.data.join("office.db")).unwrap();
    let hex = data_encoding::HEXLOWER.encode(unsealed.keyring().derive("database").expose());
    database.execute_batch(&format!("PRAGMA key = \"x'{hex}'\";")).unwrap();
    database.execute_batch("UPDATE meta SET value = 'older' WHERE name = 'layout'").unwrap();
    drop(database);
    let verified = founded.run("verify", &[]);
    assert_eq!(verified.status.code(), Some(1));
    assert!(err(&verified).contains("layout of another version"), "{}", err(&verified));
}

#[test]
fn a_damaged_rule_pack_is_refused_with_file_and_line() {
    let place = tempfile::tempdir().unwrap();
    pack(place.path());
    let checked = jingui(&["rules", "check", text(place.path())]);
    assert!(checked.status.success(), "{}", out(&checked));

    let parameters = place.path().join("parameters.toml");
    let sound = fs::read_to_string(&parameters).unwrap();
    let damaged = sound.replace("[loan_days_secret]\ndefault = 5", "[loan_days_secret]\ndefault = 50");
    let line = sound.lines().position(|line| line == "[loan_days_secret]").unwrap() + 2;
    fs::write(&parameters, damaged).unwrap();
    let told = format!("parameters.toml:{line}: ");
    let checked = jingui(&["rules", "check", text(place.path())]);
    assert!(!checked.status.success() && out(&checked).contains(&told), "{}", out(&checked));
    assert!(out(&checked).contains("allowed: 1 to 5"), "{}", out(&checked));

    // Nor does an office open with it.
    let founded = Founded::new();
    let refused = command(&founded.with("serve", &["--listen", "127.0.0.1:0"]))
        .env("JINGUI_RULES", place.path())
        .output()
        .unwrap();
    assert!(!refused.status.success() && err(&refused).contains(&told), "{}", err(&refused));

    fs::write(&parameters, sound).unwrap();
    let policies = place.path().join("policies/office.cedar");
    let sound = fs::read_to_string(&policies).unwrap();
    fs::write(&policies, sound.replacen("principal.clearance", "principal.clearence", 1)).unwrap();
    let checked = jingui(&["rules", "check", text(place.path())]);
    assert!(
        !checked.status.success() && out(&checked).contains("policies/office.cedar:"),
        "{}",
        out(&checked)
    );
}

#[test]
fn a_calendar_is_checked_before_it_is_imported() {
    let shipped = shipped_pack().join("calendars/2026.toml");
    let checked = jingui(&["calendar", "check", text(&shipped)]);
    assert!(checked.status.success() && out(&checked).starts_with("2026: "), "{}", err(&checked));
    let place = tempfile::tempdir().unwrap();
    let damaged = place.path().join("2026.toml");
    let sound = fs::read_to_string(&shipped).unwrap();
    fs::write(&damaged, sound.replace("2026-02-14", "2026-02-13")).unwrap();
    let checked = jingui(&["calendar", "check", text(&damaged)]);
    assert!(!checked.status.success() && err(&checked).contains("2026-02-13"), "{}", err(&checked));
    fs::write(&damaged, format!("colour = 1\n{sound}")).unwrap();
    let checked = jingui(&["calendar", "check", text(&damaged)]);
    assert!(!checked.status.success() && err(&checked).contains("line 1"), "{}", err(&checked));
}

#[test]
fn the_samples_are_imported_once() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../intake/tests/samples");
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    // Offline only: it says so while the office is served.
    let tidy = samples.join("receipts-tidy.xlsx");
    let busy = founded.run("import", &[text(&tidy), "--as", "zhoumin"]);
    assert!(!busy.status.success() && err(&busy).contains("another process"), "{}", err(&busy));
    assert!(served.end());

    for name in ["receipts-tidy.xlsx", "receipts-messy.xlsx", "receipts-gb18030.csv"] {
        let file = samples.join(name);
        let stem = name.split('.').next().unwrap();
        let expected: Value =
            serde_json::from_str(&fs::read_to_string(samples.join(format!("{stem}.expected.json"))).unwrap())
                .unwrap();
        let readable = expected["accepted"].as_array().unwrap().len();
        let unreadable = expected["refused"].as_array().unwrap().len();
        // Level 4 is above the registrar; the register refuses those rows and says so.
        let above = expected["accepted"].as_array().unwrap().iter().filter(|row| row["level"] == 4).count();
        let report = founded.data.join("refused.xlsx");
        let arguments = [text(&file), "--as", "zhoumin", "--refused", text(&report)];

        let dry = founded.run("import", &[&arguments[..], &["--dry-run"]].concat());
        assert!(dry.status.success() && !out(&dry).contains("已登记"), "{}", err(&dry));
        assert!(
            out(&dry).contains(&format!("{readable} 行可登记")),
            "{name}: {}",
            out(&dry).lines().next().unwrap()
        );

        let first = founded.run("import", &arguments);
        assert!(first.status.success(), "{name}: {}", err(&first));
        let counts = |text: &str| -> Vec<usize> {
            let line = text.lines().find(|line| line.contains("已登记")).unwrap();
            line.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
        };
        let [accepted, present, refused] = counts(&out(&first))[..] else { panic!("{}", out(&first)) };
        assert_eq!((accepted + present + refused, present), (readable + unreadable, 0), "{name}");
        assert!(refused >= unreadable + above, "{name}: {refused} {unreadable} {above}");
        assert!(fs::metadata(&report).unwrap().len() > 1_000);

        let again = founded.run("import", &arguments);
        let [second, there, _] = counts(&out(&again))[..] else { panic!("{}", out(&again)) };
        assert_eq!((second, there), (0, accepted), "{name}: importing again adds nothing");
    }
    assert!(founded.run("verify", &[]).status.success());
}

#[test]
fn a_mapping_changes_what_a_column_is() {
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    assert!(served.end());
    let (ledger, mapping) = (founded.data.join("old.csv"), founded.data.join("mapping.json"));
    fs::write(&ledger, "文号,文件标题,密级,份数,机密事由\n岳重办〔2026〕1号,甲,内部,1,关于乙的通知\n")
        .unwrap();
    let written =
        founded.run("import", &[text(&ledger), "--as", "zhoumin", "--write-mapping", text(&mapping)]);
    assert!(written.status.success(), "{}", err(&written));
    let mut plans: Value = serde_json::from_str(&fs::read_to_string(&mapping).unwrap()).unwrap();
    assert_eq!(plans[0]["columns"]["title"], 1);
    plans[0]["columns"]["title"] = json!(4);
    fs::write(&mapping, plans.to_string()).unwrap();
    let imported = founded.run("import", &[text(&ledger), "--as", "zhoumin", "--mapping", text(&mapping)]);
    assert!(
        imported.status.success() && out(&imported).contains("registered 1"),
        "{}{}",
        out(&imported),
        err(&imported)
    );
    let served = founded.serve();
    let list = served.sign_in("zhoumin", PASSWORD).get("/api/items");
    assert!(list.to_string().contains("关于乙的通知"), "{list}");
}

#[test]
fn documents_are_printed() {
    let permissions = jingui(&["permissions"]);
    let kept =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/permissions.md")).unwrap();
    assert_eq!(out(&permissions), kept);
    let api: Value = serde_json::from_str(&out(&jingui(&["openapi"]))).unwrap();
    assert_eq!(api["openapi"], "3.1.0");
    assert!(api["paths"]["/api/actions/loan.apply"].is_object());
}

#[test]
fn nothing_is_served_where_there_is_no_office() {
    let place = tempfile::tempdir().unwrap();
    let none = jingui(&["serve", "--data", text(place.path()), "--key-file", "none.key"]);
    assert!(!none.status.success() && err(&none).contains("jingui init"), "{}", err(&none));
    let public = jingui(&["demo", "--data", text(&place.path().join("demo")), "--listen", "0.0.0.0:0"]);
    assert!(!public.status.success() && err(&public).contains("127.0.0.1"), "{}", err(&public));
}
