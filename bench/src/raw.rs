//! What the machine and the libraries give by themselves, measured in the same run: the limits that figures are held
//! against.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use crate::client::{Client, Measured, measure};
use crate::server::Server;

/// The limits.
pub struct Raw {
    /// Appends of 4 KiB, each made durable, per second.
    pub syncs: f64,
    /// Rows per second in commits of 64 into an encrypted database set up as the store sets its own up.
    pub rows: f64,
    /// The smallest JSON over HTTP.
    pub bare: Measured,
}

fn per_second(count: u32, since: Instant) -> f64 {
    f64::from(count) / since.elapsed().as_secs_f64()
}

/// Measures all of them in `directory`, which must lie on the office's file system.
pub async fn raw(directory: &Path, seconds: u64) -> anyhow::Result<Raw> {
    let syncs = syncs(&directory.join("raw.sync"), seconds)?;
    let rows = rows(&directory.join("raw.db"), seconds)?;
    let server = Server::bare().await?;
    let mut workers = Vec::new();
    for _ in 0..8 {
        let mut client = Client::connect(server.address, None).await?;
        workers.push(async move || client.get("/").await.map(drop));
    }
    let bare = measure(workers, seconds, &server.cpu()).await?;
    Ok(Raw { syncs, rows, bare })
}

fn syncs(path: &Path, seconds: u64) -> anyhow::Result<f64> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(seconds) {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        count += 1;
    }
    let rate = per_second(count, start);
    fs::remove_file(path)?;
    Ok(rate)
}

fn rows(path: &Path, seconds: u64) -> anyhow::Result<f64> {
    let conn = Connection::open(path)?;
    conn.execute_batch(&format!(
        "PRAGMA key = \"x'{}'\"; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -131072; CREATE TABLE bare (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;",
        "5a".repeat(32)
    ))?;
    let body = "x".repeat(600);
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(seconds) {
        conn.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..64 {
            let mut insert = conn.prepare_cached("INSERT INTO bare (key, body) VALUES (?1, ?2)")?;
            insert.execute(params![format!("{count:026}"), body])?;
            count += 1;
        }
        conn.execute_batch("COMMIT")?;
    }
    let rate = per_second(count, start);
    drop(conn);
    fs::remove_file(path)?;
    Ok(rate)
}
