//! What a copy does on Windows, through the public API alone. What wine cannot show needs Windows itself.
#![cfg(windows)]

use std::fs;
use std::os::windows::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use orbit_engine::{
    Cancel, Capability, CopyError, CopyOptions, Durability, Mechanism, Observer, OmissionReason, Placement,
    Progress, Resumed, Sparse, Strategy, TreeOptions, Verification, Verified, copy_file, copy_tree,
    zero_copy_capabilities,
};

const HIDDEN: u32 = 2;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file of so many bytes that differ from place to place.
    fn file(&self, name: &str, bytes: usize) -> PathBuf {
        let path = self.path(name);
        let content: Vec<u8> = (0..=250).cycle().take(bytes).collect();
        fs::write(&path, content).expect("write a file");
        path
    }

    /// Nothing but these is left.
    fn holds(&self, names: &[&str]) {
        let mut there: Vec<_> = fs::read_dir(self.0.path())
            .expect("list the directory")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        there.sort();
        assert_eq!(there, names);
    }
}

fn same(one: &Path, other: &Path) {
    assert!(fs::read(one).expect("read") == fs::read(other).expect("read"), "{} differs", other.display());
}

fn set_read_only(path: &Path, read_only: bool) {
    let mut permissions = fs::metadata(path).expect("look").permissions();
    permissions.set_readonly(read_only);
    fs::set_permissions(path, permissions).expect("set read-only");
}

fn is_read_only(path: &Path) -> bool {
    fs::metadata(path).expect("look").permissions().readonly()
}

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

#[derive(Default)]
struct EndsAt {
    bytes: u64,
    cancel: Cancel,
    heard: AtomicU64,
}

impl Observer for EndsAt {
    fn progress(&self, progress: Progress) {
        self.heard.fetch_add(1, Ordering::Relaxed);
        if progress.bytes >= self.bytes {
            self.cancel.cancel();
        }
    }
}

fn ended_at(bytes: u64) -> (Arc<EndsAt>, CopyOptions) {
    let observer = Arc::new(EndsAt { bytes, ..EndsAt::default() });
    let options = CopyOptions::new().observer(observer.clone()).cancel(observer.cancel.clone());
    (observer, options)
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
    let error = copy_file(&source, &copy, &options.strategy(Strategy::Buffered)).expect_err("it was ended");
    assert!(matches!(error, CopyError::Cancelled { .. }), "{error}");
    assert_eq!(fs::read(&copy).expect("read"), b"old");
    folder.holds(&["copy", "source"]);
}

#[test]
#[ignore = "needs Windows: wine's CopyFileExW never calls its routine"]
fn a_copy_by_the_system_is_watched_and_ended() {
    let folder = Folder::new();
    let (source, copy) = (folder.file("source", 256 << 20), folder.path("copy"));
    let (observer, options) = ended_at(u64::MAX);
    copy_file(&source, &copy, &options.only(Mechanism::CopyFileEx)).expect("copy");
    assert!(observer.heard.load(Ordering::Relaxed) > 3);
    fs::remove_file(&copy).expect("remove");
    let (_, options) = ended_at(1);
    let error = copy_file(&source, &copy, &options.only(Mechanism::CopyFileEx)).expect_err("it was ended");
    assert!(matches!(error, CopyError::Cancelled { .. }), "{error}");
    folder.holds(&["source"]);
}

#[test]
#[ignore = "needs Windows: wine has no alternate streams"]
fn alternate_streams_come_with_a_copy_by_the_system() {
    let folder = Folder::new();
    let (source, copy) = (folder.file("source", 100_000), folder.path("copy"));
    fs::write(folder.path("source:mark"), "a stream").expect("write a stream");
    copy_file(&source, &copy, &CopyOptions::new().only(Mechanism::CopyFileEx)).expect("copy");
    assert_eq!(fs::read(folder.path("copy:mark")).expect("read the stream"), b"a stream");
}

#[test]
#[ignore = "needs Windows: wine stores holes"]
fn holes_stay_holes_and_zeros_become_some() {
    let folder = Folder::new();
    let source = folder.path("source");
    let file = fs::File::create(&source).expect("create");
    let marked = std::process::Command::new("fsutil").args(["sparse", "setflag"]).arg(&source).status();
    assert!(marked.expect("fsutil").success());
    file.set_len(64 << 20).expect("set the length");
    std::os::windows::fs::FileExt::seek_write(&file, &[7; 65_536], 32 << 20).expect("write");
    drop(file);
    let full = folder.file("full", 0);
    fs::write(&full, vec![0; 16 << 20]).expect("write");
    let auto = copy_file(&source, folder.path("copy"), &CopyOptions::new()).expect("copy");
    assert!(auto.data_bytes < 2 << 20, "{auto:?}");
    let fills = |left: &orbit_engine::Omission| left.reason == OmissionReason::FillsHoles;
    assert!(auto.omissions.iter().any(fills), "{auto:?}");
    same(&source, &folder.path("copy"));
    let options = CopyOptions::new().sparse(Sparse::Always);
    let always = copy_file(&full, folder.path("thin"), &options).expect("copy");
    assert_eq!(always.data_bytes, 0);
    same(&full, &folder.path("thin"));
}

#[test]
fn paths_beyond_259_characters_are_copied_by_every_way() {
    let folder = Folder::new();
    let mut deep = folder.path("deep");
    while deep.as_os_str().len() < 400 {
        deep.push("x".repeat(80));
    }
    fs::create_dir_all(&deep).expect("make directories");
    let source = folder.file("source", 200_000);
    for only in [Mechanism::CopyFileEx, Mechanism::ReadWrite] {
        let options = CopyOptions::new().only(only).verification(Verification::Compare);
        let far = deep.join(only.name());
        copy_file(&source, &far, &options).expect("copy there");
        let back = folder.path(only.name());
        copy_file(&far, &back, &options).expect("copy back");
        same(&source, &back);
    }
    let outcome = copy_tree(folder.path("deep"), folder.path("copy"), &TreeOptions::new(CopyOptions::new()))
        .expect("copy");
    assert_eq!((outcome.files, outcome.directories > 3), (2, true));
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

/// `root/{a, read-only/b, empty, linked, other}`, where two are one file.
fn tree(folder: &Folder) -> PathBuf {
    let root = folder.path("root");
    for directory in ["read-only", "empty"] {
        fs::create_dir_all(root.join(directory)).expect("make a directory");
    }
    folder.file("root/a", 300_000);
    folder.file("root/read-only/b", 10);
    folder.file("root/linked", 1000);
    fs::hard_link(root.join("linked"), root.join("other")).expect("link");
    set_read_only(&root.join("read-only"), true);
    set_read_only(&root.join("a"), true);
    root
}

#[test]
fn a_tree_is_copied_merged_and_updated() {
    let folder = Folder::new();
    let (root, copy) = (tree(&folder), folder.path("copy"));
    for round in 0..2 {
        if round == 1 {
            set_read_only(&copy.join("a"), false);
        }
        let outcome = copy_tree(&root, &copy, &TreeOptions::new(CopyOptions::new())).expect("copy");
        assert_eq!((outcome.files, outcome.hard_links), (3, 1), "{outcome:?}");
        for name in ["a", "read-only/b", "linked", "other"] {
            same(&root.join(name), &copy.join(name));
        }
        assert!(copy.join("empty").is_dir() && is_read_only(&copy.join("a")));
        assert!(is_read_only(&copy.join("read-only")));
    }
    folder.holds(&["copy", "root"]);
    for path in [copy, root] {
        set_read_only(&path.join("a"), false);
        set_read_only(&path.join("read-only"), false);
    }
}

#[test]
fn a_tree_is_not_copied_into_itself() {
    let folder = Folder::new();
    let root = folder.path("root");
    fs::create_dir_all(root.join("inner")).expect("make directories");
    for destination in [root.join("copy"), root.join("inner"), root.join("inner").join("copy")] {
        let error =
            copy_tree(&root, &destination, &TreeOptions::new(CopyOptions::new())).expect_err("into itself");
        assert!(error.to_string().contains("itself"), "{error}");
    }
    assert!(!root.join("copy").exists());
}

/// Links need a right or developer mode; junctions need none.
#[test]
#[ignore = "needs Windows: wine makes no junctions"]
fn a_junction_is_not_followed() {
    let folder = Folder::new();
    let (root, elsewhere) = (folder.path("root"), folder.path("elsewhere"));
    fs::create_dir_all(&root).expect("make a directory");
    fs::create_dir_all(&elsewhere).expect("make a directory");
    folder.file("elsewhere/secret", 10);
    let mut command = std::process::Command::new("cmd");
    command.args(["/c", "mklink", "/J"]).arg(root.join("junction")).arg(&elsewhere);
    assert!(command.status().expect("mklink").success());
    let told = copy_tree(&root, folder.path("copy"), &TreeOptions::new(CopyOptions::new()));
    let copied = folder.path("copy").join("junction");
    let is_link = fs::symlink_metadata(&copied).is_ok_and(|there| there.file_type().is_symlink());
    match told {
        Ok(outcome) => assert!(is_link && outcome.symlinks == 1, "{outcome:?}"),
        // Without the right to make links the junction is told, and nothing behind it is copied.
        Err(error) => assert!(!copied.join("secret").exists(), "{error}"),
    }
    assert!(elsewhere.join("secret").exists());
}

#[test]
#[ignore = "needs Windows: wine does not replace what somebody has open"]
fn a_file_that_somebody_reads_is_replaced() {
    let folder = Folder::new();
    let (source, copy) = (folder.file("source", 100_000), folder.path("copy"));
    fs::write(&copy, "old").expect("write");
    let reader = fs::File::open(&copy).expect("open");
    copy_file(&source, &copy, &CopyOptions::new()).expect("copy");
    same(&source, &copy);
    assert_eq!(std::io::read_to_string(reader).expect("read"), "old");
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
