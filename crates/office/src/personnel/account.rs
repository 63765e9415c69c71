//! Accounts: how a person signs in. Password hashes are Argon2id and never leave this folder but for the store.

use jingui_crypto::password;
use jingui_regulation::Param;
use jingui_store::{Column, Id, Kind, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Person;
use crate::action::{About, Action, Stop};
use crate::field::Line;
use crate::refusal::Refusal;
use crate::work::Work;

/// An account. Kept under its folded name, so that two names that look alike can't both exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Folded account name: the key.
    pub name: String,
    /// Whose account it is.
    pub person: Id,
    /// Argon2id hash in PHC form.
    pub password: String,
    /// Whether it may be used.
    pub open: bool,
}

impl Record for Account {
    const KIND: Kind = Kind {
        name: "account",
        columns: &[Column::new("person", "$.person")],
        indexes: &["unique:person"],
        side: None,
    };

    fn key(&self) -> &str {
        &self.name
    }
}

/// The one form of an account name: half-width, lower case, no blanks.
pub fn account_name(typed: &str) -> String {
    jingui_regulation::fold::search(typed)
}

/// A password as typed: never stored, never shown.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Password(#[schemars(length(min = 1, max = 256))] String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

impl Password {
    /// Checks the password's form for that account and hashes it with Argon2id.
    fn hash(&self, account: &str, work: &mut Work<'_, '_>) -> Result<String, Stop> {
        let least = usize::from(work.rules.count(Param::PasswordLength));
        if self.0.chars().count() > 256 || password::check_strength(&self.0, account, least).is_err() {
            return Err(Refusal::field("password", "field.password").fact("least", least).into());
        }
        password::hash(&self.0, work.random()).map_err(|_| Stop::Failed(jingui_store::StoreError::BrokeOff))
    }
}

/// What is shown of an account.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AccountOpened {
    /// Account name.
    pub account: String,
    /// Whose it is.
    pub person: Id,
}

/// Opens an account for a person.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenAccount {
    /// The person.
    pub person: Id,
    /// Account name.
    pub account: Line,
    /// First password.
    pub password: Password,
}

impl Action for OpenAccount {
    const NAME: &'static str = "account.open";
    const TITLE: (&'static str, &'static str) = ("开立账户", "Open an account");
    const CLAUSES: &'static [&'static str] = &["3.3.2.1"];
    type Outcome = AccountOpened;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let person = work.need::<Person>(&self.person)?;
        let mut about = About::record("person", self.person.as_str(), person.version);
        about.thing.owner = self.person.to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<AccountOpened, Stop> {
        let name = account_name(self.account.as_str());
        let taken = work.get::<Account>(&name)?.is_some()
            || work.exists::<Account>(&[("person", (&self.person).into())])?;
        if taken || name.is_empty() {
            return Err(Refusal::new("account.taken", &["3.3.2.1"]).fact("account", name).into());
        }
        let password = self.password.hash(&name, work)?;
        work.put(&Account { name: name.clone(), person: self.person.clone(), password, open: true })?;
        Ok(AccountOpened { account: name, person: self.person })
    }
}

/// Gives an account a new first password, and opens it again if it was closed: for who forgot the password or came back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetAccount {
    /// Whose account.
    pub person: Id,
    /// The new first password, handed over in person.
    pub password: Password,
}

impl Action for ResetAccount {
    const NAME: &'static str = "account.reset";
    const TITLE: (&'static str, &'static str) = ("重设账户口令", "Give an account a new password");
    const CLAUSES: &'static [&'static str] = &["3.3.2.1"];
    type Outcome = AccountOpened;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let person = work.need::<Person>(&self.person)?;
        let mut about = About::record("person", self.person.as_str(), person.version);
        about.thing.owner = self.person.to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<AccountOpened, Stop> {
        let mut account = account_of(work, &self.person)?;
        account.password = self.password.hash(&account.name, work)?;
        account.open = true;
        work.put(&account)?;
        Ok(AccountOpened { account: account.name, person: account.person })
    }
}

/// Closes an account at once.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseAccount {
    /// Whose account.
    pub person: Id,
}

impl Action for CloseAccount {
    const NAME: &'static str = "account.close";
    const TITLE: (&'static str, &'static str) = ("关闭账户", "Close an account");
    const CLAUSES: &'static [&'static str] = &["3.3.2.1", "3.5.4"];
    type Outcome = AccountOpened;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let person = work.need::<Person>(&self.person)?;
        let mut about = About::record("person", self.person.as_str(), person.version);
        about.thing.owner = self.person.to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<AccountOpened, Stop> {
        let mut account = account_of(work, &self.person)?;
        if !account.open {
            return Err(Refusal::new("account.closed", &["3.3.2.1"])
                .fact("account", account.name.as_str())
                .into());
        }
        account.open = false;
        work.put(&account)?;
        Ok(AccountOpened { account: account.name, person: account.person })
    }
}

/// Changes one's own password.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The password until now.
    pub current: Password,
    /// The new one.
    pub password: Password,
}

impl Action for ChangePassword {
    const NAME: &'static str = "account.change_password";
    const TITLE: (&'static str, &'static str) = ("修改本人口令", "Change one's password");
    const CLAUSES: &'static [&'static str] = &["3.3.1.1"];
    type Outcome = AccountOpened;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let mut about = About::office();
        about.thing.owner = work.person()?.to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<AccountOpened, Stop> {
        let person = work.person()?.clone();
        let mut account = account_of(work, &person)?;
        if !password::verify(&self.current.0, &account.password).unwrap_or(false) {
            return Err(Refusal::field("current", "field.current_password").into());
        }
        account.password = self.password.hash(&account.name, work)?;
        work.put(&account)?;
        Ok(AccountOpened { account: account.name, person })
    }
}

fn account_of(work: &Work<'_, '_>, person: &Id) -> Result<Account, Stop> {
    let mut found = work.find::<Account>(&[("person", person.into())])?;
    Ok(found.pop().ok_or_else(Refusal::absent)?.record)
}

/// Journals that somebody signed in; the password was checked before, by the edge.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {}

impl Action for SignIn {
    const NAME: &'static str = "session.sign_in";
    const TITLE: (&'static str, &'static str) = ("登录", "Sign in");
    const CLAUSES: &'static [&'static str] = &["3.3.2.1"];
    type Outcome = SignedIn;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let mut about = About::office();
        about.thing.owner = work.person()?.to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<SignedIn, Stop> {
        let person = work.person()?.clone();
        Ok(SignedIn { person })
    }
}

/// Journals that somebody signed out or was locked out for idleness.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOut {}

impl Action for SignOut {
    const NAME: &'static str = "session.sign_out";
    const TITLE: (&'static str, &'static str) = ("退出", "Sign out");
    const CLAUSES: &'static [&'static str] = &["3.3.2.1"];
    type Outcome = SignedIn;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let mut about = About::office();
        about.thing.owner = work.person()?.to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<SignedIn, Stop> {
        Ok(SignedIn { person: work.person()?.clone() })
    }
}

/// Who signed in or out.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SignedIn {
    /// The person.
    pub person: Id,
}
