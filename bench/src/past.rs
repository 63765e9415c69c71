//! The registers as of a past moment: an office in which half of the items came later and many copies were moved since.

use std::path::Path;

use anyhow::{Context as _, bail};
use jingui_office::Office;
use jingui_regulation::RulePack;
use jingui_store::StoreError;
use serde_json::json;

use crate::measures::{Query, query_at};
use crate::office::{Generated, act, by, head, open, staff};

/// What there is to look back on.
pub struct Past {
    /// The moment in which half of the items had been registered, as it stands in an address.
    at: String,
    /// Records put since.
    pub since: u64,
    /// Entries in all.
    pub entries: u64,
    /// A cabinet.
    cabinet: String,
    /// An item of the first half, level 1 or 2, of the fourth department.
    item: String,
}

/// Moves so many copies, each by an entry of its own, and finds the moment to look back to.
pub fn past(data: &Path, office: &Generated, moves: u32) -> anyhow::Result<Past> {
    let store = open(data)?;
    let middle = office.made.items / 2;
    let (copies, cabinets) = store.read(|conn| -> Result<(Vec<String>, Vec<String>), StoreError> {
        let keys = |sql: &str| -> Result<Vec<String>, StoreError> {
            Ok(conn.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        };
        // Each slot of a cabinet is as good as another: copies of all over the register.
        let kept = format!("SELECT key FROM copy WHERE state = 'kept' ORDER BY number, key LIMIT {moves}");
        Ok((keys(&kept)?, keys("SELECT key FROM cabinet ORDER BY name")?))
    })?;
    if copies.is_empty() || cabinets.is_empty() {
        bail!("the office has no kept copies to move");
    }
    let pack = RulePack::embedded().map_err(|problems| anyhow::anyhow!("the rule pack: {problems:?}"))?;
    let running = Office::open(store, pack)?;
    let registrar = by(&office.registrar.parse().map_err(anyhow::Error::msg)?);
    let all: Vec<_> =
        copies.iter().zip(cabinets.iter().cycle()).cycle().take(usize::try_from(moves)?).collect();
    std::thread::scope(|scope| {
        let workers: Vec<_> = all
            .chunks(all.len().div_ceil(64).max(1))
            .map(|part| {
                let (running, registrar) = (&running, &registrar);
                scope.spawn(move || {
                    part.iter().try_for_each(|(copy, cabinet)| {
                        let place = json!({ "copy": copy, "cabinet": cabinet, "slot": 1 });
                        act(running, registrar, "copy.place", &place).map(drop)
                    })
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(done) => done,
            Err(_) => bail!("a worker broke off"),
        })
    })?;
    let store = running.store();
    let department = office.departments.get(3).context("no department")?;
    let (cut, since, item) = store.read(|conn| -> Result<(u64, u64, String), StoreError> {
        let cut: u64 = conn.query_row(
            "SELECT version.seq FROM item JOIN version ON version.key = item.key WHERE item.serial = ?1 AND version.version = 1",
            [middle],
            |row| row.get(0),
        )?;
        let since = conn.query_row("SELECT count(*) FROM version WHERE seq > ?1", [cut], |row| row.get(0))?;
        let item = conn.query_row(
            "SELECT key FROM item WHERE serial < ?1 AND level <= 2 AND department = ?2 ORDER BY serial LIMIT 1",
            (middle, department),
            |row| row.get(0),
        )?;
        Ok((cut, since, item))
    })?;
    let at = store.read(|conn| store.entry(conn, cut))?.context("no entry in the middle")?.at;
    let entries = store.head()?.0;
    let cabinet = cabinets.into_iter().next().unwrap_or_default();
    Ok(Past { at: at.to_string(), since, entries, cabinet, item })
}

impl Past {
    /// Questions about then, of every kind.
    pub fn queries(&self, office: &Generated) -> Vec<Query> {
        let then = [("as_of", self.at.as_str())];
        let department = office.departments.get(3).cloned().unwrap_or_default();
        let with = |more: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
            then.iter().chain(more).map(|(name, value)| (*name, (*value).to_owned())).collect()
        };
        let item = format!("/api/items/{}", self.item);
        vec![
            query_at("newest, staff", &staff(0, 0), "/api/items", &with(&[])),
            query_at("newest, registry", "registrar", "/api/items", &with(&[])),
            query_at("level 2, newest, staff", &staff(1, 1), "/api/items", &with(&[("level", "2")])),
            query_at(
                "copies in cabinets, registry",
                "registrar",
                "/api/items",
                &with(&[("copy_state", "kept")]),
            ),
            query_at(
                "department by day of receipt, head",
                &head(3),
                "/api/items",
                &with(&[("department", &department), ("sort", "received")]),
            ),
            query_at("a title, staff (通知)", &staff(0, 0), "/api/items", &with(&[("q", "通知")])),
            query_at("one item with its copies, staff", &staff(3, 0), &item, &with(&[])),
            query_at("all cabinets with their counts, registry", "registrar", "/api/cabinets", &with(&[])),
            query_at(
                "a cabinet with its contents, registry",
                "registrar",
                &format!("/api/cabinets/{}", self.cabinet),
                &with(&[]),
            ),
            query_at(
                "what the registrar held",
                "registrar",
                &format!("/api/people/{}/held", office.registrar),
                &with(&[]),
            ),
            query_at(
                "differences of copies from then to now, a page",
                "registrar",
                "/api/differences",
                &[("register", "copy".to_owned()), ("from", self.at.clone())],
            ),
        ]
    }
}
