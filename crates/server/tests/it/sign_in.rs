//! Signing in: equal answers, back-off, sessions that end when they must, the second person at the desk.

use serde_json::{Value, json};

use crate::harness::{Answer, Client, House, PASSWORD, by, did};

fn try_in(client: &Client, account: &str, password: &str) -> Answer {
    client.post("/api/sign-in", &json!({"account": account, "password": password}))
}

#[test]
fn who_signs_in_is_told_who_it_is() {
    let house = House::new();
    let before = house.entries();
    let answer = try_in(&house.client(), " ＲＥＧＩＳＴＲＡＲ ", PASSWORD);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(house.entries(), before + 1, "signing in is journaled");
    let cookie = answer.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("jingui=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    let mut told = answer.json();
    assert_eq!(told["person"]["id"], house.registrar.as_str());
    told["person"]["id"] = Value::Null;
    told["person"]["department"] = Value::Null;
    let person = json!({
        "id": null, "name": "周敏", "staff_number": "0001", "department": null,
        "roles": ["registrar", "staff"], "clearance": 4,
    });
    assert_eq!(told, json!({"person": person, "idle_lock_minutes": 10, "published_years": [2025, 2026]}));
    let signed = house.client().with("cookie", cookie.split(';').next().unwrap());
    assert_eq!(signed.get("/api/me").status, 200);
    assert_eq!(signed.post("/api/sign-out", &json!({})).status, 204);
    assert_eq!(signed.get("/api/me").status, 401);
    assert_eq!(house.entries(), before + 2);
    assert_eq!(house.client().with("cookie", "jingui=made-up").get("/api/me").status, 401);
}

#[test]
fn a_stranger_cant_tell_why_it_failed() {
    let house = House::new();
    did(&house.office, &by(&house.security), "account.close", json!({"person": house.outsider}));
    let client = house.client();
    let before = house.entries();
    let wrong = try_in(&client, "registrar", "Wrong-2026");
    let unknown = try_in(&client, "nobody", "Wrong-2026");
    let closed = try_in(&client, "outsider", PASSWORD);
    assert_eq!(wrong.status, 401);
    assert_eq!(wrong.json()["code"], "session.wrong");
    for other in [unknown, closed] {
        assert_eq!((other.status, &other.body), (wrong.status, &wrong.body));
        let names = |answer: &Answer| answer.headers.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&other), names(&wrong));
    }
    assert_eq!(house.entries(), before + 3, "each failure is journaled");
}

#[test]
fn tries_are_slowed_down_by_account_and_address() {
    let house = House::new();
    let client = house.client();
    for _ in 0..3 {
        assert_eq!(try_in(&client, "registrar", "Wrong-2026").status, 401);
    }
    let before = house.entries();
    let slowed = try_in(&client, "registrar", PASSWORD);
    assert_eq!(slowed.status, 429, "not even with the right password");
    assert!(slowed.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(slowed.json()["detail"].as_str().unwrap().contains('1'), "it says how long: {}", slowed.json());
    assert_eq!(try_in(&client, "staff", PASSWORD).status, 200, "the others at this desk go on");
    assert_eq!(house.entries(), before + 1, "what isn't tried isn't journaled");
}

#[test]
fn a_hundred_tries_at_once_count_as_a_hundred() {
    let house = House::new();
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| try_in(&house.client(), "registrar", "Wrong-2026").status))
            .collect();
        tries.into_iter().map(|tried| tried.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|status| **status == 401).count(), 3, "{answers:?}");
}

#[test]
fn sessions_end_when_rights_account_or_password_change() {
    let house = House::new();
    let security = house.signed_in("security");
    let staff = house.signed_in("staff");
    let rights = json!({"person": house.staff, "department": null, "roles": ["staff"], "class": "general", "clearance": 1});
    assert_eq!(security.act("person.set_rights", &rights).status, 200);
    assert_eq!(staff.get("/api/me").status, 401);

    let staff = house.signed_in("staff");
    let new = json!({"current": PASSWORD, "password": "Andere-2027"});
    assert_eq!(staff.act("account.change_password", &new).status, 200);
    assert_eq!(staff.get("/api/me").status, 401);
    assert_eq!(try_in(&house.client(), "staff", PASSWORD).status, 401);

    let head = house.signed_in("head");
    assert_eq!(security.act("account.close", &json!({"person": house.head})).status, 200);
    assert_eq!(head.get("/api/me").status, 401);
    assert_eq!(security.get("/api/me").status, 200, "others stay signed in");
}

#[test]
fn a_found_session_is_no_place_to_guess_the_password() {
    let house = House::new();
    let staff = house.signed_in("staff");
    let guess = json!({"current": "Guess-2026", "password": "Andere-2027"});
    for _ in 0..3 {
        let answer = staff.act("account.change_password", &guess);
        assert_eq!((answer.status, answer.json()["field"].as_str()), (422, Some("current")));
    }
    assert_eq!(staff.act("account.change_password", &guess).status, 429);
}

#[test]
fn a_second_person_confirms_at_the_same_terminal() {
    let house = House::new();
    let (item, copies) = house.item(2, 1);
    let apply = json!({"item": item, "reason": "编制年度方案", "days": 3, "mode": "take_out"});
    let loan = did(&house.office, &by(&house.staff), "loan.apply", apply)["id"].clone();
    did(&house.office, &by(&house.head), "loan.approve", json!({"loan": loan}));
    let desk = house.signed_in("registrar");
    assert_eq!(desk.act("loan.hand_over", &json!({"loan": loan, "copy": copies[0]})).status, 200);
    let confirm = |client: &Client, account: &str, password: &str, action: &str| {
        let input = json!({"loan": loan, "duties": true});
        let form = json!({"account": account, "password": password, "action": action, "input": input});
        client.post("/api/countersign", &form)
    };
    assert_eq!(
        confirm(&house.client(), "staff", PASSWORD, "loan.acknowledge").status,
        401,
        "somebody must be signed in"
    );
    assert_eq!(confirm(&desk, "staff", PASSWORD, "loan.approve").json()["field"], "action");
    let wrong = confirm(&desk, "staff", "Wrong-2026", "loan.acknowledge");
    assert_eq!((wrong.status, wrong.json()["code"].as_str()), (401, Some("session.wrong")));
    assert_eq!(confirm(&desk, "head", PASSWORD, "loan.acknowledge").status, 403, "not the borrower");
    let done = confirm(&desk, "staff", PASSWORD, "loan.acknowledge");
    assert_eq!(done.status, 200, "{done:?}");
    assert!(done.header("set-cookie").is_empty(), "no session is opened");
    assert_eq!(done.json()["outcome"]["state"]["name"], "out");
}
