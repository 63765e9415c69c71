//! Clauses 1.x, 2.x and 3.1.1.x: receiving, registering, keeping.

use jingui_regulation::Role;
use jingui_store::Id;
use serde_json::json;

use crate::harness::Harness;

fn particulars(h: &Harness, number: &str, level: u8) -> serde_json::Value {
    json!({
        "document_number": number, "title": "关于做好保密工作的通知", "source": "国务院国资委", "category": "policy", "level": level,
        "scope": {"kind": "named", "people": [], "departments": [h.strategy]}, "copies": 2
    })
}

/// Clause 3.1.1.1: signed for by a designated person, visible until registered, registered, stored.
#[test]
fn clause_3_1_1_1_signed_for_registered_and_kept() {
    let h = Harness::on("2026-11-23");
    let sign = json!({"source": "国务院国资委", "channel": "confidential_courier", "envelope": "Ａ-１２３", "seal": "intact", "pieces": 2});
    assert_eq!(
        h.refused(&h.by(&h.staff), "receipt.sign", sign.clone()).status,
        jingui_office::Status::Access
    );
    let registrar = h.by(&h.registrar);
    let receipt = h.did(&registrar, "receipt.sign", sign);
    assert_eq!(
        (receipt["number"].as_str(), receipt["envelope"].as_str()),
        (Some("收2026-000001"), Some("A-123"))
    );
    assert_eq!(h.count("SELECT count(*) FROM receipt WHERE open = 1"), 1);
    let first = h.did(
        &registrar,
        "item.register",
        json!({"receipt": receipt["id"], "item": particulars(&h, "国资发[2026]12号", 2)}),
    );
    assert_eq!(first["item"]["document_number"], "国资发〔2026〕12号");
    assert_eq!(first["item"]["register_number"], "2026-000001");
    assert_eq!(first["copies"][1]["label"], "2026-000001-000002");
    assert_eq!(first["copies"][0]["custody"], json!({"state": "desk", "holder": h.registrar}));
    // The same number of the same unit is a duplicate, however it is typed.
    let again = json!({"receipt": receipt["id"], "item": particulars(&h, "国资发（２０２６）012号", 2)});
    let refusal = h.refused(&registrar, "item.register", again);
    assert_eq!(
        (refusal.code, refusal.facts["register_number"].as_str()),
        ("item.duplicate", Some("2026-000001"))
    );
    h.did(
        &registrar,
        "item.register",
        json!({"receipt": receipt["id"], "item": particulars(&h, "国资发〔2026〕13号", 2)}),
    );
    assert_eq!(h.count("SELECT count(*) FROM receipt WHERE open = 1"), 0);
    let third = json!({"receipt": receipt["id"], "item": particulars(&h, "国资发〔2026〕14号", 2)});
    assert_eq!(h.refused(&registrar, "item.register", third).code, "receipt.complete");
    // The refused registration took no number.
    let next = h.did(&registrar, "item.register", json!({"item": particulars(&h, "国资发〔2026〕15号", 2)}));
    assert_eq!(next["item"]["register_number"], "2026-000003");
    h.verify_clean();
}

/// Clause 3.1.1.1: a broken seal opens an incident.
#[test]
fn clause_3_1_1_1_a_broken_seal_is_an_incident() {
    let h = Harness::on("2026-11-23");
    let sign = json!({"source": "省委办公厅", "channel": "ems", "seal": "broken", "pieces": 1, "remark": "封口撕裂"});
    let receipt = h.did(&h.by(&h.registrar), "receipt.sign", sign);
    let incident: jingui_store::Id = receipt["incident"].as_str().unwrap().parse().unwrap();
    assert_eq!(h.record("incident", &incident)["state"]["name"], "open");
    let close = json!({"incident": incident, "conclusion": "经核，投递破损，内件齐全"});
    assert_eq!(
        h.refused(&h.by(&h.registrar), "incident.close", close.clone()).status,
        jingui_office::Status::Access
    );
    h.did(&h.by(&h.office_head), "incident.close", close);
}

/// Clauses 3.1.1.2 – 3.1.1.4: no copy ends up in a cabinet of too low a level, and level 4 only with its custodian.
#[test]
fn clause_3_1_1_2_to_4_the_cabinet_is_fit_for_the_level() {
    let h = Harness::on("2026-11-23");
    let registrar = h.by(&h.registrar);
    for (level, clause) in [(3, "3.1.1.3"), (4, "3.1.1.2")] {
        let item = h.did(
            &registrar,
            "item.register",
            json!({"item": particulars(&h, &format!("厅字〔2026〕{level}号"), level)}),
        );
        let copy = &item["copies"][0]["id"];
        let refusal =
            h.refused(&registrar, "copy.place", json!({"copy": copy, "cabinet": h.cabinet_2, "slot": 1}));
        assert_eq!(
            (refusal.code, refusal.clauses.as_slice()),
            ("cabinet.level_too_low", &[clause.to_owned()][..])
        );
    }
    let (_, copies) = h.item(2, 1);
    let slot =
        h.refused(&registrar, "copy.place", json!({"copy": copies[0], "cabinet": h.cabinet_2, "slot": 41}));
    assert_eq!(slot.facts["field"], "slot");
    // Level 4: the custodian confirms before the copy changes its holder.
    let item = h.did(&registrar, "item.register", json!({"item": particulars(&h, "厅字〔2026〕44号", 4)}));
    let copy: jingui_store::Id = item["copies"][0]["id"].as_str().unwrap().parse().unwrap();
    h.did(&registrar, "copy.place", json!({"copy": copy, "cabinet": h.cabinet_4, "slot": 3}));
    let offered = h.record("copy", &copy);
    assert_eq!(
        (offered["custody"]["state"].as_str(), offered["custody"]["holder"].as_str()),
        (Some("offered"), Some(h.registrar.as_str()))
    );
    assert_eq!(
        h.refused(&registrar, "copy.accept", json!({"copy": copy})).status,
        jingui_office::Status::Access
    );
    h.did(&h.by(&h.custodian), "copy.accept", json!({"copy": copy}));
    let kept = h.record("copy", &copy);
    assert_eq!(
        kept["custody"],
        json!({"state": "kept", "holder": h.custodian, "cabinet": h.cabinet_4, "slot": 3})
    );
    // From then on only the custodian moves it.
    let take = json!({"copy": copy, "cabinet": h.cabinet_4, "slot": 4});
    assert_eq!(h.refused(&registrar, "copy.place", take).status, jingui_office::Status::Access);
}

/// Clause 3.1.1.3: from level 3 on the need-to-know scope names whom it means.
#[test]
fn clause_3_1_1_3_the_scope_is_mandatory_from_level_3_on() {
    let h = Harness::on("2026-11-23");
    for (level, clause) in [(3, "3.1.1.3"), (4, "3.1.1.2")] {
        for scope in [json!({"kind": "everyone"}), json!({"kind": "named"})] {
            let mut item = particulars(&h, "厅字〔2026〕9号", level);
            item["scope"] = scope;
            let refusal = h.refused(&h.by(&h.registrar), "item.register", json!({"item": item}));
            assert_eq!(
                (refusal.code, refusal.clauses.as_slice()),
                ("item.scope_missing", &[clause.to_owned()][..])
            );
        }
    }
}

/// Clause 3.1.1.4: what is lost is reported by its holder and becomes an incident.
#[test]
fn clause_3_1_1_4_a_loss_from_the_cabinet_is_told() {
    let h = Harness::on("2026-11-23");
    let (_, copies) = h.item(2, 1);
    let lost = json!({"copy": copies[0], "circumstances": "清点时不在柜中"});
    assert_eq!(
        h.refused(&h.by(&h.colleague), "copy.report_lost", lost.clone()).status,
        jingui_office::Status::Access
    );
    h.did(&h.by(&h.registrar), "copy.report_lost", lost);
    assert_eq!(h.record("copy", &copies[0])["custody"]["state"], "missing");
    assert_eq!(h.count("SELECT count(*) FROM incident WHERE kind = 'lost' AND state = 'open'"), 1);
}

/// Clauses 1.3.1, 2.1.1 – 2.1.7: no item without category and level; a category outside the list is refused.
#[test]
fn clause_1_3_1_and_2_1_1_to_7_category_and_level_are_mandatory() {
    let h = Harness::on("2026-11-23");
    let registrar = h.by(&h.registrar);
    for (number, category) in
        ["policy", "committee", "leaders", "decision", "trade_secret", "office_work", "other"]
            .iter()
            .enumerate()
    {
        let mut item = particulars(&h, &format!("党办〔2026〕{number}号"), 1);
        item["category"] = json!(category);
        h.did(&registrar, "item.register", json!({"item": item}));
    }
    for (field, wrong) in
        [("category", json!("secret")), ("level", json!(5)), ("level", json!("3")), ("level", json!(0))]
    {
        let mut item = particulars(&h, "党办〔2026〕99号", 1);
        item[field] = wrong;
        assert!(h.ask(&registrar, "item.register", json!({"item": item}), None).is_err(), "{field}");
    }
    for field in ["category", "level"] {
        let mut item = particulars(&h, "党办〔2026〕99号", 1);
        item.as_object_mut().unwrap().remove(field);
        assert!(h.ask(&registrar, "item.register", json!({"item": item}), None).is_err(), "{field}");
    }
}

/// Clauses 2.2.1 – 2.2.4: each level has its longest period; unstated it is the maximum; level 1 never carries ★.
#[test]
fn clause_2_2_1_to_4_levels_and_periods() {
    let h = Harness::on("2026-11-23");
    let registrar = h.by(&h.registrar);
    for (level, most) in [(2, 10), (3, 20), (4, 30)] {
        let mut item = particulars(&h, &format!("厅字〔2026〕{level}1号"), level);
        item["period"] = json!({"count": most + 1, "unit": "years"});
        let refusal = h.refused(&registrar, "item.register", json!({"item": item.clone()}));
        assert_eq!((refusal.code, refusal.facts["field"].as_str()), ("item.period", Some("item.period")));
        item["period"] = json!(null);
        item["dated"] = json!("2026-11-20");
        let registered = h.did(&registrar, "item.register", json!({"item": item}));
        assert_eq!(
            registered["item"]["marking"],
            json!({"level": level, "period": {"count": most, "unit": "years"}, "stated": false})
        );
        assert_eq!(registered["item"]["declassifies_on"], format!("{}-11-20", 2026 + most));
    }
    let mut item = particulars(&h, "厅字〔2026〕1号", 1);
    item["period"] = json!({"count": 3, "unit": "years"});
    let registered = h.did(&registrar, "item.register", json!({"item": item}));
    assert_eq!(registered["item"]["declassifies_on"], json!(null));
}

/// Clause 1.3.3: one named responsible person for everything; a person unfit for the level can't be it.
#[test]
fn clause_1_3_3_somebody_fit_answers_for_everything() {
    let h = Harness::on("2026-11-23");
    let registrar = h.by(&h.registrar);
    let mut item = particulars(&h, "厅字〔2026〕3号", 4);
    item["responsible"] = json!(h.colleague);
    let refusal = h.refused(&registrar, "item.register", json!({"item": item}));
    assert_eq!((refusal.code, refusal.facts["person"].as_str()), ("person.clearance_too_low", Some("韩梅")));
    let cabinet =
        json!({"name": "柜9", "room": h.reading_room, "level": 4, "custodian": h.staff, "slots": 3});
    assert_eq!(h.refused(&registrar, "cabinet.add", cabinet).code, "cabinet.custodian_unfit");
    // A custodian isn't replaced behind the back of what the cabinet holds.
    h.item(3, 1);
    let replace = json!({"cabinet": h.cabinet_3, "custodian": h.custodian});
    assert_eq!(h.refused(&h.by(&h.office_head), "cabinet.name_custodian", replace).code, "cabinet.not_empty");
    // Nor while its only copy is on its way out or in, since it comes back to this cabinet.
    let (item, copies) = h.item(2, 1);
    let loan = h.apply(&h.staff, &item, 3, "take_out");
    h.did(&h.by(&h.strategy_head), "loan.approve", json!({"loan": loan}));
    h.did(&registrar, "loan.hand_over", json!({"loan": loan, "copy": copies[0]}));
    let replace = json!({"cabinet": h.cabinet_2, "custodian": h.custodian});
    let refusal = h.refused(&h.by(&h.office_head), "cabinet.name_custodian", replace.clone());
    assert_eq!((refusal.code, refusal.facts["copies"].as_u64()), ("cabinet.not_empty", Some(1)));
    h.did(&h.by(&h.staff), "loan.acknowledge", json!({"loan": loan, "duties": true}));
    h.did(&h.by(&h.office_head), "cabinet.name_custodian", replace);
}

/// Clause 1.2: everyone who touches an item is in the personnel register; who isn't there does nothing.
#[test]
fn clause_1_2_only_registered_people_act() {
    let h = Harness::on("2026-11-23");
    let nobody: jingui_store::Id = "1".repeat(26).parse().unwrap();
    let refusal = h.refused(
        &h.by(&nobody),
        "receipt.sign",
        json!({"source": "x", "channel": "other", "seal": "intact", "pieces": 1}),
    );
    assert_eq!(refusal.status, jingui_office::Status::Access);
}

/// A correction keeps every version, and a stale one is refused.
#[test]
fn clause_3_1_1_1_corrections_keep_their_history() {
    let h = Harness::on("2026-11-23");
    let registrar = h.by(&h.registrar);
    let (item, _) = h.item(2, 1);
    let revise = |title: &str| json!({"item": item, "document_number": "国资发〔2026〕77号", "title": title, "source": "国务院国资委", "category": "decision", "urgency": "urgent", "responsible": h.registrar});
    h.ask(&registrar, "item.revise", revise("更正一"), Some(1)).unwrap().result.unwrap();
    let stale = h.ask(&registrar, "item.revise", revise("更正二"), Some(1)).unwrap().result.unwrap_err();
    assert_eq!((stale.status, stale.facts["version"].as_u64()), (jingui_office::Status::Stale, Some(2)));
    let history =
        h.office.store().read(|conn| h.office.store().history(conn, "item", item.as_str())).unwrap();
    let versions: Vec<u64> = history.iter().map(|(version, _)| *version).collect();
    assert_eq!(versions, [1, 2]);
    h.verify_clean();
}

/// Clause 3.1.1.1: what was entered wrongly is mended in the open: days by the registrar, level and striking by the
/// office head, and every version and number stays.
#[test]
fn clause_3_1_1_1_a_wrong_registration_is_mended_and_stays_visible() {
    let h = Harness::on("2026-11-23");
    let (registrar, head) = (h.by(&h.registrar), h.by(&h.office_head));
    let receipt = h.did(
        &registrar,
        "receipt.sign",
        json!({"source": "国务院国资委", "channel": "ems", "seal": "intact", "pieces": 1}),
    );
    assert_eq!(receipt["number"], "收2026-000001");
    let made = h.did(
        &registrar,
        "item.register",
        json!({"receipt": receipt["id"], "item": particulars(&h, "国资发〔2026〕12号", 2)}),
    );
    let item = made["item"]["id"].clone();
    let revise = |dated: &str, received: &str| {
        json!({"item": item, "document_number": "国资发〔2026〕12号", "title": "通知", "source": "国务院国资委", "category": "policy",
            "urgency": "ordinary", "responsible": h.registrar, "dated": dated, "received_on": received})
    };
    let revised = h.did(&registrar, "item.revise", revise("2026-10-08", "2026-11-20"));
    assert_eq!(
        (&revised["dated"], &revised["declassifies_on"]),
        (&json!("2026-10-08"), &json!("2036-10-08"))
    );
    let refused = |input| h.refused(&registrar, "item.revise", input).code;
    assert_eq!(refused(revise("2026-11-21", "2026-11-20")), "item.dated_after_receipt");
    assert_eq!(refused(revise("2026-10-08", "2026-11-24")), "item.received_later");

    let add = |numbers: serde_json::Value| json!({"item": item, "copy_numbers": numbers});
    assert_eq!(h.refused(&registrar, "item.add_copies", add(json!([2]))).code, "item.copy_known");
    let added = h.did(&registrar, "item.add_copies", add(json!([3, 4])));
    assert_eq!(
        (&added["item"]["copies"], &added["copies"][1]["label"]),
        (&json!(4), &json!("2026-000001-000004"))
    );

    // Level and period: not the registrar alone.
    let mark = json!({"item": item, "level": 3, "period": {"count": 6, "unit": "months"}, "reason": "原件为机密★6个月，登记时误作秘密"});
    let refusal = h.refused(&registrar, "item.mark", mark.clone());
    assert_eq!((refusal.code, refusal.cure.as_slice()), ("entrusted_to", [Role::OfficeHead].as_slice()));
    let copy = added["copies"][0]["id"].clone();
    h.did(&registrar, "copy.place", json!({"copy": copy, "cabinet": h.cabinet_2, "slot": 1}));
    let refusal = h.refused(&head, "item.mark", mark.clone());
    assert_eq!(refusal.code, "cabinet.level_too_low", "the copy in a level-2 cabinet has to leave it first");
    h.did(&registrar, "copy.place", json!({"copy": copy, "cabinet": h.cabinet_3, "slot": 1}));
    let marked = h.did(&head, "item.mark", mark);
    assert_eq!((&marked["marking"]["level"], &marked["declassifies_on"]), (&json!(3), &json!("2027-04-08")));

    // Struck: first one copy, then the rest and with it the entry.
    let strike = |copies: serde_json::Value| json!({"item": item, "copies": copies, "reason": "重复登记"});
    assert_eq!(h.refused(&registrar, "item.strike", strike(json!([]))).code, "entrusted_to");
    let loan = h.apply(&h.staff, &serde_json::from_value(item.clone()).unwrap(), 3, "take_out");
    assert_eq!(h.refused(&head, "item.strike", strike(json!([]))).code, "item.on_loan");
    h.did(&head, "loan.reject", json!({"loan": loan, "reason": "登记有误"}));
    assert_eq!(h.did(&head, "item.strike", strike(json!([copy])))["copies"], 3);
    let struck = h.did(&head, "item.strike", strike(json!([])));
    assert_eq!((&struck["copies"], &struck["void"]["reason"]), (&json!(0), &json!("重复登记")));
    assert_eq!(h.count("SELECT count(*) FROM copy WHERE state = 'void'"), 4);
    assert_eq!(
        h.count("SELECT count(*) FROM receipt WHERE open = 1"),
        1,
        "its place in the envelope is open again"
    );
    assert_eq!(refused(revise("2026-10-08", "2026-11-20")), "item.void");
    // The number of the document may be registered again; the register number is not given twice.
    let again = h.did(
        &registrar,
        "item.register",
        json!({"receipt": receipt["id"], "item": particulars(&h, "国资发〔2026〕12号", 2)}),
    );
    assert_eq!(again["item"]["register_number"], "2026-000002");
    h.verify_clean();
}

/// Clause 3.1.1.1: an item that comes with its scan is registered and kept in one step, by whoever may do both; refused,
/// nothing of either stays.
#[test]
fn clause_3_1_1_1_an_item_is_registered_together_with_its_file() {
    let h = Harness::on("2026-11-23");
    let registrar = h.by(&h.registrar);
    let new_id = || Id::generate(h.office.store().now(), &mut rand::rng());
    let (item, file) = (new_id(), new_id());
    let input = |level: u8| {
        json!({"id": item, "registration": {"item": particulars(&h, "国资发〔2026〕31号", level)},
            "file": {"id": file, "name": "扫描件.pdf", "bytes": 1000, "sealed": {"name": "ab01", "bytes": 1088}, "wrapped": [1, 2]}})
    };
    // Above the ceiling of content neither the file nor the item comes in.
    assert_eq!(h.refused(&registrar, "item.take_in", input(2)).code, "file.above_ceiling");
    assert_eq!(h.count("SELECT count(*) FROM item"), 0);
    assert_eq!(h.refused(&h.by(&h.staff), "item.take_in", input(1)).code, "entrusted_to");
    let taken = h.did(&registrar, "item.take_in", input(1));
    assert_eq!((&taken["item"]["id"], &taken["file"]["item"]), (&json!(item), &json!(item)));
    assert_eq!((&taken["file"]["id"], &taken["file"]["state"]["name"]), (&json!(file), &json!("kept")));
    assert_eq!(taken["item"]["register_number"], "2026-000001", "a refused one took no number");
    assert_eq!(h.count("SELECT count(*) FROM file_key"), 1);
    // An id is given once.
    let mut again = input(1);
    again["registration"]["item"]["document_number"] = json!("国资发〔2026〕32号");
    assert_eq!(h.refused(&registrar, "item.take_in", again.clone()).code, "absent");
    again["id"] = json!(new_id());
    assert_eq!(h.refused(&registrar, "item.take_in", again).code, "file.state");
    h.verify_clean();
}
