//! Subjects whose time is known beforehand, so that the suite itself can be measured. They copy before the clocks start:
//! what is checked and removed afterwards is a copy like any other.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::clock::Clock;
use crate::known;
use crate::plan::Case;
use crate::sample::Measurement;
use crate::system;

/// Something that takes a known time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Without a processor.
    Sleep,
    /// With one: as long as the case has bytes.
    Rate,
}

impl Known {
    pub(super) fn measure(self, case: &Case, source: &Path, destination: &Path) -> Result<Measurement> {
        let cost = known::cost(case).ok_or_else(|| anyhow!("{}: nobody knows its cost", case.id))?;
        let time = Duration::from_nanos(cost.wall_ns);
        fs::copy(source, destination)
            .with_context(|| format!("{} to {}", case.subject, destination.display()))?;
        if self == Self::Sleep {
            system::sleep_precisely();
        }
        let clock = Clock::start();
        match self {
            Self::Sleep => thread::sleep(time),
            Self::Rate => work(time),
        }
        let times = clock.stop();
        super::whole(case, destination, times)
    }
}

fn work(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {}
}
