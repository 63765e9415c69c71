//! What sealing, opening and signing cost, in microseconds on one thread: `cargo run --release --example speed`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use jingui_crypto::{Binding, FileKey, Keyring, Suite, open_with, seal_file};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for suite in [Suite::International, Suite::Guomi] {
        println!("{suite:?}");
        let keyring = Keyring::generate(suite, &mut rng);
        let entries = keyring.entry_sealer();
        for length in [256, 1024, 4096] {
            let plain = vec![b'x'; length];
            let sealed = entries.seal("0123456789abcdef0123456789abcdef", 7, &plain, &mut rng);
            time(&format!("seal an entry of {length} bytes"), || {
                black_box(entries.seal("0123456789abcdef0123456789abcdef", 7, &plain, &mut rng));
            });
            time(&format!("open an entry of {length} bytes"), || {
                black_box(entries.open("0123456789abcdef0123456789abcdef", 7, &sealed).is_ok());
            });
        }
        let sealed = entries.seal("log", 7, &[b'x'; 1024], &mut rng);
        let opening = entries.opening("log", 7, &sealed).ok_or("sealed bytes of another form")?;
        time("open 1024 bytes with what was disclosed", || {
            black_box(open_with(suite, &opening, "log", 7, &sealed).is_ok());
        });
        let signing = keyring.signing();
        let (verifying, signature) = (signing.verifying(), signing.sign(b"a root"));
        time("sign", || drop(black_box(signing.sign(b"a root"))));
        time("verify", || drop(black_box(verifying.verify(b"a root", &signature))));
        let (key, content) = (FileKey::generate(&mut rng), vec![b'x'; 16 << 20]);
        let binding = Binding { file: "f", item: "i", label: "original/1" };
        let took = time("seal a file of 16 MiB", || {
            black_box(seal_file(suite, &key, &binding, &content, &mut rng));
        });
        println!("{:42}{:9.0} MB/s", "", 16.777_216 / took.as_secs_f64());
    }
    Ok(())
}

/// The mean of as many calls as fit into half a second.
fn time(what: &str, mut call: impl FnMut()) -> Duration {
    let (begun, mut calls) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_millis(500) {
        call();
        calls += 1;
    }
    let each = begun.elapsed() / calls;
    println!("{what:42}{:9.2} µs", each.as_secs_f64() * 1e6);
    each
}
