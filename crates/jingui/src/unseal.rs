//! Giving a share or the passphrase to an office that waits, sealed or held, at its own door: what the unseal page does, for a
//! key holder at a terminal.

use std::io::IsTerminal as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// Gives what is in `file`, or what is typed, to the office at `address`; with the sentence that names what is given up where
/// the office is held.
pub fn run(
    address: &str,
    certificate: Option<&Path>,
    sentence: Option<&str>,
    file: Option<&Path>,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(give(address, certificate, sentence, file))
}

async fn give(
    address: &str,
    certificate: Option<&Path>,
    sentence: Option<&str>,
    file: Option<&Path>,
) -> anyhow::Result<()> {
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
        Some("shares") => Some("share"),
        Some("passphrase") => Some("passphrase"),
        Some("key_file") => None,
        _ => bail!("the office at {base} is open already"),
    };
    let held = shown.get("held").is_some();
    let mut input = Map::new();
    if held {
        input.insert("sentence".to_owned(), named(&shown, sentence)?.into());
        if kind != Some("share") {
            let account = ask("安全审计员账户 / the security auditor's account: ", false)?;
            input.insert("account".to_owned(), account.as_str().into());
            let password = ask("安全审计员口令 / the security auditor's password: ", true)?;
            input.insert("password".to_owned(), password.as_str().into());
        }
    } else if sentence.is_some() {
        bail!("this office is sealed, not held: nothing is to be given up; leave --sentence out");
    }
    if let Some(kind) = kind {
        let secret = Zeroizing::new(match file {
            Some(path) => {
                std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?
            }
            None if kind == "share" => rpassword::prompt_password("份额 / share: ")?,
            None => rpassword::prompt_password("口令 / passphrase: ")?,
        });
        input.insert(kind.to_owned(), secret.trim().into());
    }
    let body = Zeroizing::new(Value::Object(input).to_string());
    let path = if held { "go-on" } else { "open" };
    let answer = client
        .post(format!("{base}/api/seal/{path}"))
        .header("content-type", "application/json")
        .header("origin", &base)
        .header("accept-language", "zh-CN")
        .body(body.to_string())
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
        println!(
            "{}",
            if held {
                "已决定继续使用，记入账本 / it goes on, and is journaled."
            } else {
                "已启封 / open."
            }
        );
        return Ok(());
    }
    let given = told.get("holders").and_then(Value::as_array).map_or(0, |holders| {
        holders.iter().filter(|holder| holder.get("given") == Some(&Value::Bool(true))).count()
    });
    let needed = told.get("needed").and_then(Value::as_u64).unwrap_or_default();
    println!("已收到 {given} 份，共需 {needed} 份 / {given} of {needed} shares are there.");
    Ok(())
}

/// Says what is missing and who says so; answers the sentence that names it, as it was given or is typed.
fn named(shown: &Value, given: Option<&str>) -> anyhow::Result<String> {
    let held = shown.get("held").unwrap_or(&Value::Null);
    let number = |of: &Value, field: &str| of.get(field).and_then(Value::as_u64).unwrap_or_default();
    let text = |of: &Value, field: &str| of.get(field).and_then(Value::as_str).unwrap_or("—").to_owned();
    println!(
        "本机账本 {} 笔，最后一笔 {} / this ledger has {} entries, the last of {}",
        number(held, "journal"),
        text(held, "since"),
        number(held, "journal"),
        text(held, "since")
    );
    for loss in held.get("losses").and_then(Value::as_array).into_iter().flatten() {
        let how = match loss.get("how").and_then(Value::as_str) {
            Some("ahead") => "账本被退回 / put back",
            _ => "账本分叉 / another history",
        };
        println!("{how}: {} — {} ({})", text(loss, "told_by"), number(loss, "size"), text(loss, "at"));
    }
    let sentence = text(shown, "sentence");
    match given {
        Some(given) => Ok(given.to_owned()),
        None => ask(&format!("请输入确认语 / to give this up, type: {sentence}\n"), false)
            .map(|typed| typed.to_string()),
    }
}

/// Asks whoever sits at the terminal.
fn ask(prompt: &str, unseen: bool) -> anyhow::Result<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() {
        bail!("this is decided by people: run it at a terminal, or decide on the unseal page");
    }
    if unseen {
        return Ok(Zeroizing::new(rpassword::prompt_password(prompt)?));
    }
    eprint!("{prompt}");
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().read_line(&mut line)?;
    Ok(Zeroizing::new(line.trim().to_owned()))
}
