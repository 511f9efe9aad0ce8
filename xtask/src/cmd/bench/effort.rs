//! How much is measured, and how much of the machine that takes: what the flags make of a scenario.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::flags::BenchFlags;
use crate::plan::Case;
use crate::record::RunRecord;
use crate::scenario::{Cache, Scenario};
use crate::system;

/// Blocks of a run that only gives an impression.
const QUICK_BLOCKS: u32 = 3;

/// The scenario as `flags` want it measured.
pub(super) fn asked(scenario: Scenario, flags: &BenchFlags) -> Result<Scenario> {
    let blocks = flags.blocks.unwrap_or(scenario.blocks);
    let blocks = if flags.quick { blocks.min(QUICK_BLOCKS) } else { blocks };
    let cache = match (flags.drop_caches, scenario.cache) {
        (false, cache) => cache,
        (true, Cache::Cold) => Cache::Dropped,
        (true, other) => {
            bail!("--drop-caches: in {} the cache is {other}; it is for cold ones", scenario.name)
        }
    };
    Ok(Scenario { blocks, cache, ..scenario })
}

/// Fails where this process may not do to the machine what `cases` ask for.
pub(super) fn check_privileges(cases: &[Case]) -> Result<()> {
    if cases.iter().any(|case| case.cache == Cache::Dropped) {
        system::may_drop_caches().context("--drop-caches")?;
    }
    Ok(())
}

/// When the last block of a run that begins now should have ended.
pub(super) fn deadline(record: &RunRecord) -> Option<Instant> {
    Instant::now().checked_add(Duration::from_secs(record.time_budget_s?))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser;

    use super::*;
    use crate::flags::{Command, Flags};

    fn asked(cache: &str, flags: &[&str]) -> Result<Scenario> {
        let text = format!(
            "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n\
             [defaults]\nblocks = 9\ncache = \"{cache}\"\n[matrix]\nsize = 1\n"
        );
        let Command::Bench(flags) = Flags::parse_from([&["xtask", "bench"], flags].concat()).command else {
            panic!("that is no bench");
        };
        super::asked(Scenario::parse(text, Path::new("t.toml"))?, &flags)
    }

    #[test]
    fn flags_change_how_much_is_measured() {
        let blocks = |flags: &[&str]| asked("warm", flags).unwrap().blocks;
        assert_eq!((blocks(&[]), blocks(&["--blocks", "20"]), blocks(&["--quick"])), (9, 20, 3));
    }

    #[test]
    fn only_what_is_cold_drops_caches() {
        let cache = |from: &str, flags: &[&str]| asked(from, flags).map(|scenario| scenario.cache);
        assert_eq!(cache("cold", &[]).unwrap(), Cache::Cold);
        assert_eq!(cache("cold", &["--drop-caches"]).unwrap(), Cache::Dropped);
        assert!(cache("warm", &["--drop-caches"]).unwrap_err().to_string().contains("the cache is warm"));
    }
}
