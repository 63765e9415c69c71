//! The generated office: people, rooms and cabinets through the pipeline, items by importing workbooks, all of it in a
//! data directory like any other. Kept, and made again only when asked for.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use jingui_crypto::{Keyring, Lock, PassphraseCost, Seal, Suite, Unsealed};
use jingui_office::receipts::import::{Defaults, File, run};
use jingui_office::{Caller, Office, Request};
use jingui_regulation::{Category, Limits, RulePack};
use jingui_store::{Id, Options, Store, StoreError};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::words::{CABINETS, DEPARTMENTS, Ledger, SLOTS};

/// Passphrase of the key file.
pub const PASSPHRASE: &str = "jingui-bench-passphrase";
/// Password of every account.
pub const PASSWORD: &str = "Jingui-2026";
/// Rows in one imported workbook.
const BOOK: u32 = 10_000;
/// Staff in each department.
pub const STAFF: usize = 2;

/// What the making measured, kept beside the office.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Made {
    /// Items.
    pub items: u32,
    /// Rows per second over the whole import, reading the workbooks included.
    pub rows_per_second: f64,
    /// The same over the last workbook alone, when the office was full.
    pub last_rows_per_second: f64,
    /// The same without reading.
    pub registered_per_second: f64,
}

/// An item that a measure uses.
#[derive(Debug, Clone)]
pub struct Sampled {
    /// The item.
    pub item: String,
    /// Its level.
    pub level: u8,
    /// Place of its department in [`DEPARTMENTS`].
    pub department: usize,
    /// A copy that lies in a cabinet.
    pub copy: Option<String>,
    /// Its document number.
    pub number: String,
}

/// A generated office on disk.
pub struct Generated {
    /// The data directory.
    pub path: PathBuf,
    /// What its making measured.
    pub made: Made,
    /// Departments, in order.
    pub departments: Vec<String>,
    /// The registrar.
    pub registrar: String,
}

impl Generated {
    /// The office of that size under `target`: the kept one, else a new one.
    pub fn get(target: &Path, items: u32, seed: u64, fresh: bool) -> anyhow::Result<Self> {
        let path = target.join(format!("office-{items}"));
        if fresh && path.exists() {
            fs::remove_dir_all(&path)?;
        }
        let made: Made = if path.join("made.json").exists() {
            eprintln!("office of {items} items: the kept one");
            serde_json::from_str(&fs::read_to_string(path.join("made.json"))?)?
        } else {
            if path.exists() {
                fs::remove_dir_all(&path)?;
            }
            let made = make(&path, items, seed)?;
            fs::write(path.join("made.json"), serde_json::to_string(&made)?)?;
            made
        };
        let store = open(&path)?;
        let (departments, registrar) = store.read(|conn| -> Result<_, StoreError> {
            let id = |table: &str, column: &str, value: &str| {
                let sql = format!("SELECT key FROM {table} WHERE {column} = ?1");
                conn.query_row(&sql, [value], |row| row.get::<_, String>(0))
            };
            let all: Result<Vec<_>, _> =
                DEPARTMENTS.iter().map(|name| id("department", "name", name)).collect();
            Ok((all?, id("person", "staff_number", "0001")?))
        })?;
        Ok(Self { path, made, departments, registrar })
    }

    /// A copy of it to work on, so that what a run does isn't there for the next one.
    pub fn working_copy(&self) -> anyhow::Result<PathBuf> {
        let to = self.path.with_extension("run");
        if to.exists() {
            fs::remove_dir_all(&to)?;
        }
        fs::create_dir_all(&to)?;
        for name in ["key.json", "office.db"] {
            fs::copy(self.path.join(name), to.join(name))?;
            fs::File::open(to.join(name))?.sync_all()?;
        }
        Ok(to)
    }

    /// Items drawn at random, the same for the same seed.
    pub fn sample(&self, count: u32, seed: u64) -> anyhow::Result<Vec<Sampled>> {
        let store = open(&self.path)?;
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut sampled = Vec::new();
        store.read(|conn| -> Result<_, StoreError> {
            let mut statement = conn.prepare(
                "SELECT item.key, item.level, item.department, item.document_number,
                   (SELECT copy.key FROM copy WHERE copy.item = item.key AND copy.state = 'kept' LIMIT 1)
                 FROM item WHERE item.serial = ?1",
            )?;
            for _ in 0..count {
                let mut rows = statement.query([rng.random_range(1..=self.made.items)])?;
                let Some(row) = rows.next()? else { continue };
                let department: String = row.get(2)?;
                let Some(department) = self.departments.iter().position(|id| *id == department) else {
                    continue;
                };
                sampled.push(Sampled {
                    item: row.get(0)?,
                    level: row.get(1)?,
                    department,
                    copy: row.get(4)?,
                    number: row.get(3)?,
                });
            }
            Ok(())
        })?;
        Ok(sampled)
    }
}

/// Account of a member of staff.
pub fn staff(department: usize, number: usize) -> String {
    format!("staff-{department}-{number}")
}

/// Account of a department's head.
pub fn head(department: usize) -> String {
    format!("head-{department}")
}

/// Text of each generated file, pages of some 500 characters.
const PAGES: u32 = 4;

impl Generated {
    /// Gives so many items of level 1 a file of text each, once: words for the search, without bytes in a vault.
    pub fn fill(&self, files: u32, seed: u64) -> anyhow::Result<()> {
        let store = open(&self.path)?;
        let (there, items) = store.read(|conn| -> Result<(u32, Vec<Id>), StoreError> {
            let there = conn.query_row("SELECT count(*) FROM file", [], |row| row.get(0))?;
            let mut statement =
                conn.prepare("SELECT key FROM item WHERE level = 1 ORDER BY serial LIMIT ?1 OFFSET ?2")?;
            let items = statement.query_map([files, there], |row| row.get::<_, String>(0))?;
            let items = items.filter_map(|key| key.ok()?.parse().ok()).collect();
            Ok((there, items))
        })?;
        let missing = usize::try_from(files.saturating_sub(there))?;
        let pack = RulePack::embedded().map_err(|problems| anyhow::anyhow!("the rule pack: {problems:?}"))?;
        let office = Office::open(store, pack)?;
        let registrar = by(&self.registrar.parse().map_err(anyhow::Error::msg)?);
        let ledger = Ledger::new(seed.wrapping_add(1));
        let items: Vec<_> = (there..).zip(items.into_iter().take(missing)).collect();
        std::thread::scope(|scope| {
            let workers: Vec<_> = items
                .chunks(items.len().div_ceil(32).max(1))
                .map(|part| {
                    let (office, registrar, ledger) = (&office, &registrar, &ledger);
                    scope.spawn(move || {
                        part.iter()
                            .try_for_each(|(number, item)| written(office, registrar, ledger, item, *number))
                    })
                })
                .collect();
            workers.into_iter().try_for_each(|worker| match worker.join() {
                Ok(done) => done,
                Err(_) => bail!("a worker broke off"),
            })
        })
    }
}

/// One file of text for an item, as if it had come and been looked into.
fn written(
    office: &Office,
    registrar: &Caller,
    ledger: &Ledger,
    item: &Id,
    number: u32,
) -> anyhow::Result<()> {
    let name = format!("正文-{number}.txt");
    let begun = act(office, registrar, "file.begin", &json!({ "item": item, "name": name, "bytes": 8_000 }))?;
    let file = id(&begun)?;
    let sealed = json!({ "name": format!("{number:040x}"), "bytes": 8_088 });
    act(office, registrar, "file.keep", &json!({ "file": file, "sealed": sealed, "wrapped": [0] }))?;
    let pages: Vec<String> = (0..PAGES).map(|page| ledger.page(number * PAGES + page)).collect();
    let found = json!({ "name": "pages", "kind": "text", "pages": PAGES, "notices": [], "words": pages });
    act(office, &Caller::Clock, "file.note", &json!({ "file": file, "found": found }))?;
    Ok(())
}

/// Opens the store of a data directory.
pub fn open(path: &Path) -> anyhow::Result<Store> {
    let unsealed = Seal::parse(&fs::read_to_string(path.join("key.json"))?)?.open(Some(PASSPHRASE))?;
    Ok(Store::open(unsealed.keyring(), Options::new(path.join("office.db"), jingui_office::kinds()))?)
}

fn make(path: &Path, items: u32, seed: u64) -> anyhow::Result<Made> {
    fs::create_dir_all(path)?;
    let mut rng = ChaCha20Rng::from_os_rng();
    let keys = Keyring::generate(Suite::International, &mut rng);
    let options = Options::new(path.join("office.db"), jingui_office::kinds());
    let pack = RulePack::embedded().map_err(|problems| anyhow::anyhow!("the rule pack: {problems:?}"))?;
    let store = Store::create(&keys, options)?;
    let lock = Lock::Passphrase { passphrase: PASSPHRASE, cost: PassphraseCost::default() };
    let (unsealed, _) = Unsealed::new(store.log_id(), keys, &lock, &mut rng)?;
    fs::write(path.join("key.json"), unsealed.seal().to_text())?;
    let office = Office::open(store, pack)?;
    let (registrar, department) = furnish(&office)?;
    import(&office, &by(&registrar), &department, items, seed)
}

/// The caller that a person is.
pub fn by(person: &Id) -> Caller {
    Caller::Person { id: person.clone(), terminal: "bench".into() }
}

/// Does an action that must succeed.
pub fn act(office: &Office, caller: &Caller, action: &str, input: &Value) -> anyhow::Result<Value> {
    let input = serde_json::value::to_raw_value(input)?;
    let request = Request { caller: caller.clone(), action: action.into(), input, seen: None };
    let performed = office.perform(request).with_context(|| action.to_owned())?;
    performed.result.map_err(|refusal| anyhow::anyhow!("{action} was refused: {refusal:?}"))
}

fn id(value: &Value) -> anyhow::Result<Id> {
    serde_json::from_value(value.get("id").cloned().unwrap_or_default()).context("no id was answered")
}

/// People, a room and cabinets; answers the registrar and the first department.
fn furnish(office: &Office) -> anyhow::Result<(Id, Id)> {
    let founder = Caller::Founder;
    let security = json!({ "staff_number": "A002", "name": "安全保密管理员" });
    let security = id(&act(office, &founder, "person.add", &security)?)?;
    let rights = json!({ "person": security, "department": null, "roles": ["security_administrator"], "class": null, "clearance": 0 });
    act(office, &founder, "person.set_rights", &rights)?;
    let security = by(&security);
    let mut number = 0_u32;
    let mut person = |account: String,
                      department: &Id,
                      roles: &[&str],
                      clearance: u8|
     -> anyhow::Result<Id> {
        number += 1;
        let person = json!({ "staff_number": format!("{number:04}"), "name": format!("某{number}"), "department": department });
        let person = id(&act(office, &security, "person.add", &person)?)?;
        let review =
            json!({ "person": person, "class": "general", "on": office.today(), "supports": clearance });
        act(office, &security, "person.record_review", &review)?;
        let rights = json!({ "person": person, "department": department, "roles": roles, "class": "general", "clearance": clearance });
        act(office, &founder, "person.set_rights", &rights)?;
        let open = json!({ "person": person, "account": account, "password": PASSWORD });
        act(office, &security, "account.open", &open)?;
        act(office, &by(&person), "person.sign_commitment", &json!({ "version": 1 }))?;
        Ok(person)
    };
    let mut departments = Vec::new();
    for name in DEPARTMENTS {
        departments.push(id(&act(office, &security, "department.add", &json!({ "name": name }))?)?);
    }
    let first = departments.first().context("no department")?.clone();
    let registrar = person("registrar".into(), &first, &["registrar", "staff"], 4)?;
    person("office-head".into(), &first, &["office_head"], 4)?;
    for (place, department) in departments.iter().enumerate() {
        let chief = person(head(place), department, &["department_head", "staff"], 3)?;
        let named = json!({ "department": department, "head": chief });
        act(office, &security, "department.name_head", &named)?;
        for member in 0..STAFF {
            // Some of the staff may know the lower levels only.
            let clearance = if member == 0 { 3 } else { 2 };
            person(staff(place, member), department, &["staff"], clearance)?;
        }
    }
    let keeper = by(&registrar);
    let room = json!({ "name": "保密室", "reading": true, "level": 4, "responsible": registrar });
    let room = id(&act(office, &keeper, "room.add", &room)?)?;
    for cabinet in 1..=CABINETS {
        let name = format!("{cabinet}号柜");
        let cabinet =
            json!({ "name": name, "room": room, "level": 4, "custodian": registrar, "slots": SLOTS });
        act(office, &keeper, "cabinet.add", &cabinet)?;
    }
    Ok((registrar, first))
}

/// What the registrar decides for the workbook of that number.
pub fn defaults(book: u32, department: &str) -> anyhow::Result<Value> {
    let all = Category::ALL;
    let category = all.get(usize::try_from(book)? % all.len()).context("no category")?;
    Ok(
        json!({ "category": category, "scope": { "kind": "named", "people": [], "departments": [department] } }),
    )
}

/// Imports workbook after workbook, as a registrar would.
fn import(office: &Office, caller: &Caller, department: &Id, items: u32, seed: u64) -> anyhow::Result<Made> {
    let ledger = Ledger::new(seed);
    // Workbooks small enough that each category occurs.
    let size = BOOK.min(items.div_ceil(7));
    let (mut reading, mut registering) = (Duration::ZERO, Duration::ZERO);
    let (mut from, mut book, mut last) = (0, 0, 0.0);
    while from < items {
        let rows = size.min(items - from);
        let bytes = ledger.workbook(from, rows)?;
        let start = Instant::now();
        let opened = jingui_intake::open("ledger.xlsx", &bytes)?;
        let plans = jingui_intake::recognise(&opened);
        let outcome = jingui_intake::read(&opened, &plans, &Limits::from(&office.rules().parameters));
        let read = start.elapsed();
        let file = File { name: format!("ledger-{book}.xlsx"), digest: format!("{book:064x}") };
        let defaults: Defaults = serde_json::from_value(defaults(book, department.as_str())?)?;
        let imported = run(office, caller, &file, &outcome, &defaults, |_, _| true)?;
        if imported.result.accepted != u64::from(rows) {
            bail!("the import refused rows: {:?} {:?}", outcome.refused.first(), imported.refused.first());
        }
        let all = start.elapsed();
        reading += read;
        registering += all.checked_sub(read).unwrap_or_default();
        from += rows;
        book += 1;
        last = f64::from(rows) / all.as_secs_f64();
        eprint!("\roffice of {items} items: {from} made, {last:.0} rows/s   ");
        std::io::stderr().flush()?;
    }
    eprintln!();
    Ok(Made {
        items,
        rows_per_second: f64::from(items) / (reading + registering).as_secs_f64(),
        last_rows_per_second: last,
        registered_per_second: f64::from(items) / registering.as_secs_f64(),
    })
}
