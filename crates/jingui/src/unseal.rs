//! Giving a share or the passphrase to an office that waits, sealed, at its own door: what the unseal page does, for a
//! key holder at a terminal.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// Gives what is in `file`, or what is typed, to the office at `address`.
pub fn run(address: &str, certificate: Option<&Path>, file: Option<&Path>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(give(address, certificate, file))
}

async fn give(address: &str, certificate: Option<&Path>, file: Option<&Path>) -> anyhow::Result<()> {
    // The first library to be asked for stays; this is the one the server uses too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = reqwest::Client::builder().no_proxy();
    let base = match certificate {
        None => format!("http://{address}"),
        Some(path) => {
            let pem = std::fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
            client = client.tls_certs_only([reqwest::Certificate::from_pem(&pem)?]);
            format!("https://{address}")
        }
    };
    let client = client.build()?;
    let unreachable =
        || format!("nothing answers at {base}; give --address and, off loopback, --certificate");
    let shown = client.get(format!("{base}/api/seal")).send().await.with_context(unreachable)?;
    let shown: Value = serde_json::from_slice(&shown.bytes().await?)?;
    let kind = match shown.get("kind").and_then(Value::as_str) {
        Some("shares") => "share",
        Some("passphrase") => "passphrase",
        _ => bail!("the office at {base} is open already"),
    };
    let secret = Zeroizing::new(match file {
        Some(path) => {
            std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?
        }
        None if kind == "share" => rpassword::prompt_password("份额 / share: ")?,
        None => rpassword::prompt_password("口令 / passphrase: ")?,
    });
    let answer = client
        .post(format!("{base}/api/seal/open"))
        .header("content-type", "application/json")
        .header("origin", &base)
        .header("accept-language", "zh-CN")
        .body(json!({ kind: secret.trim() }).to_string())
        .send()
        .await
        .with_context(unreachable)?;
    let status = answer.status();
    let told: Value = serde_json::from_slice(&answer.bytes().await?)?;
    if !status.is_success() {
        let lines = told.pointer("/facts/lines").map(|lines| format!("（第 {lines} 行 / lines {lines}）"));
        let detail = told.get("detail").and_then(Value::as_str).unwrap_or_default();
        bail!("{detail}{}", lines.unwrap_or_default());
    }
    if told.get("open") == Some(&Value::Bool(true)) {
        println!("已启封 / open.");
        return Ok(());
    }
    let given = told.get("holders").and_then(Value::as_array).map_or(0, |holders| {
        holders.iter().filter(|holder| holder.get("given") == Some(&Value::Bool(true))).count()
    });
    let needed = told.get("needed").and_then(Value::as_u64).unwrap_or_default();
    println!("已收到 {given} 份，共需 {needed} 份 / {given} of {needed} shares are there.");
    Ok(())
}
