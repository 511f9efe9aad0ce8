//! `cargo xtask tune --compare`: whether two tunings of one machine found the same. The best value of each lies somewhere in
//! an interval; where two intervals have nothing in common, what was measured has changed or was noise.

use std::cmp::Ordering;
use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use orbit_engine::{ByteSize, TunedFile};
use toml::{Table, Value};

use crate::cmd::Done;

/// What two tunings say of one value.
#[derive(Debug, PartialEq)]
struct Both {
    what: String,
    values: [String; 2],
    intervals: [[Rank; 2]; 2],
    said: [String; 2],
}

pub(super) fn run(old: &Path, new: &Path, out: &mut impl Write) -> Result<Done> {
    let files = [TunedFile::load(old)?, TunedFile::load(new)?];
    let both = both(&files)?;
    if both.is_empty() {
        bail!(
            "{} and {} say nothing of the same pair of file systems; compare two that `cargo xtask tune` wrote",
            old.display(),
            new.display()
        );
    }
    for one in both.iter().filter(|one| one.values[0] != one.values[1]) {
        let [before, after] = &one.said;
        writeln!(out, "{}: {before}, then {after}", one.what)?;
    }
    let alike = both.iter().filter(|one| one.values[0] == one.values[1]).count();
    let apart: Vec<String> = both
        .iter()
        .filter(|one| !one.agrees())
        .map(|one| format!("{}: {} and {} have nothing in common", one.what, one.said[0], one.said[1]))
        .collect();
    writeln!(
        out,
        "of {} values that both measured, {alike} are the same, and the intervals of {} have something in common",
        both.len(),
        both.len() - apart.len(),
    )?;
    Ok(if apart.is_empty() { Done::Complete } else { Done::Missed(apart) })
}

/// Every value of which both files know an interval.
fn both(files: &[TunedFile; 2]) -> Result<Vec<Both>> {
    let mut found = Vec::new();
    for old in &files[0].profiles {
        let Some(new) = files[1].profiles.iter().find(|new| new.pair() == old.pair()) else { continue };
        let [old, new] = [Table::try_from(old)?, Table::try_from(new)?];
        let evidence = |profile: &Table| profile.get("evidence").and_then(Value::as_table).cloned();
        let [Some(before), Some(after)] = [evidence(&old), evidence(&new)] else { continue };
        let pair = ["source_fs", "destination_fs"].map(|key| text(&old, key).unwrap_or_default());
        for knob in before.keys() {
            let side = |profile: &Table, evidence: &Table| {
                let finding = evidence.get(knob)?.as_table()?;
                let bounds = [text(finding, "lower")?, text(finding, "upper")?];
                let value = text(profile, knob)?;
                let said = format!("{value} ({} .. {})", bounds[0], bounds[1]);
                let [lower, upper] = bounds.map(|bound| Rank::of(&bound));
                Some((value, [lower?, upper?], said))
            };
            let Some((old, new)) = side(&old, &before).zip(side(&new, &after)) else { continue };
            found.push(Both {
                what: format!("{} to {}, {knob}", pair[0], pair[1]),
                values: [old.0, new.0],
                intervals: [old.1, new.1],
                said: [old.2, new.2],
            });
        }
    }
    Ok(found)
}

impl Both {
    fn agrees(&self) -> bool {
        let [[old_lower, old_upper], [new_lower, new_upper]] = &self.intervals;
        old_lower <= new_upper && new_lower <= old_upper
    }
}

fn text(table: &Table, key: &str) -> Option<String> {
    Some(match table.get(key)? {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

/// Where a value stands among others of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    Always,
    Number(u64),
    Never,
}

impl Rank {
    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "always" => Self::Always,
            "never" => Self::Never,
            number => Self::Number(number.parse::<ByteSize>().ok()?.bytes()),
        })
    }

    fn key(self) -> (u8, u64) {
        match self {
            Self::Always => (0, 0),
            Self::Number(number) => (1, number),
            Self::Never => (2, 0),
        }
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.key().cmp(&other.key()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(threshold: [&str; 3], workers: [u32; 3]) -> TunedFile {
        let text = format!(
            "schema = \"orbit.tuned/1\"\n[[profile]]\nsource_fs = \"ext4\"\ndestination_fs = \"xfs\"\nsame_device = false\n\
             zero_copy_threshold = \"{}\"\ntree_workers = {}\n\
             [profile.evidence.zero_copy_threshold]\ndecision = \"accepted\"\nlower = \"{}\"\nupper = \"{}\"\n\
             [profile.evidence.tree_workers]\ndecision = \"accepted\"\nlower = {}\nupper = {}\n\
             [profile.evidence.pipe_size]\ndecision = \"not-measured\"\n",
            threshold[0], workers[0], threshold[1], threshold[2], workers[1], workers[2]
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn intervals_that_meet_agree() {
        let files =
            [file(["64KiB", "32KiB", "128KiB"], [2, 1, 2]), file(["always", "always", "32KiB"], [4, 3, 4])];
        let both = both(&files).unwrap();
        let of = |knob: &str| both.iter().find(|one| one.what.ends_with(knob)).unwrap();
        assert_eq!(both.len(), 2);
        assert!(of("zero_copy_threshold").agrees() && !of("tree_workers").agrees());
        assert_eq!(of("tree_workers").what, "ext4 to xfs, tree_workers");
        assert_eq!(of("zero_copy_threshold").said[0], "64KiB (32KiB .. 128KiB)");
    }

    #[test]
    fn never_lies_behind_every_size() {
        let rank = |text| Rank::of(text).unwrap();
        assert!(rank("always") < rank("1") && rank("1PiB") < rank("never") && rank("64KiB") < rank("1MiB"));
        assert_eq!(Rank::of("often"), None);
    }
}
