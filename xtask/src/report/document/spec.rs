//! What stands in a table, as the comment in front of it says: TOML, parsed here once.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use orbit_engine::ByteSize;
use serde::Deserialize;

use crate::report::units;
use crate::summary::CaseSummary;

/// Values by axis, such as `subject = "cp"`. Where there are several, the case with the least figure is meant, and named.
pub(super) type Choice = BTreeMap<String, OneOrMore>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spec {
    /// Name of a run's folder under `results/curated/`.
    pub(super) run: String,
    /// Axes, by the keys of case ids; each combination of their values is a row.
    pub(super) rows: Vec<String>,
    /// The axis whose values are columns. Without one, figures are.
    pub(super) columns: Option<String>,
    /// Values that count, in this order, by axis; where an axis is not named, all in the order of the run.
    #[serde(default)]
    pub(super) only: Choice,
    pub(super) figure: Vec<Figure>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Figure {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Quantity,
    #[serde(default)]
    pub(super) of: Choice,
    /// Of what the figure is the ratio; the figure itself where it is absent.
    pub(super) to: Option<Choice>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    pub(super) fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::More(values) => values,
        }
    }

    fn values_mut(&mut self) -> &mut [String] {
        match self {
            Self::One(value) => std::slice::from_mut(value),
            Self::More(values) => values,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Quantity {
    /// Median of the wall time.
    #[default]
    Wall,
    /// The same, with the slowest in brackets.
    WallAndSlowest,
    /// The same for each file of a tree.
    WallOfFile,
    /// The ratio from paired samples with its 95 % interval, of zero-copy `of` to buffered `to`.
    Paired,
    /// Median of the processor time.
    Cpu,
    /// The most memory that a program had resident.
    Memory,
}

impl Quantity {
    pub(super) fn number(self, case: &CaseSummary) -> Option<f64> {
        let number = match self {
            Self::Wall | Self::WallAndSlowest | Self::Paired => case.wall_median_ns,
            Self::WallOfFile => case.wall_median_ns / case.case.files(),
            Self::Cpu => case.cpu_median_ns?,
            Self::Memory => case.max_rss_bytes?,
        };
        Some(number as f64)
    }

    pub(super) fn text(self, case: &CaseSummary) -> Option<String> {
        Some(match self {
            Self::Wall | Self::Paired => units::time(case.wall_median_ns),
            Self::WallAndSlowest => {
                format!("{} ({})", units::time(case.wall_median_ns), units::time(case.wall_max_ns))
            }
            Self::WallOfFile => units::time(case.wall_median_ns / case.case.files()),
            Self::Cpu => units::time(case.cpu_median_ns?),
            Self::Memory => units::about(case.max_rss_bytes? as f64),
        })
    }
}

impl Spec {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut spec: Self = toml::from_str(text).context("the comment in front of the table is wrong")?;
        if spec.rows.is_empty() {
            bail!("a table needs `rows`: the axes whose values make them");
        }
        let figures = spec.figure.iter_mut().flat_map(|figure| [Some(&mut figure.of), figure.to.as_mut()]);
        for choice in figures.flatten().chain([&mut spec.only]) {
            for (_, wanted) in choice.iter_mut().filter(|(axis, _)| is_of_sizes(axis)) {
                wanted.values_mut().iter_mut().for_each(spell_as_ids_do);
            }
        }
        Ok(spec)
    }
}

/// Whether the values of this key are sizes, or may be.
pub(super) fn is_of_sizes(axis: &str) -> bool {
    matches!(axis, "size" | "chunk")
}

/// `100MB` is `100000000` in ids, which spell a size in units of 1024 or none.
fn spell_as_ids_do(value: &mut String) {
    if let Ok(size) = value.parse::<ByteSize>() {
        *value = size.to_string();
    }
}
