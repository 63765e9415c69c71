//! Loans in every state: each a story with its steps on their days.

use anyhow::Context as _;
use jingui_regulation::Date;
use jingui_store::Id;
use serde_json::json;

use super::mail::Registered;
use super::people::{DEPARTMENTS, PEOPLE};
use super::scene::{Kept, Scene, id};

/// One loan from its application to where it stands today.
pub struct Story {
    /// Who borrows.
    pub who: &'static str,
    /// Level of the item.
    pub level: u8,
    /// The item, once it is registered.
    pub registered: Option<Registered>,
    days: u16,
    on_site: bool,
    reason: &'static str,
    /// What happens, in order.
    steps: Vec<(Date, Step)>,
    loan: Option<Id>,
    session: Option<Id>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Apply,
    Approve,
    Reject,
    Withdraw,
    Offer,
    Confirm,
    Renew(u16),
    ApproveRenewal,
    BringBack,
    TakeBack,
    TakeBackDamaged,
    Lose,
    OpenReading,
    CloseReading,
}

use Step::{
    Apply, Approve, ApproveRenewal, BringBack, CloseReading, Confirm, Lose, Offer, OpenReading, Reject,
    Renew, TakeBack, TakeBackDamaged, Withdraw,
};

/// Steps up to the moment the copy is with the borrower.
const LENT: [Step; 4] = [Apply, Approve, Offer, Confirm];

const REASONS: [&str; 8] = [
    "编制年度投资方案需核对原文口径",
    "起草集团贯彻落实意见",
    "配合巡视整改逐条对照",
    "准备党委会汇报材料",
    "办理复函，需引用原文条款",
    "开展专项检查，核对检查依据",
    "修订内部管理办法",
    "合同法律审查需查阅附件",
];

impl Story {
    fn new(who: &'static str, level: u8, days: u16) -> Self {
        let place = usize::from(days) + who.len() + usize::from(level);
        let reason = REASONS.get(place % REASONS.len()).copied().unwrap_or_default();
        Self {
            who,
            level,
            registered: None,
            days,
            on_site: level == 4,
            reason,
            steps: Vec::new(),
            loan: None,
            session: None,
        }
    }

    /// All these steps on that day.
    fn on(mut self, day: Date, steps: impl IntoIterator<Item = Step>) -> Self {
        self.steps.extend(steps.into_iter().map(|step| (day, step)));
        self
    }

    fn read_on_site(mut self) -> Self {
        self.on_site = true;
        self
    }

    /// Place of the borrower's department.
    pub fn department(&self) -> usize {
        PEOPLE.iter().find(|person| person.account == self.who).map_or(0, |person| person.department)
    }

    fn copy(&self) -> anyhow::Result<&Kept> {
        let registered = self.registered.as_ref().with_context(|| format!("{} has no item yet", self.who))?;
        registered.copies.first().context("an item without copies")
    }
}

/// Who decides on an application: the department's head up to level 2, else and for the heads' own the office head.
fn approver(story: &Story) -> &'static str {
    let department = story.department();
    let head = PEOPLE
        .iter()
        .find(|person| person.department == department && person.roles.contains(&"department_head"))
        .map(|person| person.account);
    match head {
        Some(head) if story.level <= 2 && head != story.who && department < DEPARTMENTS.len() => head,
        _ => "sunli",
    }
}

/// All stories, those that begin first in front.
pub fn stories(scene: &Scene) -> Vec<Story> {
    let today = scene.today;
    let back = |days| scene.back(days);
    // Handed over so that it falls due on that day.
    let due = |story: Story, day: Date| {
        let out = scene.working_before(day, story.days);
        story.on(out, LENT)
    };
    let mut all = vec![
        // Waiting for a decision.
        Story::new("hanmei", 2, 5).on(today, [Apply]),
        Story::new("caozhe", 1, 10).on(back(1), [Apply]),
        Story::new("zhaoyan", 3, 3).on(back(1), [Apply]),
        Story::new("wufang", 2, 6).on(today, [Apply]),
        Story::new("lilei", 4, 1).on(today, [Apply]),
        Story::new("miaolan", 1, 5).on(today, [Apply]),
        // Decided against, or thought better of.
        Story::new("gaofei", 2, 10).on(back(6), [Apply]).on(back(5), [Reject]),
        Story::new("panyun", 1, 3).on(back(9), [Apply]).on(back(8), [Withdraw]),
        Story::new("xiaoxue", 2, 4).on(back(2), [Apply, Approve]).on(back(1), [Withdraw]),
        // Approved and waiting at the desk.
        Story::new("heyao", 3, 3).on(back(1), [Apply]).on(today, [Approve]),
        Story::new("dengchao", 2, 5).on(back(2), [Apply]).on(back(1), [Approve]),
        Story::new("chenggang", 4, 1).on(today, [Apply, Approve]),
        // Handed over at the desk, not yet confirmed.
        Story::new("songyang", 3, 4).on(back(1), [Apply, Approve]).on(today, [Offer]),
        // Out: with days left, due on the next working day, due today, late by a day, by two, so late that an
        // incident was opened.
        due(Story::new("fengyi", 2, 8), scene.ahead(5)),
        due(Story::new("fangming", 1, 15), scene.ahead(9)),
        due(Story::new("cuijie", 2, 6), scene.ahead(3)),
        due(Story::new("wangqiang", 3, 5), scene.ahead(2)),
        due(Story::new("liangbo", 3, 4), scene.ahead(1)),
        due(Story::new("hanmei", 1, 6), scene.ahead(1)),
        due(Story::new("xulin", 2, 5), today),
        due(Story::new("jiangtao", 2, 6), back(1)),
        due(Story::new("duanrui", 3, 3), back(2)),
        due(Story::new("yuanrong", 2, 7), back(5)),
        // Renewals: waiting for the department head, for the office head, and granted.
        due(Story::new("guohui", 2, 4), scene.ahead(1)).on(today, [Renew(3)]),
        due(Story::new("shenbing", 3, 2), scene.ahead(1)).on(today, [Renew(2)]),
        due(Story::new("gaofei", 2, 4), back(1)).on(back(2), [Renew(5), ApproveRenewal]),
        // Brought back, to be checked.
        due(Story::new("tangjing", 2, 5), scene.ahead(2)).on(today, [BringBack]),
        // Come back: late, and damaged.
        due(Story::new("luhao", 1, 5), back(12)).on(back(10), [BringBack, TakeBack]),
        due(Story::new("caozhe", 2, 5), back(16)).on(back(15), [BringBack, TakeBack]),
        due(Story::new("zhaoyan", 3, 4), back(7)).on(back(8), [BringBack, TakeBackDamaged]),
        // Lost on a journey.
        due(Story::new("yejia", 2, 6), back(1)).on(back(3), [Lose]),
        // Read on site: today, before, and an approval that nobody used.
        Story::new("qianwei", 4, 1).on(today, [Apply, Approve, OpenReading]),
        Story::new("chenggang", 4, 1)
            .on(back(13), [Apply, Approve])
            .on(back(12), [OpenReading, CloseReading]),
        Story::new("lilei", 4, 1).on(back(20), [Apply, Approve, OpenReading, CloseReading]),
        Story::new("dingning", 3, 1).read_on_site().on(back(6), [Apply, Approve, OpenReading, CloseReading]),
        Story::new("lilei", 4, 1).on(back(5), [Apply, Approve]),
    ];
    // The ordinary ones, week after week, back in time.
    let ordinary = [
        ("lilei", 3),
        ("panyun", 2),
        ("dengchao", 2),
        ("heyao", 3),
        ("jiangtao", 2),
        ("luhao", 1),
        ("shenbing", 3),
        ("guohui", 2),
        ("fengyi", 2),
        ("cuijie", 2),
        ("songyang", 3),
        ("xulin", 2),
        ("machao", 1),
        ("tangjing", 3),
        ("wangqiang", 2),
        ("hanmei", 3),
    ];
    for (place, (who, level)) in ordinary.into_iter().enumerate() {
        let place = u16::try_from(place).unwrap_or(0);
        let out = 31 - place * 3 / 2;
        let days = 3 + place % 3;
        all.push(
            Story::new(who, level, days).on(back(out), LENT).on(back(out - days + 1), [BringBack, TakeBack]),
        );
    }
    all.sort_by_key(|story| story.steps.first().map(|(day, _)| *day));
    all
}

/// The steps of a day, story by story, and what people try in vain.
pub fn of_the_day(scene: &mut Scene, stories: &mut [Story], day: Date) -> anyhow::Result<()> {
    for story in stories.iter_mut() {
        let steps: Vec<Step> =
            story.steps.iter().filter(|(on, _)| *on == day).map(|(_, step)| *step).collect();
        for step in steps {
            take(scene, story, step).with_context(|| format!("{} {step:?}", story.who))?;
        }
    }
    if day == scene.back(3) {
        in_vain(scene, stories)?;
    }
    Ok(())
}

fn take(scene: &mut Scene, story: &mut Story, step: Step) -> anyhow::Result<()> {
    let loan = json!({ "loan": story.loan });
    let Kept { id: copy, keeper } = story.copy()?;
    let (copy, keeper) = (copy.clone(), *keeper);
    match step {
        Apply => {
            let item = story.registered.as_ref().map(|registered| registered.item.clone());
            if story.level >= 3 {
                scene.act(story.who, "item.read", &json!({ "item": item }))?;
            }
            let mode = if story.on_site { "on_site" } else { "take_out" };
            let input = json!({ "item": item, "reason": story.reason, "days": story.days, "mode": mode });
            story.loan = Some(id(&scene.act(story.who, "loan.apply", &input)?)?);
        }
        Approve => {
            let who = approver(story);
            scene.act(who, "loan.approve", &loan)?;
        }
        Reject => {
            let input = json!({ "loan": story.loan, "reason": "该文件正在办理，请办结后再申请；如急需可到机要室现场查阅。" });
            scene.act(approver(story), "loan.reject", &input)?;
        }
        Withdraw => {
            scene.act(story.who, "loan.withdraw", &loan)?;
        }
        Offer => {
            scene.act(keeper, "loan.hand_over", &json!({ "loan": story.loan, "copy": copy }))?;
        }
        Confirm => {
            scene.act(story.who, "loan.acknowledge", &json!({ "loan": story.loan, "duties": true }))?;
        }
        Renew(days) => {
            let input = json!({ "loan": story.loan, "days": days, "reason": "会议延期，材料尚未定稿" });
            scene.act(story.who, "loan.renew", &input)?;
        }
        ApproveRenewal => {
            scene.act(approver(story), "loan.approve_renewal", &loan)?;
        }
        BringBack => {
            let to = scene.person(keeper)?;
            scene.act(story.who, "loan.bring_back", &json!({ "loan": story.loan, "to": to }))?;
        }
        TakeBack | TakeBackDamaged => {
            let check = if step == TakeBack {
                json!({ "condition": "sound" })
            } else {
                json!({ "condition": "damaged", "finding": "第7页右下角撕裂，无缺页" })
            };
            scene.act(keeper, "loan.take_back", &json!({ "loan": story.loan, "check": check }))?;
            put_away(scene, story, &copy, keeper)?;
        }
        Lose => {
            let circumstances = "出差返程途中发现文件袋遗失，已联系车站查找，当日报告机要室。";
            scene.act(
                story.who,
                "copy.report_lost",
                &json!({ "copy": copy, "circumstances": circumstances }),
            )?;
        }
        OpenReading => {
            let room = scene.rooms.get(if story.level == 4 { 1 } else { 2 }).cloned();
            let second = scene.person(if keeper == "zhoumin" { "linyue" } else { "zhoumin" })?;
            let input = json!({
                "loan": story.loan, "copy": copy, "room": room, "second": second, "phones_deposited": true, "pages": 24,
            });
            let session = id(&scene.act(keeper, "reading.open", &input)?)?;
            for who in [story.who, if keeper == "zhoumin" { "linyue" } else { "zhoumin" }] {
                scene.act(who, "reading.confirm", &json!({ "session": session, "duties": true }))?;
            }
            story.session = Some(session);
        }
        CloseReading => {
            scene.act(keeper, "reading.close", &json!({ "session": story.session, "pages": 24 }))?;
        }
    }
    Ok(())
}

/// What came back goes into its keeper's cabinet again.
fn put_away(scene: &mut Scene, story: &Story, copy: &Id, keeper: &'static str) -> anyhow::Result<()> {
    let cabinet = scene
        .cabinets
        .iter()
        .find(|cabinet| cabinet.level == story.level && cabinet.keeper == keeper)
        .with_context(|| format!("{keeper} keeps no cabinet of level {}", story.level))?;
    let input = json!({ "copy": copy, "cabinet": cabinet.id, "slot": 1 });
    scene.act(keeper, "copy.place", &input)?;
    Ok(())
}

/// What people try against the rules: the journal keeps that too.
fn in_vain(scene: &mut Scene, stories: &[Story]) -> anyhow::Result<()> {
    let of = |who: &str, level: u8| {
        let story = stories
            .iter()
            .find(|story| story.who == who && story.level == level && story.registered.is_some());
        story.with_context(|| format!("no story of {who} at level {level}"))
    };
    let item = |story: &Story| story.registered.as_ref().map(|registered| registered.item.clone());
    let apply = |story: &Story, days: u16, mode: &str| json!({ "item": item(story), "reason": "向上级当面汇报", "days": days, "mode": mode });
    // Top secret isn't taken out, whoever asks; secret isn't lent for six working days.
    scene.try_in_vain("sunli", "loan.apply", &apply(of("lilei", 4)?, 1, "take_out"))?;
    scene.try_in_vain("shenbing", "loan.apply", &apply(of("dingning", 3)?, 6, "take_out"))?;
    // Above the clearance there is nothing to be found; without a commitment neither.
    scene.try_in_vain("caozhe", "item.read", &json!({ "item": item(of("zhaoyan", 3)?) }))?;
    scene.try_in_vain("kongwei", "loan.apply", &apply(of("cuijie", 2)?, 3, "take_out"))?;
    // Nothing passes from borrower to borrower.
    let mine = of("yuanrong", 2)?;
    let input = json!({ "loan": mine.loan, "to": scene.person("jiangtao")? });
    scene.try_in_vain("yuanrong", "loan.bring_back", &input)?;
    for _ in 0..3 {
        scene.wrong_password("machao")?;
    }
    Ok(())
}
