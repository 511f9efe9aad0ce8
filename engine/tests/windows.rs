//! What a copy does on Windows, through the public API alone.
#![cfg(windows)]

#[path = "windows/sandbox.rs"]
mod sandbox;
#[path = "windows/there.rs"]
mod there;
#[path = "windows/trees.rs"]
mod trees;

use std::fs;
use std::os::windows::fs::MetadataExt;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use orbit_engine::{
    Capability, CopyError, CopyOptions, Durability, Mechanism, Placement, Resumed, Strategy, TreeOptions,
    Verification, Verified, copy_file, copy_tree, zero_copy_capabilities,
};

use sandbox::{Folder, ended_at, is_read_only, same, set_read_only};

const HIDDEN: u32 = 2;

#[test]
fn the_system_copies_a_large_file_and_it_is_read_back() {
    let folder = Folder::new();
    let (source, copy) = (folder.file("source", 1 << 20), folder.path("copy"));
    fs::write(&copy, "old").expect("write");
    let options = CopyOptions::new().verification(Verification::Sha256).strategy(Strategy::ZeroCopy);
    let outcome = copy_file(&source, &copy, &options).expect("copy");
    assert!(matches!(outcome.verified, Verified::Sha256(_) | Verified::SharedExtents), "{outcome:?}");
    assert!(matches!(outcome.mechanism, Mechanism::CopyFileEx | Mechanism::Reflink), "{outcome:?}");
    assert_eq!((outcome.bytes, outcome.data_bytes), (1 << 20, 1 << 20));
    same(&source, &copy);
    folder.holds(&["copy", "source"]);
}

#[test]
fn every_mechanism_copies_every_size_or_says_why_not() {
    let folder = Folder::new();
    for size in [0, 1, 4096, 300_001, (2 << 20) + 1] {
        let (source, copy) = (folder.file("source", size), folder.path("copy"));
        for &only in Mechanism::ALL {
            match copy_file(&source, &copy, &CopyOptions::new().only(only)) {
                Ok(outcome) => {
                    assert_eq!((outcome.mechanism, outcome.bytes), (only, size as u64));
                    same(&source, &copy);
                    fs::remove_file(&copy).expect("remove");
                }
                Err(error) => {
                    assert!(error.is_zero_copy_unsupported() && only != Mechanism::ReadWrite, "{error}");
                    assert!(only != Mechanism::CopyFileEx || size == 0, "{size}: {error}");
                }
            }
            folder.holds(&["source"]);
        }
    }
}

#[test]
fn capabilities_claim_what_a_real_copy_did() {
    let folder = Folder::new();
    let capabilities = zero_copy_capabilities(folder.0.path(), folder.0.path()).expect("probe");
    for (mechanism, capability) in &capabilities.mechanisms {
        match mechanism {
            Mechanism::CopyFileEx => assert_eq!(*capability, Capability::Works),
            Mechanism::Reflink => {
                assert!(matches!(capability, Capability::Works | Capability::Refused(_)), "{capability:?}");
            }
            _ => assert_eq!(*capability, Capability::NotBuiltIn, "{mechanism}"),
        }
    }
    assert!(capabilities.mechanisms.iter().any(|(mechanism, _)| *mechanism == Mechanism::CopyFileEx));
    folder.holds(&[]);
}

#[test]
fn a_read_only_source_gives_a_read_only_copy_by_every_way() {
    let folder = Folder::new();
    let source = folder.file("source", 100_000);
    set_read_only(&source, true);
    for strategy in [Strategy::ZeroCopy, Strategy::Buffered] {
        for placement in [Placement::Staged, Placement::Resumable] {
            let copy = folder.path("copy");
            let options = CopyOptions::new().strategy(strategy).placement(placement);
            copy_file(&source, &copy, &options).expect("copy");
            assert!(is_read_only(&copy), "{strategy} {placement}");
            same(&source, &copy);
            set_read_only(&copy, false);
            fs::remove_file(&copy).expect("remove");
        }
    }
    folder.holds(&["source"]);
    set_read_only(&source, false);
}

#[test]
fn a_read_only_destination_is_refused_and_stays() {
    let folder = Folder::new();
    let (source, copy) = (folder.file("source", 100_000), folder.path("copy"));
    fs::write(&copy, "old").expect("write");
    set_read_only(&copy, true);
    let error = copy_file(&source, &copy, &CopyOptions::new()).expect_err("it may not be written to");
    let CopyError::Io { error, .. } = error else { panic!("{error}") };
    assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    assert_eq!(fs::read(&copy).expect("read"), b"old");
    folder.holds(&["copy", "source"]);
    set_read_only(&copy, false);
}

#[test]
fn one_file_by_two_names_is_not_copied_onto_itself() {
    let folder = Folder::new();
    let (source, other) = (folder.file("source", 1000), folder.path("other"));
    fs::hard_link(&source, &other).expect("link");
    for placement in [Placement::Staged, Placement::InPlace] {
        let options = CopyOptions::new().placement(placement);
        for destination in [other.clone(), source.clone(), folder.path("SOURCE")] {
            let error = copy_file(&source, &destination, &options).expect_err("the same file");
            assert!(matches!(error, CopyError::SameFile { .. }), "{error}");
        }
    }
    assert_eq!(fs::read(&source).expect("read").len(), 1000);
}

#[test]
fn names_of_devices_are_refused_with_the_remedy() {
    let folder = Folder::new();
    let source = folder.file("source", 1000);
    for name in ["NUL", "com1.log", "aux", "a.", "file:stream", "a?"] {
        let error = copy_file(&source, folder.path(name), &CopyOptions::new()).expect_err("no file");
        assert!(error.to_string().contains("choose another name"), "{error}");
    }
    let error = copy_file("NUL", folder.path("copy"), &CopyOptions::new()).expect_err("a device");
    assert!(matches!(error, CopyError::SourceNotRegular { .. }), "{error}");
    folder.holds(&["source"]);
}

#[test]
fn hidden_and_times_are_kept_where_that_is_asked_for() {
    let folder = Folder::new();
    let source = folder.file("source", 100_000);
    let time = std::time::UNIX_EPOCH + std::time::Duration::new(1_500_000_000, 123_456_700);
    let file = fs::OpenOptions::new().write(true).open(&source).expect("open");
    file.set_times(fs::FileTimes::new().set_modified(time)).expect("set the time");
    drop(file);
    let hidden = std::process::Command::new("attrib").arg("+H").arg(&source).status().expect("attrib");
    assert!(hidden.success());
    for strategy in [Strategy::ZeroCopy, Strategy::Buffered] {
        let copy = folder.path(strategy.name());
        let options = CopyOptions::new().strategy(strategy).preserve_metadata(true);
        let outcome = copy_file(&source, &copy, &options).expect("copy");
        assert_eq!(outcome.not_preserved, []);
        let made = fs::metadata(&copy).expect("look");
        assert_eq!(made.modified().expect("a time"), time);
        assert_eq!(made.file_attributes() & HIDDEN, HIDDEN, "{strategy}");
    }
}

#[test]
fn a_copy_that_was_ended_is_gone_on_with() {
    let folder = Folder::new();
    let (source, copy) = (folder.file("source", 40 << 20), folder.path("copy"));
    let (_, options) = ended_at(20 << 20);
    let options = options.placement(Placement::Resumable).strategy(Strategy::Buffered);
    let limited = options.clone().max_bandwidth("60M".parse().expect("a rate"));
    let error = copy_file(&source, &copy, &limited).expect_err("it was ended");
    assert!(matches!(error, CopyError::Cancelled { .. }), "{error}");
    assert!(!copy.exists());
    let again = CopyOptions::new().placement(Placement::Resumable).verification(Verification::Compare);
    let outcome = copy_file(&source, &copy, &again).expect("copy");
    assert!(matches!(outcome.resumed, Resumed::At(offset) if offset > 0), "{:?}", outcome.resumed);
    same(&source, &copy);
    folder.holds(&["copy", "source"]);
}

#[test]
fn an_ended_copy_leaves_nothing() {
    let folder = Folder::new();
    let (source, copy) = (folder.file("source", 8 << 20), folder.path("copy"));
    fs::write(&copy, "old").expect("write");
    let (_, options) = ended_at(1);
    // Slow enough for the observer to be told in the middle.
    let options = options.strategy(Strategy::Buffered).max_bandwidth("16M".parse().expect("a rate"));
    let error = copy_file(&source, &copy, &options).expect_err("it was ended");
    assert!(matches!(error, CopyError::Cancelled { .. }), "{error}");
    assert_eq!(fs::read(&copy).expect("read"), b"old");
    folder.holds(&["copy", "source"]);
}

#[test]
fn paths_beyond_259_characters_are_copied_by_every_way() {
    let folder = Folder::new();
    let (source, deep) = (folder.file("source", 200_000), folder.deep("deep"));
    for only in [Mechanism::CopyFileEx, Mechanism::ReadWrite] {
        let far = deep.join(only.name());
        copy_file(&source, &far, &CopyOptions::new().only(only)).expect("copy there");
        let back = folder.path(only.name());
        let options = CopyOptions::new().verification(Verification::Compare);
        copy_file(&far, &back, &options).expect("copy back, by whatever way");
        same(&source, &back);
    }
    let outcome = copy_tree(folder.path("deep"), folder.path("copy"), &TreeOptions::new(CopyOptions::new()))
        .expect("copy");
    assert_eq!((outcome.files, outcome.directories > 3), (2, true));
}

#[test]
fn a_limited_copy_keeps_its_rate_and_tells() {
    let folder = Folder::new();
    let (source, copy) = (folder.file("source", 2 << 20), folder.path("copy"));
    let (observer, options) = ended_at(u64::MAX);
    let begun = std::time::Instant::now();
    let outcome =
        copy_file(&source, &copy, &options.max_bandwidth("4M".parse().expect("a rate"))).expect("copy");
    let took = begun.elapsed().as_secs_f64();
    assert!((0.4..3.0).contains(&took), "{took}");
    assert_eq!(outcome.mechanism, Mechanism::ReadWrite);
    assert!(observer.heard.load(Ordering::Relaxed) >= 4);
}

#[test]
fn several_copies_at_once_do_not_meet() {
    let folder = Folder::new();
    let source = folder.file("source", 300_000);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for index in 0..4 {
            let (source, failed, copy) = (&source, &failed, folder.path(&format!("copy{}", index % 2)));
            scope.spawn(move || {
                for _ in 0..5 {
                    // Two of them replace one file, which the system may refuse for a moment.
                    if let Err(error) = copy_file(source, &copy, &CopyOptions::new().retries(20)) {
                        failed.lock().expect("no panic").push(error.to_string());
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic");
    assert!(failed.iter().all(|error| error.contains("denied") || error.contains("use")), "{failed:?}");
    same(&source, &folder.path("copy0"));
    folder.holds(&["copy0", "copy1", "source"]);
}

#[test]
fn a_durable_copy_is_synced_with_its_directory() {
    let folder = Folder::new();
    let (source, copy) = (folder.file("source", 100_000), folder.path("copy"));
    let options = CopyOptions::new().durability(Durability::FileAndDirectory);
    let outcome = copy_file(&source, &copy, &options).expect("copy");
    assert_eq!(outcome.durability, Durability::FileAndDirectory);
    same(&source, &copy);
}
