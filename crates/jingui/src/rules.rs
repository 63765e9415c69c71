//! Rule packs: the one that ships, or one in a directory, checked.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use jingui_regulation::{RulePack, YearCalendar};

/// The rule pack in force: the directory in `JINGUI_RULES`, or the one that ships.
pub fn pack() -> anyhow::Result<RulePack> {
    let parsed = match std::env::var_os("JINGUI_RULES") {
        Some(directory) => RulePack::parse(&read(Path::new(&directory))?),
        None => RulePack::embedded(),
    };
    parsed.map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the rule pack can't be used:\n{}", lines.join("\n"))
    })
}

/// Checks a pack in a directory, its policies included.
pub fn check(directory: &Path) -> anyhow::Result<()> {
    let pack = match RulePack::parse(&read(directory)?) {
        Ok(pack) => pack,
        Err(problems) => {
            for problem in &problems {
                println!("{problem}");
            }
            bail!("{} problems", problems.len());
        }
    };
    let actions = jingui_office::actions();
    let compiled =
        jingui_access::Engine::compile(&pack.policies, actions.iter().map(|action| action.name), |clause| {
            pack.clauses.get(clause).is_some()
        });
    if let Err(problems) = compiled {
        for problem in &problems {
            println!("{problem}");
        }
        bail!("{} problems", problems.len());
    }
    println!(
        "the rule pack is sound: {} clauses, {} parameters",
        pack.clauses.iter().count(),
        pack.parameters.iter().count()
    );
    Ok(())
}

/// Checks a year's calendar before it is imported or put into a pack.
pub fn check_calendar(file: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))?;
    // The parser's own words name the line and what is allowed there.
    let year: YearCalendar =
        toml::from_str(&text).with_context(|| format!("{} isn't a year's calendar", file.display()))?;
    year.check().with_context(|| format!("{} can't be a year's calendar", file.display()))?;
    println!(
        "{}: 工作日放假 {} 天 / weekdays off, 周末上班 {} 天 / weekends worked",
        year.year,
        year.off.len(),
        year.worked.len()
    );
    Ok(())
}

fn read(directory: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for folder in ["", "calendars", "policies"] {
        let path = directory.join(folder);
        let entries = fs::read_dir(&path).with_context(|| format!("can't read {}", path.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // The wording of refusals belongs to the program: it has to fit its codes. So does the first text of the
            // commitment, which later ones take the place of in the console.
            if !entry.file_type()?.is_file() || ["refusals.toml", "commitment.txt"].contains(&&*name) {
                continue;
            }
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            files.push((name, fs::read_to_string(entry.path())?));
        }
    }
    files.sort();
    Ok(files)
}
