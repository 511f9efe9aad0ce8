//! Classes of machines: what was measured on one holds on all of its class.

use std::collections::BTreeMap;

use orbit_engine::Machine;

use crate::record::Run;

/// The runs of each class, with versions of the engine apart as well.
pub(super) fn classes(runs: &[Run]) -> BTreeMap<(Machine, String), Vec<&Run>> {
    let mut classes: BTreeMap<(Machine, String), Vec<&Run>> = BTreeMap::new();
    for run in runs {
        classes.entry((run.record.host.machine().class(), run.record.engine.clone())).or_default().push(run);
    }
    classes
}

/// Part of a file's name.
pub(super) fn name((Machine { cpu, processors, kernel }, engine): &(Machine, String)) -> String {
    let text = format!("{cpu}-{processors}-{kernel}-{engine}").to_lowercase();
    let plain = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').filter(|part| !part.is_empty());
    plain.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_has_a_name_that_files_can_have() {
        let machine = Machine { cpu: "A(R) B @ 2.5GHz".into(), processors: 8, kernel: "6.18".into() };
        assert_eq!(name(&(machine, "0.1.0".into())), "a-r-b-2.5ghz-8-6.18-0.1.0");
    }
}
