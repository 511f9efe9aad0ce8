//! Every system call that a copy of a tree makes fails once: it ends, says what failed and where, leaves no litter and
//! no file that is not whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use orbit_tests::calls;
use orbit_tests::faults::{self, Attempt, Fault};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::subprocess::Finished;
use orbit_tests::trees::{self, Aspect, Tree, is_staging};
use rustix::io::Errno;

use super::copy_tree_once::{TreeReport, copy_tree_once};
use super::scene::{Scene, directory, fifo, file, files_in, hard_link, symlink};

/// Calls that the language's runtime makes, or that remove what failed: without them litter cannot be helped.
const LEFT_ALONE: [&str; 19] = [
    "unlinkat",
    "brk",
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "futex",
    "getrandom",
    "clone3",
    "clone",
    "rt_sigaction",
    "rt_sigprocmask",
    "sigaltstack",
    "sched_getaffinity",
    "prlimit64",
    "rseq",
    "set_robust_list",
    "exit",
];

/// Of each call the first ones and some later ones fail.
const NTH: [u16; 6] = [1, 2, 3, 5, 8, 13];

/// Small, with one of everything.
fn scene(test: &str, file_system: FileSystem) -> Option<Scene> {
    let scene = Scene::on(test, file_system)?;
    files_in(&scene.from(), "folder/inner", 4, 3000);
    file(&scene.from(), "folder/large", 1, 200_000);
    directory(&scene.from(), "empty");
    symlink(&scene.from(), "link", "folder");
    hard_link(&scene.from(), "same", "folder/large");
    fifo(&scene.from(), "pipe");
    Some(scene)
}

/// Names of the calls that the copy makes, with how many of them the program made before.
fn names(options: &[&str], scene: &Scene) -> Result<BTreeMap<String, u16>, Skip> {
    let counted = calls::count(&copy_tree_once(options, &scene.from(), &scene.to()))?;
    let before = |name: &str| u16::try_from(counted.before.of(name)).expect("a short program");
    let names = counted.names().filter(|name| !LEFT_ALONE.contains(name));
    let names = names.map(|name| (name.to_owned(), before(name))).collect();
    TreeReport::of(counted.finished);
    Ok(names)
}

/// Whether the fault struck the copy: the program around it has failed without a report of one.
fn is_of_the_copy(finished: &Finished) -> bool {
    assert!(
        matches!(finished.status.code(), Some(0 | 1 | 2 | 127)),
        "{}: {}",
        finished.status,
        finished.stderr
    );
    finished.stdout.starts_with(b"files=")
}

/// What holds after any failure.
#[track_caller]
fn assert_sound(scene: &Scene, old: Option<&Tree>, report: &TreeReport, when: &str) {
    let place = scene.place().dir().to_str().expect("a path of our own is UTF-8");
    for failure in report.failures() {
        assert!(failure.contains(place), "{when} names nothing: {failure}");
    }
    let from = Tree::of(&scene.from());
    if report.failures().is_empty() {
        files::assert_no_litter(scene.place().dir(), ["from", "to"]);
        // What the system did not allow was told.
        let is_told = !report.all("not_preserved").is_empty();
        let mut differences = from.differences(&Tree::of(&scene.to()), Aspect::Content);
        differences.retain(|difference| !(is_told && difference.contains(": mode ")));
        assert!(differences.is_empty(), "{when}: {differences:#?}");
        return;
    }
    let everything = Tree::of(scene.place().dir());
    for (path, entry) in everything.iter() {
        // A directory that could not get its name is left whole where the failure says.
        let staged =
            path.ancestors().find(|part| is_staging(part)).map(|part| part.file_name().expect("a name"));
        if let Some(name) = staged {
            let name = name.to_str().expect("a name of the engine's is ASCII");
            let is_told = report.failures().iter().any(|failure| failure.contains(name));
            assert!(is_told, "{when} leaves {} and does not say so: {report:?}", path.display());
            continue;
        }
        let Ok(path) = path.strip_prefix("to") else { continue };
        let is = |tree: &Tree| tree.get(path).is_some_and(|whole| whole.kind == entry.kind);
        assert!(is(&from) || old.is_some_and(is), "{} is torn after {when}", path.display());
    }
}

/// Leaves nothing but the source.
fn clear(scene: &Scene) {
    for name in files::list(scene.place().dir()).into_iter().filter(|name| name != "from") {
        trees::remove(&scene.place().dir().join(name));
    }
}

/// Lets each call fail by each errno; `plant_old` makes the destination before each copy.
fn sweep(test: &str, file_system: FileSystem, options: &[&str], errnos: &[Errno], plant_old: fn(&Path)) {
    let Some(scene) = scene(test, file_system) else { return };
    plant_old(&scene.to());
    let Some(names) = unless_skipped(test, names(options, &scene)) else { return };
    assert!(names.contains_key("openat") && names.contains_key("mkdirat"), "{names:?}");
    let mut failures = 0;
    for (name, &before) in &names {
        for &errno in errnos {
            // Of the first thread those behind the program's own, and of the workers, which count by themselves.
            for nth in BTreeSet::from_iter(NTH.into_iter().chain(NTH.map(|nth| before + nth))) {
                clear(&scene);
                plant_old(&scene.to());
                let old = scene.to().exists().then(|| Tree::of(&scene.to()));
                let child = copy_tree_once(options, &scene.from(), &scene.to());
                let Ok(attempt) = faults::attempt(&child, &Fault::error(name, errno).nth(nth)) else {
                    return;
                };
                let Attempt::Injected(finished) = attempt else { break };
                if !is_of_the_copy(&finished) {
                    continue;
                }
                let when = format!("{errno} by {name} {nth}");
                let report = TreeReport::whatever(finished);
                failures += report.failures().len();
                assert_sound(&scene, old.as_ref(), &report, &when);
            }
        }
    }
    assert!(failures > 20, "{failures} failures in all of {names:?}");
}

fn nothing(_: &Path) {}

/// Some of the tree is there already.
fn old(to: &Path) {
    files_in(to, "folder/inner", 2, 2000);
    file(to, "folder/large", 9, 1000);
}

const ERRNOS: [Errno; 2] = [Errno::IO, Errno::NOSPC];

#[test]
fn a_new_tree_fails_soundly() {
    let test = "a_new_tree_fails_soundly";
    sweep(
        test,
        FileSystem::Ext4,
        &["--workers", "1", "--preserve", "true", "--on-error", "continue"],
        &ERRNOS,
        nothing,
    );
    sweep(test, FileSystem::Tmpfs, &["--workers", "2", "--preserve", "true"], &[Errno::ACCESS], nothing);
}

#[test]
fn a_tree_over_an_old_one_fails_soundly() {
    let test = "a_tree_over_an_old_one_fails_soundly";
    sweep(
        test,
        FileSystem::Ext4,
        &["--workers", "1", "--preserve", "true", "--on-error", "continue"],
        &ERRNOS,
        old,
    );
    sweep(test, FileSystem::Xfs, &["--workers", "2", "--preserve", "true"], &[Errno::MFILE], old);
}

#[test]
fn a_tree_in_place_with_everything_fails_soundly() {
    let test = "a_tree_in_place_with_everything_fails_soundly";
    let options = [
        "--workers",
        "1",
        "--placement",
        "in-place",
        "--preserve",
        "true",
        "--durability",
        "file-and-directory",
    ];
    sweep(test, FileSystem::Ext4, &options, &[Errno::IO], nothing);
}

/// The system has no more descriptors for a moment: the copy waits, or says so.
#[test]
fn out_of_descriptors_for_a_moment_is_no_hang() {
    let test = "out_of_descriptors_for_a_moment_is_no_hang";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    for errno in [Errno::MFILE, Errno::NFILE] {
        for workers in ["1", "4"] {
            for nth in [4, 6, 9, 15] {
                let options = ["--workers", workers, "--on-error", "continue"];
                let child = copy_tree_once(&options, &scene.from(), &scene.to());
                let fault = Fault::error("openat", errno).nth(nth).and_later();
                let Some(attempt) = unless_skipped(test, faults::attempt(&child, &fault)) else { return };
                if let Attempt::Injected(finished) = attempt
                    && is_of_the_copy(&finished)
                {
                    let report = TreeReport::whatever(finished);
                    assert_sound(&scene, None, &report, &format!("{errno} from openat {nth} on"));
                }
                clear(&scene);
            }
        }
    }
}

/// What fails last is told although everything is there.
#[test]
fn a_root_that_cannot_get_its_name_is_a_failure() {
    let test = "a_root_that_cannot_get_its_name_is_a_failure";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    for errno in [Errno::IO, Errno::NOSPC, Errno::ACCESS] {
        let child = copy_tree_once(&[], &scene.from(), &scene.to());
        let fault = Fault::error("/^rename", errno).and_later();
        let Some(finished) = unless_skipped(test, faults::inject(&child, &fault)) else { return };
        let report = TreeReport::of_failed(finished);
        let system = std::io::Error::from(errno).to_string();
        report.assert_failure(&["Rename", "/to\"", &system, ".to.orbit-"]);
        assert_sound(&scene, None, &report, "a rename that failed");
        let names = files::list(scene.place().dir());
        let beside =
            names.iter().find(|name| is_staging(name.as_ref())).expect("the copy under its staging name");
        trees::assert_same(
            &scene.from().join("folder"),
            &scene.place().dir().join(beside).join("folder"),
            Aspect::Content,
        );
        trees::remove(&scene.place().dir().join(beside));
    }
}
