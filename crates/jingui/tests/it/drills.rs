//! Backups in time, drills beside the running office, and what was destroyed since a backup.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::backup::item_with_file;
use crate::program::{Founded, PASSWORD, Served, Session, err, out, people, text};
use crate::proof::{Shared, copy};

/// Rows of the journal for an action.
fn noted(auditor: &Session, action: &str, outcome: &str) -> usize {
    let journal = auditor.get(&format!("/api/journal?action={action}"));
    let rows = journal["rows"].as_array().unwrap();
    rows.iter().filter(|row| row["refused"].is_null() == (outcome == "done")).count()
}

fn until(what: &str, mut there: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_mins(1);
    while !there() {
        assert!(Instant::now() < patience, "{what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn clause_3_3_1_4_a_drill_beside_the_running_office_is_noted_once_and_a_forged_one_never() {
    let founded = Founded::new();
    let place = founded.data.with_extension("backup");
    let served = founded.serve();
    let system = served.sign_in("system", founded.password("system"));
    // Nothing was ever backed up: that waits for the system administrator, with the command.
    let waits = |session: &Session| -> Vec<String> {
        let bench = session.get("/api/workbench");
        let tasks = bench["waits_for_me"].as_array().unwrap().iter();
        tasks.map(|task| task["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(waits(&system), ["take_backup"]);
    let told = system.get("/api/backups");
    assert_eq!(
        (&told["backup"]["standing"], &told["drill"]["standing"]),
        (&json!("due"), &json!("in_order"))
    );
    assert!(told["commands"]["backup"].as_str().unwrap().starts_with("jingui backup --data /"), "{told}");
    let auditor = served.sign_in("auditor", founded.password("auditor"));
    assert_eq!(auditor.get("/api/backups")["commands"], Value::Null);
    let security = served.sign_in("security", founded.password("security"));
    assert_eq!(security.send("GET", "/api/backups", None).unwrap().status, 404);
    assert!(served.end());

    let served =
        Served::start(&founded.with("serve", &["--listen", "127.0.0.1:0", "--backup", text(&place)]));
    let auditor = served.sign_in("auditor", founded.password("auditor"));
    until("no backup was taken", || noted(&auditor, "backup.note", "done") == 1);
    let system = served.sign_in("system", founded.password("system"));
    assert_eq!(waits(&system), [""; 0], "calm when in order");
    let drill = system.get("/api/backups")["commands"]["drill"].as_str().unwrap().to_owned();
    assert!(drill.contains(text(&place)) && drill.contains("--drill --data /"), "{drill}");

    // The office rests while the result waits, so that it can be looked at, and imitated.
    served.signal("STOP");
    let drilled = founded.run("restore", &[text(&place), "--drill"]);
    assert!(drilled.status.success() && out(&drilled).contains("演练成功"), "{}", err(&drilled));
    let results = founded.data.join("drills");
    let result = fs::read_dir(&results).unwrap().next().unwrap().unwrap().path();
    let genuine = fs::read_to_string(&result).unwrap();
    let (json, signature) = genuine.split_once('\n').unwrap();
    let mut tomorrow: Value = serde_json::from_str(json).unwrap();
    tomorrow["at"] = json!("2099-01-01T00:00:00.000Z");
    fs::write(results.join("altered.drill"), format!("{tomorrow}\n{signature}")).unwrap();
    fs::write(results.join("unsigned.drill"), format!("{json}\n\n")).unwrap();
    fs::write(results.join("nonsense.drill"), [0xFF; 40]).unwrap();
    served.signal("CONT");
    let refused = || {
        let names = fs::read_dir(&results).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.extension().is_some_and(|ending| ending == "refused")).count()
    };
    until("the drill wasn't noted", || noted(&auditor, "backup.note", "done") == 2 && refused() == 3);
    let told = system.get("/api/backups");
    assert_eq!(told["done"][0]["done"], "drill");
    assert_eq!(told["drill"]["standing"], "in_order");
    assert!(told["drill"]["last"].as_str().unwrap() < "2099", "{told}");
    // The very same again is noted as refused.
    fs::write(results.join("again.drill"), &genuine).unwrap();
    until("it wasn't refused", || refused() == 4);
    assert_eq!((noted(&auditor, "backup.note", "done"), noted(&auditor, "backup.note", "refused")), (2, 1));
    assert!(served.end());
}

#[test]
fn clause_3_3_1_4_what_was_destroyed_after_the_backup_is_said_by_the_restored_registers() {
    let founded = Founded::new();
    let (place, older) = (founded.data.with_extension("backup"), founded.data.with_extension("older"));
    let served = founded.serve();
    people(&served, &founded);
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let (kept, _) = item_with_file(&registrar, "甲号预案。");
    let (item, file) = item_with_file(&registrar, "乙号预案。");
    assert!(served.end());
    assert!(founded.run("backup", &[text(&place)]).status.success());
    deep_copy(&place, &older);
    let served = founded.serve();
    served.sign_in("sunli", PASSWORD).did("file.remove", &json!({"file": file, "reason": "误传，销毁"}));
    assert!(served.end());
    assert!(founded.run("backup", &[text(&place)]).status.success());

    fs::remove_dir_all(&founded.data).unwrap();
    let restored = founded.run("restore", &[text(&older), "--newer", text(&place), "--go-on"]);
    assert!(restored.status.success() && out(&restored).contains("stay destroyed"), "{}", err(&restored));
    assert!(founded.run("verify", &[]).status.success(), "{}", err(&founded.run("verify", &[])));
    let served = founded.serve();
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let gone = registrar.get(&format!("/api/items/{item}/files"))["rows"][0]["file"]["state"].clone();
    assert_eq!((&gone["name"], &gone["by"]), (&json!("removed"), &Value::Null), "{gone}");
    assert_eq!(gone["reason"], "备份之后已销毁（第 2 次备份所附销毁清单第 1 项）");
    let there = registrar.get(&format!("/api/items/{kept}/files"));
    assert_eq!(there["rows"][0]["file"]["state"]["name"], "ready");
    let opened = registrar.send("POST", "/api/actions/view.open", Some(&json!({"file": file}))).unwrap();
    assert_eq!(opened.status, 409, "{}", opened.body);
    let auditor = served.sign_in("auditor", founded.password("auditor"));
    assert_eq!(noted(&auditor, "file.destroyed_since", "done"), 1);
    assert!(served.end());
}

fn deep_copy(from: &Path, to: &Path) {
    copy(from, to);
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            deep_copy(&entry, &to.join(entry.file_name().unwrap()));
        }
    }
}

/// The square codes of the sheets, read off the pages as a scanner reads them, open the office.
#[test]
fn clause_3_3_1_4_the_codes_on_the_sheets_are_the_shares() {
    let office = Shared::new("guomi");
    let seal = fs::read_to_string(Path::new(&office.data()).join("key.json")).unwrap();
    let mut shares = jingui_crypto::Assembly::new(&jingui_crypto::Seal::parse(&seal).unwrap()).unwrap();
    for number in [1, 2, 3] {
        let sheet = Path::new(&office.share(number)).with_extension("html");
        let Some(code) = decoded(&fs::read_to_string(sheet).unwrap()) else {
            eprintln!("this machine has no zbar: the codes weren't read");
            return;
        };
        assert_eq!(code.len(), 72, "{code}");
        let lines = fs::read_to_string(office.share(number)).unwrap();
        assert_eq!(code, lines.replace([' ', '\n'], ""));
        assert_eq!(shares.add(&code).unwrap().number, number);
    }
    shares.open().unwrap();
}

/// Draws the page's only picture, dark squares on white, and reads the code in it with zbar; nothing where the machine has none.
fn decoded(page: &str) -> Option<String> {
    let path = page.split("<path ").nth(1).unwrap().split(" d=\"").nth(1).unwrap().split('"').next().unwrap();
    let squares: Vec<Vec<usize>> = path
        .split('M')
        .skip(1)
        .map(|square| {
            let numbers =
                square.split(|letter: char| !letter.is_ascii_digit()).filter(|part| !part.is_empty());
            numbers.map(|number| number.parse().unwrap()).collect()
        })
        .collect();
    let side = squares.iter().map(|square| square[0].max(square[1]) + square[2]).max().unwrap() + 40;
    let picture =
        image::GrayImage::from_fn(u32::try_from(side).unwrap(), u32::try_from(side).unwrap(), |x, y| {
            let (x, y) = (x as usize, y as usize);
            let inside = |at: usize, from: usize, length: usize| (from..from + length).contains(&at);
            let dark =
                |square: &Vec<usize>| inside(x, square[0], square[2]) && inside(y, square[1], square[3]);
            image::Luma([if squares.iter().any(dark) { 0 } else { 255 }])
        });
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("code.png");
    picture.save(&path).unwrap();
    let read = Command::new("zbarimg").args(["--quiet", "--raw", text(&path)]).output().ok()?;
    assert!(read.status.success(), "{}", err(&read));
    Some(out(&read).trim().to_owned())
}
