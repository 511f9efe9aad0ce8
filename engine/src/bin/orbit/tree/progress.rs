//! How far the copy of a tree is, on standard error: files, bytes, speed and the time that is left.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use orbit_engine::{TreeObserver, TreeProgress, TreeTotal};

use crate::args::Output;
use crate::print;
use crate::progress::{LINE_EVERY, PATIENCE, Shape};
use crate::units::{count, duration, per_second, rate, size};

/// The speed is that of the last so many seconds, as files of all sizes come one behind the other.
const WINDOW: Duration = Duration::from_secs(10);

/// How often what was moved is noted.
const NOTE_EVERY: Duration = Duration::from_millis(250);

/// What a file takes beside its content, about: a copy of 4 KiB within ext4. It counts where large files came first.
const EACH_FILE: Duration = Duration::from_micros(50);

/// So many columns hold percentage, frame and a bar that can be seen.
const BAR: usize = 20;

/// Of a bar, in characters that every terminal has.
const KNOWN: &str = "{percent:>3}% [{wide_bar}] {msg}";

/// Where a bar would take two lines.
const NARROW: &str = "{percent:>3}% {wide_msg}";

/// As long as nobody knows how much there is.
const UNKNOWN: &str = "{spinner} {wide_msg}";

/// Who shows how far a copy is.
pub(super) struct Shown {
    started: Instant,
    shape: Shape,
    stage: Mutex<Stage>,
}

/// What is shown.
#[derive(Default)]
struct Stage {
    /// None until something was told.
    last: Option<TreeProgress>,
    speed: Speed,
    /// When a line was written last, since the start.
    told: Duration,
    template: Option<&'static str>,
}

impl Shown {
    /// None where nothing is to be shown.
    pub(super) fn new(output: &Output) -> Option<Self> {
        let shape = Shape::wanted(output)?;
        Some(Self { started: Instant::now(), shape, stage: Mutex::default() })
    }

    /// The copy has ended, `well` or not: the bar goes, a last line tells the sum.
    pub(super) fn end(&self, well: bool) {
        match (&self.shape, self.stage().last) {
            (Shape::Bar(bar), _) => bar.finish_and_clear(),
            (Shape::Lines, Some(progress)) if well => print::say(&sum(progress, self.started.elapsed())),
            (Shape::Lines, _) => {}
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TreeObserver for Shown {
    fn progress(&self, progress: TreeProgress) {
        let since = self.started.elapsed();
        let mut stage = self.stage();
        stage.last = Some(progress);
        let speed = stage.speed.note(since, moved(progress));
        match &self.shape {
            Shape::Bar(bar) if since >= PATIENCE => stage.draw(bar, progress, speed, since),
            Shape::Lines if since >= stage.told + LINE_EVERY => {
                stage.told = since;
                print::say(&line(progress, speed, since));
            }
            Shape::Bar(_) | Shape::Lines => {}
        }
    }
}

impl Stage {
    fn draw(&mut self, bar: &ProgressBar, progress: TreeProgress, speed: u64, since: Duration) {
        let left = left(progress, since).map(|left| format!("{:#}", HumanDuration(left)));
        let text = text(progress, speed, left.as_deref());
        let template = match progress.total {
            None => UNKNOWN,
            Some(_) if text.len() + BAR > usize::from(Term::stderr().size().1) => NARROW,
            Some(_) => KNOWN,
        };
        if self.template != Some(template) {
            self.template = Some(template);
            let style = ProgressStyle::with_template(template).expect("the template is right");
            bar.set_style(style.progress_chars("=> ").tick_chars("|/-\\ "));
        }
        if let Some(total) = progress.total {
            let (done, all) = share(progress, total);
            bar.set_length(all);
            bar.set_position(done.min(all));
        }
        bar.set_message(text);
        bar.tick();
    }
}

/// What was moved over the last seconds.
#[derive(Default)]
struct Speed(VecDeque<(Duration, u64)>);

impl Speed {
    /// Notes how many bytes were moved since the start, and gives how many a second it were of late.
    fn note(&mut self, since: Duration, moved: u64) -> u64 {
        if self.0.back().is_none_or(|(at, _)| *at + NOTE_EVERY <= since) {
            self.0.push_back((since, moved));
        }
        while self.0.len() > 1 && self.0[0].0 + WINDOW < since {
            self.0.pop_front();
        }
        let (at, before) = self.0[0];
        match since.saturating_sub(at) {
            Duration::ZERO => 0,
            time => per_second(moved.saturating_sub(before), time),
        }
    }
}

/// Bytes that were copied now, and not found there.
fn moved(progress: TreeProgress) -> u64 {
    progress.bytes.saturating_sub(progress.found_bytes)
}

/// How much is done of how much: bytes, or files where none of them has any.
fn share(progress: TreeProgress, total: TreeTotal) -> (u64, u64) {
    if total.bytes == 0 { (progress.files, total.files) } else { (progress.bytes, total.bytes) }
}

/// The time that the rest takes at the pace so far. What was found says nothing about it, so that a copy that finds the
/// rest too is done earlier.
fn left(progress: TreeProgress, since: Duration) -> Option<Duration> {
    let total = progress.total?;
    let files = total.files.saturating_sub(progress.files);
    let bytes = total.bytes.saturating_sub(progress.bytes);
    let at_pace = |rest: u64, done: u64| (since.as_nanos() * u128::from(rest)).checked_div(u128::from(done));
    let nanoseconds = match (files, bytes) {
        (0, 0) => return None,
        _ if total.bytes == 0 => at_pace(files, progress.files)?,
        _ => at_pace(bytes, moved(progress))? + EACH_FILE.as_nanos() * u128::from(files),
    };
    Some(Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX)))
}

/// `12 of 40 files, 4.0 MiB of 1.0 GiB, 4.0 MiB/s, 4m left, 1 failure`.
fn text(progress: TreeProgress, speed: u64, left: Option<&str>) -> String {
    let TreeProgress { files, bytes, failures, total, .. } = progress;
    let mut text = match total {
        Some(total) => {
            format!("{files} of {}, {} of {}", count(total.files, "file"), size(bytes), size(total.bytes))
        }
        None => format!("{}, {}", count(files, "file"), size(bytes)),
    };
    text += &format!(", {}/s", size(speed));
    if let Some(left) = left {
        text += &format!(", {left} left");
    }
    if failures > 0 {
        text += &format!(", {}", count(failures, "failure"));
    }
    text
}

/// `copying: 30 %, 12 of 40 files, 4.0 MiB of 1.0 GiB, 4.0 MiB/s, 4 minutes left`.
fn line(progress: TreeProgress, speed: u64, since: Duration) -> String {
    let left = left(progress, since).map(|left| HumanDuration(left).to_string());
    let percent = progress.total.map(|total| share(progress, total)).and_then(|(done, all)| {
        let percent = (u128::from(done) * 100).checked_div(u128::from(all))?;
        Some(format!("{} %, ", percent.min(100)))
    });
    format!("copying: {}{}", percent.unwrap_or_default(), text(progress, speed, left.as_deref()))
}

/// `done: 40 files, 1.0 GiB in 12.0 s, 85.3 MiB/s`; the speed is that of what was moved now.
fn sum(progress: TreeProgress, took: Duration) -> String {
    let (files, bytes) = (count(progress.files, "file"), size(progress.bytes));
    format!("done: {files}, {bytes} in {}, {}", duration(took), rate(moved(progress), took))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn progress(files: u64, bytes: u64, found: u64, total: Option<(u64, u64)>) -> TreeProgress {
        let mut progress = TreeProgress::default();
        (progress.files, progress.bytes, progress.found_bytes) = (files, bytes, found);
        progress.total = total.map(|(files, bytes)| TreeTotal { files, bytes });
        progress
    }

    #[test]
    fn lines_tell_files_bytes_speed_and_the_time_that_is_left() {
        let told = |progress| line(progress, moved(progress), SECOND);
        let mib = 1 << 20;
        assert_eq!(
            told(progress(8, mib, 0, Some((32, 4 * mib)))),
            "copying: 25 %, 8 of 32 files, 1.0 MiB of 4.0 MiB, 1.0 MiB/s, 3 seconds left"
        );
        assert_eq!(told(progress(1, 1536, 0, None)), "copying: 1 file, 1.5 KiB, 1.5 KiB/s");
        assert_eq!(told(progress(2, 9, 0, Some((2, 9)))), "copying: 100 %, 2 of 2 files, 9 B of 9 B, 9 B/s");
        let mut failed = progress(0, 0, 0, Some((9, 9)));
        failed.failures = 2;
        assert_eq!(told(failed), "copying: 0 %, 0 of 9 files, 0 B of 9 B, 0 B/s, 2 failures");
    }

    #[test]
    fn what_was_found_is_no_speed() {
        let mib = 1 << 20;
        let found = progress(0, 3 * mib, 2 * mib, Some((0, 5 * mib)));
        assert_eq!(left(found, SECOND), Some(2 * SECOND));
        assert_eq!(sum(found, 2 * SECOND), "done: 0 files, 3.0 MiB in 2.0 s, 512.0 KiB/s");
        let mut shown = Speed::default();
        assert_eq!(shown.note(Duration::ZERO, moved(progress(1, mib, mib, None))), 0);
        assert_eq!(shown.note(SECOND, moved(progress(2, 2 * mib, mib, None))), mib);
    }

    #[test]
    fn the_speed_is_that_of_the_last_seconds() {
        let mut speed = Speed::default();
        for second in 0..=20 {
            speed.note(second * SECOND, u64::from(second) * 1000);
        }
        assert_eq!(speed.note(25 * SECOND, 20_000), 500);
        assert_eq!(speed.note(40 * SECOND, 20_000), 0);
        assert!(speed.0.len() < 50);
        // A file that is tried again takes bytes back.
        assert_eq!(speed.note(41 * SECOND, 10_000), 0);
    }

    #[test]
    fn empty_files_have_a_share_and_take_time() {
        let total = TreeTotal { files: 4, bytes: 0 };
        let empty = progress(1, 0, 0, Some((4, 0)));
        assert_eq!(share(empty, total), (1, 4));
        assert_eq!(left(empty, SECOND), Some(3 * SECOND));
        assert_eq!(share(progress(1, 5, 0, None), TreeTotal { files: 4, bytes: 10 }), (5, 10));
        assert_eq!(left(progress(0, 0, 0, Some((4, 0))), SECOND), None);
        // A large file came first.
        let small = progress(1, 1 << 30, 0, Some((20_001, (1 << 30) + 1024)));
        assert!(left(small, SECOND) > Some(SECOND), "{:?}", left(small, SECOND));
    }
}
