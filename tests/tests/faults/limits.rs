//! No space, no larger files, no more descriptors.

use orbit_tests::lab::{self, FileSystem, Mounted};
use orbit_tests::limits::{Limit, with_limits};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::{files, subprocess};
use rustix::io::Errno;

use super::copy_once::Report;
use super::{KIB, OLD, Scene};

const MIB: u64 = 1024 * KIB;

const STRATEGIES: [&str; 2] = ["zero-copy", "buffered"];

/// A source of `size` and a destination on a file system of `capacity`, which has room for the source, if it is there
/// too, but not for a copy.
fn cramped(file_system: FileSystem, capacity: u64, size: u64, across: bool) -> Result<Scene, Skip> {
    let to: Mounted = lab::mount_small(file_system, capacity)?;
    let destination = to.dir().join("to");
    if across {
        let from = lab::mount(FileSystem::Workspace)?;
        Ok(small_old(Scene::new(from.dir().join("from"), destination, 1, vec![from, to]), size))
    } else {
        Ok(small_old(Scene::new(to.dir().join("from"), destination, 1, vec![to]), size))
    }
}

/// The old destination stays one byte long.
fn small_old(scene: Scene, size: u64) -> Scene {
    files::create(&scene.source(), super::NEW, size);
    scene
}

#[test]
fn a_full_disk_is_an_error_and_gives_its_space_back() {
    let test = "a_full_disk_is_an_error_and_gives_its_space_back";
    for (file_system, capacity, size) in
        [(FileSystem::Tmpfs, 4 * MIB, 3 * MIB), (FileSystem::Ext4, 12 * MIB, 6 * MIB)]
    {
        for across in [false, true] {
            let size = if across { capacity + MIB } else { size };
            let Some(scene) = unless_skipped(test, cramped(file_system, capacity, size, across)) else {
                continue;
            };
            for strategy in STRATEGIES {
                for _ in 0..3 {
                    let finished = subprocess::run(scene.command(&["--strategy", strategy]));
                    scene.assert_failed(&finished, &scene.destination(), Errno::NOSPC.raw_os_error());
                }
            }
        }
    }
}

#[test]
fn a_file_size_limit_is_an_error() {
    let test = "a_file_size_limit_is_an_error";
    let scenes = [
        Scene::on(FileSystem::Tmpfs, MIB),
        Scene::on(FileSystem::Ext4, MIB),
        Scene::on(FileSystem::Xfs, MIB),
        Scene::on(FileSystem::Btrfs, MIB),
        Scene::across(MIB),
    ];
    for scene in scenes {
        let Some(scene) = unless_skipped(test, scene) else { continue };
        for strategy in STRATEGIES {
            // The child's own message needs some.
            for limit in [4 * KIB, 64 * KIB, MIB - 1] {
                let command = scene.command(&["--strategy", strategy]);
                let limited = with_limits(&command, &[Limit::FileSizeAsError(limit)]);
                let Some(limited) = unless_skipped(test, limited) else { return };
                let finished = subprocess::run(limited);
                scene.assert_failed(&finished, &scene.destination(), Errno::FBIG.raw_os_error());
            }
        }
        // Not ignored, the signal of a write at the limit would end the child.
        for placement in ["staged", "in-place"] {
            for limit in [4 * KIB, 64 * KIB, MIB - 1] {
                let options = ["--strategy", "buffered", "--placement", placement];
                let limited = with_limits(&scene.command(&options), &[Limit::FileSize(limit)]).unwrap();
                let finished = subprocess::run(limited);
                assert_eq!(finished.status.code(), Some(1), "{finished:?}");
                assert!(finished.stderr.contains("File too large"), "{}", finished.stderr);
            }
        }
        scene.reset();
        let command = scene.command(&[]);
        let limited = with_limits(&command, &[Limit::FileSizeAsError(MIB)]).unwrap();
        subprocess::run(limited).expect_success();
        scene.assert_copied();
    }
}

/// One write is cut short at the limit, and the next would raise the signal.
#[test]
fn a_small_file_beyond_the_limit_is_an_error_and_no_dead_process() {
    let test = "a_small_file_beyond_the_limit_is_an_error_and_no_dead_process";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, 40 * KIB)) else { return };
    for strategy in STRATEGIES {
        let command = scene.command(&["--strategy", strategy]);
        let limited = with_limits(&command, &[Limit::FileSize(16 * KIB)]);
        let Some(limited) = unless_skipped(test, limited) else { return };
        scene.assert_failed(&subprocess::run(limited), &scene.destination(), Errno::FBIG.raw_os_error());
    }
}

/// Standard streams, source and staging file leave one descriptor; a pipe needs two.
#[test]
fn without_descriptors_for_a_pipe_the_copy_does_without_and_tells() {
    let test = "without_descriptors_for_a_pipe_the_copy_does_without_and_tells";
    let Some(scene) = unless_skipped(test, Scene::across(MIB)) else { return };
    let Some(limited) = unless_skipped(test, with_limits(&scene.command(&[]), &[Limit::OpenFiles(6)])) else {
        return;
    };
    let report = Report::of(subprocess::run(limited));
    assert_eq!(report.get("mechanism"), "sendfile");
    let refusal = format!("splice: {}", std::io::Error::from(Errno::MFILE));
    assert!(report.all("refusal").contains(&refusal.as_str()), "{report:?}");
    scene.assert_copied();
    scene.reset();
    let more = with_limits(&scene.command(&[]), &[Limit::OpenFiles(7)]).unwrap();
    assert_eq!(Report::of(subprocess::run(more)).get("mechanism"), "splice");
}

#[test]
fn without_a_descriptor_for_the_staging_file_the_copy_fails() {
    let test = "without_a_descriptor_for_the_staging_file_the_copy_fails";
    let Some(scene) = unless_skipped(test, Scene::across(MIB)) else { return };
    let limited = with_limits(&scene.command(&[]), &[Limit::OpenFiles(4)]);
    let Some(limited) = unless_skipped(test, limited) else { return };
    let finished = subprocess::run(limited);
    scene.assert_failed(&finished, &scene.destination(), Errno::MFILE.raw_os_error());
    assert!(scene.is_at_destination(OLD));
}

/// What gives a small file its length, and what writes it at several places at once, looks at the limit too.
#[test]
fn no_way_of_copying_a_small_file_dies_at_the_limit() {
    let test = "no_way_of_copying_a_small_file_dies_at_the_limit";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Ext4, 40 * KIB)) else { return };
    let tuned = scene.tuned(4 * KIB);
    let profile = std::fs::read_to_string(&tuned).expect("read the tuned file");
    let profile = format!("{profile}parallel_threshold = \"4KiB\"\nparallel_threads = 4\n");
    let threaded = scene.from.join("threaded.toml");
    std::fs::write(&threaded, profile).expect("write the tuned file");
    let threaded = threaded.to_str().expect("a path of our own is UTF-8");
    for options in [
        &["--sparse", "always"][..],
        &["--strategy", "buffered", "--io-uring", "true", "--tuned", &tuned],
        &["--strategy", "buffered", "--direct-io", "true", "--tuned", &tuned],
        &["--strategy", "buffered", "--tuned", threaded],
    ] {
        for limit in [8 * KIB, 16 * KIB, 40 * KIB - 1] {
            let limited = with_limits(&scene.command(options), &[Limit::FileSize(limit)]);
            let Some(limited) = unless_skipped(test, limited) else { return };
            let finished = subprocess::run(limited);
            scene.assert_failed(&finished, &scene.destination(), Errno::FBIG.raw_os_error());
        }
    }
}
