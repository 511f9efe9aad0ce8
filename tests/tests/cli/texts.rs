//! Help, manual page, completions and presets: their words are snapshots, and shells accept what is made for them.

use std::io::Write;
use std::process::Stdio;

use orbit_tests::skip::unless_skipped;
use orbit_tests::tool;

use crate::scene::Scene;

#[test]
fn short_help() {
    insta::assert_snapshot!(Scene::new(0).quietly(&["-h"]));
}

#[test]
fn long_help() {
    insta::assert_snapshot!(Scene::new(0).quietly(&["--help"]));
}

#[test]
fn help_of_the_commands() {
    let scene = Scene::new(0);
    let help = ["capabilities", "completions", "man"].map(|command| scene.quietly(&[command, "-h"]));
    insta::assert_snapshot!(help.join("\n---\n"));
}

#[test]
fn wrong_usage() {
    let scene = Scene::new(0);
    let told = [
        &["a"][..],
        &["a", "b", "c"],
        &["--zero-copy", "--no-zero-copy", "a", "b"],
        &["--verfy", "a", "b"],
        &["--exclude", "x", "a", "b"],
    ]
    .map(|arguments| scene.fails(2, arguments));
    insta::assert_snapshot!(told.join("\n---\n"));
}

#[test]
fn presets() {
    insta::assert_snapshot!(Scene::new(0).quietly(&["presets"]));
}

#[test]
fn manual_page() {
    let page = Scene::new(0).quietly(&["man"]);
    insta::assert_snapshot!(page.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn the_manual_page_has_every_flag_and_every_section() {
    let scene = Scene::new(0);
    let (page, help) = (scene.quietly(&["man"]).replace('\\', ""), scene.quietly(&["--help"]));
    for section in [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "COMMANDS",
        "WHERE A TREE GOES",
        "PRECEDENCE",
        "ENVIRONMENT",
        "FILES",
        "EXIT STATUS",
        "EXAMPLES",
    ] {
        assert!(page.contains(section), "{section}");
    }
    let flags = help.split([' ', ',', '[', ']', '\n', '=', '`', ';']).filter(|word| word.starts_with("--"));
    for flag in flags.map(|flag| flag.trim_end_matches('.')) {
        assert!(page.contains(flag), "{flag}");
    }
}

#[test]
fn a_formatter_finds_no_fault_in_the_manual_page() {
    let scene = Scene::new(0);
    let Some(mut groff) = unless_skipped("a_formatter_finds_no_fault", tool::find("groff")) else { return };
    groff.args(["-man", "-ww", "-z", "-Tutf8"]);
    assert_eq!(fed(groff, &scene.quietly(&["man"])), "");
}

#[test]
fn shells_accept_their_completions() {
    let scene = Scene::new(0);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = scene.quietly(&["completions", shell]);
        for word in ["reflink", "capabilities", "preserve-metadata"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        if ["bash", "zsh", "fish"].contains(&shell) {
            let test = format!("shells_accept_their_completions ({shell})");
            let Some(mut checker) = unless_skipped(&test, tool::find(shell)) else { continue };
            checker.arg("-n");
            assert_eq!(fed(checker, &script), "", "{shell}");
        }
    }
}

/// What a program says that reads `text` from its standard input and succeeds.
fn fed(mut command: std::process::Command, text: &str) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("an input");
    input.write_all(text.as_bytes()).expect("the program reads");
    drop(input);
    let output = child.wait_with_output().expect("the program ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stderr).into_owned()
}
