//! Which case a cell of a table is about.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use orbit_engine::ByteSize;

use super::spec::{Choice, Quantity, is_of_sizes};
use crate::comparison::Comparison;
use crate::plan::Case;
use crate::report::units;
use crate::summary::CaseSummary;

/// Keys and values of a case's id.
pub(super) type Axes = BTreeMap<String, String>;

/// The cases of a run, of which some count.
pub(super) struct Pick<'a> {
    pub(super) cases: Vec<(Axes, &'a CaseSummary)>,
    pub(super) comparisons: &'a [Comparison],
    pub(super) only: &'a Choice,
}

impl Pick<'_> {
    /// The values of an axis that count.
    pub(super) fn values(&self, axis: &str) -> Result<Vec<String>> {
        if let Some(only) = self.only.get(axis) {
            return Ok(only.values().to_vec());
        }
        let mut values: Vec<String> = Vec::new();
        for value in self.cases.iter().filter_map(|(axes, _)| axes.get(axis)) {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        if values.is_empty() {
            bail!("no case of the run has the key `{axis}`");
        }
        Ok(values)
    }

    /// Every combination of the values of `axes`, the first axis slowest.
    pub(super) fn combinations(&self, axes: &[String]) -> Result<Vec<Vec<String>>> {
        let mut all = vec![Vec::new()];
        for axis in axes {
            let values = self.values(axis)?;
            let longer = |fixed: Vec<String>| {
                values.iter().map(move |value| fixed.iter().cloned().chain([value.clone()]).collect())
            };
            all = all.into_iter().flat_map(longer).collect();
        }
        Ok(all)
    }

    /// The case that `fixed` and `choice` are about. Where `choice` names several values, it is the one with the least
    /// figure, with the values that tell it from the others.
    pub(super) fn least(
        &self,
        fixed: &BTreeMap<&str, &str>,
        choice: &Choice,
        value: Quantity,
    ) -> Result<Option<(&CaseSummary, Option<String>)>> {
        let allows = |axes: &Axes| {
            let holds = |axis: &str, wanted: &[String]| axes.get(axis).is_some_and(|is| wanted.contains(is));
            fixed.iter().all(|(axis, value)| axes.get(*axis).is_some_and(|is| is == value))
                && choice.iter().all(|(axis, wanted)| holds(axis, wanted.values()))
                && self.only.iter().all(|(axis, wanted)| {
                    choice.contains_key(axis)
                        || fixed.contains_key(axis.as_str())
                        || holds(axis, wanted.values())
                })
        };
        let found: Vec<_> = self.cases.iter().filter(|(axes, _)| allows(axes)).collect();
        let open: Vec<&String> =
            choice.iter().filter(|(_, wanted)| wanted.values().len() > 1).map(|(axis, _)| axis).collect();
        let name = |axes: &Axes| {
            open.iter().filter_map(|axis| axes.get(*axis).cloned()).collect::<Vec<_>>().join(", ")
        };
        for (at, (axes, case)) in found.iter().enumerate() {
            if let Some((_, other)) = found[..at].iter().find(|(other, _)| name(other) == name(axes)) {
                bail!(
                    "{} and {} are meant by one cell; name the key that tells them apart",
                    other.case.id,
                    case.case.id
                );
            }
        }
        let least = found.into_iter().filter_map(|(axes, case)| Some((value.number(case)?, axes, *case)));
        let least = least.min_by(|(one, ..), (other, ..)| one.total_cmp(other));
        Ok(least.map(|(_, axes, case)| (case, (!open.is_empty()).then(|| name(axes)))))
    }
}

/// Keys and values of the case's id, with the subject also where the id leaves it out.
pub(super) fn axes(case: &Case) -> Axes {
    let parts = case.id.split('/').filter_map(|part| part.split_once('='));
    let mut axes: Axes = parts.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    axes.insert("subject".to_owned(), case.subject.to_string());
    axes
}

pub(super) fn heading(axis: &str) -> String {
    match axis {
        "filesystems" => "pair".to_owned(),
        axis => axis.to_owned(),
    }
}

/// A value as people read it.
pub(super) fn label(axis: &str, value: &str) -> String {
    match (axis, value.parse::<ByteSize>()) {
        ("filesystems", _) => value.replace("-to-", " to "),
        (axis, Ok(size)) if is_of_sizes(axis) => units::size(size.bytes()),
        _ => format!("`{value}`"),
    }
}
