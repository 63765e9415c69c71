//! What is said when something isn't whole, in Chinese and English, and how facts are written.

use std::fmt;
use std::io;
use std::path::Path;

/// One statement in both languages.
#[derive(Debug)]
pub struct Words {
    zh: String,
    en: String,
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.zh, self.en)
    }
}

/// Why there is no good verdict.
#[derive(Debug)]
pub enum Failure {
    /// What was presented isn't whole.
    Broken(Words),
    /// It can't be told.
    Unclear(Words),
}

/// Something isn't as it should be.
pub fn broken(zh: impl Into<String>, en: impl Into<String>) -> Failure {
    Failure::Broken(Words { zh: zh.into(), en: en.into() })
}

/// Something couldn't be read.
pub fn unclear(zh: impl Into<String>, en: impl Into<String>) -> Failure {
    Failure::Unclear(Words { zh: zh.into(), en: en.into() })
}

/// A file that can't be read.
pub fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    unclear(format!("无法读取 {path}：{error}"), format!("{path} can't be read: {error}"))
}

/// Only writing the verdict fails so; files are named by [`unreadable`].
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        unclear(format!("无法输出：{error}"), format!("the verdict can't be written: {error}"))
    }
}

/// Seconds since 1970 as date and time, UTC.
pub fn time(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Beyond the year 9999 the bare number says as much.
    if days >= 2_932_897 {
        return format!("{seconds} s");
    }
    // Years counted from March, so that the leap day is the last of one; eras of 400 years have 146,097 days.
    let from_march = days + 719_468;
    let (era, day) = (from_march / 146_097, from_march % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (year, month) = (era * 400 + year + month / 10, (month + 2) % 12 + 1);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_679_315_147, "2023-03-20T12:25:47Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "253402300800 s"),
        ] {
            assert_eq!(super::time(seconds), expected);
        }
        assert_eq!(super::time(u64::MAX), "18446744073709551615 s");
    }
}
