//! Overlays: a file system on another one, with a device number of its own and the abilities of what lies below.

use std::fs;

use orbit_engine::{CopyOptions, Placement, Sparse, Strategy, Verification};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::unless_skipped;

use super::copied_with;

const SIZES: [u64; 4] = [0, 4096, 100_000, (1 << 20) + 1];

#[test]
fn files_of_both_layers_are_copied_and_replaced() {
    let test = "files_of_both_layers_are_copied_and_replaced";
    for base in [FileSystem::Tmpfs, FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs] {
        let overlay = lab::mount_overlay(base, |lower| {
            for size in SIZES {
                files::create(&lower.join(format!("lower-{size}")), size, size);
            }
            files::create(&lower.join("old"), 9, 50_000);
        });
        let Some(overlay) = unless_skipped(test, overlay) else { continue };
        for size in SIZES {
            files::create(&overlay.dir().join(format!("upper-{size}")), size, size);
            for layer in ["lower", "upper"] {
                let source = overlay.dir().join(format!("{layer}-{size}"));
                for &strategy in Strategy::ALL {
                    for placement in [Placement::Staged, Placement::InPlace] {
                        let options = CopyOptions::new()
                            .strategy(strategy)
                            .placement(placement)
                            .verification(Verification::Compare);
                        for destination in ["new", "old"] {
                            let copy = overlay.dir().join(destination);
                            let outcome = copied_with(&options, &source, &copy);
                            assert_eq!(outcome.bytes, size, "{base}: {outcome:?}");
                            files::assert_same_content(&source, &copy);
                        }
                        fs::remove_file(overlay.dir().join("new")).expect("remove the copy");
                    }
                }
            }
        }
    }
}

#[test]
fn holes_stay_holes_on_an_overlay() {
    let test = "holes_stay_holes_on_an_overlay";
    for base in [FileSystem::Tmpfs, FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs] {
        let Some(overlay) = unless_skipped(test, lab::mount_overlay(base, |_| {})) else { continue };
        let (source, copy) = (overlay.dir().join("source"), overlay.dir().join("copy"));
        files::create_sparse(&source, 64 << 20, &[(1 << 20, 1, 65_536), (50 << 20, 2, 65_536)]);
        for &strategy in Strategy::ALL {
            let options = CopyOptions::new().strategy(strategy).sparse(Sparse::Auto);
            copied_with(&options, &source, &copy);
            files::assert_same_content(&source, &copy);
            assert_eq!(files::extents(&copy), files::extents(&source), "{base}, {strategy}");
        }
    }
}
