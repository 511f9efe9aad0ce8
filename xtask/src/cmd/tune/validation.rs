//! What came of a tuning on sizes and trees that decided nothing: against the defaults, against both fixed strategies, and
//! against the best of all.

use std::collections::BTreeMap;

use orbit_engine::Strategy;

use crate::comparison::Times;
use crate::plan::Case;
use crate::record::Run;
use crate::scenario::{Knob, ValueSet};
use crate::stats;
use crate::tuner::{Held, HeldOut, Item, held_out};

/// Of one pair.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Validation {
    /// As the run calls the pair.
    pub(super) name: String,
    /// Of the run that has fewest.
    pub(super) blocks: usize,
    pub(super) rows: Vec<HeldOut>,
}

/// What the runs of a validation say.
pub(super) fn of(runs: &[Run], name: &str) -> Validation {
    let items: Vec<(Item, Held)> = runs.iter().flat_map(|run| items(run, name)).collect();
    let blocks = items.iter().filter_map(|(_, held)| held.arms.first()).map(Vec::len).min().unwrap_or(0);
    Validation { name: name.to_owned(), blocks, rows: held_out(items) }
}

fn items(run: &Run, name: &str) -> Vec<(Item, Held)> {
    let times = Times::of(&run.samples);
    let cases: Vec<&Case> =
        run.record.cases.iter().filter(|case| case.filesystems.to_string() == name).collect();
    let items: Vec<Item> = cases.iter().filter(|case| is_tuned(case)).map(|case| item(case)).collect();
    let held = |item: Item| {
        let arm = |strategy: Strategy, is_tuned_arm: bool| {
            let wanted = |case: &&&Case| {
                is_tuned(case) == is_tuned_arm && case.strategy == strategy && is_of(case, &item)
            };
            times.case(&cases.iter().find(wanted)?.id)
        };
        let by = match &item {
            Item::Size(_) => Strategy::Auto,
            Item::Tree(_, strategy) => *strategy,
        };
        let mut arms = vec![arm(by, true)?, arm(by, false)?];
        // Who asks for a strategy is not told that another one is faster.
        if by == Strategy::Auto {
            let fixed = [Strategy::ZeroCopy, Strategy::Buffered];
            arms.extend(fixed.iter().filter_map(|strategy| arm(*strategy, false)));
        }
        let whole = |block: &&u32| arms.iter().all(|arm| arm.contains_key(block));
        let blocks: Vec<u32> = arms[0].keys().filter(whole).copied().collect();
        let logs = |arm: &&BTreeMap<u32, f64>| blocks.iter().map(|block| arm[block].ln()).collect();
        let held = Held { arms: arms.iter().map(logs).collect() };
        Some((item, held))
    };
    items.into_iter().filter_map(held).collect()
}

fn is_tuned(case: &Case) -> bool {
    case.tuning == Some(ValueSet::Tuned)
}

fn item(case: &Case) -> Item {
    match &case.tree {
        None => Item::Size(case.size_bytes),
        Some(tree) => Item::Tree(tree.workload.name.clone(), case.strategy),
    }
}

/// Whether `case` copies the same.
fn is_of(case: &Case, of: &Item) -> bool {
    match (item(case), of) {
        (Item::Size(size), Item::Size(of)) => size == *of,
        (Item::Tree(workload, _), Item::Tree(of, _)) => workload == *of,
        _ => false,
    }
}

impl Validation {
    /// Mean over all that was held out, of tuned and of the defaults; none without any.
    pub(super) fn mean_regret(&self) -> Option<(f64, f64)> {
        let count = stats::float(self.rows.len() as u64);
        let mean = |of: fn(&HeldOut) -> f64| self.rows.iter().map(of).sum::<f64>() / count;
        (count > 0.0).then(|| (mean(|row| row.regret), mean(|row| row.default_regret)))
    }

    pub(super) fn worst_regret(&self) -> Option<&HeldOut> {
        self.rows.iter().max_by(|a, b| a.regret.total_cmp(&b.regret))
    }

    /// Whether what was adopted for `knob` is to be given up: a file that lost was copied by the values for files alone, and
    /// a tree that lost by all.
    pub(super) fn condemns(&self, knob: Knob) -> bool {
        self.rows.iter().filter(|row| row.loses).any(|row| match row.item {
            Item::Size(_) => !knob.is_of_trees(),
            Item::Tree(..) => true,
        })
    }

    /// In one line.
    pub(super) fn sentence(&self) -> String {
        let Some(((tuned, default), worst)) = self.mean_regret().zip(self.worst_regret()) else {
            return format!("{}: nothing was held out", self.name);
        };
        let trees = self.rows.iter().filter(|row| matches!(row.item, Item::Tree(..))).count();
        format!(
            "{}: against the best on {} held-out sizes and {trees} trees in {} blocks, tuned is {:.2} % slower (defaults {:.2} %), at worst {:.2} % at {}",
            self.name,
            self.rows.len() - trees,
            self.blocks,
            100.0 * tuned,
            100.0 * default,
            100.0 * worst.regret,
            worst.item,
        )
    }

    /// A line for each size and tree at which tuned loses.
    pub(super) fn losses(&self) -> Vec<String> {
        let line = |row: &HeldOut| {
            let slower = 100.0 * (row.ratio.ratio - 1.0);
            let given_up = match row.item {
                Item::Size(_) => "files of the pair have the defaults",
                Item::Tree(..) => "the pair has the defaults",
            };
            format!(
                "{}: tuned was {slower:.1} % slower than the defaults at {}; {given_up}",
                self.name, row.item
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

    /// A validation of `stage` in which tuned takes so much longer than the default, and the default as long as buffered.
    fn validated(stage: Stage, slower: f64) -> Validation {
        let text = stage.scenario(&FileSystems::Same, &Values::default(), 2);
        let cases = plan::cases(&Scenario::parse(text, Path::new("v.toml")).unwrap());
        let mut random = fastrand::Rng::with_seed(4);
        let mut sample = |case: &Case, block| {
            let factor = match (case.strategy, &case.tuning) {
                (Strategy::ZeroCopy, _) if case.tree.is_none() => 2.0,
                (_, Some(ValueSet::Tuned)) => 1.0 + slower,
                _ => 1.0,
            };
            let noise = 1.0 + 0.02 * (random.f64() - 0.5);
            let wall_ns = stats::whole(factor * noise * (1e5 + stats::float(case.size_bytes)));
            let times = Times { wall_ns, cpu_ns: None, steal_ns: 0, usage: Usage::default() };
            let result = Trial::Measured(Measurement::new(times, case.size_bytes));
            Sample { case: case.id.clone(), block, position: 0, result }
        };
        let samples =
            (0..40).flat_map(|block| cases.iter().map(|case| sample(case, block)).collect::<Vec<_>>());
        let samples = samples.collect();
        let (record, ..) = planted::run(&[], &[], &[], 0);
        let run =
            Run { folder: PathBuf::new(), samples, record: crate::record::RunRecord { cases, ..record } };
        of(&[run], "same")
    }

    #[test]
    fn what_loses_is_said_size_by_size() {
        let good = validated(Stage::Validation, 0.0);
        assert_eq!((good.rows.len(), good.blocks, good.losses()), (13, 40, Vec::new()));
        let (tuned, default) = good.mean_regret().unwrap();
        assert!(tuned.abs() < 0.003 && default.abs() < 0.003, "{tuned} {default}");
        assert!(validated(Stage::Validation, 0.015).losses().is_empty());
        let bad = validated(Stage::Validation, 0.1);
        assert_eq!(bad.losses().len(), 13);
        assert!(
            bad.losses()[0].starts_with("same: tuned was ")
                && bad.losses()[0].ends_with("the defaults at 6KiB; files of the pair have the defaults")
        );
        assert!((bad.mean_regret().unwrap().0 - 0.1).abs() < 0.005, "{bad:?}");
    }

    /// Trees are copied by the values for files too, and files not by those for trees.
    #[test]
    fn what_lost_condemns_what_it_was_copied_by() {
        let (file, tree) = (validated(Stage::Validation, 0.1), validated(Stage::TreeValidation, 0.1));
        assert!(file.condemns(Knob::BufferedChunk) && !file.condemns(Knob::TreeBatch));
        assert!(tree.condemns(Knob::BufferedChunk) && tree.condemns(Knob::TreeBatch));
        assert_eq!(tree.rows.len(), 6);
        assert!(tree.losses()[0].ends_with("at tree flat by auto; the pair has the defaults"), "{tree:?}");
        let good = validated(Stage::TreeValidation, 0.0);
        assert!(!Knob::ALL.into_iter().any(|knob| good.condemns(knob)) && good.rows.len() == 6);
    }
}
