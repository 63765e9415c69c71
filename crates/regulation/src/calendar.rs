//! Working days: the state calendar with its moved days, and a provisional reckoning for years not yet published.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Date;

/// A year as published by the State Council: weekdays off, and weekends worked instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct YearCalendar {
    /// The year.
    #[schemars(range(min = 1900, max = 2199))]
    pub year: i16,
    /// Weekdays on which nobody works.
    #[schemars(length(max = 60))]
    pub off: Vec<Date>,
    /// Saturdays and Sundays on which everybody works.
    #[schemars(length(max = 60))]
    pub worked: Vec<Date>,
    /// Where it was published.
    #[schemars(length(min = 1, max = 500))]
    pub source: String,
}

/// What is wrong with a year's calendar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YearError {
    /// A day of another year.
    #[error("expected days of {year}, found {found}")]
    OtherYear {
        /// The calendar's year.
        year: i16,
        /// The day.
        found: Date,
    },
    /// A day off that is a weekend anyway.
    #[error("expected weekdays among the days off, found the weekend day {0}")]
    OffOnWeekend(Date),
    /// A worked weekend that is a weekday.
    #[error("expected Saturdays or Sundays among the worked weekends, found {0}")]
    WorkedOnWeekday(Date),
    /// A day that stands twice.
    #[error("expected each day once, found {0} twice")]
    Twice(Date),
    /// So few days off that something is missing.
    #[error("expected at least 7 weekdays off in a year, found {0}")]
    TooFew(usize),
    /// So many that something is wrong.
    #[error("expected at most 40 weekdays off and 20 worked weekends, found {0} and {1}")]
    TooMany(usize, usize),
    /// No source.
    #[error("expected where it was published, found nothing")]
    NoSource,
}

impl YearCalendar {
    /// Refuses a calendar that can't be a year's.
    pub fn check(&self) -> Result<(), YearError> {
        if self.source.trim().is_empty() {
            return Err(YearError::NoSource);
        }
        let mut seen = BTreeSet::new();
        for day in self.off.iter().chain(&self.worked) {
            if day.year() != self.year {
                return Err(YearError::OtherYear { year: self.year, found: *day });
            }
            if !seen.insert(*day) {
                return Err(YearError::Twice(*day));
            }
        }
        if let Some(day) = self.off.iter().find(|day| day.is_weekend()) {
            return Err(YearError::OffOnWeekend(*day));
        }
        if let Some(day) = self.worked.iter().find(|day| !day.is_weekend()) {
            return Err(YearError::WorkedOnWeekday(*day));
        }
        if self.off.len() < 7 {
            return Err(YearError::TooFew(self.off.len()));
        }
        if self.off.len() > 40 || self.worked.len() > 20 {
            return Err(YearError::TooMany(self.off.len(), self.worked.len()));
        }
        Ok(())
    }
}

/// A day reckoned in working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deadline {
    /// The day.
    pub date: Date,
    /// Whether any day on the way rests on a calendar not yet published.
    pub provisional: bool,
}

/// The calendars of all years known.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    years: BTreeMap<i16, YearCalendar>,
    /// Statutory holidays of the law, for years not published.
    statutory: BTreeSet<Date>,
}

impl Calendar {
    /// A calendar of the published years; `statutory` are the holidays of the law for the others.
    pub fn new(years: impl IntoIterator<Item = YearCalendar>, statutory: BTreeSet<Date>) -> Self {
        Self { years: years.into_iter().map(|year| (year.year, year)).collect(), statutory }
    }

    /// The same with one more published year, which replaces what was known of it.
    #[must_use]
    pub fn with_year(mut self, year: YearCalendar) -> Self {
        self.years.insert(year.year, year);
        self
    }

    /// Whether the year's calendar isn't published, so that days in it are provisional.
    pub fn is_provisional(&self, year: i16) -> bool {
        !self.years.contains_key(&year)
    }

    /// The calendar of a year, if it is published.
    pub fn year(&self, year: i16) -> Option<&YearCalendar> {
        self.years.get(&year)
    }

    /// Whether people work on that day.
    pub fn is_working(&self, day: Date) -> bool {
        match self.years.get(&day.year()) {
            Some(year) if day.is_weekend() => year.worked.contains(&day),
            Some(year) => !year.off.contains(&day),
            None => !day.is_weekend() && !self.statutory.contains(&day),
        }
    }

    /// The `days`-th working day after `start`, which itself doesn't count. For 0 days it is `start`.
    pub fn add_working_days(&self, start: Date, days: u16) -> Deadline {
        let mut deadline = Deadline { date: start, provisional: false };
        let mut left = days;
        while left > 0 {
            let next = deadline.date.plus_days(1);
            if next == deadline.date {
                break;
            }
            deadline.date = next;
            deadline.provisional |= self.is_provisional(next.year());
            if self.is_working(next) {
                left -= 1;
            }
        }
        deadline
    }

    /// Working days after `from` up to and including `to`; negative when `to` is earlier. Looks at most ten years far.
    pub fn working_days_between(&self, from: Date, to: Date) -> i32 {
        let (first, last, sign) = if from <= to { (from, to, 1) } else { (to, from, -1) };
        let span = first.days_until(last).min(3_660);
        let working = (1..=span).filter(|days| self.is_working(first.plus_days(*days))).count();
        sign * i32::try_from(working).unwrap_or(i32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RulePack;
    use proptest::prelude::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn calendar() -> Calendar {
        RulePack::embedded().unwrap().calendar
    }

    /// Days checked one by one against the PyPI package chinesecalendar 1.11.
    #[test]
    fn published_years_have_the_published_number_of_working_days() {
        let calendar = calendar();
        for (year, working) in [(2025, 248), (2026, 248)] {
            let first = Date::new(year, 1, 1).unwrap();
            let days = if calendar.is_working(first) { 1 } else { 0 };
            assert_eq!(
                days + calendar.working_days_between(first, Date::new(year, 12, 31).unwrap()),
                working,
                "{year}"
            );
        }
    }

    #[test]
    fn moved_days_are_worked_and_holidays_are_not() {
        let calendar = calendar();
        assert!(calendar.is_working(day("2026-02-14")) && calendar.is_working(day("2026-10-10")));
        assert!(!calendar.is_working(day("2026-10-07")) && !calendar.is_working(day("2026-02-23")));
        // 30 September 2026 is a Wednesday; the holiday lasts until 7 October; Saturday the 10th is worked.
        let deadline = calendar.add_working_days(day("2026-09-29"), 5);
        assert_eq!(deadline, Deadline { date: day("2026-10-11").plus_days(1), provisional: false });
    }

    #[test]
    fn an_unpublished_year_is_provisional() {
        let calendar = calendar();
        let deadline = calendar.add_working_days(day("2026-12-30"), 2);
        assert!(deadline.provisional);
        // 31 December is a working day, New Year's Day of 2027 a Friday off, then a weekend.
        assert_eq!(deadline.date, day("2027-01-04"));
        assert!(!calendar.is_working(day("2027-02-05")), "New Year's Eve of the lunar year");
    }

    proptest! {
        #[test]
        fn reckoning_agrees_with_counting(start in 0_i32..700, days in 0_u16..60) {
            let calendar = calendar();
            let start = day("2025-01-01").plus_days(start);
            let date = calendar.add_working_days(start, days).date;
            prop_assert_eq!(calendar.working_days_between(start, date), i32::from(days));
            prop_assert!(days == 0 || calendar.is_working(date));
        }
    }
}
