//! Departments of the office's own organisation.

use jingui_regulation::Role;
use jingui_store::{Column, Id, Kind, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Person;
use crate::action::{About, Action, Stop};
use crate::field::Line;
use crate::refusal::Refusal;
use crate::work::Work;

/// A department with the head who answers for it (clause 1.3.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Department {
    /// Id.
    pub id: Id,
    /// Name, unique.
    pub name: String,
    /// The person who answers for it; none until one is named.
    pub head: Option<Id>,
}

impl Record for Department {
    const KIND: Kind = Kind {
        name: "department",
        columns: &[Column::new("name", "$.name"), Column::new("head", "$.head")],
        indexes: &["unique:name", "head"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// Adds a department.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDepartment {
    /// Name.
    pub name: Line,
}

impl Action for AddDepartment {
    const NAME: &'static str = "department.add";
    const TITLE: (&'static str, &'static str) = ("增设部门", "Add a department");
    const CLAUSES: &'static [&'static str] = &["1.3.3"];
    type Outcome = Department;

    fn about(&self, _: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Department, Stop> {
        if work.exists::<Department>(&[("name", self.name.as_str().into())])? {
            return Err(Refusal::new("name_taken", &["1.3.3"]).fact("name", self.name.as_str()).into());
        }
        let department = Department { id: work.new_id(), name: self.name.into(), head: None };
        work.put(&department)?;
        Ok(department)
    }
}

/// Names the head of a department, who must hold that role and belong to it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NameHead {
    /// The department.
    pub department: Id,
    /// Its new head.
    pub head: Id,
}

impl Action for NameHead {
    const NAME: &'static str = "department.name_head";
    const TITLE: (&'static str, &'static str) = ("指定部门负责人", "Name the head of a department");
    const CLAUSES: &'static [&'static str] = &["1.3.3"];
    type Outcome = Department;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let department = work.need::<Department>(&self.department)?;
        Ok(About::record("department", self.department.as_str(), department.version))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Department, Stop> {
        let mut department = work.need::<Department>(&self.department)?.record;
        let head = Person::stays(work, &self.head)?;
        let fits = head.roles.contains(&Role::DepartmentHead) || head.roles.contains(&Role::OfficeHead);
        if !fits || head.department.as_ref() != Some(&department.id) {
            return Err(Refusal::new("department.head_unfit", &["1.3.3"])
                .fact("person", head.name.as_str())
                .cured_by(Role::SecurityAdministrator)
                .into());
        }
        department.head = Some(self.head);
        work.put(&department)?;
        Ok(department)
    }
}
