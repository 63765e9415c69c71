//! Clauses 3.1.3.x: borrowing.

use jingui_regulation::Role;
use serde_json::json;

use crate::harness::Harness;

fn office() -> Harness {
    Harness::on("2026-09-01")
}

/// Clause 3.1.3.1: document, level, reason and period are mandatory.
#[test]
fn clause_3_1_3_1_the_form_needs_document_reason_and_period() {
    let h = office();
    let (item, _) = h.item(2, 1);
    let staff = h.by(&h.staff);
    for missing in ["item", "reason", "days", "mode"] {
        let mut input = json!({"item": item, "reason": "编制方案", "days": 3, "mode": "take_out"});
        input.as_object_mut().unwrap().remove(missing);
        let error = h.ask(&staff, "loan.apply", input, None).unwrap_err();
        assert!(format!("{error:?}").contains(missing), "{missing}: {error:?}");
    }
    let blank = h.ask(
        &staff,
        "loan.apply",
        json!({"item": item, "reason": " 　", "days": 3, "mode": "take_out"}),
        None,
    );
    assert!(blank.is_err());
    let refusal =
        h.refused(&staff, "loan.apply", json!({"item": item, "reason": "x", "days": 0, "mode": "take_out"}));
    assert_eq!(refusal.facts["field"], "days");
    // The level of the form is the item's.
    let loan = h.apply(&h.staff, &item, 3, "take_out");
    assert_eq!(h.record("loan", &loan)["level"], 2);
    // The same person doesn't apply twice for the same item.
    let again =
        h.refused(&staff, "loan.apply", json!({"item": item, "reason": "x", "days": 1, "mode": "take_out"}));
    assert_eq!(again.code, "loan.already");
}

/// Clause 3.1.3.2: top secret is never taken out, whoever asks, the office head included.
#[test]
fn clause_3_1_3_2_top_secret_is_not_taken_out_even_by_the_office_head() {
    let h = office();
    let (item, _) = h.item(4, 1);
    let scope = json!({"item": item, "scope": {"kind": "named", "people": [h.office_head, h.staff], "departments": []}});
    h.did(&h.by(&h.registrar), "item.rescope", scope);
    for person in [&h.office_head, &h.staff] {
        let refusal = h.refused(
            &h.by(person),
            "loan.apply",
            json!({"item": item, "reason": "研究", "days": 1, "mode": "take_out"}),
        );
        assert_eq!(
            (refusal.code, refusal.clauses.as_slice()),
            ("loan.top_secret_take_out", &["3.1.3.2".to_owned()][..])
        );
    }
}

/// Clause 3.1.3.2: an on-site session with room, second person, phones, pages counted out and in.
#[test]
fn clause_3_1_3_2_reading_on_site_counts_pages_out_and_in() {
    let h = office();
    let (item, copies) = h.item(4, 1);
    let loan = h.apply(&h.staff, &item, 1, "on_site");
    // A department head doesn't approve top secret.
    assert!(h.refused(&h.by(&h.strategy_head), "loan.approve", json!({"loan": loan})).code == "absent");
    h.did(&h.by(&h.office_head), "loan.approve", json!({"loan": loan}));
    let custodian = h.by(&h.custodian);
    // Not to be taken out by the back door either.
    let refusal = h.refused(&custodian, "loan.hand_over", json!({"loan": loan, "copy": copies[0]}));
    assert_eq!(refusal.code, "loan.top_secret_take_out");
    let open = |second: &jingui_store::Id, phones: bool| json!({"loan": loan, "copy": copies[0], "room": h.reading_room, "second": second, "phones_deposited": phones, "pages": 36});
    assert_eq!(h.refused(&custodian, "reading.open", open(&h.registrar, false)).code, "reading.phones");
    assert_eq!(h.refused(&custodian, "reading.open", open(&h.custodian, true)).code, "reading.second_person");
    let session = h.did(&custodian, "reading.open", open(&h.registrar, true));
    assert_eq!(h.record("copy", &copies[0])["custody"]["state"], "reading");
    // Reader and second person confirm for themselves; nobody else, nobody twice, and no close without them.
    let confirm = json!({"session": session["id"], "duties": true});
    let close = json!({"session": session["id"], "pages": 36});
    assert_eq!(h.refused(&custodian, "reading.close", close.clone()).code, "reading.unconfirmed");
    assert_eq!(
        h.refused(&custodian, "reading.confirm", confirm.clone()).status,
        jingui_office::Status::Access
    );
    h.did(&custodian, "reading.call_off", json!({"session": session["id"]}));
    assert_eq!(h.record("loan", &loan)["state"]["name"], "approved", "called off: the approval stands");
    let session = h.did(&custodian, "reading.open", open(&h.registrar, true));
    let confirm_again = json!({"session": session["id"], "duties": true});
    h.did(&h.by(&h.staff), "reading.confirm", confirm_again.clone());
    assert_eq!(
        h.refused(&h.by(&h.staff), "reading.confirm", confirm_again.clone()).code,
        "reading.confirmed"
    );
    assert_eq!(
        h.refused(&custodian, "reading.call_off", json!({"session": session["id"]})).code,
        "reading.confirmed"
    );
    h.did(&h.by(&h.registrar), "reading.confirm", confirm_again);
    let refusal = h.refused(&custodian, "reading.close", json!({"session": session["id"], "pages": 35}));
    assert_eq!((refusal.code, refusal.facts["counted_in"].as_u64()), ("reading.pages_differ", Some(35)));
    h.did(&custodian, "reading.report_pages", json!({"session": session["id"], "pages": 35}));
    assert_eq!(h.count("SELECT count(*) FROM incident WHERE kind = 'pages_missing'"), 1);
    h.did(&custodian, "reading.close", json!({"session": session["id"], "pages": 36}));
    assert_eq!(h.record("copy", &copies[0])["custody"]["state"], "kept");
    assert_eq!(h.record("loan", &loan)["state"]["name"], "returned");
    h.verify_clean();
}

/// Clause 3.1.3.2: an approval that isn't used within one working day lapses.
#[test]
fn clause_3_1_3_2_an_unused_approval_lapses() {
    let h = office();
    let (item, copies) = h.item(4, 1);
    let loan = h.apply(&h.staff, &item, 1, "on_site");
    h.did(&h.by(&h.office_head), "loan.approve", json!({"loan": loan}));
    assert_eq!(h.record("loan", &loan)["state"]["approval"]["usable_until"], "2026-09-02");
    h.go_to("2026-09-03");
    let open = json!({"loan": loan, "copy": copies[0], "room": h.reading_room, "second": h.registrar, "phones_deposited": true, "pages": 3});
    assert_eq!(h.refused(&h.by(&h.custodian), "reading.open", open).code, "loan.approval_expired");
    h.did(&jingui_office::Caller::Clock, "loan.expire", json!({"loan": loan}));
    assert_eq!(h.record("loan", &loan)["state"]["name"], "expired");
}

/// Clause 3.1.3.3: six working days at level 3 are refused; five over the national holiday with its moved day end
/// on the day the calendar says.
#[test]
fn clause_3_1_3_3_limit_over_the_national_holiday() {
    let h = office();
    h.go_to("2026-09-29");
    let (item, copies) = h.item(3, 1);
    let input = json!({"item": item, "reason": "汇报", "days": 6, "mode": "take_out"});
    let refusal = h.refused(&h.by(&h.staff), "loan.apply", input);
    assert_eq!((refusal.code, refusal.clauses.as_slice()), ("loan.too_long", &["3.1.3.3".to_owned()][..]));
    assert_eq!((refusal.facts["asked"].as_u64(), refusal.facts["limit"].as_u64()), (Some(6), Some(5)));
    // 30 September, 8 and 9 October, Saturday the 10th (moved), Monday the 12th: five working days.
    let loan = h.lend(&h.staff, &h.office_head, &item, &copies[0], 5);
    assert_eq!(h.record("loan", &loan)["state"]["due"], "2026-10-12");
    assert_eq!(h.record("copy", &copies[0])["custody"]["due"], "2026-10-12");
}

/// Clause 3.1.3.3: the limit holds over application, approval and renewal together.
#[test]
fn clause_3_1_3_3_renewals_count_into_the_limit() {
    let h = office();
    let (item, copies) = h.item(3, 1);
    let loan = h.lend(&h.staff, &h.office_head, &item, &copies[0], 3);
    let staff = h.by(&h.staff);
    let renew = |days: u16| json!({"loan": loan, "days": days, "reason": "尚未办结"});
    assert_eq!(h.refused(&staff, "loan.renew", renew(3)).code, "loan.too_long");
    h.did(&staff, "loan.renew", renew(2));
    assert_eq!(h.refused(&staff, "loan.renew", renew(1)).code, "loan.renewal_waits");
    // The same approver as for the loan: not the department head at level 3.
    let refusal = h.refused(&h.by(&h.strategy_head), "loan.approve_renewal", json!({"loan": loan}));
    assert_eq!((refusal.code, refusal.clauses), ("entrusted_to", vec!["3.1.3.3".to_owned()]));
    assert_eq!(refusal.cure, [Role::OfficeHead], "it says whom to ask");
    h.did(&h.by(&h.office_head), "loan.approve_renewal", json!({"loan": loan}));
    assert_eq!(h.record("loan", &loan)["state"]["due"], "2026-09-08");
    assert_eq!(h.record("copy", &copies[0])["custody"]["due"], "2026-09-08");
    assert_eq!(h.refused(&staff, "loan.renew", renew(1)).code, "loan.too_long");
}

/// Clause 3.1.3.3: a department head doesn't approve level 3; the office head does.
#[test]
fn clause_3_1_3_3_the_office_head_approves_level_3() {
    let h = office();
    let (item, _) = h.item(3, 1);
    let loan = h.apply(&h.staff, &item, 2, "take_out");
    let refusal = h.refused(&h.by(&h.strategy_head), "loan.approve", json!({"loan": loan}));
    assert_eq!(refusal.status, jingui_office::Status::Access);
    h.did(&h.by(&h.office_head), "loan.approve", json!({"loan": loan}));
}

/// Clause 3.1.3.4: a department head's own application at level 2 goes to the office head.
#[test]
fn clause_3_1_3_4_a_department_head_applies_for_level_2() {
    let h = office();
    let (item, copies) = h.item(2, 1);
    let loan = h.apply(&h.strategy_head, &item, 10, "take_out");
    let refusal = h.refused(&h.by(&h.strategy_head), "loan.approve", json!({"loan": loan}));
    assert_eq!((refusal.code, refusal.clauses.as_slice()), ("own_application", &["3.1.3.4".to_owned()][..]));
    h.did(&h.by(&h.office_head), "loan.approve", json!({"loan": loan}));
    h.did(&h.by(&h.registrar), "loan.hand_over", json!({"loan": loan, "copy": copies[0]}));
    // Eleven days at level 2 are too many.
    let input = json!({"item": item, "reason": "汇报", "days": 11, "mode": "take_out"});
    assert_eq!(h.refused(&h.by(&h.staff), "loan.apply", input).clauses, ["3.1.3.4"]);
}

/// Clause 3.1.3.4: the head of another department doesn't approve; nobody approves the own application at any level.
#[test]
fn clause_3_1_3_4_only_the_own_departments_head_and_never_oneself() {
    let h = office();
    let (item, _) = h.item(2, 1);
    let other_head = h.person("0100", "钱进", Some(&h.party), &["department_head"], 3);
    let loan = h.apply(&h.staff, &item, 2, "take_out");
    // Outside the need-to-know scope the loan isn't there for the other head.
    assert_eq!(h.refused(&h.by(&other_head), "loan.approve", json!({"loan": loan})).code, "absent");
    h.did(&h.by(&h.strategy_head), "loan.approve", json!({"loan": loan}));
    let scope = json!({"item": item, "scope": {"kind": "everyone"}});
    h.did(&h.by(&h.registrar), "item.rescope", scope);
    let own = h.apply(&h.office_head, &item, 2, "take_out");
    assert_eq!(
        h.refused(&h.by(&h.office_head), "loan.approve", json!({"loan": own})).code,
        "own_application"
    );
}

/// Clause 3.1.3.5: no hand-over from borrower to borrower, and the duties are acknowledged at hand-over.
#[test]
fn clause_3_1_3_5_nothing_passes_from_borrower_to_borrower() {
    let h = office();
    let (item, copies) = h.item(2, 2);
    let mine = h.lend(&h.staff, &h.strategy_head, &item, &copies[0], 5);
    let theirs = h.apply(&h.colleague, &item, 5, "take_out");
    h.did(&h.by(&h.strategy_head), "loan.approve", json!({"loan": theirs}));
    // The borrower is no registrar; and the registrar can't hand over what isn't in the registry.
    let hand_over = json!({"loan": theirs, "copy": copies[0]});
    assert_eq!(
        h.refused(&h.by(&h.staff), "loan.hand_over", hand_over.clone()).status,
        jingui_office::Status::Access
    );
    assert_eq!(
        h.refused(&h.by(&h.registrar), "loan.hand_over", hand_over).status,
        jingui_office::Status::Access
    );
    // Nor can a borrower bring it "back" to a colleague.
    let refusal = h.refused(&h.by(&h.staff), "loan.bring_back", json!({"loan": mine, "to": h.colleague}));
    assert_eq!((refusal.code, refusal.clauses.as_slice()), ("copy.no_sideways", &["3.1.3.5".to_owned()][..]));
    h.did(&h.by(&h.registrar), "loan.hand_over", json!({"loan": theirs, "copy": copies[1]}));
    let refusal =
        h.refused(&h.by(&h.colleague), "loan.acknowledge", json!({"loan": theirs, "duties": false}));
    assert_eq!(refusal.clauses, ["3.1.3.5"]);
    h.did(&h.by(&h.colleague), "loan.acknowledge", json!({"loan": theirs, "duties": true}));
    assert_eq!(h.record("copy", &copies[1])["custody"]["holder"], h.colleague.as_str());
}

/// Clause 3.1.3.6: reminders the working day before, on the day and every day after; an incident after three.
#[test]
fn clause_3_1_3_6_reminders_and_the_incident() {
    let h = office();
    let (item, copies) = h.item(2, 1);
    // Tuesday 1 September plus three working days: Friday the 4th.
    let loan = h.lend(&h.staff, &h.strategy_head, &item, &copies[0], 3);
    let clock = jingui_office::Caller::Clock;
    let remind = || json!({"loan": loan});
    assert_eq!(h.refused(&clock, "loan.remind", remind()).code, "loan.state");
    for date in ["2026-09-03", "2026-09-04", "2026-09-05", "2026-09-07"] {
        h.go_to(date);
        h.did(&clock, "loan.remind", remind());
        assert_eq!(h.refused(&clock, "loan.remind", remind()).code, "loan.state", "once a day");
    }
    h.go_to("2026-09-08");
    assert_eq!(h.refused(&clock, "loan.escalate", remind()).code, "loan.state");
    h.go_to("2026-09-09");
    h.did(&clock, "loan.escalate", remind());
    assert_eq!(h.count("SELECT count(*) FROM incident WHERE kind = 'overdue'"), 1);
    assert_eq!(h.refused(&clock, "loan.escalate", remind()).code, "loan.state", "one incident");
    // No renewal of what is overdue.
    let renew = json!({"loan": loan, "days": 1, "reason": "忘了"});
    assert_eq!(h.refused(&h.by(&h.staff), "loan.renew", renew).code, "loan.overdue_no_renewal");
    // It comes back all the same, and is noted as late.
    h.did(&h.by(&h.staff), "loan.bring_back", json!({"loan": loan, "to": h.registrar}));
    h.did(&h.by(&h.registrar), "loan.take_back", json!({"loan": loan, "check": {"condition": "sound"}}));
    assert_eq!(h.record("loan", &loan)["state"]["late"], true);
    // People can't do the clock's work.
    assert_eq!(h.refused(&h.by(&h.registrar), "loan.remind", remind()).status, jingui_office::Status::Access);
}

/// Clause 3.1.3.6: the return is checked; damage opens an incident; loss ends the loan.
#[test]
fn clause_3_1_3_6_return_is_checked_and_loss_is_told() {
    let h = office();
    let (item, copies) = h.item(2, 2);
    let loan = h.lend(&h.staff, &h.strategy_head, &item, &copies[0], 3);
    let registrar = h.by(&h.registrar);
    assert_eq!(
        h.refused(&registrar, "loan.take_back", json!({"loan": loan, "check": {"condition": "sound"}}))
            .status,
        jingui_office::Status::Access
    );
    // Another copy of the same item isn't what was lent.
    let other = json!({"loan": loan, "to": h.registrar, "copy": copies[1]});
    let refusal = h.refused(&h.by(&h.staff), "loan.bring_back", other);
    assert_eq!(
        (refusal.code, &refusal.facts["label"]),
        ("loan.other_copy", &json!(h.record("copy", &copies[0])["label"]))
    );
    h.did(&h.by(&h.staff), "loan.bring_back", json!({"loan": loan, "to": h.registrar, "copy": copies[0]}));
    assert_eq!(
        h.record("copy", &copies[0])["custody"]["holder"],
        h.staff.as_str(),
        "still the borrower's until checked"
    );
    let check = json!({"loan": loan, "check": {"condition": "damaged", "finding": "缺第3页"}});
    h.did(&registrar, "loan.take_back", check);
    assert_eq!(h.record("copy", &copies[0])["damage"], "缺第3页");
    assert_eq!(h.count("SELECT count(*) FROM incident WHERE kind = 'damaged'"), 1);
    // Back on the desk: it goes into its cabinet again.
    h.did(&registrar, "copy.place", json!({"copy": copies[0], "cabinet": h.cabinet_2, "slot": 2}));
    let lost = h.lend(&h.colleague, &h.strategy_head, &item, &copies[1], 3);
    h.did(
        &h.by(&h.colleague),
        "copy.report_lost",
        json!({"copy": copies[1], "circumstances": "出差途中遗失"}),
    );
    assert_eq!(h.record("loan", &lost)["state"]["name"], "lost");
    let copy = h.record("copy", &copies[1]);
    assert_eq!(
        (copy["custody"]["state"].as_str(), copy["custody"]["holder"].as_str()),
        (Some("missing"), Some(h.colleague.as_str()))
    );
    h.did(&registrar, "copy.found", json!({"copy": copies[1]}));
    assert_eq!(h.record("copy", &copies[1])["custody"]["holder"], h.registrar.as_str());
    h.verify_clean();
}

/// A person whose review has lapsed can't borrow any more, but can always give back.
#[test]
fn clause_3_5_3_who_may_no_longer_know_can_still_return() {
    let h = office();
    let (item, copies) = h.item(2, 1);
    let loan = h.lend(&h.staff, &h.strategy_head, &item, &copies[0], 5);
    let rights = json!({"person": h.staff, "department": h.strategy, "roles": ["staff"], "class": "general", "clearance": 0});
    h.did(&h.by(&h.security), "person.set_rights", rights);
    assert_eq!(h.refused(&h.by(&h.staff), "item.read", json!({"item": item})).code, "absent");
    h.did(&h.by(&h.staff), "loan.bring_back", json!({"loan": loan, "to": h.registrar}));
    h.did(&h.by(&h.registrar), "loan.take_back", json!({"loan": loan, "check": {"condition": "sound"}}));
}

/// Who has left the scope since the application gets no further on the way to the copy, at whichever step.
#[test]
fn clause_3_1_1_3_the_scope_counts_until_the_copy_is_received() {
    let h = office();
    let (item, copies) = h.item(3, 1);
    let scope = |people: &[&jingui_store::Id]| {
        let scope = json!({"kind": "named", "people": people, "departments": []});
        h.did(&h.by(&h.registrar), "item.rescope", json!({"item": item, "scope": scope}));
    };
    let steps = [
        (&h.office_head, "loan.approve", json!({})),
        (&h.registrar, "loan.hand_over", json!({"copy": copies[0]})),
        (&h.staff, "loan.acknowledge", json!({"duties": true})),
        (&h.staff, "loan.renew", json!({"days": 1, "reason": "尚未办结"})),
        (&h.office_head, "loan.approve_renewal", json!({})),
    ];
    let loan = h.apply(&h.staff, &item, 2, "take_out");
    for (person, action, mut input) in steps {
        input["loan"] = json!(loan);
        if action != "loan.renew" {
            scope(&[&h.colleague]);
            let refusal = h.refused(&h.by(person), action, input.clone());
            assert_eq!(
                (refusal.code, refusal.clauses),
                ("loan.outside_scope", vec!["3.1.1.3".to_owned()]),
                "{action}"
            );
            scope(&[&h.staff]);
        }
        h.did(&h.by(person), action, input);
    }
    // What one has, one can always give back.
    scope(&[&h.colleague]);
    h.did(&h.by(&h.staff), "loan.bring_back", json!({"loan": loan, "to": h.registrar}));
    let on_site = h.apply(&h.colleague, &item, 1, "on_site");
    h.did(&h.by(&h.office_head), "loan.approve", json!({"loan": on_site}));
    h.did(&h.by(&h.registrar), "loan.take_back", json!({"loan": loan, "check": {"condition": "sound"}}));
    scope(&[&h.staff]);
    let open = json!({"loan": on_site, "copy": copies[0], "room": h.reading_room, "second": h.office_head, "phones_deposited": true, "pages": 3});
    assert_eq!(h.refused(&h.by(&h.registrar), "reading.open", open).code, "loan.outside_scope");
}

/// Giver and receiver can call a hand-over off; the loan and the copy are as before.
#[test]
fn clause_3_1_1_2_a_hand_over_can_be_called_off() {
    let h = office();
    let (item, copies) = h.item(2, 1);
    let loan = h.apply(&h.staff, &item, 5, "take_out");
    h.did(&h.by(&h.strategy_head), "loan.approve", json!({"loan": loan}));
    h.did(&h.by(&h.registrar), "loan.hand_over", json!({"loan": loan, "copy": copies[0]}));
    h.did(&h.by(&h.staff), "copy.recall", json!({"copy": copies[0]}));
    assert_eq!(h.record("copy", &copies[0])["custody"]["state"], "kept");
    assert_eq!(h.record("loan", &loan)["state"]["name"], "approved");
    h.did(&h.by(&h.registrar), "loan.hand_over", json!({"loan": loan, "copy": copies[0]}));
    h.did(&h.by(&h.staff), "loan.acknowledge", json!({"loan": loan, "duties": true}));
}

/// A new calendar moves due days only in the borrower's favour.
#[test]
fn clause_3_1_3_3_a_published_calendar_is_reckoned_in() {
    let h = Harness::on("2026-12-28");
    let (item, copies) = h.item(2, 1);
    let loan = h.lend(&h.staff, &h.strategy_head, &item, &copies[0], 5);
    let before = h.record("loan", &loan);
    assert_eq!(
        (before["state"]["due"].as_str(), before["state"]["out"]["provisional"].as_bool()),
        (Some("2027-01-05"), Some(true))
    );
    let off = [
        "2027-01-01",
        "2027-01-04",
        "2027-01-05",
        "2027-02-05",
        "2027-02-08",
        "2027-04-05",
        "2027-06-09",
        "2027-10-01",
    ];
    let calendar =
        json!({"calendar": {"year": 2027, "off": off, "worked": ["2027-01-09"], "source": "测试"}});
    let imported = h.did(&h.by(&h.security), "calendar.import", calendar);
    assert_eq!(imported["loans"].as_array().unwrap().len(), 1);
    let after = h.record("loan", &loan);
    assert_eq!(
        (after["state"]["due"].as_str(), after["state"]["out"]["provisional"].as_bool()),
        (Some("2027-01-07"), Some(false))
    );
    assert_eq!(h.record("copy", &copies[0])["custody"]["due"], "2027-01-07");
    // The next loan is reckoned by the new calendar at once.
    let refusal = h.refused(
        &h.by(&h.security),
        "calendar.import",
        json!({"calendar": {"year": 2027, "off": ["2027-01-02"], "worked": [], "source": "x"}}),
    );
    assert_eq!(refusal.code, "calendar.unsound");
}

/// Clause 3.1.3.4: the period begins when the borrower confirms, not while the copy waits at the desk.
#[test]
fn clause_3_1_3_4_the_period_begins_when_the_borrower_confirms() {
    let h = office();
    let (item, copies) = h.item(2, 1);
    let loan = h.apply(&h.staff, &item, 3, "take_out");
    h.did(&h.by(&h.strategy_head), "loan.approve", json!({"loan": loan}));
    h.did(&h.by(&h.registrar), "loan.hand_over", json!({"loan": loan, "copy": copies[0]}));
    assert_eq!(h.record("loan", &loan)["state"]["due"], "2026-09-04");
    h.go_to("2026-09-03");
    h.did(&h.by(&h.staff), "loan.acknowledge", json!({"loan": loan, "duties": true}));
    let out = h.record("loan", &loan)["state"].clone();
    assert_eq!((&out["due"], &out["out"]["since"]), (&json!("2026-09-08"), &json!("2026-09-03")));
    assert_eq!(h.record("copy", &copies[0])["custody"]["due"], "2026-09-08");
}

/// Clause 3.1.1.2: two people make a hand-over; nobody lends to, or takes a return from, oneself.
#[test]
fn clause_3_1_1_2_nobody_hands_over_to_oneself() {
    let h = office();
    let (item, copies) = h.item(2, 1);
    let registrar = h.by(&h.registrar);
    let scope = json!({"item": item, "scope": {"kind": "named", "people": [h.registrar], "departments": []}});
    h.did(&registrar, "item.rescope", scope);
    let loan = h.apply(&h.registrar, &item, 3, "take_out");
    h.did(&h.by(&h.office_head), "loan.approve", json!({"loan": loan}));
    let own = h.refused(&registrar, "loan.hand_over", json!({"loan": loan, "copy": copies[0]}));
    assert_eq!(own.code, "copy.to_oneself");
    // Another keeper takes the copy over and hands it out; the return goes to that one too.
    h.did(&registrar, "copy.place", json!({"copy": copies[0], "cabinet": h.cabinet_4, "slot": 1}));
    h.did(&h.by(&h.custodian), "copy.accept", json!({"copy": copies[0]}));
    h.did(&h.by(&h.custodian), "loan.hand_over", json!({"loan": loan, "copy": copies[0]}));
    h.did(&registrar, "loan.acknowledge", json!({"loan": loan, "duties": true}));
    let own = h.refused(&registrar, "loan.bring_back", json!({"loan": loan, "to": h.registrar}));
    assert_eq!(own.code, "copy.to_oneself");
    h.did(&registrar, "loan.bring_back", json!({"loan": loan, "to": h.custodian}));
}

/// Clause 1.3.3: a keeper who loses post or clearance can still hand on what is in keeping, and to nobody unfit.
#[test]
fn clause_1_3_3_a_keeper_who_lost_the_post_hands_on() {
    let h = office();
    let (_, copies) = h.item(4, 1);
    let rights = json!({"person": h.custodian, "department": h.party, "roles": ["staff"], "class": "general", "clearance": 1});
    h.did(&h.by(&h.security), "person.set_rights", rights);
    let custodian = h.by(&h.custodian);
    let own = json!({"copy": copies[0], "cabinet": h.cabinet_4, "slot": 2});
    assert_eq!(h.refused(&custodian, "copy.place", own).code, "person.clearance_too_low");
    let cabinet =
        json!({"name": "保密柜5", "room": h.reading_room, "level": 4, "custodian": h.registrar, "slots": 9});
    let cabinet = h.did(&h.by(&h.registrar), "cabinet.add", cabinet)["id"].clone();
    h.did(&custodian, "copy.place", json!({"copy": copies[0], "cabinet": cabinet, "slot": 1}));
    h.did(&h.by(&h.registrar), "copy.accept", json!({"copy": copies[0]}));
    assert_eq!(h.record("copy", &copies[0])["custody"]["holder"], json!(h.registrar));
}
