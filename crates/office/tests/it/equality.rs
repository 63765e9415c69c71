//! The reading rule twice: as the policy `item.read` and as the SQL condition. Equal over many generated offices.

use jingui_access::{Asker, Engine, Thing};
use jingui_office::items::reading::{READ, readable};
use jingui_regulation::{Role, RulePack};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use rusqlite::{Connection, params_from_iter};

/// Every asker against every item in 60 generated offices: the policy and the condition agree on each.
#[test]
fn clause_3_1_1_3_policy_and_condition_agree_in_every_generated_office() {
    let pack = RulePack::embedded().unwrap();
    let registrations = jingui_office::actions();
    let engine = Engine::compile(&pack.policies, registrations.iter().map(|action| action.name), |clause| {
        pack.clauses.get(clause).is_some()
    })
    .unwrap_or_else(|problems| panic!("{problems:?}"));
    let (mut allowed, mut denied) = (0_u32, 0_u32);
    for seed in 0..60 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE item (key TEXT PRIMARY KEY, level INTEGER); CREATE TABLE member (record TEXT, who TEXT)").unwrap();
        let people: Vec<String> = (0..6).map(|number| format!("person{number}")).collect();
        let departments = ["finance", "strategy", ""];
        let mut things = Vec::new();
        for number in 0..25 {
            let level = rng.random_range(1..=4_u8);
            let mut tokens = Vec::new();
            if rng.random_bool(0.3) {
                tokens.push("*".to_owned());
            }
            for person in people.choose_multiple(&mut rng, 2) {
                if rng.random_bool(0.5) {
                    tokens.push(format!("p:{person}"));
                }
            }
            if rng.random_bool(0.4) {
                tokens.push(format!("d:{}", departments[rng.random_range(0..2)]));
            }
            tokens.shuffle(&mut rng);
            let key = format!("item{number:02}");
            conn.execute("INSERT INTO item VALUES (?1, ?2)", (&key, level)).unwrap();
            for token in &tokens {
                conn.execute("INSERT INTO member VALUES (?1, ?2)", (&key, token)).unwrap();
            }
            things.push((key, Thing { level, scope: tokens, ..Thing::default() }));
        }
        for person in &people {
            for _ in 0..12 {
                let count = rng.random_range(0..3);
                let asker = Asker {
                    id: person.clone(),
                    roles: Role::ALL.choose_multiple(&mut rng, count).copied().collect(),
                    mechanism: None,
                    clearance: rng.random_range(0..=4),
                    committed: rng.random_bool(0.8),
                    reviewed: rng.random_bool(0.8),
                    department: departments.choose(&mut rng).unwrap().to_string(),
                };
                let condition = readable(&asker);
                let sql = format!("SELECT key FROM item WHERE {} ORDER BY key", condition.sql);
                let listed: Vec<String> = conn
                    .prepare(&sql)
                    .unwrap()
                    .query_map(params_from_iter(condition.values), |row| row.get(0))
                    .unwrap()
                    .collect::<Result<_, _>>()
                    .unwrap();
                for (key, thing) in &things {
                    let decided = engine.decide(&asker, READ, thing).allowed;
                    if decided {
                        allowed += 1;
                    } else {
                        denied += 1;
                    }
                    assert_eq!(listed.contains(key), decided, "seed {seed}: {asker:?} {thing:?}");
                }
            }
        }
    }
    // The worlds aren't one-sided.
    assert!(allowed > 5_000 && denied > 5_000, "{allowed} allowed, {denied} denied");
}
