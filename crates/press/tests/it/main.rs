//! Forms as they are printed: read back by the house's own reader of pages.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on has failed; helpers outside of test functions say so the same way"
)]

use jingui_pages::{Bounds, Fonts};
use jingui_press::{Fault, Form, Press};
use serde_json::{Value, json};

fn data(why: &str, rows: usize) -> Value {
    let row = |seq: usize| {
        json!({
            "seq": seq, "at": "2026-11-23 13:30", "who": "李雷", "action": "申请借阅", "result": "已办理",
            "refused": false, "changed": "借阅 借2026-000001 新建，待批准", "opened": seq.is_multiple_of(2),
        })
    };
    json!({
        "number": "证2026-000001", "about": "文件 2026-000001", "period": "自建账起，至制作时", "why": why,
        "made_by": "孙立", "made_at": "2026-11-23 14:00", "origin": "jingui/0123456789abcdef",
        "entries": rows, "opened": rows / 2, "closed": rows - rows / 2, "level": "机密", "hidden": true,
        "size": 312, "checkpoint_at": "2026-11-23 14:00",
        "checkpoint": "jingui/0123456789abcdef\n312\nAAAA\n\n— jingui/0123456789abcdef BBBB\n", "root": "AAAA", "key": "k+1+A",
        "rows": (1..=rows).map(row).collect::<Vec<_>>(),
    })
}

fn words(pdf: Vec<u8>) -> (usize, String) {
    let mut document = jingui_pages::open(pdf, Bounds::default(), &Fonts::only([])).unwrap();
    let pages = document.page_count();
    let text: String = (0..pages).map(|page| document.text(page).unwrap().plain()).collect();
    (pages, text.split_whitespace().collect())
}

#[test]
fn a_form_is_printed_the_same_twice_and_can_be_read() {
    let press = Press::of_this_machine().unwrap();
    // Characters of given names that small fonts lack.
    let why = "交喆玥镕垚核对";
    let first = press.pdf(Form::Evidence, &data(why, 90)).unwrap();
    assert_eq!(first, Press::of_this_machine().unwrap().pdf(Form::Evidence, &data(why, 90)).unwrap());
    assert!(first.starts_with(b"%PDF-1.7"));
    let (pages, text) = words(first);
    assert!(pages > 2, "{pages} pages");
    for expected in ["证2026-000001", why, "孙立", "不公开", "借2026-000001", "312", &format!("共{pages}页")]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn a_character_that_no_font_has_is_refused_and_never_a_box() {
    let press = Press::of_this_machine().unwrap();
    let refused = press.pdf(Form::Evidence, &data("核对\u{e000}", 1));
    assert!(matches!(refused, Err(Fault::Form(_))), "{refused:?}");
}

#[test]
fn data_is_never_source() {
    let press = Press::of_this_machine().unwrap();
    let why = "#panic(1)*粗*$x$//\\u{4e2d}#read(\"data.json\")";
    let (_, text) = words(press.pdf(Form::Evidence, &data(why, 1)).unwrap());
    assert!(text.contains("#panic(1)*粗*$x$") && text.contains("#read("), "{text}");
}

#[test]
fn data_that_the_form_cannot_take_is_named() {
    let press = Press::of_this_machine().unwrap();
    let Err(fault) = press.pdf(Form::Evidence, &json!({"number": "1"})) else { panic!("printed") };
    assert!(fault.to_string().contains("\"level\""), "{fault}");
}
