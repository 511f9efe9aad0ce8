//! Timings that were never measured, with a truth that is known: two ways of copying that cross, or several values of
//! one knob, with the noise of machines. What the tuner makes of them tells what the tuner is worth.

use crate::stats;

/// Between two arms of one block, and from block to block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Noise {
    /// Standard deviation of the logarithm of a time.
    pub(crate) deviation: f64,
    /// Share of samples that something else on the machine made longer, by half to four times.
    pub(crate) spikes: f64,
    /// How far the machine drifts over the run, up and down, as a fraction.
    pub(crate) drift: f64,
}

impl Noise {
    /// As measured on virtual machines: besides the deviation, one sample in fifty is wild, and all slow down and speed
    /// up by a fifth.
    pub(crate) fn realistic(deviation: f64) -> Self {
        Self { deviation, spikes: 0.02, drift: 0.2 }
    }
}

/// A machine on which each arm has a true time.
#[derive(Debug)]
pub(crate) struct Machine {
    random: fastrand::Rng,
    noise: Noise,
}

impl Machine {
    pub(crate) fn new(noise: Noise, seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), noise }
    }

    /// `count` blocks of the arms with these true logarithms of times, each block in a random order of its own.
    pub(crate) fn blocks(&mut self, truth: &[f64], count: usize) -> Vec<Vec<f64>> {
        let samples = stats::float((count * truth.len()).max(1) as u64);
        (0..count)
            .map(|block| {
                let mut order: Vec<usize> = (0..truth.len()).collect();
                self.random.shuffle(&mut order);
                let mut times = vec![0.0; truth.len()];
                for (position, arm) in order.into_iter().enumerate() {
                    let passed = stats::float((block * truth.len() + position) as u64) / samples;
                    times[arm] = truth[arm] + self.disturbance(passed);
                }
                times
            })
            .collect()
    }

    /// What is added to the logarithm of a time when this share of the run has passed.
    fn disturbance(&mut self, passed: f64) -> f64 {
        let Noise { deviation, spikes, drift } = self.noise;
        // The sum of twelve uniform numbers is normal but for tails that nobody sees here.
        let normal = (0..12).map(|_| self.random.f64()).sum::<f64>() - 6.0;
        let spike = if self.random.f64() < spikes { (1.5 + 2.5 * self.random.f64()).ln() } else { 0.0 };
        deviation * normal + spike + drift * (3.0 * std::f64::consts::TAU * passed).sin() / 2.0
    }
}

/// The true ln(time above / time below) at a size: the way above the threshold is slower below `crossover` and faster
/// above it, by at most `most`, and by two thirds of that an eighth and eight times as far.
pub(crate) fn ratio(size: u64, crossover: u64, most: f64) -> f64 {
    let octaves = (stats::float(size) / stats::float(crossover)).log2();
    -most * (octaves / 3.75).tanh()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_planted_ratio_crosses_where_it_was_planted() {
        assert!(ratio(1 << 16, 1 << 16, 0.3).abs() < 1e-12);
        assert!((ratio(1 << 13, 1 << 16, 0.3) - 0.2).abs() < 0.005);
        assert!((ratio(1 << 19, 1 << 16, 0.3) + 0.2).abs() < 0.005);
    }

    #[test]
    fn the_noise_is_as_asked_for() {
        let mut machine = Machine::new(Noise { deviation: 0.06, spikes: 0.0, drift: 0.0 }, 1);
        let column: Vec<f64> = machine.blocks(&[1.0], 4000).into_iter().flatten().collect();
        assert!((stats::median(&column).unwrap() - 1.0).abs() < 0.005);
        let deviation = super::super::judge::deviation(&column).unwrap();
        assert!((deviation - 0.06).abs() < 0.005, "{deviation}");
        let mut machine = Machine::new(Noise::realistic(0.06), 1);
        let wild: usize =
            machine.blocks(&[0.0; 10], 1000).iter().flatten().filter(|time| **time > 0.4).count();
        assert!((120..=280).contains(&wild), "{wild}");
    }
}
