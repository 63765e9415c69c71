//! Drills: a backup is restored in a scratch place and verified there, as evidence for clause 3.3.1.4. Where the office is
//! served meanwhile, the drill leaves its result, signed with the office's own key, in the data directory, and the running
//! office takes it up within a minute: only who could open the office can have written it, and none counts twice.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use data_encoding::{BASE64, HEXLOWER};
use jingui_backup::{Manifest, Place, Restored};
use jingui_crypto::Unsealed;
use jingui_office::Office;
use jingui_office::files::words;
use jingui_office::keys::backup::{Done, Particulars};
use jingui_regulation::Moment;
use jingui_store::{Clock as _, Store, SystemClock};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::backup::{note, particulars, registers, told};
use crate::data::DataDirectory;

/// Where results wait in the data directory.
const RESULTS: &str = "drills";
const ENDING: &str = "drill";
/// Begins what is signed, so that it is never a signature of anything else.
const SIGNED: &str = "jingui-drill/1\n";
/// Bytes of the longest result that is read.
const LONGEST: u64 = 64 << 10;
/// How often the running office looks for results.
const LOOK: std::time::Duration = std::time::Duration::from_secs(20);

/// What a drill proved, of which office, and when.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proven {
    log: String,
    at: Moment,
    drill: Particulars,
}

/// Drills the office that isn't served, and journals it there.
pub fn stopped(directory: &DataDirectory, unsealed: &Unsealed, place: &str) -> anyhow::Result<()> {
    let office = Office::open(Store::open(unsealed.keyring(), directory.options())?, crate::rules::pack()?)?;
    let restored = run(&directory.file(""), unsealed, place)?;
    note(&office, particulars(Done::Drill, place, &restored))?;
    say(&restored);
    Ok(())
}

/// Drills the office that is served by another process, which notes it.
pub fn beside(data: &Path, unsealed: &Unsealed, place: &str) -> anyhow::Result<()> {
    let restored = run(data, unsealed, place)?;
    let log = Manifest::read(&Place::open(place)?)?.log;
    let proven = Proven { log, at: SystemClock.now(), drill: particulars(Done::Drill, place, &restored) };
    leave(&data.join(RESULTS), &text(&proven, unsealed)?)?;
    say(&restored);
    println!("正在运行的系统将在一分钟内记入账本 / the running office journals it within a minute.");
    Ok(())
}

fn run(scratch: &Path, unsealed: &Unsealed, place: &str) -> anyhow::Result<Restored> {
    let place = Place::open(place)?;
    let options = |path: &Path| jingui_store::Options::new(path, jingui_office::kinds());
    let read = (registers as jingui_backup::Registers, words::cut as jingui_store::Terms);
    Ok(jingui_backup::drill(&place, unsealed.keyring(), scratch, options, read, &told())?)
}

fn say(restored: &Restored) {
    println!(
        "演练成功 / the drill succeeded: {} entries, {} files restored and verified, as of {}",
        restored.entries, restored.files.0, restored.at
    );
}

/// One line of JSON, one of signature.
fn text(proven: &Proven, unsealed: &Unsealed) -> anyhow::Result<String> {
    let json = serde_json::to_string(proven)?;
    let signature = unsealed.keyring().signing().sign(format!("{SIGNED}{json}").as_bytes());
    Ok(format!("{json}\n{}\n", BASE64.encode(&signature)))
}

/// Puts a result where the running office finds it, at once or not at all.
fn leave(directory: &Path, text: &str) -> anyhow::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let path = directory.join(format!("{}.{ENDING}", digest(text)));
    let unfinished = path.with_extension("unfinished");
    let mut file = fs::File::create(&unfinished).with_context(|| {
        format!("can't write in {}; run as the account that owns it", directory.display())
    })?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, &path)?;
    fs::File::open(directory)?.sync_all()?;
    Ok(())
}

fn digest(text: &str) -> String {
    HEXLOWER.encode(&sha2::Sha256::digest(text.as_bytes()))
}

/// Reads a result; refuses what this office's key didn't sign, what is of another office, and what is no drill.
fn read(text: &str, unsealed: &Unsealed, log: &str) -> anyhow::Result<Particulars> {
    let Some((json, signature)) = text.strip_suffix('\n').and_then(|text| text.split_once('\n')) else {
        bail!("it isn't the result of a drill");
    };
    let signature = BASE64.decode(signature.as_bytes()).context("it isn't signed")?;
    let key = unsealed.keyring().signing().verifying();
    key.verify(format!("{SIGNED}{json}").as_bytes(), &signature).context("it isn't signed by this office")?;
    let Proven { log: of, at, drill } = serde_json::from_str(json)?;
    if of != log || drill.done != Done::Drill {
        bail!("it is of another office, or no drill");
    }
    Ok(Particulars { done_at: Some(at), proof: Some(digest(text)), ..drill })
}

/// Takes up results while the office is served.
pub fn keep_taking_up(office: Office, directory: &DataDirectory, unsealed: Unsealed) -> anyhow::Result<()> {
    let results = directory.file(RESULTS);
    std::thread::Builder::new().name("drills".into()).spawn(move || {
        loop {
            if let Err(error) = take_up(&office, &results, &unsealed) {
                tracing::error!(error = format!("{error:#}"), "results of drills can't be looked for");
            }
            std::thread::sleep(LOOK);
        }
    })?;
    Ok(())
}

fn take_up(office: &Office, results: &Path, unsealed: &Unsealed) -> anyhow::Result<()> {
    if !results.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(results)? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != ENDING) {
            continue;
        }
        let noted = whole(&path)
            .and_then(|text| read(&text, unsealed, office.store().log_id()))
            .and_then(|drill| note(office, drill));
        match noted {
            Ok(()) => {
                tracing::info!("a drill was noted");
                fs::remove_file(&path)?;
            }
            Err(error) => {
                let aside = path.with_extension("refused");
                tracing::error!(
                    error = format!("{error:#}"),
                    kept = %aside.display(),
                    "the result of a drill isn't accepted; look into who wrote it"
                );
                fs::rename(&path, &aside)?;
            }
        }
    }
    Ok(())
}

fn whole(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}
