//! What every answer carries, and which requests aren't let in.

use serde_json::json;

use crate::harness::House;

#[test]
fn every_answer_carries_the_security_headers() {
    let house = House::new();
    let client = house.client();
    for path in ["/", "/missing.js", "/api/health", "/api/me", "/api/nothing", "/api/openapi.json"] {
        let answer = client.get(path);
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'self'; script-src 'self'; style-src 'self'"),
            "{path}"
        );
        assert!(!answer.header("content-security-policy").contains("unsafe"), "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        assert!(answer.header("permissions-policy").contains("camera=()"));
        if path.starts_with("/api/") {
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[test]
fn a_change_is_only_taken_from_the_consoles_own_page() {
    let house = House::new();
    let before = house.entries();
    let body = json!({"account": "registrar", "password": "x"});
    let client = house.client();
    let own = format!("http://{}", client.address);
    let bare = client.without("sec-fetch-site");
    for (client, status, code) in [
        (client.with("sec-fetch-site", "cross-site"), 403, "origin"),
        (client.with("sec-fetch-site", "same-site"), 403, "origin"),
        (client.with("sec-fetch-site", "cross-site").with("origin", &own), 403, "origin"),
        (bare.clone(), 403, "origin"),
        (bare.with("origin", "http://elsewhere.example"), 403, "origin"),
        (bare.with("origin", "null"), 403, "origin"),
        (client.with("content-type", "text/plain"), 415, "body.type"),
        (client.with("content-type", "application/x-www-form-urlencoded"), 415, "body.type"),
        (client.with("host", "rebound.example"), 421, "host"),
    ] {
        let answer = client.post("/api/sign-in", &body);
        assert_eq!((answer.status, answer.json()["code"].as_str().unwrap()), (status, code), "{client:?}");
    }
    assert_eq!(house.entries(), before, "nothing was even tried");
    assert_eq!(bare.with("origin", &own).post("/api/sign-in", &body).status, 401);
    assert_eq!(client.with("sec-fetch-site", "none").post("/api/sign-in", &body).status, 401);
    assert_eq!(client.with("host", "rebound.example").get("/").status, 421);
    let local = format!("localhost:{}", client.address.port());
    assert_eq!(client.with("host", &local).get("/api/health").status, 200);
}

#[test]
fn unknown_paths_and_methods_are_problems() {
    let house = House::new();
    let client = house.client();
    assert_eq!(client.get("/api/nothing").status, 404);
    assert_eq!(client.get("/api").status, 404);
    let wrong = client.get("/api/sign-in");
    assert_eq!((wrong.status, wrong.json()["code"].as_str()), (405, Some("method")));
    assert_eq!(client.with("content-type", "application/json").send("DELETE", "/api/me", b"").status, 405);
    assert_eq!(client.with("content-type", "application/json").send("POST", "/index.html", b"").status, 405);
}

#[test]
fn live_updates_tell_kinds_and_end_with_the_session() {
    use std::io::{BufRead, BufReader};
    let house = House::new();
    let client = house.signed_in("registrar");
    let mut stream = BufReader::new(client.open("GET", "/api/live", b""));
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).unwrap();
    }
    house.item(2, 1);
    let change = loop {
        line.clear();
        stream.read_line(&mut line).unwrap();
        if let Some(data) = line.strip_prefix("data: ") {
            break serde_json::from_str::<serde_json::Value>(data).unwrap();
        }
    };
    assert_eq!(change["seq"], house.entries());
    assert!(change["kinds"].as_array().unwrap().contains(&json!("item")), "{change}");
    assert_eq!(client.post("/api/sign-out", &json!({})).status, 204);
    house.item(2, 1);
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut stream, &mut rest).unwrap();
    // It says that it is over, and tells of nothing that happened afterwards.
    assert!(rest.contains("event: over") && !rest.contains("kinds"), "{rest}");
    assert_eq!(house.client().get("/api/live").status, 401);
}
