//! Numbers as people read them. Reports for programs have integers.

use std::time::Duration;

use orbit_engine::{CopyOutcome, Resumed};

const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// `999 B`, `1.5 KiB`, `12.0 MiB`: one digit behind the point, rounded down.
pub(crate) fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// `1 file`, `2 files`, `3 directories`.
pub(crate) fn count(number: u64, one: &str) -> String {
    match (number, one.strip_suffix('y')) {
        (1, _) => format!("1 {one}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {one}s"),
    }
}

/// Bytes a second, as a size.
pub(crate) fn rate(bytes: u64, time: Duration) -> String {
    format!("{}/s", size(per_second(bytes, time)))
}

/// Bytes a second; as if it had taken a nanosecond where it took none.
pub(crate) fn per_second(bytes: u64, time: Duration) -> u64 {
    let rate = u128::from(bytes) * 1_000_000_000 / time.as_nanos().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// Bytes of content that a copy moved: not those that an earlier one had left.
pub(crate) fn moved(outcome: &CopyOutcome) -> u64 {
    match outcome.resumed {
        Resumed::At(offset) => outcome.content_bytes.saturating_sub(offset),
        _ => outcome.content_bytes,
    }
}

/// `350 us`, `12 ms`, `3.2 s`, `4 min 5 s`.
pub(crate) fn duration(time: Duration) -> String {
    match (time.as_micros(), time.as_millis(), time.as_secs()) {
        (micros @ 0..10_000, _, _) => format!("{micros} us"),
        (_, millis @ 0..1000, _) => format!("{millis} ms"),
        (_, millis, 0..60) => format!("{}.{} s", millis / 1000, millis / 100 % 10),
        (_, _, seconds) => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_digit_behind_the_point() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            ((1 << 20) - 1, "1023.9 KiB"),
            (1 << 20, "1.0 MiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!([0, 1, 2].map(|number| count(number, "file")), ["0 files", "1 file", "2 files"]);
        assert_eq!([1, 2].map(|number| count(number, "directory")), ["1 directory", "2 directories"]);
    }

    #[test]
    fn times_fit_their_unit() {
        for (millis, text) in [
            (0, "0 us"),
            (9, "9000 us"),
            (12, "12 ms"),
            (999, "999 ms"),
            (3250, "3.2 s"),
            (59_999, "59.9 s"),
            (245_000, "4 min 5 s"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
        assert_eq!(rate(3 << 20, Duration::from_secs(2)), "1.5 MiB/s");
        assert_eq!(per_second(1, Duration::ZERO), 1_000_000_000);
    }
}
