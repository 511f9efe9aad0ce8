//! Several runs beside each other, as Markdown. What is not alike stands before any ratio.

use super::agreement;
use super::cell::{self, Cell, or_missing};
use super::page::{Block, Page, Section};
use super::table::Table;
use crate::run_comparison::{Against, BudgetChange, CaseRatio, RunComparison};

const HEADINGS: [&str; 8] =
    ["Case", ">Samples", ">Median, base", ">Median, run", ">Run / base", ">95 % from", ">to", "Run is"];

const BUDGET_HEADINGS: [&str; 5] = ["Case", "Counter", ">Base / budget", ">Run / budget", "In the run it"];

const NOTE: &str = "Ratios are those of the medians; below 1 the run is faster than the base. Intervals are bootstrapped \
                    from independent samples, each for one case alone. What the machine did between the runs is in the \
                    ratios and in no interval: of the same program measured twice, far more than one in twenty can exclude 1.";

pub(super) fn page(comparison: &RunComparison) -> Page {
    let runs: Vec<&str> = comparison.against.iter().map(|against| against.run.as_str()).collect();
    let mut sections = vec![Section::new("Not alike", vec![not_alike(comparison)])];
    sections.extend(comparison.against.iter().map(section));
    Page {
        title: format!("{} against {}", runs.join(", "), comparison.base),
        lead: format!("The base is {}.", comparison.base),
        sections,
    }
}

fn not_alike(comparison: &RunComparison) -> Block {
    let cautions = comparison.cautions.iter().map(|caution| {
        let cells = [caution.what, "", ""].map(Cell::from);
        [vec![Cell::from(caution.run.as_str())], cells.to_vec()].concat()
    });
    let differences = comparison.against.iter().flat_map(|against| {
        against.differences.iter().map(move |one| {
            [&against.run, &one.what, &one.base, &one.run].map(|text| Cell::from(text.as_str())).to_vec()
        })
    });
    let rows: Vec<Vec<Cell>> = cautions.chain(differences).collect();
    if rows.is_empty() {
        let alike = "Machine, kernel, compiler, engine, settings and file systems are alike.";
        return Block::Text(alike.to_owned());
    }
    Block::Table(Table::new(&["Run", "What", "Base", "Run has"], rows))
}

fn section(against: &Against) -> Section {
    let mut blocks = vec![
        Block::Table(Table::new(&HEADINGS, against.cases.iter().map(row).collect())),
        Block::Text(NOTE.to_owned()),
    ];
    blocks.extend(against.same_code.map(|coverage| {
        let drift = "Two runs are taken at different times, so what the machine drifted meanwhile is in all of these ratios \
                     together and in no interval; pairs within one run do not have it (scenario `agreement`).";
        Block::Text(format!("The same program measured both. {} {drift}", agreement::sentence(coverage)))
    }));
    if !against.budgets.is_empty() {
        blocks.push(Block::Text("Budgets that hold in one run and not in the other:".to_owned()));
        blocks.push(Block::Table(Table::new(&BUDGET_HEADINGS, against.budgets.iter().map(budget).collect())));
    }
    for (whose, cases) in [("the base", &against.only_in_base), (&*against.run, &against.only_in_run)] {
        if !cases.is_empty() {
            let rows = cases.iter().map(|case| vec![Cell::from(case.as_str())]).collect();
            blocks.push(Block::Table(Table::new(&[&format!("Only in {whose}")], rows)));
        }
    }
    if against.cases.is_empty() {
        blocks[0] = Block::Text("No case was measured in both runs.".to_owned());
    }
    Section::new(against.run.clone(), blocks)
}

fn budget(one: &BudgetChange) -> Vec<Cell> {
    vec![
        one.case.as_str().into(),
        one.counter.to_string().into(),
        format!("{} / {}", one.base_most, one.base_max).into(),
        format!("{} / {}", one.run_most, one.run_max).into(),
        if one.holds { "holds" } else { "is broken" }.into(),
    ]
}

fn row(one: &CaseRatio) -> Vec<Cell> {
    let bound = |bound| or_missing(bound, |bound| cell::ratio(bound, 3));
    vec![
        one.case.as_str().into(),
        format!("{}, {}", one.base_samples, one.run_samples).into(),
        cell::time(one.base_median_ns),
        cell::time(one.run_median_ns),
        cell::ratio(one.ratio, 3),
        bound(one.ratio_lower),
        bound(one.ratio_upper),
        one.verdict.to_string().into(),
    ]
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use orbit_engine::Strategy;

    use super::super::{markdown, planted};
    use super::*;
    use crate::plan::CaseBudget;
    use crate::record::Run;
    use crate::run_comparison::compare;
    use crate::scenario::Counter;

    fn run(name: &str, sizes: &[u64]) -> Run {
        let (mut record, _, samples) = planted::run(sizes, &[Strategy::Buffered], &[1 << 20], 12);
        record.run = name.to_owned();
        record.host.dirty = Some(false);
        Run { folder: PathBuf::new(), record, samples }
    }

    #[test]
    fn what_is_not_alike_stands_before_the_ratios() {
        let (base, mut other) = (run("a", &[4096, 8192]), run("b", &[4096]));
        other.record.host.kernel = "Linux 6.13.0".to_owned();
        other.record.host.dirty = Some(true);
        let text = markdown::render(&page(&compare(&[base, other]).unwrap()));
        let expected = "\
# b against a

The base is a.

## Not alike

| Run | What                                             | Base         | Run has      |
| --- | ------------------------------------------------ | ------------ | ------------ |
| b   | was built from a working copy with local changes |              |              |
| b   | kernel                                           | Linux 6.12.0 | Linux 6.13.0 |

## b

| Case                                           | Samples | Median, base | Median, run | Run / base | 95 % from |    to | Run is        |
| ---------------------------------------------- | ------: | -----------: | ----------: | ---------: | --------: | ----: | ------------- |
| planted/size=4KiB/strategy=buffered/chunk=1MiB |  12, 12 |";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.contains("| not different |") && text.contains("| Only in the base "), "{text}");
    }

    #[test]
    fn runs_that_are_alike_say_so() {
        let text = markdown::render(&page(&compare(&[run("a", &[1]), run("b", &[2])]).unwrap()));
        assert!(text.contains("settings and file systems are alike.\n"), "{text}");
        let both = markdown::render(&page(&compare(&[run("a", &[1]), run("b", &[1])]).unwrap()));
        assert!(both.contains("Run is") && !both.contains("Only in"), "{both}");
        assert!(both.contains("1 of 1 intervals contain 1"), "{both}");
    }

    #[test]
    fn a_budget_that_broke_is_told() {
        let (mut base, mut other) = (run("a", &[1]), run("b", &[1]));
        let budget =
            |max| CaseBudget { case: base.record.cases[0].id.clone(), counter: Counter::SystemCalls, max };
        let (held, broken) = (budget(7), budget(6));
        base.record.budgets = vec![held];
        other.record.budgets = vec![broken];
        let text = markdown::render(&page(&compare(&[base, other]).unwrap()));
        let line = text.lines().find(|line| line.contains("system_calls")).unwrap();
        assert!(line.contains("7 / 7 |") && line.contains("7 / 6 |") && line.contains("is broken"), "{line}");
    }
}
