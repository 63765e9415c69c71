//! The one pipeline that performs every action, whoever asks: browser, command line, clock, simulation.
//!
//! Decide access, run, seal, put. There is no second way in.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jingui_access::{Asker, Decision, Engine, Thing};
use jingui_regulation::{Date, Role, RulePack};
use jingui_store::{Committed, Draft, Id, Outcome, Record, Store, StoreError, Unit};
use rusqlite::Connection;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::action::{About, Action as _, InputError, Prepared, Registration, Stop};
use crate::items::reading;
use crate::personnel::account::SignIn;
use crate::personnel::{Account, Person};
use crate::refusal::{Refusal, Status, Texts};
use crate::rules;
use crate::work::{Caller, Rules, Work};

/// The office: its store, its rules, its verbs.
pub struct Office {
    /// Apart from what actions need: a queued action that outlived the office would else close the store from the
    /// writer's own thread, which can't wait for itself.
    store: Arc<Store>,
    inner: Arc<Inner>,
}

struct Inner {
    pack: RulePack,
    engine: Engine,
    texts: Texts,
    actions: HashMap<&'static str, Registration>,
    rules: RwLock<Arc<Rules>>,
    /// Set when an action changed a rule: the next action reads them again before it runs.
    stale: AtomicBool,
}

/// What came of an action that ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Performed {
    /// Its entry in the journal.
    pub entry: Committed,
    /// Done, with what it answers, or refused.
    pub result: Result<Value, Refusal>,
}

/// Why an action didn't run at all; nothing was journaled.
#[derive(Debug, thiserror::Error)]
pub enum Unable {
    /// There is no action of that name.
    #[error("there is no action of that name; see the list of actions in the API document")]
    NoSuchAction,
    /// The input doesn't have the form the action takes.
    #[error("the input doesn't fit the action")]
    Input(#[from] InputError),
    /// The store failed.
    #[error("the action could not be recorded")]
    Store(#[from] StoreError),
}

/// A request to do something.
pub struct Request {
    /// Who asks.
    pub caller: Caller,
    /// Name of the action.
    pub action: String,
    /// Its input as JSON.
    pub input: Box<RawValue>,
    /// Version of the record the asker saw; another one now refuses the action.
    pub seen: Option<u64>,
}

/// Why an office can't open: problems of the rule pack, or the store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The rule pack or its policies can't be used; every problem with file, line, what is wrong, what is allowed.
    #[error("the rule pack can't be used:\n{}", .0.join("\n"))]
    Rules(Vec<String>),
    /// The store can't be used.
    #[error("the registers can't be opened")]
    Store(#[from] StoreError),
}

impl Clone for Office {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), inner: Arc::clone(&self.inner) }
    }
}

impl Office {
    /// Opens the office on a store made with [`crate::kinds`].
    pub fn open(store: Store, pack: RulePack) -> Result<Self, OpenError> {
        let problem = |text: String| OpenError::Rules(vec![text]);
        let texts = Texts::embedded().map_err(|error| problem(format!("refusals.toml: {error}")))?;
        let registrations = crate::actions();
        for registration in &registrations {
            if let Some(clause) =
                registration.clauses.iter().find(|clause| pack.clauses.get(clause).is_none())
            {
                return Err(problem(format!(
                    "{} cites clause {clause}, which the pack doesn't hold",
                    registration.name
                )));
            }
        }
        let names = registrations.iter().map(|registration| registration.name);
        let engine = Engine::compile(&pack.policies, names, |clause| pack.clauses.get(clause).is_some())
            .map_err(|problems| OpenError::Rules(problems.iter().map(ToString::to_string).collect()))?;
        let rules = store.read(|conn| rules::in_force(conn, &pack))?;
        Ok(Self {
            store: Arc::new(store),
            inner: Arc::new(Inner {
                pack,
                engine,
                texts,
                actions: registrations
                    .into_iter()
                    .map(|registration| (registration.name, registration))
                    .collect(),
                rules: RwLock::new(Arc::new(rules)),
                stale: AtomicBool::new(false),
            }),
        })
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The rule pack as installed.
    pub fn pack(&self) -> &RulePack {
        &self.inner.pack
    }

    /// The wording of refusals.
    pub fn texts(&self) -> &Texts {
        &self.inner.texts
    }

    /// The rules in force.
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.inner.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the policies say, without doing anything.
    pub fn decide(&self, asker: &Asker, action: &str, thing: &Thing) -> Decision {
        self.inner.engine.decide(asker, action, thing)
    }

    /// The facts about a person as of now, or nothing when there is no such active person.
    pub fn asker(&self, conn: &Connection, person: &Id) -> Result<Option<Asker>, StoreError> {
        Ok(self.person(conn, person)?.map(|person| person.asker(self.today())))
    }

    /// The office's date as readers see it.
    pub fn today(&self) -> Date {
        self.store.now().date()
    }

    /// The active person of that id.
    pub fn person(&self, conn: &Connection, id: &Id) -> Result<Option<Person>, StoreError> {
        Ok(look_up::<Person>(conn, id.as_str())?.filter(Person::is_active))
    }

    /// The account of that folded name, for checking a password against it.
    pub fn account(&self, conn: &Connection, name: &str) -> Result<Option<Account>, StoreError> {
        look_up::<Account>(conn, name)
    }

    /// Whether there is such an action and the input has its form; nothing is done.
    pub fn reads(&self, action: &str, input: &RawValue) -> Result<(), Unable> {
        let registration = self.inner.actions.get(action).ok_or(Unable::NoSuchAction)?;
        (registration.prepare)(input)?;
        Ok(())
    }

    /// Queues an action; `answer` is called once its entry is on disk.
    pub fn submit(&self, request: Request, answer: impl FnOnce(Result<Performed, Unable>) + Send + 'static) {
        let Some(registration) = self.inner.actions.get(request.action.as_str()).copied() else {
            return answer(Err(Unable::NoSuchAction));
        };
        let prepared = match (registration.prepare)(&request.input) {
            Ok(prepared) => prepared,
            Err(error) => return answer(Err(Unable::Input(error))),
        };
        let inner = Arc::clone(&self.inner);
        let Request { caller, seen, .. } = request;
        self.store.submit(
            move |unit| inner.run(unit, &registration, prepared, &caller, seen),
            move |done| {
                answer(done.map(|(entry, result)| Performed { entry, result }).map_err(Unable::Store));
            },
        );
    }

    /// Does an action and waits until its entry is on disk.
    pub fn perform(&self, request: Request) -> Result<Performed, Unable> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        self.submit(request, move |performed| {
            let _ = sender.send(performed);
        });
        receiver.recv().unwrap_or(Err(Unable::Store(StoreError::Stopped)))
    }

    /// Which of these actions the asker may do to a thing, by policy; the state of the thing is asked elsewhere.
    pub fn permissions<'a>(
        &self,
        asker: &Asker,
        thing: &Thing,
        actions: impl IntoIterator<Item = &'a str>,
    ) -> BTreeMap<String, Decision> {
        actions.into_iter().map(|action| (action.to_owned(), self.decide(asker, action, thing))).collect()
    }

    /// Journals a sign-in that failed. The account name isn't kept: people type passwords there.
    pub fn note_failed_sign_in(&self, terminal: &str, person: Option<&Id>) -> Result<Committed, StoreError> {
        let draft = Draft {
            actor: person.map_or_else(|| "nobody".to_owned(), ToString::to_string),
            terminal: terminal.to_owned(),
            action: "session.sign_in".to_owned(),
            outcome: Outcome::Refused {
                code: "session.wrong".to_owned(),
                clauses: vec!["3.3.2.1".to_owned()],
                facts: Value::Null,
            },
            clauses: vec!["3.3.2.1".to_owned()],
            subject: None,
        };
        self.store.act(move |_| Ok((draft, ()))).map(|(committed, ())| committed)
    }
}

impl Inner {
    fn run(
        &self,
        unit: &mut Unit<'_>,
        registration: &Registration,
        prepared: Box<dyn Prepared>,
        caller: &Caller,
        seen: Option<u64>,
    ) -> Result<(Draft, Result<Value, Refusal>), StoreError> {
        if self.stale.swap(false, Ordering::AcqRel) {
            let fresh = rules::in_force_for(unit, &self.pack)?;
            *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        }
        let rules = Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner));
        let mut subject = None;
        let result = match asker(unit, caller)? {
            // Once somebody has signed in, the office runs itself; the founder doesn't come back.
            _ if *caller == Caller::Founder && unit.was_done(SignIn::NAME)? => Err(Stop::from(Refusal {
                status: Status::Access,
                ..Refusal::new("office.founded", &["1.3.3"])
            })),
            None => {
                Err(Stop::from(Refusal { status: Status::Access, ..Refusal::new("person.left", &["3.5.4"]) }))
            }
            Some(asker) => {
                let mut work = Work::new(unit, &rules, &asker, caller);
                prepared.about(&work).and_then(|about| {
                    let result = self.allowed(registration.name, &asker, &about, seen);
                    subject = about.subject;
                    result?;
                    prepared.perform(&mut work)
                })
            }
        };
        let (outcome, result) = match result {
            Ok(value) => {
                if rules::CHANGED_BY.contains(&registration.name) {
                    // Whoever looks after the answer sees the change; the next action reads it anew, from what was kept.
                    let fresh = rules::in_force_for(unit, &self.pack)?;
                    *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
                    self.stale.store(true, Ordering::Release);
                }
                (Outcome::Done, Ok(value))
            }
            Err(Stop::Refused(refusal)) => (
                Outcome::Refused {
                    code: refusal.code.to_owned(),
                    clauses: refusal.clauses.clone(),
                    facts: Value::Object(refusal.facts.clone()),
                },
                Err(*refusal),
            ),
            Err(Stop::Failed(error)) => return Err(error),
        };
        let draft = Draft {
            actor: caller.name().to_owned(),
            terminal: caller.terminal().to_owned(),
            action: registration.name.to_owned(),
            outcome,
            clauses: registration.clauses.iter().map(|&clause| clause.to_owned()).collect(),
            subject,
        };
        Ok((draft, result))
    }

    /// What a person may not know of is absent; what may be known but not done is refused with its clause.
    fn allowed(&self, action: &str, asker: &Asker, about: &About, seen: Option<u64>) -> Result<(), Refusal> {
        let decision = self.engine.decide(asker, action, &about.thing);
        if !decision.allowed {
            // An action on nothing that exists yet hides nothing.
            let hidden = about.subject.is_some()
                && about.thing.level > 0
                && asker.mechanism.is_none()
                && !self.engine.decide(asker, reading::READ, &about.thing).allowed;
            if hidden {
                return Err(Refusal::absent());
            }
            if decision.by_default {
                let (roles, clauses) = self.engine.entrusted(action, &about.thing);
                if !roles.is_empty() {
                    let clauses: Vec<&str> = clauses.iter().map(String::as_str).collect();
                    let refusal =
                        Refusal { status: Status::Access, ..Refusal::new("entrusted_to", &clauses) }
                            .fact("roles", roles.iter().map(|role| role.name()).collect::<Vec<_>>());
                    return Err(roles.into_iter().fold(refusal, Refusal::cured_by));
                }
            }
            let clauses: Vec<&str> = decision.clauses.iter().map(String::as_str).collect();
            let mut refusal = Refusal { status: Status::Access, ..Refusal::new("not_entitled", &clauses) };
            if asker.id == about.thing.owner && clauses.contains(&"3.1.3.4") {
                refusal = Refusal { code: "own_application", ..refusal }.cured_by(Role::OfficeHead);
            }
            return Err(refusal);
        }
        if let (Some(seen), Some(version)) = (seen, about.version)
            && seen != version
        {
            return Err(Refusal { status: Status::Stale, ..Refusal::new("stale", &[]) }
                .fact("seen", seen)
                .fact("version", version));
        }
        Ok(())
    }
}

/// The record of that key, as committed.
fn look_up<R: Record>(conn: &Connection, key: &str) -> Result<Option<R>, StoreError> {
    use rusqlite::OptionalExtension as _;
    let body: Option<String> = conn
        .prepare_cached(&format!("SELECT body FROM {} WHERE key = ?1", R::KIND.name))?
        .query_row([key], |row| row.get(0))
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// The facts about whoever asks; nothing when the person has left or was never there.
fn asker(unit: &Unit<'_>, caller: &Caller) -> Result<Option<Asker>, StoreError> {
    let mechanism = |name: &'static str| Asker {
        id: name.to_owned(),
        roles: Vec::new(),
        mechanism: Some(name),
        clearance: 4,
        committed: true,
        reviewed: true,
        department: String::new(),
    };
    match caller {
        Caller::Clock => Ok(Some(mechanism("clock"))),
        Caller::Founder => Ok(Some(mechanism("founder"))),
        Caller::Person { id, .. } => {
            let person = unit.get::<Person>(id.as_str())?;
            Ok(person.filter(|person| person.is_active()).map(|person| person.asker(unit.today())))
        }
    }
}
