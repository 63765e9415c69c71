//! A small office with a clock moved by hand: the people, rooms and cabinets that every test needs.

use jingui_crypto::{Keyring, Suite};
use jingui_office::{Caller, Office, Performed, Refusal, Request, Unable};
use jingui_regulation::{Date, Moment, RulePack};
use jingui_store::{FixedClock, Id, Options, Store};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

pub struct Harness {
    pub office: Office,
    pub clock: FixedClock,
    pub keys: Keyring,
    pub directory: tempfile::TempDir,
    pub party: Id,
    pub strategy: Id,
    pub registrar: Id,
    pub custodian: Id,
    pub office_head: Id,
    pub strategy_head: Id,
    pub staff: Id,
    pub colleague: Id,
    pub security: Id,
    pub auditor: Id,
    pub reading_room: Id,
    pub cabinet_2: Id,
    pub cabinet_3: Id,
    pub cabinet_4: Id,
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn options(directory: &tempfile::TempDir, clock: &FixedClock, seed: u64) -> Options {
    let mut options = Options::new(directory.path().join("office.db"), jingui_office::kinds());
    options.clock = std::sync::Arc::new(clock.clone());
    options.rng = ChaCha20Rng::seed_from_u64(seed);
    options.readers = 1;
    options.cache_mib = 32;
    options
}

impl Harness {
    /// An office on the morning of that day.
    pub fn on(date: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = FixedClock::new(Moment::at(day(date), 9, 0));
        let keys = Keyring::generate(Suite::International, &mut ChaCha20Rng::seed_from_u64(5));
        let store = Store::create(&keys, options(&directory, &clock, 11)).unwrap();
        let office = Office::open(store, RulePack::embedded().unwrap()).unwrap();
        let nobody: Id = "0".repeat(26).parse().unwrap();
        let mut harness = Self {
            office,
            clock,
            keys,
            directory,
            party: nobody.clone(),
            strategy: nobody.clone(),
            registrar: nobody.clone(),
            custodian: nobody.clone(),
            office_head: nobody.clone(),
            strategy_head: nobody.clone(),
            staff: nobody.clone(),
            colleague: nobody.clone(),
            security: nobody.clone(),
            auditor: nobody.clone(),
            reading_room: nobody.clone(),
            cabinet_2: nobody.clone(),
            cabinet_3: nobody.clone(),
            cabinet_4: nobody,
        };
        harness.furnish();
        harness
    }

    fn furnish(&mut self) {
        let founder = Caller::Founder;
        let id = |value: &Value| -> Id { value["id"].as_str().unwrap().parse().unwrap() };
        self.security =
            id(&self.did(&founder, "person.add", json!({"staff_number": "A002", "name": "安全管理员"})));
        let rights = json!({"person": self.security, "department": null, "roles": ["security_administrator"], "class": null, "clearance": 0});
        self.did(&founder, "person.set_rights", rights);
        let security = self.by(&self.security);
        self.party = id(&self.did(&security, "department.add", json!({"name": "党委办公室"})));
        self.strategy = id(&self.did(&security, "department.add", json!({"name": "战略部"})));
        self.auditor = self.person("A003", "安全审计员", None, &["security_auditor"], 0);
        let (party, strategy) = (self.party.clone(), self.strategy.clone());
        self.registrar = self.person("0001", "周敏", Some(&party), &["registrar", "staff"], 4);
        self.custodian = self.person("0002", "郑建国", Some(&party), &["custodian", "staff"], 4);
        self.office_head = self.person("0003", "孙立", Some(&party), &["office_head"], 4);
        self.strategy_head = self.person("0004", "吴芳", Some(&strategy), &["department_head"], 3);
        self.staff = self.person("0005", "李雷", Some(&strategy), &["staff"], 4);
        self.colleague = self.person("0006", "韩梅", Some(&strategy), &["staff"], 3);
        let registrar = self.by(&self.registrar);
        self.reading_room = id(&self.did(
            &registrar,
            "room.add",
            json!({"name": "阅文室", "reading": true, "level": 4, "responsible": self.registrar}),
        ));
        let cabinet = |harness: &Self, name: &str, level: u8, custodian: &Id| {
            let input = json!({"name": name, "room": harness.reading_room, "level": level, "custodian": custodian, "slots": 40});
            id(&harness.did(&registrar, "cabinet.add", input))
        };
        self.cabinet_2 = cabinet(self, "文件柜2", 2, &self.registrar);
        self.cabinet_3 = cabinet(self, "文件柜3", 3, &self.registrar);
        self.cabinet_4 = cabinet(self, "保密柜4", 4, &self.custodian);
    }

    /// Enters a person who may know things up to `clearance`: reviewed, committed, with these roles.
    pub fn person(
        &self,
        number: &str,
        name: &str,
        department: Option<&Id>,
        roles: &[&str],
        clearance: u8,
    ) -> Id {
        let security = self.by(&self.security);
        let person = self.did(
            &security,
            "person.add",
            json!({"staff_number": number, "name": name, "department": department}),
        );
        let id: Id = person["id"].as_str().unwrap().parse().unwrap();
        if clearance > 0 {
            let today = self.clock.get().date();
            let review = json!({"person": id, "class": "general", "on": today, "supports": clearance});
            self.did(&security, "person.record_review", review);
        }
        let rights = json!({"person": id, "department": department, "roles": roles, "class": "general", "clearance": clearance});
        // Set up by the founder: who proposes and who confirms rights is what `people` is about.
        self.did(&Caller::Founder, "person.set_rights", rights);
        if clearance > 0 {
            self.did(&self.by(&id), "person.sign_commitment", json!({"version": 1}));
        }
        id
    }

    /// The caller that a person is.
    pub fn by(&self, person: &Id) -> Caller {
        Caller::Person { id: person.clone(), terminal: "test".into() }
    }

    /// Moves the clock to ten in the morning of that day.
    pub fn go_to(&self, date: &str) {
        self.clock.set(Moment::at(day(date), 10, 0));
    }

    pub fn ask(
        &self,
        caller: &Caller,
        action: &str,
        input: Value,
        seen: Option<u64>,
    ) -> Result<Performed, Unable> {
        let input = serde_json::value::to_raw_value(&input).unwrap();
        self.office.perform(Request { caller: caller.clone(), action: action.into(), input, seen })
    }

    /// Does an action that must succeed; answers its outcome.
    pub fn did(&self, caller: &Caller, action: &str, input: Value) -> Value {
        let performed =
            self.ask(caller, action, input, None).unwrap_or_else(|error| panic!("{action}: {error:?}"));
        performed.result.unwrap_or_else(|refusal| panic!("{action} was refused: {refusal:?}"))
    }

    /// Does an action that must be refused; answers the refusal.
    pub fn refused(&self, caller: &Caller, action: &str, input: Value) -> Refusal {
        let before = self.office.store().head().unwrap().0;
        let performed =
            self.ask(caller, action, input, None).unwrap_or_else(|error| panic!("{action}: {error:?}"));
        let refusal = performed.result.expect_err(&format!("{action} should have been refused"));
        // A refusal is journaled and changes nothing else.
        assert_eq!(performed.entry.seq, before + 1);
        let entry = self
            .office
            .store()
            .read(|conn| self.office.store().entry(conn, performed.entry.seq))
            .unwrap()
            .unwrap();
        assert!(entry.puts.is_empty());
        refusal
    }

    /// Registers an item with that many copies and puts them into a fitting cabinet; answers item and copy ids.
    pub fn item(&self, level: u8, copies: u32) -> (Id, Vec<Id>) {
        let registrar = self.by(&self.registrar);
        let cabinet = match level {
            4 => &self.cabinet_4,
            3 => &self.cabinet_3,
            _ => &self.cabinet_2,
        };
        let serial = self.office.store().head().unwrap().0;
        let input = json!({
            "item": {
                "document_number": format!("岳重战〔2026〕{serial}号"), "title": format!("关于第{serial}号事项的通知"), "source": "国务院国资委",
                "category": "decision", "level": level, "period": null,
                "scope": {"kind": "named", "people": [self.colleague], "departments": [self.strategy]},
                "copies": copies
            },
            "place": {"cabinet": cabinet, "slot": 1}
        });
        let registered = self.did(&registrar, "item.register", input);
        let copies: Vec<Id> = registered["copies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|copy| copy["id"].as_str().unwrap().parse().unwrap())
            .collect();
        if level == 4 {
            for copy in &copies {
                self.did(&self.by(&self.custodian), "copy.accept", json!({"copy": copy}));
            }
        }
        (registered["item"]["id"].as_str().unwrap().parse().unwrap(), copies)
    }

    /// Applies for a loan; answers its id.
    pub fn apply(&self, applicant: &Id, item: &Id, days: u16, mode: &str) -> Id {
        let input = json!({"item": item, "reason": "编制年度方案", "days": days, "mode": mode});
        self.did(&self.by(applicant), "loan.apply", input)["id"].as_str().unwrap().parse().unwrap()
    }

    /// A loan that is out: applied, approved by `approver`, handed over, acknowledged.
    pub fn lend(&self, applicant: &Id, approver: &Id, item: &Id, copy: &Id, days: u16) -> Id {
        let loan = self.apply(applicant, item, days, "take_out");
        self.did(&self.by(approver), "loan.approve", json!({"loan": loan}));
        self.did(&self.by(&self.registrar), "loan.hand_over", json!({"loan": loan, "copy": copy}));
        self.did(&self.by(applicant), "loan.acknowledge", json!({"loan": loan, "duties": true}));
        loan
    }

    pub fn record(&self, kind: &str, id: &Id) -> Value {
        let body: String = self
            .office
            .store()
            .read(|conn| -> Result<String, jingui_store::StoreError> {
                Ok(conn.query_row(
                    &format!("SELECT body FROM {kind} WHERE key = ?1"),
                    [id.as_str()],
                    |row| row.get(0),
                )?)
            })
            .unwrap();
        serde_json::from_str(&body).unwrap()
    }

    pub fn count(&self, sql: &str) -> i64 {
        self.office
            .store()
            .read(|conn| -> Result<i64, jingui_store::StoreError> {
                Ok(conn.query_row(sql, [], |row| row.get(0))?)
            })
            .unwrap()
    }

    pub fn verify_clean(&self) {
        let verdict = self.office.store().verify(|_, _| {}).unwrap();
        assert_eq!(verdict.finding, None, "{verdict:?}");
    }
}
