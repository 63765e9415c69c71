//! The demonstration office: complete, made once, and never mistaken for a real one.

use std::collections::BTreeMap;
use std::fs;

use crate::program::{PASSWORD, Served, err, jingui, text};

#[test]
fn the_demonstration_shows_everything_once_made() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("demo");
    let served = Served::start(&["demo", "--data", text(&data), "--listen", "127.0.0.1:0"]);
    let registrar = served.sign_in("zhoumin", PASSWORD);

    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    let (mut renewals, mut incidents, mut late, mut damaged) = (0, 0, 0, 0);
    let loans = registrar.get("/api/loans?limit=200");
    for row in loans["rows"].as_array().unwrap() {
        let state = &row["loan"]["state"];
        *states.entry(state["name"].as_str().unwrap().to_owned()).or_default() += 1;
        renewals += usize::from(state["out"]["renewal"].is_object());
        incidents += usize::from(state["out"]["incident"].is_string());
        late += usize::from(state["late"] == true);
        damaged += usize::from(state["damage"].is_string());
    }
    let every = [
        "applied",
        "approved",
        "rejected",
        "withdrawn",
        "expired",
        "handing_over",
        "out",
        "returning",
        "reading",
        "returned",
        "lost",
    ];
    for state in every {
        assert!(states.contains_key(state), "no loan is {state}: {states:?}");
    }
    assert!(
        renewals >= 2 && incidents >= 1 && late >= 2 && damaged >= 1,
        "{renewals} {incidents} {late} {damaged}"
    );

    let items = registrar.get("/api/items/count");
    assert!(items["count"].as_u64().unwrap() >= 400, "{items}");
    assert_eq!(registrar.get("/api/rooms")["rows"].as_array().map_or(0, Vec::len), 8);
    assert_eq!(registrar.get("/api/cabinets")["rows"].as_array().map_or(0, Vec::len), 14);
    let people = served.sign_in("security", PASSWORD).get("/api/people");
    assert_eq!(people["rows"].as_array().map_or(0, Vec::len), 40);
    let receipts = registrar.get("/api/receipts").to_string();
    assert!(receipts.contains("\"open\":true") && receipts.contains("\"seal\":\"broken\""));

    // While it runs nobody throws it away; afterwards it is served as it is.
    let fresh = jingui(&["demo", "--data", text(&data), "--fresh", "--only-make"]);
    assert!(!fresh.status.success() && err(&fresh).contains("another process"), "{}", err(&fresh));
    assert!(served.end());
    let before = fs::metadata(data.join("key.json")).unwrap().modified().unwrap();
    assert!(jingui(&["demo", "--data", text(&data), "--only-make"]).status.success());
    assert_eq!(fs::metadata(data.join("key.json")).unwrap().modified().unwrap(), before);
    let verified = jingui(&["verify", "--data", text(&data), "--key-file", text(&data.join("key.json"))]);
    assert!(verified.status.success(), "{}", err(&verified));
}

#[test]
fn a_real_office_is_never_thrown_away_as_a_demonstration() {
    let founded = crate::program::Founded::new();
    for order in [&["demo", "--fresh", "--only-make"][..], &["demo", "--only-make"][..]] {
        let refused = jingui(&[order, &["--data", text(&founded.data)][..]].concat());
        assert!(
            !refused.status.success() && err(&refused).contains("isn't a demonstration"),
            "{}",
            err(&refused)
        );
    }
    assert!(founded.run("verify", &[]).status.success());
}
