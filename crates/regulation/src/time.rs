//! Days and moments. The office lives at UTC+8, which has had no summer time since 1991.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan as _;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

/// Years that a register may hold; what lies outside is a slip of the pen.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;

impl Date {
    /// The day, if there is such a one between 1900 and 2199.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        jiff::civil::Date::new(year, month, day).ok().filter(|date| YEARS.contains(&date.year())).map(Self)
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month, 1 to 12.
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// The day of the month.
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// Whether it is a Saturday or Sunday.
    pub fn is_weekend(self) -> bool {
        matches!(self.0.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday)
    }

    /// Day of the week: 1 Monday to 7 Sunday.
    pub fn weekday(self) -> i8 {
        self.0.weekday().to_monday_one_offset()
    }

    /// Kept between the ends of the calendar: a later day would be written, but never read back.
    fn within(date: jiff::civil::Date) -> Self {
        let (first, last) = (*YEARS.start(), *YEARS.end());
        Self(date.clamp(jiff::civil::date(first, 1, 1), jiff::civil::date(last, 12, 31)))
    }

    /// So many days later; earlier when negative. Stops at the ends of the calendar.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        // No sum of in-range days needs more than this, and jiff refuses spans beyond its own range.
        let days = days.clamp(-200_000, 200_000);
        Self::within(self.0.saturating_add(days.days()))
    }

    /// So many months later, at the latest the last day of that month. Stops at the end of the calendar.
    #[must_use]
    pub fn plus_months(self, months: u16) -> Self {
        Self::within(self.0.saturating_add(i32::from(months).months()))
    }

    /// So many years later; the 29th of February becomes the 28th where there is none. Stops at the end of
    /// the calendar.
    #[must_use]
    pub fn plus_years(self, years: u16) -> Self {
        Self::within(self.0.saturating_add(i32::from(years.min(10_000)).years()))
    }

    /// Days from this day to the other; negative when the other is earlier.
    pub fn days_until(self, other: Self) -> i32 {
        self.0.until(other.0).map_or(0, |span| span.get_days())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}

impl FromStr for Date {
    type Err = String;

    /// Reads every notation that people use; see [`crate::fold::date`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        crate::fold::date(text).map_err(|error| error.to_string())
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Date {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}

/// A moment, to the millisecond. As text always `2026-11-23T05:30:00.000Z`, so that text sorts as time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

const OFFICE_OFFSET_MILLIS: i64 = 8 * 3_600_000;

impl Moment {
    /// Milliseconds since 1970 in UTC.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970 in UTC.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// That hour and minute of a day, office time.
    pub fn at(date: Date, hour: i8, minute: i8) -> Self {
        let midnight = date.0.to_datetime(jiff::civil::Time::midnight());
        let seconds = jiff::tz::Offset::UTC.to_timestamp(midnight).map_or(0, jiff::Timestamp::as_second);
        let minutes = i64::from(hour) * 60 + i64::from(minute);
        Self((seconds + minutes * 60) * 1_000 - OFFICE_OFFSET_MILLIS)
    }

    /// So many milliseconds later.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The office's day at this moment.
    pub fn date(self) -> Date {
        Date(civil(self.0.saturating_add(OFFICE_OFFSET_MILLIS)).date())
    }

    /// Office time as people read it: `2026-11-23 13:30`.
    pub fn local(self) -> String {
        let time = civil(self.0.saturating_add(OFFICE_OFFSET_MILLIS));
        format!("{} {:02}:{:02}", Date(time.date()), time.hour(), time.minute())
    }
}

fn civil(millis: i64) -> jiff::civil::DateTime {
    let timestamp = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
    jiff::tz::Offset::UTC.to_datetime(timestamp)
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = civil(self.0);
        write!(
            f,
            "{}T{:02}:{:02}:{:02}.{:03}Z",
            Date(time.date()),
            time.hour(),
            time.minute(),
            time.second(),
            time.millisecond()
        )
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let timestamp = text.parse::<jiff::Timestamp>().ok();
        timestamp
            .map(|timestamp| Self(timestamp.as_millisecond()))
            .filter(|moment| YEARS.contains(&moment.date().year()) && YEARS.contains(&civil(moment.0).year()))
            .ok_or_else(|| {
                serde::de::Error::custom(format!(
                    "expected a moment like 2026-11-23T05:30:00.000Z, found {text:?}"
                ))
            })
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_back_and_knows_the_offices_day() {
        let moment = Moment::at(Date::new(2026, 11, 23).unwrap(), 0, 30);
        assert_eq!(moment.to_string(), "2026-11-22T16:30:00.000Z");
        assert_eq!(moment.date().to_string(), "2026-11-23");
        assert_eq!(moment.local(), "2026-11-23 00:30");
        assert_eq!(serde_json::from_str::<Moment>(&serde_json::to_string(&moment).unwrap()).unwrap(), moment);
    }

    #[test]
    fn days_are_counted_over_leap_days() {
        let day = Date::new(2028, 2, 28).unwrap();
        assert_eq!(day.plus_days(2).to_string(), "2028-03-01");
        assert_eq!(Date::new(2028, 2, 29).unwrap().plus_years(1).to_string(), "2029-02-28");
        assert_eq!(day.days_until(Date::new(2029, 2, 28).unwrap()), 366);
        assert!(Date::new(2025, 2, 29).is_none());
    }

    #[test]
    fn no_sum_leaves_the_calendar_because_it_could_not_be_read_back() {
        let (first, last) = (Date::new(1900, 1, 1).unwrap(), Date::new(2199, 12, 31).unwrap());
        for end in [
            last.plus_days(1),
            first.plus_days(i32::MAX),
            last.plus_months(u16::MAX),
            first.plus_years(u16::MAX),
        ] {
            assert_eq!(end, last);
            assert_eq!(serde_json::from_str::<Date>(&serde_json::to_string(&end).unwrap()).unwrap(), end);
        }
        assert_eq!(last.plus_days(i32::MIN), first);
        assert!(Date::new(2200, 1, 1).is_none() && Date::new(1899, 12, 31).is_none());
    }

    #[test]
    fn what_is_no_moment_and_no_day_says_what_is_expected() {
        for text in ["2026-11-23", "-002026-11-23T05:30:00Z", "9999-12-30T22:00:00Z", "yesterday"] {
            let error = serde_json::from_value::<Moment>(text.into()).unwrap_err().to_string();
            assert_eq!(error, format!("expected a moment like 2026-11-23T05:30:00.000Z, found {text:?}"));
        }
        let error = serde_json::from_value::<Date>("2025.13.2".into()).unwrap_err().to_string();
        assert_eq!(error, "expected a day like 2026-11-23, found \"2025.13.2\"");
        let offset: Moment = serde_json::from_value("2026-11-23T13:30:00+08:00".into()).unwrap();
        assert_eq!(offset.to_string(), "2026-11-23T05:30:00.000Z");
    }
}
