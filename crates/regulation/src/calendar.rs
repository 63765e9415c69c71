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

impl YearError {
    /// The day that is wrong, where it is one.
    pub const fn day(&self) -> Option<Date> {
        match self {
            Self::OtherYear { found: day, .. }
            | Self::OffOnWeekend(day)
            | Self::WorkedOnWeekday(day)
            | Self::Twice(day) => Some(*day),
            Self::TooFew(_) | Self::TooMany(..) | Self::NoSource => None,
        }
    }
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

    /// The years whose calendars are published, in order.
    pub fn published(&self) -> Vec<i16> {
        self.years.keys().copied().collect()
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

    /// The first working day after that day.
    pub fn next_working_day(&self, day: Date) -> Date {
        self.add_working_days(day, 1).date
    }

    /// The last working day before that day.
    pub fn previous_working_day(&self, day: Date) -> Date {
        let mut found = day;
        loop {
            let previous = found.plus_days(-1);
            if previous == found || self.is_working(previous) {
                return previous;
            }
            found = previous;
        }
    }

    /// A due day reckoned again after a calendar was published: the later of the old and the new, so that nobody who
    /// borrowed under the provisional one is worse off.
    pub fn recompute(&self, old_due: Date, start: Date, days: u16) -> Deadline {
        let Deadline { date, provisional } = self.add_working_days(start, days);
        Deadline { date: date.max(old_due), provisional }
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

    // One character a day, x for a working day, a string a month; written out by the package chinesecalendar 1.11 from
    // PyPI, which keeps the published days by itself.
    const Y2025: [&str; 12] = [
        ".xx..xxxxx..xxxxx..xxxxx.xx....",
        "....xxxx.xxxxx..xxxxx..xxxxx",
        "..xxxxx..xxxxx..xxxxx..xxxxx..x",
        "xxx...xxxxx..xxxxx..xxxxx.xxxx",
        ".....xxxx..xxxxx..xxxxx..xxxxx.",
        "..xxxx..xxxxx..xxxxx..xxxxx..x",
        "xxxx..xxxxx..xxxxx..xxxxx..xxxx",
        "x..xxxxx..xxxxx..xxxxx..xxxxx..",
        "xxxxx..xxxxx..xxxxx..xxxxx.xxx",
        "........xxx.xxxxx..xxxxx..xxxxx",
        "..xxxxx..xxxxx..xxxxx..xxxxx..",
        "xxxxx..xxxxx..xxxxx..xxxxx..xxx",
    ];
    const Y2026: [&str; 12] = [
        "...xxxxxx..xxxxx..xxxxx..xxxxx.",
        ".xxxxx..xxxxxx.........xxxxx",
        ".xxxxx..xxxxx..xxxxx..xxxxx..xx",
        "xxx...xxxx..xxxxx..xxxxx..xxxx",
        ".....xxxx.xxxxx..xxxxx..xxxxx..",
        "xxxxx..xxxxx..xxxx...xxxxx..xx",
        "xxx..xxxxx..xxxxx..xxxxx..xxxxx",
        "..xxxxx..xxxxx..xxxxx..xxxxx..x",
        "xxxx..xxxxx..xxxxx.xxxxx...xxx",
        ".......xxx.xxxxx..xxxxx..xxxxx.",
        ".xxxxx..xxxxx..xxxxx..xxxxx..x",
        "xxxx..xxxxx..xxxxx..xxxxx..xxxx",
    ];

    #[test]
    fn published_years_agree_day_by_day() {
        let calendar = calendar();
        for (year, months) in [(2025, Y2025), (2026, Y2026)] {
            let mut day = Date::new(year, 1, 1).unwrap();
            for month in months {
                for mark in month.chars() {
                    assert_eq!(calendar.is_working(day), mark == 'x', "{day}");
                    day = day.plus_days(1);
                }
            }
            assert_eq!(day, Date::new(year + 1, 1, 1).unwrap());
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

    #[test]
    fn the_working_days_around_a_day() {
        let calendar = calendar();
        assert_eq!(calendar.next_working_day(day("2026-09-30")), day("2026-10-08"));
        assert_eq!(calendar.previous_working_day(day("2026-10-08")), day("2026-09-30"));
        // Saturday 14 February 2026 is worked before the Spring Festival.
        assert_eq!(calendar.previous_working_day(day("2026-02-24")), day("2026-02-14"));
    }

    #[test]
    fn a_published_year_never_shortens_a_loan() {
        let start = day("2026-12-30");
        let provisional = calendar().add_working_days(start, 5);
        let publish = |off: &[&str], worked: &[&str]| {
            let days = |texts: &[&str]| texts.iter().map(|text| day(text)).collect();
            calendar().with_year(YearCalendar {
                year: 2027,
                off: days(off),
                worked: days(worked),
                source: "a test".into(),
            })
        };
        let longer = publish(&["2027-01-01", "2027-01-04"], &[]).recompute(provisional.date, start, 5);
        assert_eq!(longer, Deadline { date: provisional.date.plus_days(1), provisional: false });
        let shorter = publish(&["2027-01-01"], &["2027-01-02"]).recompute(provisional.date, start, 5);
        assert_eq!(shorter, Deadline { date: provisional.date, provisional: false });
    }

    #[test]
    fn a_year_is_read_from_json_and_from_toml() {
        let year = calendar().year(2026).unwrap().clone();
        assert_eq!(
            serde_json::from_str::<YearCalendar>(&serde_json::to_string(&year).unwrap()).unwrap(),
            year
        );
        let text = "year = 2027\noff = ['2027.1.1']\nworked = []\nsource = 'a notice'";
        assert_eq!(toml::from_str::<YearCalendar>(text).unwrap().off, [day("2027-01-01")]);
        assert!(serde_json::from_str::<YearCalendar>(r#"{"year":2027,"off":["2027-02-30"]}"#).is_err());
    }

    #[test]
    fn a_year_that_cannot_be_is_refused() {
        let published = calendar().year(2026).unwrap().clone();
        let check = |change: &dyn Fn(&mut YearCalendar)| {
            let mut year = published.clone();
            change(&mut year);
            year.check().unwrap_err()
        };
        assert_eq!(published.check(), Ok(()));
        assert_eq!(
            check(&|year| year.off[0] = day("2026-01-03")),
            YearError::OffOnWeekend(day("2026-01-03"))
        );
        assert_eq!(
            check(&|year| year.worked[0] = day("2026-01-05")),
            YearError::WorkedOnWeekday(day("2026-01-05"))
        );
        assert_eq!(check(&|year| year.off.push(year.off[0])), YearError::Twice(day("2026-01-01")));
        assert_eq!(
            check(&|year| year.off[0] = day("2027-01-01")),
            YearError::OtherYear { year: 2026, found: day("2027-01-01") }
        );
        assert_eq!(check(&|year| year.off.truncate(6)), YearError::TooFew(6));
        assert_eq!(check(&|year| year.source = " ".into()), YearError::NoSource);
    }

    /// A year's worth of days as plain truth values, with the weekdays counted by hand: the slow model.
    fn model(flips: &BTreeSet<usize>) -> (Calendar, Vec<bool>) {
        let first = day("2025-01-01");
        let published = first.days_until(day("2026-01-01"));
        // 1 January 2025 was a Wednesday. In 2026 nothing is published and nothing statutory known.
        let table = (0..730)
            .map(|index| {
                let weekday = (index + 2) % 7 < 5;
                weekday != (index < 365 && flips.contains(&index))
            })
            .collect();
        let days = |weekend: bool| {
            (0..published)
                .filter(|index| flips.contains(&usize::try_from(*index).unwrap()))
                .filter(|index| ((index + 2) % 7 >= 5) == weekend)
                .map(|index| first.plus_days(index))
                .collect()
        };
        let year = YearCalendar { year: 2025, off: days(false), worked: days(true), source: "a test".into() };
        (Calendar::new([year], BTreeSet::new()), table)
    }

    proptest! {
        #[test]
        fn reckoning_agrees_with_a_day_by_day_model(
            flips in proptest::collection::btree_set(0_usize..365, 0..80),
            start in 20_usize..600,
            days in 0_u16..60,
        ) {
            let (calendar, table) = model(&flips);
            let date = |index: usize| day("2025-01-01").plus_days(i32::try_from(index).unwrap());
            let mut end = start;
            let mut left = days;
            while left > 0 && end + 1 < table.len() {
                end += 1;
                left -= u16::from(table[end]);
            }
            prop_assume!(left == 0);
            prop_assert_eq!(
                calendar.add_working_days(date(start), days),
                Deadline { date: date(end), provisional: days > 0 && end >= 365 }
            );
            prop_assert_eq!(calendar.working_days_between(date(start), date(end)), i32::from(days));
            prop_assert_eq!(calendar.working_days_between(date(end), date(start)), -i32::from(days));
            if let Some(next) = (start + 1..table.len()).find(|index| table[*index]) {
                prop_assert_eq!(calendar.next_working_day(date(start)), date(next));
            }
            if let Some(previous) = (0..start).rev().find(|index| table[*index]) {
                prop_assert_eq!(calendar.previous_working_day(date(start)), date(previous));
            }
        }
    }
}
