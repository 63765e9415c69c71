//! The mail of every day, and the old ledgers that were imported on the first.

use std::fmt::Write as _;

use anyhow::Context as _;
use jingui_intake::{LedgerRow, Outcome};
use jingui_office::Caller;
use jingui_office::receipts::import::{Defaults, File, run as import};
use jingui_regulation::{Channel, Date, Level, Period, Urgency};
use rand::Rng as _;
use serde_json::{Value, json};

use super::loans::Story;
use super::people::DEPARTMENTS;
use super::scene::{DAYS, Kept, Scene, id};
use super::words::{FORMS, SOURCES, TOPICS, VERBS};

/// Old ledgers: file, category, rows.
const LEDGERS: [(&str, &str, u32); 4] = [
    ("2025年收文台账.xlsx", "policy", 90),
    ("党委会议文件台账.xlsx", "committee", 60),
    ("重大项目文件台账.xlsx", "decision", 80),
    ("商业秘密文件台账.xlsx", "trade_secret", 70),
];

const CATEGORIES: [&str; 7] =
    ["policy", "committee", "leaders", "decision", "trade_secret", "office_work", "other"];
const URGENCIES: [&str; 5] = ["ordinary", "ordinary", "routine", "urgent", "extra_urgent"];

/// A paper that came in.
struct Paper {
    source: usize,
    level: u8,
    department: usize,
    copies: u32,
}

/// An item as registered.
pub struct Registered {
    pub item: jingui_store::Id,
    pub copies: Vec<Kept>,
}

impl Scene {
    /// A believable title.
    fn title(&mut self) -> anyhow::Result<String> {
        Ok(format!("关于{}{}{}", self.pick(&VERBS)?, self.pick(&TOPICS)?, self.pick(&FORMS)?))
    }

    /// The next document number of a source.
    fn number(&mut self, source: usize, year: i16) -> String {
        let step = self.rng.random_range(1..7);
        let last = self.numbers.entry((source, year)).or_insert(0);
        *last += step;
        let prefix = SOURCES.get(source).map_or("岳重办", |(_, prefix)| prefix);
        format!("{prefix}〔{year}〕{last}号")
    }

    fn paper(&mut self, registrar: &str) -> Paper {
        let level = match self.rng.random_range(0..100) {
            0..34 => 1,
            34..72 => 2,
            72..90 => 3,
            _ => 4,
        };
        // A registrar signs for and registers no more than the own clearance reaches.
        let level = if registrar == "linyue" { level.min(3) } else { level };
        Paper {
            source: self.rng.random_range(0..SOURCES.len()),
            level,
            department: self.rng.random_range(0..DEPARTMENTS.len()),
            copies: self.rng.random_range(1..4),
        }
    }
}

/// Imports what the office kept in spreadsheets until now.
pub fn old_ledgers(scene: &mut Scene) -> anyhow::Result<()> {
    for (name, category, rows) in LEDGERS {
        let mut outcome = Outcome::default();
        for number in 1..=rows {
            let row = old_row(scene, number)?;
            outcome.accepted.push(row);
        }
        outcome.accepted.sort_by_key(|row| row.date);
        let party = scene.departments.first().context("no department")?;
        let defaults: Defaults = serde_json::from_value(
            json!({ "category": category, "scope": { "kind": "named", "people": [], "departments": [party] } }),
        )?;
        let caller = Caller::Person { id: scene.person("zhoumin")?, terminal: "机要室-01".to_owned() };
        let digest = format!("{:064x}", u64::from(rows) * 7_919);
        let file = File { name: name.to_owned(), digest };
        let imported = import(&scene.office, &caller, &file, &outcome, &defaults, |_, _| true)?;
        anyhow::ensure!(imported.refused.is_empty(), "the register refused {:?}", imported.refused.first());
    }
    Ok(())
}

fn old_row(scene: &mut Scene, number: u32) -> anyhow::Result<LedgerRow> {
    let mut paper = scene.paper("linyue");
    // What came to the other registrars lies in their cabinets; these rows are the importing registrar's own.
    paper.copies = paper.copies.min(2);
    let date = scene.back(DAYS + 5).plus_days(-scene.rng.random_range(0..420));
    let period = (paper.level > 1 && scene.rng.random_range(0..3) > 0)
        .then(|| Period::years(if paper.level == 3 { 20 } else { 10 }));
    let keeps = match paper.level {
        3 => ["机密柜1", "机密柜2"],
        2 => ["秘密柜1", "秘密柜2"],
        _ => ["文件柜1", "文件柜2"],
    };
    let first = scene.rng.random_range(1..900);
    let place = format!("{}-{}层", scene.pick(&keeps)?, scene.rng.random_range(1..=30));
    Ok(LedgerRow {
        sheet: "收文".to_owned(),
        sheet_row: number + 2,
        row: Some(number),
        number: Some(scene.number(paper.source, date.year())),
        level: Level::new(paper.level.into()).context("no such level")?,
        period,
        date: Some(date),
        title: scene.title()?,
        copies: paper.copies,
        copy_numbers: (first..first + paper.copies).collect(),
        source: SOURCES.get(paper.source).map(|(name, _)| (*name).to_owned()),
        urgency: Urgency::Ordinary,
        channel: Some(Channel::ConfidentialCourier),
        place: Some(place),
        department: DEPARTMENTS.get(paper.department).map(|name| (*name).to_owned()),
        signed_by: Some("周敏".to_owned()),
        remark: None,
    })
}

/// The mail of a day: what the loans of the coming weeks are about comes first, then whatever else comes.
pub fn of_the_day(scene: &mut Scene, stories: &mut [Story], day: Date) -> anyhow::Result<()> {
    for story in stories.iter_mut().filter(|story| story.registered.is_none()).take(12) {
        let paper = Paper {
            source: scene.rng.random_range(0..SOURCES.len()),
            level: story.level,
            department: story.department(),
            copies: 2,
        };
        let registered = receive(scene, "zhoumin", &[paper])?;
        story.registered = registered.into_iter().next();
    }
    for turn in 0..scene.rng.random_range(2..4) {
        let registrar = if turn % 2 == 0 { "linyue" } else { "zhoumin" };
        let papers: Vec<Paper> = (0..scene.rng.random_range(1..3)).map(|_| scene.paper(registrar)).collect();
        receive(scene, registrar, &papers)?;
    }
    if day == scene.back(24) || day == scene.back(4) {
        let receipt = sign(scene, "linyue", 4, "ems", "broken", 1)?;
        let paper = Paper { source: 4, level: 2, department: 0, copies: 1 };
        register(scene, "linyue", Some(&receipt), &paper)?;
        if day == scene.back(24) {
            let incident = receipt.get("incident").cloned().context("a broken seal without an incident")?;
            let conclusion = "经与发文单位核对，封口系运输途中磨损，内件齐全、密封内层完好，已当面重新封装。";
            let input = json!({ "incident": incident, "conclusion": conclusion });
            scene.act("sunli", "incident.close", &input)?;
        }
    }
    if day == scene.back(1) {
        sign(scene, "linyue", 3, "confidential_courier", "intact", 1)?;
    }
    if day == scene.today {
        let begun = sign(scene, "zhoumin", 1, "confidential_courier", "intact", 3)?;
        register(scene, "zhoumin", Some(&begun), &Paper { source: 1, level: 3, department: 0, copies: 2 })?;
        sign(scene, "linyue", 2, "designated_person", "intact", 2)?;
        sign(scene, "linyue", 9, "ems", "intact", 1)?;
        // A copy waits on the desk, another one for its custodian.
        wait(scene)?;
    }
    Ok(())
}

/// Signs for an envelope and registers all that is in it.
fn receive(scene: &mut Scene, registrar: &'static str, papers: &[Paper]) -> anyhow::Result<Vec<Registered>> {
    let source = papers.first().map_or(0, |paper| paper.source);
    let highest = papers.iter().map(|paper| paper.level).max().unwrap_or(1);
    let channel = match highest {
        4 | 3 => "confidential_courier",
        2 => "designated_person",
        _ => "internal",
    };
    let receipt = sign(scene, registrar, source, channel, "intact", papers.len())?;
    let mut all = Vec::new();
    for paper in papers {
        // One envelope, one sender.
        let paper = Paper { source, ..*paper };
        all.push(register(scene, registrar, Some(&receipt), &paper)?);
    }
    Ok(all)
}

fn sign(
    scene: &mut Scene,
    registrar: &'static str,
    source: usize,
    channel: &str,
    seal: &str,
    pieces: usize,
) -> anyhow::Result<Value> {
    let (name, _) = SOURCES.get(source).context("no such source")?;
    let envelope = format!("{:06}", scene.rng.random_range(100_000..999_999));
    let remark = (seal == "broken").then_some("外封封口有开裂，内封完好，签收时已当场拍照并请送件人签字。");
    let input = json!({
        "source": name, "channel": channel, "envelope": envelope, "seal": seal, "pieces": pieces, "remark": remark,
    });
    scene.act(registrar, "receipt.sign", &input)
}

fn particulars(scene: &mut Scene, paper: &Paper) -> anyhow::Result<Value> {
    let (source, _) = SOURCES.get(paper.source).context("no such source")?;
    let own = scene.departments.get(paper.department).context("no such department")?.clone();
    let other = scene.departments.first().context("no department")?.clone();
    let scope = if paper.level == 1 && scene.rng.random_range(0..2) == 0 {
        json!({ "kind": "everyone" })
    } else {
        json!({ "kind": "named", "people": [], "departments": [own, other] })
    };
    let years = match paper.level {
        4 => 30,
        3 => 20,
        2 => 10,
        _ => 0,
    };
    let period = (years > 0 && scene.rng.random_range(0..4) > 0).then(|| {
        if scene.rng.random_range(0..8) == 0 {
            json!({ "count": 6, "unit": "months" })
        } else {
            json!({ "count": years, "unit": "years" })
        }
    });
    let year = scene.day().year();
    let first = scene.rng.random_range(1..900_u32);
    let mut basis = String::new();
    if paper.level > 1 {
        let _ = write!(basis, "国家秘密事项范围目录第{}项", scene.rng.random_range(1..60));
    }
    Ok(json!({
        "document_number": scene.number(paper.source, year),
        "title": scene.title()?,
        "source": source,
        "category": scene.pick(&CATEGORIES)?,
        "level": paper.level,
        "period": period,
        "dated": scene.day().plus_days(-scene.rng.random_range(1..9)),
        "basis": (!basis.is_empty()).then_some(basis),
        "urgency": scene.pick(&URGENCIES)?,
        "scope": scope,
        "department": own,
        "copies": paper.copies,
        "copy_numbers": (first..first + paper.copies).collect::<Vec<u32>>(),
    }))
}

/// Registers a paper and brings its copies to their place.
fn register(
    scene: &mut Scene,
    registrar: &'static str,
    receipt: Option<&Value>,
    paper: &Paper,
) -> anyhow::Result<Registered> {
    let fitting: Vec<usize> = (0..scene.cabinets.len())
        .filter(|place| scene.cabinets.get(*place).is_some_and(|cabinet| cabinet.level == paper.level))
        .collect();
    let cabinet = *scene.pick(&fitting)?;
    let cabinet = scene.cabinets.get(cabinet).context("no such cabinet")?;
    let (place, slots, keeper) = (cabinet.id.clone(), cabinet.slots, cabinet.keeper);
    let input = json!({
        "receipt": receipt.map(id).transpose()?,
        "item": particulars(scene, paper)?,
        "place": { "cabinet": place, "slot": scene.rng.random_range(1..=slots) },
    });
    let registered = scene.act(registrar, "item.register", &input)?;
    let mut copies = Vec::new();
    for copy in registered.get("copies").and_then(Value::as_array).into_iter().flatten() {
        let copy = id(copy)?;
        if keeper != registrar {
            scene.act(keeper, "copy.accept", &json!({ "copy": copy }))?;
        }
        copies.push(Kept { id: copy, keeper });
    }
    Ok(Registered { item: id(registered.get("item").context("no item")?)?, copies })
}

/// Today's loose ends at the desk: one copy not yet put away, one that its custodian has still to take over.
fn wait(scene: &mut Scene) -> anyhow::Result<()> {
    let paper = Paper { source: 5, level: 2, department: 0, copies: 1 };
    let input = json!({ "item": particulars(scene, &paper)? });
    scene.act("linyue", "item.register", &input)?;
    let cabinet =
        scene.cabinets.iter().find(|cabinet| cabinet.level == 4).context("no such cabinet")?.id.clone();
    let paper = Paper { source: 0, level: 4, department: 1, copies: 1 };
    let input = json!({ "item": particulars(scene, &paper)?, "place": { "cabinet": cabinet, "slot": 3 } });
    scene.act("zhoumin", "item.register", &input)?;
    Ok(())
}
