//! The tables `[[budget]]` of a scenario file, and what makes one valid.

use serde::Deserialize;

use super::Refusal;
use super::selection::SelectionTable;
use super::value::One;
use crate::scenario::{Budget, Counter, Limit, System};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    counter: One<Counter>,
    max: Option<u64>,
    max_per_file: Option<u64>,
    #[serde(default)]
    cases: SelectionTable,
    system: Option<One<System>>,
}

impl Table {
    /// The budget; the error is a key, and what to write there.
    pub(super) fn validated(self) -> Result<Budget, Refusal> {
        let Self { counter: One(counter), max, max_per_file, cases, system } = self;
        let limit = match (max, max_per_file) {
            (Some(max), None) => Limit::Copy(max),
            (None, Some(max)) => Limit::File(max),
            (None, None) => {
                return Err(("budget.max", format!("how much of {counter}? Write it, or `max_per_file`")));
            }
            (Some(_), Some(_)) => {
                return Err(("budget.max_per_file", "write this or `max`, not both".to_owned()));
            }
        };
        Ok(Budget { counter, limit, cases: cases.validated(), system: system.map(|One(system)| system) })
    }
}
