//! The stage: departments, people of every role, a room, cabinets of every level.
//!
//! Owns who and what there is at the start. Must never act other than through the office.

use anyhow::Context as _;
use jingui_office::Caller;
use serde_json::{Value, json};

use crate::play::{Play, by};

/// Staff number, name, department (0 none, 1 office, 2 and 3 others), roles, clearance.
const PEOPLE: [(&str, &str, usize, &[&str], u8); 13] = [
    ("0001", "周敏", 1, &["registrar", "staff"], 4),
    ("0002", "林悦", 1, &["registrar", "staff"], 3),
    ("0003", "郑建国", 1, &["custodian", "staff"], 4),
    ("0004", "孙立", 1, &["office_head"], 4),
    ("0005", "吴芳", 2, &["department_head", "staff"], 3),
    ("0006", "何强", 3, &["department_head", "staff"], 4),
    ("1001", "李雷", 2, &["staff"], 4),
    ("1002", "韩梅", 2, &["staff"], 3),
    ("1003", "江涛", 3, &["staff"], 3),
    ("1004", "许琳", 3, &["staff"], 2),
    ("1005", "邓超", 2, &["staff"], 1),
    ("A001", "系统管理员", 0, &["system_administrator"], 0),
    ("A003", "安全审计员", 0, &["security_auditor"], 0),
];

/// Furnishes the office.
pub(crate) fn furnish(play: &mut Play) -> anyhow::Result<()> {
    let add = json!({"staff_number": "A002", "name": "安全保密管理员"});
    play.security = id(&play.must(Caller::Founder, "person.add", add)?)?;
    let rights =
        json!({"person": play.security, "roles": ["security_administrator"], "class": null, "clearance": 0});
    play.must(Caller::Founder, "person.set_rights", rights)?;
    let security = by(&play.security)?;
    for name in ["党委办公室", "战略部", "科技部"] {
        let department = play.must(security.clone(), "department.add", json!({"name": name}))?;
        play.departments.push(id(&department)?);
    }
    for (number, name, department, roles, clearance) in PEOPLE {
        let department = department.checked_sub(1).and_then(|place| play.departments.get(place)).cloned();
        let person = json!({"staff_number": number, "name": name, "department": department});
        let person = id(&play.must(security.clone(), "person.add", person)?)?;
        if clearance > 0 {
            let review =
                json!({"person": person, "class": "general", "on": play.day(), "supports": clearance});
            play.must(security.clone(), "person.record_review", review)?;
        }
        let rights = json!({"person": person, "department": department, "roles": roles, "class": "general", "clearance": clearance});
        play.must(Caller::Founder, "person.set_rights", rights)?;
        if clearance > 0 {
            play.must(by(&person)?, "person.sign_commitment", json!({"version": 1}))?;
        }
        play.people.push(person);
    }
    for (department, head) in [(1, 4), (2, 5)] {
        let (department, head) = (play.departments.get(department).cloned(), play.people.get(head).cloned());
        play.must(security.clone(), "department.name_head", json!({"department": department, "head": head}))?;
    }
    let keeper = |play: &Play, place: usize| play.people.get(place).cloned().context("nobody there");
    let registrar = keeper(play, 0)?;
    let room = json!({"name": "阅文室", "reading": true, "level": 4, "responsible": registrar});
    let room = id(&play.must(by(&registrar)?, "room.add", room)?)?;
    for (name, level, custodian) in
        [("柜一", 1, 1), ("柜二", 2, 0), ("柜三", 3, 1), ("柜四", 4, 2), ("柜五", 4, 0)]
    {
        let custodian = keeper(play, custodian)?;
        let cabinet =
            json!({"name": name, "room": room, "level": level, "custodian": custodian, "slots": 30});
        play.must(by(&registrar)?, "cabinet.add", cabinet)?;
    }
    Ok(())
}

/// The id of what an action made.
pub(crate) fn id(made: &Value) -> anyhow::Result<String> {
    Ok(made.get("id").and_then(Value::as_str).with_context(|| format!("no id in {made}"))?.to_owned())
}
