//! A point in time as tuned files write it. Knows the calendar, and no zones.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: u64 = 24 * 60 * 60;

/// Seconds after 1970, in UTC; before the year 10000.
///
/// ```
/// use orbit_engine::UtcTime;
/// let created: UtcTime = "2026-11-25T13:48:52Z".parse()?;
/// assert_eq!(created.plus_days(90).to_string(), "2027-02-23T13:48:52Z");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UtcTime(u64);

impl UtcTime {
    /// The last second of the year 9999.
    const LAST: u64 = 253_402_300_799;

    /// What the system's clock says.
    #[must_use]
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// So many days later.
    #[must_use]
    pub const fn plus_days(self, days: u32) -> Self {
        Self::at(self.0 + days as u64 * DAY)
    }

    const fn at(seconds: u64) -> Self {
        Self(if seconds < Self::LAST { seconds } else { Self::LAST })
    }
}

/// To the second; a time before 1970 is its begin.
impl From<SystemTime> for UtcTime {
    fn from(time: SystemTime) -> Self {
        Self::at(time.duration_since(UNIX_EPOCH).as_ref().map_or(0, Duration::as_secs))
    }
}

impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0 / DAY);
        let (hour, minute, second) = (self.0 / 3600 % 24, self.0 / 60 % 60, self.0 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl FromStr for UtcTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // What is written back as the same text has every part in its range.
        let time = parsed(text).filter(|time| time.to_string() == text);
        time.ok_or_else(|| format!("`{text}` is no time; write one in UTC, such as 2026-11-25T13:48:52Z"))
    }
}

/// By the places of the digits, whatever stands between them.
fn parsed(text: &str) -> Option<UtcTime> {
    let number = |range| text.get::<std::ops::Range<usize>>(range)?.parse::<u64>().ok();
    let [month, day, hour, minute, second] =
        [number(5..7)?, number(8..10)?, number(11..13)?, number(14..16)?, number(17..19)?];
    let days = days(number(0..4)?, month, day)?;
    Some(UtcTime::at(days * DAY + hour * 3600 + minute * 60 + second))
}

/// Days of a year whose first month is March, before a month of it: the leap day comes last.
const fn days_before(month_from_march: u64) -> u64 {
    (153 * month_from_march + 2) / 5
}

/// Days from the first of March of the year 0 to the first of January 1970.
const TO_1970: u64 = 719_468;

/// Days after 1970 of a date of the Gregorian calendar; none before. After Hinnant, "chrono-compatible low-level date
/// algorithms".
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let before = year * 365 + year / 4 - year / 100 + year / 400;
    (before + days_before(month) + day).checked_sub(TO_1970 + 1)
}

/// The date of a day after 1970: the inverse of [`days`].
const fn date(days: u64) -> (u64, u64, u64) {
    let days = days + TO_1970;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - days_before(month) + 1;
    let year = era * 400 + year;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read_as_the_calendar_has_them() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_795_614_532, "2026-11-25T13:48:52Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(UtcTime(seconds).to_string(), text);
            assert_eq!(text.parse(), Ok(UtcTime(seconds)));
        }
        for day in 0..200_000 {
            let (year, month, date) = date(day);
            assert_eq!(days(year, month, date), Some(day));
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "soon",
            "2026-11-25",
            "2026-11-25T13:48:52",
            "2026-11-25T13:48:52+01:00",
            "2026-11-25 13:48:52Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "+026-01-01T00:00:00Z",
            "2026-1é-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
        ] {
            assert!(text.parse::<UtcTime>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_clock_is_read_and_days_are_added() {
        assert!(UtcTime::now() > "2026-01-01T00:00:00Z".parse().unwrap());
        let end: UtcTime = "9999-12-31T00:00:00Z".parse().unwrap();
        assert_eq!(end.plus_days(u32::MAX).to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(UtcTime::from(UNIX_EPOCH - Duration::from_secs(5)).to_string(), "1970-01-01T00:00:00Z");
    }
}
