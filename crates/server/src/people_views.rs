//! View routes about people beyond the register itself: what is due, their history, commitments, checks, posts.

use jingui_office::page::Count;
use jingui_office::personnel::{check, commitment, due, holdings, leaving, post, views as people};
use jingui_regulation::Param;

use crate::people_sheets as sheets;
use crate::view::{Fault, Nothing, View, list, sheet};
use crate::views::whole;

pub(crate) fn all() -> Vec<View> {
    vec![
        list(
            "/api/people-due",
            ("人员到期事项", "What is due about people"),
            |look, filter: due::DueFilter| {
                Ok(whole(due::due(look.conn, look.asker, look.rules, look.today, &filter)?))
            },
        ),
        list(
            "/api/people-due/count",
            ("人员到期事项数", "How much is due about people"),
            |look, filter: due::DueFilter| {
                Ok::<Count, _>(due::count(look.conn, look.asker, look.rules, look.today, &filter)?)
            },
        ),
        sheet(
            "/api/people-due.xlsx",
            ("导出人员到期事项", "What is due about people as a workbook"),
            sheets::due,
        ),
        list(
            "/api/people/{person}/history",
            ("人员变更经过", "What became of a person"),
            |look, _: Nothing| {
                let person = look.id("person")?;
                Ok(whole(people::history(look.office, look.conn, look.asker, &person)?.ok_or(Fault::Absent)?))
            },
        ),
        list(
            "/api/people/{person}/commitments",
            ("签署过的保密承诺", "Commitments a person has signed"),
            |look, _: Nothing| {
                let person = look.id("person")?;
                if !people::sees(look.conn, look.asker, &person)? {
                    return Err(Fault::Absent);
                }
                Ok(whole(commitment::signed(look.office, look.conn, &person)?))
            },
        ),
        list(
            "/api/people/{person}/holdings",
            ("名下事项", "What a person holds, answers for or owes"),
            |look, _: Nothing| {
                let person = look.id("person")?;
                Ok(whole(holdings::list(look.conn, look.asker, &person)?.ok_or(Fault::Absent)?))
            },
        ),
        list("/api/leavings", ("离岗", "Leavings"), |look, filter: leaving::LeavingFilter| {
            Ok(leaving::list(look.conn, look.asker, &filter)?)
        }),
        list(
            "/api/leavings/count",
            ("离岗数", "How many leavings"),
            |look, filter: leaving::LeavingFilter| {
                let ceiling = u64::from(look.rules.count(Param::CountCeiling));
                Ok::<Count, _>(leaving::count(look.conn, look.asker, &filter, ceiling)?)
            },
        ),
        sheet("/api/leavings.xlsx", ("导出离岗", "Leavings as a workbook"), sheets::leavings),
        list("/api/commitments", ("保密承诺文本", "Commitment texts"), |look, _: Nothing| {
            Ok(whole(commitment::texts(look.conn, look.asker)?))
        }),
        list(
            "/api/checks",
            ("保密检查", "Secrecy checks of people"),
            |look, filter: check::CheckFilter| Ok(check::list(look.conn, look.asker, &filter)?),
        ),
        list(
            "/api/checks/count",
            ("保密检查数", "How many checks"),
            |look, filter: check::CheckFilter| {
                let ceiling = u64::from(look.rules.count(Param::CountCeiling));
                Ok::<Count, _>(check::count(look.conn, look.asker, &filter, ceiling)?)
            },
        ),
        sheet("/api/checks.xlsx", ("导出保密检查", "Checks as a workbook"), sheets::checks),
        list("/api/posts", ("岗位", "Posts"), |look, _: Nothing| {
            Ok(whole(post::posts(look.conn, look.asker)?))
        }),
        sheet("/api/posts.xlsx", ("导出岗位", "Posts as a workbook"), sheets::posts),
    ]
}
