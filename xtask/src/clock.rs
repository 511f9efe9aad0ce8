//! The clocks of one trial, read around the copy and nothing else.

use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// Running clocks.
#[derive(Debug)]
pub(crate) struct Clock {
    steal_ns: u64,
    cpu_ns: u64,
    start: Instant,
}

/// What the clocks showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) wall_ns: u64,
    /// Of this process, user and system.
    pub(crate) cpu_ns: u64,
    pub(crate) steal_ns: u64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { steal_ns: steal_ns(), cpu_ns: cpu_ns(), start: Instant::now() }
    }

    pub(crate) fn stop(self) -> Times {
        let wall = self.start.elapsed();
        Times {
            wall_ns: u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX),
            cpu_ns: cpu_ns().saturating_sub(self.cpu_ns),
            steal_ns: steal_ns().saturating_sub(self.steal_ns),
        }
    }
}

fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec).unwrap_or(0)
}

/// Time stolen by the hypervisor since boot, by the clock tick of 100 Hz that `/proc/stat` has everywhere; 0 where
/// there is no such file.
fn steal_ns() -> u64 {
    const TICK_NS: u64 = 10_000_000;
    let steal = |text: String| text.lines().next()?.split_ascii_whitespace().nth(8)?.parse::<u64>().ok();
    std::fs::read_to_string("/proc/stat").ok().and_then(steal).unwrap_or(0) * TICK_NS
}
