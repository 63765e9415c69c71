//! Posts (岗位): what somebody is there to do, in which department, and whether it is a post that handles secrets. Who
//! takes such a post has been reviewed for its class before (clause 3.5.3).

use jingui_access::Asker;
use jingui_regulation::{PersonClass, Role};
use jingui_store::{Column, Id, Kind, Record, StoreError};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Department, Person};
use crate::action::{About, Action, Stop};
use crate::field::{Line, Paragraph};
use crate::items::views::raw;
use crate::refusal::Refusal;
use crate::work::Work;

/// A post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Post {
    /// Id.
    pub id: Id,
    /// Name, unique in its department.
    pub name: String,
    /// Department it belongs to; none for one of the office as a whole.
    pub department: Option<Id>,
    /// Class of those who hold it, where the post handles secrets.
    pub class: Option<PersonClass>,
    /// What its holder answers for.
    pub duties: Option<String>,
}

impl Record for Post {
    const KIND: Kind = Kind {
        name: "post",
        columns: &[Column::new("name", "$.name"), Column::new("department", "$.department")],
        indexes: &["name"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl Post {
    /// Refuses somebody who wasn't reviewed for the post's class, or whose review no longer counts.
    fn admit(&self, person: &Person, work: &Work<'_, '_>) -> Result<(), Refusal> {
        let Some(class) = self.class else { return Ok(()) };
        let reviewed = person.is_reviewed(work.today());
        if reviewed && person.review.as_ref().is_some_and(|review| review.is_for(class)) {
            return Ok(());
        }
        Err(Refusal::new("post.unreviewed", &["3.5.3"])
            .fact("person", person.name.as_str())
            .fact("post", self.name.as_str())
            .fact("class", serde_json::json!(class))
            .cured_by(Role::SecurityAdministrator))
    }
}

/// Refuses a name that another post of that department has.
fn free(work: &Work<'_, '_>, name: &str, department: Option<&Id>, own: Option<&Id>) -> Result<(), Stop> {
    let named = work.find::<Post>(&[("name", name.into())])?;
    if named.iter().any(|post| post.department.as_ref() == department && Some(&post.id) != own) {
        return Err(Refusal::new("name_taken", &["1.3.3"]).fact("name", name).into());
    }
    Ok(())
}

/// Adds a post.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPost {
    /// Name.
    pub name: Line,
    /// Department.
    #[serde(default)]
    pub department: Option<Id>,
    /// Class of those who hold it, where the post handles secrets.
    #[serde(default)]
    pub class: Option<PersonClass>,
    /// What its holder answers for.
    #[serde(default)]
    pub duties: Option<Paragraph>,
}

impl Action for AddPost {
    const NAME: &'static str = "post.add";
    const TITLE: (&'static str, &'static str) = ("设置岗位", "Add a post");
    const CLAUSES: &'static [&'static str] = &["1.3.3", "3.5.3"];
    type Outcome = Post;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        if let Some(department) = &self.department {
            work.need::<Department>(department)?;
        }
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Post, Stop> {
        free(work, self.name.as_str(), self.department.as_ref(), None)?;
        let post = Post {
            id: work.new_id(),
            name: self.name.into(),
            department: self.department,
            class: self.class,
            duties: self.duties.map(String::from),
        };
        work.put(&post)?;
        Ok(post)
    }
}

/// Changes name, class or duties of a post. Its holders have to be reviewed for the new class already.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevisePost {
    /// The post.
    pub post: Id,
    /// Name.
    pub name: Line,
    /// Class of those who hold it, where the post handles secrets.
    pub class: Option<PersonClass>,
    /// What its holder answers for.
    #[serde(default)]
    pub duties: Option<Paragraph>,
}

impl Action for RevisePost {
    const NAME: &'static str = "post.revise";
    const TITLE: (&'static str, &'static str) = ("调整岗位", "Change a post");
    const CLAUSES: &'static [&'static str] = &["1.3.3", "3.5.3"];
    type Outcome = Post;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let post = work.need::<Post>(&self.post)?;
        Ok(About::record("post", self.post.as_str(), post.version))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Post, Stop> {
        let before = work.need::<Post>(&self.post)?.record;
        free(work, self.name.as_str(), before.department.as_ref(), Some(&before.id))?;
        let post = Post {
            name: self.name.into(),
            class: self.class,
            duties: self.duties.map(String::from),
            ..before
        };
        if post.class != before.class {
            for holder in work.find::<Person>(&[("post", (&post.id).into())])? {
                post.admit(&holder, work)?;
            }
        }
        work.put(&post)?;
        Ok(post)
    }
}

/// Puts a person into a post, or takes the post away.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// The person.
    pub person: Id,
    /// The post; none takes the present one away.
    pub post: Option<Id>,
}

impl Action for Assign {
    const NAME: &'static str = "person.assign";
    const TITLE: (&'static str, &'static str) = ("安排岗位", "Put a person into a post");
    const CLAUSES: &'static [&'static str] = &["1.3.3", "3.5.3"];
    type Outcome = Person;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Person::about(work, &self.person)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Person, Stop> {
        let mut person = work.need::<Person>(&self.person)?.record;
        if let Some(post) = &self.post {
            let post = work.need::<Post>(post)?;
            Person::stays(work, &self.person)?;
            if post.department.is_some() && post.department != person.department {
                return Err(Refusal::new("post.other_department", &["1.3.3"])
                    .fact("person", person.name.as_str())
                    .fact("post", post.name.as_str())
                    .cured_by(Role::SecurityAdministrator)
                    .into());
            }
            post.admit(&person, work)?;
        }
        person.post = self.post;
        work.put(&person)?;
        Ok(person)
    }
}

/// A post, and how many hold it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PostRow {
    /// The post.
    #[schemars(with = "Post")]
    pub post: Box<RawValue>,
    /// Its version.
    pub version: u64,
    /// People who hold it now.
    pub holders: u64,
}

/// Posts by department and name: those who belong to the office find them.
pub fn posts(conn: &Connection, asker: &Asker) -> Result<Vec<PostRow>, StoreError> {
    if asker.roles.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare_cached(
        "SELECT post.version, post.body, (SELECT count(*) FROM person WHERE person.post = post.key AND person.state <> 'left')
         FROM post LEFT JOIN department ON department.key = post.department ORDER BY department.name, post.name",
    )?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(PostRow { version: row.get(0)?, post: raw(row, 1)?, holders: row.get(2)? });
    }
    Ok(all)
}
