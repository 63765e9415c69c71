//! Clauses 3.5.1 and 3.5.3 over time: posts, reviews, periodic checks, and commitment texts that follow each other.

use jingui_office::personnel::due::{DueFilter, Matter, due};
use jingui_office::personnel::{check, commitment, post, views};
use jingui_office::{Connection, Status};
use jingui_store::{Id, StoreError};
use serde_json::{Value, json};

use crate::harness::{Harness, day};

/// What is due about whom, as that person is told on that day: person, matter, day, whether late.
fn told(h: &Harness, asker: &Id, today: &str) -> Vec<(Id, Matter, String, bool)> {
    let look = |conn: &Connection| -> Result<_, StoreError> {
        let asker = h.office.person(conn, asker)?.unwrap().asker(day(today));
        due(conn, &asker, &h.office.rules(), day(today), &DueFilter::default())
    };
    let rows = h.office.store().read(look).unwrap();
    rows.into_iter()
        .map(|one| (one.person, one.matter, one.due.map(|due| due.to_string()).unwrap_or_default(), one.late))
        .collect()
}

/// A post that handles secrets is taken after a review for its class, or a narrower one, and never by one's own hand.
#[test]
fn clause_3_5_3_a_post_that_handles_secrets_is_taken_after_the_review() {
    let h = Harness::on("2026-11-23");
    let security = h.by(&h.security);
    let core = h.did(
        &security,
        "post.add",
        json!({"name": "机要岗", "department": h.strategy, "class": "core", "duties": "管理机要文件"}),
    )["id"]
        .clone();
    let assign = |person: &Id, post: &Value| json!({"person": person, "post": post});
    // Reviewed as general, which isn't enough for a core post.
    let refusal = h.refused(&security, "person.assign", assign(&h.staff, &core));
    assert_eq!((refusal.code, refusal.clauses[0].as_str()), ("post.unreviewed", "3.5.3"));
    let review = |class: &str, on: &str| json!({"person": h.staff, "class": class, "on": on, "supports": 4});
    h.did(&security, "person.record_review", review("core", "2026-11-20"));
    h.did(&security, "person.assign", assign(&h.staff, &core));
    assert_eq!(h.record("person", &h.staff)["post"], core);
    // A narrower review does for a wider post; a post of another department doesn't fit at all.
    let wide = json!({"name": "文秘岗", "class": "general", "department": h.party});
    let wide = h.did(&security, "post.add", wide)["id"].clone();
    assert_eq!(h.refused(&security, "person.assign", assign(&h.staff, &wide)).code, "post.other_department");
    // The same name once in a department; a class can't be narrowed over the heads of those who hold the post.
    let again = json!({"name": "机要岗", "department": h.strategy});
    assert_eq!(h.refused(&security, "post.add", again).code, "name_taken");
    h.did(&security, "person.assign", assign(&h.registrar, &wide));
    let post: Id = wide.as_str().unwrap().parse().unwrap();
    let narrowed = json!({"post": post, "name": "文秘岗", "class": "core"});
    assert_eq!(h.refused(&security, "post.revise", narrowed).code, "post.unreviewed");
    h.did(&security, "post.revise", json!({"post": post, "name": "综合岗", "class": "general"}));
    // Nobody else puts people into posts.
    for person in [&h.office_head, &h.strategy_head] {
        assert_eq!(
            h.refused(&h.by(person), "person.assign", assign(&h.colleague, &core)).status,
            Status::Access
        );
    }
    let look = |conn: &Connection| {
        let asker = h.office.asker(conn, &h.colleague)?.unwrap();
        post::posts(conn, &asker)
    };
    let rows = h.office.store().read(look).unwrap();
    assert_eq!(rows.iter().map(|row| row.holders).collect::<Vec<_>>(), [1, 1]);
}

/// A review that finds somebody unfit supports nothing above level 1: what was granted is suspended at once.
#[test]
fn clause_3_5_3_an_unfit_review_suspends_the_clearance_at_once() {
    let h = Harness::on("2026-11-23");
    let security = h.by(&h.security);
    let (item, _) = h.item(2, 1);
    h.did(&h.by(&h.colleague), "item.read", json!({"item": item}));
    let unfit = |supports: u8, remark: Option<&str>| json!({"person": h.colleague, "class": "general", "on": "2026-11-23", "result": "unfit", "supports": supports, "remark": remark});
    let refused = |input| h.refused(&security, "person.record_review", input).code;
    assert_eq!(refused(unfit(2, Some("长期居住境外"))), "review.unfit_supports_nothing");
    assert_eq!(refused(unfit(1, None)), "review.remark_needed");
    h.did(&security, "person.record_review", unfit(1, Some("长期居住境外")));
    assert_eq!(h.refused(&h.by(&h.colleague), "item.read", json!({"item": item})).code, "absent");
    // The review before stands in the history, each with its entry.
    let history = |asker: &Id| {
        let look = |conn: &Connection| {
            let asker = h.office.asker(conn, asker)?.unwrap();
            views::history(&h.office, conn, &asker, &h.colleague)
        };
        h.office.store().read(look).unwrap()
    };
    let versions = history(&h.strategy_head).unwrap();
    let last = versions.last().unwrap();
    let review = last.changes.iter().find(|change| change.field == "review").unwrap();
    assert_eq!(
        (last.action.as_str(), review.before["result"].as_str(), review.after["result"].as_str()),
        ("person.record_review", Some("fit"), Some("unfit"))
    );
    assert!(history(&h.staff).is_none());
}

/// Periodic checks: due a year after the review, announced to the heads, recorded by them and never about oneself; what
/// was found wanting is looked at again on a named day.
#[test]
fn clause_3_5_3_periodic_checks_fall_due_and_are_followed_up() {
    let h = Harness::on("2025-12-01");
    let checks = |asker: &Id, today: &str| -> Vec<(Id, String, bool)> {
        let all = told(&h, asker, today).into_iter().filter(|one| one.1 == Matter::CheckPerson);
        all.map(|(person, _, due, late)| (person, due, late)).collect()
    };
    assert_eq!(checks(&h.strategy_head, "2026-09-01"), []);
    let ahead = checks(&h.strategy_head, "2026-09-02");
    let due = "2026-12-01".to_owned();
    // The own department and oneself, nobody else's people.
    assert_eq!(
        ahead,
        [(&h.strategy_head), (&h.staff), (&h.colleague)].map(|person| (person.clone(), due.clone(), false))
    );
    assert_eq!(checks(&h.staff, "2026-12-01"), [(h.staff.clone(), due, true)]);
    assert_eq!(checks(&h.office_head, "2026-12-01").len(), 6);
    h.go_to("2026-12-01");
    let record = |person: &Id, satisfactory: bool, finding: Option<&str>, again: Option<&str>| json!({"person": person, "on": "2026-12-01", "satisfactory": satisfactory, "finding": finding, "again_on": again});
    let head = h.by(&h.strategy_head);
    let refused = |input| h.refused(&head, "person.record_check", input).code;
    assert_eq!(refused(record(&h.staff, false, None, Some("2026-12-20"))), "check.finding_needed");
    for again in [None, Some("2026-12-01"), Some("2027-12-02")] {
        assert_eq!(refused(record(&h.staff, false, Some("文件未入柜"), again)), "check.again_when");
    }
    for own in [&h.strategy_head, &h.registrar] {
        let refusal = h.refused(&head, "person.record_check", record(own, true, None, None));
        assert_eq!(refusal.status, Status::Access);
    }
    assert_eq!(
        h.refused(&h.by(&h.office_head), "person.record_check", record(&h.office_head, true, None, None))
            .status,
        Status::Access
    );
    h.did(&head, "person.record_check", record(&h.staff, false, Some("文件未入柜"), Some("2026-12-20")));
    h.did(&head, "person.record_check", record(&h.colleague, true, None, None));
    let left = checks(&h.strategy_head, "2026-12-02");
    assert_eq!(
        left,
        [
            (h.strategy_head.clone(), "2026-12-01".to_owned(), true),
            (h.staff.clone(), "2026-12-20".to_owned(), false)
        ]
    );
    let listed = |asker: &Id, filter: &check::CheckFilter| {
        let look = |conn: &Connection| {
            let asker = h.office.asker(conn, asker)?.unwrap();
            let rows = check::list(conn, &asker, filter)?.rows.len();
            let count = check::count(conn, &asker, filter, 100)?.count;
            assert_eq!(u64::try_from(rows).unwrap(), count);
            Ok::<_, StoreError>(rows)
        };
        h.office.store().read(look).unwrap()
    };
    let wanting = check::CheckFilter { satisfactory: Some(false), ..check::CheckFilter::default() };
    let all = check::CheckFilter::default();
    assert_eq!((listed(&h.office_head, &all), listed(&h.office_head, &wanting)), (2, 1));
    assert_eq!((listed(&h.staff, &all), listed(&h.registrar, &all)), (1, 0));
}

/// A new commitment text asks everybody to sign again by a day; what was signed before counts until then and not after.
#[test]
fn clause_3_5_1_a_new_text_asks_everybody_to_sign_again() {
    let h = Harness::on("2026-11-23");
    let head = h.by(&h.office_head);
    let issue = |sign_by: &str| json!({"text": "本人承诺遵守保密管理制度。\n第二条　离岗后继续承担义务。", "sign_by": sign_by});
    for wrong in ["2026-11-22", "2026-12-24"] {
        assert_eq!(h.refused(&head, "commitment.issue", issue(wrong)).code, "commitment.sign_by");
    }
    assert_eq!(h.refused(&h.by(&h.security), "commitment.issue", issue("2026-12-10")).status, Status::Access);
    let issued = h.did(&head, "commitment.issue", issue("2026-12-10"));
    assert_eq!((issued["text"]["version"].as_u64(), issued["asked"].as_u64()), (Some(2), Some(6)));
    let (item, _) = h.item(2, 1);
    let read = json!({"item": item});
    // Asked at once, still good on the last day, gone the day after.
    let mine = |today: &str| {
        let all = told(&h, &h.colleague, today).into_iter();
        all.filter(|one| one.1 == Matter::SignCommitment).map(|one| (one.2, one.3)).collect::<Vec<_>>()
    };
    assert_eq!(mine("2026-11-23"), [("2026-12-10".to_owned(), false)]);
    assert_eq!(mine("2026-12-11"), [("2026-12-10".to_owned(), true)]);
    h.go_to("2026-12-10");
    h.did(&h.by(&h.colleague), "item.read", read.clone());
    h.go_to("2026-12-11");
    assert_eq!(h.refused(&h.by(&h.colleague), "item.read", read.clone()).code, "absent");
    let fit = json!({"item": item, "reason": "编制方案", "days": 2, "mode": "take_out"});
    assert_eq!(h.refused(&h.by(&h.colleague), "loan.apply", fit).code, "absent");
    // The old text can't be signed any more, the new one restores.
    let sign = |version: u32| json!({"version": version});
    let refusal = h.refused(&h.by(&h.colleague), "person.sign_commitment", sign(1));
    assert_eq!((refusal.code, refusal.facts["version"].as_u64()), ("commitment.not_in_force", Some(2)));
    h.did(&h.by(&h.colleague), "person.sign_commitment", sign(2));
    h.did(&h.by(&h.colleague), "item.read", read);
    assert_eq!(mine("2026-12-11"), []);
    // Both signatures are told with their entries, the texts with how many have signed them.
    let (signatures, texts) = h
        .office
        .store()
        .read(|conn| {
            let asker = h.office.asker(conn, &h.office_head)?.unwrap();
            Ok::<_, StoreError>((
                commitment::signed(&h.office, conn, &h.colleague)?,
                commitment::texts(conn, &asker)?,
            ))
        })
        .unwrap();
    let told: Vec<(u32, bool)> = signatures.iter().map(|one| (one.version, one.standing.is_some())).collect();
    assert_eq!(told, [(2, true), (1, false)]);
    let entry =
        h.office.store().read(|conn| h.office.store().entry(conn, signatures[0].entry)).unwrap().unwrap();
    assert_eq!(
        (entry.action.as_str(), entry.actor.as_str()),
        ("person.sign_commitment", h.colleague.as_str())
    );
    let texts: Vec<(u32, bool, Option<u64>)> =
        texts.iter().map(|text| (text.version, text.current, text.signed)).collect();
    assert_eq!(texts, [(2, true, Some(1)), (1, false, Some(5))]);
    h.verify_clean();
}
