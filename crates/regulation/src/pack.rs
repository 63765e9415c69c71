//! The rule pack: the texts of `regulation/` parsed, with every problem told by file and line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::calendar::{Calendar, YearCalendar};
use crate::clause::{Clause, Clauses};
use crate::level::Level;
use crate::parameter::{Param, Parameter, Parameters};
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
        let mut reader = Reader { files, problems: Vec::new() };
        let clauses: BTreeMap<String, ClauseText> = reader.read("clauses.toml");
        let parameters: BTreeMap<String, Parameter> = reader.read("parameters.toml");
        let words: Words = reader.read("words.toml");
        let statutory: BTreeMap<String, Vec<Date>> = reader.read("statutory.toml");
        let mut years = Vec::new();
        let mut policies = Vec::new();
        for (name, text) in files {
            if name.starts_with("calendars/") && name.ends_with(".toml") {
                if let Some(year) = reader.parse::<YearCalendar>(name, text) {
                    if let Err(error) = year.check() {
                        reader.tell(name, 1, error.to_string(), "a year's published working days");
                    }
                    years.push(year);
                }
            } else if name.starts_with("policies/") && name.ends_with(".cedar") {
                policies.push((name.clone(), text.clone()));
            } else if !["clauses.toml", "parameters.toml", "words.toml", "statutory.toml"]
                .contains(&name.as_str())
            {
                let allowed = "clauses.toml, parameters.toml, words.toml, statutory.toml, calendars/*.toml, policies/*.cedar";
                reader.tell(name, 1, "an unknown file".to_owned(), allowed);
            }
        }
        check_parameters(&mut reader, &parameters, &clauses);
        check_words(&mut reader, &words, &clauses);
        if policies.is_empty() {
            reader.tell("policies", 1, "no access policy".to_owned(), "at least one policies/*.cedar");
        }
        if !reader.problems.is_empty() {
            return Err(reader.problems);
        }
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClauseText {
    zh: String,
    en: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    levels: BTreeMap<String, Word>,
    categories: BTreeMap<String, Word>,
}

struct Reader<'f> {
    files: &'f [(String, String)],
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn tell(&mut self, file: &str, line: usize, what: String, allowed: &str) {
        let what = what.trim().replace('\n', " ");
        self.problems.push(Problem { file: file.to_owned(), line, what, allowed: allowed.to_owned() });
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.files.iter().find(|(file, _)| file == name).map(|(_, text)| text.as_str())
    }

    /// Reads a file that must be there.
    fn read<T: DeserializeOwned + Default>(&mut self, name: &str) -> T {
        match self.text(name).map(str::to_owned) {
            Some(text) => self.parse(name, &text).unwrap_or_default(),
            None => {
                self.tell(name, 1, "the file is missing".to_owned(), "a rule pack with this file");
                T::default()
            }
        }
    }

    fn parse<T: DeserializeOwned>(&mut self, name: &str, text: &str) -> Option<T> {
        match toml::from_str(text) {
            Ok(value) => Some(value),
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(text, span.start));
                self.tell(name, line, error.message().to_owned(), "the keys and values of the shipped pack");
                None
            }
        }
    }

    /// The line on which the table of that key begins.
    fn line_of_table(&self, file: &str, table: &str) -> usize {
        let heads = [format!("[{table}]"), format!("[\"{table}\"]")];
        let found = self
            .text(file)
            .and_then(|text| text.lines().position(|line| heads.iter().any(|head| line.trim() == head)));
        found.map_or(1, |line| line + 1)
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn check_parameters(
    reader: &mut Reader<'_>,
    parameters: &BTreeMap<String, Parameter>,
    clauses: &BTreeMap<String, ClauseText>,
) {
    const FILE: &str = "parameters.toml";
    if parameters.is_empty() {
        return;
    }
    let known: BTreeSet<&str> = Param::ALL.iter().map(|parameter| parameter.key()).collect();
    for (key, parameter) in parameters {
        let line = reader.line_of_table(FILE, key);
        if !known.contains(key.as_str()) {
            let allowed = known.iter().copied().collect::<Vec<_>>().join(", ");
            reader.tell(FILE, line, format!("unknown parameter {key}"), &allowed);
        }
        if parameter.min > parameter.max || !(parameter.min..=parameter.max).contains(&parameter.default) {
            let allowed = format!("{} to {}", parameter.min, parameter.max);
            reader.tell(
                FILE,
                line,
                format!("the default {} of {key} is out of bounds", parameter.default),
                &allowed,
            );
        }
        if !clauses.contains_key(&parameter.clause) {
            reader.tell(FILE, line, format!("unknown clause {}", parameter.clause), "an id of clauses.toml");
        }
    }
    for key in known {
        if !parameters.contains_key(key) {
            reader.tell(
                FILE,
                1,
                format!("the parameter {key} is missing"),
                "every parameter of the shipped pack",
            );
        }
    }
}

fn check_words(reader: &mut Reader<'_>, words: &Words, clauses: &BTreeMap<String, ClauseText>) {
    const FILE: &str = "words.toml";
    let levels: Vec<String> = Level::ALL.iter().map(|level| level.number().to_string()).collect();
    let categories: Vec<String> = Category::ALL
        .iter()
        .map(|category| {
            serde_json::to_value(category)
                .ok()
                .and_then(|value| value.as_str().map(str::to_owned))
                .unwrap_or_default()
        })
        .collect();
    for (table, found, expected) in
        [("levels", &words.levels, levels), ("categories", &words.categories, categories)]
    {
        for key in expected.iter().filter(|key| !found.contains_key(*key)) {
            reader.tell(FILE, 1, format!("{table}.{key} is missing"), &expected.join(", "));
        }
        for (key, word) in found {
            let line = reader.line_of_table(FILE, &format!("{table}.{key}"));
            if !expected.contains(key) {
                reader.tell(FILE, line, format!("unknown key {table}.{key}"), &expected.join(", "));
            }
            if !clauses.contains_key(&word.clause) {
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

    #[test]
    fn the_shipped_pack_is_sound() {
        let pack = RulePack::embedded().unwrap_or_else(|problems| panic!("{problems:#?}"));
        assert_eq!(pack.parameters.value(Param::LoanDaysSecret), 5);
        assert!(pack.clauses.get("3.1.3.2").is_some());
    }

    #[test]
    fn each_problem_names_file_line_and_what_is_allowed() {
        let problem = altered("parameters.toml", |text| {
            text.replace("[loan_days_secret]\ndefault = 5", "[loan_days_secret]\ndefault = 50")
        });
        assert_eq!(problem.len(), 1);
        let line = shipped()[1].1.lines().position(|line| line == "[loan_days_secret]").unwrap() + 1;
        assert_eq!(
            problem[0].to_string(),
            format!(
                "parameters.toml:{line}: the default 50 of loan_days_secret is out of bounds; allowed: 1 to 5"
            )
        );

        let problem = altered("parameters.toml", |text| format!("{text}\n[loan_days]\ncolour = 1\n"));
        assert!(problem[0].what.contains("colour"), "{problem:?}");
        assert_eq!(problem[0].line, shipped()[1].1.lines().count() + 3);

        let problem = altered("clauses.toml", |text| text.replace("[\"3.1.3.3\"]", "[\"3.1.3.33\"]"));
        assert!(
            problem.iter().any(|problem| problem.to_string().contains("unknown clause 3.1.3.3")),
            "{problem:?}"
        );

        let problem = altered("calendars/2026.toml", |text| text.replace("2026-02-14", "2026-02-13"));
        assert!(problem[0].what.contains("2026-02-13"), "{problem:?}");

        let mut files = shipped();
        files.push(("notes.txt".into(), String::new()));
        assert!(RulePack::parse(&files).unwrap_err()[0].allowed.contains("calendars/*.toml"));
    }

    #[test]
    fn values_out_of_bounds_are_refused() {
        let pack = RulePack::embedded().unwrap();
        let set = |value| pack.parameters.with(&BTreeMap::from([("loan_days_secret".to_owned(), value)]));
        assert_eq!(set(3).unwrap().value(Param::LoanDaysSecret), 3);
        assert_eq!(set(6).unwrap_err().to_string(), "expected 1 to 5 working_days, found 6");
    }
}
