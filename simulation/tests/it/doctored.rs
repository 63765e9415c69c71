//! The auditor looks at books that were doctored, and finds it.

use jingui_simulation::book::Book;
use jingui_simulation::{Play, auditor};
use serde_json::{Value, json};

/// A book with a loan that is out.
fn book() -> Book {
    let mut play = Play::new(4).unwrap();
    for _ in 0..40 {
        play.go_on(100).unwrap();
        let book = Book::read(play.office().unwrap()).unwrap();
        if book.of("loan").any(|(_, loan)| loan["state"]["name"] == "out") {
            return book;
        }
    }
    panic!("no loan is ever out in this play: take another seed");
}

/// Changes the first record of that kind that fits, in the register and in the last entry that put it.
fn doctor(book: &mut Book, kind: &str, fits: impl Fn(&Value) -> bool, change: impl Fn(&mut Value)) {
    let key = book.of(kind).find(|(_, body)| fits(body)).map(|(key, _)| key.to_owned()).unwrap();
    let record = book.records.get_mut(&(kind.to_owned(), key.clone())).unwrap();
    change(record);
    let changed = record.clone();
    let last = book.lines.iter_mut().rev().flat_map(|line| line.puts.iter_mut().rev());
    last.filter(|(of, id, _)| of == kind && *id == key).take(1).for_each(|put| put.2 = changed.clone());
}

fn finds(what: &str, doctoring: impl Fn(&mut Book)) {
    let mut book = book();
    assert_eq!(auditor::audit(&book), Vec::<String>::new());
    doctoring(&mut book);
    let findings = auditor::audit(&book).join("\n");
    assert!(findings.contains(what), "{what:?} is expected, found: {findings:?}");
}

#[test]
fn two_holders_are_found() {
    finds("has not exactly one holder", |book| {
        doctor(book, "copy", |_| true, |copy| copy["custody"]["holder"] = json!(["a", "b"]));
    });
}

#[test]
fn a_copy_that_changed_hands_by_itself_is_found() {
    finds("without both sides", |book| {
        let (copy, holder) = {
            let (key, copy) = book.of("copy").next().unwrap();
            (key.to_owned(), copy["custody"]["holder"].clone())
        };
        let other = book.of("person").find(|(key, _)| holder != *key).unwrap().0.to_owned();
        let mut body = book.records[&("copy".to_owned(), copy.clone())].clone();
        body["custody"] = json!({"state": "desk", "holder": other});
        book.records.insert(("copy".to_owned(), copy.clone()), body.clone());
        let mut line = book.lines.last().unwrap().clone();
        line.seq += 1;
        line.refused = false;
        line.puts = vec![("copy".to_owned(), copy, body)];
        book.lines.push(line);
    });
}

#[test]
fn a_gap_in_the_numbers_is_found() {
    finds("repeat or have gaps", |book| {
        doctor(book, "item", |_| true, |item| item["register_number"] = json!("2026-900000"));
    });
}

#[test]
fn a_register_that_isnt_the_journal_is_found() {
    finds("aren't what the journal says", |book| {
        let key = book.of("item").next().unwrap().0.to_owned();
        book.records.get_mut(&("item".to_owned(), key)).unwrap()["title"] = json!("another");
    });
}

#[test]
fn a_loan_without_its_copy_is_found() {
    finds("but its copy is", |book| {
        doctor(
            book,
            "loan",
            |loan| loan["state"]["name"] == "out",
            |loan| loan["state"]["out"]["copy"] = json!("x"),
        );
    });
}

#[test]
fn a_day_too_many_is_found() {
    finds("end on", |book| {
        doctor(
            book,
            "loan",
            |loan| loan["state"]["name"] == "out",
            |loan| {
                loan["state"]["out"]["since"] = json!("2026-01-05");
            },
        );
        let lines = book.lines.clone();
        for (line, old) in book.lines.iter_mut().zip(lines) {
            for (put, _) in line.puts.iter_mut().zip(old.puts) {
                if put.0 == "loan" && !put.2["state"]["out"].is_null() {
                    put.2["state"]["out"]["since"] = json!("2026-01-05");
                }
            }
        }
    });
}

#[test]
fn an_entry_that_was_refused_and_changed_something_is_found() {
    finds("refused, but it changed something", |book| {
        book.lines.iter_mut().rev().find(|line| !line.puts.is_empty()).unwrap().refused = true;
    });
}

#[test]
fn a_missing_entry_is_found() {
    finds("is expected here", |book| {
        book.lines.remove(20);
    });
}
