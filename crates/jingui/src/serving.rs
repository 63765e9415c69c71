//! Serving an office, and verifying it from the command line.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use jingui_crypto::{Keyring, Unsealed};
use jingui_office::files::words;
use jingui_office::{Caller, Office};
use jingui_server::{Attempt, Config, Content, Keeper, Live, Opened, Tls, WitnessAt};
use jingui_store::{Finding, Store};
use jingui_vault::Vault;

use crate::data::{DataDirectory, KEY, replace_private};
use crate::outside;

/// How an office is served.
pub struct Settings {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Listens there already, where a door handed its place over.
    pub listener: Option<TcpListener>,
    /// The plain key file, where the keys don't lie in the data directory.
    pub key_file: Option<PathBuf>,
    /// Memory for database pages, MiB.
    pub cache_mib: u64,
    /// Where sealed files lie; in the data directory unless said otherwise.
    pub vault: Option<String>,
    /// Where backups go while it is served.
    pub backup: Option<String>,
    /// Checkpoints kept outside, which the ledger must continue.
    pub checkpoints: Vec<PathBuf>,
    /// Media of key holders, on which the newest checkpoint is kept at each opening.
    pub media: Vec<PathBuf>,
    /// Who is shown the newest checkpoint, at the start and every minute.
    pub witnesses: Vec<WitnessAt>,
}

impl Default for Settings {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        Self {
            listen,
            listener: None,
            key_file: None,
            cache_mib: 256,
            vault: None,
            backup: None,
            checkpoints: Vec::new(),
            media: Vec::new(),
            witnesses: Vec::new(),
        }
    }
}

/// Waits at the door of a sealed office until its key holders have opened it; nothing when the process was told to end.
pub fn wait(directory: &DataDirectory, listen: SocketAddr) -> anyhow::Result<Option<Opened>> {
    let seal = crate::data::seal(&directory.file(KEY))?;
    Ok(jingui_server::wait(listen, tls(directory, listen)?, seal, |address, secure| {
        let scheme = if secure { "https" } else { "http" };
        println!(
            "金匮尚未启封，请密钥持有人打开 {scheme}://{address} / sealed: open it there, or with `jingui unseal`."
        );
    })?)
}

/// The certificate of the data directory, where one is needed.
fn tls(directory: &DataDirectory, listen: SocketAddr) -> anyhow::Result<Option<Tls>> {
    if listen.ip().is_loopback() {
        return Ok(None);
    }
    let read = |name: &str| std::fs::read(directory.file(name)).with_context(|| format!("can't read {name}"));
    Ok(Some(Tls { certificates: read("tls-certificate.pem")?, key: read("tls-key.pem")? }))
}

/// Opens the office and serves it until the process is told to end. `ready` runs once it listens.
pub fn run(
    directory: &DataDirectory,
    unsealed: &Unsealed,
    attempts: &[Attempt],
    settings: Settings,
    ready: impl FnOnce(),
) -> anyhow::Result<()> {
    let Settings { listen, listener, key_file, cache_mib, vault, backup, checkpoints, media, witnesses } =
        settings;
    let keeper = keeper(directory, unsealed, key_file);
    let keys = unsealed.keyring();
    let live = Live::default();
    let mut options = directory.options();
    options.cache_mib = cache_mib;
    options.notify = Some(live.notifier());
    let store = Store::open(keys, options)?;
    // Before anything is written or shown: is this the ledger that others saw, and all of it?
    outside::compare(&store, &checkpoints)?;
    let known: Vec<PathBuf> = media.iter().filter(|path| path.exists()).cloned().collect();
    outside::compare(&store, &known)?;
    outside::ask(&store, &witnesses)?;
    let office = Office::open(store, crate::rules::pack()?)?;
    opened(&office, unsealed, attempts)?;
    for path in &media {
        // A medium that can't be written is no reason to stay closed; its holder learns of it.
        if let Err(error) = outside::keep_checkpoint(office.store(), path) {
            eprintln!("检查点未能写入 {} / the checkpoint wasn't kept: {error:#}", path.display());
        }
    }
    if let Some(place) = backup {
        let vault = self::vault(directory, keys, vault.clone())?;
        crate::backup::keep_taking(office.clone(), vault, Arc::clone(&keeper), place)?;
    }
    let mut config = Config::new(listen, office, content(directory, keys, vault)?, live);
    config.tls = tls(directory, listen)?;
    config.witnesses = witnesses;
    config.listener = listener;
    config.keys = Some(keeper);
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let running = jingui_server::serve(config)?;
    println!("金匮正在 {scheme}://{} 提供服务 / serving. Ctrl+C 停止 / stops.", running.address());
    ready();
    running.until_told();
    Ok(())
}

/// Holds the keys with the file they lie in. One on a medium apart stays there, and stays in the clear.
fn keeper(directory: &DataDirectory, unsealed: &Unsealed, key_file: Option<PathBuf>) -> Arc<Keeper> {
    let home = directory.file(KEY);
    let path = key_file.unwrap_or_else(|| home.clone());
    let splits = path == home;
    let write = Box::new(move |text: &str| replace_private(&path, text));
    Arc::new(Keeper::new(unsealed.clone(), splits, write))
}

/// Journals that the office was opened, and what was tried before.
fn opened(office: &Office, unsealed: &Unsealed, attempts: &[Attempt]) -> anyhow::Result<()> {
    let seal = unsealed.seal();
    let (entries, levels) = unsealed.keyring().epochs();
    let input = serde_json::json!({
        "suite": seal.suite(), "set": seal.set(), "attempts": attempts, "entry_epoch": entries, "level_epoch": levels,
    });
    crate::init::act(office, &Caller::Clock, "seal.open", &input)?;
    Ok(())
}

/// The vault alone, for what copies it. Its spool is its own, so that no upload under way is swept.
pub fn vault(directory: &DataDirectory, keys: &Keyring, vault: Option<String>) -> anyhow::Result<Vault> {
    let vault = vault.unwrap_or_else(|| directory.file("vault").to_string_lossy().into_owned());
    Ok(Vault::open(keys, &vault, &directory.file("backup-spool"))?)
}

/// The files of the office; this same program is what reads them, confined.
pub fn content(directory: &DataDirectory, keys: &Keyring, vault: Option<String>) -> anyhow::Result<Content> {
    let vault = vault.unwrap_or_else(|| directory.file("vault").to_string_lossy().into_owned());
    let program = std::env::current_exe().context("can't tell where this program lies")?;
    Ok(Content::open(keys, &vault, &directory.file("spool"), program)?)
}

/// The book was read, and something in it differs.
#[derive(Debug, thiserror::Error)]
#[error("账本不符 / the book is not whole: {0}")]
pub struct NotWhole(String);

impl NotWhole {
    /// What differs.
    pub const fn of(what: String) -> Self {
        Self(what)
    }
}

/// The store as it lies there: opened without building anything anew.
pub fn unchanged(directory: &DataDirectory, keys: &Keyring) -> anyhow::Result<Store> {
    let mut options = directory.options();
    options.rebuild = false;
    Ok(Store::open(keys, options)?)
}

/// Verifies the book and tells the verdict; fails when something differs, or a checkpoint kept outside knows of more.
pub fn verify(directory: &DataDirectory, keys: &Keyring, checkpoints: &[PathBuf]) -> anyhow::Result<()> {
    let store = unchanged(directory, keys)?;
    outside::compare(&store, checkpoints)?;
    let mut told = 0;
    let verdict = store.verify(|done, total| {
        let percent = done * 100 / total.max(1);
        if percent >= told + 10 {
            told = percent;
            eprintln!("{percent}% ({done} / {total})");
        }
    });
    let verdict = match verdict {
        // A page that doesn't pass the cipher's check, or isn't a page any more, is no trouble with the disk's space.
        Err(error) if error.is_damage() => {
            return Err(NotWhole("the database file is damaged or was altered".to_owned()).into());
        }
        other => other?,
    };
    let (files, words) = store.read(words::verify)?;
    if let (None, Some(file)) = (&verdict.finding, words) {
        return Err(NotWhole(format!("the words kept of file {file} differ from the journal")).into());
    }
    match &verdict.finding {
        None => {
            println!(
                "账本完整 / the book is whole: {} entries, {} records, root {}",
                verdict.entries,
                verdict.records + files,
                verdict.root
            );
            Ok(())
        }
        Some(finding) => Err(NotWhole(describe(finding)).into()),
    }
}

fn describe(finding: &Finding) -> String {
    match finding {
        Finding::EntryMissing { seq } => format!("entry {seq} is missing"),
        Finding::EntryAltered { seq } => format!("entry {seq} was altered or moved"),
        Finding::EntryListing { seq } => {
            format!("the listing of entry {seq} differs from its sealed content")
        }
        Finding::EntryDoesntFollow { seq } => {
            format!("the records of entry {seq} don't follow from those before it")
        }
        Finding::Checkpoint { size } => format!("the checkpoint kept at {size} entries isn't what they give"),
        Finding::Root => "the saved root isn't that of the entries".to_owned(),
        Finding::Record { kind, key } => format!("the record {key} of {kind} differs from the journal"),
    }
}
