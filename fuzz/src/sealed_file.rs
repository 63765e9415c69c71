//! A sealed file as the disk might give it back: whatever opens is exactly what was sealed.
#![no_main]

use jingui_crypto::{Binding, FileKey, Sealer, Suite, open_file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let binding = Binding { file: "f1", item: "i1", label: "original/2" };
    let level = Sealer::new(Suite::International, jingui_crypto::Key::generate(&mut Zeros));
    let key = FileKey::generate(&mut Zeros);
    // Nobody who lacks the key makes a file that opens.
    assert!(open_file(Suite::International, &key, &binding, bytes).is_err());
    assert!(FileKey::unwrap(&level, &binding, bytes).is_err());
});

struct Zeros;

impl rand_core::RngCore for Zeros {
    fn next_u32(&mut self) -> u32 {
        0
    }
    fn next_u64(&mut self) -> u64 {
        0
    }
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

impl rand_core::CryptoRng for Zeros {}
