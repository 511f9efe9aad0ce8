//! What was found, for a terminal.

use std::io::{self, Write};

use orbit_engine::{ByteSize, Decision};

use super::pairs::Tuned;
use crate::comparison::Ratio;
use crate::scenario::Knob;
use crate::tuner::{Figures, Found, Moves, Row, Shown};

/// Every pair with its decisions; with `figures`, all that was measured for them too.
pub(super) fn write(tuned: &[Tuned], figures: bool, out: &mut impl Write) -> io::Result<()> {
    for pair in tuned {
        writeln!(out, "\n{}", pair.heading())?;
        if let Some(moves) = pair.findings.moves {
            writeln!(out, "{}", moves_said(moves))?;
        }
        for what in &pair.findings.implausible {
            writeln!(out, "cannot be: {what}; nothing is decided by this")?;
        }
        for found in &pair.findings.knobs {
            if figures || found.knob() == Knob::ZeroCopyThreshold {
                table(found, out)?;
            }
        }
        for found in &pair.findings.knobs {
            writeln!(out, "  {:<25} {}", found.knob(), sentence(found))?;
        }
    }
    Ok(())
}

pub(super) fn moves_said(moves: Moves) -> &'static str {
    match moves {
        Moves::Clones => "copy_file_range shares extents here",
        Moves::Copies => "copy_file_range copies here",
    }
}

fn table(found: &Found, out: &mut impl Write) -> io::Result<()> {
    let Some(Figures { shown, .. }) = &found.figures else { return Ok(()) };
    let (above, below) = sides(found.knob());
    match shown {
        Shown::Sizes(rows) => {
            writeln!(out, "    size {above:>12} {below:>12}   ratio   95 % interval   {above} is")?;
            rows.iter().try_for_each(|row| size(row, out))?;
        }
        Shown::Values(values) => {
            writeln!(out, "{:>12}   ratio to {}   95 % interval", found.knob().name(), found.kept)?;
            for (value, ratio) in values {
                let (value, figure, interval) = (value.to_string(), ratio.ratio, interval(ratio));
                writeln!(out, "{value:>12}   {figure:.3}   {interval:>14}   {}", ratio.verdict)?;
            }
        }
    }
    Ok(())
}

/// What the two ways of copying are called on both sides of a threshold.
pub(super) fn sides(knob: Knob) -> (&'static str, &'static str) {
    match knob {
        Knob::ReflinkThreshold => ("reflink", "buffered"),
        Knob::ParallelThreshold => ("threads", "one thread"),
        _ => ("zero-copy", "buffered"),
    }
}

fn size(row: &Row, out: &mut impl Write) -> io::Result<()> {
    let (above, below) = (row.above_ns / 1000.0, row.below_ns / 1000.0);
    let (size, interval) = (ByteSize::new(row.size_bytes), interval(&row.ratio));
    let Ratio { ratio, verdict, .. } = row.ratio;
    writeln!(out, "{size:>8} {above:>9.1} µs {below:>9.1} µs   {ratio:>5.3}   {interval:>14}   {verdict}")
}

fn interval(ratio: &Ratio) -> String {
    let bounds = ratio.ratio_lower.zip(ratio.ratio_upper);
    bounds.map_or_else(|| "-".into(), |(lower, upper)| format!("{lower:.3} .. {upper:.3}"))
}

/// What came of a knob, and why.
pub(super) fn sentence(found: &Found) -> String {
    let value = found.value;
    let Some(Figures { best, lower, upper, judgement, open, blocks, .. }) = &found.figures else {
        return match found.decision {
            Decision::Unsupported => format!("{value}: nothing here heeds it"),
            _ => format!("{value} kept: no run compares it with another one here"),
        };
    };
    if let Some(withdrawn) = found.withdrawn {
        return format!(
            "{value}: {withdrawn} was adopted and is withdrawn, as the pair is slower than with the defaults where that was held out"
        );
    }
    let percent = |fraction: f64| format!("{:.2} %", 100.0 * fraction);
    let least = match judgement.gain.lower {
        lower if lower.is_finite() => format!("at least {}", percent(lower)),
        _ => "with too few blocks for a bound".to_owned(),
    };
    let gain = format!("choosing by earlier blocks gained {}, {least}", percent(judgement.gain.estimate));
    let chosen = format!("{best} ({lower} .. {upper})");
    if found.value != found.kept {
        return format!(
            "{value} ({lower} .. {upper}) adopted in place of {}: {gain}, {blocks} blocks",
            found.kept
        );
    }
    if let (Decision::NoEffect, Some(open)) = (found.decision, open) {
        return format!(
            "{value} kept: no effect, no difference above {} is left open, {blocks} blocks",
            percent(*open)
        );
    }
    if *best == value {
        return format!("{value} kept: no other one is better, {blocks} blocks");
    }
    let seen = judgement
        .detectable
        .map_or_else(String::new, |effect| format!("; a gain of {} would have been seen", percent(effect)));
    format!("{value} kept: {chosen} is not better beyond noise, {gain}{seen}, {blocks} blocks")
}
