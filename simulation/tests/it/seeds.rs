//! The plays. `JINGUI_SEED=17` runs that one only.

use jingui_simulation::book::Book;
use jingui_simulation::play::Tally;
use jingui_simulation::{Play, auditor};

const ACTIONS: u32 = 2_000;

fn play(seed: u64) -> Tally {
    println!("seed {seed}");
    let mut play = Play::new(seed).unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    play.go_on(ACTIONS).unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    let office = play.office().unwrap();
    let findings = auditor::audit(&Book::read(office).unwrap());
    assert!(findings.is_empty(), "seed {seed}:\n{}", findings.join("\n"));
    let verdict = office.store().verify(|_, _| {}).unwrap();
    assert_eq!(verdict.finding, None, "seed {seed}");
    for (action, [done, refused, unfit]) in &play.tally {
        println!("{action:28} {done:5} {refused:5} {unfit:5}");
    }
    play.tally
}

fn seeds(from: u64) {
    let only = std::env::var("JINGUI_SEED").ok().and_then(|seed| seed.parse().ok());
    if let Some(only) = only {
        if (from..from + 10).contains(&only) {
            play(only);
        }
        return;
    }
    // Plays in which nobody ever succeeds would prove nothing.
    let tallies: Vec<Tally> = (from..from + 10).map(play).collect();
    for action in ["item.register", "loan.acknowledge", "loan.take_back", "reading.close", "copy.accept"] {
        let done: u32 = tallies.iter().filter_map(|tally| tally.get(action)).map(|[done, ..]| done).sum();
        assert!(done > 0, "{action} never succeeded in plays {from} to {}", from + 9);
    }
}

#[test]
fn clause_1_3_3_one_holder_always_in_plays_1_to_10() {
    seeds(1);
}

#[test]
fn clause_1_3_3_one_holder_always_in_plays_11_to_20() {
    seeds(11);
}

#[test]
fn clause_1_3_3_one_holder_always_in_plays_21_to_30() {
    seeds(21);
}

#[test]
fn clause_1_3_3_one_holder_always_in_plays_31_to_40() {
    seeds(31);
}

#[test]
fn clause_1_3_3_one_holder_always_in_plays_41_to_50() {
    seeds(41);
}

#[test]
fn clause_1_3_3_one_holder_always_in_plays_51_to_60() {
    seeds(51);
}

#[test]
fn clause_1_3_3_one_holder_always_in_plays_61_to_70() {
    seeds(61);
}
