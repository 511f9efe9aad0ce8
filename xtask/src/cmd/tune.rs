//! `cargo xtask tune`: a run's samples to a tuned file, with the table that explains it.

mod self_test;

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use orbit_engine::{
    ByteSize, Decision, Evidence, Finding, Machine, MeasuredRun, Provenance, Threshold, TunedFile,
    TunedProfile, UtcTime, Values,
};
use sha2::{Digest, Sha256};

use crate::cmd::{Done, below, complete_run, hex};
use crate::comparison::Ratio;
use crate::flags::TuneFlags;
use crate::record::{self, PlaceRecord, Run};
use crate::scenario::FileSystems;
use crate::tuner::{self, Outcome, Ratios};

/// Kernels and disks change; by then what was measured is to be measured again.
const VALID_DAYS: u32 = 90;

pub(crate) fn run(flags: &TuneFlags, root: &Path, out: &mut impl Write) -> Result<Done> {
    if flags.self_test {
        return self_test::run(&below(root, &flags.results), flags.seed.unwrap_or(1), out);
    }
    let run = complete_run(flags.run.as_deref(), &below(root, &flags.results))?;
    if run.record.indicative {
        bail!(
            "{} is indicative: `--quick` measures too little to decide anything by; measure without it",
            run.folder.display()
        );
    }
    writeln!(out, "run {}", run.record.run)?;
    let mut profiles = Vec::new();
    for (name, place) in &run.record.places {
        profiles.extend(profile(&run, name, place, out)?);
    }
    if profiles.is_empty() {
        bail!(
            "{} compares zero-copy with buffered at no size; measure with `cargo xtask bench`",
            run.record.run
        );
    }
    let path = flags.output.clone().unwrap_or_else(|| run.folder.join("tuned.toml"));
    let file = TunedFile::new(provenance(&run)?, profiles);
    let text = toml::to_string(&file).context("cannot write the tuned values as TOML")?;
    record::write_whole(&path, &text)?;
    let path = path.strip_prefix(root).unwrap_or(&path).display();
    writeln!(out, "\n{path}\nmeasure with it: cargo xtask bench small-files --tuned {path}")?;
    Ok(Done::Complete)
}

/// The profile for the copies called `name`; none where the run did not compare the strategies there.
fn profile(run: &Run, name: &str, place: &PlaceRecord, out: &mut impl Write) -> Result<Option<TunedProfile>> {
    let device = if place.same_device { "one device" } else { "two devices" };
    let pair = format!("{name}: {} to {}, {device}", place.source_fs, place.destination_fs);
    let bare = TunedProfile::new(&place.source_fs, &place.destination_fs, place.same_device);
    if place.zero_copy.is_none() {
        writeln!(out, "\n{pair}\nno zero-copy mechanism works here")?;
        let threshold = Some(Threshold::Never);
        return Ok(Some(TunedProfile {
            decision: Some(Decision::Unsupported),
            zero_copy_threshold: threshold,
            ..bare
        }));
    }
    let filesystems: FileSystems = name.parse().map_err(anyhow::Error::msg)?;
    let Some(ratios) = tuner::ratios(&run.record.cases, &run.samples, &filesystems) else { return Ok(None) };
    let outcome = tuner::decide(&ratios.curve, Values::default().zero_copy_threshold, run.record.seed);
    writeln!(out, "\n{pair}")?;
    table(&ratios, out)?;
    writeln!(out, "{}", sentence(&outcome))?;
    let decision = if accepted(&outcome) { Decision::Accepted } else { Decision::KeptDefault };
    Ok(Some(TunedProfile {
        decision: Some(decision),
        zero_copy_threshold: Some(outcome.value),
        // Left out, it would follow the other threshold, which nothing was found to speak for.
        reflink_threshold: (!accepted(&outcome)).then(|| Values::default().reflink_threshold),
        evidence: Some(evidence(&ratios, &outcome, decision)),
        ..bare
    }))
}

fn accepted(outcome: &Outcome<Threshold>) -> bool {
    outcome.verdict == tuner::Verdict::Accepted
}

fn table(ratios: &Ratios, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "    size   zero-copy    buffered   ratio   95 % interval   zero-copy is")?;
    for row in &ratios.rows {
        let Ratio { ratio, ratio_lower, ratio_upper, verdict } = row.ratio;
        let interval = ratio_lower
            .zip(ratio_upper)
            .map_or_else(|| "-".into(), |(lower, upper)| format!("{lower:.3} .. {upper:.3}"));
        writeln!(
            out,
            "{:>8} {:>8.1} µs {:>8.1} µs   {:>5.3}   {interval:>14}   {verdict}",
            ByteSize::new(row.size_bytes),
            row.zero_copy_ns / 1000.0,
            row.buffered_ns / 1000.0,
            ratio,
        )?;
    }
    writeln!(
        out,
        "ratios are paired; an interval is that of one size alone, a verdict holds over all sizes together"
    )
}

fn sentence(outcome: &Outcome<Threshold>) -> String {
    let Outcome {
        value: threshold,
        best,
        lower: best_lower,
        upper: best_upper,
        judgement: tuner::Judgement { gain, .. },
        ..
    } = outcome;
    let figures = format!(
        "choosing by earlier blocks gained {:.2} %, with 99 % confidence at least {:.2} %",
        100.0 * gain.estimate,
        100.0 * gain.lower
    );
    if accepted(outcome) {
        return format!("threshold {threshold} ({best_lower} .. {best_upper}) adopted: {figures}");
    }
    let seen = outcome.judgement.detectable.map_or_else(String::new, |effect| {
        format!("; a gain of {:.2} % would have been seen", 100.0 * effect)
    });
    if best == threshold {
        return format!("threshold {threshold} kept: no other one is better");
    }
    format!(
        "threshold {threshold} kept: {best} ({best_lower} .. {best_upper}) is not better beyond noise, {figures}{seen}"
    )
}

fn evidence(ratios: &Ratios, outcome: &Outcome<Threshold>, decision: Decision) -> Evidence {
    // TOML has infinities, people who read it have less use for them.
    let percent = |fraction: f64| Some((fraction * 10_000.0).round().clamp(-10_000.0, 10_000.0) / 100.0);
    let finding = Finding {
        decision,
        blocks: Some(u32::try_from(ratios.curve.blocks.len()).unwrap_or(u32::MAX)),
        gain_pct: percent(outcome.judgement.gain.estimate),
        gain_lower_pct: percent(outcome.judgement.gain.lower),
        lower: Some(outcome.lower),
        upper: Some(outcome.upper),
    };
    Evidence { zero_copy_threshold: Some(finding), ..Evidence::default() }
}

fn provenance(run: &Run) -> Result<Provenance> {
    let path = run.folder.join("samples.jsonl");
    let samples = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let host = &run.record.host;
    let created = UtcTime::now();
    Ok(Provenance {
        engine: run.record.engine.clone(),
        created,
        valid_until: created.plus_days(VALID_DAYS),
        machine: Machine {
            cpu: host.cpu.clone(),
            processors: host.cpus,
            kernel: host.kernel.rsplit(' ').next().unwrap_or_default().to_owned(),
        },
        runs: vec![MeasuredRun {
            name: run.record.run.clone(),
            samples_sha256: hex(&Sha256::digest(samples)),
        }],
    })
}
