//! `zero_copy_capabilities` says what the lab declares, and leaves nothing.

use orbit_engine::{
    Capability as Found, CopyError, Mechanism, RefusalReason, is_zero_copy_available, zero_copy_capabilities,
};
use orbit_tests::files;
use orbit_tests::lab::{self, Capability, FileSystem, Place};

/// What was found for one mechanism.
#[track_caller]
fn found(from: &Place, to: &Place, wanted: Mechanism) -> Found {
    let capabilities = zero_copy_capabilities(from.dir(), to.dir()).expect("both directories take files");
    let mut found = capabilities.mechanisms.iter().filter(|(mechanism, _)| *mechanism == wanted);
    match (found.next(), found.next()) {
        (Some((_, capability)), None) => *capability,
        _ => panic!("not one {wanted} in {capabilities:?}"),
    }
}

#[test]
fn every_pair_is_as_declared() {
    lab::for_each_pair("every_pair_is_as_declared", |from, to| {
        let (source, destination) = (from.file_system(), to.file_system());
        for (mechanism, declared) in [
            (Mechanism::Reflink, source.reflink(destination)),
            (Mechanism::CopyFileRange, source.copy_file_range(destination)),
            (Mechanism::Splice, source.splice(destination)),
            (Mechanism::Sendfile, source.splice(destination)),
        ] {
            // Twice: what is remembered about refusals must not change the answer.
            for _ in 0..2 {
                let found = found(from, to, mechanism);
                match declared {
                    Capability::Works => assert_eq!(found, Found::Works, "{mechanism}"),
                    Capability::Refused(errno) => {
                        let reason = RefusalReason::Errno(errno.raw_os_error());
                        assert_eq!(found, Found::Refused(reason), "{mechanism}");
                    }
                    Capability::Undeclared => {}
                }
            }
        }
        files::assert_no_litter(from.dir(), [""; 0]);
        files::assert_no_litter(to.dir(), [""; 0]);
    });
}

#[test]
fn the_best_is_the_first_that_works_and_the_pair_is_named() {
    lab::for_each_pair("the_best_is_the_first_that_works_and_the_pair_is_named", |from, to| {
        let capabilities = zero_copy_capabilities(from.dir(), to.dir()).unwrap();
        let (source, destination) = (from.file_system(), to.file_system());
        let best = match (source.reflink(destination), source.copy_file_range(destination)) {
            (Capability::Works, _) => Some(Mechanism::Reflink),
            (Capability::Refused(_), Capability::Works) => Some(Mechanism::CopyFileRange),
            (Capability::Refused(_), Capability::Refused(_)) => Some(Mechanism::Splice),
            _ => None,
        };
        assert!(best.is_none() || capabilities.best() == best, "{capabilities:?}");
        let pair = &capabilities.pair;
        for (place, named) in [(from, &pair.source), (to, &pair.destination)] {
            if place.file_system() != FileSystem::Workspace {
                assert_eq!(named, place.file_system().name());
            }
        }
        assert_eq!(pair.same_device, from.file_system() == to.file_system());
    });
}

#[test]
fn a_directory_that_takes_no_file_is_an_error() {
    lab::for_each_file_system("a_directory_that_takes_no_file_is_an_error", |place| {
        let missing = place.join("missing");
        for (from, to) in [(missing.as_path(), place.dir()), (place.dir(), missing.as_path())] {
            let error = zero_copy_capabilities(from, to).unwrap_err();
            assert!(
                matches!(error, CopyError::Io { .. }) && error.to_string().contains("missing"),
                "{error}"
            );
        }
        files::assert_no_litter(place.dir(), [""; 0]);
    });
}

#[test]
fn zero_copy_is_available_where_temporary_files_are() {
    let directory = std::env::temp_dir();
    let capabilities = zero_copy_capabilities(&directory, &directory).unwrap();
    assert_eq!(is_zero_copy_available(), capabilities.best().is_some());
    assert!(is_zero_copy_available(), "splice works on every local file system: {capabilities:?}");
}
