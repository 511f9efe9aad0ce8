//! The budgets of the scenario, those that do not hold first.

use crate::budget::Balance;
use crate::summary::Summary;

use super::cell::Cell;
use super::page::{Block, Section};
use super::table::Table;

const HEADINGS: [&str; 5] = ["Case", "Counter", ">Most", ">Budget", "Holds"];

/// None where the scenario has no budget.
pub(super) fn section(summary: &Summary) -> Option<Section> {
    if summary.budgets.is_empty() {
        return None;
    }
    let mut balances: Vec<_> = summary.budgets.iter().collect();
    balances.sort_by_key(|balance| balance.holds);
    let table = Table::new(&HEADINGS, balances.into_iter().map(row).collect());
    Some(Section::new("Budgets", vec![Block::Table(table)]))
}

fn row(balance: &Balance) -> Vec<Cell> {
    let count = |count: u64| Cell::number(count.to_string(), count as f64);
    vec![
        balance.budget.case.as_str().into(),
        balance.budget.counter.to_string().into(),
        count(balance.most),
        count(balance.budget.max),
        if balance.holds { "yes" } else { "no" }.into(),
    ]
}

#[cfg(test)]
mod tests {
    use orbit_engine::Strategy;

    use super::super::{markdown, planted};
    use super::*;
    use crate::budget;
    use crate::plan::CaseBudget;
    use crate::scenario::Counter;

    #[test]
    fn what_does_not_hold_stands_first() {
        let (record, mut summary, samples) = planted::run(&[4096], &[Strategy::Buffered], &[1 << 20], 6);
        assert!(section(&summary).is_none());
        let case = &record.cases[0].id;
        let budgets = [7, 6].map(|max| CaseBudget { case: case.clone(), counter: Counter::SystemCalls, max });
        summary.budgets = budget::balances(&budgets, &samples);
        let text = markdown::section(&section(&summary).unwrap());
        let lines: Vec<&str> = text.lines().skip(4).collect();
        assert!(lines[0].contains("| system_calls |    7 |      6 | no    |"), "{text}");
        assert!(lines[1].contains("| system_calls |    7 |      7 | yes   |"), "{text}");
    }
}
