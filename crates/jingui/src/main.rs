//! The binary: sets an office up, serves it, verifies it, imports old ledgers, and shows a demonstration office.
//!
//! Owns the data directory and the command line. Must never reach around the office's pipeline.

mod data;
mod demo;
mod import;
mod init;
mod rules;
mod serving;
mod trace;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};

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
        #[command(flatten)]
        secret: SecretArgs,
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
        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Replay the journal and compare every record with it (验证账本).
    Verify {
        /// Data directory.
        #[arg(long)]
        data: PathBuf,
        #[command(flatten)]
        secret: SecretArgs,
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
}

impl SecretArgs {
    /// The secret, asked for where somebody sits at the terminal; twice when it is a new one.
    fn read(self, new: bool) -> anyhow::Result<Secret> {
        if let Some(path) = self.key_file {
            return Ok(Secret::KeyFile(path));
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
            if error.is::<serving::NotWhole>() { ExitCode::from(3) } else { ExitCode::FAILURE }
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Init { data, secret } => init::run(&data, &secret.read(true)?),
        Command::Serve { data, listen, cache_mib, vault, secret } => {
            let directory = DataDirectory::open(&data)?;
            let root = directory.unlock(&secret.read(false)?)?;
            serving::run(&directory, &root, serving::Settings { listen, cache_mib, vault }, || {})
        }
        Command::Verify { data, secret } => {
            let directory = DataDirectory::open(&data)?;
            let root = directory.unlock(&secret.read(false)?)?;
            serving::verify(&directory, &root)
        }
        Command::Trace { image, data, secret } => trace::run(&data, &secret.read(false)?, &image),
        Command::Import { data, order, secret } => {
            let directory = DataDirectory::open(&data)?;
            let root = directory.unlock(&secret.read(false)?)?;
            import::run(&directory, &root, &order)
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
