//! Ctrl-C, termination and hang-up: the first one ends the copy or the probes, which clean up; a second one ends the process at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use orbit_engine::Cancel;
use signal_hook::flag;

use crate::failure::Failure;

#[cfg(unix)]
const SIGNALS: [(i32, u8); 3] =
    [(signal_hook::consts::SIGHUP, 1), (signal_hook::consts::SIGINT, 2), (signal_hook::consts::SIGTERM, 15)];
#[cfg(not(unix))]
const SIGNALS: [(i32, u8); 2] = [(signal_hook::consts::SIGINT, 2), (signal_hook::consts::SIGTERM, 15)];

/// Whether this process was asked to end, and by which signal.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    raised: Arc<AtomicBool>,
    number: Arc<AtomicUsize>,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the system takes no handler.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::failed(format!("cannot listen to signals: {error}"));
        let signals = Self::default();
        let ignored = ignored();
        for (signal, number) in SIGNALS {
            // Whoever starts a program with a signal ignored (nohup) wants it to live on.
            if ignored & (1 << (number - 1)) == 0 {
                signals.listen_to(signal, number).map_err(failed)?;
            }
        }
        Ok(signals)
    }

    fn listen_to(&self, signal: i32, number: u8) -> io::Result<()> {
        // In this order: the first signal finds the flag down and raises it, the second finds it up.
        #[cfg(unix)]
        flag::register_conditional_default(signal, Arc::clone(&self.raised))?;
        #[cfg(not(unix))]
        flag::register_conditional_shutdown(signal, 128 + i32::from(number), Arc::clone(&self.raised))?;
        flag::register_usize(signal, Arc::clone(&self.number), usize::from(number))?;
        flag::register(signal, Arc::clone(&self.raised))?;
        Ok(())
    }

    /// The wish that a signal is.
    pub(crate) fn cancel(&self) -> Cancel {
        Cancel::from(Arc::clone(&self.raised))
    }

    /// The number of the signal that came.
    pub(crate) fn caught(&self) -> Option<u8> {
        u8::try_from(self.number.load(Ordering::Relaxed)).ok().filter(|number| *number > 0)
    }
}

/// The signals that were ignored when the process began, as a set of bits; none where the system has no `/proc`.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
