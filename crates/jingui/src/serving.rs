//! Serving an office, and verifying it from the command line.

use std::net::SocketAddr;

use anyhow::Context as _;
use jingui_crypto::RootKey;
use jingui_office::Office;
use jingui_office::files::words;
use jingui_server::{Config, Content, Live, Tls};
use jingui_store::{Finding, Store};

use crate::data::DataDirectory;

/// How an office is served.
pub struct Settings {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Memory for database pages, MiB.
    pub cache_mib: u64,
    /// Where sealed files lie; in the data directory unless said otherwise.
    pub vault: Option<String>,
}

/// Opens the office and serves it until the process is told to end. `ready` runs once it listens.
pub fn run(
    directory: &DataDirectory,
    root: &RootKey,
    settings: Settings,
    ready: impl FnOnce(),
) -> anyhow::Result<()> {
    let Settings { listen, cache_mib, vault } = settings;
    let live = Live::default();
    let mut options = directory.options();
    options.cache_mib = cache_mib;
    options.notify = Some(live.notifier());
    let office = Office::open(Store::open(root, options)?, crate::rules::pack()?)?;
    let mut config = Config::new(listen, office, content(directory, root, vault)?, live);
    if !listen.ip().is_loopback() {
        let read =
            |name: &str| std::fs::read(directory.file(name)).with_context(|| format!("can't read {name}"));
        config.tls = Some(Tls { certificates: read("tls-certificate.pem")?, key: read("tls-key.pem")? });
    }
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let running = jingui_server::serve(config)?;
    println!("金匮正在 {scheme}://{} 提供服务 / serving. Ctrl+C 停止 / stops.", running.address());
    ready();
    running.until_told()?;
    Ok(())
}

/// The files of the office; this same program is what reads them, confined.
pub fn content(directory: &DataDirectory, root: &RootKey, vault: Option<String>) -> anyhow::Result<Content> {
    let vault = vault.unwrap_or_else(|| directory.file("vault").to_string_lossy().into_owned());
    let program = std::env::current_exe().context("can't tell where this program lies")?;
    Ok(Content::open(root, &vault, &directory.file("spool"), program)?)
}

/// The book was read, and something in it differs.
#[derive(Debug, thiserror::Error)]
#[error("账本不符 / the book is not whole: {0}")]
pub struct NotWhole(String);

/// Verifies the book and tells the verdict; fails when something differs.
pub fn verify(directory: &DataDirectory, root: &RootKey) -> anyhow::Result<()> {
    let mut options = directory.options();
    options.rebuild = false;
    let store = Store::open(root, options)?;
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
        Finding::Root => "the saved root isn't that of the entries".to_owned(),
        Finding::Record { kind, key } => format!("the record {key} of {kind} differs from the journal"),
    }
}
