//! Copies that are ended and gone on with: what is said, and what the report tells.

use std::fs;
use std::io::Write;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use orbit_tests::{files, subprocess};
use rustix::process::{Pid, Signal, kill_process};

use crate::scene::Scene;

const SIZE: u64 = 8 << 20;

/// So much is there when the copy is ended: several blocks.
const BEGIN: u64 = 4 << 20;

/// Leaves time to end the copy before it is whole.
const SLOW: [&str; 6] = ["--resume", "--no-zero-copy", "--max-bandwidth", "8MiB", "a", "b"];

/// A copy that has come as far as [`BEGIN`].
fn begun(scene: &Scene) -> Child {
    let mut command = subprocess::with_default_signals(&scene.command(SLOW));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("orbit starts");
    let start = Instant::now();
    while arrived(scene) < BEGIN {
        assert!(child.try_wait().expect("orbit can be waited for").is_none(), "it ended too early");
        assert!(start.elapsed() < Duration::from_secs(30), "it does not copy");
        thread::sleep(Duration::from_millis(5));
    }
    child
}

/// Length of the partial file.
fn arrived(scene: &Scene) -> u64 {
    let names = files::list(&scene.path(""));
    let partial = names.iter().find(|name| name.as_encoded_bytes().ends_with(b".partial"));
    partial.and_then(|name| fs::metadata(scene.path(name)).ok()).map_or(0, |data| data.len())
}

/// Ends it as Ctrl-C does.
fn interrupt(mut child: Child) {
    kill_process(Pid::from_child(&child), Signal::INT).expect("orbit can be signalled");
    assert_eq!(child.wait().expect("orbit can be waited for").code(), Some(130));
}

#[test]
fn the_same_command_goes_on_and_says_where() {
    let scene = Scene::new(SIZE);
    interrupt(begun(&scene));
    assert!(!scene.path("b").exists());
    let report = scene.copied(&["--resume"]);
    assert_eq!(report["resumed"]["how"], "at");
    assert!(report["resumed"]["at_bytes"].as_u64() >= Some(1 << 20), "{report}");
    let whole = |key| report[key].as_u64().expect("a number");
    // The speed is that of what was moved now.
    let moved = SIZE - report["resumed"]["at_bytes"].as_u64().expect("a number");
    let expected = u128::from(moved) * 1_000_000_000 / u128::from(whole("duration_ns"));
    assert_eq!(u128::from(whole("bytes_per_second")), expected);
    scene.assert_copied();
    scene.assert_only(&["a", "b"]);
    fs::remove_file(scene.path("b")).unwrap();
    interrupt(begun(&scene));
    let told = scene.run(&["-v", "--resume", "a", "b"]).expect_success().stderr;
    assert!(told.contains(", resumed at byte "), "{told}");
}

#[test]
fn starting_over_is_said_unless_quiet() {
    let line = "orbit: b: started over: the source has changed since\n";
    for (flags, expected) in [(&["--resume"][..], line), (&["--resume", "-q"], "")] {
        let scene = Scene::new(SIZE);
        interrupt(begun(&scene));
        let mut source = fs::File::options().append(true).open(scene.path("a")).unwrap();
        source.write_all(b"more").unwrap();
        drop(source);
        let finished = scene.run(&[&["--json"], flags, &["a", "b"]].concat()).expect_success();
        assert_eq!(finished.stderr, expected);
        let report = crate::scene::one_object(&crate::scene::text(&finished));
        assert_eq!(report["resumed"]["how"], "started-over");
        assert_eq!(report["resumed"]["reason"], "source-changed");
        scene.assert_copied();
    }
}

#[test]
fn two_copies_to_one_place_do_not_mix() {
    let scene = Scene::new(SIZE);
    let mut first = begun(&scene);
    // However long the other one takes to start.
    kill_process(Pid::from_child(&first), Signal::STOP).expect("orbit can be stopped");
    let told = scene.fails(1, &["--resume", "a", "b"]);
    kill_process(Pid::from_child(&first), Signal::CONT).expect("orbit can go on");
    assert!(told.contains("another copy is at work on") && told.contains("wait for its end"), "{told}");
    assert!(first.wait().expect("orbit can be waited for").success());
    scene.assert_copied();
}
