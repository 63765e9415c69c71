//! The rule pack: the texts of `regulation/` parsed, with every problem told by file and line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

use crate::calendar::{Calendar, YearCalendar};
use crate::clause::{Clause, Clauses};
use crate::level::Level;
use crate::parameter::{Param, Parameter, Parameters, SURE, UNITS};
use crate::reader::{Reader, line_of, line_with};
use crate::time::Date;
use crate::words::Category;

/// Something in the rule pack that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// File of the pack.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What is allowed there.
    pub allowed: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; allowed: {}", self.file, self.line, self.what, self.allowed)
    }
}

/// A level's or category's names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
    /// The clause that sets it.
    pub clause: String,
}

/// The files that every pack has; beside them stand `calendars/*.toml` and `policies/*.cedar`.
const TABLES: [&str; 4] = ["clauses.toml", "parameters.toml", "words.toml", "statutory.toml"];

/// The rule pack.
#[derive(Debug, Clone)]
pub struct RulePack {
    /// All clauses.
    pub clauses: Clauses,
    /// Parameters at their defaults.
    pub parameters: Parameters,
    /// Working days of the published years.
    pub calendar: Calendar,
    /// Names of levels, by number.
    pub levels: BTreeMap<String, Word>,
    /// Names of categories.
    pub categories: BTreeMap<String, Word>,
    /// Access policies: file name and Cedar text, compiled elsewhere.
    pub policies: Vec<(String, String)>,
}

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        [$(($name.to_owned(), include_str!(concat!("../../../regulation/", $name)).to_owned())),+]
    };
}

impl RulePack {
    /// The pack that ships with the product.
    pub fn embedded() -> Result<Self, Vec<Problem>> {
        Self::parse(&embedded!(
            "clauses.toml",
            "parameters.toml",
            "words.toml",
            "statutory.toml",
            "calendars/2025.toml",
            "calendars/2026.toml",
            "policies/office.cedar",
        ))
    }

    /// Parses a pack: file names as in `regulation/`, with their texts. Tells every problem, not only the first.
    pub fn parse(files: &[(String, String)]) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(files);
        let clauses: Option<BTreeMap<String, ClauseText>> = reader.read("clauses.toml");
        let parameters: Option<BTreeMap<String, Parameter>> = reader.read("parameters.toml");
        let words: Option<Words> = reader.read("words.toml");
        let statutory: Option<BTreeMap<String, Vec<Date>>> = reader.read("statutory.toml");
        let mut years: Vec<YearCalendar> = Vec::new();
        let mut policies = Vec::new();
        let mut seen = BTreeSet::new();
        for (name, text) in files {
            if !seen.insert(name) {
                reader.tell(name, 1, "the file stands twice".to_owned(), "each file once");
            } else if is_in(name, "calendars/", ".toml") {
                let Some(year) = reader.parse::<YearCalendar>(name, text) else { continue };
                check_year(&mut reader, name, &year);
                if years.iter().any(|other| other.year == year.year) {
                    let line = line_of(text, &["year"]);
                    reader.tell(
                        name,
                        line,
                        format!("the year {} stands twice", year.year),
                        "one file a year",
                    );
                }
                years.push(year);
            } else if is_in(name, "policies/", ".cedar") {
                policies.push((name.clone(), text.clone()));
            } else if !TABLES.contains(&name.as_str()) {
                let allowed = format!("{}, calendars/*.toml, policies/*.cedar", TABLES.join(", "));
                reader.tell(name, 1, "an unknown file".to_owned(), &allowed);
            }
        }
        // A clause file that can't be read is told once, not again by each place that cites it.
        let knows = |id: &str| clauses.as_ref().is_none_or(|clauses| clauses.contains_key(id));
        if let Some(clauses) = &clauses {
            check_clauses(&mut reader, clauses);
        }
        if let Some(parameters) = &parameters {
            check_parameters(&mut reader, parameters, knows);
        }
        if let Some(words) = &words {
            check_words(&mut reader, words, knows);
        }
        if let Some(statutory) = &statutory {
            check_statutory(&mut reader, statutory);
        }
        if policies.is_empty() {
            reader.tell("policies", 1, "no access policy".to_owned(), "at least one policies/*.cedar");
        }
        let (Some(clauses), Some(parameters), Some(words), Some(statutory), []) =
            (clauses, parameters, words, statutory, reader.problems.as_slice())
        else {
            return Err(reader.problems);
        };
        let statutory: BTreeSet<Date> = statutory.into_values().flatten().collect();
        Ok(Self {
            clauses: Clauses(
                clauses
                    .into_iter()
                    .map(|(id, text)| (id.clone(), Clause { id, zh: text.zh, en: text.en }))
                    .collect(),
            ),
            parameters: Parameters::new(parameters),
            calendar: Calendar::new(years, statutory),
            levels: words.levels,
            categories: words.categories,
            policies,
        })
    }

    /// The names of a category. The pack was refused if it lacks one, so there always is one.
    pub fn category(&self, category: Category) -> Option<&Word> {
        self.categories.get(category.name())
    }
}

fn is_in(name: &str, folder: &str, ending: &str) -> bool {
    name.starts_with(folder) && name.ends_with(ending)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClauseText {
    zh: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    levels: BTreeMap<String, Word>,
    categories: BTreeMap<String, Word>,
}

fn check_year(reader: &mut Reader<'_>, name: &str, year: &YearCalendar) {
    if let Err(error) = year.check() {
        let text = reader.text(name).unwrap_or_default();
        let line = match error.day() {
            Some(day) => line_with(text, &day.to_string()),
            None => line_of(text, &["year"]),
        };
        reader.tell(name, line, error.to_string(), "a year's published working days");
    }
}

fn check_clauses(reader: &mut Reader<'_>, clauses: &BTreeMap<String, ClauseText>) {
    const FILE: &str = "clauses.toml";
    for (id, text) in clauses {
        let is_id = id.split('.').all(|part| part.parse::<u8>().is_ok_and(|number| number > 0));
        if !is_id {
            let line = reader.line(FILE, &[id]);
            reader.tell(FILE, line, format!("{id:?} is no clause id"), "an id like 3.1.3.2");
        }
        for (language, wording) in [("zh", &text.zh), ("en", &text.en)] {
            if wording.trim().is_empty() {
                let line = reader.line(FILE, &[id, language]);
                reader.tell(
                    FILE,
                    line,
                    format!("clause {id} has no wording in {language}"),
                    "a short sentence",
                );
            }
        }
    }
}

fn check_statutory(reader: &mut Reader<'_>, statutory: &BTreeMap<String, Vec<Date>>) {
    const FILE: &str = "statutory.toml";
    for (year, days) in statutory {
        for day in days.iter().filter(|day| day.year().to_string() != *year) {
            let line = reader.line(FILE, &[year]);
            reader.tell(FILE, line, format!("{day} stands under the year {year}"), "days of that year");
        }
    }
}

fn check_parameters(
    reader: &mut Reader<'_>,
    parameters: &BTreeMap<String, Parameter>,
    knows: impl Fn(&str) -> bool,
) {
    const FILE: &str = "parameters.toml";
    let keys: BTreeSet<&str> = Param::ALL.iter().map(|parameter| parameter.key()).collect();
    for (key, parameter) in parameters {
        let mut tell = |field: &str, what: String, allowed: &str| {
            let line = reader.line(FILE, &[key, field]);
            reader.tell(FILE, line, what, allowed);
        };
        let Parameter { default, min, max, unit, clause, sure, effective_from, .. } = parameter;
        if !keys.contains(key.as_str()) {
            let allowed = keys.iter().copied().collect::<Vec<_>>().join(", ");
            tell("", format!("unknown parameter {key}"), &allowed);
        }
        if min > max {
            tell(
                "min",
                format!("the least value {min} of {key} is above the greatest"),
                &format!("at most {max}"),
            );
        } else if !(min..=max).contains(&default) {
            let allowed = format!("{min} to {max}");
            tell("default", format!("the default {default} of {key} is out of bounds"), &allowed);
        }
        if !knows(clause) {
            tell("clause", format!("unknown clause {clause}"), "an id of clauses.toml");
        }
        if !UNITS.contains(&unit.as_str()) {
            tell("unit", format!("unknown unit {unit:?}"), &UNITS.join(", "));
        }
        if !SURE.contains(&sure.as_str()) {
            tell("sure", format!("unknown degree {sure:?}"), &SURE.join(", "));
        }
        if effective_from.parse::<Date>().is_err() {
            tell("effective_from", format!("{effective_from:?} is no day"), "a day like 2026-11-23");
        }
    }
    for key in keys.into_iter().filter(|key| !parameters.contains_key(*key)) {
        reader.tell(
            FILE,
            1,
            format!("the parameter {key} is missing"),
            "every parameter of the shipped pack",
        );
    }
}

fn check_words(reader: &mut Reader<'_>, words: &Words, knows: impl Fn(&str) -> bool) {
    const FILE: &str = "words.toml";
    let levels: Vec<String> = Level::ALL.iter().map(|level| level.number().to_string()).collect();
    let categories: Vec<String> = Category::ALL.iter().map(|category| category.name().to_owned()).collect();
    for (table, found, expected) in
        [("levels", &words.levels, levels), ("categories", &words.categories, categories)]
    {
        for key in expected.iter().filter(|key| !found.contains_key(*key)) {
            let line = reader.line(FILE, &[table]);
            reader.tell(FILE, line, format!("{table}.{key} is missing"), &expected.join(", "));
        }
        for (key, word) in found {
            if !expected.contains(key) {
                let line = reader.line(FILE, &[table, key]);
                reader.tell(FILE, line, format!("unknown key {table}.{key}"), &expected.join(", "));
            }
            if !knows(&word.clause) {
                let line = reader.line(FILE, &[table, key, "clause"]);
                reader.tell(FILE, line, format!("unknown clause {}", word.clause), "an id of clauses.toml");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Vec<(String, String)> {
        embedded!(
            "clauses.toml",
            "parameters.toml",
            "words.toml",
            "statutory.toml",
            "calendars/2026.toml",
            "policies/office.cedar"
        )
        .to_vec()
    }

    fn altered(file: &str, change: impl Fn(&str) -> String) -> Vec<Problem> {
        let files: Vec<_> = shipped()
            .into_iter()
            .map(|(name, text)| if name == file { (name, change(&text)) } else { (name, text) })
            .collect();
        RulePack::parse(&files).unwrap_err()
    }

    /// The line of the first text in a file, from 1.
    fn line(file: &str, text: &str) -> usize {
        let files = shipped();
        let (_, whole) = files.iter().find(|(name, _)| name == file).unwrap();
        whole.lines().position(|line| line == text).unwrap() + 1
    }

    fn told(file: &str, change: impl Fn(&str) -> String) -> String {
        let problems = altered(file, change);
        assert_eq!(problems.len(), 1, "{problems:#?}");
        problems[0].to_string()
    }

    #[test]
    fn the_shipped_pack_is_sound() {
        let pack = RulePack::embedded().unwrap_or_else(|problems| panic!("{problems:#?}"));
        assert_eq!(pack.parameters.value(Param::LoanDaysSecret), 5);
        assert_eq!(pack.parameters.iter().count(), Param::ALL.len());
        assert_eq!(pack.category(Category::TradeSecret).unwrap().clause, "2.1.5");
        for level in Level::ALL {
            let word = &pack.levels[&level.number().to_string()];
            assert_eq!((word.zh.as_str(), word.en.as_str()), (level.zh(), level.en()));
        }
        assert!(!pack.calendar.is_provisional(2026) && pack.calendar.is_provisional(2027));
    }

    #[test]
    fn no_file_of_the_folder_was_forgotten() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../regulation");
        let names = |of: &str| {
            let entries = std::fs::read_dir(folder.join(of)).unwrap();
            let mut names: Vec<_> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        let pack = RulePack::embedded().unwrap();
        let policies: Vec<_> =
            pack.policies.iter().map(|(name, _)| name.trim_start_matches("policies/").to_owned()).collect();
        assert_eq!(policies, names("policies"));
        for name in names("calendars") {
            let year = name.trim_end_matches(".toml").parse().unwrap();
            assert!(!pack.calendar.is_provisional(year), "{name}");
        }
    }

    #[test]
    fn every_clause_of_the_regulation_is_there_and_no_other() {
        let expected: BTreeSet<&str> = "1.1 1.2 1.3.1 1.3.2 1.3.3 \
            2.1.1 2.1.2 2.1.3 2.1.4 2.1.5 2.1.6 2.1.7 2.2.1 2.2.2 2.2.3 2.2.4 \
            3.1.1.1 3.1.1.2 3.1.1.3 3.1.1.4 3.1.2.1 3.1.2.2 3.1.2.3 3.1.2.4 3.1.2.5 \
            3.1.3.1 3.1.3.2 3.1.3.3 3.1.3.4 3.1.3.5 3.1.3.6 3.1.4 \
            3.2.1 3.2.2 3.2.3 3.2.4 3.3.1.1 3.3.1.2 3.3.1.3 3.3.1.4 3.3.2.1 3.3.2.2 3.3.2.3 3.3.3 \
            3.4.1 3.4.2 3.4.3 3.4.4 3.5.1 3.5.2 3.5.3 3.5.4 \
            4.1.1 4.1.2 4.1.3 4.2.1 4.2.2 4.2.3 4.3.1 4.3.2 4.3.3 4.4.1 4.4.2 4.4.3 \
            5.1.1 5.1.2 5.1.3 5.2.1 5.2.2 5.3"
            .split_whitespace()
            .collect();
        let pack = RulePack::embedded().unwrap();
        assert_eq!(pack.clauses.iter().map(|clause| clause.id.as_str()).collect::<BTreeSet<_>>(), expected);
    }

    #[test]
    fn a_bad_parameter_is_told_by_its_own_line() {
        const FILE: &str = "parameters.toml";
        const TABLE: &str = "[loan_days_secret]";
        let at = line(FILE, TABLE);
        let change = |from: &str, to: &str| {
            let problem = told(FILE, |text| {
                let (before, after) = text.split_once(TABLE).unwrap();
                format!("{before}{TABLE}{}", after.replacen(from, to, 1))
            });
            problem.strip_prefix("parameters.toml:").unwrap().to_owned()
        };
        assert_eq!(
            change("default = 5", "default = 50"),
            format!("{}: the default 50 of loan_days_secret is out of bounds; allowed: 1 to 5", at + 1)
        );
        assert_eq!(
            change("min = 1", "min = 9"),
            format!(
                "{}: the least value 9 of loan_days_secret is above the greatest; allowed: at most 5",
                at + 2
            )
        );
        assert!(
            change("working_days", "fortnights")
                .starts_with(&format!("{}: unknown unit \"fortnights\"", at + 4))
        );
        assert_eq!(
            change("3.1.3.3", "3.9.9"),
            format!("{}: unknown clause 3.9.9; allowed: an id of clauses.toml", at + 5)
        );
        assert!(
            change("2026-01-01", "2026-13-01").starts_with(&format!("{}: \"2026-13-01\" is no day", at + 10))
        );
        assert!(change("max = 5", "max = \"5\"").starts_with(&format!("{}: invalid type: string", at + 3)));
        assert!(change("max = 5", "most = 5").starts_with(&format!("{}: unknown field `most`", at + 3)));
        assert!(change("max = 5\n", "").starts_with(&format!("{at}: missing field `max`")));
        assert!(change("max = 5", "max = 5\nmax = 6").starts_with(&format!("{}: duplicate key", at + 4)));
    }

    #[test]
    fn a_parameter_too_many_and_one_too_few_are_both_told() {
        let problems = altered("parameters.toml", |text| text.replace("[loan_days_secret]", "[loan_days]"));
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let at = line("parameters.toml", "[loan_days_secret]");
        assert!(
            problems[0].starts_with(&format!("parameters.toml:{at}: unknown parameter loan_days; allowed: "))
        );
        assert!(problems[1].starts_with("parameters.toml:1: the parameter loan_days_secret is missing"));
        assert_eq!(problems.len(), 2);
    }

    #[test]
    fn the_other_files_are_checked_as_closely() {
        let at = line("words.toml", "[categories.committee]");
        assert!(
            told("words.toml", |text| text.replace("\"2.1.2\"", "\"2.1.22\""))
                .starts_with(&format!("words.toml:{}: unknown clause 2.1.22", at + 3))
        );
        let problems =
            altered("words.toml", |text| text.replace("[categories.committee]", "[categories.board]"));
        assert!(problems[0].to_string().contains("categories.committee is missing"), "{problems:?}");
        assert_eq!((problems[1].line, problems[1].what.as_str()), (at, "unknown key categories.board"));

        let at = line("clauses.toml", "[\"3.1.3.3\"]");
        let problems = altered("clauses.toml", |text| text.replace("[\"3.1.3.3\"]", "[\"3.1.three\"]"));
        assert_eq!((problems[0].line, problems[0].what.as_str()), (at, "\"3.1.three\" is no clause id"));
        assert!(problems.iter().any(|problem| problem.what == "unknown clause 3.1.3.3"), "{problems:?}");

        assert!(told("calendars/2026.toml", |text| text.replace("2026-02-14", "2026-02-13")).starts_with(
            "calendars/2026.toml:7: expected Saturdays or Sundays among the worked weekends, found 2026-02-13"
        ));
        assert!(
            told("statutory.toml", |text| text.replace("2027-02-05", "2028-02-05"))
                .contains("2028-02-05 stands under the year 2027")
        );
    }

    #[test]
    fn files_that_are_missing_unknown_or_twice_are_refused() {
        let without = |file: &str| {
            let files: Vec<_> = shipped().into_iter().filter(|(name, _)| name != file).collect();
            RulePack::parse(&files).unwrap_err()
        };
        assert!(
            without("statutory.toml")[0].to_string().starts_with("statutory.toml:1: the file is missing")
        );
        assert!(without("policies/office.cedar")[0].to_string().contains("no access policy"));

        let with = |name: &str, text: String| {
            let mut files = shipped();
            files.push((name.to_owned(), text));
            RulePack::parse(&files).unwrap_err()[0].to_string()
        };
        assert!(with("notes.txt", String::new()).contains("an unknown file; allowed: clauses.toml"));
        assert!(with("words.toml", String::new()).contains("the file stands twice"));
        let calendar = shipped()[4].1.clone();
        assert!(
            with("calendars/again.toml", calendar)
                .starts_with("calendars/again.toml:2: the year 2026 stands twice")
        );
    }

    #[test]
    fn an_empty_file_is_no_pack_and_a_broken_one_is_told_once() {
        let problems = altered("parameters.toml", |_| String::new());
        assert_eq!(problems.len(), Param::ALL.len());
        let problems = altered("words.toml", |_| "[levels]\n[categories]\n".to_owned());
        assert_eq!(problems.len(), Level::ALL.len() + Category::ALL.len());
        let broken = told("clauses.toml", |text| text.replace("[\"2.1.1\"]", "[\"2.1.1\""));
        let at = line("clauses.toml", "[\"2.1.1\"]");
        assert!(broken.starts_with(&format!("clauses.toml:{at}: ")), "{broken}");
    }

    #[test]
    fn values_out_of_bounds_are_refused() {
        let pack = RulePack::embedded().unwrap();
        let set = |value| pack.parameters.with(&BTreeMap::from([("loan_days_secret".to_owned(), value)]));
        assert_eq!(set(3).unwrap().value(Param::LoanDaysSecret), 3);
        assert_eq!(set(6).unwrap_err().to_string(), "expected 1 to 5 working_days, found 6");
    }
}
