//! The examples of `docs/usage.md` and of the README, run.

use std::fs;
use std::path::Path;
use std::process::Command;

use orbit_tests::files;
use orbit_tests::subprocess;

use super::scene::Scene;

const MIB: u64 = 1 << 20;

/// The lines of the blocks of this language that hold commands.
fn examples(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    for block in text.split("\n```sh\n").skip(1) {
        let (block, _) = block.split_once("\n```").expect("a block ends");
        lines.extend(block.lines().filter(|line| line.contains("orbit ") && !line.starts_with("cargo")));
    }
    lines
}

fn page(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(path).expect("the page is in the repository")
}

#[test]
fn the_examples_of_the_pages_work() {
    let scene = Scene::new(1);
    fs::create_dir(scene.path("backup")).unwrap();
    for (name, seed) in [("large.bin", 1), ("source", 2), ("huge.iso", 3), ("disk.img", 4)] {
        files::create(&scene.path(name), seed, 40 * MIB);
    }
    for (name, seed) in [("photos/2024/a.jpg", 5), ("photos/cache/b.tmp", 6), ("photos/c.txt", 7)] {
        fs::create_dir_all(scene.path(name).parent().expect("a directory")).unwrap();
        files::create(&scene.path(name), seed, MIB);
    }
    fs::write(scene.path("text.log"), "a line of a log\n".repeat(100_000)).unwrap();
    let (readme, usage) = (page("README.md"), page("docs/usage.md"));
    let (readme, usage) = (examples(&readme), examples(&usage));
    assert!(readme.len() >= 4 && usage.len() > 40, "{readme:?} {usage:?}");
    let directory = scene.program().parent().expect("it is in a directory").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([directory].into_iter().chain(std::env::split_paths(&path))).unwrap();
    for example in readme.into_iter().chain(usage) {
        let mut command: Command = subprocess::command("sh");
        command
            .args(["-c", example])
            .current_dir(scene.path(""))
            .env("HOME", scene.home())
            .env("PATH", &path);
        let finished = subprocess::run(command);
        assert!(finished.status.success(), "{example}: {}", finished.stderr);
    }
    files::assert_same_content(&scene.path("large.bin"), &scene.path("backup/large.bin"));
    files::assert_same_content(&scene.path("text.log"), &scene.path("restored.log"));
    files::assert_same_content(&scene.path("huge.iso"), &scene.path("backup/huge2.iso"));
    let below = |copy: &str| crate::trees::below(&scene.path("backup").join(copy));
    assert_eq!(below("clean"), ["2024/", "2024/a.jpg", "c.txt"]);
    assert_eq!(below("jpg"), ["2024/", "2024/a.jpg", "cache/"]);
    assert_eq!(below("2024"), ["2024/", "2024/a.jpg"]);
    for copy in ["photos", "followed", "safe"] {
        for name in ["2024/a.jpg", "cache/b.tmp", "c.txt"] {
            files::assert_same_content(
                &scene.path("photos").join(name),
                &scene.path("backup").join(copy).join(name),
            );
        }
    }
}

/// Every key of the configuration stands on the page, in a block that is a valid file.
#[test]
fn the_configuration_of_the_page_is_read() {
    let text = page("docs/usage.md");
    let (_, block) = text.split_once("\n```toml\n").expect("the page has the keys");
    let (block, _) = block.split_once("\n```").expect("a block ends");
    let settings = orbit_engine::Settings::parse(block, "usage.md").unwrap_or_else(|error| panic!("{error}"));
    let effective = orbit_engine::Effective::resolve(vec![(orbit_engine::Origin::Flag, settings)])
        .expect("no contradiction");
    for entry in effective.entries() {
        assert!(block.contains(&format!("{} = ", entry.key)), "{} is not on the page", entry.key);
    }
}
