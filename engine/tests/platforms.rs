//! What each system has is declared here, and what is claimed of it is what a copy does.

use std::fs;

use orbit_engine::{
    Capability, CopyError, CopyOptions, Facts, Mechanism, OmissionReason, Strategy, Verification, copy_file,
    zero_copy_capabilities,
};

/// In the order in which they are tried by default. Without the feature `zero-copy` those that read and write.
fn declared() -> Vec<Mechanism> {
    use Mechanism::{
        CopyFileEx, CopyFileRange, DirectIo, Fcopyfile, IoUring, ReadWrite, Reflink, Sendfile, Splice,
    };
    let all: &[Mechanism] = if cfg!(all(target_os = "linux", not(orbit_portable))) {
        &[Reflink, CopyFileRange, Splice, Sendfile, DirectIo, IoUring, ReadWrite]
    } else if cfg!(target_os = "macos") {
        &[Reflink, Fcopyfile, DirectIo, ReadWrite]
    } else if cfg!(windows) {
        &[Reflink, CopyFileEx, ReadWrite]
    } else {
        &[ReadWrite]
    };
    let is_built = |mechanism: &Mechanism| {
        (cfg!(feature = "zero-copy") || !mechanism.is_zero_copy())
            && (cfg!(feature = "io-uring") || *mechanism != IoUring)
    };
    all.iter().copied().filter(is_built).collect()
}

#[test]
fn a_system_has_what_is_declared_for_it() {
    let mut built_in = Facts::of_size(1).built_in.to_vec();
    let mut declared = declared();
    built_in.sort();
    declared.sort();
    assert_eq!(built_in, declared);
}

#[test]
fn nothing_is_claimed_that_a_copy_does_not_do() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    fs::write(&source, vec![7; 200_000]).unwrap();
    let capabilities = zero_copy_capabilities(folder.path(), folder.path()).unwrap();
    let probed: Vec<_> = capabilities.mechanisms.iter().map(|(mechanism, _)| *mechanism).collect();
    for mechanism in declared().into_iter().filter(|mechanism| mechanism.is_zero_copy()) {
        assert!(probed.contains(&mechanism), "{mechanism} is not asked about");
    }
    for (mechanism, capability) in capabilities.mechanisms {
        let destination = folder.path().join(mechanism.to_string());
        let options = CopyOptions::new().only(mechanism).verification(Verification::Compare);
        let copied = copy_file(&source, &destination, &options);
        match capability {
            Capability::Works => {
                assert_eq!(copied.unwrap().mechanism, mechanism);
                assert_eq!(fs::read(&destination).unwrap(), vec![7; 200_000]);
            }
            Capability::Refused(_) | Capability::NotBuiltIn => {
                let is_built = declared().contains(&mechanism);
                assert_eq!(matches!(capability, Capability::NotBuiltIn), !is_built, "{mechanism}");
                assert!(
                    matches!(copied, Err(CopyError::ZeroCopyUnsupported { .. })),
                    "{mechanism}: {copied:?}"
                );
                assert!(!destination.exists());
            }
            other => panic!("{mechanism}: {other:?}"),
        }
    }
    let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().contains(".orbit-")));
}

/// What the system cannot do by itself is done by reading and writing, and the outcome says so.
#[test]
fn a_copy_works_everywhere_and_names_what_moved_it() {
    let folder = tempfile::tempdir().unwrap();
    let (source, destination) = (folder.path().join("source"), folder.path().join("new"));
    for size in [0, 1, 70_000, 3_000_000] {
        let content: Vec<u8> = (0..=250).cycle().take(size).collect();
        fs::write(&source, &content).unwrap();
        let options = CopyOptions::new().verification(Verification::Sha256).preserve_metadata(true);
        let outcome = copy_file(&source, &destination, &options).unwrap();
        assert!(declared().contains(&outcome.mechanism), "{size}: {}", outcome.mechanism);
        assert_eq!(fs::read(&destination).unwrap(), content);
        let modified = |path| fs::metadata(path).unwrap().modified().unwrap();
        assert_eq!(modified(&source), modified(&destination));
    }
}

/// Direct access and a queue are for those who ask. Where the system has none, reading and writing does it and says why.
#[test]
fn what_is_asked_for_and_not_there_is_told_and_the_file_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (source, destination) = (folder.path().join("source"), folder.path().join("new"));
    let content: Vec<u8> = (0..=250).cycle().take(3_000_001).collect();
    fs::write(&source, &content).unwrap();
    let buffered = CopyOptions::new().strategy(Strategy::Buffered);
    for (asked, options) in [
        (Mechanism::DirectIo, buffered.clone().direct_io(true)),
        (Mechanism::IoUring, buffered.clone().io_uring(true)),
    ] {
        let outcome = copy_file(&source, &destination, &options).unwrap();
        assert_eq!(fs::read(&destination).unwrap(), content);
        let is_refused = outcome.refusals.iter().any(|refusal| refusal.mechanism == asked);
        let absent = (asked, OmissionReason::NotBuiltIn);
        let is_absent = outcome.omissions.iter().any(|left| (left.mechanism, left.reason) == absent);
        assert_eq!(is_absent, !declared().contains(&asked), "{outcome:?}");
        if outcome.mechanism == asked {
            assert!(!is_absent, "{outcome:?}");
        } else {
            assert_eq!(outcome.mechanism, Mechanism::ReadWrite);
            assert!(is_refused || is_absent, "{asked} is not told of: {outcome:?}");
        }
    }
}
