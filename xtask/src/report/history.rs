//! The history of the gate's times as a page: where it became slower, what else changed, and how each case stands.

mod plot;

use anyhow::Result;

use super::cell::{self, Cell};
use super::markdown;
use super::page::{Block, Page, Plot, Section};
use super::table::Table;
use crate::gate::history::{Creep, Run, Shift, TimeSeries};

/// A page, and the plot that it shows under the name `plot`.
pub(super) fn render(creep: &Creep, plot: &str) -> Result<(String, String)> {
    let svg = plot::draw(creep)?;
    let plot = Plot { path: plot.to_owned(), caption: plot::CAPTION.to_owned(), svg: svg.clone() };
    let mut sections =
        vec![Section::new("Changes", changes(creep)), Section::new("Plot", vec![Block::Plot(plot)])];
    if !creep.counted.is_empty() {
        sections.push(Section::new("Counted", vec![Block::Table(counted(creep))]));
    }
    sections.push(Section::new("Levels", vec![Block::Table(levels(creep))]));
    let page = Page {
        title: "History of the gate".to_owned(),
        lead: "Did copies become slower, little by little?".to_owned(),
        sections,
    };
    Ok((markdown::render(&page), svg))
}

fn changes(creep: &Creep) -> Vec<Block> {
    let rows: Vec<Vec<Cell>> =
        creep.series.iter().flat_map(|one| one.shifts.iter().map(move |shift| change(one, shift))).collect();
    if rows.is_empty() {
        return vec![Block::Text("None that is beyond noise, at 1 % for all series together.".to_owned())];
    }
    let headings = ["Case", "Clock", ">Slower by", "Change in commits", "95 % within", "", "Machine"];
    vec![Block::Table(Table::new(&headings, rows))]
}

fn change(series: &TimeSeries, shift: &Shift) -> Vec<Cell> {
    let said = match (shift.stays_worse, shift.slower_pct > 0.0) {
        (true, _) => "slower",
        (false, true) => "slower, made good later",
        (false, false) => "faster",
    };
    vec![
        series.case.clone().into(),
        series.clock.to_string().into(),
        Cell::number(format!("{:+.1} %", shift.slower_pct), shift.slower_pct),
        commits(&series.runs, shift.at, shift.at).into(),
        commits(&series.runs, shift.earliest, shift.latest).into(),
        said.into(),
        machine(series).into(),
    ]
}

/// As git takes it: what came between the run before the first place and that of the last one.
fn commits(runs: &[Run], first: usize, last: usize) -> String {
    let short = |index: usize| {
        let commit = runs.get(index).map_or("", |run| run.commit.as_str());
        commit.get(..12).unwrap_or(commit)
    };
    format!("{}..{}", short(first.saturating_sub(1)), short(last))
}

fn machine(series: &TimeSeries) -> String {
    let machine = &series.machine;
    format!("{}, {} processors, kernel {}", machine.cpu, machine.processors, machine.kernel)
}

fn counted(creep: &Creep) -> Table {
    let row = |one: &crate::gate::history::CountedChange| {
        let [before, after] = one.commits.each_ref().map(|commit| commit.get(..12).unwrap_or(commit));
        vec![one.case.clone().into(), one.what.clone().into(), format!("{before}..{after}").into()]
    };
    Table::new(&["Case", "What", "Commits"], creep.counted.iter().map(row).collect())
}

fn levels(creep: &Creep) -> Table {
    let row = |one: &TimeSeries| {
        let (first, now) = (one.levels.first(), one.levels.last());
        let time = |level: Option<&crate::gate::history::Level>| {
            cell::or_missing(level, |level| cell::time(level.median_ns))
        };
        vec![
            one.case.clone().into(),
            one.clock.to_string().into(),
            Cell::number(one.runs.len().to_string(), one.runs.len() as f64),
            time(first),
            time(now),
            machine(one).into(),
        ]
    };
    let headings = ["Case", "Clock", ">Runs", ">First level", ">Level now", "Machine"];
    Table::new(&headings, creep.series.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::history::creep;
    use crate::gate::history::tests::{noisy, planted};

    fn drawn(level: fn(u32) -> f64) -> (String, String) {
        let entries =
            planted(60, |run, case| noisy(run, if case == "4KiB" { 1e6 * level(run) } else { 2e6 }));
        render(&creep(&entries), "history.svg").unwrap()
    }

    #[test]
    fn a_change_is_named_with_its_commits_and_drawn() {
        let (page, svg) = drawn(|run| if run >= 30 { 1.2 } else { 1.0 });
        let line = page.lines().find(|line| line.contains("| wall ") && line.contains("..")).unwrap();
        assert!(line.contains("gate/size=4KiB") && line.contains("| slower "), "{line}");
        // Run 30 is the first of the new level.
        assert!(line.contains("| 000000000000..000000000000 "), "{line}");
        assert!(line.contains("Planted CPU, 2 processors, kernel 6.12"), "{line}");
        assert!(page.contains("](history.svg)") && page.contains("## Levels"), "{page}");
        assert!(
            svg.contains("size=4KiB, wall") && !svg.contains("size=128MiB, wall"),
            "what changed is drawn"
        );
        assert_eq!(svg.matches("<circle").count(), 2 * 60);
    }

    #[test]
    fn without_a_change_all_wall_times_are_drawn() {
        let (page, svg) = drawn(|_| 1.0);
        assert!(page.contains("None that is beyond noise"), "{page}");
        assert!(svg.contains("size=4KiB, wall") && svg.contains("size=128MiB, wall") && !svg.contains("cpu"));
    }

    #[test]
    fn a_range_of_commits_is_one_that_git_takes() {
        let run = |commit: &str| Run { date: String::new(), commit: commit.to_owned(), ns: 1 };
        let runs = ["a", "b", "0123456789abcdef", "d"].map(run);
        assert_eq!((commits(&runs, 1, 1), commits(&runs, 1, 2)), ("a..b".into(), "a..0123456789ab".into()));
    }

    #[test]
    fn little_and_nothing_are_drawn_too() {
        for runs in [0, 1, 2, 11] {
            let (page, svg) = render(&creep(&planted(runs, |run, _| noisy(run, 1e6))), "h.svg").unwrap();
            assert!(page.starts_with("# History of the gate\n") && svg.starts_with("<svg "), "{runs}");
        }
    }
}
