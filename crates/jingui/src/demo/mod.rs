//! A demonstration office, made through the real pipeline: a clock moved by hand walks through the last weeks, and the
//! people of the office do what people do. Afterwards it is served with the machine's clock.
//!
//! Must never put anything into the store by another way than an action.

mod files;
mod furnish;
mod letter;
mod loans;
mod mail;
mod people;
mod scene;
mod words;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jingui_crypto::{Keyring, Lock, Needs, Suite, Unsealed};
use jingui_store::{Clock as _, SystemClock};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

use crate::data::{self, DataDirectory, Secret};
use crate::serving;
use people::{ADMINISTRATORS, DEPARTMENTS, PEOPLE};
use scene::Scene;

/// The one password of all demonstration accounts.
pub const PASSWORD: &str = "Jingui-2026";

/// Marks a directory as a demonstration, which may be thrown away.
const MARK: &str = "demonstration";
const KEY: &str = "key.json";

/// Serves the demonstration office in `data`; makes it first where there is none, or anew when `fresh`.
pub fn run(data: &Path, listen: SocketAddr, fresh: bool, only_make: bool) -> anyhow::Result<()> {
    if !listen.ip().is_loopback() {
        bail!("a demonstration has well-known passwords; listen on 127.0.0.1");
    }
    if fresh && data.join("office.db").exists() {
        // The lock keeps a running demonstration from being pulled away under its feet.
        let lock = DataDirectory::open(data)?;
        check_mark(data)?;
        fs::remove_dir_all(data).with_context(|| format!("can't remove {}", data.display()))?;
        drop(lock);
    }
    if !data.join("office.db").exists() {
        make(data)?;
    }
    check_mark(data)?;
    if only_make {
        return Ok(());
    }
    let directory = DataDirectory::open(data)?;
    let settings = serving::Settings { listen, ..serving::Settings::default() };
    if data::needs(data)? == Some(Needs::Nothing) {
        let unsealed = directory.unlock(&Secret::KeyFile(directory.file(KEY)))?;
        return serving::run(&directory, &unsealed, &[], settings, announce);
    }
    // Somebody split the key in the console: it is opened as any office is.
    let Some(opened) = serving::wait(&directory, listen)? else { return Ok(()) };
    let settings = serving::Settings { listener: Some(opened.listener), ..settings };
    serving::run(&directory, &opened.unsealed, &opened.attempts, settings, announce)
}

fn check_mark(data: &Path) -> anyhow::Result<()> {
    if !data.join(MARK).exists() {
        bail!("{} isn't a demonstration; choose another directory with --data", data.display());
    }
    Ok(())
}

/// Makes the office beside its place and moves it there when it is whole, so that no half of one is ever served.
fn make(data: &Path) -> anyhow::Result<()> {
    let mut half = data.as_os_str().to_owned();
    half.push(".making");
    let half = PathBuf::from(half);
    if half.exists() {
        fs::remove_dir_all(&half).with_context(|| format!("can't remove {}", half.display()))?;
    }
    eprintln!("正在建立演示单位 / making the demonstration office …");
    let begun = std::time::Instant::now();
    let directory = DataDirectory::create(&half)?;
    let mut rng = ChaCha20Rng::from_os_rng();
    let keys = Keyring::generate(Suite::International, &mut rng);
    directory.write_private(MARK, "made by `jingui demo`; may be removed\n")?;
    let (entries, log) = Scene::play(&directory, &keys, SystemClock.now())?;
    let (unsealed, _) = Unsealed::new(&log, keys, &Lock::Plain, &mut rng)?;
    directory.write_private(KEY, &unsealed.seal().to_text())?;
    if data.exists() {
        fs::remove_dir(data)
            .with_context(|| format!("{} holds something else; choose another", data.display()))?;
    }
    fs::rename(&half, data).with_context(|| format!("can't move the demonstration to {}", data.display()))?;
    eprintln!("演示单位已建立 / made: {entries} entries in {:.1} s", begun.elapsed().as_secs_f32());
    Ok(())
}

/// Prints who can sign in.
fn announce() {
    println!("\n演示账户，口令均为 {PASSWORD}（名称、文件均为虚构）");
    println!(
        "Demonstration accounts; the password of all is {PASSWORD}. All names and documents are fictional.\n"
    );
    for (account, name, role, _) in ADMINISTRATORS {
        println!("  {account:<14} {name}　{role}");
    }
    for person in PEOPLE {
        let department = DEPARTMENTS.get(person.department).copied().unwrap_or_default();
        let roles: Vec<&str> = person.roles.iter().filter_map(|role| scene::role_name(role)).collect();
        println!(
            "  {:<14} {}　{department}　{}　知密等级 {}",
            person.account,
            person.name,
            roles.join("、"),
            person.clearance
        );
    }
    println!("\njingui demo --fresh 重新建立 / makes it anew.");
}

#[cfg(test)]
mod tests {
    use jingui_regulation::Moment;
    use jingui_store::Store;

    use super::*;

    fn play(day: &str, hour: i8) {
        let place = tempfile::tempdir().unwrap();
        let directory = DataDirectory::create(&place.path().join("demo")).unwrap();
        let keys = Keyring::generate(Suite::International, &mut ChaCha20Rng::seed_from_u64(1));
        let now = Moment::at(day.parse().unwrap(), hour, 3);
        Scene::play(&directory, &keys, now).unwrap();
        let store = Store::open(&keys, directory.options()).unwrap();
        let last = store.read(|conn| -> Result<String, jingui_store::StoreError> {
            let states: u32 =
                conn.query_row("SELECT count(DISTINCT state) FROM loan", [], |row| row.get(0))?;
            assert_eq!(states, 11, "every state of a loan");
            Ok(conn.query_row("SELECT max(at) FROM entry", [], |row| row.get(0))?)
        });
        assert!(last.unwrap() <= now.to_string(), "nothing lies in the future");
    }

    #[test]
    fn it_can_be_made_on_a_sunday_evening() {
        play("2026-11-22", 22);
    }

    #[test]
    fn it_can_be_made_early_on_a_holiday() {
        play("2026-10-05", 0);
    }

    #[test]
    fn it_can_be_made_in_a_year_without_a_published_calendar() {
        play("2029-02-28", 7);
    }
}
