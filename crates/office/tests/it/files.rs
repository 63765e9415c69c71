//! Files: the level ceiling, reading page by page, removal, and who knew. Clauses 3.1.3.2, 3.1.3.5, 3.3.1.4.

use jingui_office::Caller;
use jingui_office::files::knew::{KnewFilter, knew};
use jingui_office::files::views::{self, PrintFilter};
use jingui_office::files::whole;
use jingui_office::items::search;
use jingui_office::items::views::{self as items, ItemFilter, ItemSort};
use jingui_store::Id;
use serde_json::{Value, json};

use crate::harness::{Harness, day};

fn id(value: &Value) -> Id {
    value["id"].as_str().unwrap().parse().unwrap()
}

const WORDS: [&str; 3] = ["第一页写的是年度保密检\n查安排", "", "第三页：预算（２０２６）"];

/// A file that can be read.
fn ready(h: &Harness, item: &Id, name: &str) -> Id {
    let registrar = h.by(&h.registrar);
    let file = id(&h.did(&registrar, "file.begin", json!({"item": item, "name": "附件.pdf", "bytes": 1000})));
    let sealed = json!({"name": name, "bytes": 1088});
    h.did(&registrar, "file.keep", json!({"file": file, "sealed": sealed, "wrapped": [1, 2, 3]}));
    h.did(
        &Caller::Clock,
        "file.note",
        json!({"file": file, "found": {"name": "pages", "kind": "pdf", "pages": 3, "notices": [], "words": WORDS}}),
    );
    file
}

fn approve_up_to(h: &Harness, level: u8, until: &str) {
    let enter = json!({"level": level, "number": format!("国保测〔2026〕{level}号"), "authority": "省国家保密局", "valid_until": until});
    let approval = h.did(&h.by(&h.security), "ceiling.enter", enter);
    h.did(&h.by(&h.office_head), "ceiling.confirm", json!({"approval": approval["id"]}));
}

fn key(h: &Harness, file: &Id) -> Option<Vec<u8>> {
    let store = h.office.store();
    store.read(|conn| store.file_key(conn, file)).unwrap()
}

/// Clause 3.3.1.4 and the field rules: content above the ceiling is refused until two people have recorded an approval
/// that holds.
#[test]
fn clause_3_3_1_4_content_above_the_ceiling_is_refused() {
    let h = Harness::on("2026-11-23");
    let (item, _) = h.item(2, 1);
    let begin = json!({"item": item, "name": "附件.pdf", "bytes": 1000});
    let registrar = h.by(&h.registrar);
    let refusal = h.refused(&registrar, "file.begin", begin.clone());
    assert_eq!((refusal.code, &refusal.facts["ceiling"]), ("file.above_ceiling", &json!(1)));
    let enter = |until: &str| json!({"level": 2, "number": "国保测〔2026〕8号", "authority": "省国家保密局", "valid_until": until});
    assert_eq!(h.refused(&registrar, "ceiling.enter", enter("2027-11-23")).code, "entrusted_to");
    assert_eq!(h.refused(&h.by(&h.security), "ceiling.enter", enter("2026-11-22")).code, "ceiling.lapsed");
    let approval = h.did(&h.by(&h.security), "ceiling.enter", enter("2027-11-23"));
    // Entered by one, it holds only once the other has confirmed it.
    assert_eq!(h.refused(&registrar, "file.begin", begin.clone()).code, "file.above_ceiling");
    let confirm = json!({"approval": approval["id"]});
    assert_eq!(h.refused(&h.by(&h.security), "ceiling.confirm", confirm.clone()).code, "entrusted_to");
    h.did(&h.by(&h.office_head), "ceiling.confirm", confirm.clone());
    assert_eq!(h.refused(&h.by(&h.office_head), "ceiling.confirm", confirm).code, "ceiling.confirmed");
    h.did(&registrar, "file.begin", begin.clone());
    let (higher, _) = h.item(3, 1);
    assert_eq!(
        h.refused(&registrar, "file.begin", json!({"item": higher, "name": "a", "bytes": 1})).code,
        "file.above_ceiling"
    );
    for (bytes, code) in [(0, "file.empty"), ((2_u64 << 30) + 1, "file.size")] {
        let too = json!({"item": item, "name": "a", "bytes": bytes});
        assert_eq!(h.refused(&registrar, "file.begin", too).code, code);
    }
    // The approval lapses.
    h.go_to("2027-11-24");
    assert_eq!(h.refused(&registrar, "file.begin", begin).code, "file.above_ceiling");
    h.verify_clean();
}

/// Clauses 3.1.3.5, 5.1.2: each page shown is an entry; a right that was taken stops at the next page; the same file is
/// kept once; a removed one opens no more.
#[test]
fn clause_3_1_3_5_pages_are_read_one_by_one_and_traced() {
    let h = Harness::on("2026-11-23");
    approve_up_to(&h, 4, "2027-11-23");
    let (item, _) = h.item(2, 1);
    let file = ready(&h, &item, "aa01");
    assert_eq!(key(&h, &file), Some(vec![1, 2, 3]));
    let registrar = h.by(&h.registrar);
    let second =
        id(&h.did(&registrar, "file.begin", json!({"item": item, "name": "又一份.pdf", "bytes": 1000})));
    let same = json!({"file": second, "sealed": {"name": "aa01", "bytes": 1088}, "wrapped": [4]});
    assert_eq!(h.refused(&registrar, "file.keep", same).code, "file.same");
    assert_eq!(
        h.refused(
            &h.by(&h.colleague),
            "file.keep",
            json!({"file": second, "sealed": {"name": "bb", "bytes": 1}, "wrapped": []})
        )
        .status,
        jingui_office::Status::Access
    );

    let give_up = json!({"file": second});
    assert_eq!(
        h.refused(&h.by(&h.office_head), "file.give_up", give_up.clone()).status,
        jingui_office::Status::Access
    );
    h.did(&registrar, "file.give_up", give_up.clone());
    assert_eq!(h.refused(&registrar, "file.give_up", give_up).code, "file.state");

    let reader = h.by(&h.colleague);
    let reading = h.did(&reader, "view.open", json!({"file": file}));
    assert_eq!(reading["mark"].as_str().unwrap().len(), 16);
    let page = |page: u32| json!({"reading": reading["id"], "page": page});
    for shown in [1, 2, 2] {
        let shown = h.did(&reader, "view.page", page(shown));
        assert_eq!(shown["reading"]["mark"], reading["mark"]);
    }
    assert_eq!(h.refused(&reader, "view.page", page(4)).code, "view.no_such_page");
    assert_eq!(h.refused(&reader, "view.page", page(0)).code, "view.no_such_page");
    // Nobody turns the pages of another's reading, not even who may know of the item.
    assert_eq!(h.refused(&h.by(&h.staff), "view.page", page(1)).status, jingui_office::Status::Access);
    let elsewhere = Caller::Person { id: h.colleague.clone(), terminal: "other".into() };
    assert_eq!(h.refused(&elsewhere, "view.page", page(1)).code, "view.over");
    assert_eq!(h.count("SELECT count(*) FROM page_read"), 2);
    assert_eq!(h.count("SELECT body ->> '$.times' FROM page_read WHERE page = 2"), 2);

    // Out of the scope: the very next page is refused, and nothing tells that it is there.
    h.did(
        &registrar,
        "item.rescope",
        json!({"item": item, "scope": {"kind": "named", "people": [h.staff], "departments": []}}),
    );
    assert_eq!(h.refused(&reader, "view.page", page(3)).status, jingui_office::Status::Absent);
    assert_eq!(h.refused(&reader, "view.open", json!({"file": file})).status, jingui_office::Status::Absent);

    let remove = json!({"file": file, "reason": "传错文件"});
    assert_eq!(h.refused(&registrar, "file.remove", remove.clone()).code, "entrusted_to");
    h.did(&h.by(&h.office_head), "file.remove", remove);
    assert_eq!(key(&h, &file), None, "the key is gone");
    assert_eq!(h.refused(&h.by(&h.staff), "view.open", json!({"file": file})).code, "view.removed");
    // The file's key survives neither in the journal nor a rebuild of the registers.
    h.verify_clean();
}

/// Clause 3.1.3.2: top secret opens only in a session that both confirmed, at a terminal of its room.
#[test]
fn clause_3_1_3_2_top_secret_content_only_in_a_session_on_site() {
    let h = Harness::on("2026-11-23");
    approve_up_to(&h, 4, "2027-11-23");
    let (item, copies) = h.item(4, 1);
    h.did(
        &h.by(&h.registrar),
        "item.rescope",
        json!({"item": item, "scope": {"kind": "named", "people": [h.staff], "departments": []}}),
    );
    let file = ready(&h, &item, "cc01");
    let reader = h.by(&h.staff);
    let open = json!({"file": file});
    // Not the registrar, not the head, not the reader before the session.
    for who in [&h.registrar, &h.office_head, &h.staff] {
        assert_eq!(h.refused(&h.by(who), "view.open", open.clone()).code, "view.no_session");
    }
    let loan = h.apply(&h.staff, &item, 1, "on_site");
    h.did(&h.by(&h.office_head), "loan.approve", json!({"loan": loan}));
    let input = json!({"loan": loan, "copy": copies[0], "room": h.reading_room, "second": h.registrar, "phones_deposited": true, "pages": 3});
    let session = h.did(&h.by(&h.custodian), "reading.open", input);
    let confirm = json!({"session": session["id"], "duties": true});
    h.did(&reader, "reading.confirm", confirm.clone());
    assert_eq!(
        h.refused(&reader, "view.open", open.clone()).code,
        "view.no_session",
        "the second person is missing"
    );
    h.did(&h.by(&h.registrar), "reading.confirm", confirm);
    assert_eq!(h.refused(&reader, "view.open", open.clone()).code, "view.other_terminal");
    let terminals = |list: Value| json!({"room": h.reading_room, "terminals": list});
    let security = h.by(&h.security);
    assert_eq!(
        h.refused(&security, "room.set_terminals", terminals(json!(["阅文室一号机"]))).code,
        "room.terminal"
    );
    h.did(&security, "room.set_terminals", terminals(json!(["192.0.2.7"])));
    let there = Caller::Person { id: h.staff.clone(), terminal: "192.0.2.7".into() };
    let reading = h.did(&there, "view.open", open);
    assert_eq!(reading["session"], session["id"]);
    h.did(&there, "view.page", json!({"reading": reading["id"], "page": 1}));
    h.did(&h.by(&h.custodian), "reading.close", json!({"session": session["id"], "pages": 3}));
    // The session is over, and with it the reading.
    assert_eq!(
        h.refused(&there, "view.page", json!({"reading": reading["id"], "page": 2})).code,
        "view.no_session"
    );

    // Who knew, with the approval behind it.
    let who = |asker: &Id, filter: KnewFilter| {
        let office = &h.office;
        office.store().read(|conn| knew(conn, &office.asker(conn, asker)?.unwrap(), &filter)).unwrap()
    };
    let of_item = KnewFilter { item: Some(item.clone()), ..KnewFilter::default() };
    let all = who(&h.office_head, of_item.clone());
    let how = |how: &str| all.iter().filter(|one| one.how == how).collect::<Vec<_>>();
    assert_eq!(
        how("read_on_site").iter().map(|one| (&one.person, one.approved_by.as_ref())).collect::<Vec<_>>(),
        [(&h.staff, Some(&h.office_head))]
    );
    assert_eq!(how("second_person")[0].person, h.registrar);
    assert_eq!((how("read_pages")[0].pages.as_deref(), &how("read_pages")[0].person), (Some("1"), &h.staff));
    let keeps = how("kept").into_iter().filter(|one| one.until.is_none()).map(|one| &one.person);
    assert_eq!(keeps.collect::<Vec<_>>(), [&h.custodian], "who registered it kept it before");
    // A reader is told of the own knowledge only, an outsider of nothing.
    assert!(who(&h.staff, of_item.clone()).iter().all(|one| one.person == h.staff));
    assert_eq!(who(&h.colleague, of_item.clone()), []);
    let later = KnewFilter { from: Some(day("2026-11-24")), ..of_item.clone() };
    assert!(who(&h.office_head, later).iter().all(|one| one.how == "kept"), "what ended is over");
    let before = KnewFilter { to: Some(day("2026-11-22")), ..of_item };
    assert_eq!(who(&h.office_head, before), []);
    let mine = KnewFilter { person: Some(h.staff.clone()), ..KnewFilter::default() };
    assert_eq!(who(&h.office_head, mine).len(), 2);
    h.verify_clean();
}

fn search(h: &Harness, who: &Id, q: &str) -> Vec<Value> {
    let store = h.office.store();
    let rows = store.read(|conn| {
        let asker = h.office.asker(conn, who)?.unwrap();
        let filter = ItemFilter { q: Some(q.to_owned()), ..ItemFilter::default() };
        let count = items::count(conn, &asker, &filter, 100)?.count;
        let rows = items::list(conn, &asker, &filter)?.rows;
        assert_eq!(rows.len() as u64, count, "{q}");
        let best = ItemFilter { sort: Some(ItemSort::Relevance), ..filter.clone() };
        assert_eq!(items::list(conn, &asker, &best)?.rows.len(), rows.len());
        let facets = search::facets(conn, &asker, &filter, 100)?;
        assert_eq!(facets.counted, count);
        assert_eq!(facets.level.iter().map(|facet| facet.count).sum::<u64>(), count);
        Ok::<_, jingui_store::StoreError>(serde_json::to_value(rows)?)
    });
    rows.unwrap().as_array().unwrap().clone()
}

/// Clauses 3.1.3.5, 3.3.1.4: what is written in a file is found by those who may read it, with its place; removed, its
/// words are nowhere any more, and the words kept are held to the registers.
#[test]
fn clause_3_3_1_4_words_of_files_are_found_and_go_with_them() {
    let h = Harness::on("2026-11-23");
    approve_up_to(&h, 4, "2027-11-23");
    let (item, _) = h.item(2, 1);
    let (secret, _) = h.item(3, 1);
    let (top, _) = h.item(4, 1);
    let file = ready(&h, &item, "aa01");
    ready(&h, &secret, "aa02");
    ready(&h, &top, "aa03");
    let found = search(&h, &h.registrar, "保密检查 安排");
    assert_eq!(found.len(), 2, "top secret is never searched");
    assert_eq!(
        found[0]["passages"][0]["around"],
        Value::Null,
        "what a confidential file says isn't told in lists"
    );
    assert_eq!(found[1]["passages"][0]["page"], 1);
    assert_eq!(found[1]["passages"][0]["around"]["found"], "保密检查");
    assert_eq!(search(&h, &h.registrar, "预算(2026)")[1]["passages"][0]["page"], 3);
    assert_eq!(search(&h, &h.registrar, "检查 没有的话").len(), 0);
    let narrow = json!({"item": item, "scope": {"kind": "named", "people": [h.staff], "departments": []}});
    h.did(&h.by(&h.registrar), "item.rescope", narrow);
    assert!(search(&h, &h.colleague, "预算").iter().all(|row| row["item"]["id"] != json!(item)));
    assert!(search(&h, &h.staff, "预算").iter().any(|row| row["item"]["id"] == json!(item)));

    let verify = || whole::verify(h.office.store()).unwrap();
    assert_eq!(verify(), (2, None));
    h.verify_clean();
    h.did(&h.by(&h.office_head), "file.remove", json!({"file": file, "reason": "传错文件"}));
    assert!(search(&h, &h.staff, "预算").iter().all(|row| row["item"]["id"] != json!(item)));
    assert_eq!(h.count("SELECT count(*) FROM file_text"), 1);
    // Not only marked as gone: the index holds the words of the other file and no more.
    assert_eq!(h.count("SELECT count(*) FROM file_words WHERE file_words MATCH '\"预算\"'"), 1);
    assert_eq!(verify(), (1, None));
    h.verify_clean();
}

/// Clause 3.1.3.5: paper comes from a file only by an approval of the level's approver, never one's own, and each copy is a
/// numbered one in the register.
#[test]
fn clause_3_1_3_5_a_print_is_approved_and_each_copy_is_numbered() {
    let h = Harness::on("2026-11-23");
    approve_up_to(&h, 4, "2027-11-23");
    let (item, _) = h.item(3, 2);
    let file = ready(&h, &item, "aa01");
    let (applicant, registrar, head) = (h.by(&h.colleague), h.by(&h.registrar), h.by(&h.office_head));
    let apply = |copies: u32| json!({"file": file, "copies": copies, "reason": "会议讨论"});
    assert_eq!(h.refused(&applicant, "print.apply", apply(0)).code, "print.copies");
    let print = h.did(&applicant, "print.apply", apply(2));
    let this = json!({"print": print["id"]});
    let sheet = |copy: u32, page: u32| json!({"print": print["id"], "copy": copy, "page": page});
    assert_eq!(h.refused(&applicant, "print.apply", apply(1)).code, "print.applied_already");
    assert_eq!(h.refused(&registrar, "print.make", this.clone()).code, "print.state");
    assert_eq!(h.refused(&applicant, "print.approve", this.clone()).status, jingui_office::Status::Access);
    let own = h.did(&head, "print.apply", apply(1));
    assert_eq!(
        h.refused(&head, "print.approve", json!({"print": own["id"]})).status,
        jingui_office::Status::Access
    );
    h.did(&head, "print.approve", this.clone());
    assert_eq!(h.refused(&head, "print.approve", this.clone()).code, "print.state");
    let made = h.did(&registrar, "print.make", this.clone());
    let labels = made["state"]["labels"].as_array().unwrap();
    assert_eq!(labels.len(), 2);
    assert!(labels[0].as_str().unwrap().ends_with("-000003"), "{labels:?}");
    assert_eq!(h.count("SELECT count(*) FROM copy WHERE state = 'desk'"), 2);
    for (who, sees) in
        [(&h.colleague, 1), (&h.registrar, 2), (&h.office_head, 2), (&h.staff, 0), (&h.security, 0)]
    {
        let store = h.office.store();
        let rows = store.read(|conn| {
            let asker = h.office.asker(conn, who)?.unwrap();
            views::prints(conn, &asker, &PrintFilter { item: Some(item.clone()), ..PrintFilter::default() })
        });
        assert_eq!(rows.unwrap().len(), sees);
    }
    assert_eq!(h.refused(&registrar, "print.make", this).code, "print.state");
    let given = h.did(&registrar, "print.sheet", sheet(2, 3));
    assert_eq!(given["lines"][2], labels[1]);
    for (copy, page) in [(0, 1), (3, 1), (1, 0), (1, 4)] {
        assert_eq!(h.refused(&registrar, "print.sheet", sheet(copy, page)).code, "view.no_such_page");
    }
    // Once through the printer; spoilt, once more with the reason.
    assert_eq!(h.refused(&registrar, "print.sheet", sheet(2, 3)).code, "print.sheet_given");
    let again = |copy: u32| json!({"print": print["id"], "copy": copy, "reason": "卡纸，第三页已收存待销毁"});
    assert_eq!(h.refused(&registrar, "print.again", again(3)).code, "item.no_such_copy");
    h.did(&registrar, "print.again", again(2));
    h.did(&registrar, "print.sheet", sheet(2, 3));
    assert_eq!(h.refused(&registrar, "print.sheet", sheet(2, 3)).code, "print.sheet_given");
    // Only who made it, and only on that day.
    assert_eq!(h.refused(&head, "print.sheet", sheet(1, 1)).status, jingui_office::Status::Access);
    let store = h.office.store();
    let rows = store.read(|conn| {
        let asker = h.office.asker(conn, &h.registrar)?.unwrap();
        knew(conn, &asker, &KnewFilter { item: Some(item.clone()), ..KnewFilter::default() })
    });
    assert!(rows.unwrap().iter().any(|row| row.how == "printed" && row.person == h.colleague));
    h.go_to("2026-11-24");
    assert_eq!(h.refused(&registrar, "print.sheet", sheet(1, 1)).code, "print.day_over");

    let (top, _) = h.item(4, 1);
    let top = ready(&h, &top, "aa02");
    let never = json!({"file": top, "copies": 1, "reason": "会议讨论"});
    assert_eq!(h.refused(&registrar, "print.apply", never).code, "print.top_secret");
    h.verify_clean();
}

/// Clauses 3.1.1.3, 3.1.3.2: what changes after a file came, an approval was given or a reading was opened counts at once.
#[test]
fn clause_3_1_1_3_what_changes_meanwhile_counts_at_the_next_step() {
    let h = Harness::on("2026-11-23");
    approve_up_to(&h, 4, "2027-11-23");
    let (registrar, head, reader) = (h.by(&h.registrar), h.by(&h.office_head), h.by(&h.colleague));
    let made = |item: &Id, name: &str| {
        let file = ready(&h, item, name);
        let print = h.did(&reader, "print.apply", json!({"file": file, "copies": 1, "reason": "会议讨论"}));
        (file, json!({"print": print["id"]}))
    };
    let rescoped = |item: &Id, person: &Id| {
        let scope = json!({"kind": "named", "people": [person], "departments": []});
        h.did(&registrar, "item.rescope", json!({"item": item, "scope": scope}));
    };

    // Out of the scope between application, approval and making.
    let (item, _) = h.item(2, 1);
    let (_, print) = made(&item, "aa01");
    rescoped(&item, &h.staff);
    assert_eq!(h.refused(&head, "print.approve", print.clone()).code, "print.outside_scope");
    rescoped(&item, &h.colleague);
    h.did(&head, "print.approve", print.clone());
    rescoped(&item, &h.staff);
    assert_eq!(h.refused(&registrar, "print.make", print).code, "print.outside_scope");

    // Raised to top secret: its words leave the search, its sheets stay inside.
    let registered = json!({"item": {
        "title": "关于另一事项的通知", "source": "国务院国资委", "category": "decision", "level": 2, "copies": 1,
        "scope": {"kind": "named", "people": [h.colleague], "departments": []}}});
    let item = id(&h.did(&registrar, "item.register", registered)["item"]);
    let (_, print) = made(&item, "aa02");
    h.did(&head, "print.approve", print.clone());
    h.did(&registrar, "print.make", print.clone());
    let sheet = json!({"print": print["print"], "copy": 1, "page": 1});
    h.did(&registrar, "print.sheet", sheet.clone());
    let finds =
        |item: &Id| search(&h, &h.office_head, "预算").iter().any(|row| row["item"]["id"] == json!(item));
    assert!(finds(&item));
    let scope = json!({"kind": "named", "people": [h.staff], "departments": []});
    h.did(&head, "item.mark", json!({"item": item, "level": 4, "scope": scope, "reason": "登记时看错"}));
    assert!(!finds(&item));
    assert_eq!(h.refused(&registrar, "print.sheet", sheet).code, "print.level");

    // Struck: the open reading ends, the words go.
    let (item, _) = h.item(2, 1);
    let file = ready(&h, &item, "aa03");
    let reading = h.did(&reader, "view.open", json!({"file": file}));
    let page = json!({"reading": reading["id"], "page": 1});
    h.did(&reader, "view.page", page.clone());
    h.did(&head, "item.strike", json!({"item": item, "copies": [], "reason": "重复登记"}));
    assert_eq!(h.refused(&reader, "view.page", page).code, "item.void");
    assert!(!finds(&item));
    // Nor do they come back with a look into the file that ends later.
    let late = json!({"name": "pages", "kind": "pdf", "pages": 3, "notices": ["recognised"], "words": WORDS});
    h.did(&Caller::Clock, "file.note", json!({"file": file, "found": late}));
    assert!(!finds(&item));
    assert_eq!(whole::verify(h.office.store()).unwrap().1, None);
    h.verify_clean();
}

/// Clauses 3.1.1.2, 5.1.2: who kept a copy stays known after it has moved on, with from and until.
#[test]
fn clause_3_1_1_2_who_kept_a_copy_stays_known() {
    let h = Harness::on("2026-11-23");
    let (item, copies) = h.item(2, 1);
    let loan = h.did(
        &h.by(&h.colleague),
        "loan.apply",
        json!({"item": item, "reason": "起草方案", "days": 3, "mode": "take_out"}),
    );
    let loan = loan["id"].clone();
    h.did(&h.by(&h.office_head), "loan.approve", json!({"loan": loan}));
    h.go_to("2026-11-24");
    h.did(&h.by(&h.registrar), "loan.hand_over", json!({"loan": loan, "copy": copies[0]}));
    h.did(&h.by(&h.colleague), "loan.acknowledge", json!({"loan": loan, "duties": true}));
    let store = h.office.store();
    let rows = store
        .read(|conn| {
            let asker = h.office.asker(conn, &h.office_head)?.unwrap();
            knew(conn, &asker, &KnewFilter { item: Some(item.clone()), ..KnewFilter::default() })
        })
        .unwrap();
    let kept: Vec<_> = rows.iter().filter(|row| row.how == "kept").collect();
    assert_eq!(kept.len(), 1, "{rows:?}");
    assert_eq!(
        (&kept[0].person, kept[0].until.map(jingui_regulation::Moment::date)),
        (&h.registrar, Some(day("2026-11-24")))
    );
    assert!(rows.iter().any(|row| row.how == "borrowed" && row.person == h.colleague && row.until.is_none()));
    h.verify_clean();
}

/// Clause 3.1.1.3: the words of a file are found only by who reaches the level it was sealed at.
#[test]
fn clause_3_1_1_3_words_are_found_by_who_reaches_the_file() {
    let h = Harness::on("2026-11-23");
    approve_up_to(&h, 4, "2027-11-23");
    let registered = json!({"item": {
        "title": "关于另一事项的通知", "source": "国务院国资委", "category": "decision", "level": 3, "copies": 1,
        "scope": {"kind": "named", "people": [h.staff], "departments": []}}});
    let item = id(&h.did(&h.by(&h.registrar), "item.register", registered)["item"]);
    ready(&h, &item, "aa01");
    h.did(
        &h.by(&h.office_head),
        "item.mark",
        json!({"item": item, "level": 1, "scope": {"kind": "everyone"}, "reason": "登记时看错"}),
    );
    // Somebody whose clearance no longer reaches level 3.
    let person = json!({"person": h.colleague, "department": null, "roles": ["staff"], "class": "general", "clearance": 1});
    h.did(&h.by(&h.security), "person.set_rights", person);
    assert!(search(&h, &h.registrar, "预算").iter().any(|row| row["item"]["id"] == json!(item)));
    assert_eq!(search(&h, &h.colleague, "另一事项").len(), 1, "the item itself is known");
    assert_eq!(search(&h, &h.colleague, "预算").len(), 0);
    let store = h.office.store();
    let listed =
        store.read(|conn| views::of_item(conn, &h.office.asker(conn, &h.colleague)?.unwrap(), &item));
    assert_eq!(listed.unwrap(), Some(Vec::new()));
}
