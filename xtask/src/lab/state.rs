//! What the lab made, as it stands in `lab.json`. Schema `orbit.lab/1`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::{Kind, absent_is_well};
use crate::system;

const SCHEMA: &str = "orbit.lab/1";
const FILE: &str = "lab.json";
const IMAGES: &str = "images";

/// All that was made, in that order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    schema: String,
    pub(super) entries: Vec<Entry>,
}

/// One file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) mount_point: PathBuf,
    /// None for what lives in memory.
    pub(super) image: Option<PathBuf>,
    /// `MAJOR:MINOR` of the mount; none until it is mounted.
    pub(super) device: Option<String>,
}

impl Default for State {
    fn default() -> Self {
        Self { schema: SCHEMA.into(), entries: Vec::new() }
    }
}

impl Entry {
    /// What is about to be made in the lab at `directory`.
    pub(super) fn planned(directory: &Path, kind: Kind) -> Self {
        let image = directory.join(IMAGES).join(format!("{kind}.img"));
        Self {
            kind,
            mount_point: directory.join(kind.name()),
            image: (kind != Kind::Tmpfs).then_some(image),
            device: None,
        }
    }
}

impl State {
    /// Nothing where no lab was made.
    pub(super) fn load(directory: &Path) -> Result<Self> {
        let path = directory.join(FILE);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            read => read.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let state: Self = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        if state.schema != SCHEMA {
            bail!("{}: schema is `{}`; this suite reads `{SCHEMA}`", path.display(), state.schema);
        }
        Ok(state)
    }

    /// On the disk when it returns: what follows may be a mount.
    pub(super) fn save(&self, directory: &Path) -> Result<()> {
        let path = directory.join(FILE);
        // For everybody to read, since `bench` needs no root.
        let write = || {
            let mut new = system::files_of_mode(0o644).tempfile_in(directory)?;
            serde_json::to_writer_pretty(&mut new, self)?;
            new.as_file().sync_all()?;
            new.persist(&path).map_err(|error| error.error)
        };
        write().map(drop).with_context(|| format!("cannot write {}", path.display()))
    }

    pub(super) fn put(&mut self, entry: Entry) {
        self.drop(entry.kind);
        self.entries.push(entry);
    }

    pub(super) fn drop(&mut self, kind: Kind) {
        self.entries.retain(|entry| entry.kind != kind);
    }

    /// Removes the files of a lab that has nothing left, and its folders as far as they are empty.
    pub(super) fn remove(directory: &Path) -> Result<()> {
        absent_is_well(fs::remove_file(directory.join(FILE)))
            .with_context(|| format!("cannot remove {}", directory.join(FILE).display()))?;
        // Whatever else somebody put there stays.
        let _ = fs::remove_dir(directory.join(IMAGES));
        let _ = fs::remove_dir(directory);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(State::load(folder.path()).unwrap(), State::default());
        let mut state = State::default();
        for kind in [Kind::Xfs, Kind::Tmpfs, Kind::Xfs] {
            state.put(Entry::planned(folder.path(), kind));
        }
        assert_eq!(state.entries.len(), 2);
        assert_eq!(state.entries[0].image, None);
        state.save(folder.path()).unwrap();
        assert_eq!(State::load(folder.path()).unwrap(), state);
        #[cfg(unix)]
        {
            let permissions = fs::metadata(folder.path().join(FILE)).unwrap().permissions();
            let mode = std::os::unix::fs::PermissionsExt::mode(&permissions);
            assert_eq!(mode & 0o444, 0o444, "who measures need not be who made the lab");
        }
        State::remove(folder.path()).unwrap();
        assert!(!folder.path().exists());
    }

    #[test]
    fn another_schema_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "{\"schema\":\"other/1\",\"entries\":[]}").unwrap();
        let error = format!("{:#}", State::load(folder.path()).unwrap_err());
        assert!(error.ends_with("schema is `other/1`; this suite reads `orbit.lab/1`"), "{error}");
    }
}
