//! Parameters: the numbers that the regulation leaves open, each with a default inside hard bounds.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident = $key:literal),+ $(,)?) => {
        /// A parameter that code asks for. The pack must hold every one of them and no other.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Param { $($(#[$doc])* $name),+ }

        impl Param {
            /// All parameters.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Key in the pack and in settings.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key),+ }
            }
        }
    };
}

parameters! {
    /// Longest period of level 1, years.
    PeriodYearsInternal = "period_years_internal",
    /// Longest period of level 2, years.
    PeriodYearsConfidential = "period_years_confidential",
    /// Longest period of level 3, years.
    PeriodYearsSecret = "period_years_secret",
    /// Longest period of level 4, years.
    PeriodYearsTopSecret = "period_years_top_secret",
    /// Longest loan of level 1, working days.
    LoanDaysInternal = "loan_days_internal",
    /// Longest loan of level 2, working days.
    LoanDaysConfidential = "loan_days_confidential",
    /// Longest loan of level 3, working days.
    LoanDaysSecret = "loan_days_secret",
    /// Working days for which the approval of a level-4 reading holds.
    LoanApprovalTopSecret = "loan_approval_top_secret",
    /// Working days before the due day from which on a loan is reminded of.
    ReminderDays = "reminder_days",
    /// Working days overdue after which an incident is opened.
    LoanOverdueIncidentDays = "loan_overdue_incident_days",
    /// Days after which a dispatched copy without receipt is chased.
    ReceiptDays = "receipt_days",
    /// Whether level 2 may go by sealed postal express: 1 yes, 0 no.
    PostalExpressConfidential = "postal_express_confidential",
    /// Years after which the review of class core is due again.
    ReviewYearsCore = "review_years_core",
    /// Years after which the review of class important is due again.
    ReviewYearsImportant = "review_years_important",
    /// Years after which the review of class general is due again.
    ReviewYearsGeneral = "review_years_general",
    /// Months between periodic secrecy checks of those who handle secrets.
    PersonCheckMonths = "person_check_months",
    /// Longest time for signing a new commitment text, days.
    CommitmentDays = "commitment_days",
    /// Declassification period on leaving, class core, months.
    LeavingMonthsCore = "leaving_months_core",
    /// Declassification period on leaving, class important, months.
    LeavingMonthsImportant = "leaving_months_important",
    /// Declassification period on leaving, class general, months.
    LeavingMonthsGeneral = "leaving_months_general",
    /// Hours of training a year.
    TrainingHours = "training_hours",
    /// Days after which a computer's password at levels 3 and 4 is due.
    PasswordDaysHigh = "password_days_high",
    /// Days after which a computer's password at levels 1 and 2 is due.
    PasswordDaysLow = "password_days_low",
    /// Days after which antivirus signatures are due.
    SignatureDays = "signature_days",
    /// Days between backups.
    BackupDays = "backup_days",
    /// Months between restore drills.
    RestoreDrillMonths = "restore_drill_months",
    /// Months between reviews of rights.
    RightsReviewMonths = "rights_review_months",
    /// Guests one escort may have at a time.
    VisitGuests = "visit_guests",
    /// Hour of the day after which a visit without an end alerts.
    VisitEndHour = "visit_end_hour",
    /// Months between self-checks of a post.
    SelfCheckMonths = "self_check_months",
    /// Hours within which a leak is reported.
    LeakReportHours = "leak_report_hours",
    /// Days after which a missing carrier of level 4 counts as leaked.
    MissingDaysTopSecret = "missing_days_top_secret",
    /// Days after which a missing carrier of level 2 or 3 counts as leaked.
    MissingDaysOther = "missing_days_other",
    /// Working days within which an unclear level is asked for.
    UnclearLevelDays = "unclear_level_days",
    /// Days ahead of an expiry that it is proposed for decision.
    ExpiryAheadDays = "expiry_ahead_days",
    /// Days ahead of a year without a published calendar that it is announced.
    CalendarAheadDays = "calendar_ahead_days",
    /// Minutes without use after which a session locks.
    IdleLockMinutes = "idle_lock_minutes",
    /// Hours after which a session ends, used or not.
    SessionHours = "session_hours",
    /// Least characters of an account's password.
    PasswordLength = "password_length",
    /// Count beyond which a list says "more than".
    CountCeiling = "count_ceiling",
    /// Highest level whose content may be put into the system.
    ContentCeiling = "content_ceiling",
}

/// A parameter as the pack describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Value when the office sets none.
    pub default: i64,
    /// Smallest value that can be set.
    pub min: i64,
    /// Largest value that can be set.
    pub max: i64,
    /// Unit.
    pub unit: String,
    /// The clause it belongs to.
    pub clause: String,
    /// Name, Chinese.
    pub zh: String,
    /// Name, English.
    pub en: String,
    /// Where the number comes from.
    pub source: Source,
    /// How well it is confirmed: high, medium, own.
    pub sure: String,
    /// Day from which it holds.
    pub effective_from: String,
}

/// Where a parameter's number comes from, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ParameterSource")]
pub struct Source {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// How well a number can be confirmed outside; `own` is the office's choice.
pub(crate) const SURE: &[&str] = &["high", "medium", "own"];

/// Units that people and code know.
pub(crate) const UNITS: &[&str] = &[
    "years",
    "months",
    "days",
    "working_days",
    "hours",
    "hour",
    "minutes",
    "people",
    "characters",
    "rows",
    "level",
    "switch",
];

/// A value that can't be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoundError {
    /// No such parameter.
    #[error("there is no parameter {0}")]
    Unknown(String),
    /// Outside the hard bounds.
    #[error("expected {min} to {max} {unit}, found {found}")]
    OutOfBounds {
        /// Smallest allowed.
        min: i64,
        /// Largest allowed.
        max: i64,
        /// Unit.
        unit: String,
        /// Value found.
        found: i64,
    },
}

/// All parameters with their values in force.
#[derive(Debug, Clone)]
pub struct Parameters {
    described: BTreeMap<String, Parameter>,
    set: BTreeMap<String, i64>,
}

impl Parameters {
    pub(crate) fn new(described: BTreeMap<String, Parameter>) -> Self {
        Self { described, set: BTreeMap::new() }
    }

    /// The value in force. The pack was refused if it lacks a parameter, so there always is one.
    pub fn value(&self, parameter: Param) -> i64 {
        let key = parameter.key();
        self.set
            .get(key)
            .copied()
            .unwrap_or_else(|| self.described.get(key).map_or(0, |described| described.default))
    }

    /// Refuses a value that is unknown or out of bounds.
    pub fn check(&self, key: &str, found: i64) -> Result<(), BoundError> {
        let described = self.described.get(key).ok_or_else(|| BoundError::Unknown(key.to_owned()))?;
        if found < described.min || found > described.max {
            let Parameter { min, max, unit, .. } = described.clone();
            return Err(BoundError::OutOfBounds { min, max, unit, found });
        }
        Ok(())
    }

    /// The same parameters with the office's values; refuses what is unknown or out of bounds.
    pub fn with(&self, values: &BTreeMap<String, i64>) -> Result<Self, BoundError> {
        for (key, found) in values {
            self.check(key, *found)?;
        }
        Ok(Self { described: self.described.clone(), set: values.clone() })
    }

    /// Every parameter: key, description, value in force, whether the office has set it.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Parameter, i64, bool)> {
        self.described.iter().map(|(key, described)| {
            let set = self.set.get(key).copied();
            (key.as_str(), described, set.unwrap_or(described.default), set.is_some())
        })
    }
}
