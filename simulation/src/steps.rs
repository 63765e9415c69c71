//! What somebody does next: mostly what the state of things suggests, sometimes by the wrong person, sometimes nonsense.
//!
//! Owns the choice. Must never keep to what is allowed: refusing is the office's part.

use jingui_office::Caller;
use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};

use crate::play::{Play, by};

type Step = (Caller, String, Value);

/// How often each thing is tried, of the sum of all.
const WEIGHTS: [(&str, u32); 42] = [
    ("receipt.sign", 4),
    ("item.register", 7),
    ("copy.place", 9),
    ("copy.accept", 9),
    ("copy.recall", 2),
    ("loan.apply", 16),
    ("loan.approve", 14),
    ("loan.reject", 2),
    ("loan.withdraw", 2),
    ("loan.hand_over", 14),
    ("loan.acknowledge", 14),
    ("loan.renew", 5),
    ("loan.approve_renewal", 6),
    ("loan.reject_renewal", 1),
    ("loan.bring_back", 12),
    ("loan.take_back", 14),
    ("reading.open", 10),
    ("reading.confirm", 20),
    ("reading.call_off", 1),
    ("reading.report_pages", 2),
    ("reading.close", 9),
    ("copy.report_lost", 1),
    ("copy.found", 3),
    ("item.rescope", 3),
    ("item.revise", 2),
    ("item.add_copies", 1),
    ("item.mark", 2),
    ("item.strike", 1),
    ("item.read", 3),
    ("person.set_rights", 2),
    ("rights.propose", 3),
    ("rights.confirm", 3),
    ("person.record_review", 2),
    ("person.sign_commitment", 2),
    ("cabinet.add", 1),
    ("cabinet.name_custodian", 3),
    ("parameter.propose", 2),
    ("parameter.confirm", 2),
    ("proposal.withdraw", 1),
    ("incident.close", 3),
    ("sideways", 3),
    ("nonsense", 6),
];

/// The next thing somebody tries.
pub(crate) fn next(play: &mut Play) -> anyhow::Result<Step> {
    // What can't be thought of just now (nothing to return, nothing to accept) gives way to something else.
    let mut step = None;
    for _ in 0..8 {
        let chosen = choose(play);
        step = if chosen == "nonsense" { Some(nonsense(play)?) } else { plausible(play, chosen)? };
        if step.is_some() {
            break;
        }
    }
    let (actor, action, input) = step.map_or_else(|| nonsense(play), Ok)?;
    // Now and then it is somebody else who tries.
    let actor = if play.chance.random_bool(0.12) { anybody(play) } else { actor };
    Ok((by(&actor)?, action, input))
}

fn choose(play: &mut Play) -> &'static str {
    let sum: u32 = WEIGHTS.iter().map(|(_, weight)| weight).sum();
    let mut at = play.chance.random_range(0..sum);
    for (name, weight) in WEIGHTS {
        if at < weight {
            return name;
        }
        at -= weight;
    }
    "nonsense"
}

fn anybody(play: &mut Play) -> String {
    play.people.choose(&mut play.chance).cloned().unwrap_or_default()
}

/// A row of a query, any of them.
fn any<const N: usize>(play: &mut Play, sql: &str) -> anyhow::Result<Option<[String; N]>> {
    let rows = play.rows(sql)?;
    Ok(rows.choose(&mut play.chance).and_then(|row| row.clone().try_into().ok()))
}

fn holder_of_role(play: &mut Play, role: &str) -> anyhow::Result<String> {
    let row = any::<1>(
        play,
        &format!(
            "SELECT key FROM person WHERE EXISTS (SELECT 1 FROM json_each(body, '$.roles') WHERE value = '{role}') ORDER BY key"
        ),
    )?;
    Ok(row.map_or_else(|| anybody(play), |[key]| key))
}

/// Mostly staff without another post, so that the office keeps its heads and keepers.
fn somebody_to_change(play: &mut Play) -> anyhow::Result<String> {
    let staff = "SELECT key FROM person WHERE staff_number >= '1001' AND staff_number < 'A' ORDER BY key";
    let person = any::<1>(play, staff)?.map(|[key]| key);
    Ok(person.filter(|_| play.chance.random_bool(0.9)).unwrap_or_else(|| anybody(play)))
}

#[expect(clippy::unnecessary_wraps, reason = "every caller answers an option")]
fn did(actor: String, action: &str, input: Value) -> Option<(String, String, Value)> {
    Some((actor, action.to_owned(), input))
}

#[expect(clippy::too_many_lines, reason = "one arm for each thing that can be done")]
fn plausible(play: &mut Play, what: &str) -> anyhow::Result<Option<(String, String, Value)>> {
    let loan = |state: &str| {
        format!("SELECT key, item, applicant, level FROM loan WHERE state = '{state}' ORDER BY key")
    };
    Ok(match what {
        "receipt.sign" => {
            let seal = if play.chance.random_bool(0.1) { "broken" } else { "intact" };
            let pieces = play.chance.random_range(0..4);
            let input = json!({"source": "国务院国资委", "channel": "confidential_courier", "seal": seal, "pieces": pieces});
            did(holder_of_role(play, "registrar")?, what, input)
        }
        "item.register" => register(play)?,
        "copy.place" => {
            let Some([copy, holder]) = any(
                play,
                "SELECT key, holder FROM copy WHERE state IN ('desk', 'desk', 'kept') ORDER BY key",
            )?
            else {
                return Ok(None);
            };
            let Some([cabinet]) = any(play, "SELECT key FROM cabinet ORDER BY key")? else { return Ok(None) };
            did(
                holder,
                what,
                json!({"copy": copy, "cabinet": cabinet, "slot": play.chance.random_range(0..34)}),
            )
        }
        "copy.accept" => any(play, "SELECT key, receiver FROM copy WHERE state = 'offered' ORDER BY key")?
            .and_then(|[copy, receiver]| did(receiver, what, json!({"copy": copy}))),
        "copy.recall" => any(play, "SELECT key, holder FROM copy WHERE state = 'offered' ORDER BY key")?
            .and_then(|[copy, holder]| did(holder, what, json!({"copy": copy}))),
        "loan.apply" => {
            let Some([item, level]) = any(
                play,
                "SELECT key, level FROM (SELECT key, CAST(level AS TEXT) AS level FROM item) ORDER BY key",
            )?
            else {
                return Ok(None);
            };
            let mode = if level == "4" || play.chance.random_bool(0.15) { "on_site" } else { "take_out" };
            let most = if level == "4" { 2 } else { 12 };
            let input = json!({"item": item, "reason": "编制方案", "days": play.chance.random_range(0..=most), "mode": mode});
            did(anybody(play), what, input)
        }
        "loan.approve" | "loan.reject" => {
            let applied =
                "SELECT key, department, CAST(level AS TEXT) FROM loan WHERE state = 'applied' ORDER BY key";
            let Some([loan, department, level]) = any(play, applied)? else { return Ok(None) };
            let actor = decider(play, &department, &level)?;
            if what == "loan.reject" {
                return Ok(did(actor, what, json!({"loan": loan, "reason": "暂不需要"})));
            }
            let days = play.chance.random_bool(0.2).then(|| play.chance.random_range(0..8));
            did(actor, what, json!({"loan": loan, "days": days}))
        }
        "loan.withdraw" => {
            any(play, "SELECT key, applicant FROM loan WHERE state IN ('applied', 'approved') ORDER BY key")?
                .and_then(|[loan, applicant]| did(applicant, what, json!({"loan": loan})))
        }
        "loan.hand_over" => {
            let Some([loan, copy, holder]) = any(
                play,
                "SELECT loan.key, copy.key, copy.holder FROM loan JOIN copy ON copy.item = loan.item WHERE loan.state = 'approved' ORDER BY loan.key, copy.key",
            )?
            else {
                return Ok(None);
            };
            did(holder, what, json!({"loan": loan, "copy": copy}))
        }
        "loan.acknowledge" => {
            any(play, "SELECT key, applicant FROM loan WHERE state = 'handing_over' ORDER BY key")?.and_then(
                |[loan, applicant]| {
                    let duties = play.chance.random_bool(0.9);
                    did(applicant, what, json!({"loan": loan, "duties": duties}))
                },
            )
        }
        "loan.renew" => any(play, &loan("out").replace(", level", ""))?.and_then(|[loan, _, applicant]| {
            let days = play.chance.random_range(0..6);
            did(applicant, what, json!({"loan": loan, "days": days, "reason": "未完成"}))
        }),
        "loan.approve_renewal" | "loan.reject_renewal" => {
            let asked = "SELECT key, department, CAST(level AS TEXT) FROM loan WHERE renewal IS NOT NULL ORDER BY key";
            let Some([loan, department, level]) = any(play, asked)? else { return Ok(None) };
            did(decider(play, &department, &level)?, what, json!({"loan": loan}))
        }
        "loan.bring_back" => {
            let Some([loan, applicant]) =
                any(play, "SELECT key, applicant FROM loan WHERE state = 'out' ORDER BY key")?
            else {
                return Ok(None);
            };
            let to = holder_of_role(play, "registrar")?;
            did(applicant, what, json!({"loan": loan, "to": to}))
        }
        "loan.take_back" => {
            let Some([loan, to]) = any(
                play,
                "SELECT loan.key, copy.receiver FROM loan JOIN copy ON copy.key = loan.body ->> '$.state.out.copy' WHERE loan.state = 'returning' ORDER BY loan.key",
            )?
            else {
                return Ok(None);
            };
            let check = if play.chance.random_bool(0.1) {
                json!({"condition": "damaged", "finding": "缺第 3 页"})
            } else {
                json!({"condition": "sound"})
            };
            did(to, what, json!({"loan": loan, "check": check}))
        }
        "reading.open" => {
            let Some([loan, copy, holder]) = any(
                play,
                "SELECT loan.key, copy.key, copy.holder FROM loan JOIN copy ON copy.item = loan.item WHERE loan.state = 'approved' AND loan.body ->> '$.mode' = 'on_site' ORDER BY loan.key, copy.key",
            )?
            else {
                return Ok(None);
            };
            let Some([room]) = any(play, "SELECT key FROM room ORDER BY key")? else { return Ok(None) };
            let second = holder_of_role(play, "registrar")?;
            let phones = play.chance.random_bool(0.9);
            did(
                holder,
                what,
                json!({"loan": loan, "copy": copy, "room": room, "second": second, "phones_deposited": phones, "pages": 12}),
            )
        }
        "reading.report_pages" | "reading.close" => any(
            play,
            "SELECT key, body ->> '$.opened_by' FROM reading_session WHERE state = 'open' ORDER BY key",
        )?
        .and_then(|[session, opener]| {
            let pages = if play.chance.random_bool(0.1) { 11 } else { 12 };
            did(opener, what, json!({"session": session, "pages": pages}))
        }),
        "reading.confirm" => any(
            play,
            "SELECT key, body ->> '$.reader', body ->> '$.second' FROM reading_session WHERE state = 'open' ORDER BY key",
        )?
        .and_then(|[session, reader, second]| {
            let who = if play.chance.random_bool(0.5) { reader } else { second };
            did(who, what, json!({"session": session, "duties": true}))
        }),
        "reading.call_off" => any(
            play,
            "SELECT key, body ->> '$.opened_by' FROM reading_session WHERE state = 'open' ORDER BY key",
        )?
        .and_then(|[session, opener]| did(opener, what, json!({"session": session}))),
        "item.add_copies" | "item.mark" | "item.strike" => {
            let Some([item]) = any(play, "SELECT key FROM item ORDER BY key")? else { return Ok(None) };
            let head = holder_of_role(play, if what == "item.add_copies" { "registrar" } else { "office_head" })?;
            let input = match what {
                "item.add_copies" => json!({"item": item, "copy_numbers": [play.chance.random_range(1..9)]}),
                "item.mark" => {
                    let level = play.chance.random_range(1..=4);
                    json!({"item": item, "level": level, "reason": "登记时看错"})
                }
                _ => {
                    let copies = play.rows(&format!("SELECT key FROM copy WHERE item = '{item}' ORDER BY key LIMIT 1"))?;
                    let first: Vec<String> = copies.into_iter().flatten().collect();
                    json!({"item": item, "copies": first, "reason": "重复登记"})
                }
            };
            did(head, what, input)
        }
        "copy.report_lost" => {
            any(play, "SELECT key, holder FROM copy WHERE state <> 'missing' ORDER BY key")?.and_then(
                |[copy, holder]| did(holder, what, json!({"copy": copy, "circumstances": "清点时不见"})),
            )
        }
        "copy.found" => {
            let Some([copy]) = any(play, "SELECT key FROM copy WHERE state = 'missing' ORDER BY key")? else {
                return Ok(None);
            };
            did(holder_of_role(play, "registrar")?, what, json!({"copy": copy}))
        }
        "item.rescope" => {
            let Some([item]) = any(play, "SELECT key FROM item ORDER BY key")? else { return Ok(None) };
            let scope = scope(play);
            did(holder_of_role(play, "registrar")?, what, json!({"item": item, "scope": scope}))
        }
        "item.revise" => {
            let Some([item]) = any(play, "SELECT key FROM item ORDER BY key")? else { return Ok(None) };
            let responsible = anybody(play);
            let input = json!({"item": item, "title": "更正后的标题", "source": "省委办公厅", "category": "decision", "urgency": "urgent", "responsible": responsible});
            did(holder_of_role(play, "registrar")?, what, input)
        }
        "item.read" => {
            let Some([item]) = any(play, "SELECT key FROM item ORDER BY key")? else { return Ok(None) };
            did(anybody(play), what, json!({"item": item}))
        }
        "person.set_rights" | "rights.propose" => {
            let role = ["registrar", "custodian", "department_head", "office_head", "security_auditor"];
            let mut roles = vec!["staff"];
            if play.chance.random_bool(0.3) {
                roles.extend(role.choose(&mut play.chance).copied());
            }
            let department = play.departments.choose(&mut play.chance).cloned();
            let person = somebody_to_change(play)?;
            let clearance = if play.chance.random_bool(0.5) { 4 } else { play.chance.random_range(0..=4) };
            let rights = if what == "person.set_rights" {
                json!({"person": person, "department": department, "roles": roles, "class": "general", "clearance": clearance})
            } else {
                let rights = json!({"department": department, "roles": roles, "class": "general", "clearance": clearance});
                json!({"person": person, "rights": rights, "reason": "岗位调整"})
            };
            did(play.security.clone(), what, rights)
        }
        "rights.confirm" | "parameter.confirm" | "proposal.withdraw" => {
            let waiting =
                if play.chance.random_bool(0.8) { "SELECT key FROM proposal WHERE state = 'open' ORDER BY key" } else { "SELECT key FROM proposal ORDER BY key" };
            let Some([proposal]) = any(play, waiting)? else { return Ok(None) };
            let who = if what == "proposal.withdraw" {
                play.security.clone()
            } else {
                holder_of_role(play, "office_head")?
            };
            did(who, what, json!({"proposal": proposal}))
        }
        "person.record_review" => {
            let (person, on) =
                (somebody_to_change(play)?, play.day().plus_days(-play.chance.random_range(0..400)));
            let supports = if play.chance.random_bool(0.6) { 4 } else { play.chance.random_range(1..=4) };
            did(
                play.security.clone(),
                what,
                json!({"person": person, "class": "general", "on": on, "supports": supports}),
            )
        }
        "person.sign_commitment" => did(anybody(play), what, json!({"version": 1})),
        "cabinet.add" | "cabinet.name_custodian" => {
            let role =
                ["registrar", "custodian", "staff"].choose(&mut play.chance).copied().unwrap_or_default();
            let custodian = holder_of_role(play, role)?;
            if what == "cabinet.name_custodian" {
                let Some([cabinet]) = any(play, "SELECT key FROM cabinet ORDER BY key")? else {
                    return Ok(None);
                };
                return Ok(did(
                    holder_of_role(play, "office_head")?,
                    what,
                    json!({"cabinet": cabinet, "custodian": custodian}),
                ));
            }
            let Some([room]) = any(play, "SELECT key FROM room ORDER BY key")? else { return Ok(None) };
            let (name, level) = (play.chance.random_range(6..60_000), play.chance.random_range(1..=4));
            let input = json!({"name": format!("柜{name}"), "room": room, "level": level, "custodian": custodian, "slots": 5});
            did(holder_of_role(play, "registrar")?, what, input)
        }
        "parameter.propose" => {
            let parameter = [
                "loan_days_secret",
                "loan_days_confidential",
                "loan_days_internal",
                "loan_overdue_incident_days",
            ];
            let parameter = parameter.choose(&mut play.chance).copied().unwrap_or_default();
            let value = play.chance.random_range(0..14);
            did(
                play.security.clone(),
                what,
                json!({"parameter": parameter, "value": value, "reason": "试行"}),
            )
        }
        "incident.close" => {
            let Some([incident]) = any(play, "SELECT key FROM incident WHERE state = 'open' ORDER BY key")?
            else {
                return Ok(None);
            };
            did(
                holder_of_role(play, "office_head")?,
                what,
                json!({"incident": incident, "conclusion": "已处理"}),
            )
        }
        "sideways" => {
            // A borrower tries to pass on what was lent, by every way there is.
            let Some([copy, holder, loan]) = any(
                play,
                "SELECT key, holder, body ->> '$.custody.loan' FROM copy WHERE state = 'lent' ORDER BY key",
            )?
            else {
                return Ok(None);
            };
            let friend = anybody(play);
            match play.chance.random_range(0..3) {
                0 => did(holder, "loan.bring_back", json!({"loan": loan, "to": friend})),
                1 => {
                    let Some([other]) =
                        any(play, "SELECT key FROM loan WHERE state = 'approved' ORDER BY key")?
                    else {
                        return Ok(None);
                    };
                    did(holder, "loan.hand_over", json!({"loan": other, "copy": copy}))
                }
                _ => {
                    let Some([cabinet]) = any(play, "SELECT key FROM cabinet ORDER BY key")? else {
                        return Ok(None);
                    };
                    did(holder, "copy.place", json!({"copy": copy, "cabinet": cabinet, "slot": 1}))
                }
            }
        }
        _ => None,
    })
}

fn scope(play: &mut Play) -> Value {
    match play.chance.random_range(0..4) {
        0 => json!({"kind": "everyone"}),
        1 => {
            let (person, department) = (anybody(play), play.departments.choose(&mut play.chance).cloned());
            json!({"kind": "named", "people": [person], "departments": [department]})
        }
        _ => json!({"kind": "named", "people": [], "departments": play.departments}),
    }
}

fn register(play: &mut Play) -> anyhow::Result<Option<(String, String, Value)>> {
    let level = play.chance.random_range(1..=4);
    let scope = scope(play);
    let serial = play.chance.random_range(1..90_000);
    let receipt = any::<1>(play, "SELECT key FROM receipt WHERE open = 1 ORDER BY key")?.map(|[key]| key);
    let receipt = receipt.filter(|_| play.chance.random_bool(0.6));
    let cabinet = any::<1>(play, "SELECT key FROM cabinet ORDER BY key")?.map(|[key]| key);
    let place = cabinet
        .filter(|_| play.chance.random_bool(0.7))
        .map(|key| json!({"cabinet": key, "slot": play.chance.random_range(1..31)}));
    let copies = play.chance.random_range(1..4);
    let item = json!({
        "document_number": format!("国资发〔2026〕{serial}号"), "title": format!("关于第{serial}号事项的通知"), "source": "国务院国资委",
        "category": "decision", "level": level, "scope": scope, "copies": copies
    });
    let actor = holder_of_role(play, "registrar")?;
    Ok(did(actor, "item.register", json!({"item": item, "receipt": receipt, "place": place})))
}

/// Who is to decide, mostly.
fn decider(play: &mut Play, department: &str, level: &str) -> anyhow::Result<String> {
    if level <= "2" && play.chance.random_bool(0.7) {
        let head = any::<1>(
            play,
            &format!("SELECT head FROM department WHERE key = '{department}' AND head IS NOT NULL"),
        )?;
        if let Some([head]) = head {
            return Ok(head);
        }
    }
    holder_of_role(play, "office_head")
}

/// Any action with ids of anything: of the wrong kind, unknown, or missing.
fn nonsense(play: &mut Play) -> anyhow::Result<(String, String, Value)> {
    let actions = jingui_office::actions();
    let action = actions.choose(&mut play.chance).map_or("item.read", |action| action.name);
    let kinds = ["person", "item", "copy", "loan", "cabinet", "receipt"];
    let mut input = serde_json::Map::new();
    for field in ["item", "copy", "loan", "person", "cabinet", "session", "to", "receipt", "custodian"] {
        if play.chance.random_bool(0.3) {
            let kind = kinds.choose(&mut play.chance).copied().unwrap_or_default();
            let id = any::<1>(play, &format!("SELECT key FROM {kind} ORDER BY key"))?
                .map_or_else(|| "0".repeat(26), |[key]| key);
            input.insert(field.to_owned(), Value::String(id));
        }
    }
    if play.chance.random_bool(0.5) {
        input.retain(|field, _| action.starts_with(field.as_str()));
    }
    let actor = anybody(play);
    Ok((actor, action.to_owned(), Value::Object(input)))
}
