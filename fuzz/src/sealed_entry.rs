//! A sealed entry as the disk might give it back, or as somebody might present it with what was disclosed: whatever opens
//! is exactly what was sealed.
#![no_main]

use std::sync::LazyLock;

use jingui_crypto::{EntrySealer, Key, Opening, Suite, open_with};
use libfuzzer_sys::fuzz_target;

const LOG: &str = "0123456789abcdef0123456789abcdef";
const NUMBER: u64 = 7;

/// Of each suite the sealer and the entry of `docs/sealed-entry.md`, and what opens it.
static OFFICES: LazyLock<[(Suite, EntrySealer, &[u8], Opening); 2]> = LazyLock::new(|| {
    let genuine: [(Suite, &[u8]); 2] = [
        (Suite::International, include_bytes!("../seeds/sealed_entry/international")),
        (Suite::Guomi, include_bytes!("../seeds/sealed_entry/guomi")),
    ];
    genuine.map(|(suite, sealed)| {
        let sealer = EntrySealer::new(suite, vec![Key::generate(&mut Counting)]);
        let opening = sealer.opening(LOG, NUMBER, sealed).unwrap();
        assert!(sealer.open(LOG, NUMBER, sealed).is_ok());
        (suite, sealer, sealed, opening)
    })
});

fuzz_target!(|bytes: &[u8]| {
    for (suite, sealer, genuine, disclosed) in &*OFFICES {
        let whole = bytes == *genuine;
        assert_eq!(sealer.open(LOG, NUMBER, bytes).is_ok(), whole);
        assert_eq!(open_with(*suite, disclosed, LOG, NUMBER, bytes).is_ok(), whole);
        if let Some(opening) = sealer.opening(LOG, NUMBER, bytes) {
            assert_eq!(open_with(*suite, &opening, LOG, NUMBER, bytes).is_ok(), whole);
        }
        assert!(sealer.open(LOG, NUMBER + 1, bytes).is_err());
        assert!(sealer.open("another", NUMBER, bytes).is_err());
    }
});

/// Hands out bytes 0, 1, 2 …
struct Counting;

impl rand_core::RngCore for Counting {
    fn next_u32(&mut self) -> u32 {
        0
    }
    fn next_u64(&mut self) -> u64 {
        0
    }
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for (byte, count) in bytes.iter_mut().zip(0..) {
            *byte = count;
        }
    }
}

impl rand_core::CryptoRng for Counting {}
