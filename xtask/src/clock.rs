//! The clocks and counters of one trial, read around the copy and nothing else: the wall clock last before it and first
//! after it, so that reading the others is not measured.

mod counters;
mod overhead;
mod pressure;

use std::time::{Duration, Instant};

pub(crate) use counters::Usage;
pub(crate) use overhead::Overhead;

use counters::Counters;
use pressure::Pressure;

use crate::system::{self, Whose};

/// Running clocks.
#[derive(Debug)]
pub(crate) struct Clock {
    whose: Whose,
    steal_ns: u64,
    pressure: Pressure,
    counters: Counters,
    cpu_ns: Option<u64>,
    start: Instant,
}

/// What the clocks showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) wall_ns: u64,
    /// User and system: of this process, or of the programs that it ran; none where the system does not tell.
    pub(crate) cpu_ns: Option<u64>,
    pub(crate) steal_ns: u64,
    pub(crate) usage: Usage,
}

impl Clock {
    /// Of what this process itself does.
    pub(crate) fn start() -> Self {
        Self::of(Whose::Own)
    }

    /// Of the programs that this process runs and waits for.
    pub(crate) fn of_programs() -> Self {
        Self::of(Whose::Programs)
    }

    fn of(whose: Whose) -> Self {
        let steal_ns = steal_ns();
        let pressure = Pressure::now();
        let counters = Counters::before(whose);
        Self { whose, steal_ns, pressure, counters, cpu_ns: system::cpu_ns(), start: Instant::now() }
    }

    /// Wall time so far.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn stop(self) -> Times {
        let wall = self.start.elapsed();
        let own_ns = counters::since(system::cpu_ns(), self.cpu_ns);
        let usage = Counters::after(self.whose).since(self.counters);
        let usage = Pressure::now().since(self.pressure, usage);
        let steal_ns = steal_ns().saturating_sub(self.steal_ns);
        let cpu_ns = match self.whose {
            Whose::Own => own_ns,
            Whose::Programs => usage.user_ns.zip(usage.system_ns).map(|(user, system)| user + system),
        };
        Times { wall_ns: nanoseconds(wall), cpu_ns, steal_ns, usage }
    }
}

/// Saturates after five centuries.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Time stolen by the hypervisor since boot, by the clock tick of 100 Hz that `/proc/stat` has everywhere; 0 where
/// there is no such file.
fn steal_ns() -> u64 {
    const TICK_NS: u64 = 10_000_000;
    system::kernel_file("/proc/stat").and_then(|text| stolen_ticks(&text)).unwrap_or(0) * TICK_NS
}

/// `cpu USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL …`.
fn stolen_ticks(text: &str) -> Option<u64> {
    text.lines().next()?.split_ascii_whitespace().nth(8)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spin(time: Duration) {
        let start = Instant::now();
        while start.elapsed() < time {}
    }

    #[test]
    fn stolen_time_is_its_own_column() {
        assert_eq!(stolen_ticks("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 0 0 0 0 0 0 0 0 0 0\n"), Some(8));
        assert_eq!((stolen_ticks("cpu  1 2 3 4 5 6 7\n"), stolen_ticks("")), (None, None));
    }

    #[test]
    fn work_shows_as_user_time_and_sleep_as_none() {
        let clock = Clock::start();
        spin(Duration::from_millis(30));
        let worked = clock.stop();
        // Other tests run in this process: there may be more, not less.
        assert!(worked.wall_ns >= 30_000_000 && worked.cpu_ns.is_none_or(|ns| ns > 0), "{worked:?}");
        let usage = worked.usage;
        let known = [worked.cpu_ns, usage.user_ns, usage.system_ns].map(|time| time.is_some());
        assert_eq!(known, [system::KNOWS_PROCESSOR_TIME; 3], "{usage:?}");
        assert!(usage.user_ns.is_none_or(|ns| ns > 0), "{usage:?}");
        assert!(usage.storage_read_blocks.is_none(), "blocks are those of programs: {usage:?}");
    }

    #[cfg(unix)]
    #[test]
    fn programs_are_counted_apart_from_this_process() {
        let clock = Clock::of_programs();
        let script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done";
        assert!(std::process::Command::new("sh").args(["-c", script]).status().unwrap().success());
        let times = clock.stop();
        let usage = times.usage;
        assert_eq!(times.cpu_ns, usage.user_ns.zip(usage.system_ns).map(|(user, system)| user + system));
        assert!(
            times.cpu_ns.is_some_and(|ns| ns > 0) && usage.minor_faults.is_some_and(|faults| faults > 0),
            "{times:?}"
        );
        assert!(usage.storage_read_bytes.is_none() && usage.storage_read_blocks.is_some(), "{usage:?}");
    }
}
