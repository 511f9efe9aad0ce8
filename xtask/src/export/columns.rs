//! The columns of the table: the name, with the unit as in the JSON files, and where the values come from.

use super::Row;
use crate::record::PlaceRecord;
use crate::sample::{Measurement, Trial};

/// What a row has in a column; nothing where that is not known.
pub(super) enum Values {
    Text(fn(Row<'_>) -> Option<String>),
    Number(fn(Row<'_>) -> Option<u64>),
    Flag(fn(Row<'_>) -> Option<bool>),
}

pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) values: Values,
}

/// A column of what every row has; with a `?`, of what it may have.
macro_rules! text {
    ($name:expr, $row:ident => ? $value:expr) => {
        Column { name: $name, values: Values::Text(|$row| $value.map(|value| value.to_string())) }
    };
    ($name:expr, $row:ident => $value:expr) => {
        text!($name, $row => ? Some($value))
    };
}

macro_rules! number {
    ($name:expr, $row:ident => ? $value:expr) => {
        Column { name: $name, values: Values::Number(|$row| $value.map(u64::from)) }
    };
    ($name:expr, $row:ident => $value:expr) => {
        number!($name, $row => ? Some($value))
    };
}

macro_rules! flag {
    ($name:expr, $row:ident => ? $value:expr) => {
        Column { name: $name, values: Values::Flag(|$row| $value) }
    };
    ($name:expr, $row:ident => $value:expr) => {
        flag!($name, $row => ? Some($value))
    };
}

/// A number of a valid sample, under its own name.
macro_rules! measured {
    ($name:ident) => {
        number!(stringify!($name), row => ? measured(row).map(|one| one.$name))
    };
    (? $name:ident) => {
        number!(stringify!($name), row => ? measured(row).and_then(|one| one.$name))
    };
    (usage $name:ident) => {
        number!(stringify!($name), row => ? measured(row).and_then(|one| one.usage.$name))
    };
}

/// First what the run says, then the case, then the sample.
pub(super) const COLUMNS: &[Column] = &[
    text!("run", row => &row.run.run),
    text!("started", row => &row.run.started),
    text!("scenario", row => &row.run.scenario.name),
    number!("seed", row => row.run.seed),
    flag!("indicative", row => row.run.indicative),
    text!("engine", row => &row.run.engine),
    text!("revision", row => ? row.run.host.revision.as_ref()),
    flag!("dirty", row => ? row.run.host.dirty),
    text!("profile", row => &row.run.host.profile),
    text!("rustc", row => ? row.run.host.rustc.as_ref()),
    text!("host", row => &row.run.host.name),
    text!("kernel", row => &row.run.host.kernel),
    text!("cpu", row => &row.run.host.cpu),
    number!("cpus", row => row.run.host.cpus),
    number!("memory_bytes", row => ? row.run.host.memory_bytes),
    text!("hypervisor", row => ? row.run.host.hypervisor.as_ref()),
    text!("case", row => &row.case.id),
    text!("case_hash", row => &row.case.hash),
    text!("subject", row => row.case.subject),
    text!("version", row => ? row.run.programs.get(&row.case.subject).map(|program| &program.version)),
    number!("size_bytes", row => row.case.size_bytes),
    number!("files", row => row.case.files()),
    text!("sparse", row => ? row.case.sparse.as_ref().map(|file| &file.name)),
    text!("workload", row => ? row.case.tree.as_ref().map(|tree| &tree.workload.name)),
    text!("standing", row => ? row.case.tree.as_ref().map(|tree| tree.standing)),
    text!("workers", row => ? row.case.tree.as_ref().map(|tree| tree.workers)),
    text!("strategy", row => row.case.strategy),
    text!("filesystems", row => &row.case.filesystems),
    text!("source_fs", row => ? place(row).map(|place| &place.source_fs)),
    text!("destination_fs", row => ? place(row).map(|place| &place.destination_fs)),
    text!("verify", row => row.case.verify),
    text!("chunk", row => row.case.chunk),
    text!("compression", row => row.case.compression),
    text!("cache", row => row.case.cache),
    text!("durability", row => row.case.durability),
    text!("content", row => row.case.content),
    number!("block", row => row.sample.block),
    number!("position", row => row.sample.position),
    flag!("valid", row => measured(row).is_some()),
    text!("reason", row => ? match &row.sample.result {
        Trial::Invalid { reason } => Some(reason),
        Trial::Measured(_) => None,
    }),
    measured!(wall_ns),
    measured!(?cpu_ns),
    measured!(steal_ns),
    measured!(bytes),
    text!("mechanism", row => ? measured(row).and_then(|one| one.mechanism)),
    text!("refusals", row => ? measured(row).map(|one| one.refusals.join("; "))),
    measured!(?system_calls),
    measured!(?retries),
    measured!(?allocated_bytes),
    measured!(?max_rss_bytes),
    measured!(?durable_ns),
    measured!(usage user_ns),
    measured!(usage system_ns),
    measured!(usage voluntary_switches),
    measured!(usage involuntary_switches),
    measured!(usage minor_faults),
    measured!(usage major_faults),
    measured!(usage storage_read_bytes),
    measured!(usage storage_write_bytes),
    measured!(usage storage_read_blocks),
    measured!(usage storage_write_blocks),
    measured!(usage io_pressure_ns),
    measured!(usage cpu_pressure_ns),
];

fn measured(row: Row<'_>) -> Option<&Measurement> {
    row.sample.measurement()
}

fn place(row: Row<'_>) -> Option<&PlaceRecord> {
    row.run.places.get(&row.case.filesystems.to_string())
}
