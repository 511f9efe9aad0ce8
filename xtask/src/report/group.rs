//! Cases that belong into one table and one plot: those of the engine that copy single files, on the same file systems
//! with the same verification. No text is laid out here.

use std::collections::BTreeSet;

use orbit_engine::{Mechanism, Strategy};

use crate::comparison::Comparison;
use crate::plan::Case;
use crate::scenario::{ChunkChoice, Subject};
use crate::summary::{CaseSummary, Summary};

/// The cases of one pair of file systems and one verification.
pub(super) struct Group<'a> {
    /// Never empty; in the order of the plan.
    pub(super) cases: Vec<&'a CaseSummary>,
    /// Zero-copy against buffered, for these file systems and this verification.
    pub(super) comparisons: Vec<&'a Comparison>,
}

/// The groups of a run, in the order of the plan.
pub(super) fn groups(summary: &Summary) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let comparisons = |case: &Case| {
        let same = |comparison: &&Comparison| {
            comparison.filesystems == case.filesystems && comparison.verify == case.verify
        };
        summary.comparisons.iter().filter(same).collect()
    };
    let plotted = |case: &Case| case.subject == Subject::Engine && case.is_plain_file() && !case.is_tuned();
    for summary in summary.cases.iter().filter(|summary| plotted(&summary.case)) {
        let same = |group: &&mut Group<'_>| {
            let first = &group.cases[0].case;
            first.filesystems == summary.case.filesystems && first.verify == summary.case.verify
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.cases.push(summary),
            None => groups.push(Group { cases: vec![summary], comparisons: comparisons(&summary.case) }),
        }
    }
    groups
}

impl<'a> Group<'a> {
    /// Part of a file name.
    pub(super) fn name(&self) -> String {
        let first = &self.cases[0].case;
        format!("{}-{}", first.filesystems, first.verify)
    }

    /// What all cases have in common, in words.
    pub(super) fn conditions(&self) -> String {
        let case = &self.cases[0].case;
        format!(
            "file systems: {} · verification: {} · cache: {} · durability: {}",
            case.filesystems, case.verify, case.cache, case.durability
        )
    }

    /// Ascending.
    pub(super) fn sizes(&self) -> Vec<u64> {
        let sizes: BTreeSet<u64> = self.cases.iter().map(|summary| summary.case.size_bytes).collect();
        sizes.into_iter().collect()
    }

    /// Ascending.
    pub(super) fn chunks(&self) -> Vec<ChunkChoice> {
        let chunks: BTreeSet<ChunkChoice> = self.cases.iter().map(|summary| summary.case.chunk).collect();
        chunks.into_iter().collect()
    }

    /// In the engine's order.
    pub(super) fn strategies(&self) -> Vec<Strategy> {
        let present =
            |strategy: &Strategy| self.cases.iter().any(|summary| summary.case.strategy == *strategy);
        Strategy::ALL.iter().copied().filter(present).collect()
    }

    /// Of the chunk sizes of these cases the engine's own, or the nearest to 1 MiB.
    pub(super) fn nearest_chunk(&self, of: impl Fn(&Case) -> bool) -> Option<ChunkChoice> {
        const NEAR: f64 = 1_048_576.0;
        let distance =
            |chunk: &ChunkChoice| chunk.bytes().map_or(0.0, |bytes| 1.0 + (bytes as f64 / NEAR).log2().abs());
        let chunks =
            self.cases.iter().map(|summary| &summary.case).filter(|case| of(case)).map(|case| case.chunk);
        chunks.min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    /// Of this chunk size alone.
    pub(super) fn at(&self, chunk: ChunkChoice) -> Self {
        let cases = self.cases.iter().copied().filter(|summary| summary.case.chunk == chunk).collect();
        let comparisons = self.comparisons.iter().copied().filter(|one| one.chunk == chunk).collect();
        Self { cases, comparisons }
    }

    /// What moved the bytes under this strategy, over all its cases.
    pub(super) fn mechanisms(&self, strategy: Strategy) -> BTreeSet<Mechanism> {
        let own = self.cases.iter().filter(|summary| summary.case.strategy == strategy);
        own.filter_map(|summary| summary.mechanism).collect()
    }

    /// The cases of one line of a plot, by ascending size.
    pub(super) fn line(&self, strategy: Strategy, chunk: ChunkChoice) -> Vec<&'a CaseSummary> {
        let own = |summary: &&CaseSummary| summary.case.strategy == strategy && summary.case.chunk == chunk;
        let mut line: Vec<_> = self.cases.iter().copied().filter(own).collect();
        line.sort_by_key(|summary| summary.case.size_bytes);
        line
    }
}

#[cfg(test)]
mod tests {
    use orbit_engine::Verification;

    use super::super::planted;
    use super::*;
    use crate::scenario::FileSystems;

    #[test]
    fn file_systems_and_verification_keep_cases_apart() {
        let (_, mut summary, _) = planted::run(&[1, 2, 3, 4], &[Strategy::Auto], &[4096], 1);
        summary.cases[1].case.verify = Verification::Sha256;
        summary.cases[2].case.filesystems = FileSystems::Cross;
        let found: Vec<(String, Vec<u64>)> =
            groups(&summary).iter().map(|group| (group.name(), group.sizes())).collect();
        let expected = [("same-none", vec![1, 4]), ("same-sha256", vec![2]), ("cross-none", vec![3])];
        assert_eq!(found, expected.map(|(name, sizes)| (name.to_owned(), sizes)));
    }
}
