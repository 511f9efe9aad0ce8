//! Between which file systems a run copies, what works there, and which cases therefore make sense.

use anyhow::Result;
use orbit_engine::{Capability, Tuning, ZeroCopyCapabilities, zero_copy_capabilities};
use std::collections::BTreeMap;

use crate::cache;
use crate::fixture;
use crate::mounts::Storage;
use crate::plan::{Case, Skipped};
use crate::record::PlaceRecord;
use crate::runner::Arm;
use crate::scenario::{Cache, Durable, FileSystems, Site};
use crate::subject::{Programs, Setup};
use crate::system;
use crate::targets::Targets;

/// Each kind of file-system pair that a plan uses: what works there, or why it cannot be used.
#[derive(Debug)]
pub(super) struct Places {
    pairs: BTreeMap<FileSystems, Result<ZeroCopyCapabilities, String>>,
    /// Of the sites whose files must be cold; why they cannot be.
    cold: BTreeMap<Site, Result<(), String>>,
}

impl Places {
    pub(super) fn probe(targets: &Targets, cases: &[Case]) -> Self {
        let (mut pairs, mut cold) = (BTreeMap::new(), BTreeMap::new());
        for case in cases {
            pairs.entry(case.filesystems.clone()).or_insert_with(|| probe(targets, &case.filesystems));
            if matches!(case.cache, Cache::Cold | Cache::Dropped) {
                let site = case.filesystems.source();
                cold.entry(site).or_insert_with_key(|site| cache::probe(&targets.directory(site)?));
            }
        }
        Self { pairs, cold }
    }

    /// The cases that can run and say something, set up; and the others, with the reason.
    pub(super) fn arms(
        &self,
        cases: Vec<Case>,
        tuning: &Tuning,
        programs: &Programs,
    ) -> (Vec<Arm>, Vec<Skipped>) {
        let (mut arms, mut skipped) = (Vec::new(), Vec::new());
        for case in cases {
            match self
                .usable(&case)
                .and_then(|capabilities| Setup::new(&case, capabilities, tuning, programs))
            {
                Ok(setup) => arms.push(Arm { case, setup }),
                Err(reason) => skipped.push(Skipped { case: case.id, reason }),
            }
        }
        (arms, skipped)
    }

    /// What works between the file systems of `case`, or why it cannot be measured there.
    pub(super) fn usable(&self, case: &Case) -> Result<&ZeroCopyCapabilities, String> {
        let capabilities = self.pairs[&case.filesystems].as_ref().map_err(Clone::clone)?;
        self.cold.get(&case.filesystems.source()).cloned().unwrap_or(Ok(()))?;
        if case.durability == Durable::SyncFs && !system::SYNCS_FILE_SYSTEMS {
            return Err("this system has no call that waits for a whole file system".to_owned());
        }
        if case.sparse.is_some() && !system::SEES_HOLES {
            return Err("this system has no call that is known here to look for holes".to_owned());
        }
        Ok(capabilities)
    }

    pub(super) fn records(&self, targets: &Targets) -> Result<BTreeMap<String, PlaceRecord>> {
        let usable = self.pairs.iter().filter_map(|(kind, place)| Some((kind, place.as_ref().ok()?)));
        usable
            .map(|(kind, capabilities)| Ok((kind.to_string(), record(targets, kind, capabilities)?)))
            .collect()
    }
}

fn probe(targets: &Targets, filesystems: &FileSystems) -> Result<ZeroCopyCapabilities, String> {
    let source = targets.directory(&filesystems.source())?;
    let destination = targets.directory(&filesystems.destination())?;
    std::fs::create_dir_all(&source).map_err(|error| format!("cannot make {}: {error}", source.display()))?;
    let capabilities = zero_copy_capabilities(&source, &destination)
        .map_err(|error| format!("cannot copy there: {error}"))?;
    if *filesystems == FileSystems::Cross && capabilities.pair.same_device {
        return Err(format!("{} is on the workspace's own file system", destination.display()));
    }
    Ok(capabilities)
}

fn record(
    targets: &Targets,
    filesystems: &FileSystems,
    capabilities: &ZeroCopyCapabilities,
) -> Result<PlaceRecord> {
    let destination = targets.directory(&filesystems.destination()).map_err(anyhow::Error::msg)?;
    let source = targets.directory(&filesystems.source()).map_err(anyhow::Error::msg)?;
    let mechanisms = capabilities.mechanisms.iter().map(|(mechanism, capability)| {
        let answer = match capability {
            Capability::Works => "works".to_owned(),
            Capability::Refused(reason) => reason.to_string(),
            Capability::NotBuiltIn => "not built in".to_owned(),
            _ => "wrong content".to_owned(),
        };
        (mechanism.to_string(), answer)
    });
    Ok(PlaceRecord {
        source_fs: capabilities.pair.source.clone(),
        destination_fs: capabilities.pair.destination.clone(),
        same_device: capabilities.pair.same_device,
        zero_copy: capabilities.best().map(|mechanism| mechanism.to_string()),
        mechanisms: mechanisms.collect(),
        free_bytes: fixture::free_bytes(&destination)?,
        source: Some(Storage::of(&source)?),
        destination: Some(Storage::of(&destination)?),
    })
}
