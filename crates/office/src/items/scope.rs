//! The need-to-know scope (知悉范围) of an item.

use jingui_access::{EVERYONE, department_token, person_token};
use jingui_regulation::Level;
use jingui_store::Id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::Stop;
use crate::personnel::{Department, Person};
use crate::refusal::Refusal;
use crate::work::Work;

/// Who may come to know an item, besides those whose duty it is to keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scope {
    /// Everybody in the office whose clearance reaches the level; not for levels 3 and 4.
    Everyone,
    /// The named persons and the members of the named departments.
    Named {
        /// Persons.
        #[serde(default)]
        people: Vec<Id>,
        /// Departments.
        #[serde(default)]
        departments: Vec<Id>,
    },
}

/// More names than this are a department, not a scope.
const MOST: usize = 200;

impl Scope {
    /// The tokens by which the reading rule finds who is inside.
    pub fn tokens(&self) -> Vec<String> {
        match self {
            Self::Everyone => vec![EVERYONE.to_owned()],
            Self::Named { people, departments } => people
                .iter()
                .map(|id| person_token(id.as_str()))
                .chain(departments.iter().map(|id| department_token(id.as_str())))
                .collect(),
        }
    }

    /// Whether nobody is named.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Named { people, departments } if people.is_empty() && departments.is_empty())
    }

    /// The same without repeated names, or a refusal: from level 3 on the scope must name whom it means
    /// (clause 3.1.1.3), and every name must exist.
    pub fn checked(self, level: Level, work: &Work<'_, '_>) -> Result<Self, Stop> {
        if level >= Level::Secret && (self == Self::Everyone || self.is_empty()) {
            let clause = if level == Level::TopSecret { "3.1.1.2" } else { "3.1.1.3" };
            return Err(Refusal::new("item.scope_missing", &[clause]).fact("level", level.number()).into());
        }
        let Self::Named { mut people, mut departments } = self else { return Ok(Self::Everyone) };
        people.sort();
        people.dedup();
        departments.sort();
        departments.dedup();
        if people.len() + departments.len() > MOST {
            return Err(Refusal::field("scope", "field.scope_too_long").fact("most", MOST).into());
        }
        for id in &people {
            if work.get::<Person>(id.as_str())?.is_none() {
                return Err(Refusal::field("scope.people", "field.no_such_person")
                    .fact("found", id.as_str())
                    .into());
            }
        }
        for id in &departments {
            if work.get::<Department>(id.as_str())?.is_none() {
                return Err(Refusal::field("scope.departments", "field.no_such_department")
                    .fact("found", id.as_str())
                    .into());
            }
        }
        Ok(Self::Named { people, departments })
    }
}
