//! The lab: file systems of their own kind for scenarios that name them, in images that are mounted below one directory.
//!
//! What is mounted is written down before it is mounted, so that a lab whose making was cut short can be taken down. No
//! mount is taken down that was not written down, or that is another one by now.

mod make;
mod mounts;
mod state;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use orbit_engine::ByteSize;

use crate::mounts::Mounts;
use crate::owner::Owner;
use crate::scenario::TargetName;
use crate::system;

use state::{Entry, State};

/// A file system of the lab; also the name of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Xfs,
    Btrfs,
    Ext4,
    Tmpfs,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Xfs, Self::Btrfs, Self::Ext4, Self::Tmpfs];

    fn name(self) -> &'static str {
        match self {
            Self::Xfs => "xfs",
            Self::Btrfs => "btrfs",
            Self::Ext4 => "ext4",
            Self::Tmpfs => "tmpfs",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Where `bench` looks for the lab of the checkout at `root`.
pub(crate) fn directory(root: &Path) -> PathBuf {
    root.join("target/lab")
}

/// What is up of the lab in the checkout at `root`.
pub(crate) fn targets(root: &Path) -> BTreeMap<TargetName, PathBuf> {
    let Ok(lab) = Lab::look(&directory(root)) else { return BTreeMap::new() };
    let up = lab.state.entries.iter().filter(|entry| lab.is_up(entry));
    up.filter_map(|entry| Some((entry.kind.name().parse().ok()?, entry.mount_point.clone()))).collect()
}

/// A lab as it is written down and mounted.
#[derive(Debug)]
pub(crate) struct Lab {
    directory: PathBuf,
    state: State,
    mounts: Mounts,
}

/// A file system of the lab, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) kind: Kind,
    pub(crate) mount_point: PathBuf,
    /// `up`, or what is wrong.
    pub(crate) condition: &'static str,
    /// Where it is up.
    pub(crate) device: Option<String>,
}

impl Lab {
    /// Looks at the lab in `directory`, which need not be there.
    pub(crate) fn look(directory: &Path) -> Result<Self> {
        // By its real path, which is how the kernel names mounts.
        let directory = match fs::canonicalize(directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => std::path::absolute(directory),
            found => found,
        };
        let directory = directory.context("cannot find the lab")?;
        let state = State::load(&directory)?;
        Ok(Self { mounts: Mounts::now()?, state, directory })
    }

    fn is_up(&self, entry: &Entry) -> bool {
        self.mounts.at(&entry.mount_point).is_some_and(|mount| mounts::is(mount, entry))
    }

    /// Each file system that was written down.
    pub(crate) fn status(&self) -> Vec<Status> {
        let status = |entry: &Entry| {
            let mount = self.mounts.at(&entry.mount_point);
            let condition = match mount {
                Some(mount) if mounts::is(mount, entry) => "up",
                Some(_) => "something else is mounted there",
                None => "not mounted; `cargo xtask lab down` removes what is left",
            };
            let device = mount.filter(|mount| mounts::is(mount, entry)).map(|mount| mount.source.clone());
            Status { kind: entry.kind, mount_point: entry.mount_point.clone(), condition, device }
        };
        self.state.entries.iter().map(status).collect()
    }

    /// Makes and mounts what is not up yet, each of `size`. Gives what was made.
    ///
    /// # Errors
    /// Without root, a tool or room; then what was made before stays, for [`Self::down`].
    pub(crate) fn up(directory: &Path, size: ByteSize) -> Result<Vec<Kind>> {
        may_mount()?;
        make::check_tools()?;
        fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        let mut lab = Self::look(directory)?;
        let _alone = lab.lock()?;
        lab = Self::look(directory)?;
        let missing: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| !lab.has(*kind)).collect();
        make::check_room(&lab.directory, missing.iter().filter(|kind| **kind != Kind::Tmpfs).count(), size)?;
        for kind in &missing {
            lab.make(*kind, size)
                .with_context(|| format!("{kind}; `cargo xtask lab down` clears away what was made"))?;
        }
        Ok(missing)
    }

    fn has(&self, kind: Kind) -> bool {
        self.state.entries.iter().any(|entry| entry.kind == kind && self.is_up(entry))
    }

    fn make(&mut self, kind: Kind, size: ByteSize) -> Result<()> {
        let mut entry = Entry::planned(&self.directory, kind);
        if self.mounts.at(&entry.mount_point).is_some() {
            bail!("something else is mounted on {}", entry.mount_point.display());
        }
        self.state.put(entry.clone());
        self.state.save(&self.directory)?;
        make::make(&entry, size)?;
        self.mounts = Mounts::now()?;
        let mount = self.mounts.at(&entry.mount_point).filter(|mount| mounts::is(mount, &entry));
        entry.device = Some(mount.context("it was mounted and is not there")?.device.clone());
        self.state.put(entry);
        self.state.save(&self.directory)
    }

    /// Unmounts and removes all that was written down. Gives what was there.
    ///
    /// # Errors
    /// When something is in use, or is mounted there that is not the lab's. The rest is taken down all the same.
    pub(crate) fn down(directory: &Path) -> Result<Vec<Kind>> {
        let mut lab = Self::look(directory)?;
        if lab.state.entries.is_empty() {
            return Ok(Vec::new());
        }
        may_mount()?;
        let alone = lab.lock()?;
        lab = Self::look(directory)?;
        let (mut gone, mut errors) = (Vec::new(), Vec::new());
        for entry in lab.state.entries.clone() {
            match lab.take_down(&entry) {
                Ok(()) => gone.push(entry.kind),
                Err(error) => errors.push(format!("{}: {error:#}", entry.kind)),
            }
        }
        if !errors.is_empty() {
            bail!("{}", errors.join("; "));
        }
        drop(alone);
        State::remove(&lab.directory)?;
        Ok(gone)
    }

    fn take_down(&mut self, entry: &Entry) -> Result<()> {
        match self.mounts.at(&entry.mount_point) {
            Some(mount) if mounts::is(mount, entry) => {
                system::unmount(&entry.mount_point)
                    .with_context(|| format!("cannot unmount {}", entry.mount_point.display()))?;
            }
            Some(_) => bail!("what is mounted on {} is not the lab's", entry.mount_point.display()),
            None => {}
        }
        // Not with its content: an empty directory is all that the lab made.
        absent_is_well(fs::remove_dir(&entry.mount_point))
            .with_context(|| format!("cannot remove {}", entry.mount_point.display()))?;
        if let Some(image) = &entry.image {
            absent_is_well(fs::remove_file(image))
                .with_context(|| format!("cannot remove {}", image.display()))?;
        }
        self.state.drop(entry.kind);
        self.state.save(&self.directory)
    }

    /// While this lives no other process makes or takes down this lab.
    fn lock(&self) -> Result<Owner> {
        let directory = File::open(&self.directory)
            .with_context(|| format!("cannot open {}", self.directory.display()))?;
        Owner::of(directory)
            .with_context(|| format!("another `cargo xtask lab` is at work in {}", self.directory.display()))
    }
}

fn may_mount() -> Result<()> {
    let remedy = |why| anyhow!("{why}, name directories: `cargo xtask bench --target NAME=DIR`");
    system::may_mount().map_err(remedy)
}

fn absent_is_well(done: std::io::Result<()>) -> std::io::Result<()> {
    match done {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

// Elsewhere there is none, which its tables of mounts say.
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_lab_that_is_not_there_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert!(targets(folder.path()).is_empty());
        let directory = folder.path().join("none");
        assert!(Lab::look(&directory).unwrap().status().is_empty());
        assert!(Lab::down(&directory).unwrap().is_empty());
        assert!(!directory.exists());
    }

    #[test]
    fn what_is_written_down_and_not_mounted_is_no_target() {
        let root = tempfile::tempdir().unwrap();
        let lab = directory(root.path());
        fs::create_dir_all(lab.join("xfs")).unwrap();
        let mut state = State::default();
        state.put(Entry::planned(&fs::canonicalize(&lab).unwrap(), Kind::Xfs));
        state.save(&lab).unwrap();
        assert!(targets(root.path()).is_empty());
        let status = Lab::look(&lab).unwrap().status();
        assert_eq!(status.len(), 1);
        assert!(status[0].condition.starts_with("not mounted"));
    }
}
