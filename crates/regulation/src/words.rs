//! The closed lists that registers choose from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an item is about (clauses 2.1.1 – 2.1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// 2.1.1 Party and state policies, resolutions, directives.
    Policy,
    /// 2.1.2 Party-committee meeting records, minutes, resolutions.
    Committee,
    /// 2.1.3 Leaders' speeches and written instructions.
    Leaders,
    /// 2.1.4 Major decisions, business and projects.
    Decision,
    /// 2.1.5 Trade secrets.
    TradeSecret,
    /// 2.1.6 The office's own plans, summaries, statistics.
    OfficeWork,
    /// 2.1.7 Other.
    Other,
}

impl Category {
    /// All categories, in the order of the clauses.
    pub const ALL: [Self; 7] = [
        Self::Policy,
        Self::Committee,
        Self::Leaders,
        Self::Decision,
        Self::TradeSecret,
        Self::OfficeWork,
        Self::Other,
    ];

    /// The clause that names it.
    pub const fn clause(self) -> &'static str {
        match self {
            Self::Policy => "2.1.1",
            Self::Committee => "2.1.2",
            Self::Leaders => "2.1.3",
            Self::Decision => "2.1.4",
            Self::TradeSecret => "2.1.5",
            Self::OfficeWork => "2.1.6",
            Self::Other => "2.1.7",
        }
    }
}

/// Urgency (GB/T 9704: 特急 and 加急; telegrams: 特提, 特急, 加急, 平急).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// 平件: none marked.
    #[default]
    Ordinary,
    /// 平急.
    Routine,
    /// 加急.
    Urgent,
    /// 特急.
    ExtraUrgent,
    /// 特提.
    Flash,
}

/// How mail comes and goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// 机要交换, 机要通信: the confidential-courier channel.
    ConfidentialCourier,
    /// 专人送达: carried by a designated person.
    DesignatedPerson,
    /// EMS: sealed postal express.
    Ems,
    /// 加密传输: encrypted transmission.
    EncryptedTransmission,
    /// 内部流转: from within the organisation.
    Internal,
    /// Anything else.
    Other,
}
