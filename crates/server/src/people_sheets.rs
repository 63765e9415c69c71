//! Workbooks about people: the register, what is due, posts, checks; as far as the reader may see the persons.

use std::collections::HashMap;

use jingui_forms::Cell;
use jingui_office::personnel::check::{self, CheckFilter, SecrecyCheck};
use jingui_office::personnel::due::{self, DueFilter, Matter};
use jingui_office::personnel::leaving::{self, Leaving, LeavingFilter, LeavingState};
use jingui_office::personnel::post::{self, Post};
use jingui_office::personnel::{Person, views as people};
use jingui_regulation::Level;
use jingui_store::{Id, StoreError};

use crate::sheets::{Heading, Names, PAGE, level, pages, read, text, workbook};
use crate::view::{Fault, Look, Nothing};

/// `GET /api/people.xlsx`.
pub(crate) fn people(look: &Look<'_>, _: Nothing) -> Result<Vec<u8>, Fault> {
    const HEADINGS: &[Heading] = &[
        ("工号", "Staff number", 12.0),
        ("姓名", "Name", 14.0),
        ("部门", "Department", 24.0),
        ("岗位", "Post", 20.0),
        ("职责", "Roles", 36.0),
        ("知密等级", "Clearance today", 12.0),
        ("类别", "Class", 14.0),
        ("承诺签署", "Commitment", 12.0),
        ("审查到期", "Review due", 12.0),
        ("检查到期", "Check due", 12.0),
    ];
    let names = Names::read(look)?;
    let posts = posts_by_id(look)?;
    let found = people::people(look.conn, look.asker)?;
    let rows = found.iter().map(|shown| {
        let person: Person = read(&shown.record)?;
        let clearance = Level::new(person.clearance_on(look.today).into());
        let roles: Vec<_> =
            person.roles.iter().map(|role| look.language.pick(role.zh(), role.en())).collect();
        Ok(vec![
            Cell::Text(person.staff_number),
            Cell::Text(person.name),
            Cell::Text(names.department(person.department.as_ref())),
            text(person.post.and_then(|post| posts.get(&post).map(|post| post.name.clone()))),
            Cell::Text(roles.join(look.language.pick("、", ", "))),
            Cell::Text(clearance.map(|clearance| level(clearance, look.language)).unwrap_or_default()),
            text(person.class.map(|class| look.language.pick(class.zh(), class.en()).to_owned())),
            text(person.commitment.map(|commitment| commitment.signed_on.to_string())),
            text(person.review.map(|review| review.due.to_string())),
            text(person.check_due.map(|due| due.to_string())),
        ])
    });
    workbook(look, ("花名册", "People"), HEADINGS, rows)
}

/// `GET /api/people-due.xlsx`.
pub(crate) fn due(look: &Look<'_>, filter: DueFilter) -> Result<Vec<u8>, Fault> {
    const HEADINGS: &[Heading] = &[
        ("工号", "Staff number", 12.0),
        ("姓名", "Name", 14.0),
        ("部门", "Department", 24.0),
        ("事项", "What is due", 20.0),
        ("到期", "Due", 12.0),
        ("已超期", "Late", 10.0),
    ];
    let names = Names::read(look)?;
    let rows = due::due(look.conn, look.asker, look.rules, look.today, &filter)?;
    let rows = rows.into_iter().map(|one| {
        let (zh, en) = match one.matter {
            Matter::SignCommitment => ("签署保密承诺", "sign the commitment"),
            Matter::ReviewPerson => ("背景复审", "background review"),
            Matter::CheckPerson => ("保密检查", "secrecy check"),
            Matter::LeavePerson => ("办理离岗", "leaving"),
            Matter::ReleasePerson => ("解除脱密期", "end of the declassification period"),
        };
        Ok(vec![
            Cell::Text(one.staff_number),
            Cell::Text(one.name),
            Cell::Text(names.department(one.department.as_ref())),
            Cell::Text(look.language.pick(zh, en).to_owned()),
            text(one.due.map(|due| due.to_string())),
            text(one.late.then(|| look.language.pick("是", "yes").to_owned())),
        ])
    });
    workbook(look, ("人员到期事项", "Due about people"), HEADINGS, rows)
}

/// `GET /api/checks.xlsx`.
pub(crate) fn checks(look: &Look<'_>, filter: CheckFilter) -> Result<Vec<u8>, Fault> {
    const HEADINGS: &[Heading] = &[
        ("姓名", "Name", 14.0),
        ("检查日期", "Day", 12.0),
        ("检查人", "By", 14.0),
        ("结果", "Result", 12.0),
        ("情况", "Finding", 60.0),
        ("下次检查", "Next due", 12.0),
    ];
    let names = Names::read(look)?;
    let mut filter = CheckFilter { limit: Some(PAGE), cursor: None, ..filter };
    let found = pages(|cursor| {
        filter.cursor = cursor;
        check::list(look.conn, look.asker, &filter)
    })?;
    let rows = found.iter().map(|shown| {
        let check: SecrecyCheck = read(&shown.record)?;
        let (zh, en) = if check.satisfactory { ("正常", "in order") } else { ("有问题", "wanting") };
        Ok(vec![
            Cell::Text(names.person(&check.person)),
            Cell::Text(check.on.to_string()),
            Cell::Text(names.person(&check.by)),
            Cell::Text(look.language.pick(zh, en).to_owned()),
            text(check.finding),
            Cell::Text(check.due.to_string()),
        ])
    });
    workbook(look, ("保密检查", "Secrecy checks"), HEADINGS, rows)
}

/// `GET /api/leavings.xlsx`.
pub(crate) fn leavings(look: &Look<'_>, filter: LeavingFilter) -> Result<Vec<u8>, Fault> {
    const HEADINGS: &[Heading] = &[
        ("姓名", "Name", 14.0),
        ("状态", "State", 14.0),
        ("开始办理", "Begun", 18.0),
        ("离岗日期", "Last day", 12.0),
        ("办结", "Completed", 18.0),
        ("类别", "Class", 16.0),
        ("脱密期至", "Declassification until", 14.0),
        ("事由", "Reason", 40.0),
    ];
    let names = Names::read(look)?;
    let mut filter = LeavingFilter { limit: Some(PAGE), cursor: None, ..filter };
    let found = pages(|cursor| {
        filter.cursor = cursor;
        leaving::list(look.conn, look.asker, &filter)
    })?;
    let rows = found.iter().map(|shown| {
        let leaving: Leaving = read(&shown.record)?;
        let (state, at, period) = match leaving.state {
            LeavingState::Open => (("办理中", "open"), None, None),
            LeavingState::CalledOff { .. } => (("已终止", "called off"), None, None),
            LeavingState::Completed { at, period, .. } => (("已办结", "completed"), Some(at), period),
            LeavingState::Released { completed_at, period, .. } => {
                (("脱密期已解除", "released"), Some(completed_at), Some(period))
            }
        };
        Ok(vec![
            Cell::Text(names.person(&leaving.person)),
            Cell::Text(look.language.pick(state.0, state.1).to_owned()),
            Cell::Text(leaving.begun_at.local()),
            Cell::Text(leaving.last_day.to_string()),
            text(at.map(jingui_regulation::Moment::local)),
            text(period.as_ref().map(|one| look.language.pick(one.class.zh(), one.class.en()).to_owned())),
            text(period.map(|period| period.until.to_string())),
            Cell::Text(leaving.reason),
        ])
    });
    workbook(look, ("离岗与脱密期", "Leavings"), HEADINGS, rows)
}

/// `GET /api/posts.xlsx`.
pub(crate) fn posts(look: &Look<'_>, _: Nothing) -> Result<Vec<u8>, Fault> {
    const HEADINGS: &[Heading] = &[
        ("岗位", "Post", 24.0),
        ("部门", "Department", 24.0),
        ("涉密类别", "Class", 16.0),
        ("在岗人数", "Holders", 10.0),
        ("职责", "Duties", 60.0),
    ];
    let names = Names::read(look)?;
    let rows = post::posts(look.conn, look.asker)?.into_iter().map(|row| {
        let post: Post = read(&row.post)?;
        Ok(vec![
            Cell::Text(post.name),
            Cell::Text(names.department(post.department.as_ref())),
            text(post.class.map(|class| look.language.pick(class.zh(), class.en()).to_owned())),
            Cell::Number(u32::try_from(row.holders).unwrap_or(u32::MAX)),
            text(post.duties),
        ])
    });
    workbook(look, ("岗位", "Posts"), HEADINGS, rows)
}

fn posts_by_id(look: &Look<'_>) -> Result<HashMap<Id, Post>, StoreError> {
    let rows = post::posts(look.conn, look.asker)?;
    rows.iter().map(|row| read::<Post>(&row.post).map(|post| (post.id.clone(), post))).collect()
}
