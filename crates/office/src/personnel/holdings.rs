//! What a person holds, answers for or still owes (clauses 1.3.3, 3.5.4): worked out from live state, in one place for the
//! list that is shown and for the completion of leaving that asks whether it is empty.
//!
//! Must never hand anything over: each thing goes by its own transition.

use jingui_access::Asker;
use jingui_regulation::{Level, Role};
use jingui_store::{Id, Record, StoreError, Unit};
use rusqlite::{Connection, params_from_iter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::views::sees;
use super::{Department, Person};
use crate::accountability::incident::{Incident, IncidentState};
use crate::files::Print;
use crate::items::views::may_know;
use crate::items::{Copy, Custody, Item, Purpose};
use crate::loans::reading::SessionState;
use crate::loans::{Loan, LoanState, ReadingSession};
use crate::premises::{Cabinet, Room};
use crate::receipts::Receipt;

/// In which way somebody has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A copy lent out: to be brought back to the registry.
    BorrowedCopy,
    /// A copy in keeping: to be handed to another custodian.
    KeptCopy,
    /// A copy that is missing while its incident is open.
    MissingCopy,
    /// A copy offered to this person: to be declined.
    OfferedCopy,
    /// A loan applied for or approved: to be withdrawn.
    OpenLoan,
    /// A reading on site that hasn't ended.
    ReadingSession,
    /// A print applied for or approved: to be made or rejected.
    OpenPrint,
    /// An envelope signed for and not registered whole.
    OpenReceipt,
    /// A cabinet: another custodian is to be named.
    Cabinet,
    /// A room: somebody else is to answer for it.
    Room,
    /// A department: another head is to be named.
    Department,
    /// Items of one level this person answers for: to be entrusted to somebody else.
    Items,
    /// A role that nobody else of the office holds: to be given to somebody else first.
    SoleRole,
}

/// Something a person holds, answers for or owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Holding {
    /// In which way.
    pub way: Way,
    /// Record it is about, and the role for a role; nothing where the reader may not know of the item.
    pub id: Option<String>,
    /// Item concerned, as far as the reader may know of it.
    pub item: Option<Id>,
    /// Number or name people know it by.
    pub number: Option<String>,
    /// Level, as far as the reader may know of the item.
    pub level: Option<u8>,
    /// How many: items are counted by level, all else stands alone.
    pub count: u64,
}

/// Registers as they are read: inside a unit of work, or on a reader's connection.
pub(super) trait Registers {
    /// Records whose columns have these values.
    fn having<R: Record>(&self, conditions: &[(&'static str, &str)]) -> Result<Vec<R>, StoreError>;

    /// How many items of that level the person answers for: a registrar may answer for tens of thousands.
    fn answered_for(&self, person: &str, level: Level) -> Result<u64, StoreError>;

    /// The record of that key.
    fn one<R: Record>(&self, key: &Id) -> Result<Option<R>, StoreError>;
}

impl Registers for Unit<'_> {
    fn having<R: Record>(&self, conditions: &[(&'static str, &str)]) -> Result<Vec<R>, StoreError> {
        let conditions: Vec<_> =
            conditions.iter().map(|(column, value)| (*column, (*value).into())).collect();
        Ok(self.find::<R>(&conditions)?.into_iter().map(|stored| stored.record).collect())
    }

    fn answered_for(&self, person: &str, level: Level) -> Result<u64, StoreError> {
        self.count::<Item>(&[("responsible", person.into()), ("level", i64::from(level.number()).into())])
    }

    fn one<R: Record>(&self, key: &Id) -> Result<Option<R>, StoreError> {
        Ok(self.get::<R>(key.as_str())?.map(|stored| stored.record))
    }
}

impl Registers for Connection {
    fn having<R: Record>(&self, conditions: &[(&'static str, &str)]) -> Result<Vec<R>, StoreError> {
        let columns: Vec<String> = conditions.iter().map(|(column, _)| format!("{column} = ?")).collect();
        let sql = format!("SELECT body FROM {} WHERE {} ORDER BY key", R::KIND.name, columns.join(" AND "));
        let mut statement = self.prepare_cached(&sql)?;
        let values = conditions.iter().map(|(_, value)| *value);
        let rows = statement.query_map(params_from_iter(values), |row| row.get::<_, String>(0))?;
        rows.map(|body| Ok(serde_json::from_str(&body?)?)).collect()
    }

    fn answered_for(&self, person: &str, level: Level) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM item WHERE responsible = ?1 AND level = ?2";
        Ok(self.prepare_cached(sql)?.query_row((person, level.number()), |row| row.get(0))?)
    }

    fn one<R: Record>(&self, key: &Id) -> Result<Option<R>, StoreError> {
        Ok(self.having::<R>(&[("key", key.as_str())])?.pop())
    }
}

fn holding(way: Way, id: &Id, number: &str) -> Holding {
    Holding {
        way,
        id: Some(id.to_string()),
        item: None,
        number: Some(number.to_owned()),
        level: None,
        count: 1,
    }
}

fn of_item(way: Way, id: &Id, item: &Id, number: &str, level: Level) -> Holding {
    Holding { item: Some(item.clone()), level: Some(level.number()), ..holding(way, id, number) }
}

/// Everything, whoever asks.
pub(super) fn holdings(registers: &impl Registers, person: &Person) -> Result<Vec<Holding>, StoreError> {
    let id = person.id.as_str();
    let mut all = Vec::new();
    for copy in registers.having::<Copy>(&[("holder", id)])? {
        let way = match &copy.custody {
            Custody::Lent { .. } | Custody::Offered { purpose: Purpose::Return { .. }, .. } => {
                Way::BorrowedCopy
            }
            Custody::Missing { incident, .. } => {
                let incident = registers.one::<Incident>(incident)?;
                if incident.is_none_or(|incident| incident.state != IncidentState::Open) {
                    continue;
                }
                Way::MissingCopy
            }
            Custody::Void { .. } => continue,
            _ => Way::KeptCopy,
        };
        all.push(of_item(way, &copy.id, &copy.item, &copy.label, copy.level));
    }
    for copy in registers.having::<Copy>(&[("receiver", id)])? {
        all.push(of_item(Way::OfferedCopy, &copy.id, &copy.item, &copy.label, copy.level));
    }
    for loan in registers.having::<Loan>(&[("applicant", id)])? {
        if matches!(
            loan.state,
            LoanState::Applied | LoanState::Approved { .. } | LoanState::HandingOver { .. }
        ) {
            all.push(of_item(Way::OpenLoan, &loan.id, &loan.item, &loan.number, loan.level));
        }
    }
    for session in registers.having::<ReadingSession>(&[("state", "open")])? {
        if matches!(session.state, SessionState::Open { .. })
            && [&session.reader, &session.opened_by, &session.second].contains(&&person.id)
        {
            let Some(copy) = registers.one::<Copy>(&session.copy)? else { continue };
            all.push(of_item(Way::ReadingSession, &session.id, &session.item, &copy.label, copy.level));
        }
    }
    for state in ["applied", "approved"] {
        for print in registers.having::<Print>(&[("applicant", id), ("state", state)])? {
            let Some(item) = registers.one::<Item>(&print.item)? else { continue };
            let (number, level) = (&item.register_number, item.marking.level());
            all.push(of_item(Way::OpenPrint, &print.id, &print.item, number, level));
        }
    }
    for receipt in registers.having::<Receipt>(&[("received_by", id)])?.iter().filter(|one| one.open) {
        all.push(holding(Way::OpenReceipt, &receipt.id, &receipt.number));
    }
    for cabinet in registers.having::<Cabinet>(&[("custodian", id)])? {
        all.push(holding(Way::Cabinet, &cabinet.id, &cabinet.name));
    }
    for room in registers.having::<Room>(&[("responsible", id)])? {
        all.push(holding(Way::Room, &room.id, &room.name));
    }
    for department in registers.having::<Department>(&[("head", id)])? {
        all.push(holding(Way::Department, &department.id, &department.name));
    }
    for level in Level::ALL {
        let count = registers.answered_for(id, level)?;
        if count > 0 {
            all.push(Holding {
                way: Way::Items,
                id: Some(level.number().to_string()),
                item: None,
                number: None,
                level: Some(level.number()),
                count,
            });
        }
    }
    all.extend(sole_roles(registers, person)?);
    Ok(all)
}

/// Roles without whose holder the office stands still.
const NEEDED: [Role; 5] = [
    Role::OfficeHead,
    Role::Registrar,
    Role::SystemAdministrator,
    Role::SecurityAdministrator,
    Role::SecurityAuditor,
];

fn sole_roles(registers: &impl Registers, person: &Person) -> Result<Vec<Holding>, StoreError> {
    let held: Vec<Role> = NEEDED.into_iter().filter(|role| person.roles.contains(role)).collect();
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let staying = registers.having::<Person>(&[("state", "active")])?;
    let others = |role: &Role| staying.iter().any(|one| one.id != person.id && one.roles.contains(role));
    Ok(held
        .into_iter()
        .filter(|role| !others(role))
        .map(|role| Holding {
            way: Way::SoleRole,
            id: Some(role.name().to_owned()),
            item: None,
            number: None,
            level: None,
            count: 1,
        })
        .collect())
}

/// The list as the asker may see it; nothing when the person isn't one whose rights the asker may see. What concerns an
/// item the asker may not know of stays in the list, without anything that names it.
pub fn list(conn: &Connection, asker: &Asker, person: &Id) -> Result<Option<Vec<Holding>>, StoreError> {
    if !sees(conn, asker, person)? {
        return Ok(None);
    }
    let Some(person) = conn.one::<Person>(person)? else { return Ok(None) };
    let mut all = holdings(conn, &person)?;
    for one in &mut all {
        if let Some(item) = &one.item
            && !may_know(conn, asker, item)?
        {
            *one = Holding { id: None, item: None, number: None, level: None, ..one.clone() };
        }
    }
    all.sort_by(|one, other| (one.way, &one.number).cmp(&(other.way, &other.number)));
    Ok(Some(all))
}
