//! Backups: taken while the office is served or stopped, verified, and restored on an empty machine.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, bail};
use jingui_backup::{BackupError, Filed, Known, Place, ReadSeal, Report, Restored, Stage, Target};
use jingui_crypto::{Keyring, Seal, Unsealed};
use jingui_office::files::{FileState, views, words};
use jingui_office::keys::backup::{Done, Particulars, last};
use jingui_office::{Caller, Connection, Office};
use jingui_regulation::Param;
use jingui_server::Keeper;
use jingui_store::{Store, StoreError};
use jingui_vault::Vault;
use serde_json::json;

use crate::data::{DataDirectory, KEY};
use crate::{init, outside, serving};

/// How often it is looked whether a backup is due, while the office is served.
const LOOK: std::time::Duration = std::time::Duration::from_mins(1);

/// The files that the registers know.
pub fn registers(conn: &Connection) -> Result<Vec<Filed>, StoreError> {
    let filed = views::all(conn)?.into_iter().filter_map(|file| match file.state {
        FileState::Kept { sealed } | FileState::Ready { sealed, .. } | FileState::Faulty { sealed, .. } => {
            Some(Filed::Kept { id: file.id.to_string(), name: sealed.name, bytes: sealed.bytes })
        }
        FileState::Removed { .. } => Some(Filed::Destroyed { id: file.id.to_string() }),
        FileState::Arriving => None,
    });
    Ok(filed.collect())
}

/// Told at a terminal only, every tenth of the way.
pub fn told() -> impl Fn(Stage, u64, u64) + Sync {
    let last = Mutex::new((None, 0));
    move |stage, done, total| {
        let tenth = done * 10 / total.max(1);
        let Ok(mut last) = last.lock() else { return };
        if *last == (Some(stage), tenth) || !std::io::stderr().is_terminal() {
            return;
        }
        *last = (Some(stage), tenth);
        let what = match stage {
            Stage::Entries => "账目 / entries",
            Stage::Files => "电子件 / files",
            Stage::Verifying => "读回核对 / reading back",
        };
        eprintln!("{what}: {done} / {total}");
    }
}

/// Takes a backup of the office that isn't served.
pub fn take(
    directory: &DataDirectory,
    unsealed: &Unsealed,
    vault: Option<String>,
    place: &str,
) -> anyhow::Result<()> {
    let office = Office::open(Store::open(unsealed.keyring(), directory.options())?, crate::rules::pack()?)?;
    let vault = serving::vault(directory, unsealed.keyring(), vault)?;
    let seal = || unsealed.seal().to_text();
    let report = run(&office, &vault, unsealed.keyring(), &seal, place, &told())?;
    println!(
        "第 {} 次备份已完成并读回核对 / backup {} taken and read back: {} entries ({} new), {} files ({} new), {:.1} s",
        report.number,
        report.number,
        report.entries.0,
        report.entries.1,
        report.files.0,
        report.files.1,
        report.took.as_secs_f32()
    );
    if !report.sealed {
        println!("备份不含密钥文件，请另行保管 / the key file isn't in the backup; keep it elsewhere.");
    }
    Ok(())
}

/// Takes a backup and journals it.
fn run(
    office: &Office,
    vault: &Vault,
    keys: &Keyring,
    seal: ReadSeal<'_>,
    place: &str,
    told: &(dyn Fn(Stage, u64, u64) + Sync),
) -> anyhow::Result<Report> {
    let whole = jingui_backup::Office { store: office.store(), vault, keys, seal: Some(seal), registers };
    let report = jingui_backup::run(&whole, &Place::open(place)?, told)?;
    let missing = report.missing.len() as u64;
    for name in &report.missing {
        tracing::error!(name, "a file of the registers isn't in the vault as it was");
    }
    let (done, place) = (Done::Backup, place.to_owned());
    let (entries, files) = (report.entries.0, report.files.0);
    let whole =
        Particulars { done, place, entries, files, missing, behind: None, done_at: None, proof: None };
    note(office, whole)?;
    Ok(report)
}

pub fn note(office: &Office, particulars: Particulars) -> anyhow::Result<()> {
    init::act(office, &Caller::Clock, "backup.note", &serde_json::to_value(particulars)?)?;
    Ok(())
}

/// Takes backups while the office is served: whenever the newest is older than the parameter says, and at once when the keys
/// were rotated or split anew, so that no older file of keys stays in the place.
pub fn keep_taking(office: Office, vault: Vault, keeper: Arc<Keeper>, place: String) -> anyhow::Result<()> {
    let mut copied = keeper.written();
    let mut due = move || -> anyhow::Result<bool> {
        let days = office.rules().parameters.value(Param::BackupDays);
        let newest = office.store().read(|conn| last(conn, Done::Backup))?;
        let age = newest.map(|at| office.store().now().millis() - at.millis());
        let written = keeper.written();
        if written == copied && age.is_some_and(|age| age < days * 86_400_000) {
            return Ok(false);
        }
        let seal = || keeper.seal();
        let report = run(&office, &vault, keeper.current().keyring(), &seal, &place, &|_, _, _| {})?;
        copied = written;
        tracing::info!(
            number = report.number,
            entries = report.entries.0,
            "a backup was taken and read back"
        );
        Ok(true)
    };
    std::thread::Builder::new().name("backup".into()).spawn(move || {
        loop {
            let wait = match due() {
                Ok(_) => LOOK,
                Err(error) => {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "no backup could be taken; it is tried again in an hour"
                    );
                    LOOK * 60
                }
            };
            std::thread::sleep(wait);
        }
    })?;
    Ok(())
}

/// Looks at every byte of a backup; without the keys too.
pub fn verify(place: &str, keys: Option<&Keyring>) -> anyhow::Result<()> {
    let verdict = jingui_backup::verify(&Place::open(place)?, keys, &told())?;
    if let Some(finding) = verdict.findings.first() {
        let all = verdict.findings.len();
        let damage = match finding.damage {
            jingui_backup::Damage::Missing => "missing",
            jingui_backup::Damage::Altered => "altered",
        };
        let told = format!("{all} things differ; the first: {} is {damage}", finding.name);
        return Err(crate::verify::NotWhole::of(told).into());
    }
    println!("备份完整 / the backup is whole: {} files, {} bytes", verdict.looked_at.0, verdict.looked_at.1);
    Ok(())
}

/// The seal that lies in a backup.
pub fn seal(place: &str) -> anyhow::Result<Option<Seal>> {
    let place = Place::open(place)?;
    let text = jingui_backup::Manifest::read(&place)?.seal(&place)?;
    Ok(text.map(|text| Seal::parse(&text)).transpose()?)
}

/// What is known from elsewhere when an office is restored.
pub struct Elsewhere {
    /// Checkpoints kept outside.
    pub checkpoints: Vec<PathBuf>,
    /// Newer backups, at least of what was destroyed since.
    pub newer: Vec<String>,
    /// Whether to go on though the backup holds less than is known.
    pub go_on: bool,
}

impl Elsewhere {
    fn known(&self, keys: &Keyring) -> anyhow::Result<Known> {
        let checkpoints =
            self.checkpoints.iter().map(|path| outside::note(path)).collect::<Result<_, _>>()?;
        let mut known = Known { checkpoints, go_on: self.go_on, ..Known::default() };
        for place in &self.newer {
            known.learn(&Place::open(place)?, keys)?;
        }
        Ok(known)
    }
}

/// Restores an office into an empty data directory.
pub fn restore(
    place: &str,
    data: &Path,
    unsealed: &Unsealed,
    vault: Option<String>,
    elsewhere: &Elsewhere,
) -> anyhow::Result<()> {
    let keys = unsealed.keyring();
    let known = elsewhere.known(keys)?;
    let directory = DataDirectory::create(data)?;
    let made = || -> anyhow::Result<Restored> {
        let vault = vault.unwrap_or_else(|| directory.file("vault").to_string_lossy().into_owned());
        let files = Place::of(jingui_vault::Depot::open(&vault)?)?;
        let target = Target { options: directory.options(), vault: &files, registers, terms: words::cut };
        let (store, restored) =
            jingui_backup::restore(&Place::open(place)?, keys, target, &known, &told()).map_err(put_back)?;
        if let Some(text) = seal(place)? {
            directory.write_private(KEY, &text.to_text())?;
        }
        init::certificate(&directory)?;
        let office = Office::open(store, crate::rules::pack()?)?;
        // Before anything opens: the registers of the backup still have what was destroyed since.
        for (file, listed) in &restored.destroyed {
            let input = json!({ "file": file, "backup": listed.backup, "place": listed.place });
            init::act(&office, &Caller::Clock, "file.destroyed_since", &input)?;
        }
        note(&office, particulars(Done::Restored, place, &restored))?;
        Ok(restored)
    };
    let restored = made().inspect_err(|_| directory.clear())?;
    println!(
        "已恢复至 {} 的状态：{} 笔账、{} 个电子件 / restored as of {}: {} entries, {} files",
        restored.at, restored.entries, restored.files.0, restored.at, restored.entries, restored.files.0
    );
    if let Some(known) = restored.behind {
        println!(
            "缺第 {} 至 {known} 笔，请人工清点 / entries {} to {known} are missing; take stock by hand.",
            restored.entries + 1,
            restored.entries + 1
        );
    }
    for name in &restored.missing {
        println!("备份里没有电子件 {name} / file {name} isn't in the backup.");
    }
    if !restored.destroyed.is_empty() {
        println!(
            "备份之后销毁的 {} 个电子件未恢复 / {} files that were destroyed since stay destroyed.",
            restored.destroyed.len(),
            restored.destroyed.len()
        );
    }
    println!("下一步 / next: jingui verify --data {}", data.display());
    Ok(())
}

pub fn particulars(done: Done, place: &str, restored: &Restored) -> Particulars {
    Particulars {
        done,
        place: place.to_owned(),
        entries: restored.entries,
        files: restored.files.0,
        missing: restored.missing.len() as u64,
        behind: restored.behind,
        done_at: None,
        proof: None,
    }
}

/// What the backup lacks is a finding, with its own exit code.
fn put_back(error: BackupError) -> anyhow::Error {
    anyhow::Error::from(error).context("the backup can't be restored")
}

/// Keys for a backup: from the seal in it, or a key file.
pub fn unlock(place: &str, secret: &crate::data::Secret) -> anyhow::Result<Unsealed> {
    if let crate::data::Secret::KeyFile(path) = secret {
        return Ok(crate::data::seal(path)?.open(None)?);
    }
    let Some(seal) = seal(place).with_context(|| format!("can't read the backup in {place}"))? else {
        bail!("this backup has no seal in it; give the office's key file with --key-file");
    };
    crate::data::open(&seal, secret)
}
