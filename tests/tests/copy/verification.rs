//! What the outcome says was proven. That a lie of the kernel is caught, is shown with the faults.

use std::path::Path;

use orbit_engine::{CopyOptions, Mechanism, Strategy, Verification, Verified};
use orbit_tests::lab::FileSystem;
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::{files, lab, subprocess, tool};

use super::copied_with;

const SIZES: [u64; 5] = [0, 1, 262_144, (1 << 20) - 1, (3 << 20) + 1];

/// The digest that the system's own tool prints.
fn sha256sum(path: &Path) -> Result<String, Skip> {
    let mut tool = tool::find("sha256sum")?;
    tool.arg(path);
    let printed = subprocess::run(tool).expect_success().stdout;
    Ok(String::from_utf8_lossy(&printed).split_whitespace().next().unwrap_or_default().to_owned())
}

/// What `level` must come to for a copy by `mechanism`; the digest is compared apart.
fn is_expected(level: Verification, mechanism: Mechanism, verified: Verified) -> bool {
    match level {
        Verification::None => verified == Verified::No,
        Verification::Media => verified == Verified::Media,
        _ if mechanism == Mechanism::Reflink => verified == Verified::SharedExtents,
        Verification::Compare => verified == Verified::Compared,
        Verification::Sha256 => matches!(verified, Verified::Sha256(_)),
    }
}

#[test]
fn the_outcome_says_what_was_proven() {
    lab::for_each_pair("the_outcome_says_what_was_proven", |from, to| {
        for &level in Verification::ALL {
            if level == Verification::Media && to.file_system() == FileSystem::Tmpfs {
                continue;
            }
            for &strategy in Strategy::ALL {
                for size in [0, 100_000] {
                    files::create(&from.join("source"), 1, size);
                    let options = CopyOptions::new().strategy(strategy).verification(level);
                    let outcome = copied_with(&options, &from.join("source"), &to.join("copy"));
                    assert!(is_expected(level, outcome.mechanism, outcome.verified), "{level}: {outcome:?}");
                }
            }
        }
        files::assert_no_litter(to.dir(), ["copy"]);
    });
}

#[test]
fn the_digest_is_that_of_sha256sum() {
    let test = "the_digest_is_that_of_sha256sum";
    lab::for_each_file_system(test, |place| {
        for size in SIZES {
            let source = place.join("source");
            files::create(&source, size, size);
            let options = CopyOptions::new().strategy(Strategy::Buffered).verification(Verification::Sha256);
            let outcome = copied_with(&options, &source, &place.join("copy"));
            let Verified::Sha256(digest) = outcome.verified else { panic!("{:?}", outcome.verified) };
            let Some(expected) = unless_skipped(test, sha256sum(&place.join("copy"))) else { return };
            assert_eq!(digest.to_string(), expected);
        }
    });
}
