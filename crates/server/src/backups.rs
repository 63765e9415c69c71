//! How backups and drills stand, and the commands that take them: for the system administrator, who runs them on the machine,
//! and for those who see to it that it is done (clause 3.3.1.4). Takes no backup itself.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use jingui_office::keys::upkeep::{self, Upkeep};
use jingui_regulation::Role;
use jingui_store::StoreError;
use schemars::JsonSchema;
use serde::Serialize;

use crate::edge::Shared;
use crate::language::Language;
use crate::problem::Problem;
use crate::session::Signed;

/// Stands in a command where its place belongs.
pub const PLACE: &str = "{place}";
/// Who sees them.
const SEE: [Role; 3] = [Role::SystemAdministrator, Role::OfficeHead, Role::SecurityAuditor];

/// What the binary tells of backups: only it knows its own command line.
#[derive(Debug, Clone, Default)]
pub struct Commands {
    /// Where backups go by themselves while the office is served.
    pub automatic: Option<String>,
    /// The command that takes a backup while the office is stopped, with [`PLACE`] in it.
    pub backup: String,
    /// The command that drills the restoration, with [`PLACE`] in it.
    pub drill: String,
}

/// How backups and drills stand.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Backups {
    #[serde(flatten)]
    upkeep: Upkeep,
    /// Where backups go by themselves; nothing when nobody said.
    automatic: Option<String>,
    /// The command that takes a backup while the office is stopped, and the one that drills the restoration; nothing for
    /// those who don't run them.
    commands: Option<Run>,
}

/// Commands for the machine on which the office is served.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "BackupCommands")]
struct Run {
    backup: String,
    drill: String,
}

/// `GET /api/backups`.
pub(crate) async fn show(
    State(edge): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
) -> Result<Json<Backups>, Problem> {
    let language = Language::of(&headers);
    let office = &edge.office;
    let (store, rules) = (office.store(), office.rules());
    let read = store.read(|conn| -> Result<_, StoreError> {
        let asker = office.asker(conn, &signed.person)?;
        let Some(asker) = asker.filter(|asker| SEE.iter().any(|role| asker.is(*role))) else {
            return Ok(None);
        };
        Ok(Some((asker.is(Role::SystemAdministrator), upkeep::upkeep(conn, &rules, store.now())?)))
    });
    let (runs, upkeep) =
        read.map_err(|error| Problem::store(&error, language))?.ok_or_else(|| Problem::absent(language))?;
    let Commands { automatic, backup, drill } = &edge.commands;
    let newest = upkeep.places.first().map(|kept| quoted(&kept.place));
    let place = newest.unwrap_or_else(|| language.pick("备份位置", "PLACE").to_owned());
    let run = Run { backup: backup.replace(PLACE, &place), drill: drill.replace(PLACE, &place) };
    Ok(Json(Backups { upkeep, automatic: automatic.clone(), commands: runs.then_some(run) }))
}

/// A word of a command as a shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "/._-:+@%=".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_where_a_shell_would_cut_or_read_them() {
        for (word, wanted) in [
            ("/备份/一", "/备份/一"),
            ("s3://bucket/a", "s3://bucket/a"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(x)", "'$(x)'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(quoted(word), wanted);
        }
    }
}
