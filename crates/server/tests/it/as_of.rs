//! Registers as they stood at a past moment, through the API: what was then, to whom it may be known today.

use jingui_regulation::Moment;
use jingui_store::FixedClock;
use serde_json::json;

use crate::harness::{House, by, did};
use crate::views::rows_of;

fn at(day: &str, hour: i8) -> Moment {
    Moment::at(day.parse().unwrap(), hour, 0)
}

#[test]
fn clause_5_1_2_a_register_is_shown_as_it_stood_then_to_those_who_may_know_now() {
    let clock = FixedClock::new(at("2026-11-16", 9));
    let house = House::on(&clock);
    let (first, copies) = house.item(2, 1);
    let (second, _) = house.item(2, 1);
    clock.set(at("2026-11-18", 9));
    let registrar = by(&house.registrar);
    let particulars = json!({"item": first, "document_number": "国资发〔2026〕77号", "title": "改过的标题", "source": "国务院国资委",
        "category": "policy", "urgency": "urgent", "responsible": house.registrar});
    did(&house.office, &registrar, "item.revise", particulars);
    did(
        &house.office,
        &registrar,
        "copy.place",
        json!({"copy": copies[0], "cabinet": house.cabinet, "slot": 7}),
    );
    let (later, _) = house.item(2, 2);
    let scope = json!({"kind": "named", "people": [], "departments": [house.department]});
    did(
        &house.office,
        &by(&house.head),
        "item.mark",
        json!({"item": second, "level": 3, "scope": scope, "reason": "登记时看错"}),
    );
    let rights = json!({"person": house.staff, "department": house.department, "roles": ["staff"], "class": "general", "clearance": 2});
    did(&house.office, &by(&house.security), "person.set_rights", rights);
    clock.set(at("2026-11-20", 9));

    let keys = |who: &str, query: &str| -> Vec<String> {
        let list = house.signed_in(who).get(&format!("/api/items?{query}")).json();
        list["rows"]
            .as_array()
            .unwrap_or_else(|| panic!("{list}"))
            .iter()
            .map(|row| row["item"]["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let (first, second, later) = (first.to_string(), second.to_string(), later.to_string());
    assert_eq!(keys("registrar", ""), [later.clone(), second.clone(), first.clone()]);
    assert_eq!(keys("registrar", "as_of=2026-11-17"), [second.clone(), first.clone()]);
    // The level of then doesn't open what is secret now; and whoever was never inside stays outside.
    assert_eq!(keys("staff", ""), [later.clone(), first.clone()]);
    assert_eq!(keys("staff", "as_of=2026-11-17"), std::slice::from_ref(&first));
    assert!(keys("outsider", "as_of=2026-11-17").is_empty());
    // Filters ask what was.
    assert_eq!(keys("registrar", "as_of=2026-11-17&category=decision").len(), 2);
    assert_eq!(keys("registrar", "category=policy"), std::slice::from_ref(&first));
    assert!(keys("registrar", "as_of=2026-11-17&category=policy").is_empty());
    assert_eq!(keys("registrar", "as_of=2026-11-17&level=2").len(), 2);
    let reader = house.signed_in("registrar");
    let count = reader.get("/api/items/count?as_of=2026-11-17").json();
    assert_eq!(count["count"], 2, "{count}");

    let then = reader.get(&format!("/api/items/{first}?as_of=2026-11-17")).json();
    let now = reader.get(&format!("/api/items/{first}")).json();
    assert_eq!(
        (&then["item"]["title"], &now["item"]["title"]),
        (&json!("关于开展年度保密检查的通知"), &json!("改过的标题"))
    );
    let slot = |shown: &serde_json::Value| shown["copies"][0]["record"]["custody"]["slot"].clone();
    assert_eq!((slot(&then), slot(&now)), (json!(1), json!(7)), "{then}");
    assert_eq!(reader.get(&format!("/api/items/{later}?as_of=2026-11-17")).status, 404);
    let history = |query: &str| {
        reader.get(&format!("/api/items/{first}/history{query}")).json()["rows"].as_array().unwrap().len()
    };
    assert_eq!((history("?as_of=2026-11-17"), history("")), (1, 2));
    // A moment inside the day, and what is done after the first question was asked.
    let moment = |hour| format!("as_of={}", at("2026-11-16", hour).to_string().replace('+', "%2B"));
    assert_eq!(keys("registrar", &moment(10)).len(), 2);
    let cabinets = reader.get("/api/cabinets?as_of=2026-11-17").json();
    assert_eq!(cabinets["rows"].as_array().unwrap().len(), 1);
    // Before the journal began there is nothing to look at, which isn't the same as an empty register.
    for asked in ["as_of=2026-11-15", &moment(8)] {
        let before = reader.get(&format!("/api/items?{asked}"));
        assert_eq!(before.status, 422);
        let told = before.json();
        assert_eq!((told["code"].as_str(), told["field"].as_str()), (Some("as_of.before"), Some("as_of")));
        assert!(told["detail"].as_str().unwrap().contains("2026-11-16 09:00"), "{told}");
    }
    let shown = reader.get("/api/moment?as_of=2026-11-17").json();
    assert_eq!(shown["at"], "2026-11-17 24:00");
    assert!(shown["entry"].as_u64().unwrap() < house.entries(), "{shown}");
    assert_eq!(reader.get("/api/moment").json()["at"], serde_json::Value::Null);
    // A workbook says of which moment it is, in its name and above its headings.
    let book = reader.get("/api/items.xlsx?as_of=2026-11-17");
    assert_eq!(book.header("content-disposition"), "attachment; filename=\"jingui-2026-11-17T2400.xlsx\"");
    let rows = rows_of(&book.body);
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert!(rows[0][0].contains("截至 2026-11-17 24:00"), "{rows:?}");
    did(
        &house.office,
        &registrar,
        "copy.place",
        json!({"copy": copies[0], "cabinet": house.cabinet, "slot": 9}),
    );
    assert_eq!(slot(&reader.get(&format!("/api/items/{first}?as_of=2026-11-17")).json()), 1);
    assert_eq!(slot(&reader.get(&format!("/api/items/{first}?as_of=2026-11-19")).json()), 7);

    for (path, found) in [
        ("/api/items?as_of=2026-11-21", "2026-11-21"),
        ("/api/items?as_of=gestern", "gestern"),
        ("/api/workbench?as_of=2026-11-17", ""),
    ] {
        let refused = reader.get(path);
        assert_eq!(refused.status, 422, "{path}");
        assert_eq!(refused.json()["field"], "as_of", "{path}");
        assert!(found.is_empty() || refused.json()["found"] == found, "{}", refused.json());
    }
}
