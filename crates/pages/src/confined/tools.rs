//! Programs of the machine that read what this product doesn't: `LibreOffice` makes pages of office files, tesseract finds
//! the words in pictures. Each runs with bounds and without a network; without them there is less to see, and it is said.

use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::confine::{Bound, without_network};
use super::reader::in_background;
use crate::{Fault, PageText, Raster, Run};

/// Where files lie in memory while a program that knows only files works on them.
const MEMORY: &str = "/dev/shm";
/// Longest time for a file to become pages, and for the words of a page.
const PATIENCE: Duration = Duration::from_mins(3);
/// What this program is told to become the one or the other.
pub const OFFICE: &str = "convert-office";
pub const RECOGNISER: &str = "recognise-words";

const OFFICE_PROGRAMS: [&str; 3] =
    ["/usr/bin/soffice", "/usr/bin/libreoffice", "/opt/libreoffice/program/soffice"];
const RECOGNISERS: [&str; 2] = ["/usr/bin/tesseract", "/usr/local/bin/tesseract"];
const CHINESE: [&str; 3] = [
    "/usr/share/tesseract-ocr/5/tessdata/chi_sim.traineddata",
    "/usr/share/tesseract-ocr/4.00/tessdata/chi_sim.traineddata",
    "/usr/share/tessdata/chi_sim.traineddata",
];

fn first(known: &[&str]) -> Option<PathBuf> {
    known.iter().map(PathBuf::from).find(|path| path.exists())
}

/// Whether office files can become pages on this machine.
#[must_use]
pub fn has_office() -> bool {
    first(&OFFICE_PROGRAMS).is_some()
}

/// Whether Chinese words can be found in pictures on this machine.
#[must_use]
pub fn has_recogniser() -> bool {
    first(&RECOGNISERS).is_some() && first(&CHINESE).is_some()
}

/// Becomes the office program, confined, and makes a PDF of `file` in `directory`. Answers only why it couldn't.
#[must_use]
pub fn become_office(directory: &Path, file: &str) -> io::Error {
    let Some(program) = first(&OFFICE_PROGRAMS) else { return io::ErrorKind::NotFound.into() };
    if let Err(error) = without_network(Bound { memory: 8 << 30, seconds: 150, file: 1 << 30 }) {
        return error;
    }
    let profile = format!("-env:UserInstallation=file://{}/profile", directory.display());
    std::process::Command::new(program)
        .args(["--headless", "--norestore", "--nologo", &profile, "--convert-to", "pdf", "--outdir"])
        .args([directory, &directory.join(file)])
        .exec()
}

/// Becomes the recogniser, confined: a picture comes on standard input, words go to standard output.
#[must_use]
pub fn become_recogniser() -> io::Error {
    let Some(program) = first(&RECOGNISERS) else { return io::ErrorKind::NotFound.into() };
    if let Err(error) = without_network(Bound { memory: 3 << 30, seconds: 150, file: 0 }) {
        return error;
    }
    std::process::Command::new(program)
        .args(["stdin", "stdout", "-l", "chi_sim+eng", "--psm", "3", "tsv"])
        .exec()
}

fn command(program: &Path, role: &str, home: &str) -> Command {
    let mut command = in_background(program);
    command.arg(role).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home).env("OMP_THREAD_LIMIT", "1");
    command.env("LANG", "C.UTF-8").current_dir("/").kill_on_drop(true).stderr(Stdio::null());
    command
}

/// Makes a PDF of an office file; `ending` says which kind it is, such as `docx`. The file lies in memory meanwhile, never
/// on a disk.
///
/// # Errors
/// When the program is missing, fails, or takes too long.
pub async fn convert(program: &Path, bytes: &[u8], ending: &str) -> Result<Vec<u8>, Fault> {
    let missing = || Fault::MissingProgram { program: "LibreOffice".into() };
    if !has_office() {
        return Err(missing());
    }
    let failed = |error: io::Error| Fault::damaged("conversion", error);
    let directory = tempfile::Builder::new().prefix("jingui-").tempdir_in(MEMORY).map_err(failed)?;
    let name = format!("file.{ending}");
    let path = directory.path().join(&name);
    std::fs::File::create(&path).and_then(|mut file| file.write_all(bytes)).map_err(failed)?;
    let home = directory.path().to_string_lossy().into_owned();
    let mut command = command(program, OFFICE, &home);
    command.args([home.as_str(), name.as_str()]).stdin(Stdio::null()).stdout(Stdio::null());
    let status = tokio::time::timeout(PATIENCE, command.status()).await;
    let status =
        status.map_err(|_| Fault::OutOfTime { seconds: PATIENCE.as_secs() })?.map_err(|_| missing())?;
    // The program ends well even when it couldn't read the file; then there is no PDF.
    std::fs::read(directory.path().join("file.pdf")).map_err(|_| {
        Fault::damaged("office file", format!("the office program made no pages of it ({status})"))
    })
}

/// Finds the words in a page that is only a picture.
///
/// # Errors
/// When the program is missing, fails, or takes too long.
pub async fn recognise_words(program: &Path, page: &Raster, dpi: f64) -> Result<PageText, Fault> {
    let missing = || Fault::MissingProgram { program: "tesseract".into() };
    if !has_recogniser() {
        return Err(missing());
    }
    let mut command = command(program, RECOGNISER, "/");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|_| missing())?;
    let mut picture = format!("P6\n{} {}\n255\n", page.width, page.height).into_bytes();
    picture.extend_from_slice(&page.rgb);
    let mut input = child.stdin.take();
    let work = async {
        if let Some(mut input) = input.take() {
            input.write_all(&picture).await?;
        }
        child.wait_with_output().await
    };
    let done = tokio::time::timeout(PATIENCE, work).await;
    let done = done.map_err(|_| Fault::OutOfTime { seconds: PATIENCE.as_secs() })?;
    let done = done.map_err(|error| Fault::damaged("recognition", error))?;
    if !done.status.success() {
        return Err(Fault::Ended { how: done.status.to_string() });
    }
    Ok(lines(&String::from_utf8_lossy(&done.stdout), 25.4 / dpi))
}

/// Lines of words from tesseract's table: level, page, block, paragraph, line, word, left, top, width, height, confidence,
/// text; `scale` is millimetres for a pixel.
fn lines(table: &str, scale: f64) -> PageText {
    let mut runs: Vec<(Vec<String>, Run)> = Vec::new();
    for row in table.lines() {
        let cells: Vec<&str> = row.split('\t').collect();
        let [level, page, block, paragraph, line, _, left, top, width, height, _, text] = cells.as_slice()
        else {
            continue;
        };
        let text = text.trim();
        if *level != "5" || text.is_empty() {
            continue;
        }
        let number = |text: &str| text.parse::<f64>().unwrap_or(0.0) * scale;
        let (x, y, width, height) = (number(left), number(top), number(width), number(height));
        let place: Vec<String> = [page, block, paragraph, line].map(|&part| part.to_owned()).to_vec();
        match runs.last_mut().filter(|(known, _)| *known == place) {
            Some((_, run)) => {
                let letters = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
                if letters(run.text.chars().next_back()) && letters(text.chars().next()) {
                    run.text.push(' ');
                }
                run.text.push_str(text);
                let bottom = (run.y + run.height).max(y + height);
                run.y = run.y.min(y);
                run.height = bottom - run.y;
                run.width = x + width - run.x;
            }
            None => runs.push((place, Run { text: text.to_owned(), x, y, width, height })),
        }
    }
    PageText { runs: runs.into_iter().map(|(_, run)| run).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognised_words_become_lines() {
        let table = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n\
                     4\t1\t1\t1\t1\t0\t10\t10\t200\t20\t-1\t\n\
                     5\t1\t1\t1\t1\t1\t10\t12\t40\t20\t96\t关于\n\
                     5\t1\t1\t1\t1\t2\t60\t10\t40\t20\t96\t保密\n\
                     5\t1\t1\t1\t2\t1\t10\t50\t40\t20\t91\tNo\n\
                     5\t1\t1\t1\t2\t2\t60\t50\t40\t20\t91\t12\n";
        let read = lines(table, 0.1);
        assert_eq!(read.plain(), "关于保密\nNo 12");
        let first = &read.runs[0];
        assert!(
            (first.x - 1.0).abs() < 1e-9 && (first.y - 1.0).abs() < 1e-9 && (first.width - 9.0).abs() < 1e-9
        );
    }
}
