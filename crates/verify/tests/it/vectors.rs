//! The published vectors in `docs/ledger-vectors` are what the obvious writer makes, and are whole. `UPDATE=1` writes
//! them anew.

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;

use crate::writer::{Journal, Signer, Suite, segment_name, verify};

/// Three entries in two files, checkpoints at two and three, a witness under each.
fn vectors(suite: Suite) -> (Journal, Vec<(String, Vec<u8>)>) {
    let mut journal = Journal::new(suite, 3);
    journal.witnesses.push(match suite {
        Suite::International => Signer::witness("witness.example/w1", 9),
        Suite::Guomi => Signer::guomi_witness("witness.example/w1", 9),
    });
    let mut proof = "c2sp.org/tlog-proof@v1\nindex 1\n".to_owned();
    for hash in suite.path(1, &journal.entries) {
        proof += &format!("{}\n", BASE64.encode(&hash));
    }
    proof += &format!("\n{}", journal.checkpoint(3));
    let files = vec![
        (segment_name(0), journal.segment(0..2)),
        (segment_name(2), journal.segment(2..3)),
        ("checkpoints".to_owned(), [journal.checkpoint(2), journal.checkpoint(3)].concat().into_bytes()),
        ("vkey".to_owned(), format!("{}\n", journal.key.vkey()).into_bytes()),
        ("witness-vkey".to_owned(), format!("{}\n", journal.witnesses[0].vkey()).into_bytes()),
        ("evidence".to_owned(), journal.evidence(&[(1, true), (2, false)]).into_bytes()),
        ("2.tlog-proof".to_owned(), proof.into_bytes()),
        ("2.entry".to_owned(), journal.entries[1].clone()),
    ];
    (journal, files)
}

#[test]
fn the_published_vectors_are_whole() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/ledger-vectors");
    for suite in [Suite::International, Suite::Guomi] {
        let dir = docs.join(suite.name());
        let (_, files) = vectors(suite);
        for (name, bytes) in files {
            if std::env::var_os("UPDATE").is_some() {
                fs::create_dir_all(&dir).unwrap();
                fs::write(dir.join(&name), &bytes).unwrap();
            }
            assert_eq!(fs::read(dir.join(&name)).unwrap(), bytes, "{name}");
        }
        let path = |name: &str| -> PathBuf { dir.join(name) };
        let [key, witness, entry] =
            ["vkey", "witness-vkey", "2.entry"].map(|name| path(name).display().to_string());
        let (code, said) = verify(&dir, &["--log", &key, "--witness", &witness]);
        assert_eq!(code, 0, "{said}");
        let (code, said) = verify(&path("evidence"), &["--log", &key, "--witness", &witness]);
        assert_eq!(code, 0, "{said}");
        let (code, said) = verify(&path("2.tlog-proof"), &["--log", &key, "--entry", &entry]);
        assert_eq!(code, 0, "{said}");
    }
}
