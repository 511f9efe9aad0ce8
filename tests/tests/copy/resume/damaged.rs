//! Sidecars and partial files that are not as they were left.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;

use orbit_engine::{CopyError, Rate, Resumed, Unusable, Verification, copy_file};
use orbit_tests::files;
use orbit_tests::lab::fuse::{self, Lies};
use orbit_tests::skip::unless_skipped;

use super::{MIB, SIZE, Scene, at, interrupt, resumable};

#[test]
fn a_damaged_sidecar_is_not_believed() {
    let length = fs::metadata(Scene::new().left("resume")).unwrap().len();
    for position in [0, 20, 150, length / 2, length - 100] {
        let scene = Scene::new();
        let sidecar = OpenOptions::new().read(true).write(true).open(scene.left("resume")).unwrap();
        let mut byte = [0];
        sidecar.read_exact_at(&mut byte, position).unwrap();
        sidecar.write_all_at(&[byte[0] ^ 1], position).unwrap();
        match scene.resume() {
            Resumed::StartedOver(why) => assert_eq!(why, Unusable::Sidecar),
            // The last line is one that may have been cut off.
            Resumed::At(_) => assert!(position > length / 2),
            resumed @ Resumed::No => panic!("{resumed}"),
            _ => unreachable!(),
        }
    }
    for content in ["nonsense\n", "\u{0}", "orbit.resume/2 0011223344556677\n"] {
        let scene = Scene::new();
        fs::write(scene.left("resume"), content).unwrap();
        scene.assert_starts_over(Unusable::Sidecar);
    }
    let scene = Scene::new();
    fs::write(scene.left("resume"), [0xff, 0xfe]).unwrap();
    scene.assert_starts_over(Unusable::Sidecar);
}

/// The copy was killed before it wrote anything down.
#[test]
fn an_empty_sidecar_is_none() {
    let scene = Scene::new();
    fs::write(scene.left("resume"), "").unwrap();
    assert_eq!(scene.resume(), Resumed::No);
}

#[test]
fn a_sidecar_that_was_cut_off_is_believed_as_far_as_it_goes() {
    let scene = Scene::new();
    let sidecar = OpenOptions::new().write(true).open(scene.left("resume")).unwrap();
    let length = sidecar.metadata().unwrap().len();
    sidecar.set_len(length - 10).unwrap();
    at(scene.resume());
}

#[test]
fn damage_at_the_end_of_the_partial_file_is_found() {
    let scene = Scene::new();
    let last = blocks(&scene) - 1;
    damage(&scene, last);
    assert_eq!(at(scene.resume()), last * MIB);
    let scene = Scene::new();
    let last = blocks(&scene) - 2;
    damage(&scene, last);
    assert_eq!(at(scene.resume()), last * MIB);
}

#[test]
fn damage_before_damage_is_found_too() {
    let scene = Scene::new();
    damage(&scene, blocks(&scene) - 1);
    damage(&scene, 1);
    assert_eq!(at(scene.resume()), MIB);
    let scene = Scene::new();
    damage(&scene, blocks(&scene) - 1);
    damage(&scene, 0);
    scene.assert_starts_over(Unusable::Partial);
}

/// How many blocks the sidecar speaks of.
pub(super) fn blocks(scene: &Scene) -> u64 {
    let text = fs::read_to_string(scene.left("resume")).expect("a sidecar");
    let mut whole = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    let last = whole.next_back().expect("a record");
    last.split(' ').next().expect("a number").parse::<u64>().expect("a number") / MIB
}

pub(super) fn damage(scene: &Scene, block: u64) {
    let partial = OpenOptions::new().write(true).open(scene.left("partial")).expect("a partial file");
    partial.write_all_at(b"damaged", block * MIB + 1000).expect("it is damaged");
}

#[test]
fn a_partial_file_that_is_short_is_gone_on_with_as_far_as_it_goes() {
    let scene = Scene::new();
    let partial = OpenOptions::new().write(true).open(scene.left("partial")).unwrap();
    partial.set_len(3 * MIB + 5).unwrap();
    assert_eq!(at(scene.resume()), 3 * MIB);
    let scene = Scene::new();
    File::create(scene.left("partial")).unwrap();
    scene.assert_starts_over(Unusable::Partial);
}

/// Lines that are no longer true do not stay behind those that are.
#[test]
fn a_sidecar_that_lost_its_end_can_be_gone_on_with_twice() {
    let scene = Scene::new();
    damage(&scene, blocks(&scene) - 1);
    damage(&scene, 2);
    interrupt(&resumable(), &scene.source(), &scene.copy(), 5 * MIB);
    let again = at(scene.resume());
    assert!((2 * MIB..8 * MIB).contains(&again), "{again}");
}

/// A digest of what is read back says nothing of whether it was the source.
#[test]
fn what_was_found_not_to_be_the_source_is_not_gone_on_with() {
    let test = "what_was_found_not_to_be_the_source_is_not_gone_on_with";
    let Some(liar) = unless_skipped(test, fuse::mount()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    files::create(&source, 1, SIZE);
    liar.lie(Lies { flip_on_read: Some(7), ..Lies::default() });
    for level in [Verification::Compare, Verification::Sha256] {
        let options = resumable().verification(level).max_bandwidth(Rate::new(40 * MIB));
        let error = copy_file(&source, liar.dir().join("copy"), &options).unwrap_err();
        assert!(matches!(error, CopyError::ChecksumMismatch { .. }), "{error}");
        files::assert_no_litter(liar.dir(), [""; 0]);
    }
}
