//! How far the copy is, on standard error: a bar on a terminal, a line a second elsewhere. Begins late, so that short
//! copies show nothing, and leaves nothing on a terminal.

use std::io::{IsTerminal, stderr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use orbit_engine::{Observer, Phase, Progress};

use crate::args::{Output, When};
use crate::print;
use crate::units::{duration, rate, size};

/// Copies that are done by then show nothing.
pub(crate) const PATIENCE: Duration = Duration::from_millis(200);

/// How often a line is written where there is no terminal.
pub(crate) const LINE_EVERY: Duration = Duration::from_secs(1);

/// Of a bar, in characters that every terminal has.
const KNOWN: &str =
    "{msg} {percent:>3}% [{wide_bar}] {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left";

/// Where the disk is waited for, which does not say how far it is.
const WAITING: &str = "{msg} {spinner}";

/// Where a bar would take two lines.
const NARROW: &str = "{msg} {percent:>3}% {binary_bytes_per_sec}, {eta} left";

/// So many columns hold [`KNOWN`] with a bar that can be seen.
const WIDE: u16 = 76;

/// Where only reading tells the length.
const UNKNOWN: &str = "{msg} {spinner} {bytes}, {binary_bytes_per_sec}";

/// Who shows how far a copy is.
pub(crate) struct Shown {
    started: Instant,
    shape: Shape,
    stage: Mutex<Stage>,
}

/// How it is shown.
pub(crate) enum Shape {
    Bar(ProgressBar),
    Lines,
}

impl Shape {
    /// None where nothing is to be shown.
    pub(crate) fn wanted(output: &Output) -> Option<Self> {
        let wanted = output.progress.unwrap_or(When::Auto);
        if wanted == When::Never || (wanted == When::Auto && output.quiet) {
            return None;
        }
        match (bar(), wanted) {
            (Some(bar), _) => Some(Self::Bar(bar)),
            (None, When::Always) => Some(Self::Lines),
            (None, _) => None,
        }
    }
}

/// The phase that is shown.
struct Stage {
    phase: Option<Phase>,
    begun: Instant,
    /// When a line was written last.
    told: Option<Instant>,
    /// Bytes that were told last.
    bytes: Option<u64>,
    /// Those of the content that an earlier copy had left.
    resumed: u64,
}

impl Default for Stage {
    fn default() -> Self {
        Self { phase: None, begun: Instant::now(), told: None, bytes: None, resumed: 0 }
    }
}

impl Shown {
    /// None where nothing is to be shown.
    pub(crate) fn new(output: &Output) -> Option<Self> {
        let shape = Shape::wanted(output)?;
        Some(Self { started: Instant::now(), shape, stage: Mutex::default() })
    }

    /// The copy has ended, `well` or not: the bar goes, a last line tells the sum.
    pub(crate) fn end(&self, well: bool) {
        let Stage { bytes, resumed, .. } = *self.stage();
        match (&self.shape, bytes) {
            (Shape::Bar(bar), _) => bar.finish_and_clear(),
            (Shape::Lines, Some(bytes)) if well => {
                print::say(&sum(bytes, resumed, self.started.elapsed()));
            }
            (Shape::Lines, _) => {}
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Shown {
    fn progress(&self, progress: Progress) {
        let mut stage = self.stage();
        let is_new = stage.enter(progress);
        match &self.shape {
            Shape::Bar(bar) if self.started.elapsed() >= PATIENCE => draw(bar, progress, is_new),
            Shape::Bar(_) => stage.phase = None,
            Shape::Lines => {
                let due = stage.told.unwrap_or(self.started) + LINE_EVERY;
                if Instant::now() >= due {
                    stage.told = Some(Instant::now());
                    print::say(&line(progress, stage.begun.elapsed()));
                }
            }
        }
    }
}

impl Stage {
    /// Notes what is told; says whether a phase began, or goes on behind what an earlier copy had left.
    fn enter(&mut self, progress: Progress) -> bool {
        self.bytes = Some(progress.bytes);
        let goes_on = progress.phase == Phase::Copying && progress.resumed != self.resumed;
        if goes_on {
            self.resumed = progress.resumed;
        }
        let is_new = goes_on || self.phase != Some(progress.phase);
        if is_new {
            self.phase = Some(progress.phase);
            self.begun = Instant::now();
        }
        is_new
    }
}

/// A bar on a terminal; none where there is no terminal, or one that cannot move its cursor (`TERM=dumb`).
fn bar() -> Option<ProgressBar> {
    let target = stderr().is_terminal().then(ProgressDrawTarget::stderr)?;
    Some(ProgressBar::with_draw_target(None, target)).filter(|bar| !bar.is_hidden())
}

fn draw(bar: &ProgressBar, progress: Progress, is_new: bool) {
    if !is_new {
        bar.set_position(progress.bytes);
        return;
    }
    let template = match progress.total {
        _ if progress.phase == Phase::Finishing => WAITING,
        0 => UNKNOWN,
        _ if Term::stderr().size().1 < WIDE => NARROW,
        _ => KNOWN,
    };
    let style = ProgressStyle::with_template(template).expect("the template is right");
    bar.set_style(style.progress_chars("=> ").tick_chars("|/-\\ "));
    bar.set_message(name(progress.phase));
    if progress.total > 0 {
        bar.set_length(progress.total);
    }
    // What was done before it is shown is no speed of what is to come.
    bar.set_position(progress.bytes);
    bar.reset_eta();
}

const fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Copying => "copying",
        Phase::Verifying => "verifying",
        Phase::Finishing => "finishing",
        _ => "working",
    }
}

/// `copying: 12.0 MiB of 1.0 GiB (1 %), 4.0 MiB/s, 4 minutes left`.
fn line(Progress { phase, bytes, resumed, total, .. }: Progress, since: Duration) -> String {
    let (name, done) = (name(phase), size(bytes));
    if phase == Phase::Finishing {
        return name.to_owned();
    }
    let moved = bytes.saturating_sub(resumed);
    let speed = rate(moved, since);
    if total == 0 {
        return format!("{name}: {done}, {speed}");
    }
    let percent = u128::from(bytes) * 100 / u128::from(total);
    let left = match (moved, total.saturating_sub(bytes)) {
        (0, _) | (_, 0) => String::new(),
        (moved, left) => {
            let nanoseconds = since.as_nanos() * u128::from(left) / u128::from(moved);
            let left = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
            format!(", {} left", HumanDuration(left))
        }
    };
    format!("{name}: {done} of {} ({percent} %), {speed}{left}", size(total))
}

/// `done: 1.0 GiB in 12.0 s, 85.3 MiB/s`; the speed is that of what was moved now.
fn sum(bytes: u64, resumed: u64, took: Duration) -> String {
    let speed = rate(bytes.saturating_sub(resumed), took);
    format!("done: {} in {}, {speed}", size(bytes), duration(took))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_tell_phase_bytes_rate_and_the_time_that_is_left() {
        let second = Duration::from_secs(1);
        let going_on = |resumed, bytes, total| {
            let mut stage = Stage::default();
            let progress = progress(resumed, bytes, total);
            assert!(stage.enter(progress) && !stage.enter(progress));
            line(progress, second)
        };
        let told = |bytes, total| going_on(0, bytes, total);
        assert_eq!(told(1 << 20, 4 << 20), "copying: 1.0 MiB of 4.0 MiB (25 %), 1.0 MiB/s, 3 seconds left");
        assert_eq!(told(0, 4096), "copying: 0 B of 4.0 KiB (0 %), 0 B/s");
        assert_eq!(told(4096, 4096), "copying: 4.0 KiB of 4.0 KiB (100 %), 4.0 KiB/s");
        assert_eq!(told(1536, 0), "copying: 1.5 KiB, 1.5 KiB/s");
        // What an earlier copy had left is done, and no work.
        assert_eq!(
            going_on(2 << 20, 3 << 20, 5 << 20),
            "copying: 3.0 MiB of 5.0 MiB (60 %), 1.0 MiB/s, 2 seconds left"
        );
        assert_eq!(going_on(2 << 20, 2 << 20, 4 << 20), "copying: 2.0 MiB of 4.0 MiB (50 %), 0 B/s");
        assert_eq!(sum(3 << 20, 2 << 20, 2 * second), "done: 3.0 MiB in 2.0 s, 512.0 KiB/s");
    }

    #[test]
    fn the_clock_begins_again_behind_what_an_earlier_copy_left() {
        let mut stage = Stage::default();
        assert!(stage.enter(progress(0, 0, 100)));
        assert!(stage.enter(progress(40, 40, 100)) && !stage.enter(progress(40, 50, 100)));
        let mut verified = progress(0, 0, 100);
        verified.phase = Phase::Verifying;
        assert!(stage.enter(verified) && !stage.enter(verified));
        assert_eq!(stage.resumed, 40);
    }

    /// The engine's own word, since nobody else can make one.
    fn progress(resumed: u64, bytes: u64, total: u64) -> Progress {
        struct First(Mutex<Option<Progress>>);
        impl Observer for First {
            fn progress(&self, progress: Progress) {
                self.0.lock().unwrap().get_or_insert(progress);
            }
        }
        let first = std::sync::Arc::new(First(Mutex::new(None)));
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("a");
        std::fs::write(&source, "content").unwrap();
        let options = orbit_engine::CopyOptions::new().observer(first.clone());
        orbit_engine::copy_file(&source, folder.path().join("b"), &options).unwrap();
        let mut progress = first.0.lock().unwrap().unwrap();
        (progress.resumed, progress.bytes, progress.total) = (resumed, bytes, total);
        progress
    }
}
