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
            if first.starts_with('"') && let Some(code) = strings.get(which) {
                found.insert((*code).to_owned());
            }
        }
    }
    found
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
