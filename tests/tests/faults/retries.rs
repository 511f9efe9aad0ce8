//! Copies that failed for a reason that may pass are tried again, as often as asked, and others are not.

use std::path::PathBuf;

use orbit_tests::faults::{self, Fault};
use orbit_tests::lab::FileSystem;
use orbit_tests::skip::unless_skipped;
use rustix::io::Errno;

use super::copy_once::Report;
use super::resume::partial_name;
use super::{KIB, SMALL, Scene};

/// Those that may pass, as documented, without the interruption: the one loop makes an interrupted read again.
const MAY_PASS: [Errno; 5] = [Errno::BUSY, Errno::AGAIN, Errno::TIMEDOUT, Errno::TXTBSY, Errno::STALE];

/// A call that fails once, on a file or on any, and whose file the error names.
struct Place {
    call: &'static str,
    on: Option<PathBuf>,
    named: PathBuf,
}

impl Place {
    fn all(scene: &Scene) -> Vec<Self> {
        let (source, destination) = (scene.source(), scene.destination());
        let at = |call, on: Option<&PathBuf>, named: &PathBuf| Self {
            call,
            on: on.cloned(),
            named: named.clone(),
        };
        vec![
            at("?open,openat", Some(&source), &source),
            at("pread64", Some(&source), &source),
            at("pwrite64", None, &destination),
            at("fsync", None, &destination),
            at("/^rename", None, &destination),
        ]
    }

    fn fault(&self, errno: Errno) -> Fault {
        let fault = Fault::error(self.call, errno);
        match &self.on {
            Some(path) => fault.on(path),
            None => fault,
        }
    }
}

fn options(retries: &'static str) -> [&'static str; 6] {
    ["--strategy", "buffered", "--durability", "file", "--retries", retries]
}

#[test]
fn what_may_pass_is_tried_again_and_only_when_asked() {
    let test = "what_may_pass_is_tried_again_and_only_when_asked";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SMALL)) else { return };
    for place in Place::all(&scene) {
        for errno in MAY_PASS {
            scene.reset();
            let injected = faults::inject(&scene.command(&options("0")), &place.fault(errno));
            let Some(finished) = unless_skipped(test, injected) else { return };
            scene.assert_failed(&finished, &place.named, errno.raw_os_error());
            let injected = faults::inject(&scene.command(&options("1")), &place.fault(errno));
            let Some(finished) = unless_skipped(test, injected) else { return };
            let report = Report::of(finished);
            assert_eq!(report.get("retries"), "1", "{} {errno}", place.call);
            scene.assert_copied();
        }
    }
}

#[test]
fn an_interrupted_open_is_tried_again() {
    let test = "an_interrupted_open_is_tried_again";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SMALL)) else { return };
    let fault = Fault::error("?open,openat", Errno::INTR).on(&scene.source());
    let Some(finished) = unless_skipped(test, faults::inject(&scene.command(&options("1")), &fault)) else {
        return;
    };
    assert_eq!(Report::of(finished).get("retries"), "1");
    scene.assert_copied();
}

/// A second try would succeed.
#[test]
fn what_will_not_pass_ends_the_copy_at_once() {
    let test = "what_will_not_pass_ends_the_copy_at_once";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SMALL)) else { return };
    for place in Place::all(&scene) {
        for errno in [Errno::NOSPC, Errno::DQUOT, Errno::IO, Errno::ACCESS, Errno::PERM, Errno::ROFS] {
            let injected = faults::inject(&scene.command(&options("3")), &place.fault(errno));
            let Some(finished) = unless_skipped(test, injected) else { return };
            scene.assert_failed(&finished, &place.named, errno.raw_os_error());
        }
    }
}

#[test]
fn a_reason_that_does_not_pass_is_told_after_the_last_try() {
    let test = "a_reason_that_does_not_pass_is_told_after_the_last_try";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SMALL)) else { return };
    let fault = Fault::error("pwrite64", Errno::BUSY).and_later();
    let Some(finished) = unless_skipped(test, faults::inject(&scene.command(&options("2")), &fault)) else {
        return;
    };
    scene.assert_failed(&finished, &scene.destination(), Errno::BUSY.raw_os_error());
}

/// The source cannot be opened, so that nothing but the wait looks for the wish.
#[test]
fn a_wait_ends_when_the_caller_wants_no_more() {
    let test = "a_wait_ends_when_the_caller_wants_no_more";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SMALL)) else { return };
    let fault = Fault::error("?open,openat", Errno::STALE).on(&scene.source()).and_later();
    let command = scene.command(&[&options("5")[..], &["--cancel-after", "400"]].concat());
    let Some(finished) = unless_skipped(test, faults::inject(&command, &fault)) else { return };
    scene.assert_failed_saying(&finished, &scene.destination(), "was cancelled");
}

/// Four blocks and a part, written by nine calls at a pace at which blocks are written down meanwhile.
#[test]
fn a_resumable_copy_goes_on_where_the_try_before_stopped() {
    let test = "a_resumable_copy_goes_on_where_the_try_before_stopped";
    let size = 4500 * KIB;
    for strategy in ["buffered", "zero-copy"] {
        let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, size)) else { return };
        let tuned = scene.tuned(512 * KIB);
        let options = ["--placement", "resumable", "--max-bandwidth", "8MiB/s", "--retries", "1"];
        let options = [&options[..], &["--strategy", strategy, "--tuned", &tuned]].concat();
        let call = if strategy == "buffered" { "pwrite64" } else { "splice" };
        let fault = Fault::error(call, Errno::STALE).on(&scene.to.join(partial_name())).nth(5);
        let injected = faults::inject(&scene.command(&options), &fault);
        let Some(finished) = unless_skipped(test, injected) else { return };
        let report = Report::of(finished);
        assert_eq!(report.get("retries"), "1", "{report:?}");
        let resumed = report.get("resumed");
        let at = resumed.strip_prefix("resumed at byte ").and_then(|at| at.parse::<u64>().ok());
        let at = at.unwrap_or_else(|| panic!("{strategy}: {resumed}"));
        assert_eq!(report.get("data_bytes"), (size - at).to_string(), "{strategy}");
        scene.assert_copied();
    }
}
