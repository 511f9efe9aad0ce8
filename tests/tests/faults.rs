//! What a copy does when the system refuses, fails, lies, runs out, kills it, or changes its source.
#![cfg(all(target_os = "linux", not(orbit_portable)))]

#[path = "faults/changed_source.rs"]
mod changed_source;
#[path = "faults/compression.rs"]
mod compression;
#[path = "child/copy_once.rs"]
mod copy_once;
#[path = "faults/errno_table.rs"]
mod errno_table;
#[path = "faults/fuse.rs"]
mod fuse;
#[path = "faults/kill.rs"]
mod kill;
#[path = "faults/lies.rs"]
mod lies;
#[path = "faults/limits.rs"]
mod limits;
#[path = "faults/media.rs"]
mod media;
#[path = "faults/refusals.rs"]
mod refusals;
#[path = "faults/resume.rs"]
mod resume;
#[path = "faults/retries.rs"]
mod retries;
#[path = "faults/steps.rs"]
mod steps;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use orbit_engine::zero_copy_capabilities;
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem, Mounted};
use orbit_tests::skip::Skip;
use orbit_tests::subprocess::Finished;

use self::copy_once::copy_once;

/// Seed of the source's content.
const NEW: u64 = 1;

/// Seed of the content that the destination has before; it is as long as the source.
const OLD: u64 = 2;

const KIB: u64 = 1024;

/// What one call moves by the tuned file of a scene.
const CHUNK: u64 = 48 * KIB;

/// Four chunks: `copy_file_range` and sendfile are the first to try.
const SMALL: u64 = 4 * CHUNK;

/// Eleven chunks: splice is the first to try.
const LARGE: u64 = 11 * CHUNK;

/// A source and an old destination, each alone in a directory.
struct Scene {
    from: PathBuf,
    to: PathBuf,
    size: u64,
    /// Taken down last.
    _mounts: Vec<Mounted>,
}

impl Scene {
    /// Both on one fresh file system.
    fn on(file_system: FileSystem, size: u64) -> Result<Self, Skip> {
        let mounted = lab::mount(file_system)?;
        Ok(Self::new(mounted.dir().join("from"), mounted.dir().join("to"), size, vec![mounted]))
    }

    /// On two file systems, between which only splice works.
    fn across(size: u64) -> Result<Self, Skip> {
        let (from, to) = (lab::mount(FileSystem::Workspace)?, lab::mount(FileSystem::Tmpfs)?);
        Ok(Self::new(from.dir().join("from"), to.dir().join("to"), size, vec![from, to]))
    }

    fn new(from: PathBuf, to: PathBuf, size: u64, mounts: Vec<Mounted>) -> Self {
        for directory in [&from, &to] {
            fs::create_dir(directory).expect("create a directory on a fresh file system");
        }
        let scene = Self { from, to, size, _mounts: mounts };
        files::create(&scene.source(), NEW, size);
        scene.reset();
        scene
    }

    /// As before any copy.
    fn reset(&self) {
        fs::remove_dir_all(&self.to).expect("remove the destination's directory");
        fs::create_dir(&self.to).expect("create the destination's directory");
        files::create(&self.destination(), OLD, self.size);
    }

    fn source(&self) -> PathBuf {
        self.from.join("source")
    }

    fn destination(&self) -> PathBuf {
        self.to.join("copy")
    }

    fn command(&self, options: &[&str]) -> Command {
        copy_once(options, &self.source(), &self.destination())
    }

    /// A tuned file, made of one profile for this pair, by which both kinds of chunk have this size.
    fn tuned(&self, chunk: u64) -> String {
        let pair = zero_copy_capabilities(&self.from, &self.to).expect("both directories take files").pair;
        let text = format!(
            "schema = \"orbit.tuned/1\"\n[[profile]]\nsource_fs = \"{}\"\ndestination_fs = \"{}\"\n\
             same_device = {}\nkernel_chunk = \"{chunk}\"\nbuffered_chunk = \"{chunk}\"\n",
            pair.source, pair.destination, pair.same_device
        );
        let path = self.from.join("tuned.toml");
        fs::write(&path, text).expect("write the tuned file");
        path.into_os_string().into_string().expect("a path of our own is UTF-8")
    }

    /// The destination is the source, and nothing else is beside it.
    #[track_caller]
    fn assert_copied(&self) {
        files::assert_same_content(&self.source(), &self.destination());
        assert!(self.is_at_destination(NEW), "the source changed too");
        files::assert_no_litter(&self.to, ["copy"]);
    }

    /// The copy failed with this error on this path; the old destination stays, and nothing else is beside it.
    #[track_caller]
    fn assert_failed(&self, finished: &Finished, path: &Path, errno: i32) {
        let system = io::Error::from_raw_os_error(errno).to_string();
        self.assert_failed_saying(finished, path, &system);
    }

    #[track_caller]
    fn assert_failed_saying(&self, finished: &Finished, path: &Path, message: &str) {
        assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
        let path = path.to_str().expect("a path of our own is UTF-8");
        assert!(finished.stderr.contains(path), "{} does not name {path}", finished.stderr);
        assert!(finished.stderr.contains(message), "{} does not say {message}", finished.stderr);
        assert!(self.is_at_destination(OLD), "the old destination is gone");
        files::assert_no_litter(&self.to, ["copy"]);
    }

    fn is_at_destination(&self, seed: u64) -> bool {
        fs::read(self.destination()).is_ok_and(|found| found == files::content(seed, self.size))
    }
}
