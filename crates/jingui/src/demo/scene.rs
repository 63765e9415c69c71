//! The stage: the office with its clock, who is who, and what was put where.

use std::collections::{BTreeMap, HashSet};

use anyhow::Context as _;
use jingui_crypto::Keyring;
use jingui_office::loans::views::due_for_clock;
use jingui_office::{Caller, Office, Request};
use jingui_regulation::{Date, Moment, Role};
use jingui_store::{FixedClock, Id, Store};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

use super::{files, furnish, loans, mail};
use crate::data::DataDirectory;

/// Working days that the demonstration looks back.
pub const DAYS: u16 = 40;

/// A cabinet of the office.
pub struct Cabinet {
    pub id: Id,
    pub level: u8,
    pub keeper: &'static str,
    pub slots: u16,
}

/// A copy and the account of who holds it.
pub struct Kept {
    pub id: Id,
    pub keeper: &'static str,
}

/// The office as the play goes on.
pub struct Scene {
    pub office: Office,
    pub rng: ChaCha20Rng,
    pub people: BTreeMap<&'static str, Id>,
    pub departments: Vec<Id>,
    pub rooms: Vec<Id>,
    pub cabinets: Vec<Cabinet>,
    /// Running numbers of document numbers by source and year.
    pub numbers: BTreeMap<(usize, i16), u32>,
    /// The day on which the demonstration is made.
    pub today: Date,
    clock: FixedClock,
    /// The moment the demonstration is made: nothing happens after it.
    now: Moment,
    present: HashSet<&'static str>,
}

impl Scene {
    /// Plays the weeks before `now`; answers how many entries the journal then holds, and its id.
    pub fn play(directory: &DataDirectory, keys: &Keyring, now: Moment) -> anyhow::Result<(u64, String)> {
        let clock = FixedClock::new(now);
        let mut options = directory.options();
        options.clock = std::sync::Arc::new(clock.clone());
        // Nothing is left to chance but the keys: the same day gives the same office.
        options.rng = ChaCha20Rng::seed_from_u64(2026);
        let office = Office::open(Store::create(keys, options)?, crate::rules::pack()?)?;
        let mut scene = Self {
            office,
            rng: ChaCha20Rng::seed_from_u64(7),
            people: BTreeMap::new(),
            departments: Vec::new(),
            rooms: Vec::new(),
            cabinets: Vec::new(),
            numbers: BTreeMap::new(),
            today: now.date(),
            clock,
            now,
            present: HashSet::new(),
        };
        // The day before the first is for setting up.
        scene.begin(scene.back(DAYS + 1));
        furnish::furnish(&mut scene)?;
        mail::old_ledgers(&mut scene)?;
        let mut stories = loans::stories(&scene);
        let mut day = scene.back(DAYS);
        loop {
            scene.begin(day);
            scene.clockwork()?;
            if day == scene.today || scene.office.rules().calendar.is_working(day) {
                mail::of_the_day(&mut scene, &mut stories, day)?;
                loans::of_the_day(&mut scene, &mut stories, day)?;
            }
            if day == scene.today {
                break;
            }
            day = day.plus_days(1);
        }
        files::furnish(&mut scene, keys, &directory.file(""))?;
        Ok((scene.office.store().head()?.0, scene.office.store().log_id().to_owned()))
    }

    /// The `days`-th working day before today; for 0 today itself.
    pub fn back(&self, days: u16) -> Date {
        self.working_before(self.today, days)
    }

    /// The `days`-th working day after today.
    pub fn ahead(&self, days: u16) -> Date {
        self.office.rules().calendar.add_working_days(self.today, days).date
    }

    /// The `days`-th working day before `day`.
    pub fn working_before(&self, day: Date, days: u16) -> Date {
        let rules = self.office.rules();
        let (mut day, mut left) = (day, days);
        while left > 0 {
            day = day.plus_days(-1);
            if rules.calendar.is_working(day) {
                left -= 1;
            }
        }
        day
    }

    /// The day it is on the stage.
    pub fn day(&self) -> Date {
        self.clock.get().date()
    }

    /// A new day: at half past eight, or shortly before now.
    fn begin(&mut self, day: Date) {
        let morning = Moment::at(day, 8, 30);
        self.clock.set(morning.min(self.now.plus_millis(-3_600_000)));
        self.present.clear();
    }

    /// Some minutes pass; on the day of the play only seconds, so that nothing lies in the future.
    fn pass(&mut self) {
        let seconds = if self.clock.get().date() < self.today { self.rng.random_range(60..150) } else { 10 };
        self.clock.set(self.clock.get().plus_millis(seconds * 1_000).min(self.now));
    }

    fn clockwork(&mut self) -> anyhow::Result<()> {
        // Shortly after midnight the last day of the play is still yesterday.
        let (day, rules) = (self.day(), self.office.rules());
        let due = self.office.store().read(|conn| due_for_clock(conn, day, &rules))?;
        for (action, loans) in
            [("loan.expire", due.expire), ("loan.remind", due.remind), ("loan.escalate", due.escalate)]
        {
            for loan in loans {
                self.act_as(&Caller::Clock, action, &json!({ "loan": loan }))?;
            }
        }
        Ok(())
    }

    /// What somebody does, and must succeed in. The first act of a day is signing in.
    pub fn act(&mut self, who: &'static str, action: &str, input: &Value) -> anyhow::Result<Value> {
        let caller = self.caller(who)?;
        self.act_as(&caller, action, input)
    }

    /// What somebody tries and is refused.
    pub fn try_in_vain(&mut self, who: &'static str, action: &str, input: &Value) -> anyhow::Result<()> {
        let caller = self.caller(who)?;
        let result = self.perform(&caller, action, input)?;
        anyhow::ensure!(result.is_err(), "{who} should have been refused {action}");
        Ok(())
    }

    /// Does an action as that caller, which must succeed.
    pub fn act_as(&mut self, caller: &Caller, action: &str, input: &Value) -> anyhow::Result<Value> {
        let result = self.perform(caller, action, input)?;
        result.map_err(|code| anyhow::anyhow!("{action} was refused: {code}, input {input}"))
    }

    fn perform(
        &mut self,
        caller: &Caller,
        action: &str,
        input: &Value,
    ) -> anyhow::Result<Result<Value, String>> {
        self.pass();
        let request = Request {
            caller: caller.clone(),
            action: action.to_owned(),
            input: serde_json::value::to_raw_value(input)?,
            seen: None,
        };
        let performed = self.office.perform(request).with_context(|| format!("{action} with {input}"))?;
        Ok(performed.result.map_err(|refusal| format!("{} {:?}", refusal.code, refusal.facts)))
    }

    fn caller(&mut self, who: &'static str) -> anyhow::Result<Caller> {
        let caller = Caller::Person { id: self.person(who)?, terminal: terminal(who) };
        if self.present.insert(who) {
            self.act_as(&caller, "session.sign_in", &json!({}))?;
        }
        Ok(caller)
    }

    /// The person of that account.
    pub fn person(&self, who: &str) -> anyhow::Result<Id> {
        self.people.get(who).cloned().with_context(|| format!("nobody is called {who}"))
    }

    /// Somebody types a wrong password.
    pub fn wrong_password(&mut self, who: &'static str) -> anyhow::Result<()> {
        self.pass();
        let person = self.person(who)?;
        self.office.note_failed_sign_in(&terminal(who), Some(&person))?;
        Ok(())
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> anyhow::Result<&'a T> {
        let place = self.rng.random_range(0..all.len().max(1));
        all.get(place).context("nothing to choose from")
    }
}

/// The id of a record that an action answered.
pub fn id(value: &Value) -> anyhow::Result<Id> {
    let text = value.get("id").and_then(Value::as_str).context("an answer without an id")?;
    text.parse().map_err(anyhow::Error::msg)
}

/// The Chinese name of a role.
pub fn role_name(role: &str) -> Option<&'static str> {
    Role::ALL.iter().find(|known| known.name() == role).map(|known| known.zh())
}

/// Where people sit.
fn terminal(who: &str) -> String {
    let place = who.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 60) + 1;
    match who {
        "zhoumin" => "机要室-01".to_owned(),
        "linyue" => "机要室-02".to_owned(),
        "zhengjianguo" => "机要室-03".to_owned(),
        _ => format!("办公网-{place:02}"),
    }
}
