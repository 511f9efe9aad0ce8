//! Makes one system call of a child fail, lie or wait, or kills the child at it.
//!
//! A fault test that injects nothing proves nothing: [`inject`] panics then. [`attempt`] is for sweeps over "the
//! first, the second, … call" that end where there are no more calls.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::io::Errno;

use crate::skip::Skip;
use crate::strace::{self, Traced};
use crate::subprocess::Finished;

#[derive(Clone, Copy, Debug)]
enum Effect {
    Error(Errno),
    Return(u32),
    Delay(Duration),
    DelayAfter(Duration),
    Kill,
    Interrupt,
}

/// What goes wrong, and at which call. Calls are counted per thread, those of program start included.
#[derive(Clone, Debug)]
#[must_use]
pub struct Fault {
    calls: String,
    effect: Effect,
    nth: u16,
    and_later: bool,
    path: Option<PathBuf>,
}

impl Fault {
    /// The first of `calls` does nothing and fails with `errno`.
    ///
    /// `calls` is one name or several with commas, as strace knows them; `?` before a name that not every
    /// architecture has. The n-th call of each name counts by itself.
    pub fn error(calls: &str, errno: Errno) -> Self {
        Self::new(calls, Effect::Error(errno))
    }

    /// The first of `calls` does nothing and claims success with the result `value`.
    pub fn claim(calls: &str, value: u32) -> Self {
        Self::new(calls, Effect::Return(value))
    }

    /// The first of `calls` waits for `time` before it does its work, so that the test can act meanwhile.
    pub fn delay(calls: &str, time: Duration) -> Self {
        Self::new(calls, Effect::Delay(time))
    }

    /// The first of `calls` does its work, and the child gets the answer so much later.
    pub fn delay_after(calls: &str, time: Duration) -> Self {
        Self::new(calls, Effect::DelayAfter(time))
    }

    /// The child is killed by signal 9 as it enters the first of `calls`, before the call does anything.
    pub fn kill(calls: &str) -> Self {
        Self::new(calls, Effect::Kill)
    }

    /// The child gets SIGINT, as by Ctrl-C, as it enters the first of `calls`, which does its work.
    pub fn interrupt(calls: &str) -> Self {
        Self::new(calls, Effect::Interrupt)
    }

    fn new(calls: &str, effect: Effect) -> Self {
        Self { calls: calls.to_owned(), effect, nth: 1, and_later: false, path: None }
    }

    /// Not the first but the n-th call of a thread.
    ///
    /// # Panics
    /// When `n` is 0.
    pub fn nth(mut self, n: u16) -> Self {
        assert!(n > 0, "calls are counted from 1");
        self.nth = n;
        self
    }

    /// That call and all later ones.
    pub fn and_later(mut self) -> Self {
        self.and_later = true;
        self
    }

    /// Only calls on this very file, by path or by a descriptor opened from it; others are not counted.
    pub fn on(mut self, path: &Path) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    fn options(&self) -> Vec<String> {
        let Self { calls, nth, .. } = self;
        let effect = match self.effect {
            Effect::Error(errno) => format!("error={}", errno.raw_os_error()),
            Effect::Return(value) => format!("retval={value}"),
            Effect::Delay(time) => format!("delay_enter={}", time.as_micros()),
            Effect::DelayAfter(time) => format!("delay_exit={}", time.as_micros()),
            Effect::Kill => "signal=SIGKILL".to_owned(),
            Effect::Interrupt => "signal=SIGINT".to_owned(),
        };
        let later = if self.and_later { "+" } else { "" };
        let mut options =
            vec![format!("--trace={calls}"), format!("--inject={calls}:{effect}:when={nth}{later}")];
        if let Some(path) = &self.path {
            options.push(format!("--trace-path={}", path.display()));
        }
        options
    }

    fn struck(&self, trace: &str) -> bool {
        let trail = match self.effect {
            Effect::Error(_) | Effect::Return(_) => "(INJECTED)",
            Effect::Delay(_) | Effect::DelayAfter(_) => "(DELAYED)",
            Effect::Kill => "+++ killed by SIGKILL",
            Effect::Interrupt => "--- SIGINT",
        };
        trace.lines().any(|line| line.contains(trail))
    }
}

/// Whether the fault met a call.
#[derive(Debug)]
#[must_use]
pub enum Attempt {
    /// It did, at least once.
    Injected(Finished),
    /// The child made no such call, or fewer than the number asked for.
    NothingInjected(Finished),
}

/// Runs the command with the fault in place and says whether it took place.
///
/// # Errors
/// When strace is missing or may not trace here.
///
/// # Panics
/// When strace knows no such call, or the child hangs.
#[track_caller]
pub fn attempt(command: &Command, fault: &Fault) -> Result<Attempt, Skip> {
    let Traced { finished, trace } = strace::run(command, &fault.options())?;
    let outcome = if fault.struck(&trace) { Attempt::Injected } else { Attempt::NothingInjected };
    Ok(outcome(finished))
}

/// Runs the command with the fault in place.
///
/// # Errors
/// When strace is missing or may not trace here.
///
/// # Panics
/// When the fault met no call, and as [`attempt`].
#[track_caller]
pub fn inject(command: &Command, fault: &Fault) -> Result<Finished, Skip> {
    match attempt(command, fault)? {
        Attempt::Injected(finished) => Ok(finished),
        Attempt::NothingInjected(finished) => {
            panic!("{fault:?} met no call of {command:?} ({}): {}", finished.status, finished.stderr)
        }
    }
}
