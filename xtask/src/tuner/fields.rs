//! The values of one knob that a run has beside each other: what races.

use std::collections::BTreeMap;

use orbit_engine::{Mechanism, Strategy, Values};

use super::observed::{Arm, whole_blocks};
use super::race::Race;
use super::ratios::{BULK, Ways};
use crate::scenario::{Knob, Setting, Subject};
use crate::stats;

impl Ways<'_> {
    /// The race of `knob`, with all else as near to `values` as it was measured; none where the value that `values` have
    /// did not run beside another one.
    pub(super) fn race(&self, knob: Knob, values: &Values) -> Option<Race<Setting>> {
        let arms: Vec<&Arm<'_>> = self.arms.iter().filter(|arm| self.tells_of(knob, arm)).collect();
        let by_distance = |a: &&&Arm<'_>, b: &&&Arm<'_>| {
            a.distance(values, &[knob]).total_cmp(&b.distance(values, &[knob]))
        };
        let bare = arms.iter().min_by(by_distance)?.bare(&[knob]);
        let mut items: BTreeMap<String, Vec<(Setting, &Arm<'_>)>> = BTreeMap::new();
        for arm in arms.into_iter().filter(|arm| arm.bare(&[knob]) == bare) {
            items.entry(item(arm)).or_default().push((Setting::of(knob, &arm.values), arm));
        }
        let kept = Setting::of(knob, values);
        let most = items.values().map(Vec::len).max()?;
        // What was measured with fewer values would leave holes.
        let items: Vec<Vec<(Setting, &Arm<'_>)>> =
            items.into_values().filter(|item| item.len() == most).collect();
        let mut found: Vec<Setting> = items.first()?.iter().map(|(setting, _)| *setting).collect();
        found.sort_by_key(|setting| (size_of(setting), setting.to_string()));
        found.dedup();
        let kept = found.iter().position(|setting| *setting == kept).filter(|_| found.len() > 1)?;
        let all: Vec<&Arm<'_>> = items.iter().flatten().map(|(_, arm)| *arm).collect();
        let time = |block: &u32, value: &Setting| {
            let logs: Option<Vec<f64>> = items
                .iter()
                .map(|item| item.iter().find(|(setting, _)| setting == value).map(|(_, arm)| arm.logs[block]))
                .collect();
            logs.map(|logs| logs.iter().sum::<f64>() / stats::float(logs.len() as u64))
        };
        let blocks: Option<Vec<Vec<f64>>> = whole_blocks(&all)
            .iter()
            .map(|block| found.iter().map(|value| time(block, value)).collect())
            .collect();
        Some(Race { values: found, kept, blocks: blocks.filter(|blocks| !blocks.is_empty())? })
    }

    /// Whether the time of `arm` depends on `knob`.
    fn tells_of(&self, knob: Knob, arm: &Arm<'_>) -> bool {
        let bulk = arm.case.size_bytes >= BULK;
        match knob {
            Knob::KernelChunk => {
                bulk && arm.is_file(Subject::Engine, Strategy::ZeroCopy) && !self.clones(arm)
            }
            Knob::PipeSize => {
                bulk && arm.is_file(Subject::Engine, Strategy::ZeroCopy)
                    && arm.mechanism == Some(Mechanism::Splice)
            }
            Knob::BufferedChunk => bulk && arm.is_file(Subject::Engine, Strategy::Buffered),
            Knob::ParallelThreads => {
                arm.is_file(Subject::Engine, Strategy::Auto)
                    && arm.values.parallel_threshold.admits(arm.case.size_bytes)
                    && !self.clones(arm)
            }
            Knob::TreeWorkers | Knob::TreeBatch => {
                arm.is_tree(Strategy::Auto) && arm.case.subject == Subject::Engine
            }
            _ => false,
        }
    }
}

/// What is copied.
fn item(arm: &Arm<'_>) -> String {
    match &arm.case.tree {
        Some(tree) => format!("{} {}", tree.workload.meaning(), tree.standing),
        None => arm.case.size_bytes.to_string(),
    }
}

/// What a value asks of the machine. The engine's own choice of a number stands first.
fn size_of(setting: &Setting) -> u64 {
    match setting {
        Setting::KernelChunk(chunk) | Setting::PipeSize(chunk) | Setting::BufferedChunk(chunk) => {
            chunk.bytes()
        }
        Setting::ParallelThreads(number) | Setting::TreeWorkers(number) | Setting::TreeBatch(number) => {
            (*number).into()
        }
        _ => 0,
    }
}
