//! What is read to open an office: a seal as the disk might give it back, and shares as anybody might type them, several of
//! them with an empty line between. Nothing but the shares that were handed out is taken, and together they open.
#![no_main]

use std::sync::LazyLock;

use jingui_crypto::{Assembly, Seal, Share};
use libfuzzer_sys::fuzz_target;

/// The office of `docs/seal.md`.
static OFFICE: LazyLock<Assembly> = LazyLock::new(|| {
    Assembly::new(&Seal::parse(include_str!("../seeds/seal/shares.json")).unwrap()).unwrap()
});
static HANDED_OUT: LazyLock<Vec<Share>> = LazyLock::new(|| shares(include_str!("../seeds/seal/shares.txt")));

fn shares(text: &str) -> Vec<Share> {
    text.split("\n\n").map(|text| Share::parse(text).unwrap()).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(seal) = Seal::parse(text) {
        assert_eq!(Seal::parse(&seal.to_text()).as_ref(), Ok(&seal));
        assert_eq!(seal.set().is_some(), Assembly::new(&seal).is_some());
        let _ = (seal.needs(), seal.holders().count());
    }
    let mut assembly = OFFICE.clone();
    for text in text.split("\n\n").take(20) {
        if let Ok(share) = Share::parse(text) {
            assert_eq!(*Share::parse(&share.code()).unwrap().code(), *share.code());
            let lines: Vec<_> = share.lines().iter().map(|line| line.to_string()).collect();
            assert_eq!(*Share::parse(&lines.join("\n")).unwrap().code(), *share.code());
        }
        if let Ok(progress) = assembly.add(text) {
            let share = Share::parse(text).unwrap();
            assert!(HANDED_OUT.iter().any(|genuine| *genuine.code() == *share.code()));
            assert_eq!(assembly.open().is_ok(), progress.have >= progress.need);
        }
    }
});
