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

    /// Name in JSON and in the rule pack, whose `words.toml` holds the names that people read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Committee => "committee",
            Self::Leaders => "leaders",
            Self::Decision => "decision",
            Self::TradeSecret => "trade_secret",
            Self::OfficeWork => "office_work",
            Self::Other => "other",
        }
    }

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

impl Urgency {
    /// All of them, least urgent first.
    pub const ALL: [Self; 5] = [Self::Ordinary, Self::Routine, Self::Urgent, Self::ExtraUrgent, Self::Flash];

    /// Chinese name.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Ordinary => "平件",
            Self::Routine => "平急",
            Self::Urgent => "加急",
            Self::ExtraUrgent => "特急",
            Self::Flash => "特提",
        }
    }

    /// English name.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Routine => "routine",
            Self::Urgent => "urgent",
            Self::ExtraUrgent => "extra urgent",
            Self::Flash => "flash",
        }
    }
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

impl Channel {
    /// All channels.
    pub const ALL: [Self; 6] = [
        Self::ConfidentialCourier,
        Self::DesignatedPerson,
        Self::Ems,
        Self::EncryptedTransmission,
        Self::Internal,
        Self::Other,
    ];

    /// Chinese name.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::ConfidentialCourier => "机要交换",
            Self::DesignatedPerson => "专人送达",
            Self::Ems => "邮政特快",
            Self::EncryptedTransmission => "加密传输",
            Self::Internal => "内部传递",
            Self::Other => "其他",
        }
    }

    /// English name.
    pub const fn en(self) -> &'static str {
        match self {
            Self::ConfidentialCourier => "confidential courier",
            Self::DesignatedPerson => "designated person",
            Self::Ems => "postal express",
            Self::EncryptedTransmission => "encrypted transmission",
            Self::Internal => "internal",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_has_the_same_name_in_json_and_in_the_pack() {
        for (category, serial) in Category::ALL.into_iter().zip(1..) {
            assert_eq!(serde_json::to_value(category).unwrap(), category.name());
            assert_eq!(category.clause(), format!("2.1.{serial}"));
        }
    }

    #[test]
    fn no_two_choices_read_alike() {
        let mut names: Vec<&str> =
            Urgency::ALL.into_iter().flat_map(|choice| [choice.zh(), choice.en()]).collect();
        names.extend(Channel::ALL.into_iter().flat_map(|choice| [choice.zh(), choice.en()]));
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
