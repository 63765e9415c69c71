//! The server as a process of its own, and what the system tells of a process.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::client::Client;
use crate::office::PASSPHRASE;

/// A child process that serves.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From its start to its first healthy answer.
    pub ready: Duration,
}

/// Where to read a process's processor time.
pub struct Cpu(String);

impl Cpu {
    /// Seconds used so far. The system counts in hundredths.
    pub fn seconds(&self) -> anyhow::Result<f64> {
        let stat = fs::read_to_string(&self.0)?;
        let rest = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u32 =
            rest.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
        Ok(f64::from(ticks) / 100.0)
    }
}

impl Server {
    /// The office's own binary, which lies beside this one.
    pub async fn jingui(data: &Path) -> anyhow::Result<Self> {
        let binary = std::env::current_exe()?.with_file_name("jingui");
        if !binary.exists() {
            bail!("{} is missing; build it with cargo build --release --package jingui", binary.display());
        }
        let mut command = Command::new(binary);
        command.arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
        command.env("JINGUI_PASSPHRASE", PASSPHRASE).env("RUST_LOG", "warn");
        Self::start(command, "/api/health").await
    }

    /// A server that does nothing but answer.
    pub async fn bare() -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--bare");
        Self::start(command, "/").await
    }

    async fn start(mut command: Command, health: &str) -> anyhow::Result<Self> {
        let start = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        let address = line.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
        let address: SocketAddr = address.context("the server didn't start")?.parse()?;
        let mut client = Client::connect(address, None).await?;
        let status = client.get(health).await?;
        client.expect(status, "health")?;
        Ok(Self { child, address, ready: start.elapsed() })
    }

    /// Its processor time.
    pub fn cpu(&self) -> Cpu {
        Cpu(format!("/proc/{}/stat", self.child.id()))
    }

    /// Resident memory in MiB.
    pub fn resident(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: u32 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(f64::from(kib) / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves the smallest JSON there is, until the process ends.
pub async fn serve_bare() -> anyhow::Result<()> {
    let hello = || async { axum::Json(serde_json::json!({ "status": "ok" })) };
    let router = axum::Router::new().route("/", axum::routing::get(hello));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{} ", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
