//! `hist/`: each case's wall times as the tools of `HdrHistogram` read them. `.hlog` is an interval log (V2, deflated)
//! with one interval, in nanoseconds; `.hgrm` is the percentile table that its plotter takes, in milliseconds, which is
//! what the plotter assumes. Nothing here is specific to copies.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::IntervalLogWriterBuilder;

use super::walls::Walls;
use crate::histogram;
use crate::plan::Case;
use crate::record::RunRecord;
use crate::summary::Summary;

/// Steps of the percentile table between 0 and 50 %, 50 and 75 %, and so on: the standard tools' default.
const TICKS_PER_HALF_DISTANCE: u32 = 5;

const NS_PER_MS: f64 = 1e6;

/// Longest part of a case's id in a file name, in bytes: file systems end at 255.
const NAME_LIMIT: usize = 200;

/// Writes both files of every case that has a valid sample.
pub(super) fn write(folder: &Path, record: &RunRecord, summary: &Summary, walls: &Walls<'_>) -> Result<()> {
    let started: jiff::Timestamp = record.started.parse().context("the run's start is no RFC 3339 time")?;
    for case in summary.cases.iter().map(|summary| &summary.case) {
        let walls = walls.case(&case.id);
        if walls.is_empty() {
            continue;
        }
        let histogram = histogram::of(walls.iter().copied())?;
        let spent = Duration::from_nanos(walls.iter().copied().fold(0, u64::saturating_add));
        let name = format!("hist/{}", file_name(case));
        super::put(folder, &format!("{name}.hlog"), &hlog(case, &histogram, started.into(), spent)?)?;
        super::put(folder, &format!("{name}.hgrm"), &hgrm(case, &histogram))?;
    }
    Ok(())
}

/// The case's id with everything but letters, digits and `.=_-` replaced, and its hash, which keeps names apart.
fn file_name(case: &Case) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || ".=_-".contains(c) { c } else { '-' };
    let name: String = case.id.chars().map(safe).take(NAME_LIMIT).collect();
    format!("{}-{}", name.trim_start_matches(['.', '-']), case.hash)
}

/// An interval log of one interval that starts with the run and is as long as all its copies together.
fn hlog(case: &Case, histogram: &Histogram<u64>, started: SystemTime, spent: Duration) -> Result<String> {
    let (mut log, mut serializer) = (Vec::new(), V2DeflateSerializer::new());
    IntervalLogWriterBuilder::new()
        .add_comment("[Histogram log format version 1.3]")
        .add_comment(&format!("[Case: {}]", case.id))
        .add_comment("[Wall time of each copy, in nanoseconds; Interval_Max in milliseconds]")
        .add_comment("[Interval_Length is the sum of the wall times, in seconds]")
        .with_start_time(started)
        .with_max_value_divisor(NS_PER_MS)
        .begin_log_with(&mut log, &mut serializer)
        .and_then(|mut writer| {
            writer
                .write_histogram(histogram, Duration::ZERO, spent, None)
                .map_err(|error| std::io::Error::other(error.to_string()))
        })
        .with_context(|| format!("cannot encode the histogram of {}", case.id))?;
    String::from_utf8(log).context("the histogram log is no text")
}

/// The percentile table, as the reference implementation prints it but for six decimals where that has three: the
/// shortest copies take some ten microseconds.
fn hgrm(case: &Case, histogram: &Histogram<u64>) -> String {
    let mut lines = vec![
        format!("#[Wall time of each copy in milliseconds, case: {}]", case.id),
        format!("{:>12} {:>14} {:>10} {:>14}\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)"),
    ];
    let mut total = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        total += step.count_since_last_iteration();
        let (value, reached) = (step.value_iterated_to() as f64 / NS_PER_MS, step.quantile_iterated_to());
        let mut line = format!("{value:12.6} {reached:2.12} {total:10}");
        if reached < 1.0 {
            // Writing to a string cannot fail.
            let _ = write!(line, " {:14.2}", 1.0 / (1.0 - reached));
        }
        lines.push(line);
    }
    lines.extend(footer(histogram));
    lines.join("\n") + "\n"
}

/// The mean is part of the format; no other output of a run gives one.
fn footer(histogram: &Histogram<u64>) -> [String; 3] {
    let milliseconds = |ns: f64| ns / NS_PER_MS;
    let (mean, deviation) = (milliseconds(histogram.mean()), milliseconds(histogram.stdev()));
    let (max, count) = (milliseconds(histogram.max() as f64), histogram.len());
    // The format's number of linear steps within one power of two, enough for the significant digits.
    let steps = (2 * 10_u64.pow(u32::from(histogram.sigfig()))).next_power_of_two();
    [
        format!("#[Mean    = {mean:12.6}, StdDeviation   = {deviation:12.6}]"),
        format!("#[Max     = {max:12.6}, Total count    = {count:12}]"),
        format!("#[Buckets = {:12}, SubBuckets     = {steps:12}]", histogram.buckets()),
    ]
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
    use orbit_engine::Strategy;

    use super::super::planted;
    use super::*;

    fn one(samples: u32) -> (Case, Vec<u64>) {
        let (_, mut summary, samples) = planted::run(&[65536], &[Strategy::Buffered], &[1 << 20], samples);
        let walls = samples.iter().filter_map(|sample| Some(sample.measurement()?.wall_ns)).collect();
        (summary.cases.remove(0).case, walls)
    }

    #[test]
    fn the_log_is_read_back_with_every_count() {
        let (case, walls) = one(40);
        let written = histogram::of(walls.iter().copied()).unwrap();
        let started = SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_322_800_500);
        let log = hlog(&case, &written, started, Duration::from_millis(1500)).unwrap();
        let entries: Vec<_> = IntervalLogIterator::new(log.as_bytes()).map(Result::unwrap).collect();
        let [LogEntry::StartTime(start), LogEntry::Interval(interval)] = entries.as_slice() else {
            panic!("{entries:?}")
        };
        assert_eq!(start.as_secs(), 1_767_322_800);
        assert_eq!(interval.duration(), Duration::from_millis(1500));
        assert!(interval.tag().is_none());
        let encoded = text_to_bytes(interval.encoded_histogram());
        let read: Histogram<u64> = Deserializer::new().deserialize(&mut encoded.as_slice()).unwrap();
        assert_eq!(read, written);
        assert_eq!(read.len(), 40);
        for &wall in &walls {
            let same = walls.iter().filter(|other| read.equivalent(**other, wall)).count();
            assert_eq!(read.count_at(wall), same as u64, "{wall}");
        }
    }

    /// Base64 of the standard alphabet, checked by nothing else in this workspace.
    fn text_to_bytes(text: &str) -> Vec<u8> {
        let digit = |byte: u8| {
            let alphabet = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']);
            alphabet.zip(0_u32..).find(|(c, _)| *c == char::from(byte)).map(|(_, value)| value)
        };
        let mut bytes = Vec::new();
        for four in text.as_bytes().chunks(4) {
            let digits: Vec<u32> = four.iter().filter_map(|byte| digit(*byte)).collect();
            let bits = (0..4).fold(0, |bits, at| bits << 6 | digits.get(at).copied().unwrap_or(0));
            bytes.extend_from_slice(&bits.to_be_bytes()[1..digits.len()]);
        }
        bytes
    }

    #[test]
    fn the_table_has_the_standard_form() {
        let (case, _) = one(1);
        let expected = "\
#[Wall time of each copy in milliseconds, case: planted/size=64KiB/strategy=buffered/chunk=1MiB]
       Value     Percentile TotalCount 1/(1-Percentile)

    1.000447 0.000000000000          1           1.00
    1.000447 0.100000000000          1           1.11
    1.000447 0.200000000000          1           1.25
    3.000319 0.300000000000          4           1.43
    3.000319 1.000000000000          4
#[Mean    =     2.499520, StdDeviation   =     0.865637]
#[Max     =     3.000319, Total count    =            4]
#[Buckets =           12, SubBuckets     =         2048]
";
        let histogram = histogram::of([1_000_000, 3_000_000, 3_000_000, 3_000_000]).unwrap();
        assert_eq!(hgrm(&case, &histogram), expected);
    }

    #[test]
    fn file_names_are_safe_and_keep_cases_apart() {
        let (mut case, _) = one(1);
        assert_eq!(file_name(&case), "planted-size=64KiB-strategy=buffered-chunk=1MiB-00000000a000");
        case.id = format!("../ä\n{}", "x".repeat(400));
        let name = file_name(&case);
        assert!(name.starts_with('x') && name.ends_with("-00000000a000") && name.len() < 250, "{name}");
    }
}
