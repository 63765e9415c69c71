//! The verifier over every kind of file it reads: whatever it calls whole is what was signed, and of a proof it says what
//! the ledger's own code says, with which it shares none. Fed with the vectors of the ledger.
#![no_main]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jingui_ledger::{Checkpoint, InclusionProof, NoteKey, TreeHash, TreeSuite, verify_inclusion};
use libfuzzer_sys::fuzz_target;

struct Ledger {
    suite: TreeSuite,
    key: NoteKey,
    /// What the input is put in place of, each with a directory of its own.
    entries: PathBuf,
    checkpoints: PathBuf,
    /// The vectors themselves.
    dir: PathBuf,
    vkey: String,
    witness: String,
    proof: PathBuf,
    entry: PathBuf,
    evidence: String,
    segment: Vec<u8>,
}

const SEGMENT: &str = "00000000000000000001.entries";

static SCRATCH: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("jingui-fuzz-verifier-{}", std::process::id())));

/// The input, where every directory has it.
static INPUT: LazyLock<PathBuf> = LazyLock::new(|| {
    fs::create_dir_all(&*SCRATCH).unwrap();
    SCRATCH.join("input")
});

static LEDGERS: LazyLock<[Ledger; 2]> = LazyLock::new(|| {
    [TreeSuite::International, TreeSuite::Guomi].map(|suite| {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ledger-vectors").join(suite.name());
        let text = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
        Ledger {
            suite,
            key: NoteKey::parse(text("vkey").trim_end()).unwrap(),
            entries: with_input(&dir, SEGMENT),
            checkpoints: with_input(&dir, "checkpoints"),
            vkey: text("vkey").trim_end().to_owned(),
            witness: text("witness-vkey").trim_end().to_owned(),
            proof: dir.join("2.tlog-proof"),
            entry: dir.join("2.entry"),
            evidence: text("evidence"),
            segment: fs::read(dir.join(SEGMENT)).unwrap(),
            dir,
        }
    })
});

/// The vectors' directory with the input in place of one file.
fn with_input(vectors: &Path, name: &str) -> PathBuf {
    let dir = SCRATCH.join(format!("{}-{name}", vectors.file_name().unwrap().display()));
    fs::create_dir_all(&dir).unwrap();
    for file in fs::read_dir(vectors).unwrap().map(|file| file.unwrap()) {
        let source = if file.file_name() == name { INPUT.clone() } else { file.path() };
        symlink(source, dir.join(file.file_name())).unwrap();
    }
    dir
}

/// Whether the verifier says whole.
fn whole(path: &Path, options: &[&str]) -> bool {
    let mut out = Vec::new();
    let arguments = std::iter::once(path.into()).chain(options.iter().map(Into::into));
    let code = jingui_verify::run(arguments, &mut out);
    let said = String::from_utf8(out).unwrap();
    assert!(!said.chars().any(|letter| letter != '\n' && letter.is_control()), "{said}");
    code == jingui_verify::WHOLE
}

fuzz_target!(|bytes: &[u8]| {
    fs::write(&*INPUT, bytes).unwrap();
    for ledger in &*LEDGERS {
        look(ledger, bytes);
    }
});

/// Has it looked at as what its beginning says it is: signatures are dear, and every other reader ends there.
fn look(ledger: &Ledger, bytes: &[u8]) {
    let Ledger { dir, vkey, witness, .. } = ledger;
    let [input, entry] = [&INPUT, &ledger.entry].map(|path| path.to_str().unwrap());
    if bytes.starts_with(b"JGLG") {
        assert_eq!(whole(&ledger.entries, &["--log", vkey]), bytes == ledger.segment);
    } else if bytes.starts_with(b"jingui/evidence/1\n") {
        let whole = whole(&INPUT, &["--log", vkey, "--show"]);
        let text = String::from_utf8_lossy(bytes);
        let mut sealed = text.lines().filter(|line| line.starts_with("sealed "));
        assert!(!whole || sealed.all(|line| ledger.evidence.lines().any(|genuine| genuine == line)));
    } else if bytes.starts_with(b"c2sp.org/") {
        let whole = whole(&INPUT, &["--log", vkey, "--entry", entry]);
        assert_eq!(whole, proven(ledger, bytes).is_some());
    } else if bytes.starts_with(b"jingui/") {
        // Checkpoints of the directory, checkpoints from elsewhere, the log's keys.
        whole(&ledger.checkpoints, &["--log", vkey, "--witness", witness]);
        whole(dir, &["--log", vkey, "--checkpoint", input]);
        whole(dir, &["--log", input]);
    } else {
        assert!(
            !whole(&ledger.proof, &["--log", vkey, "--entry", input]) || bytes == fs::read(entry).unwrap()
        );
    }
}

/// What the ledger's own code says of a proof of entry 2: nothing unless it holds.
fn proven(ledger: &Ledger, bytes: &[u8]) -> Option<()> {
    let InclusionProof { index, hashes, checkpoint } =
        InclusionProof::parse(std::str::from_utf8(bytes).ok()?).ok()?;
    ledger.key.verify(&checkpoint).ok()?;
    let Checkpoint { size, root, .. } = Checkpoint::parse(checkpoint.text()).ok()?;
    let leaf = ledger.suite.leaf(&fs::read(&ledger.entry).unwrap());
    verify_inclusion(ledger.suite, &leaf, index, size, &hashes, &root).ok()
}
