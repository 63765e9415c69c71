//! What differs between two moments: in words, with its entries, and nothing of what the reader may not know.

use jingui_regulation::Moment;
use jingui_store::FixedClock;
use serde_json::{Value, json};

use crate::harness::{Client, House, by, did};
use crate::views::rows_of;

fn at(day: &str) -> Moment {
    Moment::at(day.parse().unwrap(), 9, 0)
}

fn rows(client: &Client, query: &str) -> Vec<Value> {
    let answer = client.get(&format!("/api/differences?{query}"));
    assert_eq!(answer.status, 200, "{query}: {}", answer.json());
    answer.json()["rows"].as_array().unwrap().clone()
}

fn change<'a>(row: &'a Value, field: &str) -> (&'a Value, &'a Value) {
    let changes = row["changes"].as_array().unwrap();
    let found = changes.iter().find(|change| change["field"] == field);
    found.map_or_else(|| panic!("no {field} in {row}"), |change| (&change["before"], &change["after"]))
}

#[test]
fn clause_5_1_2_what_changed_between_two_moments_is_told_in_words_with_its_entries() {
    let clock = FixedClock::new(at("2026-11-16"));
    let house = House::on(&clock);
    let registrar = by(&house.registrar);
    let (first, copies) = house.item(2, 1);
    let (struck, _) = house.item(2, 1);
    let (secret, _) = house.item(2, 1);
    clock.set(at("2026-11-18"));
    let before = house.entries();
    let input = json!({"item": first, "document_number": "国资发〔2026〕77号", "title": "改过的标题", "source": "国务院国资委",
        "category": "policy", "urgency": "urgent", "responsible": house.registrar});
    did(&house.office, &registrar, "item.revise", input);
    let place = json!({"copy": copies[0], "cabinet": house.cabinet, "slot": 7});
    did(&house.office, &registrar, "copy.place", place);
    let strike = json!({"item": struck, "copies": [], "reason": "重复登记"});
    did(&house.office, &by(&house.head), "item.strike", strike);
    let scope = json!({"kind": "named", "people": [house.registrar], "departments": []});
    let mark = json!({"item": secret, "level": 3, "scope": scope, "reason": "登记时看错"});
    did(&house.office, &by(&house.head), "item.mark", mark);
    let (added, _) = house.item(3, 1);
    clock.set(at("2026-11-20"));

    let reader = house.signed_in("registrar");
    let items = rows(&reader, "register=item&from=2026-11-17&to=2026-11-18");
    let ids: Vec<&str> = items.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 4, "{items:?}");
    // Newest first; those of one moment in any order.
    assert_eq!(ids[0], added.to_string());
    let of = |rows: &[Value], id: &jingui_store::Id| -> Value {
        rows.iter().find(|row| row["id"] == id.as_str()).unwrap_or_else(|| panic!("{rows:?}")).clone()
    };
    let became = [&added, &secret, &struck, &first].map(|id| of(&items, id)["became"].clone());
    assert_eq!(became, ["added", "changed", "ended", "changed"]);
    let revised = of(&items, &first);
    assert_eq!(change(&revised, "标题"), (&json!("关于开展年度保密检查的通知"), &json!("改过的标题")));
    assert_eq!(change(&revised, "类别").1.as_str().map(|name| name.contains("policy")), Some(false));
    assert_eq!(revised["entries"], json!([before + 1]));
    assert!(change(&of(&items, &secret), "密级").1.as_str().unwrap().starts_with("机密"), "{items:?}");
    assert_eq!(change(&of(&items, &struck), "作废人").1, "孙立");
    let moved = of(&rows(&reader, "register=copy&from=2026-11-17"), &copies[0]);
    assert_eq!(change(&moved, "格"), (&json!("1"), &json!("7")));
    assert_eq!(moved["title"], "改过的标题");
    // One record; nothing where nothing changed; English where it is asked for.
    let one = rows(&reader, &format!("register=item&from=2026-11-17&record={first}"));
    assert_eq!(one.len(), 1);
    assert!(rows(&reader, "register=item&from=2026-11-18&to=2026-11-20").is_empty());
    assert!(rows(&reader, "register=item&from=2026-11-17&to=2026-11-17").is_empty());
    let english = rows(&reader.with("accept-language", "en"), "register=item&from=2026-11-17");
    assert_eq!(change(&of(&english, &first), "Title").1, "改过的标题");
    // Page by page it is the same.
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let page =
            reader.get(&format!("/api/differences?register=item&from=2026-11-17&limit=1{cursor}")).json();
        paged.extend(
            page["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, ids);
    let book = rows_of(&reader.get("/api/differences.xlsx?register=item&from=2026-11-17&to=2026-11-18").body);
    assert!(book[0][0].contains("2026-11-17 24:00 至 2026-11-18 24:00"), "{book:?}");
    assert!(book.iter().any(|line| line.contains(&"改过的标题".to_owned())), "{book:?}");
}

#[test]
fn clause_3_1_1_3_differences_tell_nothing_of_what_may_not_be_known() {
    let clock = FixedClock::new(at("2026-11-16"));
    let house = House::on(&clock);
    let (open, _) = house.item(2, 1);
    let (raised, _) = house.item(2, 1);
    let (lowered, _) = house.item(3, 1);
    clock.set(at("2026-11-18"));
    let department = json!({"kind": "named", "people": [], "departments": [house.department]});
    let mark = |item, level: u8| {
        let input = json!({"item": item, "level": level, "scope": department, "reason": "登记时看错"});
        did(&house.office, &by(&house.head), "item.mark", input);
    };
    mark(&raised, 3);
    mark(&lowered, 2);
    mark(&open, 1);
    let rights = json!({"person": house.staff, "department": house.department, "roles": ["staff"], "class": "general", "clearance": 2});
    did(&house.office, &by(&house.security), "person.set_rights", rights);
    clock.set(at("2026-11-20"));
    let ids = |account: &str, register: &str| -> Vec<String> {
        let rows = rows(&house.signed_in(account), &format!("register={register}&from=2026-11-17"));
        let mut ids: Vec<String> = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let mut all = [lowered.to_string(), raised.to_string(), open.to_string()];
    all.sort();
    assert_eq!(ids("registrar", "item"), all);
    // Too high now, and too high then: neither is told of. Whoever is outside is told of nothing.
    assert_eq!(ids("staff", "item"), [open.to_string()]);
    assert!(ids("outsider", "item").is_empty() && ids("outsider", "copy").is_empty());
    assert!(ids("auditor", "item").is_empty());
    assert!(ids("staff", "cabinet").is_empty() && ids("staff", "receipt").is_empty());
    assert_eq!(ids("staff", "person"), [house.staff.to_string()]);
    assert!(ids("outsider", "person").is_empty());
    let reader = house.signed_in("staff");
    for (query, field, code) in [
        ("register=item&from=2026-11-15", "from", "as_of.before"),
        ("register=item&from=2026-11-19&to=2026-11-18", "from", "as_of.order"),
        ("register=item&from=2026-12-01", "from", "field"),
        ("register=item&from=2026-11-17&to=morgen", "to", "field"),
        ("register=account&from=2026-11-17", "register", "field"),
    ] {
        let answer = reader.get(&format!("/api/differences?{query}"));
        assert_eq!(answer.status, 422, "{query}");
        assert_eq!(
            (answer.json()["field"].as_str(), answer.json()["code"].as_str()),
            (Some(field), Some(code)),
            "{query}: {}",
            answer.json()
        );
    }
    let held = |account: &str, query: &str| {
        house.signed_in(account).get(&format!("/api/people/{}/held{query}", house.registrar)).status
    };
    assert_eq!(
        (held("registrar", "?as_of=2026-11-17"), held("staff", ""), held("custodian", "")),
        (200, 404, 200)
    );
}
