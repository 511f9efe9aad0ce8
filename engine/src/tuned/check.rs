//! Whether values that were measured hold here and now. Pure.

use super::machine::series;
use super::{Machine, Provenance};
use crate::fault;
use crate::tuning::{Staleness, UtcTime};

/// Why values of that provenance do not hold on the machine `here` for this engine; none where they do.
pub(super) fn staleness(
    provenance: &Provenance,
    here: &Machine,
    engine: &'static str,
    now: UtcTime,
) -> Option<Staleness> {
    let Provenance { machine, engine: measured, valid_until, .. } = provenance;
    let fields = [
        ("cpu", machine.cpu == here.cpu, machine.cpu.clone(), here.cpu.clone()),
        (
            "processors",
            machine.processors == here.processors,
            machine.processors.to_string(),
            here.processors.to_string(),
        ),
        (
            "kernel",
            series(&machine.kernel) == series(&here.kernel),
            machine.kernel.clone(),
            here.kernel.clone(),
        ),
    ];
    for (field, is_same, file, here) in fields {
        if !is_same {
            return Some(Staleness::OtherMachine { field, file: fault::line(&file), here });
        }
    }
    if series(measured) != series(engine) {
        return Some(Staleness::OtherEngine { file: fault::line(measured), here: engine });
    }
    (now > *valid_until).then_some(Staleness::Expired { valid_until: *valid_until })
}
