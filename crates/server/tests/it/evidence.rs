//! Evidence on its way out: made by the running server, checked by the verifier that shares no code with it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use jingui_office::supervision::evidence::chosen;
use jingui_pages::{Archive, Bounds, Fonts};
use serde_json::{Value, json};

use crate::harness::{Client, House, by, did};

const WHY: &str = "交上级保密办，证明该件经过";

/// The members of the bundle that was asked for.
fn bundle(client: &Client, of: &Value) -> Vec<(String, Vec<u8>)> {
    let made = client.post("/api/evidence", &json!({"of": of, "why": WHY}));
    assert_eq!(made.status, 202, "{made:?}");
    let path = format!("/api/evidence/{}", made.json()["evidence"].as_str().unwrap());
    let begun = Instant::now();
    loop {
        let progress = client.get(&path).json()["progress"].clone();
        match progress["state"].as_str().unwrap() {
            "finished" => break,
            "running" if begun.elapsed() < Duration::from_mins(1) => {
                std::thread::sleep(Duration::from_millis(50));
            }
            _ => panic!("{progress}"),
        }
    }
    let answer = client.get(&format!("{path}/bundle"));
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    let disposition = answer.header("content-disposition").to_owned();
    assert!(disposition.contains("filename*=UTF-8''%E8%AF%81"), "{disposition}");
    let mut archive = Archive::open(answer.body, Bounds::default()).unwrap();
    let names: Vec<String> = archive.names().map(str::to_owned).collect();
    names.into_iter().map(|name| (name.clone(), archive.read(&name).unwrap())).collect()
}

fn member<'a>(members: &'a [(String, Vec<u8>)], name: &str) -> &'a [u8] {
    &members.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no {name}")).1
}

fn unpack(members: &[(String, Vec<u8>)], to: &Path) {
    for (name, bytes) in members {
        fs::write(to.join(name), bytes).unwrap();
    }
}

/// Exit code and words of `jingui-verify`.
fn verify(place: &Path) -> (u8, String) {
    let path = |name: &str| place.join(name).into_os_string();
    let mut out = Vec::new();
    let code =
        jingui_verify::run([path("evidence"), "--log".into(), path("vkey"), "--show".into()], &mut out);
    (code, String::from_utf8(out).unwrap())
}

fn digests(place: &Path) -> bool {
    let mut command = std::process::Command::new("sha256sum");
    command.args(["--check", "--quiet", "--strict", "清单.sha256"]).current_dir(place);
    command.output().unwrap().status.success()
}

fn printed(members: &[(String, Vec<u8>)]) -> String {
    let pdf = member(members, "证据.pdf").to_vec();
    let mut document = jingui_pages::open(pdf, Bounds::default(), &Fonts::only([])).unwrap();
    (0..document.page_count()).map(|page| document.text(page).unwrap().plain()).collect()
}

/// An item that somebody wants to borrow: its id and its register number.
fn loan(house: &House) -> (String, String) {
    let (item, _) = house.item(3, 2);
    let loan = json!({"item": item, "mode": "on_site", "days": 1, "reason": "起草方案"});
    did(&house.office, &by(&house.staff), "loan.apply", loan);
    let shown = house.signed_in("head").get(&format!("/api/items/{item}")).json();
    (item.to_string(), shown["item"]["register_number"].as_str().unwrap().to_owned())
}

#[test]
fn clause_5_1_1_evidence_of_an_item_is_verified_offline_and_holds_it_all() {
    let house = House::new();
    let (item, number) = loan(&house);
    let head = house.signed_in("head");
    let of = json!({ "item": item });
    let preview = head.get(&format!("/api/evidence/preview?item={item}")).json();
    assert_eq!(preview["level"], 3, "{preview}");
    assert_eq!(preview["opened"], preview["entries"]);
    let members = bundle(&head, &of);
    let place = tempfile::tempdir().unwrap();
    unpack(&members, place.path());
    assert!(digests(place.path()));
    let (code, said) = verify(place.path());
    assert_eq!(code, jingui_verify::WHOLE, "{said}");
    for words in ["关于开展年度保密检查的通知", "item.register", "loan.apply", "起草方案"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let entries = preview["entries"].as_u64().unwrap();
    assert!(said.contains(&format!("entries proven: {entries}")), "{said}");
    let page = printed(&members);
    let without_blanks: String = page.split_whitespace().collect();
    for words in ["证据", "机密", WHY, "孙立", "李雷", "申请借阅", "离线核对", number.as_str()]
    {
        assert!(without_blanks.contains(words), "{words}: {without_blanks}");
    }
    assert!(!page.contains("关于开展年度保密检查的通知"), "the page names no title");
    let read_me = String::from_utf8(member(&members, "说明.txt").to_vec()).unwrap();
    assert!(read_me.contains("jingui-verify evidence --log vkey --show") && read_me.contains("（机密）"));
    // That it was made is an entry of its own, with what and why.
    let journal = house.signed_in("auditor").get("/api/journal?action=evidence.make").json();
    assert_eq!(journal["rows"].as_array().unwrap().len(), 1);
    assert_eq!(journal["rows"][0]["actor_name"], "孙立");
    // Whoever alters any member is found.
    for (name, bytes) in &members {
        for place_of in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 2] {
            let mut altered = bytes.clone();
            altered[place_of] ^= 1;
            fs::write(place.path().join(name), &altered).unwrap();
            let found = !digests(place.path());
            let (code, said) = verify(place.path());
            let refused = code != jingui_verify::WHOLE;
            assert!(found || refused, "{name} at {place_of}");
            if name == "evidence" || name == "vkey" {
                assert!(refused, "{name} at {place_of}: {said}");
            }
        }
        fs::write(place.path().join(name), bytes).unwrap();
    }
    assert_eq!(verify(place.path()).0, jingui_verify::WHOLE);
}

#[test]
fn clause_3_3_2_1_the_auditor_proves_entries_about_items_and_opens_none() {
    let house = House::new();
    let (_, number) = loan(&house);
    let auditor = house.signed_in("auditor");
    let today = house.office.today();
    let members = bundle(&auditor, &json!({"from": today, "to": today}));
    let place = tempfile::tempdir().unwrap();
    unpack(&members, place.path());
    let (code, said) = verify(place.path());
    assert_eq!(code, jingui_verify::WHOLE, "{said}");
    for words in ["关于开展年度保密检查的通知", "起草方案", "argon2", "password"] {
        assert!(!said.contains(words), "{words}: {said}");
        assert!(!members.iter().any(|(_, bytes)| holds(bytes, words)), "{words}");
    }
    assert!(said.contains("session.sign_in"), "what concerns no item and no account is open: {said}");
    let page: String = printed(&members).split_whitespace().collect();
    assert!(page.contains("不公开") && page.contains(&number), "metadata without titles: {page}");
}

fn holds(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}

#[test]
fn clause_3_1_1_3_entries_about_items_one_may_not_know_of_are_not_there() {
    let house = House::new();
    let (item, _) = loan(&house);
    house.item(1, 1);
    let security = by(&house.security);
    let rights = json!({"person": house.head, "department": house.department, "roles": ["office_head"], "class": "general", "clearance": 1});
    did(&house.office, &security, "person.set_rights", rights);
    let head = house.signed_in("head");
    let absent = head.get("/api/evidence/preview?item=00000000000000000000000000");
    let hidden = head.get(&format!("/api/evidence/preview?item={item}"));
    assert_eq!(hidden.status, absent.status);
    let made = head.post("/api/evidence", &json!({"of": {"item": item}, "why": WHY}));
    assert_eq!(made.status, 404, "{made:?}");
    let members = bundle(&head, &json!({"person": house.staff}));
    let place = tempfile::tempdir().unwrap();
    unpack(&members, place.path());
    let (code, said) = verify(place.path());
    assert_eq!(code, jingui_verify::WHOLE, "{said}");
    assert!(!said.contains("loan.apply") && said.contains("person.add"), "{said}");
    // The account that was opened for the person is proven and stays closed.
    assert!(!said.contains("argon2"), "{said}");
    let page: String = printed(&members).split_whitespace().collect();
    assert!(page.contains("开立账户") && page.contains("未列入") && !page.contains("申请借阅"), "{page}");
}

#[test]
fn only_the_head_and_the_auditor_make_evidence_and_only_who_asked_fetches_it() {
    let house = House::new();
    let (item, _) = loan(&house);
    let (head, staff) = (house.signed_in("head"), house.signed_in("staff"));
    assert_eq!(staff.get(&format!("/api/evidence/preview?item={item}")).status, 404);
    let refused = staff.post("/api/evidence", &json!({"of": {"item": item}, "why": WHY}));
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("entrusted_to")));
    assert_eq!(
        house.signed_in("auditor").post("/api/evidence", &json!({"of": {"item": item}, "why": WHY})).status,
        404
    );
    let made = head.post("/api/evidence", &json!({"of": {"item": item}, "why": WHY})).json();
    let path = format!("/api/evidence/{}", made["evidence"].as_str().unwrap());
    for other in [&staff, &house.signed_in("auditor"), &house.signed_in("head")] {
        assert_eq!(other.get(&path).status, 404);
        assert_eq!(other.get(&format!("{path}/bundle")).status, 404);
    }
    assert_eq!(house.client().get(&path).status, 401);
    assert_eq!(
        head.act("evidence.make", &json!({"of": {"item": item}, "why": WHY})).status,
        404,
        "no second way"
    );
}

#[test]
fn a_choice_that_is_none_names_what_is_wrong() {
    let house = House::new();
    let head = house.signed_in("head");
    let asked = |of: &Value| {
        let answer = head.post("/api/evidence", &json!({"of": of, "why": WHY}));
        (answer.status, answer.json()["code"].clone())
    };
    let before = house.entries();
    let today = house.office.today();
    assert_eq!(asked(&json!({})), (422, json!("evidence.subject")));
    assert_eq!(asked(&json!({ "from": today })), (422, json!("evidence.subject")));
    assert_eq!(asked(&json!({"person": house.staff, "item": house.staff})), (422, json!("evidence.subject")));
    assert_eq!(asked(&json!({"from": today, "to": "2020-01-01"})), (422, json!("evidence.days")));
    assert_eq!(asked(&json!({"from": "2019-01-01", "to": "2020-01-01"})), (422, json!("evidence.none")));
    assert_eq!(head.post("/api/evidence", &json!({"of": {"person": house.staff}, "why": " "})).status, 422);
    assert_eq!(house.entries(), before, "what was never asked properly leaves no entry");
    const { assert!(chosen::MOST <= 20_000) };
}
