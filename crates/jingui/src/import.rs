//! Importing an old ledger from the command line, through the same pipeline as the console.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use data_encoding::HEXLOWER;
use jingui_crypto::Keyring;
use jingui_intake::{RefusedRow, SheetPlan, open, read, recognise};
use jingui_office::receipts::import::{Defaults, File, run as import};
use jingui_office::{Caller, Office, fill, personnel};
use jingui_regulation::Limits;
use jingui_store::{Store, StoreError};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::data::DataDirectory;

/// What is to be imported, and how.
#[derive(clap::Args)]
pub struct Order {
    /// The ledger: .xlsx, .xls or .csv.
    file: PathBuf,
    /// Account of the registrar in whose name it is imported.
    #[arg(long = "as")]
    account: String,
    /// Department whose members may know of items whose own department isn't known here; left out, the registrar's.
    #[arg(long)]
    department: Option<String>,
    /// Category of all items, such as `policy`.
    #[arg(long, default_value = "other")]
    category: String,
    /// How the columns are read, as JSON; begin with what --write-mapping wrote.
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// Write how the columns would be read, and end.
    #[arg(long)]
    write_mapping: Option<PathBuf>,
    /// Where to write the refused rows as a workbook.
    #[arg(long)]
    refused: Option<PathBuf>,
    /// Only read and report; register nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Reads the ledger, imports it, tells what was refused and why.
pub fn run(directory: &DataDirectory, keys: &Keyring, order: &Order) -> anyhow::Result<()> {
    let bytes = fs::read(&order.file).with_context(|| format!("can't read {}", order.file.display()))?;
    let name = order.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let office = Office::open(Store::open(keys, directory.options())?, crate::rules::pack()?)?;
    let book = open(&name, &bytes)?;
    let plans = match &order.mapping {
        Some(path) => mapping(path)?,
        None => recognise(&book),
    };
    if let Some(path) = &order.write_mapping {
        return fs::write(path, serde_json::to_string_pretty(&plans)?)
            .with_context(|| format!("can't write {}", path.display()));
    }
    let outcome = read(&book, &plans, &Limits::from(&office.rules().parameters));
    println!(
        "{name}: {} 行可登记 / can be registered, {} 行不可 / can't",
        outcome.accepted.len(),
        outcome.refused.len()
    );
    if outcome.accepted.is_empty() && outcome.refused.is_empty() {
        bail!(
            "no heading was recognised in {name}; write a mapping with --write-mapping, set its header and columns, and give it"
        );
    }
    // A place that can't be written to is found before anything is registered, not afterwards.
    if let Some(path) = &order.refused {
        fs::write(path, []).with_context(|| format!("can't write {}", path.display()))?;
    }
    let mut refused = outcome.refused.clone();
    if !order.dry_run {
        let caller = caller(&office, &order.account)?;
        let defaults = defaults(&office, &caller, order)?;
        let file = File { name, digest: HEXLOWER.encode(&Sha256::digest(&bytes)) };
        let mut told = 0;
        let imported = import(&office, &caller, &file, &outcome, &defaults, |done, total| {
            if done * 10 / total.max(1) > told {
                told = done * 10 / total.max(1);
                eprintln!("{done} / {total}");
            }
            true
        })?;
        for row in &imported.refused {
            if let Some(ledger) = outcome.accepted.get(row.row) {
                refused.push(RefusedRow::by_register(
                    ledger,
                    &row.code,
                    &in_words(&office, &row.code, &row.facts),
                ));
            }
        }
        let result = imported.result;
        println!(
            "已登记 / registered {}, 已在册 / there already {}, 未登记 / refused {}",
            result.accepted, result.present, result.refused
        );
    }
    for row in &refused {
        println!(
            "{} 第 {} 行 {} ({}): {:?}; {}",
            row.sheet, row.sheet_row, row.column, row.field, row.found, row.expected
        );
    }
    if let Some(path) = &order.refused {
        fs::write(path, jingui_forms::refusal_report(&refused.iter().map(report_row).collect::<Vec<_>>())?)
            .with_context(|| format!("can't write {}", path.display()))?;
    }
    Ok(())
}

fn report_row(row: &RefusedRow) -> jingui_forms::RefusedLine {
    jingui_forms::RefusedLine {
        sheet: row.sheet.clone(),
        row: row.sheet_row,
        column: row.column.clone(),
        found: row.found.clone(),
        expected: row.expected.clone(),
        cells: row.cells.clone(),
    }
}

fn caller(office: &Office, account: &str) -> anyhow::Result<Caller> {
    let name = personnel::account::account_name(account);
    let found = office.store().read(|conn| personnel::views::account(conn, &name))?;
    match found {
        Some(account) if account.open => {
            Ok(Caller::Person { id: account.person, terminal: "command line".into() })
        }
        _ => bail!("there is no open account {account}; give --as the account of a registrar"),
    }
}

/// How somebody wants the columns read.
fn mapping(path: &Path) -> anyhow::Result<Vec<SheetPlan>> {
    let text = fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| {
        format!("{} isn't a mapping; begin with what --write-mapping writes", path.display())
    })
}

/// Why the register refused a row, in words.
fn in_words(office: &Office, code: &str, facts: &Value) -> String {
    let text = office.texts().get(code).map_or_else(|| code.to_owned(), |text| text.zh.clone());
    match facts {
        Value::Object(facts) => fill(&text, facts),
        _ => text,
    }
}

fn defaults(office: &Office, caller: &Caller, order: &Order) -> anyhow::Result<Defaults> {
    let department: Option<String> = office.store().read(|conn| -> Result<_, StoreError> {
        let (sql, value) = match &order.department {
            Some(name) => ("SELECT key FROM department WHERE name = ?1", name.as_str()),
            None => ("SELECT department FROM person WHERE key = ?1", caller.name()),
        };
        let mut statement = conn.prepare(sql)?;
        let mut rows = statement.query([value])?;
        Ok(rows.next()?.map(|row| row.get::<_, Option<String>>(0)).transpose()?.flatten())
    })?;
    let department =
        department.context("there is no such department; give --department with a name of the office")?;
    let scope = json!({ "kind": "named", "people": [], "departments": [department] });
    let defaults = json!({ "category": order.category, "scope": scope });
    serde_json::from_value(defaults).with_context(|| format!("{} isn't a category", order.category))
}
