//! The clock's own work while the office is served.

use std::time::{Duration, Instant};

use jingui_regulation::Moment;
use jingui_server::{Config, Live, serve};
use jingui_store::FixedClock;
use serde_json::json;

use crate::harness::{House, by, did};

/// Clause 3.1.3.6: the timer reminds and escalates through journaled actions of its own, each once.
#[test]
fn clause_3_1_3_6_the_timer_acts_through_the_journal() {
    let clock = FixedClock::new(Moment::at("2026-03-02".parse().unwrap(), 9, 0));
    let house = House::on(&clock);
    let (item, copies) = house.item(2, 1);
    let apply = json!({"item": item, "reason": "编制年度方案", "days": 3, "mode": "take_out"});
    let loan = did(&house.office, &by(&house.staff), "loan.apply", apply)["id"].clone();
    did(&house.office, &by(&house.head), "loan.approve", json!({"loan": loan}));
    did(&house.office, &by(&house.registrar), "loan.hand_over", json!({"loan": loan, "copy": copies[0]}));
    did(&house.office, &by(&house.staff), "loan.acknowledge", json!({"loan": loan, "duties": true}));
    // Monday and three working days: due on Thursday; a week later it is a matter for an incident.
    clock.set(Moment::at("2026-03-12".parse().unwrap(), 9, 0));
    let mut config =
        Config::new("127.0.0.1:0".parse().unwrap(), house.office.clone(), house.content(), Live::default());
    config.workers = 1;
    let before = house.entries();
    let ticking = serve(config).unwrap();
    let patience = Instant::now() + Duration::from_secs(30);
    while house.entries() < before + 2 && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(20));
    }
    ticking.stop();
    let rows = house.signed_in("auditor").get("/api/journal").json();
    let by_clock: Vec<_> = rows["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["actor"] == "clock")
        .map(|row| (row["action"].clone(), row["refused"].clone()))
        .collect();
    assert_eq!(by_clock, [(json!("loan.escalate"), json!(null)), (json!("loan.remind"), json!(null))]);
    let incidents = house.signed_in("registrar").get("/api/incidents").json();
    assert_eq!(incidents["rows"][0]["record"]["about"]["kind"], "overdue", "{incidents}");
}
