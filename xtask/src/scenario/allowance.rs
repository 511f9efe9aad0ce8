//! How much slower the gate lets a case become.

/// A share of the base's time, and never less than an absolute time: what is shorter nobody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) share_ppm: u32,
    pub(crate) at_least_ns: u64,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { share_ppm: 30_000, at_least_ns: 1_000_000 }
    }
}

impl Allowance {
    pub(crate) fn share(self) -> f64 {
        f64::from(self.share_ppm) / 1e6
    }
}
