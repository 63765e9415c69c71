//! Every refusal in the code has its wording, and no wording speaks of a refusal that isn't there.

use std::collections::BTreeSet;
use std::path::Path;

use jingui_office::Texts;

fn sources(directory: &Path, text: &mut String) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

/// Strings after `Refusal::new(`, `unfit(` and the second one after `Refusal::field(`.
fn codes(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (start, which) in [("Refusal::new(", 0), ("Refusal::field(", 1), ("unfit(\"", 0), ("code: \"", 0)] {
        for (at, _) in text.match_indices(start) {
            let rest = &text[at + start.trim_end_matches('"').len()..];
            let call: String = rest.chars().take(160).collect();
            let strings: Vec<&str> = call.split('"').skip(1).step_by(2).collect();
            let first = call.trim_start();
            // A code in a variable is named where it is made.
            if first.starts_with('"')
                && let Some(code) = strings.get(which)
            {
                found.insert((*code).to_owned());
            }
        }
    }
    found
}

/// Names of facts handed over where the code is made: the calls of `fact` before the next refusal begins.
fn facts_of(text: &str, code: &str) -> Vec<BTreeSet<String>> {
    let quoted = format!("\"{code}\"");
    let mut places = Vec::new();
    for (at, _) in text.match_indices(&quoted) {
        let before = &text[..at];
        let field = ["Refusal::field(", "Refusal::new(", "unfit("]
            .into_iter()
            .filter_map(|call| before.rfind(call).map(|start| (start, call)))
            .filter(|(start, _)| at - start < 80)
            .max();
        let Some((_, call)) = field else { continue };
        // What `unfit` adds for all its codes stands in its own body.
        let rest = if call == "unfit(" {
            &text[text.find("Refusal::new(code").unwrap()..]
        } else {
            &text[at + quoted.len()..]
        };
        let end = rest[1..].find("Refusal::").map_or(rest.len(), |end| end + 1).min(600);
        let end = (0..=end).rev().find(|&end| rest.is_char_boundary(end)).unwrap();
        let mut facts: BTreeSet<String> = rest[..end]
            .split(".fact(\"")
            .skip(1)
            .filter_map(|part| part.split('"').next())
            .map(str::to_owned)
            .collect();
        if call == "Refusal::field(" {
            facts.insert("field".to_owned());
        }
        places.push(facts);
    }
    places
}

fn placeholders(wording: &str) -> BTreeSet<String> {
    wording
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn every_placeholder_of_a_wording_is_a_fact_of_its_refusal() {
    let mut text = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    let texts = Texts::embedded().unwrap();
    let mut wrong = Vec::new();
    let mut filled = 0;
    for code in texts.codes() {
        let wording = texts.get(code).unwrap();
        for asked in [&wording.zh, &wording.en, &wording.cure_zh, &wording.cure_en] {
            let asked = placeholders(asked);
            if asked.is_empty() {
                continue;
            }
            let places = facts_of(&text, code);
            filled += places.len();
            if places.is_empty() || places.iter().any(|facts| !asked.is_subset(facts)) {
                wrong.push(format!("{code} asks {asked:?}, is given {places:?}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(filled > 80, "the reading of the source finds refusals: {filled}");
}

#[test]
fn every_wording_says_the_same_facts_in_both_languages() {
    let texts = Texts::embedded().unwrap();
    for code in texts.codes() {
        let wording = texts.get(code).unwrap();
        assert_eq!(placeholders(&wording.zh), placeholders(&wording.en), "{code}");
        for part in [&wording.zh, &wording.en, &wording.cure_zh, &wording.cure_en] {
            assert!(!part.trim().is_empty(), "{code} says nothing in one language");
        }
    }
}

#[test]
fn every_refusal_has_a_wording_and_every_wording_a_refusal() {
    let mut text = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    let mut used = codes(&text);
    used.insert("session.wrong".into());
    let texts = Texts::embedded().unwrap();
    let worded: BTreeSet<String> = texts.codes().map(str::to_owned).collect();
    assert_eq!(used.difference(&worded).collect::<Vec<_>>(), Vec::<&String>::new(), "without wording");
    let unused: Vec<&String> = worded.iter().filter(|code| !text.contains(&format!("\"{code}\""))).collect();
    assert_eq!(unused, Vec::<&String>::new(), "wording of nothing");
}
