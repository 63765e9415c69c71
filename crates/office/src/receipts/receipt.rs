//! Signing for mail (签收): from whom, by which channel, under which envelope number, the seal, when and by whom.

use jingui_regulation::{Channel, Moment};
use jingui_store::{Column, Id, Kind, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{series, source};
use crate::accountability::incident::{self, Incident, IncidentKind};
use crate::action::{About, Action, Stop};
use crate::field::{Line, Paragraph};
use crate::refusal::Refusal;
use crate::work::Work;

/// An envelope that was signed for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// Id.
    pub id: Id,
    /// Receipt number, such as `2026-000045`.
    pub number: String,
    /// Sending unit.
    pub source: String,
    /// How it came.
    pub channel: Channel,
    /// Envelope number (信封号 or 交换号).
    pub envelope: Option<String>,
    /// State of the seal.
    pub seal: Seal,
    /// Number of items inside, by the delivery list.
    pub pieces: u16,
    /// Remark.
    pub remark: Option<String>,
    /// When it was signed for.
    pub received_at: Moment,
    /// By whom; answers for it until it is registered.
    pub received_by: Id,
    /// Items registered from it so far.
    pub items: Vec<Id>,
    /// Whether items are still to be registered.
    pub open: bool,
    /// The incident, when the seal was broken.
    pub incident: Option<Id>,
}

/// State of an envelope's seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Seal {
    /// Whole.
    Intact,
    /// Broken or opened: an incident.
    Broken,
}

impl Record for Receipt {
    const KIND: Kind = Kind {
        name: "receipt",
        columns: &[
            Column::fixed("number", "$.number"),
            Column::new("source", "$.source"),
            Column::new("open", "$.open"),
            Column::fixed("received_at", "$.received_at"),
            Column::new("received_by", "$.received_by"),
        ],
        indexes: &["unique:number", "open, received_at", "received_at"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl Receipt {
    /// One more item of this envelope is registered; with the last one it is complete.
    pub fn registered(mut self, item: Id) -> Result<Self, Refusal> {
        if !self.open {
            return Err(Refusal::new("receipt.complete", &["3.1.1.1"])
                .fact("receipt", self.number.as_str())
                .fact("pieces", self.pieces));
        }
        self.items.push(item);
        self.open = self.items.len() < usize::from(self.pieces);
        Ok(self)
    }
}

impl Receipt {
    /// An item of this envelope turned out to be none: its place is open again.
    #[must_use]
    pub fn struck(mut self, item: &Id) -> Self {
        self.items.retain(|known| known != item);
        self.open = self.items.len() < usize::from(self.pieces);
        self
    }
}

/// Signs for an envelope.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignFor {
    /// Sending unit.
    pub source: Line,
    /// How it came.
    pub channel: Channel,
    /// Envelope number.
    #[serde(default)]
    pub envelope: Option<Line>,
    /// State of the seal.
    pub seal: Seal,
    /// Number of items inside, 1 to 500.
    #[schemars(range(min = 1, max = 500))]
    pub pieces: u16,
    /// Remark; says what was seen when the seal is broken.
    #[serde(default)]
    pub remark: Option<Paragraph>,
}

impl Action for SignFor {
    const NAME: &'static str = "receipt.sign";
    const TITLE: (&'static str, &'static str) = ("签收来件", "Sign for mail");
    const CLAUSES: &'static [&'static str] = &["3.1.1.1"];
    type Outcome = Receipt;

    fn about(&self, _: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(About::office())
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<Receipt, Stop> {
        if self.pieces == 0 || self.pieces > 500 {
            return Err(Refusal::field("pieces", "field.one_to_five_hundred")
                .fact("found", self.pieces)
                .into());
        }
        let by = work.person()?.clone();
        let mut receipt = Receipt {
            id: work.new_id(),
            number: series::yearly(work, "receipt")?,
            source: self.source.into(),
            channel: self.channel,
            envelope: self.envelope.map(Into::into),
            seal: self.seal,
            pieces: self.pieces,
            remark: self.remark.map(Into::into),
            received_at: work.now(),
            received_by: by,
            items: Vec::new(),
            open: true,
            incident: None,
        };
        source::remember(work, &receipt.source)?;
        if receipt.seal == Seal::Broken {
            let incident: Incident = incident::open(
                work,
                IncidentKind::BrokenSeal { receipt: receipt.id.clone() },
                format!("{} {}", receipt.number, receipt.source),
            )?;
            receipt.incident = Some(incident.id);
        }
        work.put(&receipt)?;
        Ok(receipt)
    }
}
