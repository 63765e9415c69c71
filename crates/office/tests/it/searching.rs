//! Searching against a model that reads every text: words in the register, in files, or some here and some there; in every
//! order, page by page. Clause 3.3.1.4.

use std::collections::BTreeSet;

use jingui_office::Caller;
use jingui_office::items::views::{self as items, ItemFilter, ItemSort};
use jingui_regulation::Level;
use jingui_store::{Id, StoreError};
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

use crate::harness::Harness;

const WORDS: [&str; 8] = ["保密检查", "预算", "雷达", "璇玑", "年度重大", "Ａ２０２６", "预备", "密检"];
/// How the same words are typed.
const TYPED: [&str; 10] =
    ["保密检查", "预算", "雷達", "璇玑", "年度 重大", "a2026", "预", "密检", "检", "通知"];

struct Known {
    id: Id,
    serial: i64,
    level: u8,
    dated: String,
    title: String,
    files: String,
}

/// As the model compares: traditional as simplified, full width as half, lower case.
fn folded(text: &str) -> String {
    jingui_regulation::fold::search(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

fn office(h: &Harness, rng: &mut ChaCha20Rng) -> Vec<Known> {
    let registrar = h.by(&h.registrar);
    let enter = json!({"level": 3, "number": "国保测〔2026〕3号", "authority": "省国家保密局", "valid_until": "2027-11-23"});
    let approval = h.did(&h.by(&h.security), "ceiling.enter", enter);
    h.did(&h.by(&h.office_head), "ceiling.confirm", json!({"approval": approval["id"]}));
    let mut all = Vec::new();
    for number in 0..130 {
        let some = |rng: &mut ChaCha20Rng, most: usize| -> String {
            let many = rng.random_range(0..=most);
            (0..many).filter_map(|_| WORDS.choose(rng).copied()).collect::<Vec<_>>().join("、")
        };
        let (level, title) = (rng.random_range(1..=3_u8), format!("{}第{number}号通知", some(rng, 2)));
        let dated = format!("2026-11-{:02}", rng.random_range(1..=20));
        let people = if rng.random_ratio(1, 3) { vec![&h.staff] } else { vec![&h.colleague, &h.staff] };
        let item = json!({"title": title, "source": "某局", "category": "decision", "level": level, "dated": dated, "copies": 1,
            "scope": {"kind": "named", "people": people, "departments": []}});
        let made = h.did(&registrar, "item.register", json!({"item": item}))["item"].clone();
        let id: Id = made["id"].as_str().unwrap().parse().unwrap();
        let mut files = String::new();
        for place in 0..rng.random_range(0..=2_u32).saturating_sub(u32::from(rng.random_ratio(1, 2))) {
            let begin = json!({"item": id, "name": "附件.txt", "bytes": 10});
            let file = h.did(&registrar, "file.begin", begin)["id"].clone();
            let sealed = json!({"name": format!("{number:04}{place}"), "bytes": 98});
            h.did(&registrar, "file.keep", json!({"file": file, "sealed": sealed, "wrapped": [1]}));
            let words = [some(rng, 2), some(rng, 2)];
            files = format!("{files}｜{}", words.concat());
            let found = json!({"name": "pages", "kind": "text", "pages": 2, "notices": [], "words": words});
            h.did(&Caller::Clock, "file.note", json!({"file": file, "found": found}));
        }
        all.push(Known { id, serial: made["serial"].as_i64().unwrap(), level, dated, title, files });
    }
    all
}

impl Known {
    fn says(&self, typed: &str) -> bool {
        let text = |text: &str| text.split('｜').map(folded).collect::<Vec<_>>();
        typed.split_whitespace().map(folded).all(|word| {
            let within = |texts: &[String]| texts.iter().any(|text| text.contains(&word));
            within(&text(&self.title)) || (word.chars().count() > 1 && within(&text(&self.files)))
        })
    }
}

/// All rows of a search, page by page.
fn paged(h: &Harness, who: &Id, filter: &ItemFilter) -> Vec<(Id, Vec<Value>)> {
    let mut found = Vec::new();
    let mut filter = filter.clone();
    loop {
        let page = h.office.store().read(|conn| {
            let asker = h.office.asker(conn, who)?.unwrap();
            Ok::<_, StoreError>(serde_json::to_value(items::list(conn, &asker, &filter)?)?)
        });
        let page = page.unwrap();
        for row in page["rows"].as_array().unwrap() {
            let id = row["item"]["id"].as_str().unwrap().parse().unwrap();
            found.push((id, row["passages"].as_array().unwrap().clone()));
        }
        match page.get("next").filter(|next| !next.is_null()) {
            Some(next) => filter.cursor = Some(serde_json::from_value(next.clone()).unwrap()),
            None => return found,
        }
    }
}

/// Clause 3.3.1.4: whatever is typed, in whatever order and however small the pages, exactly the reader's own items that say
/// it are found.
#[test]
fn clause_3_3_1_4_a_search_finds_what_a_reader_of_everything_would() {
    let h = Harness::on("2026-11-23");
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let known = office(&h, &mut rng);
    let own: BTreeSet<Id> =
        paged(&h, &h.colleague, &ItemFilter::default()).into_iter().map(|(id, _)| id).collect();
    assert!((20..known.len()).contains(&own.len()), "the colleague knows of some: {}", own.len());
    let mut split = 0;
    for round in 0..160 {
        let many = rng.random_range(1..=2);
        let typed = (0..many).filter_map(|_| TYPED.choose(&mut rng).copied()).collect::<Vec<_>>().join(" ");
        let sort = [ItemSort::Newest, ItemSort::Oldest, ItemSort::Dated, ItemSort::Level, ItemSort::Received]
            .choose(&mut rng)
            .copied()
            .unwrap();
        let level = rng.random_ratio(1, 4).then(|| Level::new(rng.random_range(1..=3)).unwrap());
        let limit = *[1, 3, 50].choose(&mut rng).unwrap();
        let filter = ItemFilter {
            q: Some(typed.clone()),
            sort: Some(sort),
            level,
            limit: Some(limit),
            ..ItemFilter::default()
        };
        let who = if rng.random_ratio(1, 3) { &h.colleague } else { &h.registrar };
        let mut expected: Vec<&Known> = known
            .iter()
            .filter(|item| item.says(&typed) && (who == &h.registrar || own.contains(&item.id)))
            .filter(|item| level.is_none_or(|level| level.number() == item.level))
            .collect();
        expected.sort_by_key(|item| match sort {
            ItemSort::Dated => (item.dated.clone(), item.serial),
            ItemSort::Level => (item.level.to_string(), item.serial),
            ItemSort::Oldest => (String::new(), -item.serial),
            _ => (String::new(), item.serial),
        });
        expected.reverse();
        split += expected
            .iter()
            .filter(|item| {
                let (title, files) = (folded(&item.title), folded(&item.files));
                let words: Vec<String> = typed.split_whitespace().map(folded).collect();
                !words.iter().all(|word| title.contains(word))
                    && !words.iter().all(|word| files.contains(word))
            })
            .count();
        let found = paged(&h, who, &filter);
        let ids: Vec<&Id> = found.iter().map(|(id, _)| id).collect();
        let expected_ids: Vec<&Id> = expected.iter().map(|item| &item.id).collect();
        assert_eq!(ids, expected_ids, "round {round}: {typed:?} {sort:?} {level:?} by {limit}");
        // Whatever order found it: a file that says one of the words is shown with its page.
        for ((_, passages), item) in found.iter().zip(&expected) {
            let in_files = typed.split_whitespace().map(folded).filter(|word| word.chars().count() > 1);
            let in_files = in_files
                .filter(|word| item.files.split('｜').any(|file| folded(file).contains(word)))
                .count();
            assert_eq!(passages.is_empty(), in_files == 0, "round {round}: {typed:?} {sort:?}: {passages:?}");
        }
    }
    assert!(split > 10, "words that stand apart were searched: {split}");
}
