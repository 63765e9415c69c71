//! The play: an office, its clock, chance from a seed, and what came of each action.
//!
//! Owns the run. Must never decide what may happen: it asks the office and counts the answers.

use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};

use anyhow::{Context as _, bail};
use jingui_crypto::{Keyring, Suite};
use jingui_office::loans::views::due_for_clock;
use jingui_office::{Caller, Office, Performed, Request, Unable};
use jingui_regulation::{Date, Moment, RulePack};
use jingui_store::{FixedClock, Options, Store};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

use crate::{people, steps};

/// Nothing happens later: loans end before the last day whose working days are published.
const LAST_DAY: &str = "2026-11-20";

/// Done, refused, not understood: how often for each action.
pub type Tally = BTreeMap<String, [u32; 3]>;

/// An office in which things happen.
pub struct Play {
    office: Option<Office>,
    keys: Keyring,
    directory: tempfile::TempDir,
    clock: FixedClock,
    seed: u64,
    opened: u64,
    pub(crate) chance: ChaCha20Rng,
    pub(crate) security: String,
    pub(crate) people: Vec<String>,
    pub(crate) departments: Vec<String>,
    /// What came of it.
    pub tally: Tally,
}

impl Play {
    /// A furnished office that has done nothing yet. The same seed gives the same play.
    pub fn new(seed: u64) -> anyhow::Result<Self> {
        let mut chance = ChaCha20Rng::seed_from_u64(seed);
        let start: Date = "2026-01-05".parse().map_err(|_| anyhow::anyhow!("no such day"))?;
        let start = start.plus_days(chance.random_range(0..200));
        // Both suites carry the whole office.
        let suite = if seed.is_multiple_of(2) { Suite::International } else { Suite::Guomi };
        let mut play = Self {
            office: None,
            keys: Keyring::generate(suite, &mut chance),
            // In memory where that is possible: what is tried here is the office, not the disk.
            directory: tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?,
            clock: FixedClock::new(Moment::at(start, 9, 0)),
            seed,
            opened: 0,
            chance,
            security: String::new(),
            people: Vec::new(),
            departments: Vec::new(),
            tally: Tally::new(),
        };
        let options = play.options();
        let store = Store::create(&play.keys, options)?;
        play.office = Some(Self::house(store)?);
        people::furnish(&mut play)?;
        play.tally.clear();
        Ok(play)
    }

    fn options(&mut self) -> Options {
        self.opened += 1;
        let mut options = Options::new(self.directory.path().join("office.db"), jingui_office::kinds());
        options.clock = Arc::new(self.clock.clone());
        options.rng = ChaCha20Rng::seed_from_u64(self.seed.wrapping_mul(1_000).wrapping_add(self.opened));
        options.readers = 1;
        options.cache_mib = 32;
        options
    }

    fn house(store: Store) -> anyhow::Result<Office> {
        let problems = |all: Vec<jingui_regulation::Problem>| {
            anyhow::anyhow!(all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        };
        Ok(Office::open(store, RulePack::embedded().map_err(problems)?)?)
    }

    /// The office.
    pub fn office(&self) -> anyhow::Result<&Office> {
        self.office.as_ref().context("the office is closed")
    }

    /// The day by the office's clock.
    pub fn day(&self) -> Date {
        self.clock.get().date()
    }

    /// Rows of text that a query answers.
    pub(crate) fn rows(&self, sql: &str) -> anyhow::Result<Vec<Vec<String>>> {
        self.office()?.store().read(|conn| {
            let mut statement = conn.prepare_cached(sql)?;
            let columns = statement.column_count();
            let mut rows = statement.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let one: Result<Vec<String>, rusqlite::Error> = (0..columns)
                    .map(|column| Ok(row.get::<_, Option<String>>(column)?.unwrap_or_default()))
                    .collect();
                all.push(one?);
            }
            Ok(all)
        })
    }

    /// Does what must succeed.
    pub(crate) fn must(&mut self, caller: Caller, action: &str, input: Value) -> anyhow::Result<Value> {
        let performed = self.office()?.perform(request(caller, action, &input)?)?;
        performed
            .result
            .map_err(|refusal| anyhow::anyhow!("{action} was refused: {} with {input}", refusal.code))
    }

    /// Goes on for `steps` actions, with a restart, a move of the clock or a crowd now and then.
    pub fn go_on(&mut self, steps: u32) -> anyhow::Result<()> {
        let mut left = steps;
        while left > 0 {
            match self.chance.random_range(0..1_000) {
                0 | 1 => self.restart()?,
                2..40 => self.time_passes()?,
                40..80 => {
                    // A crowd: everybody decided on what they saw before any of them acted.
                    let crowd = self.chance.random_range(2..=8).min(left);
                    let requests =
                        (0..crowd).map(|_| steps::next(self)).collect::<anyhow::Result<Vec<_>>>()?;
                    self.all(requests)?;
                    left -= crowd;
                }
                _ => {
                    let request = steps::next(self)?;
                    self.all(vec![request])?;
                    left -= 1;
                }
            }
        }
        Ok(())
    }

    /// Queues all of them before waiting for the first.
    fn all(&mut self, requests: Vec<(Caller, String, Value)>) -> anyhow::Result<()> {
        let mut answers = Vec::new();
        for (caller, action, input) in requests {
            let (sender, receiver) = mpsc::sync_channel(1);
            self.office()?.submit(request(caller, &action, &input)?, move |performed| {
                let _ = sender.send(performed);
            });
            answers.push((action, input, receiver));
        }
        for (action, input, receiver) in answers {
            self.count(&action, &input, receiver.recv().context("the office gave no answer")?)?;
        }
        Ok(())
    }

    fn count(
        &mut self,
        action: &str,
        input: &Value,
        performed: Result<Performed, Unable>,
    ) -> anyhow::Result<()> {
        let column = match performed {
            Ok(performed) if performed.result.is_ok() => 0,
            Ok(_) => 1,
            Err(Unable::Input(_)) => 2,
            Err(error) => bail!("{action} with {input}: {error:#} ({error:?})"),
        };
        if let Some(count) = self.tally.entry(action.to_owned()).or_default().get_mut(column) {
            *count += 1;
        }
        Ok(())
    }

    /// The office closes and opens again.
    fn restart(&mut self) -> anyhow::Result<()> {
        self.office = None;
        let options = self.options();
        self.office = Some(Self::house(Store::open(&self.keys, options)?)?);
        Ok(())
    }

    /// Some hours or days pass, and the clock does its work.
    fn time_passes(&mut self) -> anyhow::Result<()> {
        let later = self.clock.get().plus_millis(self.chance.random_range(1..40) * 3_600_000);
        if later.date().to_string().as_str() < LAST_DAY {
            self.clock.set(later);
        }
        let office = self.office()?.clone();
        let due = office.store().read(|conn| due_for_clock(conn, self.day(), &office.rules()))?;
        drop(office);
        let actions =
            [("loan.expire", due.expire), ("loan.remind", due.remind), ("loan.escalate", due.escalate)];
        for (action, loans) in actions {
            for loan in loans {
                self.all(vec![(Caller::Clock, action.to_owned(), json!({"loan": loan}))])?;
            }
        }
        Ok(())
    }
}

fn request(caller: Caller, action: &str, input: &Value) -> anyhow::Result<Request> {
    Ok(Request {
        caller,
        action: action.to_owned(),
        input: serde_json::value::to_raw_value(input)?,
        seen: None,
    })
}

/// The caller that a person is.
pub(crate) fn by(person: &str) -> anyhow::Result<Caller> {
    let id = person.parse().map_err(|_| anyhow::anyhow!("{person} is no id"))?;
    Ok(Caller::Person { id, terminal: "play".to_owned() })
}
