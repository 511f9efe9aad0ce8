//! The limit of bytes a second is one for the whole tree, whatever the number of workers.
//!
//! That a copy is not faster than its limit is asserted of every copy. That it is not slower is asserted of the best of
//! some, and loosely: a loaded machine takes threads away.

use std::time::{Duration, Instant};

use orbit_engine::{CopyOptions, Placement, Rate, Strategy, TreeOptions, Verification};
use orbit_tests::lab::FileSystem;
use orbit_tests::prompt;
use orbit_tests::trees::{self, Aspect};

use super::copied;
use super::scene::{Scene, file, files_in};

const MIB: u64 = 1 << 20;

/// Some bytes too many, as a part of the limit.
const TOLERANCE: f64 = 1.05;

/// A copy that is held up may take so many times as long as it should.
const HELD_UP: f64 = 1.25;

/// Copies `bytes` at `rate` in time, and not before.
#[track_caller]
fn assert_kept(scene: &Scene, options: &TreeOptions, bytes: u64, rate: u64) {
    let should = Duration::from_secs_f64(bytes as f64 / rate as f64);
    prompt::within(should.mul_f64(HELD_UP), || {
        trees::remove(&scene.to());
        let begin = Instant::now();
        let outcome = copied(options, &scene.from(), &scene.to());
        let took = begin.elapsed();
        assert_eq!(outcome.data_bytes, bytes);
        assert!(took >= should.div_f64(TOLERANCE), "{took:?} instead of {should:?}: {options:?}");
        ((), took)
    });
    trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
}

fn limited(rate: u64, each: CopyOptions, workers: u32) -> TreeOptions {
    TreeOptions::new(each.max_bandwidth(Rate::new(rate))).workers(workers)
}

#[test]
fn all_workers_share_one_limit() {
    let test = "all_workers_share_one_limit";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    for index in 0..16 {
        file(&scene.from(), &format!("folder{}/{index}", index % 4), index, MIB / 2);
    }
    for strategy in [Strategy::Buffered, Strategy::ZeroCopy] {
        for workers in [1, 4, 16] {
            let options = limited(8 * MIB, CopyOptions::new().strategy(strategy), workers);
            assert_kept(&scene, &options, 8 * MIB, 8 * MIB);
        }
    }
}

#[test]
fn many_small_files_keep_the_limit_too() {
    let test = "many_small_files_keep_the_limit_too";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    for folder in 0..5 {
        files_in(&scene.from(), &folder.to_string(), 100, 4096);
    }
    for &placement in Placement::ALL {
        let options = limited(2 * MIB, CopyOptions::new().placement(placement), 4);
        assert_kept(&scene, &options, 500 * 4096, 2 * MIB);
    }
}

/// Reading back is not limited, nor is what has no bytes.
#[test]
fn verification_links_and_directories_are_not_held_up() {
    let test = "verification_links_and_directories_are_not_held_up";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    files_in(&scene.from(), "files", 100, 10_000);
    files_in(&scene.from(), "empty", 2000, 0);
    for index in 0..2000 {
        super::scene::symlink(&scene.from().join("empty"), &format!("link{index}"), "0");
    }
    let each = CopyOptions::new().verification(Verification::Sha256);
    assert_kept(&scene, &limited(MIB, each, 4), 1_000_000, MIB);
}
