//! An in-kernel call that fails: which error falls back and which one ends the copy, before and after bytes moved.

use std::io;
use std::time::{Duration, Instant};

use orbit_tests::faults::{self, Fault};
use orbit_tests::lab::FileSystem;
use orbit_tests::skip::{Skip, unless_skipped};
use rustix::io::Errno;

use super::copy_once::Report;
use super::{CHUNK, LARGE, SMALL, Scene};

/// The mechanism cannot work here: the next one goes on, at whatever offset.
pub(super) const UNSUPPORTED: [Errno; 10] = [
    Errno::XDEV,
    Errno::OPNOTSUPP,
    Errno::NOSYS,
    Errno::NOTTY,
    Errno::INVAL,
    Errno::PERM,
    Errno::TXTBSY,
    Errno::BADF,
    Errno::ACCESS,
    Errno::OVERFLOW,
];

/// Nothing else would do better: the copy ends.
pub(super) const FATAL: [Errno; 7] =
    [Errno::IO, Errno::NOSPC, Errno::DQUOT, Errno::NOMEM, Errno::ISDIR, Errno::STALE, Errno::FBIG];

/// In no list: before any byte moved the next mechanism tries, afterwards the copy ends.
const ODD: [Errno; 3] = [Errno::CONNREFUSED, Errno::NODEV, Errno::TOOBIG];

/// A mechanism and its system call, with the scene in which it is the first to work.
struct Subject {
    mechanism: &'static str,
    call: &'static str,
    scene: Scene,
}

fn subjects() -> Vec<Result<Subject, Skip>> {
    let subject = |mechanism, call| move |scene| Subject { mechanism, call, scene };
    vec![
        Scene::on(FileSystem::Xfs, SMALL).map(subject("reflink", "ioctl")),
        Scene::on(FileSystem::Tmpfs, SMALL).map(subject("reflink", "ioctl")),
        Scene::on(FileSystem::Tmpfs, SMALL).map(subject("copy-file-range", "copy_file_range")),
        Scene::on(FileSystem::Ext4, SMALL).map(subject("copy-file-range", "copy_file_range")),
        Scene::across(SMALL).map(subject("sendfile", "sendfile")),
        Scene::on(FileSystem::Ext4, LARGE).map(subject("splice", "splice")),
        Scene::across(LARGE).map(subject("splice", "splice")),
    ]
}

fn message(errno: Errno) -> String {
    io::Error::from(errno).to_string()
}

#[test]
fn a_first_call_that_is_unsupported_falls_back_and_the_refusal_is_told() {
    let test = "a_first_call_that_is_unsupported_falls_back_and_the_refusal_is_told";
    for subject in subjects() {
        let Some(Subject { mechanism, call, scene }) = unless_skipped(test, subject) else { continue };
        for errno in UNSUPPORTED.into_iter().chain(ODD) {
            scene.reset();
            let finished = faults::inject(&scene.command(&[]), &Fault::error(call, errno));
            let Some(finished) = unless_skipped(test, finished) else { return };
            let report = Report::of(finished);
            scene.assert_copied();
            let refusal = format!("{mechanism}: {}", message(errno));
            assert!(report.all("refusal").contains(&refusal.as_str()), "{errno:?}: {report:?}");
            assert_ne!(report.get("mechanism"), mechanism);
            assert_eq!(report.all("moved").len(), 1, "{report:?}");
        }
    }
}

#[test]
fn each_rung_falls_to_the_next_one_in_order() {
    let test = "each_rung_falls_to_the_next_one_in_order";
    let small: &[_] = &[
        ("ioctl", "copy-file-range"),
        ("ioctl,copy_file_range", "sendfile"),
        ("ioctl,copy_file_range,sendfile", "splice"),
        ("ioctl,copy_file_range,sendfile,splice", "read-write"),
    ];
    let large: &[_] = &[
        ("ioctl", "splice"),
        ("ioctl,splice", "copy-file-range"),
        ("ioctl,splice,copy_file_range", "sendfile"),
        ("ioctl,splice,copy_file_range,sendfile", "read-write"),
    ];
    for (size, order) in [(SMALL, small), (LARGE, large)] {
        let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Xfs, size)) else { return };
        for (calls, expected) in order {
            scene.reset();
            let finished = faults::inject(&scene.command(&[]), &Fault::error(calls, Errno::OPNOTSUPP));
            let Some(finished) = unless_skipped(test, finished) else { return };
            let report = Report::of(finished);
            assert_eq!(report.get("mechanism"), *expected);
            assert_eq!(report.all("refusal").len(), calls.split(',').count());
            scene.assert_copied();
        }
    }
}

#[test]
fn a_first_call_that_fails_for_good_ends_the_copy() {
    let test = "a_first_call_that_fails_for_good_ends_the_copy";
    for subject in subjects() {
        let Some(Subject { call, scene, .. }) = unless_skipped(test, subject) else { continue };
        for errno in FATAL {
            let finished = faults::inject(&scene.command(&[]), &Fault::error(call, errno));
            let Some(finished) = unless_skipped(test, finished) else { return };
            scene.assert_failed(&finished, &scene.destination(), errno.raw_os_error());
        }
    }
}

#[test]
fn an_interrupted_call_is_made_again() {
    let test = "an_interrupted_call_is_made_again";
    let buffered = |call| move |scene| Subject { mechanism: "read-write", call, scene };
    let buffered =
        ["pread64", "pwrite64"].map(|call| Scene::on(FileSystem::Tmpfs, SMALL).map(buffered(call)));
    for subject in subjects().into_iter().chain(buffered) {
        let Some(Subject { mechanism, call, scene }) = unless_skipped(test, subject) else { continue };
        let strategy = if mechanism == "read-write" { "buffered" } else { "zero-copy" };
        let tuned = scene.tuned(CHUNK);
        let calls = if call == "ioctl" { 1 } else { 2 };
        for nth in 1..=calls {
            scene.reset();
            let fault = Fault::error(call, Errno::INTR).nth(nth);
            // The child also reads while it starts.
            let fault = if call == "pread64" { fault.on(&scene.source()) } else { fault };
            let command = scene.command(&["--strategy", strategy, "--tuned", &tuned]);
            let Some(finished) = unless_skipped(test, faults::inject(&command, &fault)) else { return };
            let report = Report::of(finished);
            let interrupted = message(Errno::INTR);
            assert!(report.all("refusal").iter().all(|told| !told.contains(&interrupted)), "{report:?}");
            if call != "ioctl" {
                assert_eq!(report.all("moved"), [format!("{mechanism} {}", scene.size)]);
            }
            scene.assert_copied();
        }
    }
}

/// After bytes moved: by number of the call, what it was to do, and how many bytes had arrived.
const LATER: [(&str, u16, u64); 6] = [
    ("copy_file_range", 2, CHUNK),
    ("copy_file_range", 4, 3 * CHUNK),
    ("sendfile", 2, CHUNK),
    ("sendfile", 4, 3 * CHUNK),
    ("splice", 3, CHUNK),
    ("splice", 4, CHUNK),
];

fn later_scene(call: &str) -> Result<Scene, Skip> {
    match call {
        "splice" => Scene::across(LARGE),
        "sendfile" => Scene::across(SMALL),
        _ => Scene::on(FileSystem::Ext4, SMALL),
    }
}

#[test]
fn a_later_call_that_is_unsupported_goes_on_by_the_next_rung_at_that_offset() {
    let test = "a_later_call_that_is_unsupported_goes_on_by_the_next_rung_at_that_offset";
    for (call, nth, at) in LATER {
        let Some(scene) = unless_skipped(test, later_scene(call)) else { continue };
        let tuned = scene.tuned(CHUNK);
        let (mechanism, next) = match call {
            "splice" => ("splice", "sendfile"),
            "sendfile" => ("sendfile", "splice"),
            _ => ("copy-file-range", "sendfile"),
        };
        for errno in UNSUPPORTED {
            scene.reset();
            let fault = Fault::error(call, errno).nth(nth);
            let finished = faults::inject(&scene.command(&["--tuned", &tuned]), &fault);
            let Some(finished) = unless_skipped(test, finished) else { return };
            let report = Report::of(finished);
            scene.assert_copied();
            let refusal = format!("{mechanism}: {} (at byte {at})", message(errno));
            assert!(report.all("refusal").contains(&refusal.as_str()), "{report:?}");
            let moved = [format!("{mechanism} {at}"), format!("{next} {}", scene.size - at)];
            assert_eq!(report.all("moved"), moved);
        }
    }
}

#[test]
fn a_later_call_that_fails_ends_the_copy() {
    let test = "a_later_call_that_fails_ends_the_copy";
    for (call, nth, _) in LATER {
        let Some(scene) = unless_skipped(test, later_scene(call)) else { continue };
        let tuned = scene.tuned(CHUNK);
        for errno in FATAL.into_iter().chain(ODD) {
            let fault = Fault::error(call, errno).nth(nth);
            let finished = faults::inject(&scene.command(&["--tuned", &tuned]), &fault);
            let Some(finished) = unless_skipped(test, finished) else { return };
            scene.assert_failed(&finished, &scene.destination(), errno.raw_os_error());
        }
    }
}

/// Splice's second call empties the pipe. What it held must not be lost, nor come twice.
#[test]
fn bytes_left_in_the_pipe_are_not_lost() {
    let test = "bytes_left_in_the_pipe_are_not_lost";
    let Some(scene) = unless_skipped(test, Scene::across(LARGE)) else { return };
    for errno in [Errno::INVAL, Errno::INTR] {
        scene.reset();
        let finished = faults::inject(&scene.command(&[]), &Fault::error("splice", errno).nth(2));
        let Some(finished) = unless_skipped(test, finished) else { return };
        let expected = if errno == Errno::INTR { "splice" } else { "sendfile" };
        assert_eq!(Report::of(finished).get("mechanism"), expected);
        scene.assert_copied();
    }
}

#[test]
fn a_pipe_that_cannot_be_enlarged_is_used_as_it_is() {
    let test = "a_pipe_that_cannot_be_enlarged_is_used_as_it_is";
    let Some(scene) = unless_skipped(test, Scene::across(LARGE)) else { return };
    let finished = faults::inject(&scene.command(&[]), &Fault::error("fcntl", Errno::PERM).and_later());
    let Some(finished) = unless_skipped(test, finished) else { return };
    assert_eq!(Report::of(finished).get("moved"), format!("splice {LARGE}"));
    scene.assert_copied();
}

/// A call that signals interrupt again and again never ends by itself.
#[test]
fn interruptions_for_ever_end_when_the_copy_is_cancelled() {
    let test = "interruptions_for_ever_end_when_the_copy_is_cancelled";
    for (mechanism, call) in [
        ("reflink", "ioctl"),
        ("copy-file-range", "copy_file_range"),
        ("splice", "splice"),
        ("sendfile", "sendfile"),
        ("read-write", "pread64"),
        ("read-write", "pwrite64"),
    ] {
        let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Xfs, LARGE)) else { return };
        let fault = Fault::error(call, Errno::INTR).and_later();
        let fault = if call == "pread64" { fault.on(&scene.source()) } else { fault };
        let command = scene.command(&["--only", mechanism, "--cancel-after", "100"]);
        let start = Instant::now();
        let Some(finished) = unless_skipped(test, faults::inject(&command, &fault)) else { return };
        // The tracer takes its time too.
        assert!(start.elapsed() < Duration::from_secs(5), "{mechanism}: {:?}", start.elapsed());
        scene.assert_failed_saying(&finished, &scene.destination(), "was cancelled");
    }
}

/// What follows reads and writes the unaligned end, which direct access would not take.
#[test]
fn a_later_direct_write_that_is_refused_leaves_both_files_to_the_cache() {
    let test = "a_later_direct_write_that_is_refused_leaves_both_files_to_the_cache";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Ext4, (3 << 20) + 1)) else { return };
    let command = scene.command(&["--strategy", "buffered", "--direct-io", "true"]);
    let fault = Fault::error("pwrite64", Errno::INVAL).nth(2);
    let Some(finished) = unless_skipped(test, faults::inject(&command, &fault)) else { return };
    let report = Report::of(finished);
    scene.assert_copied();
    assert_eq!(report.all("moved"), ["direct-io 1048576", "read-write 2097153"]);
}

/// Kernels without it, filters of containers, and old kernels that charge it to a limit or have no descriptor left.
#[test]
fn a_queue_that_the_kernel_does_not_give_falls_back_and_the_refusal_is_told() {
    let test = "a_queue_that_the_kernel_does_not_give_falls_back_and_the_refusal_is_told";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, LARGE)) else { return };
    let command = scene.command(&["--strategy", "buffered", "--io-uring", "true"]);
    for errno in [Errno::NOSYS, Errno::PERM, Errno::ACCESS, Errno::INVAL, Errno::NOMEM, Errno::MFILE] {
        scene.reset();
        let finished = faults::inject(&command, &Fault::error("io_uring_setup", errno));
        let Some(finished) = unless_skipped(test, finished) else { return };
        let report = Report::of(finished);
        scene.assert_copied();
        assert_eq!(report.all("refusal"), [format!("io-uring: {}", message(errno))]);
        assert_eq!(report.all("moved"), [format!("read-write {LARGE}")]);
    }
}
