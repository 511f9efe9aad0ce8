//! How much a run would write, and about how long it would take, before anything is copied.

use std::io::Write;

use anyhow::Result;

use super::budgets_of;
use crate::cmd::Done;
use crate::fixture;
use crate::plan::{Case, CaseBudget};

pub(super) fn dry_run(
    cases: &[Case],
    budgets: &[CaseBudget],
    blocks: u32,
    out: &mut impl Write,
) -> Result<Done> {
    /// A copy, its check and the warming of its source: half of what a virtual machine with two cores made.
    const BYTES_PER_SECOND: u64 = 400 * 1024 * 1024;
    const OVERHEAD_MS: u64 = 2;
    /// Of a tree, each file made, copied and removed.
    const FILE_US: u64 = 120;
    let rounds = 1 + u64::from(blocks);
    let files: u64 = cases.iter().filter_map(|case| Some(case.tree.as_ref()?.workload.files)).sum();
    let copies = cases.len() as u64 * rounds;
    let written: u64 = cases.iter().map(|case| case.size_bytes).sum::<u64>() * rounds;
    let seconds =
        written / BYTES_PER_SECOND + copies * OVERHEAD_MS / 1000 + files * rounds * FILE_US / 1_000_000;
    writeln!(
        out,
        "{} cases, {copies} copies, {} MiB written, about {seconds} s",
        cases.len(),
        written >> 20
    )?;
    let budgets = budgets_of(budgets.to_vec(), cases);
    if !budgets.is_empty() {
        writeln!(out, "{} budgets", budgets.len())?;
    }
    for (site, peak) in fixture::peaks(cases) {
        let room = peak.room();
        writeln!(out, "at one time on {site}: {} MiB, {} files", room.bytes.div_ceil(1 << 20), room.files)?;
    }
    Ok(Done::Complete)
}
