//! The binary: sets an office up, serves it, verifies it, imports old ledgers, and shows a demonstration office.
//!
//! Owns the data directory and the command line. Must never reach around the office's pipeline.

mod backup;
mod data;
mod demo;
mod drill;
mod import;
mod init;
mod outside;
mod rules;
mod serving;
mod sheet;
mod trace;
mod unseal;
mod verify;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use jingui_crypto::Needs;
use zeroize::Zeroizing;

use crate::data::{DataDirectory, Secret};

/// 金匮: the secrecy office's system of record.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set up a new office in an empty directory (初始化).
    Init {
        /// Data directory.
        #[arg(long)]
        data: PathBuf,
        /// Algorithms: `international` (AES, SHA-256, Ed25519) or `guomi` (国密: SM4, SM3, SM2); asked for where left out.
        #[arg(long)]
        suite: Option<init::SuiteName>,
        /// Key holders who share the key, by name: `王芳,李强,张敏`; 2 to 16. Instead of a passphrase or key file.
        #[arg(long, value_delimiter = ',', conflicts_with_all = ["passphrase_file", "key_file"])]
        holders: Vec<String>,
        /// How many of the key holders open the office.
        #[arg(long, default_value_t = 2, requires = "holders")]
        needed: u8,
        /// Empty directory for the share sheets, best in memory or on a medium that leaves the room.
        #[arg(long, requires = "holders")]
        sheets: Option<PathBuf>,
        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Give a share or the passphrase to a served office that is still sealed, or held (启封).
    Unseal {
        /// Where it serves.
        #[arg(long, default_value = "127.0.0.1:8080")]
        address: String,
        /// Certificate of a server off loopback, PEM.
        #[arg(long)]
        certificate: Option<PathBuf>,
        /// Where the office is held because more is known outside: the sentence that names what is given up; else it is asked
        /// for.
        #[arg(long)]
        sentence: Option<String>,
        /// File with the share or passphrase; else it is asked for, unseen.
        file: Option<PathBuf>,
    },
    /// Serve the office (启动服务).
    Serve {
        /// Data directory.
        #[arg(long)]
        data: PathBuf,
        /// Address to listen on; TLS is used off loopback.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Memory for the database's pages in MiB; a register of a million items wants 256.
        #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u64).range(32..=16384))]
        cache_mib: u64,
        /// Where sealed files lie: a directory, or an address such as `s3://bucket/prefix` with credentials in `AWS_…`.
        #[arg(long)]
        vault: Option<String>,
        /// Where backups go while it is served: a directory or `s3://bucket/prefix`; how often says the parameter.
        #[arg(long)]
        backup: Option<String>,
        /// A checkpoint kept outside, to compare the ledger with before anybody is served; may be given again.
        #[arg(long)]
        checkpoint: Vec<PathBuf>,
        /// A witness on another computer, as `jingui witness` prints it; may be given again.
        #[arg(long, value_parser = outside::witness_at)]
        witness: Vec<jingui_server::WitnessAt>,
        /// Where more is known outside than the ledger has, wait at the door until its key holders have decided, rather than
        /// end; so it is anyway where the office was opened at its door.
        #[arg(long)]
        hold: bool,
        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Replay the journal and compare every record with it (验证账本).
    Verify {
        /// Data directory.
        #[arg(long)]
        data: PathBuf,
        /// A checkpoint kept outside, which the ledger must continue; may be given again.
        #[arg(long)]
        checkpoint: Vec<PathBuf>,
        /// Open every sealed file too, to its last byte; takes as long as reading them all.
        #[arg(long)]
        files: bool,
        /// Where sealed files lie, if not in the data directory.
        #[arg(long, requires = "files")]
        vault: Option<String>,
        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Take a backup while the office isn't served; `serve --backup` takes them meanwhile (备份).
    Backup {
        /// Data directory.
        #[arg(long)]
        data: PathBuf,
        /// A directory, or an address such as `s3://bucket/prefix` with credentials in `AWS_…`.
        place: String,
        /// Where sealed files lie, if not in the data directory.
        #[arg(long)]
        vault: Option<String>,
        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Look at every byte of a backup; needs no key (核对备份).
    VerifyBackup {
        /// The place.
        place: String,
    },
    /// Make an office anew from a backup, in an empty directory; or prove that it could be (恢复、演练).
    Restore {
        /// The place of the backup.
        place: String,
        /// An empty directory for the office; with `--drill` the office that is drilled.
        #[arg(long)]
        data: PathBuf,
        /// Restore and verify in a scratch place, and journal that in the office.
        #[arg(long)]
        drill: bool,
        /// Where sealed files go, if not into the data directory.
        #[arg(long)]
        vault: Option<String>,
        /// A checkpoint kept outside; may be given again.
        #[arg(long)]
        checkpoint: Vec<PathBuf>,
        /// A newer backup, of which only is learnt what was destroyed since; may be given again.
        #[arg(long)]
        newer: Vec<String>,
        /// Restore although the backup holds less than is known to have been.
        #[arg(long)]
        go_on: bool,
        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Write the newest checkpoint into a file, to be kept outside (检查点).
    Checkpoint {
        /// Data directory.
        #[arg(long)]
        data: PathBuf,
        /// The file; an older checkpoint in it is compared first, then replaced.
        file: PathBuf,
        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Export the ledger for `jingui-verify`, sealed as it is (导出账本).
    ExportLedger {
        /// Data directory.
        #[arg(long)]
        data: PathBuf,
        /// An empty directory.
        directory: PathBuf,
        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Witness ledgers on a computer that isn't theirs (见证).
    Witness {
        /// Directory for its key and what it saw.
        #[arg(long)]
        directory: PathBuf,
        /// Address to listen on.
        #[arg(long, default_value = "127.0.0.1:8090")]
        listen: SocketAddr,
        /// Its name, when it is new; without blanks.
        #[arg(long, default_value = "jingui-witness")]
        name: String,
        /// Key of a ledger to witness, as `jingui-verify` and the auditor's page show it; may be given again.
        #[arg(long)]
        log: Vec<String>,
    },
    /// Accept a ledger anew at a witness that saw more of it, or another one; on the auditor's own computer (见证重置).
    WitnessAccept {
        /// Directory of the witness, which isn't at work.
        #[arg(long)]
        directory: PathBuf,
        /// The office's newest checkpoint, from the auditor's page.
        checkpoint: PathBuf,
        /// Entries that the witness saw and that are given up.
        #[arg(long)]
        seen: u64,
        /// Why, in one line; kept with what the witness saw.
        #[arg(long)]
        reason: String,
    },
    /// Name the reading that a picture of a page comes from (追溯截图).
    Trace {
        /// The picture: PNG, JPEG, WebP, BMP, GIF or TIFF.
        image: PathBuf,
        /// Data directory.
        #[arg(long)]
        data: PathBuf,
        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Import an old ledger while the office isn't served (导入台账).
    Import {
        /// Data directory.
        #[arg(long)]
        data: PathBuf,
        #[command(flatten)]
        order: import::Order,
        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Serve a demonstration office, made on first use (演示).
    Demo {
        /// Data directory.
        #[arg(long, default_value = "demo-data")]
        data: PathBuf,
        /// Address to listen on; loopback only.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Make it anew.
        #[arg(long)]
        fresh: bool,
        /// Make it and end.
        #[arg(long)]
        only_make: bool,
    },
    /// Rule packs (规则包).
    Rules {
        #[command(subcommand)]
        order: RulesOrder,
    },
    /// Calendars of working days (工作日历).
    Calendar {
        #[command(subcommand)]
        order: CalendarOrder,
    },
    /// Become the confined reader of one file; the server starts it by itself.
    #[command(hide = true)]
    ReadPages,
    /// Become the office program that makes pages of a file; the server starts it by itself.
    #[command(hide = true)]
    ConvertOffice {
        /// Directory in memory.
        directory: PathBuf,
        /// The file in it.
        file: String,
    },
    /// Become the program that finds words in pictures; the server starts it by itself.
    #[command(hide = true)]
    RecogniseWords,
    /// Print the API document.
    Openapi,
    /// Print the table of roles and actions.
    Permissions,
}

#[derive(Subcommand)]
enum RulesOrder {
    /// Check a directory: every problem with file and line (检查规则包).
    Check {
        /// The directory.
        directory: PathBuf,
    },
}

#[derive(Subcommand)]
enum CalendarOrder {
    /// Check a year's calendar before it is imported (检查年度日历).
    Check {
        /// The file, TOML.
        file: PathBuf,
    },
}

#[derive(clap::Args)]
struct SecretArgs {
    /// File that holds the passphrase on its first line; else the variable `JINGUI_PASSPHRASE`.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
    /// Plain key file kept on a medium of its own, instead of a passphrase.
    #[arg(long)]
    key_file: Option<PathBuf>,
    /// File with a key holder's share; once for each of them.
    #[arg(long)]
    share: Vec<PathBuf>,
}

impl SecretArgs {
    /// The secret of the office in `data`, asked for where somebody sits at the terminal.
    fn of(self, data: &Path) -> anyhow::Result<Secret> {
        let needs = data::needs(data)?;
        self.asked(needs)
    }

    /// The secret for a seal that needs this.
    fn asked(self, needs: Option<Needs>) -> anyhow::Result<Secret> {
        match needs {
            Some(Needs::Shares { needed, .. }) if self.share.is_empty() && self.key_file.is_none() => {
                if !std::io::stdin().is_terminal() {
                    bail!("{needed} key holders open this office; give --share for each of them");
                }
                let mut shares = Vec::new();
                for number in 1..=needed {
                    let prompt = format!("第 {number} 份份额 / share {number} of {needed}: ");
                    shares.push(Zeroizing::new(rpassword::prompt_password(prompt)?));
                }
                Ok(Secret::Shares(shares))
            }
            Some(Needs::Passphrase | Needs::Nothing) | None if !self.share.is_empty() => {
                bail!("this office opens without shares; leave --share out")
            }
            _ => self.read(false),
        }
    }

    /// Where the newest checkpoint is kept on the media that shares were read from.
    fn media(&self) -> Vec<PathBuf> {
        self.share.iter().map(|path| path.with_extension("checkpoint")).collect()
    }

    /// Whether anything was given by which the office could be opened at once.
    fn given(&self) -> bool {
        self.key_file.is_some()
            || !self.share.is_empty()
            || self.passphrase_file.is_some()
            || std::env::var_os("JINGUI_PASSPHRASE").is_some()
    }

    /// The secret, asked for where somebody sits at the terminal; twice when it is a new one.
    fn read(self, new: bool) -> anyhow::Result<Secret> {
        if let Some(path) = self.key_file {
            return Ok(Secret::KeyFile(path));
        }
        if !self.share.is_empty() {
            let shares = self.share.iter().map(|path| {
                let text = std::fs::read_to_string(path);
                let text = text.with_context(|| format!("can't read the share in {}", path.display()))?;
                anyhow::Ok(Zeroizing::new(text))
            });
            return Ok(Secret::Shares(shares.collect::<Result<_, _>>()?));
        }
        let passphrase = match self.passphrase_file {
            Some(path) => std::fs::read_to_string(&path)
                .with_context(|| format!("can't read the passphrase file {}", path.display()))?
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
            None => match std::env::var("JINGUI_PASSPHRASE") {
                Ok(passphrase) => passphrase,
                Err(_) if std::io::stdin().is_terminal() => ask(new)?,
                Err(_) => String::new(),
            },
        };
        if passphrase.is_empty() {
            bail!("a passphrase is needed: give --passphrase-file or --key-file, or set JINGUI_PASSPHRASE");
        }
        Ok(Secret::Passphrase(passphrase))
    }
}

fn ask(new: bool) -> anyhow::Result<String> {
    let passphrase = rpassword::prompt_password("口令 / passphrase: ")?;
    if new && rpassword::prompt_password("再输一次 / once more: ")? != passphrase {
        bail!("the two passphrases differ; begin again");
    }
    Ok(passphrase)
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,hyper=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("错误 / error: {error:#}");
            // A script that verifies every night tells a book that isn't whole from one that couldn't be read.
            let differs = error.is::<verify::NotWhole>() || error.is::<outside::PutBack>();
            if differs { ExitCode::from(3) } else { ExitCode::FAILURE }
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Init { data, suite, holders, needed, sheets, secret } => {
            init::run(&data, init::asked(suite, holders, needed, sheets, || secret.read(true))?)
        }
        Command::Unseal { address, certificate, sentence, file } => {
            unseal::run(&address, certificate.as_deref(), sentence.as_deref(), file.as_deref())
        }
        Command::Serve { data, listen, cache_mib, vault, backup, checkpoint, witness, hold, secret } => {
            let settings = serving::Settings {
                listen,
                listener: None,
                key_file: secret.key_file.clone(),
                cache_mib,
                vault,
                backup,
                checkpoints: checkpoint,
                media: secret.media(),
                witnesses: witness,
                hold,
            };
            serve(&data, secret, settings)
        }
        Command::Verify { data, checkpoint, files, vault, secret } => {
            let directory = DataDirectory::open(&data)?;
            let unsealed = directory.unlock(&secret.of(&data)?)?;
            let store = verify::book(&directory, unsealed.keyring(), &checkpoint)?;
            if !files {
                return Ok(());
            }
            verify::files(&store, &serving::vault(&directory, unsealed.keyring(), vault)?)
        }
        Command::Backup { data, place, vault, secret } => {
            let directory = DataDirectory::open(&data)?;
            backup::take(&directory, &directory.unlock(&secret.of(&data)?)?, vault, &place)
        }
        Command::VerifyBackup { place } => backup::verify(&place, None),
        Command::Restore { place, data, drill: true, secret, .. } => {
            let unsealed = data::unlock(&data, &secret.of(&data)?)?;
            match DataDirectory::idle(&data)? {
                Some(directory) => drill::stopped(&directory, &unsealed, &place),
                None => drill::beside(&data, &unsealed, &place),
            }
        }
        Command::Restore { place, data, vault, checkpoint, newer, go_on, secret, .. } => {
            let needs = backup::seal(&place)?.map(|seal| seal.needs());
            let unsealed = backup::unlock(&place, &secret.asked(needs)?)?;
            let elsewhere = backup::Elsewhere { checkpoints: checkpoint, newer, go_on };
            backup::restore(&place, &data, &unsealed, vault, &elsewhere)
        }
        Command::Checkpoint { data, file, secret } => {
            let directory = DataDirectory::open(&data)?;
            let unsealed = directory.unlock(&secret.of(&data)?)?;
            let store = serving::unchanged(&directory, unsealed.keyring())?;
            if file.exists() {
                outside::compare(&store, std::slice::from_ref(&file))?;
            }
            outside::keep_checkpoint(&store, &file)
        }
        Command::ExportLedger { data, directory, secret } => {
            let office = DataDirectory::open(&data)?;
            let unsealed = office.unlock(&secret.of(&data)?)?;
            outside::export(&serving::unchanged(&office, unsealed.keyring())?, &directory)
        }
        Command::Witness { directory, listen, name, log } => {
            outside::serve_witness(&directory, listen, &name, &log)
        }
        Command::WitnessAccept { directory, checkpoint, seen, reason } => {
            outside::accept(&directory, &checkpoint, seen, &reason)
        }
        Command::Trace { image, data, secret } => trace::run(&data, &secret.of(&data)?, &image),
        Command::Import { data, order, secret } => {
            let directory = DataDirectory::open(&data)?;
            let unsealed = directory.unlock(&secret.of(&data)?)?;
            import::run(&directory, unsealed.keyring(), &order)
        }
        Command::Demo { data, listen, fresh, only_make } => demo::run(&data, listen, fresh, only_make),
        Command::Rules { order: RulesOrder::Check { directory } } => rules::check(&directory),
        Command::Calendar { order: CalendarOrder::Check { file } } => rules::check_calendar(&file),
        Command::ReadPages => Ok(jingui_pages::run()?),
        Command::ConvertOffice { directory, file } => {
            Err(jingui_pages::tools::become_office(&directory, &file).into())
        }
        Command::RecogniseWords => Err(jingui_pages::tools::become_recogniser().into()),
        Command::Openapi => {
            println!("{}", serde_json::to_string_pretty(&jingui_server::document())?);
            Ok(())
        }
        Command::Permissions => {
            print!(
                "{}",
                jingui_office::permissions::table()
                    .map_err(|problems| anyhow::anyhow!(problems.join("\n")))?
            );
            Ok(())
        }
    }
}

/// Serves an office. With nobody at hand who opens it, it waits, and takes shares or the passphrase at its own door.
fn serve(data: &Path, secret: SecretArgs, settings: serving::Settings) -> anyhow::Result<()> {
    let directory = DataDirectory::open(data)?;
    let waits = !secret.given() && data::needs(data)?.is_some();
    if waits && !std::io::stdin().is_terminal() {
        let Some(opened) = serving::wait(&directory, settings.listen)? else { return Ok(()) };
        let settings = serving::Settings { listener: Some(opened.listener), hold: true, ..settings };
        return serving::run(&directory, &opened.unsealed, &opened.attempts, settings, || {});
    }
    let unsealed = directory.unlock(&secret.of(data)?)?;
    serving::run(&directory, &unsealed, &[], settings, || {})
}
