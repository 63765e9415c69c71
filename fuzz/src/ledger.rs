//! An old ledger as somebody might upload it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for name in ["ledger.xlsx", "ledger.xls", "ledger.csv"] {
        if let Ok(book) = jingui_intake::open(name, bytes) {
            let _ = jingui_intake::recognise(&book);
        }
    }
});
