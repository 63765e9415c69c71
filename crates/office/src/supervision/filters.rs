//! Filters that people save for the register pages, each for oneself.

use jingui_store::{Column, Id, Kind, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{About, Action, Stop};
use crate::field::Line;
use crate::refusal::Refusal;
use crate::work::Work;

/// A saved filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SavedFilter {
    /// Id.
    pub id: Id,
    /// Whose it is.
    pub person: Id,
    /// The page it belongs to.
    pub page: String,
    /// Its name.
    pub name: String,
    /// The query string it stands for.
    pub query: String,
    /// Removed filters stay in the journal only.
    pub removed: bool,
}

impl Record for SavedFilter {
    const KIND: Kind = Kind {
        name: "saved_filter",
        columns: &[
            Column::new("person", "$.person"),
            Column::new("page", "$.page"),
            Column::new("name", "$.name"),
            Column::new("removed", "$.removed"),
        ],
        indexes: &["person, page"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// Saves a filter under a name; the same name on the same page replaces it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveFilter {
    /// The page.
    pub page: Line,
    /// Its name.
    pub name: Line,
    /// The query string.
    #[schemars(length(max = 2000))]
    pub query: String,
}

/// More filters on a page than this are no help.
const MOST: usize = 30;

impl Action for SaveFilter {
    const NAME: &'static str = "filter.save";
    const TITLE: (&'static str, &'static str) = ("保存筛选", "Save a filter");
    const CLAUSES: &'static [&'static str] = &["1.3.3"];
    type Outcome = SavedFilter;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let mut about = About::office();
        about.thing.owner = work.person()?.to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<SavedFilter, Stop> {
        if self.query.len() > 2_000 || self.query.chars().any(char::is_control) {
            return Err(Refusal::field("query", "field.query").into());
        }
        let person = work.person()?.clone();
        let own = work.find::<SavedFilter>(&[
            ("person", (&person).into()),
            ("page", self.page.as_str().into()),
            ("removed", 0.into()),
        ])?;
        let same =
            own.iter().find(|filter| filter.name == self.name.as_str()).map(|filter| filter.record.clone());
        if same.is_none() && own.len() >= MOST {
            return Err(Refusal::new("filter.too_many", &["1.3.3"]).fact("most", MOST).into());
        }
        let filter = match same {
            Some(filter) => SavedFilter { query: self.query, ..filter },
            None => SavedFilter {
                id: work.new_id(),
                person,
                page: self.page.into(),
                name: self.name.into(),
                query: self.query,
                removed: false,
            },
        };
        work.put(&filter)?;
        Ok(filter)
    }
}

/// Removes one's own filter.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveFilter {
    /// The filter.
    pub filter: Id,
}

impl Action for RemoveFilter {
    const NAME: &'static str = "filter.remove";
    const TITLE: (&'static str, &'static str) = ("删除筛选", "Remove a filter");
    const CLAUSES: &'static [&'static str] = &["1.3.3"];
    type Outcome = SavedFilter;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let filter = work.need::<SavedFilter>(&self.filter)?;
        // Another's filter isn't there for this asker.
        if &filter.person != work.person()? || filter.removed {
            return Err(Refusal::absent().into());
        }
        let mut about = About::record("saved_filter", self.filter.as_str(), filter.version);
        about.thing.owner = filter.person.to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<SavedFilter, Stop> {
        let mut filter = work.need::<SavedFilter>(&self.filter)?.record;
        filter.removed = true;
        work.put(&filter)?;
        Ok(filter)
    }
}

/// A person's own filters, by page and name.
pub fn own(
    conn: &rusqlite::Connection,
    asker: &jingui_access::Asker,
) -> Result<Vec<crate::items::views::Shown<SavedFilter>>, jingui_store::StoreError> {
    crate::items::views::shown(
        conn,
        "SELECT version, body FROM saved_filter WHERE person = ?1 AND removed = 0 ORDER BY page, name",
        [rusqlite::types::Value::Text(asker.id.clone())],
    )
}
