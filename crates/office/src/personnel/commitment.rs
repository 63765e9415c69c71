//! Secrecy commitments (clause 3.5.1): the text by version, and who has signed which.
//!
//! The first text ships with the product. A newer one is put into force by the office head, with the day by which
//! everybody signs again; what was signed before counts until then and no longer. A text never changes: a better one is a
//! new version.

use jingui_access::Asker;
use jingui_regulation::{Date, Moment, Param, Role};
use jingui_store::{Column, Id, Kind, Outcome, Record, StoreError};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Person;
use crate::action::{About, Action, Stop};
use crate::field::Paragraph;
use crate::perform::Office;
use crate::refusal::Refusal;
use crate::work::Work;

/// A signed secrecy commitment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commitment {
    /// Version of the text that was signed.
    pub version: u32,
    /// Day of signing.
    pub signed_on: Date,
    /// Last day on which it counts, since a newer text was put into force; none while its text is the present one.
    pub until: Option<Date>,
}

impl Commitment {
    /// Whether it counts on that day.
    pub fn counts(&self, on: Date) -> bool {
        self.until.is_none_or(|until| on <= until)
    }
}

/// The text of version 1.
const FIRST: &str = include_str!("../../../../regulation/commitment.txt");

/// A text that was put into force after the first, kept under its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitmentText {
    /// The version as text: the key.
    pub name: String,
    /// Version, from 2.
    pub version: u32,
    /// What is undertaken.
    pub text: String,
    /// The office head who put it into force.
    pub issued_by: Id,
    /// When.
    pub issued_at: Moment,
    /// Last day on which an older commitment counts.
    pub sign_by: Date,
}

impl Record for CommitmentText {
    const KIND: Kind = Kind {
        name: "commitment_text",
        columns: &[Column::new("text_version", "$.version")],
        indexes: &["unique:text_version"],
        side: None,
    };

    fn key(&self) -> &str {
        &self.name
    }
}

/// The version in force.
fn current(work: &Work<'_, '_>) -> Result<u32, Stop> {
    let texts = work.find::<CommitmentText>(&[])?;
    Ok(texts.iter().map(|text| text.record.version).fold(1, u32::max))
}

/// Puts a new text into force. Everybody who signed an older one is asked to sign again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// What is undertaken.
    pub text: Paragraph,
    /// Last day on which an older commitment counts: from today, within the days that a parameter allows.
    pub sign_by: Date,
}

/// What came of a new text.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Issued {
    /// The text.
    pub text: CommitmentText,
    /// How many people are asked to sign again.
    pub asked: u32,
}

impl Action for Issue {
    const NAME: &'static str = "commitment.issue";
    const TITLE: (&'static str, &'static str) = ("启用新版保密承诺", "Put a new commitment text into force");
    const CLAUSES: &'static [&'static str] = &["3.5.1"];
    type Outcome = Issued;

    fn about(&self, _: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Issued, Stop> {
        let today = work.today();
        let latest = today.plus_days(i32::from(work.rules.count(Param::CommitmentDays)));
        if self.sign_by < today || self.sign_by > latest {
            return Err(Refusal::field("sign_by", "commitment.sign_by")
                .fact("found", self.sign_by.to_string())
                .fact("earliest", today.to_string())
                .fact("latest", latest.to_string())
                .into());
        }
        let version = current(work)? + 1;
        let text = CommitmentText {
            name: version.to_string(),
            version,
            text: self.text.into(),
            issued_by: work.person()?.clone(),
            issued_at: work.now(),
            sign_by: self.sign_by,
        };
        work.put(&text)?;
        // The day stands with each commitment, so that who may know what is told from the person alone.
        let mut asked = 0;
        for mut person in work.find::<Person>(&[])?.into_iter().filter(|person| person.is_active()) {
            let Some(commitment) = &mut person.record.commitment else { continue };
            asked += 1;
            if commitment.until.is_none_or(|until| until > self.sign_by) {
                commitment.until = Some(self.sign_by);
                work.put(&person.record)?;
            }
        }
        Ok(Issued { text, asked })
    }
}

/// Signs the secrecy commitment, each for oneself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignCommitment {
    /// Version of the text that is signed: the one in force.
    #[schemars(range(min = 1))]
    pub version: u32,
}

impl Action for SignCommitment {
    const NAME: &'static str = "person.sign_commitment";
    const TITLE: (&'static str, &'static str) = ("签署保密承诺", "Sign the secrecy commitment");
    const CLAUSES: &'static [&'static str] = &["3.5.1"];
    type Outcome = Person;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Person::about(work, &work.person()?.clone())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Person, Stop> {
        let id = work.person()?.clone();
        let mut person = work.need::<Person>(&id)?.record;
        let version = current(work)?;
        if self.version != version {
            return Err(Refusal::new("commitment.not_in_force", &["3.5.1"])
                .fact("found", self.version)
                .fact("version", version)
                .into());
        }
        person.commitment = Some(Commitment { version, signed_on: work.today(), until: None });
        work.put(&person)?;
        Ok(person)
    }
}

/// A text as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextRow {
    /// Version.
    pub version: u32,
    /// What is undertaken.
    pub text: String,
    /// Who put it into force; nobody for the first.
    pub issued_by: Option<Id>,
    /// Since when it is in force; unknown for the first.
    pub issued_at: Option<Moment>,
    /// Last day on which an older commitment counted.
    pub sign_by: Option<Date>,
    /// Whether this is the text in force.
    pub current: bool,
    /// How many of the office have signed this one last; for the security administrator and the office head.
    pub signed: Option<u64>,
}

/// All texts, newest first: everybody in the office may read what is undertaken.
pub fn texts(conn: &Connection, asker: &Asker) -> Result<Vec<TextRow>, StoreError> {
    if asker.roles.is_empty() {
        return Ok(Vec::new());
    }
    let counted = asker.is(Role::SecurityAdministrator) || asker.is(Role::OfficeHead);
    let mut statement = conn.prepare_cached("SELECT body FROM commitment_text ORDER BY text_version DESC")?;
    let bodies = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut all = Vec::new();
    for body in bodies {
        let text: CommitmentText = serde_json::from_str(&body?)?;
        all.push(TextRow {
            version: text.version,
            text: text.text,
            issued_by: Some(text.issued_by),
            issued_at: Some(text.issued_at),
            sign_by: Some(text.sign_by),
            current: all.is_empty(),
            signed: None,
        });
    }
    all.push(TextRow {
        version: 1,
        text: FIRST.trim_end().to_owned(),
        issued_by: None,
        issued_at: None,
        sign_by: None,
        current: all.is_empty(),
        signed: None,
    });
    for row in all.iter_mut().filter(|_| counted) {
        let sql =
            "SELECT count(*) FROM person WHERE state <> 'left' AND body ->> '$.commitment.version' = ?1";
        row.signed = Some(conn.prepare_cached(sql)?.query_row([row.version], |found| found.get(0))?);
    }
    Ok(all)
}

/// A commitment as it was signed, with the entry that proves it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Signature {
    /// Version of the text.
    pub version: u32,
    /// When.
    pub at: Moment,
    /// Number of the entry in the journal.
    pub entry: u64,
    /// From which terminal.
    pub terminal: String,
    /// Whether it is the one that counts, and until when if it will not for long.
    pub standing: Option<Commitment>,
}

/// What that person has signed, latest first. Whether the asker may see the person is asked before.
pub fn signed(office: &Office, conn: &Connection, person: &Id) -> Result<Vec<Signature>, StoreError> {
    let mut all: Vec<Signature> = Vec::new();
    let mut last = None;
    for (_, entry) in office.store().history(conn, Person::KIND.name, person.as_str())? {
        let Some(put) = entry.puts.iter().find(|put| put.key == person.as_str()) else { continue };
        last = serde_json::from_str::<Person>(put.body.get())?.commitment;
        if entry.action == SignCommitment::NAME
            && entry.outcome == Outcome::Done
            && let Some(commitment) = &last
        {
            let version = commitment.version;
            all.push(Signature {
                version,
                at: entry.at,
                entry: entry.seq,
                terminal: entry.terminal,
                standing: None,
            });
        }
    }
    if let Some(latest) = all.last_mut() {
        latest.standing = last;
    }
    all.reverse();
    Ok(all)
}
