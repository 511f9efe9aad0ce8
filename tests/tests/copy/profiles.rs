//! Which profile of a tuned file a copy has: that of the file systems that it finds, whatever they are.

use std::path::Path;

use orbit_engine::{
    CopyOptions, FileSystemPair, Mechanism, Threshold, Tuning, Values, explain, zero_copy_capabilities,
};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem, fuse};
use orbit_tests::skip::unless_skipped;

use super::copied_with;

const SIZE: u64 = 256 * 1024;

/// Copies between two directories with a profile for the pair that these words say, and one that says otherwise for the
/// same pair on one device or two. The pair must be what is found.
#[track_caller]
fn assert_pair(from: &Path, to: &Path, [source, destination]: [&str; 2], same_device: bool) {
    let said = FileSystemPair { source: source.into(), destination: destination.into(), same_device };
    let found = zero_copy_capabilities(from, to).expect("both directories take files").pair;
    assert_eq!(found, said);
    let (source, copy) = (from.join("source"), to.join("copy"));
    files::create(&source, 1, SIZE);
    let other = FileSystemPair { same_device: !same_device, ..said.clone() };
    let values = |threshold| Values::default().with_zero_copy_threshold(threshold);
    for (mine, others, is_zero_copy) in
        [(Threshold::Always, Threshold::Never, true), (Threshold::Never, Threshold::Always, false)]
    {
        let tuning = Tuning::default()
            .with_profile(other.clone(), values(others))
            .with_profile(said.clone(), values(mine));
        let options = CopyOptions::new().tuning(tuning);
        let explanation = explain(&source, &copy, &options).expect("the copy is possible");
        assert!(explanation.is_tuned && explanation.pair == said, "{explanation:?}");
        let outcome = copied_with(&options, &source, &copy);
        assert_eq!(outcome.mechanism != Mechanism::ReadWrite, is_zero_copy, "{said}: {outcome:?}");
        files::assert_same_content(&source, &copy);
    }
}

#[test]
fn two_devices_of_one_type_are_another_pair_than_one() {
    let test = "two_devices_of_one_type_are_another_pair_than_one";
    for kind in [FileSystem::Ext4, FileSystem::Xfs, FileSystem::Tmpfs] {
        let Some(one) = unless_skipped(test, lab::mount(kind)) else { continue };
        let Some(two) = unless_skipped(test, lab::mount(kind)) else { continue };
        let names = [kind.name(), kind.name()];
        assert_pair(one.dir(), one.dir(), names, true);
        assert_pair(one.dir(), two.dir(), names, false);
    }
}

/// What containers run on is itself, and not what it lies on.
#[test]
fn an_overlay_is_an_overlay() {
    let test = "an_overlay_is_an_overlay";
    let Some(overlay) = unless_skipped(test, lab::mount_overlay(FileSystem::Ext4, |_| {})) else { return };
    let Some(other) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    assert_pair(overlay.dir(), overlay.dir(), ["overlay", "overlay"], true);
    assert_pair(overlay.dir(), other.dir(), ["overlay", "tmpfs"], false);
    assert_pair(other.dir(), overlay.dir(), ["tmpfs", "overlay"], false);
}

#[test]
fn fuse_is_fuse() {
    let test = "fuse_is_fuse";
    let Some(served) = unless_skipped(test, fuse::mount()) else { return };
    let Some(other) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    assert_pair(served.dir(), other.dir(), ["fuse", "ext4"], false);
    assert_pair(other.dir(), served.dir(), ["ext4", "fuse"], false);
}
