//! Measures a generated office of a given size through HTTP, and says for each figure whether its goal is met.
//!
//! The server is the release binary in a process of its own; clients run in this process, on the same cores.

mod client;
mod disk;
mod measures;
mod office;
mod past;
mod raw;
mod server;
mod words;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;

use crate::client::Measured;
use crate::measures::Stage;
use crate::office::Generated;
use crate::past::Past;
use crate::raw::Raw;
use crate::server::Server;

/// Measures a generated office.
#[derive(Parser)]
struct Order {
    /// Items in the office.
    #[arg(long, default_value_t = 10_000)]
    items: u32,
    /// Make the office anew.
    #[arg(long)]
    fresh: bool,
    /// Make the office and end.
    #[arg(long)]
    only_make: bool,
    /// Seconds of each measure, after two to warm up.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Files of text among the items of level 1; they stay in the kept office.
    #[arg(long, default_value_t = 0)]
    files: u32,
    /// Copies moved before the registers of a past moment are measured.
    #[arg(long, default_value_t = 10_000)]
    moves: u32,
    /// Only these: past, detail, lists, searches, files, loans, import; left out, all of them.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Seed of everything generated.
    #[arg(long, default_value_t = 2026)]
    seed: u64,
    /// Only serve the smallest answer (used by the benchmark itself).
    #[arg(long, hide = true)]
    bare: bool,
}

impl Order {
    fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == part)
    }
}

fn main() -> anyhow::Result<()> {
    let order = Order::parse();
    if order.bare {
        return tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(server::serve_bare());
    }
    // Beside the build, so that it goes with it.
    let exe = std::env::current_exe()?;
    let target = exe.parent().and_then(Path::parent).context("no target directory")?.join("bench");
    let office = Generated::get(&target, order.items, order.seed, order.fresh)?;
    if order.files > 0 {
        office.fill(order.files, order.seed)?;
    }
    if order.only_make {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = tokio::task::LocalSet::new().block_on(&runtime, run(&order, &office))?;
    println!("{report}");
    Ok(())
}

async fn run(order: &Order, office: &Generated) -> anyhow::Result<String> {
    let say = |what: &str| eprintln!("{} items: {what}", order.items);
    say("drawing items");
    let sampled = office.sample(order.items.min(40_000), order.seed)?;
    let data: PathBuf = office.working_copy()?;
    let past = if order.wants("past") {
        say("moving copies");
        Some(past::past(&data, office, order.moves)?)
    } else {
        None
    };
    say("raw limits");
    let raw = raw::raw(&data, order.seconds.div_ceil(2)).await?;
    say("start");
    let server = Server::jingui(&data).await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut table = Table::new(order, office, &raw);
    table.row("unseal to ready", &seconds(server.ready), "≤ 3 s", server.ready <= Duration::from_secs(3));
    let resident = server.resident()?;
    table.row(
        "resident memory, idle after the start",
        &mib(resident),
        "≤ 200 MB",
        megabytes(resident) <= 200.0,
    );
    let stage = Stage::set(&server, office, sampled, order.seconds).await?;
    let wanted = |part: &str| order.wants(part);
    if let Some(past) = &past {
        say("a past moment");
        then(past, office, &stage, &mut table).await?;
    }
    if wanted("detail") {
        say("item detail");
        let found = stage.detail().await?;
        let met = found.rate >= 1e4 && found.p99 <= 10.0;
        table.measured("item detail, 8 clients", &found, "≥ 10,000/s, p99 ≤ 10 ms", met);
        table.share("item detail, share of bare HTTP", found.rate / raw.bare.rate, 0.10);
    }
    if wanted("lists") {
        say("lists");
        let lists = stage.lists();
        let found = stage.mixed(&lists).await?;
        let met = found.rate >= 1500.0 && found.p99 <= 30.0;
        table.measured("lists of 50, all kinds in turn, 8 clients", &found, "≥ 1,500/s, p99 ≤ 30 ms", met);
        for query in &lists {
            let (found, rows) = stage.alone(query, 8).await?;
            table.part(&format!("{} ({rows} rows)", query.name), &found);
        }
    }
    if wanted("searches") {
        say("searches");
        let searches = stage.searches();
        let found = stage.mixed(&searches).await?;
        let met = found.rate > 0.0 && found.p50 <= 5.0 && found.p99 <= 60.0;
        let goal = "p50 ≤ 5 ms, p99 ≤ 60 ms";
        table.measured("title search, all kinds in turn, 8 clients", &found, goal, met);
        for query in &searches {
            let (found, rows) = stage.alone(query, 1).await?;
            table.part(&format!("{} ({rows} rows), 1 client", query.name), &found);
        }
    }
    content(order, &data, &stage, &mut table).await?;
    if wanted("loans") {
        say("loans");
        let found = stage.loans().await?;
        table.measured("durable loan actions, 64 in flight", &found, "≥ 2,000/s", found.rate >= 2000.0);
        table.share("loan actions, share of bare group-commit rows", found.rate / raw.rows, 0.25);
    }
    if wanted("import") {
        say("import");
        let goal = "≥ 5,000 rows/s";
        let found = stage.import(order.seed).await?;
        table.row("import of a workbook of 10,000 rows over HTTP", &rate(found), goal, found >= 5000.0);
        let (all, last) = (office.made.rows_per_second, office.made.last_rows_per_second);
        table.row("import while the office was made, reading included", &rate(all), goal, all >= 5000.0);
        table.row("the same, last workbook", &rate(last), goal, last >= 5000.0);
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    let resident = server.resident()?;
    table.row(
        "resident memory, idle after all of this",
        &mib(resident),
        "≤ 200 MB",
        megabytes(resident) <= 200.0,
    );
    drop(server);
    say("start after the process was killed");
    let again = Server::jingui(&data).await?;
    table.row(
        "unseal to ready after a kill",
        &seconds(again.ready),
        "≤ 3 s",
        again.ready <= Duration::from_secs(3),
    );
    drop(again);
    std::fs::remove_dir_all(&data)?;
    Ok(table.text)
}

/// The registers as of a past moment.
async fn then(past: &Past, office: &Generated, stage: &Stage<'_>, table: &mut Table) -> anyhow::Result<()> {
    let Past { since, entries, .. } = past;
    let name = format!("as of when half of the items had come, {since} records put since, {entries} entries");
    table.row(&name, "", "", true);
    for query in &past.queries(office) {
        let (found, rows) = stage.alone(query, 1).await?;
        table.part(&format!("{} ({rows} rows), 1 client", query.name), &found);
    }
    Ok(())
}

/// What is in files: searching it, and putting it in.
async fn content(order: &Order, data: &Path, stage: &Stage<'_>, table: &mut Table) -> anyhow::Result<()> {
    if order.files > 0 && order.wants("searches") {
        let searches = Stage::searches_in_files();
        let found = stage.mixed(&searches).await?;
        let met = found.p50 <= 10.0 && found.p99 <= 80.0;
        let name = format!("search in titles and {} files, all kinds in turn, 8 clients", order.files);
        table.measured(&name, &found, "p50 ≤ 10 ms, p99 ≤ 80 ms", met);
        for query in &searches {
            let (found, rows) = stage.alone(query, 1).await?;
            table.part(&format!("{} ({rows} rows), 1 client", query.name), &found);
        }
    }
    if order.wants("files") {
        let found = stage.files(false).await?;
        table.part("an item, and then its file of 100 KiB, 8 clients", &found);
        let found = stage.files(true).await?;
        let met = found.rate >= 1000.0 && found.p99 <= 30.0;
        let name = "an item registered together with a PDF of 100 KiB, 8 clients";
        table.measured(name, &found, "≥ 1,000/s, p99 ≤ 30 ms", met);
        let disk = disk::of_vault(&data.join("vault"))?;
        let share = disk.originals / disk.content;
        let figure = format!("{share:.3}");
        table.row(
            "disk for a byte of these files, as the file system counts",
            &figure,
            "≤ 1.05",
            share <= 1.05,
        );
        let words = format!("{:.3}", disk.beside / disk.content);
        let _ = writeln!(table.text, "| – their words and places, kept beside | {words} | | | | | |");
    }
    Ok(())
}

/// The table that is told, line by line.
struct Table {
    text: String,
}

impl Table {
    fn new(order: &Order, office: &Generated, raw: &Raw) -> Self {
        let size = std::fs::metadata(office.path.join("office.db")).map_or(0, |meta| meta.len() >> 20);
        let mut text = format!("## {} items, database of {size} MiB\n\n", order.items);
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        let _ = writeln!(
            text,
            "Limits of this run, {cores} cores: {:.0} fdatasync/s of 4 KiB; {:.0} rows/s in bare encrypted group commits \
             of 64; {:.0}/s bare HTTP with 8 clients (p99 {:.2} ms).\n",
            raw.syncs, raw.rows, raw.bare.rate, raw.bare.p99
        );
        text.push_str("| | figure | p50 ms | p99 ms | server CPU µs each | goal | met |\n|---|---|---|---|---|---|---|\n");
        Self { text }
    }

    fn row(&mut self, name: &str, figure: &str, goal: &str, met: bool) {
        let met = if met { "yes" } else { "**no**" };
        let _ = writeln!(self.text, "| {name} | {figure} | | | | {goal} | {met} |");
    }

    fn share(&mut self, name: &str, share: f64, goal: f64) {
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        self.row(name, &percent(share), &format!("≥ {}", percent(goal)), share >= goal);
    }

    fn measured(&mut self, name: &str, found: &Measured, goal: &str, met: bool) {
        let met = if met { "yes" } else { "**no**" };
        self.line(name, found, goal, met);
    }

    fn part(&mut self, name: &str, found: &Measured) {
        self.line(&format!("– {name}"), found, "", "");
    }

    fn line(&mut self, name: &str, found: &Measured, goal: &str, met: &str) {
        let Measured { rate, p50, p99, cpu } = found;
        let _ =
            writeln!(self.text, "| {name} | {rate:.0}/s | {p50:.2} | {p99:.2} | {cpu:.0} | {goal} | {met} |");
        eprintln!("{name}: {rate:.0}/s, p50 {p50:.2}, p99 {p99:.2} ms, {cpu:.0} µs");
    }
}

fn rate(rate: f64) -> String {
    format!("{rate:.0} rows/s")
}

fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

fn mib(mib: f64) -> String {
    format!("{:.0} MB", megabytes(mib))
}

fn megabytes(mib: f64) -> f64 {
    mib * 1.048_576
}
