//! The budgets of the scenario, those that do not hold first.

use super::table;
use crate::summary::Summary;

const HEADINGS: [&str; 5] = ["Case", "Counter", ">Most", ">Budget", "Holds"];

/// None where the scenario has no budget.
pub(super) fn section(summary: &Summary) -> Option<String> {
    if summary.budgets.is_empty() {
        return None;
    }
    let mut balances: Vec<_> = summary.budgets.iter().collect();
    balances.sort_by_key(|balance| balance.holds);
    let row = |balance: &&crate::budget::Balance| {
        vec![
            balance.budget.case.clone(),
            balance.budget.counter.to_string(),
            balance.most.to_string(),
            balance.budget.max.to_string(),
            if balance.holds { "yes" } else { "**no**" }.to_owned(),
        ]
    };
    Some(format!("## Budgets\n\n{}", table::render(&HEADINGS, &balances.iter().map(row).collect::<Vec<_>>())))
}

#[cfg(test)]
mod tests {
    use orbit_engine::Strategy;

    use super::super::planted;
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
        let text = section(&summary).unwrap();
        let lines: Vec<&str> = text.lines().skip(4).collect();
        assert!(lines[0].contains("| system_calls |    7 |      6 | **no** |"), "{text}");
        assert!(lines[1].contains("| system_calls |    7 |      7 | yes    |"), "{text}");
    }
}
