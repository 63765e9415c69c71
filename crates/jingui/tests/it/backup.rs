//! An office that is backed up, lost, and made anew.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{Founded, PASSWORD, Served, Session, err, jingui, out, people, text};

const BYTES: &str = "application/octet-stream\r\nx-file-name: letter.txt";

/// Registers an item with a file of words; answers item and file.
pub fn item_with_file(registrar: &Session, words: &str) -> (String, String) {
    let input = json!({
        "item": {"title": "关于开展年度保密检查的通知", "source": "国务院国资委", "category": "decision", "level": 1,
                 "scope": {"kind": "everyone"}, "copies": 1},
    });
    let item = registrar.did("item.register", &input)["item"]["id"].as_str().unwrap().to_owned();
    let (status, _, body) =
        registrar.raw("POST", &format!("/api/items/{item}/files"), BYTES, words.as_bytes()).unwrap();
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
    let file: Value = serde_json::from_slice(&body).unwrap();
    let patience = Instant::now() + Duration::from_mins(1);
    loop {
        let rows = registrar.get(&format!("/api/items/{item}/files"));
        if rows["rows"][0]["file"]["state"]["name"] == "ready" || Instant::now() > patience {
            return (item, file["id"].as_str().unwrap().to_owned());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn clause_3_3_1_4_a_lost_office_is_made_anew_from_its_backup() {
    let founded = Founded::new();
    let place = founded.data.with_extension("backup");
    // While it is served: the first backup is taken at once, and journaled.
    let served =
        Served::start(&founded.with("serve", &["--listen", "127.0.0.1:0", "--backup", text(&place)]));
    people(&served, &founded);
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let (item, file) = item_with_file(&registrar, "各部门：甲号预案如下。");
    let auditor = served.sign_in("auditor", founded.password("auditor"));
    let patience = Instant::now() + Duration::from_secs(30);
    while auditor.get("/api/journal?action=backup.note")["rows"].as_array().unwrap().is_empty() {
        assert!(Instant::now() < patience, "no backup was taken");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(served.end());
    let taken = founded.run("backup", &[text(&place)]);
    assert!(taken.status.success(), "{}", err(&taken));
    assert!(out(&taken).contains("第 2 次备份"), "{}", out(&taken));
    let whole = jingui(&["verify-backup", text(&place)]);
    assert!(whole.status.success() && out(&whole).contains("备份完整"), "{}", err(&whole));
    let drilled = founded.run("restore", &[text(&place), "--drill"]);
    assert!(drilled.status.success() && out(&drilled).contains("演练成功"), "{}", err(&drilled));

    // What is done afterwards is known from a checkpoint kept outside: an older backup isn't taken for the newest.
    let served = founded.serve();
    let registrar = served.sign_in("zhoumin", PASSWORD);
    item_with_file(&registrar, "乙号预案。");
    assert!(served.end());
    let checkpoint = founded.data.with_extension("checkpoint");
    assert!(founded.run("checkpoint", &[text(&checkpoint)]).status.success());
    let lost = founded.data.with_extension("lost");
    fs::rename(&founded.data, &lost).unwrap();
    let refused = founded.run("restore", &[text(&place), "--checkpoint", text(&checkpoint)]);
    assert!(!refused.status.success(), "{}", out(&refused));
    assert_eq!(fs::read_dir(&founded.data).unwrap().count(), 0, "nothing is left behind");
    let restored = founded.run("restore", &[text(&place), "--checkpoint", text(&checkpoint), "--go-on"]);
    assert!(restored.status.success(), "{}", err(&restored));
    assert!(out(&restored).contains("are missing"), "{}", out(&restored));

    assert!(founded.run("verify", &[]).status.success(), "{}", err(&founded.run("verify", &[])));
    let served = founded.serve();
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let found = registrar.get("/api/items?q=%E7%94%B2%E5%8F%B7%E9%A2%84%E6%A1%88");
    assert_eq!(found["rows"][0]["item"]["id"], item.as_str(), "{found}");
    let reading = registrar.did("view.open", &json!({"file": file}))["id"].as_str().unwrap().to_owned();
    let page = registrar.raw("GET", &format!("/api/readings/{reading}/pages/1"), "text/plain", b"").unwrap();
    assert_eq!(page.0, 200);
    assert!(served.end());

    // One byte anywhere in the place is found, without a key.
    let victim = walk(&place).into_iter().find(|path| path.to_string_lossy().contains("files")).unwrap();
    let mut bytes = fs::read(&victim).unwrap();
    bytes[20] ^= 1;
    fs::write(&victim, bytes).unwrap();
    let altered = jingui(&["verify-backup", text(&place)]);
    assert_eq!(altered.status.code(), Some(3), "{}", out(&altered));
}

fn walk(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
