//! `always` shares extents or fails, `never` shares none.

use std::fs;
use std::path::Path;

use orbit_engine::{
    CopyError, CopyOptions, Mechanism, OmissionReason, Reflink, RefusalReason, Strategy, copy_file,
};
use orbit_tests::lab::{self, Capability, FileSystem, Place};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::{files, subprocess, tool};

use super::copied_with;

const SIZE: u64 = 1 << 20;

fn reflink(reflink: Reflink) -> CopyOptions {
    CopyOptions::new().reflink(reflink)
}

/// Whether the file shares an extent with another one, as the file system tells.
fn is_shared(path: &Path) -> Result<bool, Skip> {
    let mut filefrag = tool::find("filefrag")?;
    filefrag.args(["-s", "-v"]).arg(path);
    let told = subprocess::run(filefrag).expect_success().stdout;
    Ok(String::from_utf8_lossy(&told).contains("shared"))
}

/// The errno is told by the first copy between two mounts as a refusal, by later ones too: `always` asks each time.
#[track_caller]
fn assert_unsupported(from: &Place, to: &Place, errno: i32) {
    let (source, copy) = (from.join("source"), to.join("copy"));
    for (strategy, size) in [(Strategy::Auto, SIZE), (Strategy::Auto, 10), (Strategy::ZeroCopy, SIZE)] {
        files::create(&source, 1, size);
        files::create(&copy, 2, SIZE);
        let error = copy_file(&source, &copy, &reflink(Reflink::Always).strategy(strategy))
            .expect_err("there is no sharing here");
        assert!(error.is_zero_copy_unsupported() && !error.is_fatal(), "{error:?}");
        assert!(error.to_string().contains(&format!("(os error {errno})")), "{error}");
        let CopyError::ZeroCopyUnsupported { refusals, omissions, .. } = error else { panic!("{error:?}") };
        let told: Vec<_> = refusals.iter().map(|refusal| (refusal.mechanism, refusal.reason)).collect();
        assert_eq!(told, [(Mechanism::Reflink, RefusalReason::Errno(errno))]);
        assert!(omissions.iter().all(|omission| omission.reason == OmissionReason::ReflinkAlways));
        assert!(fs::read(&copy).expect("the old file") == files::content(2, SIZE));
        files::assert_no_litter(to.dir(), ["copy"]);
        fs::remove_file(&copy).expect("remove the old file");
    }
}

#[test]
fn always_shares_where_declared_and_fails_elsewhere() {
    lab::for_each_pair("always_shares_where_declared_and_fails_elsewhere", |from, to| {
        match from.file_system().reflink(to.file_system()) {
            Capability::Works => {
                for size in [1, 4095, SIZE] {
                    files::create(&from.join("source"), 1, size);
                    let outcome =
                        copied_with(&reflink(Reflink::Always), &from.join("source"), &to.join("copy"));
                    assert_eq!(outcome.mechanism, Mechanism::Reflink);
                    files::assert_same_content(&from.join("source"), &to.join("copy"));
                    files::assert_no_litter(to.dir(), ["copy"]);
                }
            }
            Capability::Refused(errno) => assert_unsupported(from, to, errno.raw_os_error()),
            Capability::Undeclared => {}
        }
    });
}

/// Sharing is an in-kernel copy; `buffered` asks for none.
#[test]
fn always_and_buffered_contradict_each_other() {
    lab::for_each_file_system("always_and_buffered_contradict_each_other", |place| {
        files::create(&place.join("source"), 1, SIZE);
        let options = reflink(Reflink::Always).strategy(Strategy::Buffered);
        let error = copy_file(place.join("source"), place.join("copy"), &options).unwrap_err();
        assert!(error.is_zero_copy_unsupported(), "{error:?}");
        files::assert_no_litter(place.dir(), ["source"]);
    });
}

#[test]
fn never_shares_nothing_and_auto_does() {
    let test = "never_shares_nothing_and_auto_does";
    for file_system in [FileSystem::Xfs, FileSystem::Btrfs] {
        let Some(mounted) = unless_skipped(test, lab::mount(file_system)) else { continue };
        let (source, copy) = (mounted.dir().join("source"), mounted.dir().join("copy"));
        files::create(&source, 1, SIZE);
        for &strategy in Strategy::ALL {
            let outcome = copied_with(&reflink(Reflink::Never).strategy(strategy), &source, &copy);
            let expected = match strategy {
                Strategy::Buffered => Mechanism::ReadWrite,
                _ => Mechanism::Splice,
            };
            assert_eq!(outcome.mechanism, expected);
            files::assert_same_content(&source, &copy);
            let Some(shared) = unless_skipped(test, is_shared(&copy)) else { return };
            assert!(!shared, "{file_system} {strategy} shares extents");
        }
        copied_with(&reflink(Reflink::Auto), &source, &copy);
        assert!(is_shared(&copy).unwrap(), "{file_system} does not show sharing");
    }
}

/// Without data there is nothing to share, and yet what was asked for is not to be had.
#[test]
fn always_fails_for_a_file_of_holes_too() {
    let test = "always_fails_for_a_file_of_holes_too";
    let Some(ext4) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let (source, copy) = (ext4.dir().join("source"), ext4.dir().join("copy"));
    fs::File::create(&source).unwrap().set_len(1 << 20).unwrap();
    let result = copy_file(&source, &copy, &CopyOptions::new().reflink(Reflink::Always));
    assert!(matches!(&result, Err(error) if error.is_zero_copy_unsupported()), "{result:?}");
    files::assert_no_litter(ext4.dir(), ["source"]);
}
