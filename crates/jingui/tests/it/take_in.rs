//! An item and its scan in one request: what comes of it, what refuses it, and that nothing acknowledged is lost.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::content::{looked_into, walk};
use crate::program::{Founded, PASSWORD, Session, people};

const FORM: &str = "multipart/form-data; boundary=----jingui";

fn form(registration: &str, name: &str, file: &[u8]) -> Vec<u8> {
    let mut form = format!(
        "------jingui\r\nContent-Disposition: form-data; name=\"registration\"\r\nContent-Type: application/json\r\n\r\n{registration}\r\n\
         ------jingui\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/plain\r\n\r\n"
    )
    .into_bytes();
    form.extend_from_slice(file);
    form.extend_from_slice(b"\r\n------jingui--\r\n");
    form
}

fn registration(title: &str, level: u8) -> String {
    json!({"item": {"title": title, "source": "国务院国资委", "category": "decision", "level": level,
        "scope": {"kind": "everyone"}, "copies": 2}})
    .to_string()
}

fn send(session: &Session, media: &str, body: &[u8]) -> Option<(u16, Value)> {
    let (status, _, body) = session.raw("POST", "/api/items", media, body)?;
    Some((status, serde_json::from_slice(&body).ok()?))
}

#[test]
fn an_item_and_its_scan_come_in_one_request() {
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let take_in = |session: &Session, registration: &str, name: &str, file: &[u8]| {
        send(session, FORM, &form(registration, name, file)).unwrap()
    };
    let words = "各部门：现将年度保密检查安排通知如下。\r\n------jingu\r\n第二段。";
    let (status, taken) =
        take_in(&registrar, &registration("关于保密检查的通知", 1), "通知.txt", words.as_bytes());
    assert_eq!(status, 201, "{taken}");
    assert_eq!(
        (&taken["item"]["title"], taken["copies"].as_array().unwrap().len()),
        (&json!("关于保密检查的通知"), 2)
    );
    let file = &taken["file"];
    assert_eq!(
        (&file["name"], &file["bytes"], &file["item"]),
        (&json!("通知.txt"), &json!(words.len()), &taken["item"]["id"])
    );
    // Acknowledged, it is found by its title at once, and by its words once somebody has looked into it.
    let found = |typed: &str| {
        let rows = registrar.get(&format!("/api/items?q={typed}"));
        rows["rows"].as_array().unwrap().iter().map(|row| row["item"]["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(found("%E4%BF%9D%E5%AF%86%E6%A3%80%E6%9F%A5"), [taken["item"]["id"].clone()]);
    let id = taken["item"]["id"].as_str().unwrap();
    assert_eq!(looked_into(&registrar, id, file["id"].as_str().unwrap())["kind"], "text");
    assert_eq!(found("%E7%AC%AC%E4%BA%8C%E6%AE%B5"), [taken["item"]["id"].clone()]);

    // Nothing of what is refused stays: no item, no number, no bytes.
    let refused = [
        (take_in(&registrar, &registration("高于上限", 2), "密.txt", b"words"), 409, "file.above_ceiling"),
        (take_in(&registrar, &registration("空的", 1), "空.txt", b""), 422, "file.empty"),
        (
            take_in(&served.sign_in("lilei", PASSWORD), &registration("无权", 1), "a.txt", b"words"),
            403,
            "entrusted_to",
        ),
        (send(&registrar, "multipart/form-data", b"").unwrap(), 400, "body.not_form"),
        (send(&registrar, FORM, b"------jingui\r\n").unwrap(), 400, "body.not_form"),
        (send(&registrar, "application/json", b"{}").unwrap(), 415, "body.type"),
        (take_in(&registrar, "no json", "a.txt", b"words"), 400, "body.not_json"),
        (
            take_in(&registrar, &registration("大", 1), "a.txt", &vec![1; (8 << 20) + 1]),
            413,
            "body.too_large",
        ),
    ];
    for ((status, told), expected, code) in refused {
        assert_eq!((status, told["code"].as_str()), (expected, Some(code)), "{told}");
    }
    let fields = [
        (take_in(&registrar, "{\"item\":{\"title\":3}}", "a.txt", b"words"), "item.title"),
        (take_in(&registrar, &registration("无名", 1), "", b"words"), "file"),
        (send(&registrar, FORM, b"------jingui--\r\n").unwrap(), "registration"),
    ];
    for ((status, told), field) in fields {
        assert_eq!((status, told["field"].as_str()), (422, Some(field)), "{told}");
    }
    let (_, next) = take_in(&registrar, &registration("下一件", 1), "次.txt", b"words");
    assert!(next["item"]["register_number"].as_str().unwrap().ends_with("-000002"), "{next}");
    looked_into(&registrar, next["item"]["id"].as_str().unwrap(), next["file"]["id"].as_str().unwrap());
    assert!(served.end());
    assert_eq!(walk(&founded.data.join("vault")), 4, "two files and their words");
    assert!(founded.run("verify", &[]).status.success());
}

/// Killed in the middle of taking in: what was acknowledged opens afterwards, bytes and all.
#[test]
fn kills_lose_no_file_that_was_acknowledged() {
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    served.kill();
    let known: Mutex<Vec<(String, String)>> = Mutex::default();
    let count = AtomicU32::new(0);
    for cycle in 0..6_u64 {
        let served = founded.serve();
        let registrar = served.sign_in("zhoumin", PASSWORD);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let number = count.fetch_add(1, Ordering::Relaxed);
                        let words = format!("第{number}号事项。\n").repeat(3_000);
                        let form = form(
                            &registration(&format!("第{number}号事项"), 1),
                            "事项.txt",
                            words.as_bytes(),
                        );
                        let Some((status, taken)) = send(&registrar, FORM, &form) else { break };
                        assert_eq!(status, 201, "{taken}");
                        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
                        known.lock().unwrap().push((id(&taken["item"]), id(&taken["file"])));
                    }
                });
            }
            let before = known.lock().unwrap().len();
            std::thread::sleep(Duration::from_millis(100 + cycle * 70));
            while known.lock().unwrap().len() == before {
                std::thread::sleep(Duration::from_millis(5));
            }
            served.kill();
        });
    }
    let served = founded.serve();
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let known = known.into_inner().unwrap();
    for (item, file) in &known {
        let state = looked_into(&registrar, item, file);
        assert_eq!(state["name"], "ready", "{state}");
    }
    assert!(served.end());
    assert!(founded.run("verify", &[]).status.success());
    assert_eq!(fs::read_dir(founded.data.join("uploads")).map_or(0, Iterator::count), 0, "no upload lingers");
    println!("{} acknowledged files in 6 cycles", known.len());
}
