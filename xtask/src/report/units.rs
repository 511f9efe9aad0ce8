//! Numbers with units as people read them: the one spelling for plots and tables. Nothing here is read back.

use crate::scenario::ChunkChoice;

const TIME: [(&str, f64); 4] = [("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];
const RATE: [(&str, f64); 5] = [("B/s", 1.0), ("kB/s", 1e3), ("MB/s", 1e6), ("GB/s", 1e9), ("TB/s", 1e12)];
const BINARY: [(&str, f64); 6] = [
    ("B", 1.0),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
    ("PiB", 1_125_899_906_842_624.0),
];
const EXACT: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// A time to three significant digits: `1.20 ms`.
pub(super) fn time(ns: u64) -> String {
    scaled(ns as f64, &TIME, false)
}

/// A time as an axis shows it, without trailing zeros: `1.2 ms`, `0`.
pub(super) fn time_tick(ns: f64) -> String {
    if ns > 0.0 { scaled(ns, &TIME, true) } else { "0".to_owned() }
}

/// A throughput to three significant digits, in units of 1000.
pub(super) fn rate(bytes_per_s: u64) -> String {
    scaled(bytes_per_s as f64, &RATE, false)
}

/// A throughput as an axis shows it.
pub(super) fn rate_tick(bytes_per_s: f64) -> String {
    scaled(bytes_per_s, &RATE, true)
}

/// A number of bytes that was estimated, in units of 1024: `88 KiB`, `1.5 MiB`.
pub(super) fn about(bytes: f64) -> String {
    let &(unit, factor) = BINARY.iter().rev().find(|(_, factor)| bytes >= *factor).unwrap_or(&BINARY[0]);
    let number = bytes / factor;
    let decimals = usize::from(number < 9.95 && (number - number.round()).abs() >= 0.05);
    format!("{number:.decimals$} {unit}")
}

/// A number of things with a comma before each three digits: `1,000,000`.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

/// A ratio to so many decimals; to two digits where that would leave none, as of a shared gigabyte to a copied one.
pub(super) fn ratio(ratio: f64, decimals: usize) -> String {
    let reaches_one = |places: &i32| ratio * 10_f64.powi(*places) >= 1.0;
    let decimals = match (1..=12).find(reaches_one).and_then(|leading| usize::try_from(leading).ok()) {
        Some(leading) if leading > decimals => leading + 1,
        _ => decimals,
    };
    format!("{ratio:.decimals$}")
}

/// An exact number of bytes, in the unit that makes it shortest: 1048576 is `1 MiB`, 1000000 is `1 MB`.
pub(super) fn size(bytes: u64) -> String {
    let exact = EXACT.iter().filter(|(_, factor)| bytes.is_multiple_of(*factor));
    match exact.min_by_key(|(_, factor)| bytes / factor) {
        Some((unit, factor)) if bytes > 0 => format!("{} {unit}", bytes / factor),
        _ => "0 B".to_owned(),
    }
}

/// The chunk of a case: `engine`, or its size.
pub(super) fn chunk(choice: ChunkChoice) -> String {
    choice.bytes().map_or_else(|| choice.to_string(), size)
}

/// The value in the largest unit of which there is at least one after rounding.
fn scaled(value: f64, units: &[(&str, f64)], trimmed: bool) -> String {
    let fits = |(_, factor): &&(&str, f64)| value / factor >= 0.9995;
    let &(unit, factor) = units.iter().rev().find(fits).unwrap_or(&units[0]);
    let mut number = three_digits(value / factor);
    // Counts of nanoseconds and bytes are whole.
    if factor == 1.0 {
        number = format!("{value:.0}");
    } else if trimmed && number.contains('.') {
        number.truncate(number.trim_end_matches('0').trim_end_matches('.').len());
    }
    format!("{number} {unit}")
}

fn three_digits(value: f64) -> String {
    let decimals = match value {
        small if small < 9.995 => 2,
        medium if medium < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_never_nothing() {
        let ratios =
            [(0.876, "0.88"), (81.0, "81.00"), (0.0123, "0.01"), (0.01, "0.01"), (0.000_417, "0.00042")];
        for (number, text) in ratios {
            assert_eq!(ratio(number, 2), text);
        }
        assert_eq!((ratio(0.0, 3), ratio(0.000_99, 3)), ("0.000".to_owned(), "0.00099".to_owned()));
    }

    #[test]
    fn times_and_rates_keep_three_digits() {
        let times =
            [(0, "0 ns"), (999, "999 ns"), (1_000, "1.00 µs"), (9_996, "10.0 µs"), (99_960, "100 µs")];
        for (ns, text) in times {
            assert_eq!(time(ns), text);
        }
        assert_eq!(time(999_600), "1.00 ms");
        assert_eq!(time(61_000_000_000), "61.0 s");
        assert_eq!(rate(1_234_000_000), "1.23 GB/s");
        assert_eq!(rate(999), "999 B/s");
    }

    #[test]
    fn ticks_are_short() {
        assert_eq!(time_tick(2_500_000.0), "2.5 ms");
        assert_eq!(time_tick(0.0), "0");
        assert_eq!(rate_tick(5e8), "500 MB/s");
        assert_eq!(rate_tick(0.5), "0 B/s");
    }

    #[test]
    fn estimates_are_not_exact() {
        let kib = [(41.04, "41 KiB"), (88.4, "88 KiB"), (1.52, "1.5 KiB"), (1024.0, "1 MiB"), (0.5, "512 B")];
        for (kib, text) in kib {
            assert_eq!(about(kib * 1024.0), text);
        }
    }

    #[test]
    fn sizes_are_exact_and_short() {
        let sizes = [(0, "0 B"), (1, "1 B"), (1000, "1 kB"), (4096, "4 KiB"), (1 << 20, "1 MiB")];
        for (bytes, text) in sizes {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(size(100_000_000), "100 MB");
        assert_eq!(size(1_000_000_000_000), "1 TB");
        assert_eq!(size(1537), "1537 B");
    }
}
