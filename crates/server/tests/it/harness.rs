//! A small office behind a real port, and a client that can also misbehave.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use jingui_crypto::{Keyring, Suite};
use jingui_office::{Caller, Office, Request};
use jingui_regulation::RulePack;
use jingui_server::{Config, Content, Live, Running, Tls, serve};
use jingui_store::{FixedClock, Id, Options, Store};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::{Value, json};

pub const PASSWORD: &str = "Jingui-2026";

pub struct House {
    pub running: Running,
    pub office: Office,
    pub security: Id,
    pub registrar: Id,
    pub head: Id,
    pub staff: Id,
    pub outsider: Id,
    pub department: Id,
    pub cabinet: Id,
    directory: tempfile::TempDir,
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A client with the headers of a browser on the console's page.
#[derive(Debug, Clone)]
pub struct Client {
    pub address: SocketAddr,
    pub headers: Vec<(String, String)>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, headers: vec![("sec-fetch-site".into(), "same-origin".into())] }
    }

    /// The same with this header instead of another of its name.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.without(name);
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    pub fn without(&self, name: &str) -> Self {
        let mut client = self.clone();
        client.headers.retain(|(known, _)| known != name);
        client
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, b"")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.raw(path, body.to_string().as_bytes())
    }

    /// Posts bytes that claim to be JSON.
    pub fn raw(&self, path: &str, body: &[u8]) -> Answer {
        let client = if self.headers.iter().any(|(name, _)| name == "content-type") {
            self.clone()
        } else {
            self.with("content-type", "application/json")
        };
        client.send("POST", path, body)
    }

    pub fn act(&self, action: &str, input: &Value) -> Answer {
        self.post(&format!("/api/actions/{action}"), input)
    }

    pub fn send(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let mut stream = self.open(method, path, body);
        let mut bytes = Vec::new();
        // A server that refuses before it has read everything resets the connection after its answer.
        let _ = stream.read_to_end(&mut bytes);
        parse(&bytes)
    }

    /// Sends a request and leaves the answer to be read.
    pub fn open(&self, method: &str, path: &str, body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        if !self.headers.iter().any(|(name, _)| name == "host") {
            let _ = write!(head, "host: {}\r\n", self.address);
        }
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        // A server that has refused already may have closed.
        let _ = stream.write_all(body);
        stream
    }
}

fn parse(bytes: &[u8]) -> Answer {
    let end =
        bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| panic!("no head: {bytes:?}"));
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: BTreeMap<String, String> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Answer { status, headers, body: bytes[end + 4..].to_vec() }
}

/// A vault in that directory, without a reader of files: nothing here looks into one.
pub fn content(directory: &Path) -> Content {
    let keys = Keyring::generate(Suite::International, &mut ChaCha20Rng::seed_from_u64(7));
    let vault = directory.join("vault");
    Content::open(&keys, vault.to_str().unwrap(), &directory.join("spool"), "/no/such/program".into())
        .unwrap()
}

pub fn id(value: &Value) -> Id {
    value["id"].as_str().unwrap().parse().unwrap()
}

impl House {
    pub fn new() -> Self {
        Self::under(None)
    }

    /// The same under TLS.
    pub fn under(tls: Option<Tls>) -> Self {
        Self::with(tls, None)
    }

    /// An office whose clock is moved by hand.
    pub fn on(clock: &FixedClock) -> Self {
        Self::with(None, Some(clock))
    }

    fn with(tls: Option<Tls>, clock: Option<&FixedClock>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let keys = Keyring::generate(Suite::International, &mut ChaCha20Rng::seed_from_u64(5));
        let live = Live::default();
        let mut options = Options::new(directory.path().join("office.db"), jingui_office::kinds());
        options.cache_mib = 32;
        if let Some(clock) = clock {
            options.clock = std::sync::Arc::new(clock.clone());
        }
        options.notify = Some(live.notifier());
        let store = Store::create(&keys, options).unwrap();
        let office = Office::open(store, RulePack::embedded().unwrap()).unwrap();

        let founder = Caller::Founder;
        let security =
            id(&did(&office, &founder, "person.add", json!({"staff_number": "A002", "name": "安全管理员"})));
        let rights = json!({"person": security, "department": null, "roles": ["security_administrator"], "class": null, "clearance": 0});
        did(&office, &founder, "person.set_rights", rights);
        let open = json!({"person": security, "account": "security", "password": PASSWORD});
        did(&office, &founder, "account.open", open);
        let department = id(&did(&office, &by(&security), "department.add", json!({"name": "党委办公室"})));

        let person = |number: &str, name: &str, account: &str, roles: &[&str], clearance: u8| {
            let security = by(&security);
            let member = roles.iter().all(|role| !role.starts_with("security")) && account != "outsider";
            let department = member.then_some(&department);
            let person = did(
                &office,
                &security,
                "person.add",
                json!({"staff_number": number, "name": name, "department": department}),
            );
            let id = id(&person);
            if clearance > 0 {
                let today = office.today();
                let review = json!({"person": id, "class": "general", "on": today, "supports": clearance});
                did(&office, &security, "person.record_review", review);
            }
            let rights = json!({"person": id, "department": department, "roles": roles, "class": "general", "clearance": clearance});
            did(&office, &founder, "person.set_rights", rights);
            let open = json!({"person": id, "account": account, "password": PASSWORD});
            did(&office, &security, "account.open", open);
            if clearance > 0 {
                did(&office, &by(&id), "person.sign_commitment", json!({"version": 1}));
            }
            id
        };
        person("A003", "安全审计员", "auditor", &["security_auditor"], 0);
        let registrar = person("0001", "周敏", "registrar", &["registrar", "staff"], 4);
        person("0002", "郑建国", "custodian", &["custodian", "staff"], 4);
        let head = person("0003", "孙立", "head", &["office_head"], 4);
        let staff = person("0005", "李雷", "staff", &["staff"], 3);
        let outsider = person("0006", "韩梅", "outsider", &["staff"], 3);
        let room = json!({"name": "阅文室", "reading": true, "level": 4, "responsible": registrar});
        let room = id(&did(&office, &by(&registrar), "room.add", room));
        let cabinet =
            json!({"name": "文件柜3", "room": room, "level": 3, "custodian": registrar, "slots": 40});
        let cabinet = id(&did(&office, &by(&registrar), "cabinet.add", cabinet));

        let mut config =
            Config::new("127.0.0.1:0".parse().unwrap(), office.clone(), content(directory.path()), live);
        config.workers = 2;
        config.clock = false;
        config.tls = tls;
        let running = serve(config).unwrap();
        Self { running, office, security, registrar, head, staff, outsider, department, cabinet, directory }
    }

    /// Files of the office for one more server.
    pub fn content(&self) -> Content {
        content(&self.directory.path().join("more"))
    }

    /// A client that isn't signed in.
    pub fn client(&self) -> Client {
        Client::new(self.running.address())
    }

    /// A client signed in with that account.
    pub fn signed_in(&self, account: &str) -> Client {
        let client = self.client();
        let answer = client.post("/api/sign-in", &json!({"account": account, "password": PASSWORD}));
        assert_eq!(answer.status, 200, "{answer:?}");
        client.with("cookie", answer.header("set-cookie").split(';').next().unwrap())
    }

    /// Registers an item, known to the department, with its copies in the cabinet; answers item and copies.
    pub fn item(&self, level: u8, copies: u32) -> (Id, Vec<Id>) {
        let input = json!({
            "item": {
                "title": "关于开展年度保密检查的通知", "source": "国务院国资委", "category": "decision", "level": level,
                "scope": {"kind": "named", "people": [], "departments": [self.department]}, "copies": copies,
            },
            "place": {"cabinet": self.cabinet, "slot": 1},
        });
        let registered = did(&self.office, &by(&self.registrar), "item.register", input);
        (id(&registered["item"]), registered["copies"].as_array().unwrap().iter().map(id).collect())
    }

    /// Number of entries in the journal.
    pub fn entries(&self) -> u64 {
        self.office.store().head().unwrap().0
    }
}

pub fn by(person: &Id) -> Caller {
    Caller::Person { id: person.clone(), terminal: "test".into() }
}

/// Does an action, past the edge, that must succeed.
pub fn did(office: &Office, caller: &Caller, action: &str, input: Value) -> Value {
    let input = serde_json::value::to_raw_value(&input).unwrap();
    let request = Request { caller: caller.clone(), action: action.into(), input, seen: None };
    let performed = office.perform(request).unwrap_or_else(|error| panic!("{action}: {error:?}"));
    performed.result.unwrap_or_else(|refusal| panic!("{action} was refused: {refusal:?}"))
}
