//! Rooms and cabinets: where secrets are kept and read (clauses 3.1.1.2, 3.1.1.3, 3.4.2).
//!
//! Must never move a copy: copies know their place, cabinets only what they are fit for.

use jingui_regulation::{Level, Role};
use jingui_store::{Column, Id, Kind, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::{About, Action, Stop};
use crate::field::Line;
use crate::items::Copy;
use crate::personnel::Person;
use crate::refusal::Refusal;
use crate::work::Work;

pub mod answer;
pub mod views;

/// A room of the office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Room {
    /// Id.
    pub id: Id,
    /// Name, unique.
    pub name: String,
    /// Whether it is a designated place for reading on site (clause 3.1.3.2).
    pub reading: bool,
    /// Highest level that may be kept or read there.
    pub level: Level,
    /// Who answers for it (clause 1.3.3).
    pub responsible: Id,
    /// Addresses of the terminals that stand there; top secret is shown at no other.
    #[serde(default)]
    pub terminals: Vec<String>,
}

impl Record for Room {
    const KIND: Kind = Kind {
        name: "room",
        columns: &[Column::new("name", "$.name"), Column::new("responsible", "$.responsible")],
        indexes: &["unique:name", "responsible"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// A cabinet: the one place where copies rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cabinet {
    /// Id.
    pub id: Id,
    /// Number or name on the door, unique.
    pub name: String,
    /// The room it stands in.
    pub room: Id,
    /// Highest level it is marked for.
    pub level: Level,
    /// The named person who holds what is inside (clauses 1.3.3, 3.1.1.2).
    pub custodian: Id,
    /// Number of slots; a copy lies in one of 1..=slots.
    pub slots: u16,
}

impl Record for Cabinet {
    const KIND: Kind = Kind {
        name: "cabinet",
        columns: &[
            Column::new("name", "$.name"),
            Column::new("room", "$.room"),
            Column::new("level", "$.level"),
            Column::new("custodian", "$.custodian"),
        ],
        indexes: &["unique:name", "custodian"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl Cabinet {
    /// Refuses a copy of `level`, or a slot that isn't there.
    pub fn accept(&self, level: Level, slot: u16) -> Result<(), Refusal> {
        if level > self.level {
            let clause = match level {
                Level::TopSecret => "3.1.1.2",
                Level::Secret => "3.1.1.3",
                Level::Confidential | Level::Internal => "3.1.1.4",
            };
            return Err(Refusal::new("cabinet.level_too_low", &[clause])
                .fact("cabinet", self.name.as_str())
                .fact("cabinet_level", self.level.number())
                .fact("level", level.number())
                .cured_by(Role::Registrar));
        }
        if slot == 0 || slot > self.slots {
            return Err(Refusal::field("slot", "cabinet.no_such_slot")
                .fact("found", slot)
                .fact("slots", self.slots));
        }
        Ok(())
    }
}

/// Sets up a room.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddRoom {
    /// Name.
    pub name: Line,
    /// Whether it is a designated place for reading on site.
    #[serde(default)]
    pub reading: bool,
    /// Highest level for the room.
    pub level: Level,
    /// Who answers for it.
    pub responsible: Id,
}

impl Action for AddRoom {
    const NAME: &'static str = "room.add";
    const TITLE: (&'static str, &'static str) = ("登记房间", "Register a room");
    const CLAUSES: &'static [&'static str] = &["1.3.3", "3.4.2"];
    type Outcome = Room;

    fn about(&self, _: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Room, Stop> {
        if work.exists::<Room>(&[("name", self.name.as_str().into())])? {
            return Err(Refusal::new("name_taken", &["1.3.3"]).fact("name", self.name.as_str()).into());
        }
        Person::fit_for(work, &self.responsible, self.level)?;
        let room = Room {
            id: work.new_id(),
            name: self.name.into(),
            reading: self.reading,
            level: self.level,
            responsible: self.responsible,
            terminals: Vec::new(),
        };
        work.put(&room)?;
        Ok(room)
    }
}

/// Says which terminals stand in a room, by the addresses they ask from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTerminals {
    /// The room.
    pub room: Id,
    /// Addresses, at most 50.
    #[schemars(length(max = 50))]
    pub terminals: Vec<Line>,
}

impl Action for SetTerminals {
    const NAME: &'static str = "room.set_terminals";
    const TITLE: (&'static str, &'static str) = ("登记阅文终端", "Set the terminals of a room");
    const CLAUSES: &'static [&'static str] = &["3.1.3.2", "3.3.2.1"];
    type Outcome = Room;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::record("room", self.room.as_str(), work.need::<Room>(&self.room)?.version))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Room, Stop> {
        let mut room = work.need::<Room>(&self.room)?.record;
        let mut terminals = Vec::with_capacity(self.terminals.len());
        for terminal in self.terminals {
            let address: std::net::IpAddr = terminal
                .as_str()
                .parse()
                .map_err(|_| Refusal::field("terminals", "room.terminal").fact("found", terminal.as_str()))?;
            terminals.push(address.to_string());
        }
        terminals.sort();
        terminals.dedup();
        if terminals.len() > 50 {
            return Err(Refusal::field("terminals", "field.scope_too_long").fact("most", 50).into());
        }
        room.terminals = terminals;
        work.put(&room)?;
        Ok(room)
    }
}

/// Sets up a cabinet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCabinet {
    /// Number or name on the door.
    pub name: Line,
    /// The room it stands in.
    pub room: Id,
    /// Highest level it is marked for.
    pub level: Level,
    /// Who holds what is inside.
    pub custodian: Id,
    /// Number of slots, 1 to 1,000.
    #[schemars(range(min = 1, max = 1000))]
    pub slots: u16,
}

impl Action for AddCabinet {
    const NAME: &'static str = "cabinet.add";
    const TITLE: (&'static str, &'static str) = ("登记文件柜", "Register a cabinet");
    const CLAUSES: &'static [&'static str] = &["1.3.3", "3.1.1.2", "3.1.1.3", "3.4.2"];
    type Outcome = Cabinet;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        work.need::<Room>(&self.room)?;
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Cabinet, Stop> {
        let room = work.need::<Room>(&self.room)?;
        if self.slots == 0 || self.slots > 1_000 {
            return Err(Refusal::field("slots", "field.one_to_thousand").fact("found", self.slots).into());
        }
        if self.level > room.level {
            return Err(Refusal::new("cabinet.above_room", &["3.4.2"])
                .fact("room", room.name.as_str())
                .fact("room_level", room.level.number())
                .fact("level", self.level.number())
                .into());
        }
        if work.exists::<Cabinet>(&[("name", self.name.as_str().into())])? {
            return Err(Refusal::new("name_taken", &["1.3.3"]).fact("name", self.name.as_str()).into());
        }
        custodian_for(work, &self.custodian, self.level)?;
        let cabinet = Cabinet {
            id: work.new_id(),
            name: self.name.into(),
            room: self.room,
            level: self.level,
            custodian: self.custodian,
            slots: self.slots,
        };
        work.put(&cabinet)?;
        Ok(cabinet)
    }
}

/// Names another custodian of an empty cabinet; what is inside would otherwise change hands without a hand-over.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NameCustodian {
    /// The cabinet.
    pub cabinet: Id,
    /// Its new custodian.
    pub custodian: Id,
}

impl Action for NameCustodian {
    const NAME: &'static str = "cabinet.name_custodian";
    const TITLE: (&'static str, &'static str) = ("指定文件柜保管人", "Name a cabinet's custodian");
    const CLAUSES: &'static [&'static str] = &["1.3.3", "3.1.1.2"];
    type Outcome = Cabinet;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let cabinet = work.need::<Cabinet>(&self.cabinet)?;
        Ok(About::record("cabinet", self.cabinet.as_str(), cabinet.version))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Cabinet, Stop> {
        let mut cabinet = work.need::<Cabinet>(&self.cabinet)?.record;
        let mut inside = work.count::<Copy>(&[("cabinet", (&self.cabinet).into())])?;
        // What is just being handed over or read comes back to this cabinet, or is on its way into it.
        for way in [
            [("holder", (&cabinet.custodian).into()), ("state", "reading".into())],
            [("holder", (&cabinet.custodian).into()), ("state", "offered".into())],
            [("receiver", (&cabinet.custodian).into()), ("state", "offered".into())],
        ] {
            let moving = work.find::<Copy>(&way)?;
            inside += moving.iter().filter(|copy| copy.record.custody.touches(&self.cabinet)).count() as u64;
        }
        if inside > 0 {
            return Err(Refusal::new("cabinet.not_empty", &["1.3.3", "3.1.1.2"])
                .fact("cabinet", cabinet.name.as_str())
                .fact("copies", inside)
                .cured_by(Role::Registrar)
                .into());
        }
        custodian_for(work, &self.custodian, cabinet.level)?;
        cabinet.custodian = self.custodian;
        work.put(&cabinet)?;
        Ok(cabinet)
    }
}

/// A custodian handles secrets by duty: registrar or custodian, and fit for the cabinet's level.
fn custodian_for(work: &Work<'_, '_>, person: &Id, level: Level) -> Result<(), Stop> {
    let person = Person::fit_for(work, person, level)?;
    if person.roles.contains(&Role::Registrar) || person.roles.contains(&Role::Custodian) {
        return Ok(());
    }
    Err(Refusal::new("cabinet.custodian_unfit", &["3.1.1.2"])
        .fact("person", person.name.as_str())
        .cured_by(Role::SecurityAdministrator)
        .into())
}
