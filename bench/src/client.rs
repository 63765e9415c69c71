//! The load generator: an HTTP/1.1 client that keeps its connection, and the loop that times requests.
//!
//! Written by hand on purpose: it shares two cores with what it measures, so it does as little as a client can.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::office::PASSWORD;
use crate::server::Cpu;

/// Before the clock starts, caches and connections warm up this long.
const WARM: Duration = Duration::from_secs(2);

/// One kept connection, signed in or not.
pub struct Client {
    stream: TcpStream,
    head: String,
    answer: Vec<u8>,
    /// Where the answer's body begins.
    body: usize,
}

impl Client {
    /// A connection that isn't signed in.
    pub async fn connect(address: SocketAddr, cookie: Option<&str>) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut head = format!("host: {address}\r\nsec-fetch-site: same-origin\r\n");
        if let Some(cookie) = cookie {
            let _ = write!(head, "cookie: {cookie}\r\n");
        }
        Ok(Self { stream, head, answer: Vec::new(), body: 0 })
    }

    /// Asks, and answers the status.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<u16> {
        let request = format!("GET {path} HTTP/1.1\r\n{}\r\n", self.head);
        self.send(request.as_bytes()).await
    }

    /// Sends JSON.
    pub async fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<u16> {
        self.send_bytes(path, "application/json", body.to_string().as_bytes()).await
    }

    /// Sends anything.
    pub async fn send_bytes(&mut self, path: &str, media: &str, body: &[u8]) -> anyhow::Result<u16> {
        let mut request = format!(
            "POST {path} HTTP/1.1\r\n{}content-type: {media}\r\nx-file-name: ledger.xlsx\r\ncontent-length: {}\r\n\r\n",
            self.head,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.send(&request).await
    }

    /// Sends a form of a registration and its file.
    pub async fn send_form(&mut self, path: &str, registration: &str, file: &[u8]) -> anyhow::Result<u16> {
        let before = format!(
            "--jingui\r\nContent-Disposition: form-data; name=\"registration\"\r\n\r\n{registration}\r\n--jingui\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"scan.pdf\"\r\n\r\n"
        );
        let after = "\r\n--jingui--\r\n";
        let mut request = format!(
            "POST {path} HTTP/1.1\r\n{}content-type: multipart/form-data; boundary=jingui\r\ncontent-length: {}\r\n\r\n{before}",
            self.head,
            before.len() + file.len() + after.len()
        )
        .into_bytes();
        request.extend_from_slice(file);
        request.extend_from_slice(after.as_bytes());
        self.send(&request).await
    }

    async fn send(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        let (mut body, mut whole) = (None, usize::MAX);
        while self.answer.len() < whole {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the server closed the connection");
            }
            if body.is_none()
                && let Some(end) = self.answer.windows(4).position(|four| four == b"\r\n\r\n")
            {
                let head = self.answer.get(..end).unwrap_or_default();
                whole = end + 4 + length(head).context("an answer without its length")?;
                body = Some(end + 4);
            }
        }
        self.body = body.unwrap_or(0);
        let status = self.answer.get(9..12).and_then(|status| std::str::from_utf8(status).ok());
        status.and_then(|status| status.parse().ok()).context("no status")
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        self.answer.get(self.body..).unwrap_or_default()
    }

    /// The body of the last answer as JSON.
    pub fn json(&self) -> anyhow::Result<Value> {
        Ok(serde_json::from_slice(self.body())?)
    }

    /// The same, or what the server said instead of 200.
    pub fn expect(&self, status: u16, what: &str) -> anyhow::Result<()> {
        if (200..300).contains(&status) {
            return Ok(());
        }
        bail!("{what}: {status} {}", String::from_utf8_lossy(self.body()))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let head = std::str::from_utf8(self.answer.get(..self.body)?).ok()?;
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(known, _)| *known == name)
            .map(|(_, v)| v)
    }
}

fn length(head: &[u8]) -> Option<usize> {
    let head = std::str::from_utf8(head).ok()?;
    head.lines().find_map(|line| line.strip_prefix("content-length: "))?.trim().parse().ok()
}

/// Signs in; answers the session's cookie.
pub async fn sign_in(address: SocketAddr, account: &str) -> anyhow::Result<String> {
    let mut client = Client::connect(address, None).await?;
    let status = client.post("/api/sign-in", &json!({ "account": account, "password": PASSWORD })).await?;
    client.expect(status, account)?;
    let cookie = client.header("set-cookie").and_then(|cookie| cookie.split(';').next());
    Ok(cookie.context("no cookie")?.to_owned())
}

/// What a measure found.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Requests per second.
    pub rate: f64,
    /// Half of them took at most this long, milliseconds.
    pub p50: f64,
    /// All but one in a hundred.
    pub p99: f64,
    /// The server's processor time for each, microseconds: what other work on the machine disturbs least.
    pub cpu: f64,
}

/// Runs each worker over and over for some seconds; a step is one request.
pub async fn measure<W>(workers: Vec<W>, seconds: u64, cpu: &Cpu) -> anyhow::Result<Measured>
where
    W: AsyncFnMut() -> anyhow::Result<()> + 'static,
{
    let begin = Instant::now() + WARM;
    let end = begin + Duration::from_secs(seconds);
    let mut running = JoinSet::new();
    for mut worker in workers {
        running.spawn_local(async move {
            let mut times: Vec<u64> = Vec::new();
            loop {
                let start = Instant::now();
                if start >= end {
                    return anyhow::Ok(times);
                }
                worker().await?;
                let done = Instant::now();
                if start >= begin && done < end {
                    times.push(u64::try_from((done - start).as_micros())?);
                }
            }
        });
    }
    tokio::time::sleep_until(begin.into()).await;
    let before = cpu.seconds()?;
    tokio::time::sleep_until(end.into()).await;
    let used = cpu.seconds()? - before;
    let mut times = Vec::new();
    while let Some(worker) = running.join_next().await {
        times.extend(worker??);
    }
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or(0);
    let millis = |micros: u64| Duration::from_micros(micros).as_secs_f64() * 1e3;
    let count = f64::from(u32::try_from(times.len())?);
    Ok(Measured {
        rate: count / Duration::from_secs(seconds).as_secs_f64(),
        p50: millis(at(50)),
        p99: millis(at(99)),
        cpu: used * 1e6 / count.max(1.0),
    })
}
