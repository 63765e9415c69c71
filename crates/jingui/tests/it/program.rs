//! The binary under test, and just enough of a client to talk to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use jingui_store::{Clock as _, SystemClock};
use serde_json::{Value, json};

pub const PASSPHRASE: &str = "correct horse battery staple";
pub const PASSWORD: &str = "Jingui-2026";

/// Runs the binary to its end.
pub fn jingui(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jingui"));
    command.args(arguments).stdin(Stdio::null()).env_remove("JINGUI_PASSPHRASE").env_remove("JINGUI_RULES");
    command
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A new office with a plain key file beside its directory, and the first passwords by account.
pub struct Founded {
    pub _place: tempfile::TempDir,
    pub data: PathBuf,
    pub key: PathBuf,
    pub passwords: Vec<(String, String)>,
}

impl Founded {
    pub fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let (data, key) = (place.path().join("office"), place.path().join("office.key"));
        let made = jingui(&["init", "--data", text(&data), "--key-file", text(&key)]);
        assert!(made.status.success(), "{}", err(&made));
        Self { passwords: passwords(&out(&made)), _place: place, data, key }
    }

    pub fn password(&self, account: &str) -> &str {
        &self.passwords.iter().find(|(known, _)| known == account).unwrap().1
    }

    /// The arguments that open this office.
    pub fn with<'a>(&'a self, order: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let mut all = vec![order, "--data", text(&self.data), "--key-file", text(&self.key)];
        all.extend(more);
        all
    }

    pub fn serve(&self) -> Served {
        Served::start(&self.with("serve", &["--listen", "127.0.0.1:0"]))
    }

    pub fn run(&self, order: &str, more: &[&str]) -> Output {
        jingui(&self.with(order, more))
    }
}

/// The first passwords that `init` prints.
pub fn passwords(printed: &str) -> Vec<(String, String)> {
    let accounts = ["system", "security", "auditor"];
    printed
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let account = words.next().filter(|word| accounts.contains(word))?;
            Some((account.to_owned(), words.next()?.to_owned()))
        })
        .collect()
}

/// The binary while it serves. Ended when dropped.
pub struct Served {
    pub child: Child,
    pub address: SocketAddr,
    pub took: Duration,
}

impl Served {
    /// Starts it and waits until it says where it listens.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(arguments, &[])
    }

    /// The same in an environment that says more.
    pub fn start_in(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let begun = Instant::now();
        let mut command = command(arguments);
        let mut child = command
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("it ended before it listened").unwrap();
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split_whitespace().next().unwrap().parse().unwrap();
            }
        };
        // What it prints later must find a reader, or it would wait for one.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, took: begun.elapsed() }
    }

    /// In the midst of work: SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As an operator ends it: SIGTERM; answers whether it ended well.
    pub fn end(self) -> bool {
        self.ended() == Some(0)
    }

    /// The same; answers the exit code.
    pub fn ended(mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }

    pub fn signal(&self, name: &str) {
        let told = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(told.unwrap().success());
    }

    /// Waits until the door or the office answers so at `/api/health`.
    pub fn until(&self, status: &str) {
        let patience = Instant::now() + Duration::from_secs(30);
        loop {
            let answer = self.visitor().send("GET", "/api/health", None);
            if answer.is_some_and(|answer| answer.json()["status"] == status) {
                return;
            }
            assert!(Instant::now() < patience, "it never was {status}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Somebody who isn't signed in.
    pub fn visitor(&self) -> Session {
        Session::at(self.address)
    }

    pub fn sign_in(&self, account: &str, password: &str) -> Session {
        let mut session = self.visitor();
        let body = json!({ "account": account, "password": password });
        let answer = session.send("POST", "/api/sign-in", Some(&body)).expect("an answer");
        assert_eq!(answer.status, 200, "{account}: {}", answer.body);
        session.take_cookie(&answer);
        session
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer as it came.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }
}

/// Somebody signed in.
#[derive(Clone)]
pub struct Session {
    address: SocketAddr,
    cookie: String,
}

impl Session {
    /// Keeps the cookie that came with the answer to a sign-in.
    pub fn take_cookie(&mut self, answer: &Answer) {
        let cookie = answer.head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("set-cookie").then(|| value.split(';').next().unwrap_or_default())
        });
        self.cookie.push_str(cookie.expect("a cookie"));
    }

    /// Nobody signed in, at any server.
    pub const fn at(address: SocketAddr) -> Self {
        Self { address, cookie: String::new() }
    }

    /// Sends a request; nothing when the server is gone before it has answered in full.
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Answer> {
        let body = body.map(ToString::to_string).unwrap_or_default();
        let (status, head, bytes) = self.raw(method, path, "application/json", body.as_bytes())?;
        Some(Answer { status, head, body: String::from_utf8(bytes).ok()? })
    }

    /// The same with any bytes; answers status, head and body.
    pub fn raw(&self, method: &str, path: &str, media: &str, body: &[u8]) -> Option<(u16, String, Vec<u8>)> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_mins(1))).ok()?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nsec-fetch-site: same-origin\r\ncookie: {}\r\n\
             content-type: {media}\r\ncontent-length: {}\r\n\r\n",
            self.address,
            self.cookie,
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok()?;
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let body = bytes.split_off(end + 4);
        let head = String::from_utf8(bytes).ok()?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if length.is_some_and(|length: usize| length != body.len()) {
            return None;
        }
        Some((status, head, body))
    }

    pub fn get(&self, path: &str) -> Value {
        let answer = self.send("GET", path, None).expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    /// Does an action that must succeed; answers its outcome.
    pub fn did(&self, action: &str, input: &Value) -> Value {
        let answer = self.send("POST", &format!("/api/actions/{action}"), Some(input)).expect("an answer");
        assert_eq!(answer.status, 200, "{action} {input}: {}", answer.body);
        answer.json()["outcome"].clone()
    }
}

/// People for an office: a department, a registrar, somebody who borrows, the office head; answers the department.
pub fn people(served: &Served, founded: &Founded) -> String {
    let security = served.sign_in("security", founded.password("security"));
    let auditor = served.sign_in("auditor", founded.password("auditor"));
    let department = security.did("department.add", &json!({ "name": "党委办公室" }));
    let department = department["id"].as_str().unwrap().to_owned();
    for (number, account, roles) in [
        ("0001", "zhoumin", &["registrar", "staff"][..]),
        ("0002", "lilei", &["staff"][..]),
        ("0003", "sunli", &["office_head"][..]),
    ] {
        let person = security
            .did("person.add", &json!({ "staff_number": number, "name": account, "department": department }));
        let person = person["id"].as_str().unwrap();
        let today = SystemClock.now().date();
        let review = json!({ "person": person, "class": "general", "on": today, "supports": 3 });
        security.did("person.record_review", &review);
        let rights = json!({ "department": department, "roles": roles, "class": "general", "clearance": 3 });
        let proposal = json!({ "person": person, "rights": rights, "reason": "上岗" });
        let proposal = security.did("rights.propose", &proposal);
        // There is no office head yet.
        auditor.did("rights.confirm", &json!({ "proposal": proposal["id"] }));
        security.did("account.open", &json!({ "person": person, "account": account, "password": PASSWORD }));
        served.sign_in(account, PASSWORD).did("person.sign_commitment", &json!({ "version": 1 }));
    }
    department
}
