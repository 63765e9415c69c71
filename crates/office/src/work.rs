//! What an action works with: the unit of work, the rules in force, and who asks.

use std::ops::{Deref, DerefMut};

use jingui_access::Asker;
use jingui_regulation::{Calendar, Param, Parameters, RulePack};
use jingui_store::{Id, Record, Stored, Unit};

use crate::action::Stop;
use crate::refusal::Refusal;

/// Who asks, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A person, signed in.
    Person {
        /// The person.
        id: Id,
        /// Terminal the request comes from.
        terminal: String,
    },
    /// The office's own clock, which reminds and escalates.
    Clock,
    /// The set-up of an office before anybody can sign in; acts only while the office is empty.
    Founder,
}

impl Caller {
    /// The name kept in the journal.
    pub fn name(&self) -> &str {
        match self {
            Self::Person { id, .. } => id.as_str(),
            Self::Clock => "clock",
            Self::Founder => "founder",
        }
    }

    /// Where the request comes from.
    pub fn terminal(&self) -> &str {
        match self {
            Self::Person { terminal, .. } => terminal,
            Self::Clock | Self::Founder => "server",
        }
    }
}

/// The rules in force: the pack with what the office has set.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The pack as shipped or installed.
    pub pack: RulePack,
    /// Parameters with the office's own values.
    pub parameters: Parameters,
    /// Working days with the years the office has imported.
    pub calendar: Calendar,
}

impl Rules {
    /// A parameter as a count; bounds of the pack keep it small and positive.
    pub fn count(&self, parameter: Param) -> u16 {
        u16::try_from(self.parameters.value(parameter)).unwrap_or(u16::MAX)
    }
}

/// Everything an action may touch.
pub struct Work<'w, 'u> {
    unit: &'w mut Unit<'u>,
    /// Rules in force at this moment.
    pub rules: &'w Rules,
    /// Facts about who asks.
    pub asker: &'w Asker,
    caller: &'w Caller,
}

impl<'w, 'u> Work<'w, 'u> {
    pub(crate) fn new(
        unit: &'w mut Unit<'u>,
        rules: &'w Rules,
        asker: &'w Asker,
        caller: &'w Caller,
    ) -> Self {
        Self { unit, rules, asker, caller }
    }

    /// Who asks.
    pub const fn caller(&self) -> &Caller {
        self.caller
    }

    /// The person who asks; the clock and the founder are refused where only a person can act.
    pub fn person(&self) -> Result<&Id, Refusal> {
        match self.caller {
            Caller::Person { id, .. } => Ok(id),
            Caller::Clock | Caller::Founder => Err(Refusal::new("needs_a_person", &["1.3.3"])),
        }
    }

    /// The record of that id, or a refusal that doesn't tell absent from hidden.
    pub fn need<R: Record>(&self, id: &Id) -> Result<Stored<R>, Stop> {
        Ok(self.unit.get::<R>(id.as_str())?.ok_or_else(Refusal::absent)?)
    }
}

impl<'u> Deref for Work<'_, 'u> {
    type Target = Unit<'u>;

    fn deref(&self) -> &Unit<'u> {
        self.unit
    }
}

impl DerefMut for Work<'_, '_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.unit
    }
}
