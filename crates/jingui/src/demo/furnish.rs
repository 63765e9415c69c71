//! The first morning: administrators, departments, people with what they may know, rooms and cabinets.

use anyhow::Context as _;
use serde_json::json;

use super::PASSWORD;
use super::people::{ADMINISTRATORS, DEPARTMENTS, PEOPLE, REVIEW_EXPIRES, Somebody, UNCOMMITTED};
use super::scene::{Cabinet, Scene, id};
use crate::init::appoint;

/// Rooms: name, whether for reading on site, level, who answers for it.
const ROOMS: [(&str, bool, u8, &str); 8] = [
    ("党办机要室", false, 4, "zhoumin"),
    ("绝密阅文室", true, 4, "zhengjianguo"),
    ("第二阅文室", true, 3, "linyue"),
    ("综合档案室", false, 4, "zhengjianguo"),
    ("党委会议室文件间", false, 3, "qianwei"),
    ("科技部保密间", false, 3, "chenggang"),
    ("战略发展部文印室", false, 2, "wufang"),
    ("财务部资料室", false, 2, "wangqiang"),
];

/// Cabinets: name, room, level, custodian, slots.
const CABINETS: [(&str, usize, u8, &str, u16); 14] = [
    ("绝密柜1", 0, 4, "zhengjianguo", 12),
    ("绝密柜2", 3, 4, "zhengjianguo", 12),
    ("机密柜1", 0, 3, "zhoumin", 30),
    ("机密柜2", 0, 3, "zhoumin", 30),
    ("机密柜3", 4, 3, "linyue", 24),
    ("机密柜4", 5, 3, "linyue", 24),
    ("秘密柜1", 0, 2, "zhoumin", 40),
    ("秘密柜2", 3, 2, "zhoumin", 40),
    ("秘密柜3", 6, 2, "linyue", 30),
    ("秘密柜4", 7, 2, "linyue", 30),
    ("文件柜1", 3, 1, "zhoumin", 60),
    ("文件柜2", 3, 1, "zhoumin", 60),
    ("文件柜3", 6, 1, "linyue", 40),
    ("文件柜4", 7, 1, "linyue", 40),
];

/// Sets the office up.
pub fn furnish(scene: &mut Scene) -> anyhow::Result<()> {
    for (place, (account, name, _, role)) in ADMINISTRATORS.into_iter().enumerate() {
        let number = format!("A{:03}", place + 1);
        let person = appoint(&scene.office, &number, name, role, account, PASSWORD)?;
        scene.people.insert(account, person);
    }
    for name in DEPARTMENTS {
        let department = scene.act("security", "department.add", &json!({ "name": name }))?;
        scene.departments.push(id(&department)?);
    }
    for (place, somebody) in PEOPLE.iter().enumerate() {
        enter(scene, place, somebody)?;
    }
    for somebody in &PEOPLE {
        if somebody.roles.contains(&"department_head") || somebody.roles.contains(&"office_head") {
            let input = json!({ "department": scene.departments.get(somebody.department), "head": scene.person(somebody.account)? });
            scene.act("security", "department.name_head", &input)?;
        }
    }
    look_after(scene)?;
    for (name, reading, level, responsible) in ROOMS {
        let input = json!({ "name": name, "reading": reading, "level": level, "responsible": scene.person(responsible)? });
        let room = scene.act("zhoumin", "room.add", &input)?;
        scene.rooms.push(id(&room)?);
    }
    for (name, room, level, keeper, slots) in CABINETS {
        let room = scene.rooms.get(room).context("a cabinet in no room")?;
        let input = json!({ "name": name, "room": room, "level": level, "custodian": scene.person(keeper)?, "slots": slots });
        let cabinet = scene.act("zhoumin", "cabinet.add", &input)?;
        scene.cabinets.push(Cabinet { id: id(&cabinet)?, level, keeper, slots });
    }
    Ok(())
}

/// Posts: name, place of the department, class, who holds it.
const POSTS: [(&str, usize, &str, &[&str]); 6] = [
    ("绝密专管岗", 0, "core", &["zhengjianguo"]),
    ("机要岗", 0, "important", &["zhoumin", "linyue"]),
    ("战略规划岗", 1, "important", &["lilei", "hanmei"]),
    ("资金管理岗", 2, "important", &["zhaoyan"]),
    ("科研项目岗", 3, "important", &["heyao", "songyang"]),
    ("案件管理岗", 4, "important", &["shenbing"]),
];

/// Posts with who holds them, and the periodic checks of the year before; a few fall due soon, one found something.
fn look_after(scene: &mut Scene) -> anyhow::Result<()> {
    for (name, department, class, holders) in POSTS {
        let department = scene.departments.get(department);
        let input = json!({ "name": name, "department": department, "class": class });
        let post = id(&scene.act("security", "post.add", &input)?)?;
        for holder in holders {
            let person = scene.person(holder)?;
            scene.act("security", "person.assign", &json!({ "person": person, "post": post }))?;
        }
    }
    let begun = scene.back(super::scene::DAYS);
    for (place, somebody) in PEOPLE.iter().enumerate().filter(|(_, somebody)| somebody.clearance > 1) {
        let head = PEOPLE.iter().find(|one| {
            one.department == somebody.department
                && one.roles.contains(&"department_head")
                && one.account != somebody.account
        });
        let by = if somebody.roles.contains(&"office_head") {
            "security"
        } else {
            head.map_or("sunli", |head| head.account)
        };
        let on = begun.plus_days(-10 - i32::try_from(place).unwrap_or(0) * 29 % 300);
        let wanting = somebody.account == "dengchao";
        let check = json!({
            "person": scene.person(somebody.account)?, "on": on, "satisfactory": !wanting,
            "finding": wanting.then_some("下班时涉密文件未入柜，已当场纠正，提醒谈话。"),
            "again_on": wanting.then(|| begun.plus_days(20)),
        });
        scene.act(by, "person.record_check", &check)?;
    }
    Ok(())
}

/// Enters somebody: person, review, rights, account, commitment.
fn enter(scene: &mut Scene, place: usize, somebody: &Somebody) -> anyhow::Result<()> {
    let department =
        scene.departments.get(somebody.department).cloned().context("a person in no department")?;
    let number = format!("{:04}", 1001 + place);
    let input = json!({ "staff_number": number, "name": somebody.name, "department": department });
    let person = id(&scene.act("security", "person.add", &input)?)?;
    scene.people.insert(somebody.account, person.clone());
    let (class, years) = match somebody.clearance {
        4 => ("core", 1),
        3 => ("important", 2),
        _ => ("general", 3),
    };
    let begun = scene.back(super::scene::DAYS);
    // Reviews lie all over the time they count for; one runs out while the weeks pass.
    let ago = if REVIEW_EXPIRES.contains(&somebody.account) {
        years * 365 - 12
    } else {
        30 + i32::try_from(place).unwrap_or(0) * 37 % (years * 365 - 120)
    };
    let review = json!({ "person": person, "class": class, "on": begun.plus_days(-ago), "supports": somebody.clearance });
    scene.act("security", "person.record_review", &review)?;
    let rights = json!({
        "department": department, "roles": somebody.roles, "class": class, "clearance": somebody.clearance,
    });
    let proposal = json!({ "person": person, "rights": rights, "reason": "上岗" });
    let proposal = id(&scene.act("security", "rights.propose", &proposal)?)?;
    // The office's first head is confirmed by the auditor; there is nobody else yet.
    let head = PEOPLE.iter().find(|one| one.roles.contains(&"office_head")).map(|one| one.account);
    let second = head.filter(|head| *head != somebody.account && scene.people.contains_key(head));
    scene.act(second.unwrap_or("auditor"), "rights.confirm", &json!({ "proposal": proposal }))?;
    let account = json!({ "person": person, "account": somebody.account, "password": PASSWORD });
    scene.act("security", "account.open", &account)?;
    if !UNCOMMITTED.contains(&somebody.account) {
        scene.act(somebody.account, "person.sign_commitment", &json!({ "version": 1 }))?;
    }
    Ok(())
}
