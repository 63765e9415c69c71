//! Registration (登记): an item with its marking, and one numbered copy for each that came.

use std::fmt;

use jingui_regulation::{Category, Date, Level, Limits, Marking, Period, Role, Urgency, fold};
use jingui_store::Id;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Receipt, series, source};
use crate::action::{About, Action, Stop};
use crate::field::{Line, Paragraph};
use crate::items::{Copy, Custody, Item, Scope, place};
use crate::personnel::{Department, Person};
use crate::premises::Cabinet;
use crate::refusal::Refusal;
use crate::work::Work;

/// A document number (发文字号), folded to one form: `国资发〔2026〕12号`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DocumentNumber(String);

impl From<DocumentNumber> for String {
    fn from(number: DocumentNumber) -> Self {
        number.0
    }
}

impl fmt::Display for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DocumentNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let line = Line::deserialize(deserializer)?;
        fold::document_number(line.as_str()).map(Self).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for DocumentNumber {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DocumentNumber".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": 200, "examples": ["国资发〔2026〕12号"] })
    }
}

/// What there is to say about an item when it is registered.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Particulars {
    /// Document number; some papers carry none.
    #[serde(default)]
    pub document_number: Option<DocumentNumber>,
    /// Title.
    pub title: Line,
    /// Issuing unit.
    pub source: Line,
    /// Category.
    pub category: Category,
    /// Level.
    pub level: Level,
    /// Period as marked; left out, the level's maximum applies.
    #[serde(default)]
    pub period: Option<Period>,
    /// Day of issue as printed; left out, the day of receipt.
    #[serde(default)]
    pub dated: Option<Date>,
    /// Basis of the classification.
    #[serde(default)]
    pub basis: Option<Line>,
    /// Urgency.
    #[serde(default)]
    pub urgency: Urgency,
    /// Need-to-know scope.
    pub scope: Scope,
    /// Who answers for it; left out, the registrar who registers.
    #[serde(default)]
    pub responsible: Option<Id>,
    /// Department that handles it.
    #[serde(default)]
    pub department: Option<Id>,
    /// Copy numbers (份号) as printed, one for each copy; left out, numbering begins at 1.
    #[serde(default)]
    #[schemars(length(max = 500), inner(range(min = 1, max = 999_999)))]
    pub copy_numbers: Vec<u32>,
    /// Number of copies, 1 to 500.
    #[schemars(range(min = 1, max = 500))]
    pub copies: u32,
    /// Remark.
    #[serde(default)]
    pub remark: Option<Paragraph>,
}

/// Where the copies go at once.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceAt {
    /// The cabinet.
    pub cabinet: Id,
    /// The slot, from 1.
    pub slot: u16,
}

/// Registers an item of a signed receipt, or one that came by hand.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// The receipt it came with.
    #[serde(default)]
    pub receipt: Option<Id>,
    /// The item.
    pub item: Particulars,
    /// Where its copies go; left out, they stay on the desk for now.
    #[serde(default)]
    pub place: Option<PlaceAt>,
}

/// An item with its copies.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Registered {
    /// The item.
    pub item: Item,
    /// Its copies.
    pub copies: Vec<Copy>,
}

impl Action for Register {
    const NAME: &'static str = "item.register";
    const TITLE: (&'static str, &'static str) = ("收文登记", "Register an item");
    const CLAUSES: &'static [&'static str] =
        &["1.3.1", "1.3.3", "2.2.1", "2.2.2", "2.2.3", "2.2.4", "3.1.1.1"];
    type Outcome = Registered;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let mut about = match &self.receipt {
            Some(id) => About::record("receipt", id.as_str(), work.need::<Receipt>(id)?.version),
            None => About::office(),
        };
        // Who registers an item comes to know it: the level counts as for reading.
        about.thing.level = self.item.level.number();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Registered, Stop> {
        let id = work.new_id();
        self.enter_as(work, id)
    }
}

impl Register {
    /// Registers the item under that id, which is new.
    pub(super) fn enter_as(self, work: &mut Work<'_, '_>, id: Id) -> Result<Registered, Stop> {
        let receipt = self.receipt.as_ref().map(|id| work.need::<Receipt>(id)).transpose()?;
        let received_on = receipt.as_ref().map_or_else(|| work.today(), |receipt| receipt.received_at.date());
        let checked = check(work, self.item, received_on)?;
        duplicate(work, checked.number(), checked.source())?;
        let (register, serial) = (series::yearly(work, "item")?, series::take(work, "serial", 1)?);
        let numbers = Numbers { id, register, serial };
        let registered = enter(work, checked, numbers, self.receipt, None, self.place.as_ref())?;
        if let Some(receipt) = receipt {
            work.put(&receipt.record.registered(registered.item.id.clone())?)?;
        }
        Ok(registered)
    }
}

/// The id and the numbers that registration gives.
pub struct Numbers {
    /// Id, new.
    pub id: Id,
    /// Register number.
    pub register: String,
    /// Running number over all years.
    pub serial: u64,
}

/// Particulars that can be registered as they are.
pub struct Checked {
    particulars: Particulars,
    marking: Marking,
    dated: Date,
    received_on: Date,
    copy_numbers: Vec<u32>,
    responsible: Id,
    scope: Scope,
}

impl Checked {
    /// The document number.
    pub fn number(&self) -> Option<&str> {
        self.particulars.document_number.as_ref().map(|number| number.0.as_str())
    }

    /// The issuing unit.
    pub fn source(&self) -> &str {
        self.particulars.source.as_str()
    }
}

/// Refuses a document number that the same unit has used already.
pub fn duplicate(work: &Work<'_, '_>, number: Option<&str>, source: &str) -> Result<(), Stop> {
    if let Some(number) = number
        && let Some(item) = work
            .find::<Item>(&[("document_number", number.into()), ("source", source.into())])?
            .iter()
            .find(|item| item.void.is_none())
    {
        return Err(Refusal::new("item.duplicate", &["3.1.1.1"])
            .fact("document_number", number)
            .fact("register_number", item.register_number.as_str())
            .into());
    }
    Ok(())
}

/// The marking of that level and period, or a refusal that says what the level allows.
pub fn marked(level: Level, period: Option<Period>, limits: &Limits) -> Result<Marking, Refusal> {
    Marking::new(level, period, limits).map_err(|_| {
        Refusal::field("item.period", "item.period")
            .fact("level", level.number())
            .fact("most", limits.years(level))
            .fact("found", period.map(|period| period.to_string()).unwrap_or_default())
            .cured_by(Role::Registrar)
    })
}

/// Refuses a day of issue after the day of receipt.
pub fn issued(field: &str, dated: Date, received_on: Date) -> Result<(), Refusal> {
    if dated <= received_on {
        return Ok(());
    }
    Err(Refusal::field(field, "item.dated_after_receipt")
        .fact("found", dated.to_string())
        .fact("received_on", received_on.to_string()))
}

/// Everything that can be wrong with particulars is found here, before anything is numbered or put.
pub fn check(work: &Work<'_, '_>, particulars: Particulars, received_on: Date) -> Result<Checked, Stop> {
    let level = particulars.level;
    let limits = Limits::from(&work.rules.parameters);
    let marking = marked(level, particulars.period, &limits)?;
    let dated = particulars.dated.unwrap_or(received_on);
    issued("item.dated", dated, received_on)?;
    let copy_numbers = copy_numbers(&particulars.copy_numbers, particulars.copies)?;
    if let Some(department) = &particulars.department {
        work.need::<Department>(department)?;
    }
    let responsible = match &particulars.responsible {
        Some(responsible) => responsible.clone(),
        None => work.person()?.clone(),
    };
    Person::fit_for(work, &responsible, level)?;
    let scope = particulars.scope.clone().checked(level, work)?;
    Ok(Checked { particulars, marking, dated, received_on, copy_numbers, responsible, scope })
}

/// Puts the item and its copies. Used by the registration desk and the import alike.
pub fn enter(
    work: &mut Work<'_, '_>,
    checked: Checked,
    numbers: Numbers,
    receipt: Option<Id>,
    origin: Option<String>,
    place_at: Option<&PlaceAt>,
) -> Result<Registered, Stop> {
    let by = work.person()?.clone();
    let Checked { particulars, marking, dated, received_on, copy_numbers, responsible, scope } = checked;
    let source: String = particulars.source.into();
    source::remember(work, &source)?;
    let mut item = Item {
        id: numbers.id,
        serial: i64::try_from(numbers.serial).unwrap_or(i64::MAX),
        register_number: numbers.register,
        receipt,
        document_number: particulars.document_number.map(Into::into),
        title: particulars.title.into(),
        source,
        category: particulars.category,
        declassifies_on: None,
        marking,
        dated,
        received_on,
        basis: particulars.basis.map(Into::into),
        urgency: particulars.urgency,
        scope,
        responsible,
        department: particulars.department,
        copies: particulars.copies,
        remark: particulars.remark.map(Into::into),
        registered_at: work.now(),
        registered_by: by.clone(),
        origin,
        void: None,
    };
    item.declassifies_on = item.declassification();
    work.put(&item)?;
    let copies = copies_of(work, &item, copy_numbers, place_at)?;
    Ok(Registered { item, copies })
}

/// Puts copies of these numbers: on the desk of whoever registers, or at once where they go.
pub fn copies_of(
    work: &mut Work<'_, '_>,
    item: &Item,
    copy_numbers: Vec<u32>,
    place_at: Option<&PlaceAt>,
) -> Result<Vec<Copy>, Stop> {
    let by = work.person()?.clone();
    let level = item.marking.level();
    let cabinet = place_at.map(|at| work.need::<Cabinet>(&at.cabinet)).transpose()?;
    let mut copies = Vec::with_capacity(copy_numbers.len());
    for number in copy_numbers {
        let mut custody = Custody::Desk { holder: by.clone() };
        if let (Some(cabinet), Some(at)) = (&cabinet, place_at) {
            custody = place::into_cabinet(custody, level, &by, cabinet, at.slot, work)?;
        }
        let copy = Copy {
            id: work.new_id(),
            item: item.id.clone(),
            level,
            number,
            label: format!("{}-{number:06}", item.register_number),
            custody,
            damage: None,
        };
        work.put(&copy)?;
        copies.push(copy);
    }
    Ok(copies)
}

/// One number for each copy, none twice, each of six digits.
pub fn copy_numbers(numbers: &[u32], copies: u32) -> Result<Vec<u32>, Refusal> {
    if copies == 0 || copies > 500 {
        return Err(Refusal::field("item.copies", "field.one_to_five_hundred").fact("found", copies));
    }
    if numbers.is_empty() {
        return Ok((1..=copies).collect());
    }
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let sound = sorted.len() == numbers.len() && sorted.iter().all(|number| (1..=999_999).contains(number));
    if !sound || u32::try_from(numbers.len()) != Ok(copies) {
        return Err(Refusal::field("item.copy_numbers", "item.copy_numbers")
            .fact("found", numbers.len())
            .fact("copies", copies));
    }
    Ok(numbers.to_vec())
}
