//! What was found, as a tuned file has it.

use std::fs;

use anyhow::{Context, Result};
use orbit_engine::{
    Decision, Evidence, Finding, Machine, MeasuredRun, Provenance, TunedFile, TunedProfile, UtcTime,
};
use sha2::{Digest, Sha256};

use super::pairs::Tuned;
use crate::cmd::hex;
use crate::record::Run;
use crate::scenario::Setting;
use crate::tuner::{Figures, Findings, Found};

/// Kernels and disks change; by then what was measured is to be measured again.
const VALID_DAYS: u32 = 90;

/// The file for the pairs of one class of machines, from these runs of them.
pub(super) fn of(runs: &[&Run], tuned: &[Tuned]) -> Result<TunedFile> {
    let profiles = tuned.iter().map(profile).collect();
    Ok(TunedFile::new(provenance(runs)?, profiles))
}

fn profile(tuned: &Tuned) -> TunedProfile {
    let mut profile = TunedProfile::new(&tuned.source_fs, &tuned.destination_fs, tuned.same_device);
    profile.decision = Some(together(&tuned.findings));
    let mut evidence = Evidence::default();
    for found in &tuned.findings.knobs {
        put(&mut profile, &mut evidence, found);
    }
    profile.evidence = Some(evidence);
    profile
}

/// What is said of the pair: accepted where any value was.
fn together(findings: &Findings) -> Decision {
    let any = |decision| findings.knobs.iter().any(|found| found.decision == decision);
    let order = [Decision::Accepted, Decision::KeptDefault, Decision::NoEffect, Decision::Unsupported];
    order.into_iter().find(|decision| any(*decision)).unwrap_or(Decision::NotMeasured)
}

fn put(profile: &mut TunedProfile, evidence: &mut Evidence, found: &Found) {
    macro_rules! put {
        ($($variant:ident => $field:ident),*) => {
            match found.value {
                $(Setting::$variant(value) => {
                    profile.$field = Some(value);
                    let inner = |setting| match setting {
                        Setting::$variant(value) => Some(value),
                        _ => None,
                    };
                    evidence.$field = Some(finding(found, inner));
                })*
            }
        };
    }
    put! {
        KernelChunk => kernel_chunk,
        PipeSize => pipe_size,
        BufferedChunk => buffered_chunk,
        ParallelThreads => parallel_threads,
        ParallelThreshold => parallel_threshold,
        ZeroCopyThreshold => zero_copy_threshold,
        ReflinkThreshold => reflink_threshold,
        TreeWorkers => tree_workers,
        TreeBatch => tree_batch,
        TreeZeroCopyThreshold => tree_zero_copy_threshold
    }
}

fn finding<T>(found: &Found, inner: impl Fn(Setting) -> Option<T>) -> Finding<T> {
    let Some(Figures { lower, upper, judgement, blocks, .. }) = &found.figures else {
        return Finding::new(found.decision);
    };
    // TOML has infinities, people who read it have less use for them.
    let percent = |fraction: f64| {
        fraction.is_finite().then(|| (fraction * 10_000.0).round().clamp(-10_000.0, 10_000.0) / 100.0)
    };
    Finding {
        decision: found.decision,
        blocks: Some(u32::try_from(*blocks).unwrap_or(u32::MAX)),
        gain_pct: percent(judgement.gain.estimate),
        gain_lower_pct: percent(judgement.gain.lower),
        lower: inner(*lower),
        upper: inner(*upper),
    }
}

fn provenance(runs: &[&Run]) -> Result<Provenance> {
    let first = runs.first().context("there is a run")?;
    let created = UtcTime::now();
    let measured = |run: &&Run| {
        let path = run.folder.join("samples.jsonl");
        let samples = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(MeasuredRun { name: run.record.run.clone(), samples_sha256: hex(&Sha256::digest(samples)) })
    };
    let machine: Machine = first.record.host.machine();
    Ok(Provenance {
        engine: first.record.engine.clone(),
        created,
        valid_until: created.plus_days(VALID_DAYS),
        machine,
        runs: runs.iter().map(measured).collect::<Result<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Tunings that the documentation cites were written by earlier versions of this program.
    #[test]
    fn curated_tunings_are_read() {
        let curated = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/curated");
        let folders = fs::read_dir(curated).unwrap().map(|entry| entry.unwrap().path());
        let tunings: Vec<_> = folders.filter(|folder| !folder.join("run.json").exists()).collect();
        assert!(!tunings.is_empty());
        for folder in tunings {
            let page = fs::read_to_string(folder.join("tune.md")).unwrap();
            for name in ["tuned.toml", "candidate.toml"] {
                let file = TunedFile::load(folder.join(name)).unwrap();
                assert!(file.provenance.is_some() && !file.profiles.is_empty());
                for profile in &file.profiles {
                    let heading = format!(": {} to {}, ", profile.source_fs, profile.destination_fs);
                    assert!(page.lines().any(|line| line.starts_with("## ") && line.contains(&heading)));
                }
            }
        }
    }
}
