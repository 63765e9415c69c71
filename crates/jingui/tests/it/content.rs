//! Files through the real program: sent in parts, read in a confined process, shown page by page with marks, traced.

use std::fs;
use std::io::{Cursor, Write as _};
use std::time::{Duration, Instant};

use jingui_crypto::Seal;
use jingui_office::{Caller, Office, Request};
use jingui_regulation::RulePack;
use jingui_store::{Options, Store};
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::program::{Founded, PASSWORD, Session, err, out, people, text};

pub const BYTES: &str = "application/octet-stream";

pub fn item(registrar: &Session) -> String {
    let input = json!({
        "item": {"title": "关于开展年度保密检查的通知", "source": "国务院国资委", "category": "decision", "level": 1,
                 "scope": {"kind": "everyone"}, "copies": 1},
    });
    registrar.did("item.register", &input)["item"]["id"].as_str().unwrap().to_owned()
}

/// Uploads a file whole; answers its id.
pub fn upload(registrar: &Session, item: &str, name: &str, bytes: &[u8]) -> String {
    let begun = registrar.did("file.begin", &json!({"item": item, "name": name, "bytes": bytes.len()}));
    let id = begun["id"].as_str().unwrap().to_owned();
    let (status, _, body) = registrar.raw("PUT", &format!("/api/files/{id}/bytes/0"), BYTES, bytes).unwrap();
    assert_eq!(status, 200, "{name}: {}", String::from_utf8_lossy(&body));
    id
}

/// The state of a file once somebody has looked into it.
pub fn looked_into(session: &Session, item: &str, file: &str) -> Value {
    let patience = Instant::now() + Duration::from_mins(2);
    loop {
        let rows = session.get(&format!("/api/items/{item}/files"));
        let row = rows["rows"].as_array().unwrap().iter().find(|row| row["file"]["id"] == file).unwrap();
        if row["file"]["state"]["name"] != "kept" || Instant::now() > patience {
            return row["file"]["state"].clone();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn letter() -> String {
    let page =
        "各部门：现将年度保密检查安排通知如下。请于本月底前完成自查并报送预算（２０２６）。\n".repeat(10);
    format!("{page}\u{c}第二页\n{page}")
}

#[test]
fn a_file_comes_in_parts_and_is_read_page_by_page() {
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let item = item(&registrar);
    let bytes = letter().into_bytes();
    let begun = registrar.did("file.begin", &json!({"item": item, "name": "通知.txt", "bytes": bytes.len()}));
    let file = begun["id"].as_str().unwrap();
    let put = |session: &Session, from: usize, part: &[u8]| {
        let (status, _, body) =
            session.raw("PUT", &format!("/api/files/{file}/bytes/{from}"), BYTES, part).unwrap();
        (status, serde_json::from_slice::<Value>(&body).unwrap())
    };
    assert_eq!(put(&registrar, 0, &bytes[..1000]).1["received"], 1000);
    // A part that doesn't follow, somebody else's, one that is too long: nothing changes.
    let (status, told) = put(&registrar, 500, &bytes[500..]);
    assert_eq!(
        (status, &told["code"], &told["facts"]["received"]),
        (409, &json!("upload.offset"), &json!(1000))
    );
    assert_eq!(put(&served.sign_in("lilei", PASSWORD), 1000, &bytes[1000..]).0, 404);
    assert_eq!(put(&registrar, 1000, &[&bytes[1000..], b"more"].concat()).0, 413);
    let progress = registrar.get(&format!("/api/files/{file}/bytes"));
    assert_eq!(progress["received"], 1000);
    // What goes on compares the file at hand with the parts that came.
    let digest = data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(&bytes[..1000]));
    assert_eq!(progress["parts"], json!([{"from": 0, "to": 1000, "digest": digest}]));
    let (status, kept) = put(&registrar, 1000, &bytes[1000..]);
    assert_eq!((status, &kept["file"]["state"]["name"]), (200, &json!("kept")), "{kept}");
    let state = looked_into(&registrar, &item, file);
    assert_eq!(
        (&state["name"], &state["kind"], &state["pages"]),
        (&json!("ready"), &json!("text"), &json!(2)),
        "{state}"
    );
    // On the disk there is nothing of it to be read.
    let mut seen = 0;
    for folder in fs::read_dir(founded.data.join("vault")).unwrap() {
        for sealed in fs::read_dir(folder.unwrap().path()).unwrap() {
            let sealed = fs::read(sealed.unwrap().path()).unwrap();
            assert!(!sealed.windows(9).any(|nine| nine == "保密检".as_bytes()));
            seen += 1;
        }
    }
    assert_eq!(seen, 2, "the file and its words");

    let reader = served.sign_in("lilei", PASSWORD);
    let found = reader.get("/api/items?q=%E9%A2%84%E7%AE%97%E2%91%A0").to_string();
    assert!(!found.contains(&item), "nothing that isn't there");
    let found = reader.get("/api/items?q=%E9%A2%84%E7%AE%97%282026%29");
    assert_eq!(found["rows"][0]["passages"][0]["page"], 1, "{found}");
    let reading = reader.did("view.open", &json!({"file": file}));
    let reading = format!("/api/readings/{}", reading["id"].as_str().unwrap());
    let open = reader.get(&reading);
    assert_eq!(open["sizes"], json!([{"width": 210.0, "height": 297.0}, {"width": 210.0, "height": 297.0}]));
    let hits = reader.get(&format!("{reading}/hits?q=%E9%A2%84%E7%AE%97"));
    assert_eq!(hits.as_array().unwrap().len(), 20, "{hits}");
    let (status, head, small) = reader.raw("GET", &format!("{reading}/small/1"), BYTES, b"").unwrap();
    assert!(status == 200 && head.contains("image/webp") && small.starts_with(b"RIFF"));
    let page =
        |number: u32| reader.raw("GET", &format!("{reading}/pages/{number}?dpi=150"), BYTES, b"").unwrap();
    let (status, head, picture) = page(1);
    assert!(status == 200 && head.contains("image/webp") && head.contains("no-store"), "{head}");
    assert_eq!(page(2).0, 200);
    assert_eq!(page(3).0, 422);
    // Nobody else's.
    let (status, ..) = registrar.raw("GET", &format!("{reading}/pages/1"), BYTES, b"").unwrap();
    assert_eq!(status, 403);

    // The right is taken: the next page doesn't come.
    let security = served.sign_in("security", founded.password("security"));
    let everyone = security.get("/api/people");
    let id = |name: &str| {
        everyone["rows"].as_array().unwrap().iter().find(|row| row["record"]["name"] == name).unwrap()["record"]["id"].clone()
    };
    let scope =
        json!({"item": item, "scope": {"kind": "named", "people": [id("zhoumin")], "departments": []}});
    registrar.did("item.rescope", &scope);
    assert_eq!(page(2).0, 404);
    let knew = registrar.get(&format!("/api/knew?item={item}"));
    let read = knew["rows"].as_array().unwrap().iter().find(|row| row["how"] == "read_pages").unwrap();
    assert_eq!((&read["person"], &read["pages"]), (&id("lilei"), &json!("1-2")));

    assert!(served.end());
    // A screenshot that turned up elsewhere: cut, and compressed once more.
    let place = tempfile::tempdir().unwrap();
    let shot = place.path().join("shot.jpg");
    let cut = image::load_from_memory(&picture).unwrap().crop_imm(37, 211, 900, 1100);
    let mut jpeg = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 80);
    encoder.encode_image(&cut.to_rgb8()).unwrap();
    fs::write(&shot, jpeg).unwrap();
    let traced = founded.run("trace", &[text(&shot)]);
    assert!(traced.status.success(), "{}", err(&traced));
    assert!(out(&traced).contains("lilei") && out(&traced).contains("通知.txt"), "{}", out(&traced));
    fs::write(&shot, "no picture").unwrap();
    assert!(!founded.run("trace", &[text(&shot)]).status.success());
}

fn zipped(name: &str, times: usize) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    let block = vec![b' '; 1 << 20];
    for _ in 0..times {
        zip.write_all(&block).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A picture that claims 65,000 × 65,000 pixels.
fn vast_picture() -> Vec<u8> {
    let mut header = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = b"IHDR".to_vec();
    chunk.extend(65_000_u32.to_be_bytes());
    chunk.extend(65_000_u32.to_be_bytes());
    chunk.extend([8, 6, 0, 0, 0]);
    header.extend(13_u32.to_be_bytes());
    let crc = crc32(&chunk);
    header.extend(chunk);
    header.extend(crc.to_be_bytes());
    header
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

/// A hostile file leaves a fault that says what it was; the server and the other files go on.
#[test]
fn hostile_files_end_their_reader_and_nothing_else() {
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let item = item(&registrar);
    let evil = "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>";
    let mut outside = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["OFD.xml", "../../etc/cron.d/evil"] {
        outside.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        outside.write_all(evil.as_bytes()).unwrap();
    }
    let files: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("bomb.docx", zipped("word/document.xml", 600), &["too_large"]),
        ("vast.png", vast_picture(), &["too_large", "damaged"]),
        ("endless.txt", "行\n".repeat(700_000).into_bytes(), &["too_large"]),
        ("xxe.ofd", outside.finish().unwrap().into_inner(), &["damaged"]),
        ("cut.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>".to_vec(), &["damaged"]),
        ("program", b"\x7fELF\0\0\0\0".to_vec(), &["unknown_kind"]),
    ];
    for (name, bytes, codes) in files {
        let file = upload(&registrar, &item, name, &bytes);
        let state = looked_into(&registrar, &item, &file);
        assert_eq!(state["name"], "faulty", "{name}: {state}");
        assert!(codes.contains(&state["code"].as_str().unwrap()), "{name}: {state}");
        let refused = registrar.send("POST", "/api/actions/view.open", Some(&json!({"file": file}))).unwrap();
        assert_eq!(refused.status, 409, "{}", refused.body);
    }
    let good = upload(&registrar, &item, "通知.txt", letter().as_bytes());
    assert_eq!(looked_into(&registrar, &item, &good)["name"], "ready");
    // The same content again is refused, and the first stays readable.
    let again =
        registrar.did("file.begin", &json!({"item": item, "name": "又.txt", "bytes": letter().len()}));
    let path = format!("/api/files/{}/bytes/0", again["id"].as_str().unwrap());
    let (status, _, body) = registrar.raw("PUT", &path, BYTES, letter().as_bytes()).unwrap();
    assert_eq!(status, 409, "{}", String::from_utf8_lossy(&body));
    let rows = registrar.get(&format!("/api/items/{item}/files"));
    assert!(!rows.to_string().contains("又.txt"), "what can't be kept doesn't lie about: {rows}");
    let reading = registrar.did("view.open", &json!({"file": good}))["id"].as_str().unwrap().to_owned();
    assert_eq!(registrar.raw("GET", &format!("/api/readings/{reading}/pages/1"), BYTES, b"").unwrap().0, 200);

    // Altered in the vault: refused before anything of it is shown.
    assert!(served.end());
    for folder in fs::read_dir(founded.data.join("vault")).unwrap() {
        for sealed in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = sealed.unwrap().path();
            let mut bytes = fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&path, bytes).unwrap();
        }
    }
    let served = founded.serve();
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let reading = registrar.did("view.open", &json!({"file": good}))["id"].as_str().unwrap().to_owned();
    assert_eq!(registrar.raw("GET", &format!("/api/readings/{reading}/pages/1"), BYTES, b"").unwrap().0, 500);
}

/// Killed while a file comes: it begins anew, and nothing of the half is left.
#[test]
fn an_upload_survives_a_kill_by_beginning_anew() {
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let item = item(&registrar);
    let bytes = letter().into_bytes();
    let begun = registrar.did("file.begin", &json!({"item": item, "name": "通知.txt", "bytes": bytes.len()}));
    let file = begun["id"].as_str().unwrap().to_owned();
    registrar.raw("PUT", &format!("/api/files/{file}/bytes/0"), BYTES, &bytes[..700]).unwrap();
    served.kill();
    let served = founded.serve();
    assert_eq!(fs::read_dir(founded.data.join("spool")).unwrap().count(), 0);
    let registrar = served.sign_in("zhoumin", PASSWORD);
    assert_eq!(registrar.get(&format!("/api/files/{file}/bytes"))["received"], 0);
    registrar.raw("PUT", &format!("/api/files/{file}/bytes/0"), BYTES, &bytes).unwrap();
    assert_eq!(looked_into(&registrar, &item, &file)["name"], "ready");
    // Killed after it was kept and before it was looked into: taken up again.
    assert!(served.end());
    assert!(founded.run("verify", &[]).status.success());
}

fn notices(state: &Value) -> Vec<&str> {
    state["notices"].as_array().unwrap().iter().map(|notice| notice.as_str().unwrap()).collect()
}

/// Office files by their words or, where the machine has an office program, by their pages; pictures by the words
/// recognised in them, where it has a recogniser.
#[test]
fn office_files_and_pictures_are_read_with_what_the_machine_has() {
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let item = item(&registrar);
    let mut docx = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let parts = [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>",
        ),
        (
            "_rels/.rels",
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"word/document.xml\"/></Relationships>",
        ),
        (
            "word/document.xml",
            "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body><w:p><w:r><w:t>关于丙号预案的请示</w:t></w:r></w:p></w:body></w:document>",
        ),
    ];
    for (name, text) in parts {
        docx.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        docx.write_all(text.as_bytes()).unwrap();
    }
    let file = upload(&registrar, &item, "请示.docx", &docx.finish().unwrap().into_inner());
    let state = looked_into(&registrar, &item, &file);
    assert_eq!(
        (&state["name"], &state["kind"], &state["pages"]),
        (&json!("ready"), &json!("docx"), &json!(1))
    );
    let how = if jingui_pages::tools::has_office() { "converted" } else { "text_only" };
    assert!(notices(&state).contains(&how), "{state}");
    let found = registrar.get("/api/items?q=%E4%B8%99%E5%8F%B7%E9%A2%84%E6%A1%88");
    assert_eq!(found["rows"][0]["passages"][0]["name"], "请示.docx", "{found}");
    let reading = registrar.did("view.open", &json!({"file": file}))["id"].as_str().unwrap().to_owned();
    assert_eq!(registrar.raw("GET", &format!("/api/readings/{reading}/pages/1"), BYTES, b"").unwrap().0, 200);

    let letter = upload(&registrar, &item, "通知.txt", letter().as_bytes());
    looked_into(&registrar, &item, &letter);
    let reading = registrar.did("view.open", &json!({"file": letter}))["id"].as_str().unwrap().to_owned();
    let (_, _, scan) =
        registrar.raw("GET", &format!("/api/readings/{reading}/pages/1?dpi=300"), BYTES, b"").unwrap();
    let scan = upload(&registrar, &item, "扫描件.webp", &scan);
    let wanted = if jingui_pages::tools::has_recogniser() { "recognised" } else { "no_words" };
    let patience = Instant::now() + Duration::from_mins(2);
    let state = loop {
        let state = looked_into(&registrar, &item, &scan);
        if notices(&state).contains(&wanted) || Instant::now() > patience {
            break state;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    assert!(notices(&state).contains(&wanted), "{state}");
    assert_eq!(state["words"].is_string(), wanted == "recognised");
    assert!(served.end());
    assert!(founded.run("verify", &[]).status.success());

    // Left half done, as when the server ended in the middle or the program came later: taken up at the next start.
    let unsealed = Seal::parse(&fs::read_to_string(&founded.key).unwrap()).unwrap().open(None).unwrap();
    let store =
        Store::open(unsealed.keyring(), Options::new(founded.data.join("office.db"), jingui_office::kinds()))
            .unwrap();
    let office = Office::open(store, RulePack::embedded().unwrap()).unwrap();
    let undone = ["no_words", "pictures"];
    let found = json!({"name": "pages", "kind": "picture", "pages": 1, "notices": undone, "words": [""]});
    let input = serde_json::value::to_raw_value(&json!({"file": scan, "found": found})).unwrap();
    let request = Request { caller: Caller::Clock, action: "file.note".into(), input, seen: None };
    office.perform(request).unwrap().result.unwrap();
    drop(office);
    let served = founded.serve();
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let has = jingui_pages::tools::has_recogniser();
    let patience = Instant::now() + Duration::from_mins(2);
    let state = loop {
        let state = looked_into(&registrar, &item, &scan);
        if !has || notices(&state).contains(&"recognised") || Instant::now() > patience {
            break state;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(notices(&state).contains(&"pictures"), !has, "{state}");
    assert_eq!(state["words"].is_string(), has);
}

#[test]
fn a_small_file_comes_in_one_request() {
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let item = item(&registrar);
    // The name travels in a header of its own.
    let media = |name: &str| format!("{BYTES}\r\nx-file-name: {name}");
    let add = |session: &Session, name: &str, bytes: &[u8]| {
        let path = format!("/api/items/{item}/files");
        let (status, _, body) = session.raw("POST", &path, &media(name), bytes).unwrap();
        (status, serde_json::from_slice::<Value>(&body).unwrap())
    };
    let (status, file) = add(&registrar, "%E9%80%9A%E7%9F%A5.txt", letter().as_bytes());
    assert_eq!((status, &file["state"]["name"], &file["name"]), (201, &json!("kept"), &json!("通知.txt")));
    let id = file["id"].as_str().unwrap();
    assert_eq!(looked_into(&registrar, &item, id)["pages"], 2);
    let reading = registrar.did("view.open", &json!({"file": id}))["id"].as_str().unwrap().to_owned();
    assert_eq!(registrar.raw("GET", &format!("/api/readings/{reading}/pages/1"), BYTES, b"").unwrap().0, 200);

    let (status, told) = add(&registrar, "again.txt", letter().as_bytes());
    assert_eq!((status, &told["code"]), (409, &json!("file.same")), "{told}");
    let (status, told) = add(&registrar, "empty.txt", b"");
    assert_eq!((status, &told["code"]), (422, &json!("file.empty")), "{told}");
    let (status, told) = add(&registrar, "", b"x");
    assert_eq!((status, &told["field"]), (422, &json!("X-File-Name")), "{told}");
    assert_eq!(add(&registrar, "large.bin", &vec![1; (8 << 20) + 1]).0, 413);
    // Who isn't to add files learns no more than that; nothing of it stays.
    let (status, told) = add(&served.sign_in("lilei", PASSWORD), "mine.txt", b"words");
    assert_eq!((status, &told["code"]), (403, &json!("entrusted_to")), "{told}");
    let rows = registrar.get(&format!("/api/items/{item}/files"));
    assert_eq!(rows["rows"].as_array().unwrap().len(), 1, "{rows}");
    assert!(served.end());
    let sealed = walk(&founded.data.join("vault"));
    assert_eq!(sealed, 2, "the file and its words");
    assert!(founded.run("verify", &[]).status.success());
}

/// Files in a directory and those below it.
pub fn walk(directory: &std::path::Path) -> usize {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    entries.map(|entry| if entry.path().is_dir() { walk(&entry.path()) } else { 1 }).sum()
}
