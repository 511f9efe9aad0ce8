//! What came of a tuning on sizes that decided nothing: against the defaults, against both fixed strategies, and against
//! the best of all.

use orbit_engine::{ByteSize, Strategy};

use crate::comparison::{self, Ratio};
use crate::plan::Case;
use crate::record::Run;
use crate::scenario::ValueSet;
use crate::stats;
use crate::tuner::{Held, losing};

/// Of one pair.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Validation {
    /// As the run calls the pair.
    pub(super) name: String,
    pub(super) blocks: usize,
    pub(super) rows: Vec<Row>,
}

/// One held-out size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    pub(super) size_bytes: u64,
    /// Time of tuned over time of default.
    pub(super) ratio: Ratio,
    /// How much longer tuned takes than the best arm, as a fraction.
    pub(super) regret: f64,
    pub(super) default_regret: f64,
    /// Whether tuned is slower than the default by more than 5 %, beyond noise.
    pub(super) loses: bool,
}

/// Which arms an oracle chooses from; the first two are compared.
const TUNED: usize = 0;
const DEFAULT: usize = 1;

/// What the run of a validation says.
pub(super) fn of(run: &Run, name: &str) -> Validation {
    let times = comparison::Times::of(&run.samples);
    let arm = |size: u64, strategy: Strategy, set: &ValueSet| {
        let wanted = |case: &&Case| {
            case.filesystems.to_string() == name
                && case.size_bytes == size
                && case.strategy == strategy
                && case.tuning.as_ref() == Some(set)
        };
        times.case(&run.record.cases.iter().find(wanted)?.id)
    };
    let mut sizes: Vec<u64> = run.record.cases.iter().map(|case| case.size_bytes).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let held: Vec<Held> = sizes
        .into_iter()
        .filter_map(|size_bytes| {
            let mut arms = vec![
                arm(size_bytes, Strategy::Auto, &ValueSet::Tuned)?,
                arm(size_bytes, Strategy::Auto, &ValueSet::Default)?,
            ];
            let fixed = [Strategy::ZeroCopy, Strategy::Buffered];
            arms.extend(fixed.iter().filter_map(|strategy| arm(size_bytes, *strategy, &ValueSet::Default)));
            let whole = |block: &&u32| arms.iter().all(|arm| arm.contains_key(block));
            let blocks: Vec<u32> = arms[TUNED].keys().filter(whole).copied().collect();
            let logs = |arm: &&std::collections::BTreeMap<u32, f64>| {
                blocks.iter().map(|block| arm[block].ln()).collect()
            };
            Some(Held { size_bytes, arms: arms.iter().map(logs).collect() })
        })
        .collect();
    let columns: Vec<Vec<f64>> = held.iter().map(|held| held.ratios(TUNED, DEFAULT)).collect();
    let judged = comparison::ratios(&columns).into_iter().zip(losing(&columns));
    let row = |(held, (ratio, loses)): (&Held, (Option<Ratio>, bool))| {
        let (regret, default_regret) = (held.regret(TUNED)?, held.regret(DEFAULT)?);
        Some(Row { size_bytes: held.size_bytes, ratio: ratio?, regret, default_regret, loses })
    };
    let rows = held.iter().zip(judged).filter_map(row).collect();
    let blocks = columns.iter().map(Vec::len).min().unwrap_or(0);
    Validation { name: name.to_owned(), blocks, rows }
}

impl Validation {
    /// Mean over the sizes, of tuned and of the defaults; none without sizes.
    pub(super) fn mean_regret(&self) -> Option<(f64, f64)> {
        let count = stats::float(self.rows.len() as u64);
        let mean = |of: fn(&Row) -> f64| self.rows.iter().map(of).sum::<f64>() / count;
        (count > 0.0).then(|| (mean(|row| row.regret), mean(|row| row.default_regret)))
    }

    pub(super) fn worst_regret(&self) -> Option<&Row> {
        self.rows.iter().max_by(|a, b| a.regret.total_cmp(&b.regret))
    }

    /// In one line.
    pub(super) fn sentence(&self) -> String {
        let Some(((tuned, default), worst)) = self.mean_regret().zip(self.worst_regret()) else {
            return format!("{}: no held-out size was measured", self.name);
        };
        format!(
            "{}: against the best on {} held-out sizes in {} blocks, tuned is {:.2} % slower (defaults {:.2} %), at worst {:.2} % at {}",
            self.name,
            self.rows.len(),
            self.blocks,
            100.0 * tuned,
            100.0 * default,
            100.0 * worst.regret,
            ByteSize::new(worst.size_bytes),
        )
    }

    /// A line for each size at which tuned loses.
    pub(super) fn losses(&self) -> Vec<String> {
        let line = |row: &Row| {
            let slower = 100.0 * (row.ratio.ratio - 1.0);
            format!(
                "{}: tuned was {slower:.1} % slower than the defaults at {}; the pair has the defaults",
                self.name,
                ByteSize::new(row.size_bytes)
            )
        };
        self.rows.iter().filter(|row| row.loses).map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use orbit_engine::Values;

    use super::*;
    use crate::clock::{Times, Usage};
    use crate::cmd::tune::stages::Stage;
    use crate::plan;
    use crate::report::planted;
    use crate::sample::{Measurement, Sample, Trial};
    use crate::scenario::{FileSystems, Scenario};

    /// A validation in which tuned takes so much longer than the default, and the default as long as buffered.
    fn validated(slower: f64) -> Validation {
        let text = Stage::Validation.scenario(&FileSystems::Same, &Values::default(), 2);
        let cases = plan::cases(&Scenario::parse(text, Path::new("v.toml")).unwrap());
        let mut random = fastrand::Rng::with_seed(4);
        let mut sample = |case: &Case, block| {
            let factor = match (case.strategy, &case.tuning) {
                (Strategy::ZeroCopy, _) => 2.0,
                (_, Some(ValueSet::Tuned)) => 1.0 + slower,
                _ => 1.0,
            };
            let noise = 1.0 + 0.02 * (random.f64() - 0.5);
            let wall_ns = stats::whole(factor * noise * (1e5 + stats::float(case.size_bytes)));
            let times = Times { wall_ns, cpu_ns: 0, steal_ns: 0, usage: Usage::default() };
            let result = Trial::Measured(Measurement::new(times, case.size_bytes));
            Sample { case: case.id.clone(), block, position: 0, result }
        };
        let samples =
            (0..40).flat_map(|block| cases.iter().map(|case| sample(case, block)).collect::<Vec<_>>());
        let samples = samples.collect();
        let (record, ..) = planted::run(&[], &[], &[], 0);
        let run =
            Run { folder: PathBuf::new(), samples, record: crate::record::RunRecord { cases, ..record } };
        of(&run, "same")
    }

    #[test]
    fn what_loses_is_said_size_by_size() {
        let good = validated(0.0);
        assert_eq!((good.rows.len(), good.blocks, good.losses()), (13, 40, Vec::new()));
        let (tuned, default) = good.mean_regret().unwrap();
        assert!(tuned.abs() < 0.003 && default.abs() < 0.003, "{tuned} {default}");
        assert!(validated(0.03).losses().is_empty());
        let bad = validated(0.1);
        assert_eq!(bad.losses().len(), 13);
        assert!(
            bad.losses()[0].starts_with("same: tuned was ")
                && bad.losses()[0].ends_with("the defaults at 6KiB; the pair has the defaults")
        );
        assert!((bad.mean_regret().unwrap().0 - 0.1).abs() < 0.005, "{bad:?}");
    }
}
