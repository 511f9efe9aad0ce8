//! A system that claims what it did not do: a count is never trusted beyond what was asked, and what cannot be seen by
//! counts is caught by verification.

use orbit_tests::faults::{self, Fault};
use orbit_tests::lab::FileSystem;
use orbit_tests::skip::{Skip, unless_skipped};
use rustix::io::Errno;

use super::copy_once::Report;
use super::{CHUNK, LARGE, SMALL, Scene};

const SIZE: u64 = SMALL;

/// A count in bytes as strace takes it.
fn count(bytes: u64) -> u32 {
    u32::try_from(bytes).expect("a small count")
}

#[test]
fn moving_nothing_although_there_is_more_falls_to_the_next_rung() {
    let test = "moving_nothing_although_there_is_more_falls_to_the_next_rung";
    for file_system in [FileSystem::Tmpfs, FileSystem::Ext4] {
        let Some(scene) = unless_skipped(test, Scene::on(file_system, SIZE)) else { continue };
        let tuned = scene.tuned(CHUNK);
        for (nth, at) in [(1, 0), (3, 2 * CHUNK)] {
            scene.reset();
            let fault = Fault::claim("copy_file_range", 0).nth(nth);
            let finished = faults::inject(&scene.command(&["--tuned", &tuned]), &fault);
            let Some(finished) = unless_skipped(test, finished) else { return };
            let report = Report::of(finished);
            scene.assert_copied();
            let refusals = report.all("refusal");
            assert!(refusals.iter().any(|refusal| refusal.contains("moved nothing")), "{report:?}");
            assert!(report.all("moved").contains(&format!("sendfile {}", SIZE - at).as_str()), "{report:?}");
        }
    }
}

#[test]
fn a_splice_or_sendfile_that_moves_nothing_falls_to_the_next_rung() {
    let test = "a_splice_or_sendfile_that_moves_nothing_falls_to_the_next_rung";
    for (call, size, nth, next) in
        [("splice", LARGE, 1, "sendfile"), ("splice", LARGE, 2, "sendfile"), ("sendfile", SMALL, 1, "splice")]
    {
        let Some(scene) = unless_skipped(test, Scene::across(size)) else { return };
        let finished = faults::inject(&scene.command(&[]), &Fault::claim(call, 0).nth(nth));
        let Some(finished) = unless_skipped(test, finished) else { return };
        assert_eq!(Report::of(finished).get("mechanism"), next);
        scene.assert_copied();
    }
}

/// One chunk was asked for. A claim of two, which the file has, must not be believed: the second would stay empty.
#[track_caller]
fn assert_not_believed(test: &str, call: &str, nth: u16, scene: Result<Scene, Skip>) {
    let Some(scene) = unless_skipped(test, scene) else { return };
    let tuned = scene.tuned(CHUNK);
    for claim in [CHUNK + 1, 2 * CHUNK, 10 * SIZE] {
        scene.reset();
        let fault = Fault::claim(call, count(claim)).nth(nth);
        let finished = faults::inject(&scene.command(&["--tuned", &tuned]), &fault);
        let Some(finished) = unless_skipped(test, finished) else { return };
        let report = Report::of(finished);
        let told = report.all("refusal").iter().any(|told| told.contains("more than it was asked"));
        assert!(told, "a claim of {claim}: {report:?}");
        scene.assert_copied();
    }
}

#[test]
fn a_count_of_copy_file_range_beyond_what_was_asked_is_not_believed() {
    let test = "a_count_of_copy_file_range_beyond_what_was_asked_is_not_believed";
    assert_not_believed(test, "copy_file_range", 1, Scene::on(FileSystem::Tmpfs, SIZE));
    assert_not_believed(test, "copy_file_range", 2, Scene::on(FileSystem::Ext4, SIZE));
}

/// Believed, it would wait for ever for bytes that are not in the pipe.
#[test]
fn a_count_of_bytes_put_into_the_pipe_beyond_what_was_asked_is_not_believed() {
    let test = "a_count_of_bytes_put_into_the_pipe_beyond_what_was_asked_is_not_believed";
    assert_not_believed(test, "splice", 1, Scene::across(LARGE));
    assert_not_believed(test, "sendfile", 1, Scene::across(SMALL));
}

#[test]
fn a_count_of_bytes_taken_from_the_pipe_beyond_what_it_holds_is_not_believed() {
    let test = "a_count_of_bytes_taken_from_the_pipe_beyond_what_it_holds_is_not_believed";
    assert_not_believed(test, "splice", 2, Scene::across(LARGE));
    assert_not_believed(test, "sendfile", 2, Scene::across(SMALL));
}

/// There is no rung below reading and writing: the copy may end in an error, but not in a file with a hole.
#[test]
fn a_write_that_claims_more_than_it_was_given_is_not_believed() {
    let test = "a_write_that_claims_more_than_it_was_given_is_not_believed";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SIZE)) else { return };
    let tuned = scene.tuned(CHUNK);
    for claim in [CHUNK + 1, 2 * CHUNK, 10 * SIZE] {
        scene.reset();
        let command = scene.command(&["--strategy", "buffered", "--tuned", &tuned]);
        let finished = faults::inject(&command, &Fault::claim("pwrite64", count(claim)).nth(2));
        let Some(finished) = unless_skipped(test, finished) else { return };
        if finished.status.success() {
            scene.assert_copied();
        } else {
            scene.assert_failed_saying(&finished, &scene.destination(), "");
        }
    }
}

#[test]
fn a_write_of_nothing_ends_the_copy() {
    let test = "a_write_of_nothing_ends_the_copy";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SIZE)) else { return };
    let command = scene.command(&["--strategy", "buffered"]);
    let finished = faults::inject(&command, &Fault::claim("pwrite64", 0).and_later());
    let Some(finished) = unless_skipped(test, finished) else { return };
    scene.assert_failed_saying(&finished, &scene.destination(), "write");
}

/// A read that finds the end too early, in a file whose status has not changed.
#[test]
fn a_stored_file_that_ends_before_its_size_is_no_copy() {
    let test = "a_stored_file_that_ends_before_its_size_is_no_copy";
    for file_system in [FileSystem::Tmpfs, FileSystem::Ext4] {
        let Some(scene) = unless_skipped(test, Scene::on(file_system, SIZE)) else { continue };
        let tuned = scene.tuned(CHUNK);
        for (nth, at) in [(1, 0), (3, 2 * CHUNK)] {
            scene.reset();
            let command = scene.command(&["--strategy", "buffered", "--tuned", &tuned]);
            let fault = Fault::claim("pread64", 0).on(&scene.source()).nth(nth);
            let Some(finished) = unless_skipped(test, faults::inject(&command, &fault)) else { return };
            let reason = format!("it ends after {at} of {SIZE} bytes");
            scene.assert_failed_saying(&finished, &scene.source(), &reason);
        }
    }
}

/// Calls that claim to have moved a whole chunk, by the strategy that makes them.
fn claims() -> [(&'static str, &'static str, u16, Result<Scene, Skip>); 5] {
    [
        ("buffered", "pwrite64", 1, Scene::on(FileSystem::Tmpfs, SIZE)),
        ("buffered", "pwrite64", 4, Scene::on(FileSystem::Tmpfs, SIZE)),
        ("zero-copy", "copy_file_range", 1, Scene::on(FileSystem::Tmpfs, SIZE)),
        ("zero-copy", "copy_file_range", 3, Scene::on(FileSystem::Ext4, SIZE)),
        ("zero-copy", "copy_file_range", 4, Scene::on(FileSystem::Ext4, SIZE)),
    ]
}

#[test]
fn both_verifications_catch_a_claim_of_success() {
    let test = "both_verifications_catch_a_claim_of_success";
    for (strategy, call, nth, scene) in claims() {
        let Some(scene) = unless_skipped(test, scene) else { continue };
        let tuned = scene.tuned(CHUNK);
        for level in ["compare", "sha256"] {
            let options = ["--strategy", strategy, "--tuned", &tuned, "--verify", level];
            let fault = Fault::claim(call, count(CHUNK)).nth(nth);
            let Some(finished) = unless_skipped(test, faults::inject(&scene.command(&options), &fault))
            else {
                return;
            };
            scene.assert_failed_saying(&finished, &scene.destination(), "verification of");
            if level == "compare" {
                let first_wrong = format!("differ at byte {}", u64::from(nth - 1) * CHUNK);
                assert!(finished.stderr.contains(&first_wrong), "{}", finished.stderr);
            }
        }
    }
}

/// A read that claims bytes it did not deliver puts what was in the buffer before into the copy.
#[test]
fn both_verifications_catch_a_read_that_delivered_nothing() {
    let test = "both_verifications_catch_a_read_that_delivered_nothing";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SIZE)) else { return };
    let tuned = scene.tuned(CHUNK);
    for level in ["compare", "sha256"] {
        for claim in [1, count(CHUNK) - 1, count(CHUNK)] {
            let options = ["--strategy", "buffered", "--tuned", &tuned, "--verify", level];
            let fault = Fault::claim("pread64", claim).nth(2).on(&scene.source());
            let Some(finished) = unless_skipped(test, faults::inject(&scene.command(&options), &fault))
            else {
                return;
            };
            scene.assert_failed_saying(&finished, &scene.destination(), "verification of");
        }
    }
}

/// A proof that cannot be read is no proof.
#[test]
fn a_verification_that_cannot_read_ends_the_copy() {
    let test = "a_verification_that_cannot_read_ends_the_copy";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SIZE)) else { return };
    for level in ["compare", "sha256"] {
        let options = ["--strategy", "zero-copy", "--verify", level];
        let fault = Fault::error("pread64", Errno::IO).on(&scene.source());
        let Some(finished) = unless_skipped(test, faults::inject(&scene.command(&options), &fault)) else {
            return;
        };
        scene.assert_failed(&finished, &scene.source(), Errno::IO.raw_os_error());
    }
}
