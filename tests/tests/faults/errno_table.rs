//! Every errno as the answer of every in-kernel copying call, before and after bytes moved: each is an interruption, a
//! reason to go on by the next rung, or the end of the copy, and nothing else.

use std::io;

use orbit_tests::faults::{self, Fault};
use orbit_tests::lab::FileSystem;
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::subprocess::Finished;
use rustix::io::Errno;

use super::copy_once::Report;
use super::refusals::{FATAL, UNSUPPORTED};
use super::{KIB, Scene};

const CHUNK: u64 = 64 * KIB;

/// The highest one is EHWPOISON.
const ALL: std::ops::RangeInclusive<i32> = 1..=133;

/// What must follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follows {
    /// The call is made again.
    Again,
    /// The next rung goes on where this one stopped.
    NextRung,
    /// The copy ends with this error.
    End,
}

/// From the engine's contract, not from its code. `later` means that some bytes had moved.
fn follows(errno: i32, later: bool) -> Follows {
    let errno = Errno::from_raw_os_error(errno);
    match errno {
        Errno::INTR => Follows::Again,
        _ if FATAL.contains(&errno) => Follows::End,
        _ if !later || UNSUPPORTED.contains(&errno) => Follows::NextRung,
        _ => Follows::End,
    }
}

/// One call in a scene where its mechanism is the first that works.
struct Subject {
    mechanism: &'static str,
    call: &'static str,
    /// The number of the call that comes before any byte arrived.
    first: u16,
    /// The number of a call that comes after bytes moved, and how many had arrived by then; none where one call does all.
    later: Option<(u16, u64)>,
}

#[track_caller]
fn check(subject: &Subject, scene: &Scene, finished: Finished, errno: i32, at: Option<u64>) {
    let Subject { mechanism, .. } = subject;
    let told = io::Error::from_raw_os_error(errno).to_string();
    let expected = follows(errno, at.is_some());
    if expected == Follows::End {
        scene.assert_failed(&finished, &scene.destination(), errno);
        return;
    }
    let report = Report::of(finished);
    scene.assert_copied();
    let refusal = match at {
        None => format!("{mechanism}: {told}"),
        Some(at) => format!("{mechanism}: {told} (at byte {at})"),
    };
    let is_told = report.all("refusal").contains(&refusal.as_str());
    assert_eq!(is_told, expected == Follows::NextRung, "{errno}: {report:?}");
    if expected == Follows::Again {
        assert_eq!(report.all("moved"), [format!("{mechanism} {}", scene.size)]);
    }
}

fn run(test: &str, subject: &Subject, scene: Result<Scene, Skip>) {
    let Some(scene) = unless_skipped(test, scene) else { return };
    let tuned = scene.tuned(CHUNK);
    let positions = [Some((subject.first, None)), subject.later.map(|(nth, at)| (nth, Some(at)))];
    for (nth, at) in positions.into_iter().flatten() {
        for errno in ALL {
            scene.reset();
            let command = scene.command(&["--strategy", "zero-copy", "--tuned", &tuned]);
            let fault = Fault::error(subject.call, Errno::from_raw_os_error(errno)).nth(nth);
            let Some(finished) = unless_skipped(test, faults::inject(&command, &fault)) else { return };
            check(subject, &scene, finished, errno, at);
        }
    }
}

// One test for each call, so that the harness runs them side by side: 133 children each take 5 to 10 ms.

#[test]
fn every_errno_of_a_reflink() {
    let subject = Subject { mechanism: "reflink", call: "ioctl", first: 1, later: None };
    run("every_errno_of_a_reflink", &subject, Scene::on(FileSystem::Xfs, 4 * CHUNK));
}

#[test]
fn every_errno_of_copy_file_range() {
    let subject =
        Subject { mechanism: "copy-file-range", call: "copy_file_range", first: 1, later: Some((2, CHUNK)) };
    run("every_errno_of_copy_file_range", &subject, Scene::on(FileSystem::Tmpfs, 3 * CHUNK));
}

/// Odd calls fill the pipe, even ones empty it.
#[test]
fn every_errno_of_splice_into_the_pipe() {
    let subject = Subject { mechanism: "splice", call: "splice", first: 1, later: Some((3, CHUNK)) };
    run("every_errno_of_splice_into_the_pipe", &subject, Scene::across(8 * CHUNK));
}

/// Bytes are in the pipe then, and must be neither lost nor doubled.
#[test]
fn every_errno_of_splice_out_of_the_pipe() {
    let subject = Subject { mechanism: "splice", call: "splice", first: 2, later: Some((4, CHUNK)) };
    run("every_errno_of_splice_out_of_the_pipe", &subject, Scene::across(8 * CHUNK));
}

/// Across file systems, below 256 KiB.
#[test]
fn every_errno_of_sendfile() {
    let subject = Subject { mechanism: "sendfile", call: "sendfile", first: 1, later: Some((2, CHUNK)) };
    run("every_errno_of_sendfile", &subject, Scene::across(3 * CHUNK));
}
