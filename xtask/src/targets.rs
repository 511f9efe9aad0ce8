//! Which directories the file systems of cases are: the workspace's, `/dev/shm`, and those that a user or the lab names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::lab;
use crate::scenario::{Site, TargetName};
use crate::system;

/// The directory of every site that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Targets {
    workspace: PathBuf,
    named: BTreeMap<TargetName, PathBuf>,
}

impl Targets {
    /// Those of the lab in the checkout at `root`, as far as it is up, and those that are `given`, which go before.
    pub(crate) fn new(root: &Path, given: &[(TargetName, PathBuf)]) -> Result<Self> {
        let mut own = BTreeMap::new();
        for (name, directory) in given {
            let at = fs::canonicalize(directory)
                .with_context(|| format!("--target {name}={}", directory.display()))?;
            if !at.is_dir() {
                bail!("--target {name}={}: that is no directory", directory.display());
            }
            if own.insert(name.clone(), at).is_some() {
                bail!("--target {name}: given twice");
            }
        }
        let mut named = lab::targets(root);
        named.extend(own);
        Ok(Self { workspace: root.join("target"), named })
    }

    /// Those that an interrupted run had, without those of a lab that is no longer up.
    pub(crate) fn again(root: &Path, recorded: &BTreeMap<TargetName, PathBuf>) -> Self {
        let up = lab::targets(root);
        let lab = lab::directory(root);
        let lab = fs::canonicalize(&lab).unwrap_or(lab);
        let is_there = |(name, directory): &(TargetName, PathBuf)| {
            !directory.starts_with(&lab) || up.get(name) == Some(directory)
        };
        let absolute = |(name, at): (&TargetName, &PathBuf)| (name.clone(), root.join(at));
        let named = recorded.iter().map(absolute).filter(is_there).collect();
        Self { workspace: root.join("target"), named }
    }

    /// The directory of `site`, or why there is none, with the remedy.
    pub(crate) fn directory(&self, site: &Site) -> Result<PathBuf, String> {
        match site {
            Site::Workspace => Ok(self.workspace.clone()),
            Site::SharedMemory => system::shared_memory(),
            Site::Target(name) => self.named.get(name).cloned().ok_or_else(|| {
                format!("there is no target {name}: `cargo xtask lab up` as root, or `--target {name}=DIR`")
            }),
        }
    }

    /// The targets among `sites`, for the record: what lies below the workspace as seen from there, which is the same on
    /// every machine.
    pub(crate) fn used<'a>(&self, sites: impl Iterator<Item = &'a Site>) -> BTreeMap<TargetName, PathBuf> {
        let target = |site: &Site| match site {
            Site::Target(name) => {
                let at = self.named.get(name)?;
                let root = self.workspace.parent().unwrap_or(&self.workspace);
                Some((name.clone(), at.strip_prefix(root).unwrap_or(at).to_owned()))
            }
            Site::Workspace | Site::SharedMemory => None,
        };
        sites.filter_map(target).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> TargetName {
        text.parse().unwrap()
    }

    #[test]
    fn a_missing_target_is_said_with_the_remedy() {
        let root = tempfile::tempdir().unwrap();
        let targets = Targets::new(root.path(), &[(name("a"), root.path().to_owned())]).unwrap();
        let site = |text: &str| Site::Target(name(text));
        assert_eq!(targets.directory(&site("a")), Ok(fs::canonicalize(root.path()).unwrap()));
        let missing = targets.directory(&site("ext4")).unwrap_err();
        assert_eq!(missing, "there is no target ext4: `cargo xtask lab up` as root, or `--target ext4=DIR`");
        assert_eq!(targets.used([site("a"), site("ext4"), Site::Workspace].iter()).len(), 1);
    }

    /// Its directory may be there still, as an empty one on the workspace's file system.
    #[test]
    fn a_run_does_not_go_on_in_a_lab_that_is_down() {
        let root = tempfile::tempdir().unwrap();
        let recorded = [("xfs", lab::directory(root.path()).join("xfs")), ("own", root.path().to_owned())];
        let recorded = recorded.into_iter().map(|(text, directory)| (name(text), directory)).collect();
        let targets = Targets::again(root.path(), &recorded);
        assert!(targets.directory(&Site::Target(name("own"))).is_ok());
        assert!(targets.directory(&Site::Target(name("xfs"))).is_err());
    }

    #[test]
    fn what_is_no_directory_and_what_is_given_twice_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        let error =
            |given: &[(TargetName, PathBuf)]| format!("{:#}", Targets::new(root.path(), given).unwrap_err());
        assert!(error(&[(name("a"), file)]).ends_with("that is no directory"));
        assert!(error(&[(name("a"), root.path().join("none"))]).starts_with("--target a="));
        let twice = (name("a"), root.path().to_owned());
        assert_eq!(error(&[twice.clone(), twice]), "--target a: given twice");
    }
}
