//! From which size one strategy overtakes the other. Sizes at which paired samples do not tell them apart say nothing:
//! a crossover that is read out of noise would be worse than none. Decides nothing: that is the tuner's.

use super::group::Group;
use super::units;
use crate::comparison::{Ratio, Verdict};
use crate::scenario::ChunkChoice;

/// How zero-copy compares with buffered over the measured sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Crossover {
    /// The faster one changes once.
    At {
        /// File size, interpolated in its logarithm.
        bytes: f64,
        /// Whether zero-copy is faster above it, not below.
        above: bool,
    },
    Faster,
    Slower,
    /// The faster one changes more than once.
    Several,
    /// No size tells them apart.
    Equal,
}

/// The crossover of `(size in bytes, ln(zero-copy time / buffered time))`, where 0 stands for a size that does not tell
/// the two apart; none without points.
pub(super) fn crossover(points: &[(u64, f64)]) -> Option<Crossover> {
    let mut logs: Vec<(f64, f64)> = points
        .iter()
        .filter(|(size, ratio)| *size > 0 && ratio.is_finite())
        .map(|&(size, ratio)| ((size as f64).ln(), ratio))
        .collect();
    logs.sort_by(|a, b| a.0.total_cmp(&b.0));
    logs.first()?;
    let changes = sign_changes(&logs);
    let first = logs.iter().find(|(_, ratio)| *ratio != 0.0);
    Some(match (first, changes.as_slice()) {
        (None, _) => Crossover::Equal,
        (Some((_, ratio)), []) if *ratio < 0.0 => Crossover::Faster,
        (Some(_), []) => Crossover::Slower,
        (Some((_, ratio)), [at]) => Crossover::At { bytes: at.exp(), above: *ratio > 0.0 },
        (Some(_), _) => Crossover::Several,
    })
}

/// Where the ratio passes zero between two sizes that tell the strategies apart.
fn sign_changes(points: &[(f64, f64)]) -> Vec<f64> {
    let told: Vec<(f64, f64)> = points.iter().copied().filter(|(_, ratio)| *ratio != 0.0).collect();
    let change = |pair: &[(f64, f64)]| {
        let ((before, was), (x, ratio)) = (pair[0], pair[1]);
        ((was < 0.0) != (ratio < 0.0)).then(|| before + (x - before) * was / (was - ratio))
    };
    told.windows(2).filter_map(change).collect()
}

/// The crossover for each chunk with which both strategies ran, by ascending chunk. A chunk that was not measured at
/// every size is named with its sizes.
pub(super) fn of_group(group: &Group<'_>) -> Vec<(String, Crossover)> {
    let all = group.sizes();
    let of_chunk = |chunk: ChunkChoice| {
        let own = group.comparisons.iter().filter(|comparison| comparison.chunk == chunk);
        let points: Vec<(u64, f64)> = own.map(|one| (one.size_bytes, told(&one.ratio))).collect();
        let mut name = units::chunk(chunk);
        if let (Some((first, _)), Some((last, _)), true) =
            (points.first(), points.last(), points.len() < all.len())
        {
            name += &format!(" ({} to {})", units::size(*first), units::size(*last));
        }
        Some((name, crossover(&points)?))
    };
    group.chunks().into_iter().filter_map(of_chunk).collect()
}

/// The logarithm of the ratio; 0 where the paired samples do not tell the two apart.
fn told(ratio: &Ratio) -> f64 {
    if ratio.verdict == Verdict::NotDifferent { 0.0 } else { ratio.ratio.ln() }
}

/// One sentence for each kind of answer, naming its chunk sizes when there is more than one kind.
pub(super) fn sentences(crossovers: &[(String, Crossover)]) -> Vec<String> {
    let mut kinds: Vec<(Vec<String>, Vec<Crossover>)> = Vec::new();
    for (chunk, crossover) in crossovers {
        match kinds.iter_mut().find(|(_, others)| others[0].is_like(*crossover)) {
            Some((chunks, others)) => {
                chunks.push(chunk.clone());
                others.push(*crossover);
            }
            None => kinds.push((vec![chunk.clone()], vec![*crossover])),
        }
    }
    let several = kinds.len() > 1;
    let named = |(chunks, alike): (Vec<String>, Vec<Crossover>)| {
        let answer = sentence(&alike);
        if several { format!("chunk {}: {answer}", chunks.join(", ")) } else { answer }
    };
    kinds.into_iter().map(named).collect()
}

/// What crossovers of one kind say.
fn sentence(alike: &[Crossover]) -> String {
    match alike[0] {
        Crossover::At { above, .. } => {
            let direction = if above { "from" } else { "up to" };
            format!("zero-copy is faster {direction} {}", places(alike))
        }
        Crossover::Faster => "zero-copy is faster wherever they differ".to_owned(),
        Crossover::Slower => "zero-copy is slower wherever they differ".to_owned(),
        Crossover::Several => "no single crossover".to_owned(),
        Crossover::Equal => "no size tells the strategies apart".to_owned(),
    }
}

/// The least and the greatest place.
fn places(alike: &[Crossover]) -> String {
    let bytes = alike.iter().filter_map(|crossover| match crossover {
        Crossover::At { bytes, .. } => Some(*bytes),
        _ => None,
    });
    let (least, most) = (bytes.clone().fold(f64::INFINITY, f64::min), bytes.fold(0.0, f64::max));
    match (units::about(least), units::about(most)) {
        (least, most) if least == most => format!("about {least}"),
        (least, most) => format!("about {least} to {most}, depending on the chunk size"),
    }
}

impl Crossover {
    /// Whether both are said in the same words, but for the place.
    fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::At { above, .. }, Self::At { above: other, .. }) => above == other,
            (one, other) => one == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_change_is_interpolated_in_log_size() {
        // A quarter of the way from 4 KiB to 64 KiB is 8 KiB.
        let found = crossover(&[(64 << 10, -0.3), (1 << 10, 0.3), (4 << 10, 0.1)]);
        let Some(Crossover::At { bytes, above: true }) = found else { panic!("{found:?}") };
        assert!((bytes / 8192.0 - 1.0).abs() < 1e-9, "{bytes}");
        let found = crossover(&[(1 << 10, -0.2), (16 << 10, 0.2)]);
        let Some(Crossover::At { bytes, above: false }) = found else { panic!("{found:?}") };
        assert!((bytes / 4096.0 - 1.0).abs() < 1e-9, "{bytes}");
    }

    #[test]
    fn sizes_that_say_nothing_are_passed_over() {
        let found = crossover(&[(1 << 10, 0.1), (2 << 10, 0.0), (64 << 10, -0.2)]);
        let Some(Crossover::At { bytes, above: true }) = found else { panic!("{found:?}") };
        assert!((bytes / 4096.0 - 1.0).abs() < 1e-9, "{bytes}");
        assert_eq!(crossover(&[(1, 0.0), (2, 0.1), (3, 0.0)]), Some(Crossover::Slower));
    }

    #[test]
    fn none_and_many_changes_are_told_apart() {
        assert_eq!(crossover(&[]), None);
        assert_eq!(crossover(&[(0, 1.0), (1, f64::NAN)]), None);
        assert_eq!(crossover(&[(1, -0.1)]), Some(Crossover::Faster));
        assert_eq!(crossover(&[(1, 0.1), (2, 0.2)]), Some(Crossover::Slower));
        assert_eq!(crossover(&[(1, 0.0), (2, 0.0)]), Some(Crossover::Equal));
        assert_eq!(crossover(&[(1, 0.1), (2, -0.2), (3, 0.1), (4, -1.0)]), Some(Crossover::Several));
    }

    #[test]
    fn answers_of_one_kind_are_said_once() {
        let at = |kib: f64, above| Crossover::At { bytes: kib * 1024.0, above };
        let said = |crossovers: &[Crossover]| {
            let chunks = (12..).map(|power| units::size(1 << power));
            sentences(&chunks.zip(crossovers.iter().copied()).collect::<Vec<_>>())
        };
        assert!(said(&[]).is_empty());
        assert_eq!(said(&[at(64.0, true), at(64.2, true)]), ["zero-copy is faster from about 64 KiB"]);
        assert_eq!(
            said(&[at(90.0, false), at(64.0, false)]),
            ["zero-copy is faster up to about 64 KiB to 90 KiB, depending on the chunk size"]
        );
        assert_eq!(
            said(&[at(64.0, true), Crossover::Several, at(64.0, true)]),
            [
                "chunk 4 KiB, 16 KiB: zero-copy is faster from about 64 KiB",
                "chunk 8 KiB: no single crossover"
            ]
        );
    }
}
