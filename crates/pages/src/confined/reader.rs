//! The parent's side: starts a child, asks it, and ends it when it takes too long.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::frame::{self, Answer, Ask, LENGTHS};
use crate::{Fault, Kind, PageText, Raster};

/// Longest time for one answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// What the program is told to become the child.
const ROLE: &str = "read-pages";

/// A file that is open in a child.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// What kind of file it is.
    pub kind: Kind,
    /// Width and height of its pages, in millimetres.
    pub sizes: Vec<(f64, f64)>,
}

/// A command for a program that takes what processor time others leave, where the machine has `nice`.
pub(super) fn in_background(program: &Path) -> Command {
    const NICE: &str = "/usr/bin/nice";
    if !Path::new(NICE).exists() {
        return Command::new(program);
    }
    let mut command = Command::new(NICE);
    command.args(["-n", "15"]).arg(program);
    command
}

/// A child that reads one file. Ended when dropped.
pub struct Reader {
    child: Child,
    /// Nothing once the child has ended.
    pipes: Option<(ChildStdin, ChildStdout)>,
    filtered: bool,
}

impl Reader {
    /// Starts a child: `program` must call [`run`](super::run) when it is told `read-pages`.
    ///
    /// # Errors
    /// When it can't be started or confined.
    pub async fn start(program: &Path) -> Result<Self, Fault> {
        Self::begin(program, Command::new(program)).await
    }

    /// The same for work that nobody waits for: people's requests come first.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub async fn start_in_background(program: &Path) -> Result<Self, Fault> {
        Self::begin(program, in_background(program)).await
    }

    async fn begin(program: &Path, mut command: Command) -> Result<Self, Fault> {
        // Neither the environment nor a word of what a file makes it say goes on from here.
        command.arg(ROLE).env_clear().current_dir("/").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let missing = |_| Fault::MissingProgram { program: program.display().to_string() };
        let mut child = command.spawn().map_err(missing)?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let mut reader = Self { child, pipes, filtered: false };
        match reader.answer().await? {
            (Answer::Ready { filtered }, _) => reader.filtered = filtered,
            _ => return Err(reader.end("it said something else than that it is ready").await),
        }
        Ok(reader)
    }

    /// Whether the kernel filters the child's calls, besides its limits.
    #[must_use]
    pub const fn filtered(&self) -> bool {
        self.filtered
    }

    /// Hands the child a file.
    ///
    /// # Errors
    /// When the file can't be read, or ended the child.
    pub async fn open(&mut self, bytes: &[u8]) -> Result<Opened, Fault> {
        match self.ask(&Ask::Open, bytes).await? {
            (Answer::Opened { kind, sizes }, _) => Ok(Opened { kind, sizes }),
            _ => Err(self.end("it answered something else").await),
        }
    }

    /// Draws a page, counted from 0.
    ///
    /// # Errors
    /// When there is none, it can't be drawn, or it ended the child.
    pub async fn draw(&mut self, page: usize, dpi: f64) -> Result<Raster, Fault> {
        match self.ask(&Ask::Draw { page, dpi }, &[]).await? {
            (Answer::Drawn { width, height }, rgb)
                if rgb.len() as u64 == u64::from(width) * u64::from(height) * 3 =>
            {
                Ok(Raster { width, height, rgb })
            }
            _ => Err(self.end("it answered something else").await),
        }
    }

    /// The words of a page, counted from 0.
    ///
    /// # Errors
    /// When there is none, it is damaged, or it ended the child.
    pub async fn text(&mut self, page: usize) -> Result<PageText, Fault> {
        let (Answer::Text, json) = self.ask(&Ask::Text { page }, &[]).await? else {
            return Err(self.end("it answered something else").await);
        };
        serde_json::from_slice(&json).map_err(|error| Fault::damaged("text", error))
    }

    /// What readers must be told, by what was read so far.
    ///
    /// # Errors
    /// When the child has ended.
    pub async fn notices(&mut self) -> Result<Vec<String>, Fault> {
        match self.ask(&Ask::Notices, &[]).await? {
            (Answer::Notices(notices), _) => Ok(notices),
            _ => Err(self.end("it answered something else").await),
        }
    }

    async fn ask(&mut self, ask: &Ask, body: &[u8]) -> Result<(Answer, Vec<u8>), Fault> {
        let Some((input, _)) = &mut self.pipes else {
            return Err(Fault::Ended { how: "it has ended before".into() });
        };
        let head = frame::head_of(ask, body).map_err(|error| Fault::damaged("pipe", error))?;
        let sent = async {
            input.write_all(&head).await?;
            input.write_all(body).await?;
            input.flush().await
        };
        match tokio::time::timeout(PATIENCE, sent).await {
            Ok(Ok(())) => self.answer().await,
            Ok(Err(_)) => Err(self.end("").await),
            Err(_) => Err(self.slow().await),
        }
    }

    async fn answer(&mut self) -> Result<(Answer, Vec<u8>), Fault> {
        let Some((_, output)) = &mut self.pipes else {
            return Err(Fault::Ended { how: "it has ended before".into() });
        };
        let received = async {
            let mut bytes = [0; LENGTHS];
            output.read_exact(&mut bytes).await?;
            let (head, body) = frame::lengths(bytes)?;
            let mut read = vec![0; head];
            output.read_exact(&mut read).await?;
            let mut content = vec![0; body];
            output.read_exact(&mut content).await?;
            Ok::<_, std::io::Error>((serde_json::from_slice(&read)?, content))
        };
        match tokio::time::timeout(PATIENCE, received).await {
            Ok(Ok((Answer::Fault(fault), _))) => Err(fault),
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(self.end("").await),
            Err(_) => Err(self.slow().await),
        }
    }

    async fn slow(&mut self) -> Fault {
        self.end("").await;
        Fault::OutOfTime { seconds: PATIENCE.as_secs() }
    }

    /// Ends the child and tells how it went; in its own words where there is nothing better.
    async fn end(&mut self, how: &str) -> Fault {
        self.pipes = None;
        let _ = self.child.start_kill();
        let status = self.child.wait().await;
        let how = match status {
            _ if !how.is_empty() => how.to_owned(),
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        Fault::Ended { how }
    }
}
