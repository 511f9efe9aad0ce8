//! How far a copy is: a bar on a terminal, lines elsewhere when asked for, nothing for short copies, and nothing left.

use std::process::Command;

use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::{subprocess, tool};

use crate::scene::Scene;

/// Takes more than a second.
const SLOW: &[&str] = &["--max-bandwidth", "1MiB"];

const SIZE: u64 = 3 << 19;

/// What the command writes to a terminal.
pub(crate) fn on_terminal(scene: &Scene, arguments: &[&str]) -> Result<String, Skip> {
    on_terminal_called("xterm", scene, arguments)
}

fn on_terminal_called(term: &str, scene: &Scene, arguments: &[&str]) -> Result<String, Skip> {
    let script = tool::find("script")?;
    let inner = scene.command(arguments);
    let words: Vec<_> = std::iter::once(inner.get_program()).chain(inner.get_args()).collect();
    let line: Vec<_> = words.iter().map(|word| format!("'{}'", word.display())).collect();
    let mut command = Command::new(script.get_program());
    command.args(["--quiet", "--return", "--command", &line.join(" "), "/dev/null"]);
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("TERM", term).current_dir(scene.path(""));
    let finished = subprocess::run(command).expect_success();
    Ok(String::from_utf8_lossy(&finished.stdout).into_owned())
}

#[test]
fn a_terminal_shows_a_bar_and_keeps_nothing_of_it() {
    let test = "a_terminal_shows_a_bar_and_keeps_nothing_of_it";
    let scene = Scene::new(SIZE);
    for strategy in ["--zero-copy", "--no-zero-copy"] {
        let shown = on_terminal(&scene, &[SLOW, &[strategy, "a", "b"]].concat());
        let Some(shown) = unless_skipped(test, shown) else { return };
        for part in ["copying", "%", " of 1.50 MiB", "MiB/s", " left"] {
            assert!(shown.contains(part), "{part}: {shown:?}");
        }
        assert!(shown.ends_with("\r\u{1b}[2K"), "the line is not cleared: {shown:?}");
    }
}

#[test]
fn short_copies_quiet_ones_and_never_show_none() {
    let test = "short_copies_quiet_ones_and_never_show_none";
    let scene = Scene::new(SIZE);
    for arguments in [
        &["a", "b"][..],
        &["--progress=always", "a", "b"],
        &["--max-bandwidth", "1MiB", "-q", "a", "b"],
        &["--max-bandwidth", "1MiB", "--progress=never", "a", "b"],
    ] {
        let Some(shown) = unless_skipped(test, on_terminal(&scene, arguments)) else { return };
        assert!(!shown.contains("copying"), "{arguments:?}: {shown:?}");
    }
    let shown = on_terminal(&scene, &["--max-bandwidth", "1MiB", "-q", "--progress=always", "a", "b"]);
    let Some(shown) = unless_skipped(test, shown) else { return };
    assert!(shown.contains("copying"), "{shown:?}");
}

#[test]
fn without_a_terminal_there_are_lines_and_only_when_asked_for() {
    let scene = Scene::new(SIZE);
    for arguments in [&["a", "b"][..], &["--progress=auto", "a", "b"], &["--progress=never", "a", "b"]] {
        assert_eq!(scene.quietly(&[SLOW, arguments].concat()), "");
    }
    for flag in ["--progress=always", "--progress"] {
        let told = scene.run(&[SLOW, &[flag, "a", "b"]].concat()).expect_success().stderr;
        let lines: Vec<_> = told.lines().collect();
        assert!(lines[0].starts_with("copying: ") && lines[0].contains(" of 1.5 MiB ("), "{told}");
        assert!(lines.last().unwrap().starts_with("done: 1.5 MiB in "), "{told}");
        assert!(!told.contains('\u{1b}') && !told.contains('\r'), "{told:?}");
    }
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_lines_when_asked_for() {
    let test = "a_terminal_that_cannot_move_its_cursor_gets_lines_when_asked_for";
    let scene = Scene::new(SIZE);
    let shown = on_terminal_called("dumb", &scene, &[SLOW, &["a", "b"]].concat());
    let Some(shown) = unless_skipped(test, shown) else { return };
    assert_eq!(shown, "");
    let shown = on_terminal_called("dumb", &scene, &[SLOW, &["--progress=always", "a", "b"]].concat());
    let Some(shown) = unless_skipped(test, shown) else { return };
    assert!(shown.contains("copying: ") && !shown.contains('\u{1b}'), "{shown:?}");
}
