//! Tables of figures in documents, written from runs: what a page says and what was measured cannot drift apart. A
//! comment in front of each table says from which run it comes and what stands in it.

mod pick;
mod spec;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use orbit_engine::Strategy;

use super::cell::Cell;
use super::table::Table;
use super::units;
use crate::comparison::Comparison;
use crate::plan::Case;
use crate::scenario::Subject;
use crate::summary::{CaseSummary, Summary};

use pick::{Axes, Pick};
use spec::{Figure, Quantity, Spec};

const BEGIN: &str = "<!-- table\n";
const BEGUN: &str = "-->\n";
const END: &str = "<!-- end of table -->\n";

/// `text` with each of its tables written anew from the run that it names.
pub(crate) fn document(text: &str, run: &mut dyn FnMut(&str) -> Result<Summary>) -> Result<String> {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        let line = text[..text.len() - rest.len() + at].lines().count() + 1;
        let spec_at = at + BEGIN.len();
        let spec_end =
            rest[spec_at..].find(BEGUN).with_context(|| format!("line {line}: the comment has no end"))?;
        let body_at = spec_at + spec_end + BEGUN.len();
        let body_end = rest[body_at..].find(END).with_context(|| {
            format!("line {line}: the table has no end; write `{}` behind it", END.trim_end())
        })?;
        let spec = Spec::parse(&rest[spec_at..spec_at + spec_end]).with_context(|| format!("line {line}"))?;
        let table = run(&spec.run).and_then(|summary| table(&spec, &summary));
        let table = table.with_context(|| format!("line {line}: table of {}", spec.run))?;
        written.push_str(&rest[..body_at]);
        written.push('\n');
        written.push_str(&table.markdown());
        written.push('\n');
        written.push_str(END);
        rest = &rest[body_at + body_end + END.len()..];
    }
    written.push_str(rest);
    Ok(written)
}

fn table(spec: &Spec, summary: &Summary) -> Result<Table> {
    let cases: Vec<(Axes, &CaseSummary)> =
        summary.cases.iter().map(|case| (pick::axes(&case.case), case)).collect();
    let pick = Pick { cases, comparisons: &summary.comparisons, only: &spec.only };
    let columns = match &spec.columns {
        Some(axis) => pick.values(axis)?,
        None => Vec::new(),
    };
    let named = spec.columns.is_some() && spec.figure.len() > 1;
    let mut headings: Vec<String> = spec.rows.iter().map(|axis| pick::heading(axis)).collect();
    headings.extend(named.then(|| "figure".to_owned()));
    match &spec.columns {
        Some(axis) => headings.extend(columns.iter().map(|value| format!(">{}", pick::label(axis, value)))),
        None => headings.extend(spec.figure.iter().map(|figure| format!(">{}", figure.name))),
    }
    let mut rows = Vec::new();
    for fixed in pick.combinations(&spec.rows)? {
        let labels: Vec<Cell> =
            spec.rows.iter().zip(&fixed).map(|(axis, value)| pick::label(axis, value).into()).collect();
        let fixed: BTreeMap<&str, &str> =
            spec.rows.iter().map(String::as_str).zip(fixed.iter().map(String::as_str)).collect();
        let mut row = |extra: Option<Cell>, cells: Vec<Option<String>>| {
            if cells.iter().any(Option::is_some) {
                let cells = cells.into_iter().map(|cell| Cell::from(cell.unwrap_or_else(|| "–".to_owned())));
                rows.push(labels.iter().cloned().chain(extra).chain(cells).collect());
            }
        };
        match &spec.columns {
            None => {
                let cells =
                    spec.figure.iter().map(|figure| cell(&pick, &fixed, figure)).collect::<Result<_>>()?;
                row(None, cells);
            }
            Some(axis) => {
                for figure in &spec.figure {
                    let at = |value: &String| {
                        let mut fixed = fixed.clone();
                        fixed.insert(axis, value);
                        cell(&pick, &fixed, figure)
                    };
                    let cells = columns.iter().map(at).collect::<Result<_>>()?;
                    row(named.then(|| figure.name.as_str().into()), cells);
                }
            }
        }
    }
    if rows.is_empty() {
        bail!("no case of the run stands in it");
    }
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    Ok(Table::new(&headings, rows))
}

/// What stands where `fixed` holds; none where the run has no such case.
fn cell(pick: &Pick, fixed: &BTreeMap<&str, &str>, figure: &Figure) -> Result<Option<String>> {
    let Some((case, which)) = pick.least(fixed, &figure.of, figure.value)? else { return Ok(None) };
    let which = which.map_or_else(String::new, |which| format!(" ({which})"));
    let Some(to) = &figure.to else { return Ok(figure.value.text(case).map(|text| text + &which)) };
    let Some((other, best)) = pick.least(fixed, to, figure.value)? else { return Ok(None) };
    if matches!(figure.value, Quantity::Paired) {
        return paired(pick.comparisons, &case.case, &other.case).map(Some);
    }
    let best = best.map_or_else(String::new, |best| format!(" ({best})"));
    let numbers = figure.value.number(case).zip(figure.value.number(other));
    Ok(numbers.map(|(number, other)| units::ratio(number / other, 2) + &which + &best))
}

/// What the run says of zero-copy against buffered, the same samples' blocks compared with each other.
fn paired(comparisons: &[Comparison], of: &Case, to: &Case) -> Result<String> {
    let same = |one: &&Comparison| {
        let Comparison { filesystems, verify, chunk, size_bytes, .. } = one;
        [of, to].iter().all(|case| {
            (&case.filesystems, &case.verify, &case.chunk, &case.size_bytes)
                == (filesystems, verify, chunk, size_bytes)
                && case.subject == Subject::Engine
        }) && (of.strategy, to.strategy) == (Strategy::ZeroCopy, Strategy::Buffered)
    };
    let found = comparisons.iter().find(same);
    let ratio =
        found.with_context(|| format!("the run does not compare {} with {} in pairs", of.id, to.id))?.ratio;
    let interval = ratio.ratio_lower.zip(ratio.ratio_upper);
    let interval = interval.map_or_else(String::new, |(lower, upper)| {
        format!(" ({} to {})", units::ratio(lower, 2), units::ratio(upper, 2))
    });
    Ok(units::ratio(ratio.ratio, 2) + &interval)
}

#[cfg(test)]
mod tests;
