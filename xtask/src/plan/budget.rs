//! The budgets of a scenario, worked out for each of its cases.

use serde::{Deserialize, Serialize};

use super::Case;
use crate::scenario::{Budget, Counter, Scenario};

/// The most that one case may count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CaseBudget {
    pub(crate) case: String,
    pub(crate) counter: Counter,
    /// In one copy.
    pub(crate) max: u64,
}

/// The budgets of `cases` on this system, the tightest of each counter. The error is a budget that counts in none of them, on whatever
/// system.
pub(crate) fn budgets(scenario: &Scenario, cases: &[Case]) -> Result<Vec<CaseBudget>, String> {
    let counts = |budget: &Budget, case: &Case| {
        budget.counter.is_counted_by(case.subject) && case.matches(&budget.cases)
    };
    let idle = |budget: &&Budget| !cases.iter().any(|case| counts(budget, case));
    if let Some(budget) = scenario.budgets.iter().find(idle) {
        return Err(format!("a budget for {} matches no case whose subject counts them", budget.counter));
    }
    let mut found: Vec<CaseBudget> = Vec::new();
    for case in cases {
        let first = found.len();
        for budget in scenario.budgets.iter().filter(|budget| budget.holds_here() && counts(budget, case)) {
            let (counter, max) = (budget.counter, budget.limit.of(case.files()));
            match found[first..].iter_mut().find(|known| known.counter == counter) {
                Some(known) => known.max = known.max.min(max),
                None => found.push(CaseBudget { case: case.id.clone(), counter, max }),
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::plan::cases;

    fn scenario(tail: &str) -> Scenario {
        let head = "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n";
        Scenario::parse(format!("{head}{tail}"), Path::new("t.toml")).unwrap()
    }

    #[test]
    fn the_tightest_budget_of_each_case_counts() {
        let budget = |counter: &str, tail: &str| format!("[[budget]]\ncounter = \"{counter}\"\n{tail}\n");
        let axes = "[matrix]\nsize = [1, 2]\nsubject = [\"engine\", \"cp\"]\n";
        let planned = |tail: &str| {
            let scenario = scenario(&format!("{axes}{tail}"));
            budgets(&scenario, &cases(&scenario))
        };
        let both = budget("refusals", "max = 5") + &budget("refusals", "max = 3\ncases = { size = 2 }");
        let found: Vec<(String, u64)> =
            planned(&both).unwrap().into_iter().map(|budget| (budget.case, budget.max)).collect();
        // A program says nothing of its refusals.
        assert!(found[0].0.contains("size=1/") && found[1].0.contains("size=2/"), "{found:?}");
        assert_eq!((found.len(), found[0].1, found[1].1), (2, 5, 3));
        let here = std::env::consts::OS;
        let elsewhere = if here == "linux" { "windows" } else { "linux" };
        let of_one = |system: &str| budget("refusals", &format!("max = 2\nsystem = \"{system}\""));
        assert_eq!(planned(&of_one(here)).unwrap().len(), 2);
        assert_eq!(planned(&of_one(elsewhere)).unwrap(), []);
        let idle = planned(&budget("retries", "max = 0\ncases = { subject = \"cp\" }")).unwrap_err();
        assert_eq!(idle, "a budget for retries matches no case whose subject counts them");
        let tree = "[matrix]\nworkload = \"w\"\n[[workload]]\nname = \"w\"\nfiles = 3\nsize = 5\n";
        let tree = scenario(&[tree, &budget("system_calls", "max_per_file = 9")].concat());
        assert!(budgets(&tree, &cases(&tree)).unwrap().iter().all(|budget| budget.max == 27));
    }
}
