//! What is synced, how often, and in which order.

use orbit_engine::{CopyOptions, Durability};
use orbit_tests::calls::{self, Counted};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::unless_skipped;

use super::copied_with;
use super::copy_once::{Report, copy_once};

/// `sync` and `rename`, one word for each such call between the marks, in order.
fn syncs_and_renames(counted: &Counted) -> Vec<&'static str> {
    let word = |name: &str| match name {
        "fsync" | "fdatasync" | "syncfs" | "sync" | "sync_file_range" => Some("sync"),
        name if name.starts_with("rename") || name.starts_with("link") => Some("rename"),
        _ => None,
    };
    counted.names().filter_map(word).collect()
}

#[test]
fn each_level_syncs_what_it_promises_before_and_after_the_rename() {
    let test = "each_level_syncs_what_it_promises_before_and_after_the_rename";
    let places = [FileSystem::Workspace, FileSystem::Ext4, FileSystem::Xfs];
    for file_system in places {
        let Some(place) = unless_skipped(test, lab::mount(file_system)) else { continue };
        for strategy in ["zero-copy", "buffered"] {
            for (level, syncs, expected) in [
                ("none", 0, &["rename"][..]),
                ("file", 1, &["sync", "rename"]),
                ("file-and-directory", 2, &["sync", "rename", "sync"]),
            ] {
                let (source, copy) = (place.dir().join("source"), place.dir().join("copy"));
                files::create(&source, 1, 100_000);
                let options = ["--strategy", strategy, "--durability", level];
                let counted = calls::count(&copy_once(&options, &source, &copy));
                let Some(counted) = unless_skipped(test, counted) else { return };
                assert_eq!(syncs_and_renames(&counted), expected, "{level} on {file_system}");
                assert_eq!(counted.calls.of("fsync"), syncs);
                assert_eq!(Report::of(counted.finished).get("durability"), level);
            }
        }
    }
}

#[test]
fn durable_copies_arrive_and_the_outcome_names_the_level() {
    lab::for_each_file_system("durable_copies_arrive_and_the_outcome_names_the_level", |place| {
        files::create(&place.join("source"), 1, 100_000);
        for &level in Durability::ALL {
            let options = CopyOptions::new().durability(level);
            let outcome = copied_with(&options, &place.join("source"), &place.join("copy"));
            assert_eq!(outcome.durability, level);
            files::assert_same_content(&place.join("source"), &place.join("copy"));
        }
    });
}
