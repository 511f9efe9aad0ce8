//! How noisy a series of blocks is, by its placebos, and what can be seen through that noise.

use super::block::Block;
use super::judge::ALPHA;
use crate::stats;

/// Blocks of every case in the first pass.
pub(crate) const SCREEN_BLOCKS: u32 = 24;

/// Fresh blocks of a suspect: so many that a few samples that were held up do not hide a slower program. With 16 and 64
/// blocks the self-test found 74 of 100 copies that were 10 % slower, whether 2 or 8 of them shared their processes.
pub(crate) const CONFIRM_BLOCKS: u32 = 128;

/// So many blocks are measured by the same processes: what is good or bad luck of one, such as where its memory lies, is that
/// of these alone. The tests take blocks for independent, which blocks of one process are not; each process makes a copy
/// first that is not timed, so that fewer cost time.
pub(crate) const BLOCKS_PER_PROCESS: u32 = 4;

/// A case is a suspect where noise alone would do that so often. Lax: a suspect costs time only, and a slower program that is
/// none is missed.
pub(super) const SUSPECT_LEVEL: f64 = 0.25;

/// Of each pass, so that both together find four of five.
const POWER: f64 = 0.9;

/// So many suspects are thought to share the level of the second pass: the one that is slower, and two by chance.
const SUSPECTS: f64 = 3.0;

const CONFIDENCE: f64 = 0.95;

/// Placebos further from zero than noise would put them that often are a difference between equal programs.
const PLACEBO_LEVEL: f64 = 0.01;

/// The scale of the blocks' noise on logarithms: what would be the standard deviation were it normal. From the width of the
/// placebos' signed-rank interval, and so as much greater for noise with spikes as the tests have trouble with them. None with
/// too few blocks.
pub(super) fn scale(blocks: &[Block]) -> Option<f64> {
    let placebos: Vec<f64> = blocks.iter().flat_map(|block| block.placebos()).collect();
    let interval = stats::signed_rank_interval(&placebos, CONFIDENCE)?;
    let half = (interval.upper - interval.lower) / 2.0;
    Some(half * (placebos.len() as f64).sqrt() / stats::normal_quantile(f64::midpoint(1.0, CONFIDENCE))?)
}

/// The least effect on logarithms, beyond what is allowed, that a screen of so many blocks and what would follow it find in
/// four of five cases.
pub(super) fn detectable(scale: f64, screen: usize, confirm: usize) -> Option<f64> {
    let screened = stats::minimum_detectable_effect(scale, screen, SUSPECT_LEVEL, POWER)?;
    let confirmed = stats::minimum_detectable_effect(scale, confirm, ALPHA / SUSPECTS, POWER)?;
    Some(screened.max(confirmed))
}

/// How far equal programs are apart for good, by the placebo that is furthest from zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Floor {
    pub(super) distance: f64,
    /// Whether that is more than noise.
    pub(super) is_real: bool,
}

/// None without blocks.
pub(super) fn floor(blocks: &[Block]) -> Option<Floor> {
    let (mut distance, mut least_p) = (0.0_f64, 1.0_f64);
    for which in [0, 1] {
        let values: Vec<f64> = blocks.iter().map(|block| block.placebos()[which]).collect();
        let mirrored: Vec<f64> = values.iter().map(|value| -value).collect();
        distance = distance.max(stats::hodges_lehmann(&values)?.abs());
        let p =
            stats::signed_rank_p_greater(&values, 0.0)?.min(stats::signed_rank_p_greater(&mirrored, 0.0)?);
        least_p = least_p.min(p);
    }
    // Two placebos, two directions.
    Some(Floor { distance, is_real: least_p <= PLACEBO_LEVEL / 4.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks whose placebos are these, with the effect 0.
    fn blocks(placebos: &[[f64; 2]]) -> Vec<Block> {
        let ns = |log: f64| stats::whole((18.0 + log).exp());
        let block = |[plus, minus]: &[f64; 2]| {
            let (base, head) = ((plus + minus) / 2.0, (plus - minus) / 2.0);
            Block::new([ns(base), ns(-base)], [ns(head), ns(-head)])
        };
        placebos.iter().map(block).collect()
    }

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-6
    }

    #[test]
    fn the_scale_is_that_of_normal_placebos() {
        // The quantiles of a normal distribution with a standard deviation of 0.06, in an order that pairs no two alike.
        let normal = |index: u32| 0.06 * stats::normal_quantile((f64::from(index) + 0.5) / 64.0).unwrap();
        let placebos: Vec<[f64; 2]> = (0..32).map(|index| [normal(index), normal(63 - index)]).collect();
        let found = scale(&blocks(&placebos)).unwrap();
        assert!((found / 0.06 - 1.0).abs() < 0.05, "{found}");
        let spiked: Vec<[f64; 2]> = placebos.iter().map(|[one, other]| [*one, other * 20.0]).collect();
        assert!(scale(&blocks(&spiked)).unwrap() > 2.0 * found);
        assert_eq!((scale(&[]), scale(&blocks(&[[0.1, 0.2]]))), (None, None));
    }

    #[test]
    fn what_both_passes_find_is_what_the_worse_one_finds() {
        let screened = (0.674_489_750 + 1.281_551_566) * 0.06 / 12.0_f64.sqrt();
        assert!(close(detectable(0.06, 12, 1000).unwrap(), screened));
        // One in three hundred.
        let confirmed = (2.713_051_888 + 1.281_551_566) * 0.06 / 24.0_f64.sqrt();
        assert!(close(detectable(0.06, 1000, 24).unwrap(), confirmed));
        assert_eq!(detectable(0.06, 0, 24), None);
    }

    #[test]
    fn equal_programs_that_differ_for_good_are_told_from_noise() {
        let same = floor(&blocks(&[[0.05, 0.001]; 12])).unwrap();
        assert!(same.is_real && close(same.distance, 0.05), "{same:?}");
        let mut alternating = [[0.05, 0.001]; 12];
        alternating.iter_mut().step_by(2).for_each(|pair| *pair = pair.map(|one| -one));
        let noise = floor(&blocks(&alternating)).unwrap();
        assert!(!noise.is_real && noise.distance < 0.051, "{noise:?}");
        assert_eq!(floor(&[]), None);
    }
}
