//! `cargo xtask tune --self-test`: the tuner on timings whose truth is known, against the bounds that it claims.

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use crate::cmd::Done;
use crate::record;
use crate::tuner::{self, Effort, SelfTest, SelfTestRow};

/// Enough to see one wrong adoption in a hundred runs.
const RUNS: u32 = 400;

/// Where the result stands below the results.
const FOLDER: &str = "tuner-self-test";

/// Runs it, writes `result.json` and `result.md`, and says which bounds do not hold.
pub(super) fn run(results: &Path, seed: u64, out: &mut impl Write) -> Result<Done> {
    let found = tuner::self_test(Effort { runs: RUNS, seed });
    let page = page(&found);
    let folder = results.join(FOLDER);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    record::write_json(&folder.join("result.json"), &found)?;
    record::write_whole(&folder.join("result.md"), &page)?;
    write!(out, "{page}")?;
    writeln!(out, "\n{}", folder.join("result.json").display())?;
    if found.holds() {
        return Ok(Done::Complete);
    }
    let missed =
        |row: &SelfTestRow| format!("{}, noise {} %: {}", row.planted, row.noise_pct, row.missed.join("; "));
    Ok(Done::Missed(found.rows.iter().filter(|row| !row.missed.is_empty()).map(missed).collect()))
}

fn page(found: &SelfTest) -> String {
    let mut page = format!(
        "# The tuner on planted timings\n\n{} blocks for a threshold, {} for a race, seed {}; noise is the standard deviation of one time, with 2 % wild samples \
         and a drift of 20 % over the run.\n\n\
         | Planted | Noise | Runs | Adopted | Mean regret | Worst held-out size | Bounds |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | --- |\n",
        found.threshold_blocks, found.race_blocks, found.seed
    );
    let figure =
        |figure: Option<f64>| figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.3} %"));
    for row in &found.rows {
        let bounds = if row.missed.is_empty() { "hold".to_owned() } else { row.missed.join("; ") };
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| {} | {} % | {} | {} | {} | {} | {bounds} |",
            row.planted,
            row.noise_pct,
            row.runs,
            row.adopted,
            figure(row.mean_regret_pct),
            figure(row.worst_size_regret_pct),
        );
    }
    page
}
