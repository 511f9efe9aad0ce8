//! Copies that go on where an earlier one stopped: what is believed of what it left, and what is not.

#[path = "resume/damaged.rs"]
mod damaged;
#[path = "resume/in_the_way.rs"]
mod in_the_way;
#[path = "resume/modes.rs"]
mod modes;
#[path = "resume/options.rs"]
mod options;
#[path = "resume/told.rs"]
mod told;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use orbit_engine::{
    Cancel, Compression, CopyError, CopyOptions, Mechanism, Observer, Phase, Placement, Progress, Rate,
    Resumed, Sparse, Strategy, Unusable, Verification, ZstdLevel, copy_file,
};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem, Place};
use orbit_tests::metadata::set_times;
use orbit_tests::skip::unless_skipped;

use super::copied_with;

const MIB: u64 = 1 << 20;

/// Not a multiple of a block.
const SIZE: u64 = 16 * MIB + 12_345;

/// Stops a copy when so many bytes have arrived.
struct StopAt(u64, Cancel);

impl Observer for StopAt {
    fn progress(&self, progress: Progress) {
        if progress.phase == Phase::Copying && progress.bytes >= self.0 {
            self.1.cancel();
        }
    }
}

fn resumable() -> CopyOptions {
    CopyOptions::new().placement(Placement::Resumable)
}

/// A source and what was left of a copy of it.
struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        Self::interrupted(tempfile::tempdir().expect("a folder"), &resumable())
    }

    fn interrupted(folder: tempfile::TempDir, options: &CopyOptions) -> Self {
        let scene = Self { folder };
        files::create(&scene.source(), 1, SIZE);
        scene.interrupt(options);
        scene
    }

    fn interrupt(&self, options: &CopyOptions) {
        interrupt(options, &self.source(), &self.copy(), 8 * MIB);
    }

    fn source(&self) -> PathBuf {
        self.folder.path().join("source")
    }

    fn copy(&self) -> PathBuf {
        self.folder.path().join("copy")
    }

    fn left(&self, end: &str) -> PathBuf {
        left(&self.folder.path().join("copy"), end)
    }

    /// The second copy is whole whatever the first one left; gives what became of that.
    #[track_caller]
    fn resume(&self) -> Resumed {
        let resumed = copied_with(&resumable(), &self.source(), &self.copy()).resumed;
        files::assert_same_content(&self.source(), &self.copy());
        files::assert_no_litter(self.folder.path(), ["source", "copy"]);
        resumed
    }

    #[track_caller]
    fn assert_starts_over(&self, why: Unusable) {
        assert_eq!(self.resume(), Resumed::StartedOver(why));
    }
}

/// A copy that is stopped at `bytes`, at a pace at which its blocks are written down.
#[track_caller]
fn interrupt(options: &CopyOptions, source: &Path, copy: &Path, bytes: u64) {
    interrupt_as(&options.clone().max_bandwidth(Rate::new(40 * MIB)), source, copy, bytes);
}

/// As [`interrupt`], at another pace.
#[track_caller]
fn interrupt_as(options: &CopyOptions, source: &Path, copy: &Path, bytes: u64) {
    let cancel = Cancel::new();
    let stop = Arc::new(StopAt(bytes, cancel.clone()));
    let options = options.clone().observer(stop).cancel(cancel);
    let error = copy_file(source, copy, &options).expect_err("it was stopped");
    assert!(matches!(error, CopyError::Cancelled { .. }), "{error}");
    assert!(left(copy, "partial").exists() && left(copy, "resume").exists());
}

/// The partial file of a copy to `copy`, or its sidecar.
#[track_caller]
fn left(copy: &Path, end: &str) -> PathBuf {
    let directory = copy.parent().expect("it is in a directory");
    let names = files::list(directory);
    let suffix = format!(".{end}");
    let found = names.iter().find(|name| name.as_encoded_bytes().ends_with(suffix.as_bytes()));
    directory.join(found.unwrap_or_else(|| panic!("no {end} among {names:?}")))
}

#[track_caller]
fn at(resumed: Resumed) -> u64 {
    let Resumed::At(at) = resumed else { panic!("{resumed}") };
    at
}

#[test]
fn a_stopped_copy_is_gone_on_with_and_nothing_is_moved_twice() {
    on_each("a_stopped_copy_is_gone_on_with_and_nothing_is_moved_twice", |place| {
        for strategy in [Strategy::Auto, Strategy::Buffered, Strategy::ZeroCopy] {
            let (source, copy) = (place.dir().join("source"), place.dir().join("copy"));
            files::create(&source, 1, SIZE);
            let options = resumable().strategy(strategy);
            interrupt(&options, &source, &copy, 8 * MIB);
            assert!(!copy.exists());
            let outcome = copied_with(&options.verification(Verification::Sha256), &source, &copy);
            let at = at(outcome.resumed);
            assert!((4 * MIB..=SIZE).contains(&at) && at.is_multiple_of(MIB), "{at}");
            assert_eq!((outcome.data_bytes, outcome.bytes), (SIZE - at, SIZE));
            assert_eq!(outcome.mechanism.is_zero_copy(), strategy == Strategy::ZeroCopy);
            files::assert_same_content(&source, &copy);
            fs::remove_file(&source).unwrap();
            fs::remove_file(&copy).unwrap();
            files::assert_no_litter(place.dir(), [""; 0]);
        }
    });
}

fn on_each(test: &str, body: impl Fn(&Place)) {
    lab::for_each_file_system(test, body);
}

#[test]
fn an_old_destination_stays_until_the_last_copy_is_whole() {
    let scene = Scene { folder: tempfile::tempdir().unwrap() };
    files::create(&scene.source(), 1, SIZE);
    fs::write(scene.copy(), "old").unwrap();
    for _ in 0..2 {
        scene.interrupt(&resumable());
        assert_eq!(fs::read(scene.copy()).unwrap(), b"old");
    }
    at(scene.resume());
}

#[test]
fn a_copy_may_be_stopped_again_and_again() {
    let scene = Scene::new();
    interrupt(&resumable(), &scene.source(), &scene.copy(), 12 * MIB);
    assert!(at(scene.resume()) >= 8 * MIB);
}

#[test]
fn a_changed_source_starts_over() {
    let scene = Scene::new();
    files::create(&scene.source(), 2, SIZE);
    scene.assert_starts_over(Unusable::SourceChanged);
    let scene = Scene::new();
    files::create(&scene.source(), 1, SIZE + 1);
    scene.assert_starts_over(Unusable::SourceChanged);
    // So small that nothing of it could be resumed.
    let scene = Scene::new();
    files::create(&scene.source(), 1, 10);
    scene.assert_starts_over(Unusable::SourceChanged);
}

#[test]
fn a_source_that_hides_its_change_starts_over() {
    let scene = Scene::new();
    let modified = fs::metadata(scene.source()).unwrap().modified().unwrap();
    files::create(&scene.source(), 2, SIZE);
    set_times(&scene.source(), modified, modified);
    scene.assert_starts_over(Unusable::SourceChanged);
}

#[test]
fn another_source_starts_over() {
    let scene = Scene::new();
    let other = scene.folder.path().join("other");
    files::create(&other, 2, SIZE);
    let outcome = copied_with(&resumable(), &other, &scene.copy());
    assert_eq!(outcome.resumed, Resumed::StartedOver(Unusable::SourceChanged));
    files::assert_same_content(&other, &scene.copy());
}

#[test]
fn another_partial_file_is_not_gone_on_with() {
    let scene = Scene::new();
    let (partial, other) = (scene.left("partial"), scene.folder.path().join("other"));
    fs::copy(&partial, &other).unwrap();
    fs::rename(&other, &partial).unwrap();
    scene.assert_starts_over(Unusable::Partial);
}

#[test]
fn one_without_the_other_is_nothing_to_go_on_with() {
    for end in ["partial", "resume"] {
        let scene = Scene::new();
        fs::remove_file(scene.left(end)).unwrap();
        assert_eq!(scene.resume(), Resumed::No, "without the {end}");
    }
    // What is written down next has the sidecar's name for itself.
    let scene = Scene::new();
    fs::remove_file(scene.left("partial")).unwrap();
    scene.interrupt(&resumable());
    at(scene.resume());
}

/// By names that share their first 64 bytes, and by a name that is as long as names can be.
#[test]
fn every_name_has_a_partial_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["x".repeat(255), format!("{}y", "x".repeat(254)), "é".repeat(127)];
    for (name, seed) in names.iter().zip(1..) {
        let source = folder.path().join(format!("source {seed}"));
        files::create(&source, seed, SIZE);
        let copy = folder.path().join(name);
        let cancel = Cancel::new();
        let stop = Arc::new(StopAt(8 * MIB, cancel.clone()));
        let options = resumable().observer(stop).cancel(cancel).max_bandwidth(Rate::new(40 * MIB));
        copy_file(&source, &copy, &options).unwrap_err();
    }
    for (name, seed) in names.iter().zip(1..) {
        let (source, copy) = (folder.path().join(format!("source {seed}")), folder.path().join(name));
        at(copied_with(&resumable(), &source, &copy).resumed);
        files::assert_same_content(&source, &copy);
    }
}

#[test]
fn holes_stay_holes_over_an_interruption() {
    let test = "holes_stay_holes_over_an_interruption";
    for file_system in [FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs, FileSystem::Tmpfs] {
        let Some(place) = unless_skipped(test, lab::mount(file_system)) else { continue };
        let (source, copy) = (place.dir().join("source"), place.dir().join("copy"));
        let size = 200 * MIB;
        let data = [(0, 1, 10 * MIB), (100 * MIB + 4096, 2, 10 * MIB), (190 * MIB, 3, 3 * MIB)];
        files::create_sparse(&source, size, &data);
        interrupt(&resumable(), &source, &copy, 106 * MIB);
        let written_down = fs::read_to_string(left(&copy, "resume")).unwrap();
        assert_eq!(written_down.matches(" hole ").count(), 1, "nobody reads a hole back: {written_down}");
        let outcome = copied_with(&resumable(), &source, &copy);
        assert!(at(outcome.resumed) > 100 * MIB, "a block behind the hole holds");
        files::assert_same_content(&source, &copy);
        assert!(files::allocated_bytes(&copy) < 30 * MIB, "{file_system:?}");
    }
}

/// Nothing that lies in the partial file behind the last whole block may show through a hole.
#[test]
fn what_lies_behind_the_last_block_does_not_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = (folder.path().join("source"), folder.path().join("copy"));
    files::create_sparse(&source, 20 * MIB, &[(0, 1, 10 * MIB)]);
    interrupt(&resumable(), &source, &copy, 5 * MIB);
    let partial = OpenOptions::new().write(true).open(left(&copy, "partial")).unwrap();
    partial.write_all_at(&[7; 4096], 15 * MIB).unwrap();
    drop(partial);
    at(copied_with(&resumable(), &source, &copy).resumed);
    files::assert_same_content(&source, &copy);
}

#[test]
fn the_partial_file_is_closed_to_whom_the_source_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = (folder.path().join("source"), folder.path().join("copy"));
    files::create(&source, 1, SIZE);
    fs::set_permissions(&source, fs::Permissions::from_mode(0o640)).unwrap();
    interrupt(&resumable(), &source, &copy, 8 * MIB);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&left(&copy, "partial")) & !0o640, 0);
    assert_eq!(mode(&left(&copy, "resume")), 0o600);
    copied_with(&resumable(), &source, &copy);
    assert_eq!(mode(&copy), 0o640);
}

#[test]
fn metadata_is_preserved_over_an_interruption() {
    let scene = Scene { folder: tempfile::tempdir().unwrap() };
    files::create(&scene.source(), 1, SIZE);
    let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    set_times(&scene.source(), past, past);
    let options = resumable().preserve_metadata(true);
    scene.interrupt(&options);
    at(copied_with(&options, &scene.source(), &scene.copy()).resumed);
    assert_eq!(fs::metadata(scene.copy()).unwrap().modified().unwrap(), past);
}

#[test]
fn small_files_need_no_partial_file() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = (folder.path().join("source"), folder.path().join("copy"));
    for size in [0, 1, MIB - 1, MIB, MIB + 1, 5 * MIB] {
        files::create(&source, 1, size);
        assert_eq!(copied_with(&resumable(), &source, &copy).resumed, Resumed::No);
        files::assert_same_content(&source, &copy);
        files::assert_no_litter(folder.path(), ["source", "copy"]);
    }
}

#[test]
fn a_clone_is_made_at_once_where_zero_copy_is_asked_for() {
    let test = "a_clone_is_made_at_once_where_zero_copy_is_asked_for";
    let Some(xfs) = unless_skipped(test, lab::mount(FileSystem::Xfs)) else { return };
    let (source, copy) = (xfs.dir().join("source"), xfs.dir().join("copy"));
    files::create(&source, 1, SIZE);
    let outcome = copied_with(&resumable().strategy(Strategy::ZeroCopy), &source, &copy);
    assert_eq!(outcome.mechanism, Mechanism::Reflink);
    files::assert_no_litter(xfs.dir(), ["source", "copy"]);
}

/// Frame by frame, each a block.
#[test]
fn a_compressed_copy_is_gone_on_with_and_decoded_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = (folder.path().join("source"), folder.path().join("copy.zst"));
    let size = 56 * MIB + 12_345;
    files::create(&source, 1, size);
    let options = resumable().compression(Compression::Zstd(ZstdLevel::default()));
    interrupt(&options, &source, &copy, 44 * MIB);
    let outcome = copied_with(&options.clone().verification(Verification::Sha256), &source, &copy);
    let at = at(outcome.resumed);
    assert!(at >= 8 * MIB && at.is_multiple_of(8 * MIB), "{at}");
    assert_eq!((outcome.content_bytes, outcome.data_bytes), (size, size - at));
    assert_eq!(outcome.bytes, fs::metadata(&copy).unwrap().len());
    let back = folder.path().join("back");
    copied_with(&CopyOptions::new().compression(Compression::Decompress), &copy, &back);
    files::assert_same_content(&source, &back);
    files::assert_no_litter(folder.path(), ["source", "copy.zst", "back"]);
    // What was compressed in another way is no begin.
    fs::remove_file(&copy).unwrap();
    interrupt(&options, &source, &copy, 44 * MIB);
    let other = resumable().compression(Compression::Zstd(ZstdLevel::new(1).unwrap()));
    let resumed = copied_with(&other, &source, &copy).resumed;
    assert_eq!(resumed, Resumed::StartedOver(Unusable::Compression));
}

/// The first frame tells its own length only.
#[test]
fn zeros_at_the_end_of_several_frames_are_there() {
    let place = tempfile::tempdir().unwrap();
    let [source, compressed, back] = ["source", "compressed.zst", "back"].map(|name| place.path().join(name));
    let size = 20 << 20;
    files::create_sparse(&source, size, &[(0, 1, 1 << 20)]);
    // A frame for each block.
    copied_with(&resumable().compression(Compression::Zstd(ZstdLevel::default())), &source, &compressed);
    let decompress = CopyOptions::new().compression(Compression::Decompress).sparse(Sparse::Always);
    let outcome = copied_with(&decompress, &compressed, &back);
    assert_eq!((outcome.bytes, outcome.content_bytes), (size, size));
    files::assert_same_content(&source, &back);
}
