//! Directories that are swapped for links, or moved away, while they are copied: nothing is written outside the
//! destination, and nothing is read from outside the source.

use std::fs;
use std::os::unix::fs::symlink as make_symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use orbit_engine::{OnError, Placement, Symlinks, TreeOptions};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::trees::{self, Aspect, Kind, Tree};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::scene::{Scene, directory, file, files_in};
use super::{placed, result};

/// How long the swapper runs for each way of copying.
const TIME: Duration = Duration::from_millis(1500);

/// Fewer swaps than this would prove little.
const FEW: u64 = 300;

/// A thread that does something again and again until dropped.
struct Again {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Again {
    /// `act` says whether it did anything.
    fn and_again(act: impl Fn() -> bool + Send + 'static) -> Self {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&done));
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Acquire) {
                if act() {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                // Both states last a moment, of different lengths.
                thread::sleep(Duration::from_micros(fastrand::u64(..300)));
            }
        });
        Self { stop, done, thread: Some(thread) }
    }

    /// Swaps two entries.
    fn swap(one: PathBuf, other: PathBuf) -> Self {
        Self::and_again(move || renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE).is_ok())
    }

    /// Moves a directory out and back.
    fn move_out(inside: PathBuf, outside: PathBuf) -> Self {
        Self::and_again(move || {
            fs::rename(&inside, &outside).or_else(|_| fs::rename(&outside, &inside)).is_ok()
        })
    }

    fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}

impl Drop for Again {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // It panics never; a panic here would hide the test's.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// `folder` with directories and files that both the source and what is not to be touched have.
fn plant(folder: &Path, seed: u64) {
    for level in ["", "inner/", "inner/last/"] {
        for index in 0..12 {
            file(folder, &format!("{level}file{index}"), seed + index, 3000);
        }
        files_in(folder, &format!("{level}more"), 12, 500 + seed);
    }
}

fn going_on(placement: Placement) -> TreeOptions {
    placed(placement).on_error(OnError::Continue).workers(4)
}

/// Puts a link back where the directory lay, whichever of the two the swapper left there.
fn put_back(inside: &Path, outside: &Path) {
    if inside.is_symlink() {
        renameat_with(CWD, inside, CWD, outside, RenameFlags::EXCHANGE).expect("swap a last time");
    }
}

/// Copies for a while; gives how many copies told a failure.
fn copy_again_and_again(options: &TreeOptions, scene: &Scene, between: impl Fn()) -> u64 {
    let (begin, mut failed) = (Instant::now(), 0);
    while begin.elapsed() < TIME {
        failed += u64::from(result(options, &scene.from(), &scene.to()).is_err());
        between();
    }
    failed
}

#[test]
fn nothing_is_written_through_a_directory_that_became_a_link() {
    let test = "nothing_is_written_through_a_directory_that_became_a_link";
    for file_system in [FileSystem::Ext4, FileSystem::Tmpfs] {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        plant(&scene.from().join("folder"), 0);
        plant(&directory(scene.place().dir(), "canary"), 1000);
        make_symlink(scene.path("canary"), scene.path("link")).unwrap();
        let canary = Tree::of(&scene.path("canary"));
        for &placement in Placement::ALL {
            plant(&scene.to().join("folder"), 2000);
            let swapper = Again::swap(scene.to().join("folder"), scene.path("link"));
            let failed = copy_again_and_again(&going_on(placement), &scene, || {});
            assert!(swapper.done() > FEW, "{} swaps, {failed} failures", swapper.done());
            drop(swapper);
            canary.assert_is(&Tree::of(&scene.path("canary")), Aspect::Everything);
            put_back(&scene.to().join("folder"), &scene.path("link"));
            trees::remove(&scene.to());
            assert!(scene.path("link").is_symlink());
        }
    }
}

/// The directory is swapped as soon as it is made.
#[test]
fn nothing_is_written_through_a_new_directory_that_became_a_link() {
    let test = "nothing_is_written_through_a_new_directory_that_became_a_link";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from().join("folder"), 0);
    plant(&directory(scene.place().dir(), "canary"), 1000);
    make_symlink(scene.path("canary"), scene.path("link")).unwrap();
    let canary = Tree::of(&scene.path("canary"));
    for placement in [Placement::InPlace, Placement::Resumable] {
        let (swaps, begin) = (AtomicU64::new(0), Instant::now());
        while begin.elapsed() < TIME * 2 {
            let swapper = Again::swap(scene.to().join("folder"), scene.path("link"));
            let _ = result(&going_on(placement), &scene.from(), &scene.to());
            swaps.fetch_add(swapper.done(), Ordering::Relaxed);
            drop(swapper);
            put_back(&scene.to().join("folder"), &scene.path("link"));
            trees::remove(&scene.to());
        }
        assert!(swaps.load(Ordering::Relaxed) > 20, "{swaps:?} swaps");
        canary.assert_is(&Tree::of(&scene.path("canary")), Aspect::Everything);
    }
}

/// Whoever climbs back by the parent's entry is then elsewhere.
#[test]
fn nothing_is_written_beside_a_directory_that_was_moved_away() {
    let test = "nothing_is_written_beside_a_directory_that_was_moved_away";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from().join("folder"), 0);
    let outside = directory(scene.place().dir(), "outside");
    for &placement in Placement::ALL {
        plant(&scene.to().join("folder"), 2000);
        let mover = Again::move_out(scene.to().join("folder/inner"), outside.join("inner"));
        copy_again_and_again(&going_on(placement), &scene, || {
            // Copied anew where it had been moved away: then neither can take the other's place. It may be moved back now.
            let _ = fs::remove_dir_all(outside.join("inner"));
        });
        assert!(mover.done() > 20, "{} moves", mover.done());
        drop(mover);
        let found = files::list(&outside);
        assert!(found.is_empty() || found == ["inner"], "{found:?}");
        trees::remove(&outside.join("inner"));
        trees::remove(&scene.to());
    }
}

/// Nothing that only the secret has came along: neither its files' names nor their content.
#[track_caller]
fn assert_no_secret(copy: &Tree, secret: &Tree) {
    let secrets: Vec<_> =
        secret.iter().filter(|(_, entry)| entry.is_file()).map(|(_, entry)| &entry.kind).collect();
    for (path, entry) in copy.iter() {
        assert!(!secrets.contains(&&entry.kind), "{} holds a secret", path.display());
        assert!(!path.ends_with("only-here"), "{} is a secret", path.display());
    }
}

#[test]
fn nothing_is_read_through_a_directory_or_file_that_became_a_link() {
    let test = "nothing_is_read_through_a_directory_or_file_that_became_a_link";
    for file_system in [FileSystem::Xfs, FileSystem::Tmpfs] {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        plant(&scene.from().join("folder"), 0);
        file(&scene.from(), "single", 1, 4000);
        let secret = directory(scene.place().dir(), "secret");
        plant(&secret, 1000);
        file(&secret, "only-here", 77, 4000);
        let tree = Tree::of(&secret);
        make_symlink(&secret, scene.path("link")).unwrap();
        make_symlink(secret.join("only-here"), scene.path("file-link")).unwrap();
        for symlinks in [Symlinks::Preserve, Symlinks::Skip] {
            for &placement in Placement::ALL {
                let swapper = Again::swap(scene.from().join("folder"), scene.path("link"));
                let other = Again::swap(scene.from().join("single"), scene.path("file-link"));
                let copies = AtomicU64::new(0);
                copy_again_and_again(&going_on(placement).symlinks(symlinks), &scene, || {
                    if scene.to().exists() {
                        assert_no_secret(&Tree::of(&scene.to()), &tree);
                        trees::remove(&scene.to());
                    }
                    copies.fetch_add(1, Ordering::Relaxed);
                });
                assert!(swapper.done() > FEW && other.done() > FEW, "{} swaps", swapper.done());
                assert!(copies.load(Ordering::Relaxed) > 3);
                drop((swapper, other));
                put_back(&scene.from().join("folder"), &scene.path("link"));
                put_back(&scene.from().join("single"), &scene.path("file-link"));
            }
        }
    }
}

#[test]
fn nothing_is_read_beside_a_directory_that_was_moved_away() {
    let test = "nothing_is_read_beside_a_directory_that_was_moved_away";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from().join("folder"), 0);
    let secret = directory(scene.place().dir(), "secret");
    plant(&secret, 1000);
    fs::remove_dir_all(secret.join("inner")).unwrap();
    let tree = Tree::of(&secret);
    let mover = Again::move_out(scene.from().join("folder/inner"), secret.join("inner"));
    copy_again_and_again(&going_on(Placement::InPlace), &scene, || {
        assert_no_secret(&Tree::of(&scene.to()), &tree);
        trees::remove(&scene.to());
    });
    assert!(mover.done() > FEW, "{} moves", mover.done());
}

/// A pipe in the place of a file would keep whoever opens it waiting for ever.
#[test]
fn a_file_that_became_a_pipe_stops_nobody() {
    let test = "a_file_that_became_a_pipe_stops_nobody";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from().join("folder"), 0);
    super::scene::fifo(scene.place().dir(), "pipe");
    let swapper = Again::swap(scene.from().join("folder/file3"), scene.path("pipe"));
    copy_again_and_again(&going_on(Placement::Staged), &scene, || {
        let copy = Tree::of(&scene.to());
        copy.assert_no_staging();
        assert_eq!(copy.count(|entry| entry.kind == Kind::Fifo), 0);
        trees::remove(&scene.to());
    });
    assert!(swapper.done() > FEW, "{} swaps", swapper.done());
}

/// A link put in the place of a file at the destination, again and again, leads to a canary.
#[test]
fn nothing_is_written_through_a_file_that_became_a_link() {
    let test = "nothing_is_written_through_a_file_that_became_a_link";
    for file_system in [FileSystem::Ext4, FileSystem::Tmpfs] {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        file(&scene.from(), "single", 1, 4000);
        let canary = file(scene.place().dir(), "canary", 77, 5000);
        for &placement in Placement::ALL {
            let single = file(&scene.to(), "single", 2000, 4500);
            let (new, canary_there) = (scene.path("new"), canary.clone());
            let swapper = Again::and_again(move || {
                let made = match single.is_symlink() {
                    true => fs::write(&new, [7; 4500]),
                    false => make_symlink(&canary_there, &new),
                };
                made.is_ok() && fs::rename(&new, &single).is_ok()
            });
            copy_again_and_again(&going_on(placement), &scene, || {
                assert!(fs::read(&canary).expect("the canary") == files::content(77, 5000), "{placement}");
            });
            assert!(swapper.done() > FEW, "{} swaps", swapper.done());
            drop(swapper);
            trees::remove(&scene.to());
        }
    }
}
