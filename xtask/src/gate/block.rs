//! One block: two copies of the base and two of the head, measured close in time.

use serde::{Deserialize, Serialize};

use crate::stats;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Side {
    Base,
    Head,
}

/// Which of the four programs a sample is of: two of each side, equal byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) side: Side,
    /// 0 or 1.
    pub(crate) copy: usize,
}

/// The order of a block: one side around the other, so that what drifts evenly through the block cancels. Coins say which
/// side is outside and which copy of each comes first, so that what does not cancel has no sign of its own.
pub(crate) fn order(random: &mut fastrand::Rng) -> [Place; 4] {
    let (outer, inner) = if random.bool() { (Side::Base, Side::Head) } else { (Side::Head, Side::Base) };
    let (first, second) = (usize::from(random.bool()), usize::from(random.bool()));
    let place = |side, copy| Place { side, copy };
    [place(outer, first), place(inner, second), place(inner, 1 - second), place(outer, 1 - first)]
}

/// The times of a block, as natural logarithms of nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Block {
    base: [f64; 2],
    head: [f64; 2],
}

impl Block {
    /// Of the times of both copies of each side.
    pub(crate) fn new(base_ns: [u64; 2], head_ns: [u64; 2]) -> Self {
        let logs = |times: [u64; 2]| times.map(|ns| stats::float(ns.max(1)).ln());
        Self { base: logs(base_ns), head: logs(head_ns) }
    }

    /// Logarithm of the head's time over the base's.
    pub(super) fn effect(self) -> f64 {
        let ([a1, a2], [b1, b2]) = (self.base, self.head);
        (b1 + b2 - a1 - a2) / 2.0
    }

    /// The same sum with the sides' copies against each other: as noisy as the effect, and zero in truth whatever the code
    /// of either side does.
    pub(super) fn placebos(self) -> [f64; 2] {
        let ([a1, a2], [b1, b2]) = (self.base, self.head);
        [(a1 - a2 + b1 - b2) / 2.0, (a1 - a2 - b1 + b2) / 2.0]
    }

    pub(super) fn base(self) -> [f64; 2] {
        self.base
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(base: [f64; 2], head: [f64; 2]) -> Block {
        Block { base, head }
    }

    #[test]
    fn an_effect_is_the_heads_and_a_placebo_is_nobodys() {
        let planted = block([1.0, 1.25], [1.5, 1.75]);
        assert_eq!((planted.effect(), planted.placebos()), (0.5, [-0.25, 0.0]));
        // Whatever the head costs more moves the effect and no placebo.
        let slower = block([1.0, 1.25], [2.5, 2.75]);
        assert_eq!((slower.effect(), slower.placebos()), (1.5, [-0.25, 0.0]));
        let one = Block::new([100, 100], [200, 200]);
        assert!((one.effect() - 2.0_f64.ln()).abs() < 1e-15 && one.placebos() == [0.0; 2]);
        assert_eq!(Block::new([0, 1], [1, 1]).effect(), 0.0);
    }

    /// Effect and placebos are orthogonal and of one length: the same noise goes into each.
    #[test]
    fn placebos_are_as_noisy_as_the_effect() {
        let unit = |at: usize| {
            let one = |index| f64::from(u8::from(index == at));
            block([one(0), one(1)], [one(2), one(3)])
        };
        let weights = |of: fn(Block) -> f64| [0, 1, 2, 3].map(|at| of(unit(at)));
        let all = [
            weights(Block::effect),
            weights(|block| block.placebos()[0]),
            weights(|block| block.placebos()[1]),
        ];
        for (i, one) in all.iter().enumerate() {
            for (j, other) in all.iter().enumerate() {
                let product: f64 = one.iter().zip(other).map(|(a, b)| a * b).sum();
                assert_eq!(product, if i == j { 1.0 } else { 0.0 }, "{i} {j}");
            }
        }
    }

    #[test]
    fn every_order_has_one_side_around_the_other_and_all_come_up() {
        let mut random = fastrand::Rng::with_seed(3);
        let mut seen: Vec<[Place; 4]> = Vec::new();
        for _ in 0..200 {
            let order = order(&mut random);
            let [first, second, third, fourth] = order;
            assert!(first.side == fourth.side && second.side == third.side && first.side != second.side);
            assert!(first.copy + fourth.copy == 1 && second.copy + third.copy == 1);
            // An even drift adds 0, 1, 2, 3 to the four.
            let mut logs = [[0.0; 2]; 2];
            for (position, place) in (0_u8..).zip(order) {
                logs[usize::from(place.side == Side::Head)][place.copy] = f64::from(position);
            }
            assert_eq!(block(logs[0], logs[1]).effect(), 0.0);
            if !seen.contains(&order) {
                seen.push(order);
            }
        }
        assert_eq!(seen.len(), 8);
    }
}
