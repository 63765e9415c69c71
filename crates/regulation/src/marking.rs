//! Markings: level, ★ and period (机密★10年).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::level::Level;
use crate::parameter::{Param, Parameters};
use crate::time::Date;

/// A period of secrecy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// How many.
    #[schemars(range(min = 1, max = 1200))]
    pub count: u16,
    /// Of what.
    pub unit: PeriodUnit,
}

/// Unit of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeriodUnit {
    /// Years.
    Years,
    /// Months; under a year.
    Months,
}

impl Period {
    /// So many years.
    pub const fn years(count: u16) -> Self {
        Self { count, unit: PeriodUnit::Years }
    }

    /// So many months.
    pub const fn months(count: u16) -> Self {
        Self { count, unit: PeriodUnit::Months }
    }

    fn in_months(self) -> u32 {
        u32::from(self.count) * if self.unit == PeriodUnit::Years { 12 } else { 1 }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            PeriodUnit::Years => write!(f, "{}年", self.count),
            PeriodUnit::Months => write!(f, "{}个月", self.count),
        }
    }
}

/// Longest periods by level, in years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Level 1.
    pub internal: u16,
    /// Level 2; at most 10 by law.
    pub confidential: u16,
    /// Level 3; at most 20 by law.
    pub secret: u16,
    /// Level 4; at most 30 by law.
    pub top_secret: u16,
}

impl Limits {
    /// Longest period of a level, in years.
    pub const fn years(&self, level: Level) -> u16 {
        match level {
            Level::Internal => self.internal,
            Level::Confidential => self.confidential,
            Level::Secret => self.secret,
            Level::TopSecret => self.top_secret,
        }
    }
}

impl From<&Parameters> for Limits {
    fn from(parameters: &Parameters) -> Self {
        let years = |parameter| u16::try_from(parameters.value(parameter)).unwrap_or(0);
        Self {
            internal: years(Param::PeriodYearsInternal),
            confidential: years(Param::PeriodYearsConfidential),
            secret: years(Param::PeriodYearsSecret),
            top_secret: years(Param::PeriodYearsTopSecret),
        }
    }
}

/// Why a marking can't be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MarkingError {
    /// Longer than the level allows.
    #[error("expected at most {most} years for {}, found {found}", .level.zh())]
    TooLong {
        /// The level.
        level: Level,
        /// Longest period in years.
        most: u16,
        /// The period found.
        found: Period,
    },
    /// No time at all.
    #[error("expected a period of at least a month, found none")]
    Zero,
}

/// A level with its period. A state secret always has one; a level-1 item never carries the ★ mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Plain", into = "Plain")]
#[schemars(with = "Plain")]
pub enum Marking {
    /// Level 1: not a state secret. A period, where one is set, is only for keeping.
    Internal {
        /// How long it is to be kept from others.
        period: Option<Period>,
    },
    /// Levels 2 to 4.
    Classified {
        /// Which of them.
        level: StateLevel,
        /// How long.
        period: Period,
        /// Whether the paper states the period; if not, the level's maximum applies.
        stated: bool,
    },
}

/// The levels of state secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StateLevel {
    /// 秘密.
    Confidential,
    /// 机密.
    Secret,
    /// 绝密.
    TopSecret,
}

impl From<StateLevel> for Level {
    fn from(level: StateLevel) -> Self {
        match level {
            StateLevel::Confidential => Self::Confidential,
            StateLevel::Secret => Self::Secret,
            StateLevel::TopSecret => Self::TopSecret,
        }
    }
}

/// A marking as it is written in JSON.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Marking")]
#[serde(deny_unknown_fields)]
struct Plain {
    /// Level.
    level: Level,
    /// Period; at levels 2 to 4 there always is one.
    period: Option<Period>,
    /// Whether the paper states the period.
    stated: bool,
}

impl From<Marking> for Plain {
    fn from(marking: Marking) -> Self {
        match marking {
            Marking::Internal { period } => Self { level: Level::Internal, period, stated: period.is_some() },
            Marking::Classified { level, period, stated } => {
                Self { level: level.into(), period: Some(period), stated }
            }
        }
    }
}

impl TryFrom<Plain> for Marking {
    type Error = &'static str;

    /// Limits aren't checked here: what was registered under older limits stays readable.
    fn try_from(plain: Plain) -> Result<Self, Self::Error> {
        if plain.period.is_some_and(|period| period.count == 0) {
            return Err("a period needs at least a month");
        }
        let level = match plain.level {
            Level::Internal => return Ok(Self::Internal { period: plain.period }),
            Level::Confidential => StateLevel::Confidential,
            Level::Secret => StateLevel::Secret,
            Level::TopSecret => StateLevel::TopSecret,
        };
        let period = plain.period.ok_or("a marking of level 2 to 4 needs a period")?;
        Ok(Self::Classified { level, period, stated: plain.stated })
    }
}

impl Marking {
    /// A marking within the limits; an unstated period of levels 2 to 4 is the level's maximum.
    pub fn new(level: Level, period: Option<Period>, limits: &Limits) -> Result<Self, MarkingError> {
        let most = limits.years(level);
        if let Some(found) = period {
            if found.count == 0 {
                return Err(MarkingError::Zero);
            }
            if found.in_months() > u32::from(most) * 12 {
                return Err(MarkingError::TooLong { level, most, found });
            }
        }
        let state = match level {
            Level::Internal => return Ok(Self::Internal { period }),
            Level::Confidential => StateLevel::Confidential,
            Level::Secret => StateLevel::Secret,
            Level::TopSecret => StateLevel::TopSecret,
        };
        let stated = period.is_some();
        Ok(Self::Classified { level: state, period: period.unwrap_or(Period::years(most)), stated })
    }

    /// The level.
    pub fn level(&self) -> Level {
        match self {
            Self::Internal { .. } => Level::Internal,
            Self::Classified { level, .. } => (*level).into(),
        }
    }

    /// The period.
    pub const fn period(&self) -> Option<Period> {
        match self {
            Self::Internal { period } => *period,
            Self::Classified { period, .. } => Some(*period),
        }
    }

    /// The first day on which the secret no longer is one, counted from the day of issue.
    pub fn until(&self, from: Date) -> Option<Date> {
        self.period().map(|period| match period.unit {
            PeriodUnit::Years => from.plus_years(period.count),
            PeriodUnit::Months => from.plus_months(period.count),
        })
    }
}

impl fmt::Display for Marking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.level().zh())?;
        match self {
            Self::Internal { .. } => Ok(()),
            Self::Classified { period, .. } => write!(f, "★{period}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { internal: 30, confidential: 10, secret: 20, top_secret: 30 };

    #[test]
    fn markings_are_written_as_on_paper() {
        let marking = |level, period| Marking::new(level, period, &LIMITS).unwrap().to_string();
        assert_eq!(marking(Level::Secret, Some(Period::years(10))), "机密★10年");
        assert_eq!(marking(Level::Confidential, Some(Period::months(6))), "秘密★6个月");
        assert_eq!(marking(Level::TopSecret, None), "绝密★30年");
        assert_eq!(marking(Level::Internal, Some(Period::years(3))), "内部敏感");
    }

    #[test]
    fn a_period_beyond_the_maximum_is_refused_and_an_unstated_one_is_the_maximum() {
        assert!(Marking::new(Level::Confidential, Some(Period::years(11)), &LIMITS).is_err());
        assert!(Marking::new(Level::Confidential, Some(Period::months(121)), &LIMITS).is_err());
        assert_eq!(Marking::new(Level::Secret, Some(Period::years(0)), &LIMITS), Err(MarkingError::Zero));
        let unstated = Marking::new(Level::Secret, None, &LIMITS).unwrap();
        let json = serde_json::to_value(unstated).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"level": 3, "period": {"count": 20, "unit": "years"}, "stated": false})
        );
        assert_eq!(serde_json::from_value::<Marking>(json).unwrap(), unstated);
        assert!(serde_json::from_str::<Marking>(r#"{"level":3,"period":null,"stated":false}"#).is_err());
        let nothing = r#"{"level":3,"period":{"count":0,"unit":"years"},"stated":true}"#;
        assert!(serde_json::from_str::<Marking>(nothing).is_err());
        let error = Marking::new(Level::Secret, Some(Period::years(21)), &LIMITS).unwrap_err();
        assert_eq!(error.to_string(), "expected at most 20 years for 机密, found 21年");
    }

    #[test]
    fn the_period_ends_by_the_calendar() {
        let marking = Marking::new(Level::Confidential, Some(Period::months(6)), &LIMITS).unwrap();
        assert_eq!(marking.until(Date::new(2025, 8, 31).unwrap()).unwrap().to_string(), "2026-02-28");
    }
}
