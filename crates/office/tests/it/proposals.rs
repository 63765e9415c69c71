//! What one person proposes and another confirms: rights and parameters.

use jingui_office::Status;
use serde_json::{Value, json};

use crate::harness::{Harness, day};

fn rights(h: &Harness, roles: &[&str], clearance: u8) -> Value {
    json!({"department": h.strategy, "roles": roles, "class": "general", "clearance": clearance})
}

fn propose(h: &Harness, rights: &Value) -> Value {
    let input = json!({"person": h.colleague, "rights": rights, "reason": "工作需要"});
    h.did(&h.by(&h.security), "rights.propose", input)["id"].clone()
}

/// Clause 3.3.2.1: what gives somebody a role or a clearance takes two persons, what takes away one.
#[test]
fn clause_3_3_2_1_a_grant_takes_two_persons() {
    let h = Harness::on("2026-11-23");
    let security = h.by(&h.security);
    // The colleague is staff with clearance 3.
    let alone = |roles: &[&str], clearance: u8, department: &jingui_store::Id| {
        let input = json!({"person": h.colleague, "department": department, "roles": roles, "class": "general", "clearance": clearance});
        h.ask(&security, "person.set_rights", input, None).unwrap()
    };
    let refused = |roles: &[&str], clearance: u8, department| {
        alone(roles, clearance, department).result.unwrap_err().code
    };
    assert_eq!(refused(&["staff", "registrar"], 3, &h.strategy), "rights.needs_second");
    // Another department shows what that department may know.
    assert_eq!(refused(&["staff"], 3, &h.party), "rights.needs_second");
    assert!(alone(&["staff"], 2, &h.strategy).result.is_ok(), "less clearance holds at once");
    assert_eq!(refused(&["staff"], 3, &h.strategy), "rights.needs_second", "and doesn't come back alone");
    assert!(alone(&["staff"], 0, &h.strategy).result.is_ok());
    assert!(alone(&["staff"], 1, &h.strategy).result.is_ok(), "level 1 is no state secret");

    let proposal = propose(&h, &rights(&h, &["staff", "custodian"], 3));
    let decide = json!({"proposal": proposal});
    assert_eq!(h.record("person", &h.colleague)["clearance"], 1, "a proposal gives nothing");
    for other in [&h.security, &h.registrar, &h.strategy_head, &h.colleague] {
        assert_eq!(h.refused(&h.by(other), "rights.confirm", decide.clone()).status, Status::Access);
    }
    // The auditor stands in only where the office has no head.
    assert_eq!(h.refused(&h.by(&h.auditor), "rights.confirm", decide.clone()).code, "rights.head_confirms");
    // A second proposal on the same person waits.
    let again = json!({"person": h.colleague, "rights": rights(&h, &["staff"], 2), "reason": "再议"});
    assert_eq!(h.refused(&security, "rights.propose", again).code, "proposal.another");
    h.did(&h.by(&h.office_head), "rights.confirm", decide.clone());
    let person = h.record("person", &h.colleague);
    assert_eq!((&person["clearance"], &person["roles"]), (&json!(3), &json!(["custodian", "staff"])));
    for action in ["rights.confirm", "proposal.withdraw"] {
        let who = if action == "rights.confirm" { &h.office_head } else { &h.security };
        assert_eq!(h.refused(&h.by(who), action, decide.clone()).code, "proposal.decided");
    }
}

/// Clause 3.3.2.1: nobody decides on own rights; the auditor confirms the first head's.
#[test]
fn clause_3_3_2_1_nobody_confirms_own_rights() {
    let h = Harness::on("2026-11-23");
    let security = h.by(&h.security);
    let more =
        json!({"department": h.party, "roles": ["office_head", "staff"], "class": "general", "clearance": 4});
    let input = json!({"person": h.office_head, "rights": more, "reason": "兼任"});
    let proposal = h.did(&security, "rights.propose", input)["id"].clone();
    let decide = json!({"proposal": proposal});
    assert_eq!(h.refused(&h.by(&h.office_head), "rights.confirm", decide.clone()).status, Status::Access);
    h.did(&h.by(&h.auditor), "rights.confirm", decide);
    let own =
        json!({"department": null, "roles": ["security_administrator"], "class": "general", "clearance": 0});
    let own = json!({"person": h.security, "rights": own, "reason": "本人"});
    assert_eq!(h.refused(&security, "rights.propose", own).status, Status::Access);
}

/// What was read is what is confirmed: a change in between makes the proposal void.
#[test]
fn clause_1_3_3_a_proposal_that_was_overtaken_is_void() {
    let h = Harness::on("2026-11-23");
    let security = h.by(&h.security);
    let proposal = propose(&h, &rights(&h, &["staff", "custodian"], 3));
    let lower = json!({"person": h.colleague, "department": h.strategy, "roles": ["staff"], "class": "general", "clearance": 2});
    h.did(&security, "person.set_rights", lower);
    let decide = json!({"proposal": proposal});
    assert_eq!(h.refused(&h.by(&h.office_head), "rights.confirm", decide.clone()).code, "proposal.overtaken");
    h.did(&security, "proposal.withdraw", decide.clone());
    let reject = json!({"proposal": proposal, "reason": "已撤回"});
    assert_eq!(h.refused(&h.by(&h.office_head), "rights.reject", reject).code, "proposal.decided");
    // The review is asked again on the day of the decision.
    let proposal = propose(&h, &rights(&h, &["staff"], 3));
    h.go_to("2029-11-23");
    let refusal = h.refused(&h.by(&h.office_head), "rights.confirm", json!({"proposal": proposal}));
    assert_eq!(refusal.code, "person.clearance_unsupported");
    let reject = json!({"proposal": proposal, "reason": "审查已过期"});
    let rejected = h.did(&h.by(&h.office_head), "rights.reject", reject);
    assert_eq!(
        (&rejected["state"]["state"], &rejected["state"]["reason"]),
        (&json!("rejected"), &json!("审查已过期"))
    );
    // An action for the one kind of proposal doesn't reach the other.
    assert_eq!(
        h.refused(&h.by(&h.office_head), "parameter.confirm", json!({"proposal": proposal})).code,
        "absent"
    );
}

/// Clause 1.3.3: a parameter stays inside its hard bounds, takes two persons, and holds from its day on.
#[test]
fn clause_1_3_3_a_parameter_takes_two_persons_and_its_day() {
    let h = Harness::on("2026-11-23");
    let (security, head) = (h.by(&h.security), h.by(&h.office_head));
    let value = |value: i64, on: Option<&str>| json!({"parameter": "loan_days_secret", "value": value, "effective_on": on, "reason": "收紧"});
    let (item, copies) = h.item(3, 1);
    h.lend(&h.staff, &h.office_head, &item, &copies[0], 4);
    let limit = || {
        let (item, _) = h.item(3, 1);
        let apply = json!({"item": item, "reason": "汇报", "days": 5, "mode": "take_out"});
        match h.ask(&h.by(&h.staff), "loan.apply", apply, None).unwrap().result {
            Ok(_) => 5,
            Err(refusal) => refusal.facts["limit"].as_u64().unwrap(),
        }
    };
    assert_eq!(h.refused(&security, "parameter.propose", value(6, None)).code, "parameter.out_of_bounds");
    assert_eq!(h.refused(&security, "parameter.propose", value(5, None)).code, "proposal.nothing");
    let past = value(3, Some("2026-11-22"));
    assert_eq!(h.refused(&security, "parameter.propose", past).code, "field.not_in_the_past");
    let unknown = json!({"parameter": "no_such", "value": 1, "reason": "试"});
    assert_eq!(h.refused(&security, "parameter.propose", unknown).code, "parameter.out_of_bounds");
    assert_eq!(h.refused(&h.by(&h.registrar), "parameter.propose", value(3, None)).status, Status::Access);

    let today = h.did(&security, "parameter.propose", value(4, None))["id"].clone();
    assert_eq!(limit(), 5, "a proposal changes nothing");
    assert_eq!(h.refused(&security, "parameter.confirm", json!({"proposal": today})).status, Status::Access);
    h.did(&head, "parameter.confirm", json!({"proposal": today}));
    // Whoever looks now sees it, without another action in between.
    assert_eq!(h.office.rules().count(jingui_regulation::Param::LoanDaysSecret), 4);
    assert_eq!(limit(), 4);

    let later = h.did(&security, "parameter.propose", value(3, Some("2026-12-01")))["id"].clone();
    let confirmed = h.did(&head, "parameter.confirm", json!({"proposal": later}));
    assert_eq!(confirmed["state"]["state"], "confirmed");
    assert_eq!(limit(), 4);
    let clock = jingui_office::Caller::Clock;
    let due = |today: &str| {
        h.office.store().read(|conn| jingui_office::rules::parameter::due(conn, day(today))).unwrap().len()
    };
    assert_eq!((due("2026-11-30"), due("2026-12-01")), (0, 1));
    assert_eq!(
        h.refused(&clock, "parameter.take_effect", json!({"proposal": later})).code,
        "proposal.not_yet"
    );
    h.go_to("2026-12-01");
    h.did(&clock, "parameter.take_effect", json!({"proposal": later}));
    assert_eq!((limit(), due("2026-12-01")), (3, 0));
}

/// What another value would touch is counted.
#[test]
fn clause_1_3_3_the_effect_of_a_value_is_shown_first() {
    use jingui_regulation::Param;
    let h = Harness::on("2026-11-23");
    let (item, copies) = h.item(3, 2);
    h.lend(&h.staff, &h.office_head, &item, &copies[0], 5);
    let (item, copies) = h.item(3, 2);
    h.lend(&h.staff, &h.office_head, &item, &copies[0], 2);
    let effect = |parameter: Param, value: i64| -> Vec<(&'static str, u64)> {
        let rules = h.office.rules();
        let look = |conn: &jingui_office::Connection| {
            jingui_office::rules::effect::of(conn, &rules, day("2026-11-23"), parameter, value)
        };
        h.office.store().read(look).unwrap().into_iter().map(|one| (one.kind, one.count)).collect()
    };
    assert_eq!(effect(Param::LoanDaysSecret, 3), [("loans_keep_longer_term", 1)]);
    assert_eq!(effect(Param::LoanDaysSecret, 1), [("loans_keep_longer_term", 2)]);
    assert_eq!(effect(Param::LoanDaysConfidential, 1), [("loans_keep_longer_term", 0)]);
    assert_eq!(effect(Param::ReminderDays, 3), [("loans_reminded_now", 1)]);
    assert_eq!(effect(Param::PeriodYearsSecret, 5), [("items_keep_longer_period", 2)]);
    assert_eq!(effect(Param::ReviewYearsGeneral, 2)[0].0, "people_keep_review_day");
    assert_eq!(effect(Param::IdleLockMinutes, 5), []);
    // Every parameter can be asked for.
    for parameter in Param::ALL {
        effect(*parameter, 1);
    }
}
