//! Clause → code → test: the page `docs/clauses.md`, and the rule that every clause in force has an acceptance test.
//!
//! A test belongs to a clause by its name: `clause_3_1_1_2_to_4_and_1_3_3_the_cabinet_…`; a browser test by its title,
//! `clause 1.1: …`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use jingui_regulation::RulePack;

/// What is carried out today, by the beginnings of clause ids. A clause outside may have tests already; one inside must.
const IN_FORCE: &[&str] = &["1.", "2.", "3.1.1.", "3.1.3.", "3.5.1", "3.5.3", "3.5.4"];

const HEAD: &str = "\
# Clause → code → test · 条款、实现、验证

Generated from the rule pack, the registered actions, the policies and the names of the tests; a test holds this page equal
to them and fails when a clause in force has no test. In force today: chapters 1 and 2, clauses 3.1.1.x, 3.1.3.x, 3.5.1, 3.5.3
and 3.5.4. Of the other clauses only what is listed exists.

";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The ids that a test's name claims, and the rest of the name.
fn claimed(name: &str) -> Vec<String> {
    let mut words = name.split('_').peekable();
    let (mut all, mut id): (Vec<String>, Vec<u32>) = (Vec::new(), Vec::new());
    let joined = |id: &[u32]| id.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    while let Some(word) = words.next() {
        if let Ok(number) = word.parse() {
            id.push(number);
            continue;
        }
        if !id.is_empty() {
            all.push(joined(&id));
        }
        match (word, words.peek().and_then(|next| next.parse::<u32>().ok()), id.split_last()) {
            ("to", Some(last), Some((first, stem))) => {
                for between in first + 1..=last {
                    all.push(joined(&[stem, &[between]].concat()));
                }
                words.next();
                id.clear();
            }
            ("and", Some(_), _) => id.clear(),
            _ => return all,
        }
    }
    all
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && !["node_modules", "target"].iter().any(|skipped| name == *skipped) {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "mjs") {
            found.push(path);
        }
    }
}

/// Clause id → tests, as `file: name`.
fn tests() -> BTreeMap<String, Vec<String>> {
    let mut files = Vec::new();
    for folder in ["crates", "simulation", "e2e/tests"] {
        sources(&root().join(folder), &mut files);
    }
    files.sort();
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let file = path.strip_prefix(root()).unwrap().display().to_string();
        for line in text.lines() {
            let line = line.trim_start();
            let (ids, name) = if let Some(rest) = line.strip_prefix("fn clause_") {
                let name = rest.split('(').next().unwrap_or_default();
                (claimed(name), format!("clause_{name}"))
            } else if let Some((_, rest)) =
                line.strip_prefix("test(").and_then(|rest| rest.split_once("clause "))
            {
                let (id, title) = rest.split_once(": ").unwrap();
                (vec![id.to_owned()], title.split(['\'', '`']).next().unwrap_or_default().to_owned())
            } else {
                continue;
            };
            for id in ids {
                all.entry(id).or_default().push(format!("`{file}`: {name}"));
            }
        }
    }
    all
}

fn page() -> String {
    let pack = RulePack::embedded().unwrap();
    let tests = tests();
    let mut page = HEAD.to_owned();
    page.push_str("| clause | duty | code | tests |\n|---|---|---|---|\n");
    for clause in pack.clauses.iter() {
        let id = clause.id.as_str();
        let mut code: Vec<String> = jingui_office::actions()
            .iter()
            .filter(|action| action.clauses.contains(&id))
            .map(|action| format!("`{}`", action.name))
            .collect();
        let policies: usize = pack
            .policies
            .iter()
            .map(|(_, text)| {
                text.lines()
                    .filter(|line| line.starts_with("@clause("))
                    .filter(|line| {
                        line.split('"').nth(1).is_some_and(|ids| ids.split([',', ' ']).any(|one| one == id))
                    })
                    .count()
            })
            .sum();
        if policies > 0 {
            code.push(format!("{policies} policies"));
        }
        let words = pack.levels.iter().chain(&pack.categories);
        code.extend(
            words.filter(|(_, word)| word.clause == id).map(|(key, word)| format!("{key} {}", word.zh)),
        );
        code.extend(
            pack.parameters
                .iter()
                .filter(|(_, parameter, ..)| parameter.clause == id)
                .map(|(key, ..)| format!("⟦{key}⟧")),
        );
        let tests = tests.get(id).map_or(String::new(), |tests| tests.join("<br>"));
        let _ = writeln!(page, "| {id} | {} {} | {} | {tests} |", clause.zh, clause.en, code.join(", "));
    }
    page
}

/// Run with `UPDATE=1` to write the page anew, and read the difference before it is committed.
#[test]
fn every_clause_in_force_has_a_test_and_the_page_says_which() {
    let pack = RulePack::embedded().unwrap();
    let tests = tests();
    for id in tests.keys() {
        assert!(pack.clauses.get(id).is_some(), "{id} isn't a clause, but {:?} claims it", tests[id]);
    }
    for clause in pack.clauses.iter() {
        let id = clause.id.as_str();
        let in_force = IN_FORCE.iter().any(|start| id.starts_with(start));
        assert!(!in_force || tests.contains_key(id), "clause {id} is in force and has no acceptance test");
    }
    let path = root().join("docs/clauses.md");
    let page = page();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/clauses.md isn't what the code says; run this test with UPDATE=1 and read the difference"
    );
}

#[test]
fn names_claim_clauses() {
    assert_eq!(claimed("3_1_3_2_reading_on_site"), ["3.1.3.2"]);
    assert_eq!(claimed("2_2_1_to_4_levels"), ["2.2.1", "2.2.2", "2.2.3", "2.2.4"]);
    assert_eq!(claimed("1_3_1_and_2_1_1_to_2_category"), ["1.3.1", "2.1.1", "2.1.2"]);
    assert_eq!(claimed("3_1_1_2_to_4_and_1_3_3_answer_for"), ["3.1.1.2", "3.1.1.3", "3.1.1.4", "1.3.3"]);
    assert_eq!(claimed("1_2_people_and_3_others"), ["1.2"]);
}
