//! The scripts by which a release is checked and packed, run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use orbit_tests::subprocess::{self, Finished};

use super::scene::Scene;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in the workspace")
}

/// A checkout of so much as the scripts read, with this changelog.
fn checkout(scene: &Scene, changelog: &str) -> PathBuf {
    let root = scene.path("checkout");
    fs::create_dir_all(root.join(".ci")).expect("the folder is made");
    for name in [
        ".ci/release-check",
        ".ci/release-archive",
        "Cargo.toml",
        "README.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
    ] {
        fs::copy(repository().join(name), root.join(name)).expect("the file is copied");
    }
    fs::write(root.join("CHANGELOG.md"), changelog).expect("the file is written");
    root
}

fn script(root: &Path, name: &str, arguments: &[&str]) -> Finished {
    let mut command: Command = subprocess::command(root.join(".ci").join(name));
    command.args(arguments);
    subprocess::run(command)
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[test]
fn a_tag_must_name_the_version_and_the_changelog_tell_of_it() {
    let scene = Scene::new(1);
    let tag = format!("v{VERSION}");
    let told = format!(
        "# Changelog\n\n## [Unreleased]\n\n## [{VERSION}] - 2026-01-01\n\n- New.\n\n## [0.0.1]\n\n- Old.\n"
    );
    let root = checkout(&scene, &told);
    let finished = script(&root, "release-check", &[&tag]).expect_success();
    assert_eq!(String::from_utf8_lossy(&finished.stdout).trim(), "- New.");
    let other = script(&root, "release-check", &["v9.9.9"]);
    assert!(!other.status.success() && other.stderr.contains("the tag is v9.9.9"), "{}", other.stderr);
    for untold in
        ["## [Unreleased]\n\n- New.\n".to_owned(), format!("## [{VERSION}]\n\n## [0.0.1]\n\n- Old.\n")]
    {
        let root = checkout(&scene, &untold);
        let finished = script(&root, "release-check", &[&tag]);
        assert!(!finished.status.success(), "{untold}");
        assert!(finished.stderr.contains("CHANGELOG.md has nothing under"), "{}", finished.stderr);
    }
}

#[test]
fn an_archive_has_the_program_and_what_belongs_to_it() {
    let scene = Scene::new(1);
    let root = checkout(&scene, "# Changelog\n");
    let built = root.join("target/some-target/release");
    fs::create_dir_all(&built).unwrap();
    fs::copy(scene.program(), built.join("orbit")).unwrap();
    script(&root, "release-archive", &["some-target", "v1.2.3", "dist"]).expect_success();
    let archives: Vec<_> =
        fs::read_dir(root.join("dist")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(archives, ["orbit-v1.2.3-some-target.tar.gz"]);
    let mut tar = subprocess::command("tar");
    tar.arg("-xzf").arg(root.join("dist").join(&archives[0])).arg("-C").arg(&root);
    subprocess::run(tar).expect_success();
    let folder = root.join("orbit-v1.2.3-some-target");
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "CHANGELOG.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "_orbit",
        "orbit",
        "orbit.1",
        "orbit.bash",
        "orbit.fish",
    ];
    assert_eq!(names, expected);
    for (name, begin) in [("orbit.1", ".ie"), ("orbit.bash", "_orbit()"), ("_orbit", "#compdef orbit")] {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        assert!(text.starts_with(begin), "{name}: {}", &text[..40]);
    }
}
