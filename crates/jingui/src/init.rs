//! Setting an office up: keys, database, certificate, and the three administrators with first passwords of their own.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use data_encoding::BASE32_NOPAD;
use jingui_crypto::{Keyring, Lock, PassphraseCost, Share, Suite, Unsealed};
use jingui_office::{Caller, Office, Request};
use jingui_store::{Id, Store};
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

use crate::data::{DataDirectory, KEY, Secret, write_private};
use crate::sheet;

/// The three administrators: staff number, Chinese name, role, account.
const ADMINISTRATORS: [(&str, &str, &str, &str); 3] = [
    ("A001", "系统管理员", "system_administrator", "system"),
    ("A002", "安全保密管理员", "security_administrator", "security"),
    ("A003", "安全审计员", "security_auditor", "auditor"),
];

/// Least length of a passphrase: it alone keeps a stolen disk closed.
const PASSPHRASE: usize = 12;

/// A suite by its name.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum SuiteName {
    /// AES-256-GCM, SHA-256, Ed25519.
    International,
    /// SM4-GCM, SM3, SM2.
    Guomi,
}

/// How a new office is to be closed.
pub enum Closing {
    /// By a passphrase or a plain key file.
    Secret(Secret),
    /// By shares of its key holders.
    Shares {
        /// How many open.
        needed: u8,
        /// Their names.
        holders: Vec<String>,
        /// Where the sheets go.
        sheets: PathBuf,
    },
}

/// What was decided before anything is made.
pub struct Plan {
    suite: Suite,
    closing: Closing,
}

/// The plan, from what was given and what somebody at the terminal answers.
pub fn asked(
    suite: Option<SuiteName>,
    holders: Vec<String>,
    needed: u8,
    sheets: Option<PathBuf>,
    secret: impl FnOnce() -> anyhow::Result<Secret>,
) -> anyhow::Result<Plan> {
    let suite = match suite {
        Some(SuiteName::Guomi) => Suite::Guomi,
        None if std::io::stdin().is_terminal() => {
            let answer = line(
                "算法：1 国际（AES、SHA-256、Ed25519），2 国密（SM4、SM3、SM2） / suite: 1 international, 2 guomi [1]: ",
            )?;
            if answer == "2" { Suite::Guomi } else { Suite::International }
        }
        Some(SuiteName::International) | None => Suite::International,
    };
    if holders.is_empty() {
        return Ok(Plan { suite, closing: Closing::Secret(secret()?) });
    }
    let holders: Vec<String> = holders.into_iter().map(|name| name.trim().to_owned()).collect();
    let distinct: std::collections::HashSet<&String> = holders.iter().collect();
    if distinct.len() < holders.len() || holders.iter().any(String::is_empty) {
        bail!("each key holder needs a name of their own in --holders");
    }
    if !(2..=16).contains(&holders.len()) || !(2..=holders.len()).contains(&usize::from(needed)) {
        bail!(
            "{needed} of {} key holders can't open an office; take 2 to 16 holders, and at least 2 who open",
            holders.len()
        );
    }
    let Some(sheets) = sheets else {
        bail!("the share sheets need a place: give --sheets with an empty directory");
    };
    Ok(Plan { suite, closing: Closing::Shares { needed, holders, sheets } })
}

/// Sets up a new office and prints the first passwords, once.
pub fn run(data: &Path, plan: Plan) -> anyhow::Result<()> {
    let Plan { suite, closing } = plan;
    if let Closing::Secret(Secret::Passphrase(passphrase)) = &closing
        && passphrase.chars().count() < PASSPHRASE
    {
        bail!("the passphrase is shorter than {PASSPHRASE} characters; take a longer one, or a key file");
    }
    if let Closing::Shares { sheets, .. } = &closing {
        sheet::empty(sheets)?;
    }
    let names = names()?;
    let directory = DataDirectory::create(data)?;
    // Nothing is left behind that a second try would stumble over.
    let made = set_up(&directory, suite, &closing, &names).inspect_err(|_| directory.clear())?;
    println!(
        "\n金匮已在 {} 建立。以下初始口令只显示这一次，请当面分别交给三员，首次登录后各自修改：",
        data.display()
    );
    println!("The office is set up. First passwords, shown this once; hand each over in person:\n");
    for (account, name, password) in made {
        println!("  {account:<10} {password}   {name}");
    }
    match &closing {
        Closing::Shares { needed, holders, sheets } => {
            println!(
                "\n密钥已分成 {} 份，任意 {needed} 份可以启封。份额纸在 {}，请当场打印、逐份密封交给本人，然后删除该目录。",
                holders.len(),
                sheets.display()
            );
            println!(
                "The key is split into {} shares, any {needed} of which open. Print the sheets in {}, hand each over sealed, then delete that directory.",
                holders.len(),
                sheets.display()
            );
        }
        Closing::Secret(Secret::Shares(_)) => {}
        Closing::Secret(Secret::Passphrase(_)) => {
            println!("\n口令密钥文件在数据目录内；口令遗失则数据无法打开。");
            println!(
                "The key file lies in the data directory; without the passphrase nothing can be opened."
            );
        }
        Closing::Secret(Secret::KeyFile(path)) => {
            println!("\n密钥文件 {} 请存放在单独介质上并另存一份。", path.display());
            println!("Keep the key file on a medium of its own, and a second copy of it.");
        }
    }
    println!("\n下一步 / next: jingui serve --data {}", data.display());
    Ok(())
}

/// Asks who the administrators are, when somebody sits at the terminal; else they are called by their roles.
fn names() -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for (_, role, ..) in ADMINISTRATORS {
        let name = if std::io::stdin().is_terminal() {
            line(&format!("{role}由谁担任 / who is it [{role}]: "))?
        } else {
            String::new()
        };
        names.push(if name.is_empty() { role.to_owned() } else { name });
    }
    Ok(names)
}

/// A line from whoever sits at the terminal, without blanks around it.
fn line(prompt: &str) -> anyhow::Result<String> {
    eprint!("{prompt}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// Answers account, name and first password of each administrator.
fn set_up(
    directory: &DataDirectory,
    suite: Suite,
    closing: &Closing,
    names: &[String],
) -> anyhow::Result<Vec<(&'static str, String, String)>> {
    let mut rng = ChaCha20Rng::from_os_rng();
    let keys = Keyring::generate(suite, &mut rng);
    certificate(directory)?;
    let office = Office::open(Store::create(&keys, directory.options())?, crate::rules::pack()?)?;
    let mut appointed = Vec::new();
    for ((number, _, role, account), name) in ADMINISTRATORS.into_iter().zip(names) {
        let password = first_password(&mut rng);
        appoint(&office, number, name, role, account, &password)?;
        appointed.push((account, name.clone(), password));
    }
    // The key comes last: one that opens nothing would only be in the way.
    let lock = match closing {
        Closing::Secret(Secret::Passphrase(passphrase)) => {
            Lock::Passphrase { passphrase, cost: PassphraseCost::default() }
        }
        Closing::Secret(_) => Lock::Plain,
        Closing::Shares { needed, holders, .. } => Lock::Shares { needed: *needed, holders },
    };
    let (unsealed, shares) = Unsealed::new(office.store().log_id(), keys, &lock, &mut rng)?;
    let text = unsealed.seal().to_text();
    let again = match closing {
        Closing::Secret(Secret::KeyFile(path)) => {
            write_private(path, &text)?;
            Secret::KeyFile(path.clone())
        }
        Closing::Secret(Secret::Passphrase(passphrase)) => {
            directory.write_private(KEY, &text)?;
            Secret::Passphrase(passphrase.clone())
        }
        Closing::Secret(Secret::Shares(_)) => bail!("shares belong to an office that is set up already"),
        Closing::Shares { needed, holders, sheets } => {
            directory.write_private(KEY, &text)?;
            for (share, holder) in shares.iter().zip(holders) {
                sheet::write(sheets, share, holder, *needed, holders.len())?;
            }
            Secret::Shares(shares.iter().rev().take(usize::from(*needed)).map(Share::code).collect())
        }
    };
    // What was written is read back: a key file that doesn't open the office is found now, not after the first day's work.
    drop(office);
    Store::open(directory.unlock(&again)?.keyring(), directory.options())
        .context("the key file that was written doesn't open the office; begin again on another medium")?;
    Ok(appointed)
}

/// Enters one administrator through the pipeline, as the founder of an empty office.
pub fn appoint(
    office: &Office,
    number: &str,
    name: &str,
    role: &str,
    account: &str,
    password: &str,
) -> anyhow::Result<Id> {
    let person =
        act(office, &Caller::Founder, "person.add", &json!({ "staff_number": number, "name": name }))?;
    let id: Id = serde_json::from_value(person.get("id").cloned().unwrap_or_default())?;
    let rights = json!({ "person": id, "department": null, "roles": [role], "class": null, "clearance": 0 });
    act(office, &Caller::Founder, "person.set_rights", &rights)?;
    let open = json!({ "person": id, "account": account, "password": password });
    act(office, &Caller::Founder, "account.open", &open)?;
    Ok(id)
}

/// Does an action that must succeed.
pub fn act(office: &Office, caller: &Caller, action: &str, input: &Value) -> anyhow::Result<Value> {
    let request = Request {
        caller: caller.clone(),
        action: action.to_owned(),
        input: serde_json::value::to_raw_value(input)?,
        seen: None,
    };
    let performed = office.perform(request).with_context(|| format!("{action} could not be performed"))?;
    performed
        .result
        .map_err(|refusal| anyhow::anyhow!("{action} was refused: {} {:?}", refusal.code, refusal.facts))
}

/// Fifteen random letters and digits in groups, easy to read out.
fn first_password(rng: &mut ChaCha20Rng) -> String {
    let mut bytes = [0; 10];
    rng.fill_bytes(&mut bytes);
    let text = BASE32_NOPAD.encode(&bytes).to_lowercase();
    let groups: Vec<&str> =
        [text.get(0..5), text.get(5..10), text.get(10..15)].into_iter().flatten().collect();
    format!("{}-7", groups.join("-"))
}

/// A certificate of the office's own for serving off loopback; replace the two files by the office CA's.
pub fn certificate(directory: &DataDirectory) -> anyhow::Result<()> {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim().to_owned();
    let mut names = vec!["localhost".to_owned(), "jingui".to_owned()];
    names.extend((!name.is_empty()).then_some(name));
    let made = rcgen::generate_simple_self_signed(names)?;
    directory.write_private("tls-certificate.pem", &made.cert.pem())?;
    directory.write_private("tls-key.pem", &made.signing_key.serialize_pem())
}
