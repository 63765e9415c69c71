//! What is measured through HTTP: who asks, for what, how often at once.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::client::{Client, Measured, measure, sign_in};
use crate::office::{Generated, STAFF, Sampled, defaults, head, staff};
use crate::server::Server;
use crate::words::{DEPARTMENTS, Ledger, RARE, RARE_INSIDE};

/// Clients that read at once.
const READERS: usize = 8;
/// Actions in flight.
const IN_FLIGHT: usize = 64;
/// Rows of the workbook imported through HTTP.
const IMPORTED: u32 = 10_000;

/// A query with a name.
pub struct Query {
    /// What it is, in a few words.
    pub name: &'static str,
    /// Account that asks.
    account: String,
    /// Path and query.
    path: String,
}

/// Who is signed in, and the items that are asked for.
pub struct Stage<'a> {
    server: &'a Server,
    office: &'a Generated,
    sampled: Vec<Sampled>,
    cookies: std::collections::HashMap<String, String>,
    seconds: u64,
}

impl<'a> Stage<'a> {
    /// Signs everybody in.
    pub async fn set(
        server: &'a Server,
        office: &'a Generated,
        sampled: Vec<Sampled>,
        seconds: u64,
    ) -> anyhow::Result<Self> {
        let mut accounts = vec!["registrar".to_owned(), "office-head".to_owned()];
        for department in 0..DEPARTMENTS.len() {
            accounts.push(head(department));
            accounts.extend((0..STAFF).map(|number| staff(department, number)));
        }
        let mut cookies = std::collections::HashMap::new();
        for account in accounts {
            let cookie = sign_in(server.address, &account).await?;
            cookies.insert(account, cookie);
        }
        Ok(Self { server, office, sampled, cookies, seconds })
    }

    async fn client(&self, account: &str) -> anyhow::Result<Client> {
        let cookie = self.cookies.get(account).with_context(|| account.to_owned())?;
        Client::connect(self.server.address, Some(cookie)).await
    }

    /// One item with its copies and loans: of level 1 or 2, anywhere in the register, by staff who may know of it.
    pub async fn detail(&self) -> anyhow::Result<Measured> {
        let mut workers = Vec::new();
        for number in 0..READERS {
            let department = number % DEPARTMENTS.len();
            let mut client = self.client(&staff(department, 1)).await?;
            let paths: Vec<String> = self
                .sampled
                .iter()
                .filter(|sampled| sampled.department == department && sampled.level <= 2)
                .map(|sampled| format!("/api/items/{}", sampled.item))
                .collect();
            let mut paths = paths.into_iter().cycle();
            workers.push(async move || {
                let path = paths.next().context("no item to ask for")?;
                let status = client.get(&path).await?;
                client.expect(status, &path)
            });
        }
        measure(workers, self.seconds, &self.server.cpu()).await
    }

    /// Each of these asked by 8 clients, who all take turns through all of them.
    pub async fn mixed(&self, queries: &[Query]) -> anyhow::Result<Measured> {
        let mut workers = Vec::new();
        for first in 0..READERS {
            let mut clients = Vec::new();
            for query in queries {
                clients.push((self.client(&query.account).await?, query.path.clone()));
            }
            let (mut turn, many) = (first, queries.len());
            workers.push(async move || {
                turn += 1;
                let (client, path) = clients.get_mut(turn % many).context("no query")?;
                let status = client.get(path).await?;
                client.expect(status, path)
            });
        }
        measure(workers, self.seconds, &self.server.cpu()).await
    }

    /// One query asked by so many clients, and how many rows it finds.
    pub async fn alone(&self, query: &Query, clients: usize) -> anyhow::Result<(Measured, usize)> {
        let mut client = self.client(&query.account).await?;
        let status = client.get(&query.path).await?;
        client.expect(status, &query.path)?;
        let rows = client.json()?.get("rows").and_then(Value::as_array).map_or(0, Vec::len);
        let mut workers = Vec::new();
        for _ in 0..clients {
            let mut client = self.client(&query.account).await?;
            let path = query.path.clone();
            workers.push(async move || {
                let status = client.get(&path).await?;
                client.expect(status, &path)
            });
        }
        Ok((measure(workers, self.seconds.div_ceil(3), &self.server.cpu()).await?, rows))
    }

    /// Lists of 50, each sorted and filtered in its own way, by the registry and by staff.
    pub fn lists(&self) -> Vec<Query> {
        let department = self.office.departments.get(3).cloned().unwrap_or_default();
        let newest_middle = cursor("", self.office.made.items / 2);
        let received_middle = cursor("2019-06-15", 1);
        let query = |name, account: &str, parts: &[(&str, &str)]| query(name, account, parts);
        vec![
            query("newest, staff", &staff(0, 0), &[("sort", "newest")]),
            query("level 2, newest, staff", &staff(1, 1), &[("level", "2")]),
            query(
                "one year by day of receipt, registry",
                "registrar",
                &[("received_from", "2021-01-01"), ("received_to", "2021-12-31"), ("sort", "received")],
            ),
            query(
                "category by day of issue, registry",
                "registrar",
                &[("category", "decision"), ("sort", "dated")],
            ),
            query(
                "category and level by day of issue, staff",
                &staff(2, 0),
                &[("category", "policy"), ("level", "3"), ("sort", "dated")],
            ),
            query(
                "department by day of receipt, head",
                &head(3),
                &[("department", &department), ("sort", "received")],
            ),
            query("unit and level, registry", "registrar", &[("source", "省国家保密局"), ("level", "2")]),
            query(
                "unit of few items, staff",
                &staff(4, 0),
                &[("source", "省人力资源和社会保障厅"), ("sort", "received")],
            ),
            query("copies in cabinets, registry", "registrar", &[("copy_state", "kept")]),
            query("copies on a desk, staff", &staff(5, 0), &[("copy_state", "desk")]),
            query("declassified soon, registry", "registrar", &[("expires_before", "2027-03-01")]),
            query("by level, staff", &staff(6, 0), &[("sort", "level")]),
            query("deep: from the middle on, staff", &staff(7, 0), &[("cursor", &newest_middle)]),
            query(
                "deep: by day of receipt from 2019, staff",
                &staff(8, 0),
                &[("sort", "received"), ("cursor", &received_middle)],
            ),
        ]
    }

    /// Searches of every kind: two and four characters, frequent, rare, none, numbers.
    pub fn searches(&self) -> Vec<Query> {
        let number = self.sampled.first().map(|sampled| sampled.number.clone()).unwrap_or_default();
        let search = |name, account: &str, typed: &str| query(name, account, &[("q", typed)]);
        vec![
            search("2 characters, very frequent, registry (通知)", "registrar", "通知"),
            search("2 characters, very frequent, staff (通知)", &staff(0, 0), "通知"),
            search("2 characters, less frequent, staff (雷达)", &staff(1, 0), "雷达"),
            search("4 characters, frequent, staff (年度重大)", &staff(2, 0), "年度重大"),
            search("4 characters, rare, registry (数控机床)", "registrar", "数控机床"),
            search("2 characters, rare, registry (玄圭)", "registrar", RARE),
            search("2 characters, rare, staff (玄圭)", &staff(3, 0), RARE),
            search("not there (鲲鹏展翅)", &staff(4, 0), "鲲鹏展翅"),
            search("a document number, registry", "registrar", &number),
            search("part of a number, staff (〔2020〕77)", &staff(5, 0), "〔2020〕77"),
            search("1 character, staff (芯)", &staff(6, 0), "芯"),
            query(
                "2 characters with level and day order, registry (年度)",
                "registrar",
                &[("q", "年度"), ("level", "4"), ("sort", "dated")],
            ),
        ]
    }

    /// Searches where files have words too.
    pub fn searches_in_files() -> Vec<Query> {
        let search = |name, account: &str, typed: &str| query(name, account, &[("q", typed)]);
        vec![
            search("2 characters, in nearly every file, registry (保密)", "registrar", "保密"),
            search("2 characters, in nearly every file, staff (投资)", &staff(0, 0), "投资"),
            search("2 characters, less frequent, staff (雷达)", &staff(1, 0), "雷达"),
            search("4 characters, frequent, registry (年度重大)", "registrar", "年度重大"),
            search("4 characters, rare, staff (数控机床)", &staff(2, 0), "数控机床"),
            search("only in files, rare, registry (璇玑)", "registrar", RARE_INSIDE),
            search("only in titles, rare, staff (玄圭)", &staff(3, 0), RARE),
            search("not there (鲲鹏展翅)", &staff(4, 0), "鲲鹏展翅"),
            search("two words, staff (保密 雷达)", &staff(5, 0), "保密 雷达"),
            query(
                "by relevance, rare, registry (璇玑)",
                "registrar",
                &[("q", RARE_INSIDE), ("sort", "relevance")],
            ),
        ]
    }

    /// Registers an item with its file, over and over: together, or in one request after the other.
    pub async fn files(&self, together: bool) -> anyhow::Result<Measured> {
        let department = self.office.departments.first().cloned().context("no department")?;
        let mut workers = Vec::new();
        for worker in 0..READERS {
            let mut client = self.client("registrar").await?;
            let department = department.clone();
            let mut number = 0_u32;
            let mut pdf = pdf(100 << 10);
            workers.push(async move || {
                number += 1;
                let title = format!("关于印发第{worker}批第{number}号方案的通知");
                let scope = json!({ "kind": "named", "people": [], "departments": [department] });
                let item = json!({ "title": title, "source": "省财政厅", "category": "decision", "level": 1, "copies": 1, "scope": scope });
                // No two are the same: the comment before the end is theirs.
                let (place, mark) = (pdf.len() - 40, format!("{worker:04}{number:08}"));
                if let Some(comment) = pdf.get_mut(place..place + mark.len()) {
                    comment.copy_from_slice(mark.as_bytes());
                }
                let registration = json!({ "item": item });
                if together {
                    let status = client.send_form("/api/items", &registration.to_string(), &pdf).await?;
                    return client.expect(status, "item with its file");
                }
                let status = client.post("/api/actions/item.register", &registration).await?;
                client.expect(status, "item.register")?;
                let answer = client.json()?;
                let item = answer.pointer("/outcome/item/id").and_then(Value::as_str).context("no item")?;
                let path = format!("/api/items/{item}/files");
                let status = client.send_bytes(&path, "application/octet-stream", &pdf).await?;
                client.expect(status, "file")
            });
        }
        measure(workers, self.seconds, &self.server.cpu()).await
    }

    /// Loans from application to return, 64 actions in flight, each answered once it is on disk.
    pub async fn loans(&self) -> anyhow::Result<Measured> {
        let mut seen = HashSet::new();
        let mut items: Vec<Vec<(String, String)>> = vec![Vec::new(); DEPARTMENTS.len()];
        for sampled in self.sampled.iter().filter(|sampled| sampled.level <= 2) {
            if let (Some(copy), Some(of_department)) = (&sampled.copy, items.get_mut(sampled.department))
                && seen.insert(&sampled.item)
            {
                of_department.push((sampled.item.clone(), copy.clone()));
            }
        }
        let mut workers = Vec::new();
        for number in 0..IN_FLIGHT {
            let department = number % DEPARTMENTS.len();
            let own = items.get(department).context("no department")?;
            let own: Vec<_> = own.iter().skip(number / DEPARTMENTS.len()).step_by(7).cloned().collect();
            let mut own = own.into_iter().cycle();
            let mut staff = self.client(&staff(department, number % STAFF)).await?;
            let mut head = self.client(&head(department)).await?;
            let mut registrar = self.client("registrar").await?;
            let to = self.office.registrar.clone();
            let (mut step, mut loan, mut copy) = (0, Value::Null, String::new());
            workers.push(async move || {
                let (client, action, input) = match step {
                    0 => {
                        let item;
                        (item, copy) = own.next().context("no item to lend")?;
                        let input =
                            json!({ "item": item, "reason": "编制年度方案需要核对原文", "days": 5, "mode": "take_out" });
                        (&mut staff, "loan.apply", input)
                    }
                    1 => (&mut head, "loan.approve", json!({ "loan": loan })),
                    2 => (&mut registrar, "loan.hand_over", json!({ "loan": loan, "copy": copy })),
                    3 => (&mut staff, "loan.acknowledge", json!({ "loan": loan, "duties": true })),
                    4 => (&mut staff, "loan.bring_back", json!({ "loan": loan, "to": to })),
                    _ => (&mut registrar, "loan.take_back", json!({ "loan": loan, "check": { "condition": "sound" } })),
                };
                let status = client.post(&format!("/api/actions/{action}"), &input).await?;
                client.expect(status, action)?;
                if step == 0 {
                    loan = client.json()?.pointer("/outcome/id").cloned().context("no loan")?;
                }
                step = (step + 1) % 6;
                Ok(())
            });
        }
        measure(workers, self.seconds, &self.server.cpu()).await
    }

    /// A workbook uploaded, looked at and imported; rows per second from the first byte to the last row on disk.
    pub async fn import(&self, seed: u64) -> anyhow::Result<f64> {
        let bytes = Ledger::new(seed).workbook(self.office.made.items, IMPORTED)?;
        let department = self.office.departments.first().context("no department")?;
        let mut client = self.client("registrar").await?;
        let start = Instant::now();
        let status = client.send_bytes("/api/imports", "application/octet-stream", &bytes).await?;
        client.expect(status, "upload")?;
        let path =
            format!("/api/imports/{}", client.json()?.get("id").and_then(Value::as_str).context("no id")?);
        let status =
            client.post(&format!("{path}/run"), &json!({ "defaults": defaults(3, department)? })).await?;
        client.expect(status, "run")?;
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let status = client.get(&path).await?;
            client.expect(status, "progress")?;
            let answer = client.json()?;
            match answer.pointer("/progress/state").and_then(Value::as_str) {
                Some("running") => {}
                Some("finished")
                    if answer.pointer("/progress/accepted").and_then(Value::as_u64)
                        == Some(IMPORTED.into()) =>
                {
                    return Ok(f64::from(IMPORTED) / start.elapsed().as_secs_f64());
                }
                _ => bail!("the import ended otherwise: {:?}", answer.get("progress")),
            }
        }
    }
}

fn query(name: &'static str, account: &str, parts: &[(&str, &str)]) -> Query {
    let mut text = form_urlencoded::Serializer::new("/api/items?limit=50&".to_owned());
    text.extend_pairs(parts);
    Query { name, account: account.to_owned(), path: text.finish() }
}

/// A query of any path.
pub fn query_at(name: &'static str, account: &str, path: &str, parts: &[(&'static str, String)]) -> Query {
    let mut text = form_urlencoded::Serializer::new(format!("{path}?"));
    text.extend_pairs(parts);
    Query { name, account: account.to_owned(), path: text.finish() }
}

/// A PDF of one page and that many bytes; forty before its end lies a comment.
fn pdf(bytes: usize) -> Vec<u8> {
    let mut text = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for object in [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        "<</Length 36>>stream\nBT /F 12 Tf 72 720 Td (Letter) Tj ET\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ] {
        places.push(text.len());
        let _ = write!(text, "{} 0 obj\n{object}\nendobj\n", places.len());
    }
    let filling = bytes.saturating_sub(text.len() + 300);
    // Bytes that no disk compresses away.
    let mut state = 88_172_645_463_325_252_u64;
    text.push('%');
    for _ in 0..filling {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push(char::from(b'!' + u8::try_from(state % 90).unwrap_or(0)));
    }
    text.push('\n');
    let table = text.len();
    text.push_str("xref\n0 6\n0000000000 65535 f \n");
    for place in places {
        let _ = writeln!(text, "{place:010} 00000 n ");
    }
    let _ = write!(text, "trailer<</Size 6/Root 1 0 R>>\nstartxref\n{table}\n");
    let _ = write!(text, "%{:39}\n%%EOF", "");
    text.into_bytes()
}

/// Where a page begins, as the server would have said it.
fn cursor(at: &str, serial: u32) -> String {
    BASE64URL_NOPAD.encode(format!("{at}\u{1f}{serial}").as_bytes())
}
