//! Serving an office.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use jingui_crypto::{Keyring, Needs, Unsealed};
use jingui_office::keys::go_on::{self, Loss};
use jingui_office::{Caller, Office};
use jingui_server::{
    Attempt, Commands, Config, Content, Keeper, Live, Opened, PLACE, Tls, WitnessAt, quoted,
};
use jingui_store::Store;
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
    /// Where more is known outside than the ledger has: wait at the door until it is decided, rather than end.
    pub hold: bool,
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
            hold: false,
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
    let Settings {
        listen,
        listener,
        key_file,
        cache_mib,
        vault,
        backup,
        checkpoints,
        media,
        witnesses,
        hold,
    } = settings;
    let keeper = keeper(directory, unsealed, key_file);
    let keys = unsealed.keyring();
    let live = Live::default();
    let mut options = directory.options();
    options.cache_mib = cache_mib;
    options.notify = Some(live.notifier());
    let store = Store::open(keys, options)?;
    // Before anything is written or shown: is this the ledger that others saw, and all of it?
    let mut losses = outside::losses(&store, &checkpoints)?;
    let known: Vec<PathBuf> = media.iter().filter(|path| path.exists()).cloned().collect();
    losses.extend(outside::losses(&store, &known)?);
    losses.extend(outside::ask(&store, &witnesses)?);
    if let Some(place) = &backup {
        losses.extend(outside::in_backup(&store, place)?);
    }
    let office = Office::open(store, crate::rules::pack()?)?;
    let (listener, given_up) = decided(directory, unsealed, &office, (listen, listener), losses, hold)?;
    opened(&office, unsealed, attempts)?;
    for path in &media {
        // A medium that can't be written is no reason to stay closed; its holder learns of it.
        let kept = given_up
            .iter()
            .find(|loss| loss.told_by == outside::name(path))
            .map_or(Ok(()), |loss| outside::keep_given_up(path, loss.size))
            .and_then(|()| outside::keep_checkpoint(office.store(), path));
        if let Err(error) = kept {
            eprintln!("检查点未能写入 {} / the checkpoint wasn't kept: {error:#}", path.display());
        }
    }
    let automatic = backup.clone();
    if let Some(place) = backup {
        let vault = self::vault(directory, keys, vault.clone())?;
        crate::backup::keep_taking(office.clone(), vault, Arc::clone(&keeper), place)?;
    }
    crate::drill::keep_taking_up(office.clone(), directory, unsealed.clone())?;
    let mut config = Config::new(listen, office, content(directory, keys, vault)?, live);
    config.tls = tls(directory, listen)?;
    config.witnesses = witnesses;
    config.commands = commands(directory, unsealed, automatic);
    config.listener = listener;
    config.keys = Some(keeper);
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let running = jingui_server::serve(config)?;
    println!("金匮正在 {scheme}://{} 提供服务 / serving. Ctrl+C 停止 / stops.", running.address());
    ready();
    running.until_told();
    Ok(())
}

/// Ends here where more is known outside than the ledger has, unless those who may decide to go on all the same; that is the
/// first entry then. Answers where the office listens already, and what was given up.
fn decided(
    directory: &DataDirectory,
    unsealed: &Unsealed,
    office: &Office,
    (listen, listener): (SocketAddr, Option<TcpListener>),
    losses: Vec<Loss>,
    hold: bool,
) -> anyhow::Result<(Option<TcpListener>, Vec<Loss>)> {
    let mut new = Vec::new();
    let mut before = Vec::new();
    for loss in losses {
        let known = office.store().read(|conn| go_on::given_up(conn, &loss))?;
        if known { before.push(loss) } else { new.push(loss) }
    }
    for loss in &before {
        eprintln!(
            "已决定放弃：{} 所见的 {} 笔 / given up by an earlier decision: the {} entries it saw.",
            loss.told_by, loss.size, loss.size
        );
    }
    let lacking = outside::lacking(office.store(), new)?;
    if lacking.losses.is_empty() {
        return Ok((listener, before));
    }
    if !hold {
        eprintln!(
            "须继续使用的，加 --hold 重新启动，由密钥持有人在启封页面决定 / to have key holders decide at the door, serve with --hold."
        );
        return outside::refuse(&lacking).map(|()| (listener, before));
    }
    let refused = outside::refuse(&lacking);
    let told = outside::told(&lacking);
    let said = |address, secure| {
        eprintln!("{told}");
        let scheme = if secure { "https" } else { "http" };
        println!(
            "金匮暂不提供服务，等待处置 {scheme}://{address} / held: key holders decide there, or with `jingui unseal`, whether to go on."
        );
    };
    let (tls, seal) = (tls(directory, listen)?, unsealed.seal().clone());
    let decided = jingui_server::hold((listen, listener), tls, seal, office.clone(), lacking, said)?;
    let Some(decided) = decided else { return refused.map(|()| (None, before)) };
    crate::init::act(office, &Caller::Clock, "seal.go_on", &serde_json::to_value(&decided.go_on)?)?;
    before.extend(decided.go_on.losses);
    Ok((Some(decided.listener), before))
}

/// The commands by which backups are taken and drilled, for the page that tells of them.
fn commands(directory: &DataDirectory, unsealed: &Unsealed, automatic: Option<String>) -> Commands {
    let data = directory.file("");
    let data = std::path::absolute(&data).unwrap_or(data);
    let data = quoted(data.to_string_lossy().trim_end_matches('/'));
    // A key in the clear is kept elsewhere, and only its keeper knows where.
    let key = match unsealed.seal().needs() {
        Needs::Nothing => " --key-file KEY",
        Needs::Passphrase | Needs::Shares { .. } => "",
    };
    Commands {
        automatic,
        backup: format!("jingui backup --data {data}{key} {PLACE}"),
        drill: format!("jingui restore {PLACE} --drill --data {data}{key}"),
    }
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

/// The store as it lies there: opened without building anything anew.
pub fn unchanged(directory: &DataDirectory, keys: &Keyring) -> anyhow::Result<Store> {
    let mut options = directory.options();
    options.rebuild = false;
    Ok(Store::open(keys, options)?)
}
