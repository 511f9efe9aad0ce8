//! The columns of the table: name, kind, and where the value comes from.

use super::Row;
use crate::record::PlaceRecord;
use crate::sample::{Measurement, Trial};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
}

/// A value of the kind of its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(u64),
    Flag(bool),
}

/// A column of the table.
pub(super) struct Column {
    /// With the unit, as in the JSON files.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) value: fn(Row<'_>) -> Option<Value>,
}

/// A column of text.
macro_rules! text {
    ($name:literal, $row:ident => $value:expr) => {
        Column {
            name: $name,
            kind: Kind::Text,
            value: |$row| $value.map(|value| Value::Text(value.to_string())),
        }
    };
}

/// A column of numbers.
macro_rules! number {
    ($name:literal, $row:ident => $value:expr) => {
        Column {
            name: $name,
            kind: Kind::Number,
            value: |$row| $value.map(|value| Value::Number(u64::from(value))),
        }
    };
}

/// First what the run says, then the case, then the sample.
pub(super) const COLUMNS: &[Column] = &[
    text!("run", row => Some(&row.run.run)),
    text!("started", row => Some(&row.run.started)),
    text!("scenario", row => Some(&row.run.scenario.name)),
    number!("seed", row => Some(row.run.seed)),
    text!("engine", row => Some(&row.run.engine)),
    text!("revision", row => row.run.host.revision.as_ref()),
    Column { name: "dirty", kind: Kind::Flag, value: |row| row.run.host.dirty.map(Value::Flag) },
    text!("profile", row => Some(&row.run.host.profile)),
    text!("rustc", row => row.run.host.rustc.as_ref()),
    text!("host", row => Some(&row.run.host.name)),
    text!("kernel", row => Some(&row.run.host.kernel)),
    text!("cpu", row => Some(&row.run.host.cpu)),
    number!("cpus", row => Some(row.run.host.cpus)),
    number!("memory_bytes", row => Some(row.run.host.memory_bytes)),
    text!("hypervisor", row => row.run.host.hypervisor.as_ref()),
    text!("case", row => Some(&row.case.id)),
    text!("case_hash", row => Some(&row.case.hash)),
    number!("size_bytes", row => Some(row.case.size_bytes)),
    number!("files", row => Some(row.case.files())),
    text!("sparse", row => row.case.sparse.as_ref().map(|file| &file.name)),
    text!("workload", row => row.case.tree.as_ref().map(|tree| &tree.workload.name)),
    text!("destination", row => row.case.tree.as_ref().map(|tree| tree.standing)),
    text!("workers", row => row.case.tree.as_ref().map(|tree| tree.workers)),
    text!("strategy", row => Some(row.case.strategy)),
    text!("filesystems", row => Some(&row.case.filesystems)),
    text!("source_fs", row => place(row).map(|place| &place.source_fs)),
    text!("destination_fs", row => place(row).map(|place| &place.destination_fs)),
    text!("verify", row => Some(row.case.verify)),
    text!("chunk", row => Some(row.case.chunk)),
    text!("compression", row => Some(row.case.compression)),
    text!("cache", row => Some(row.case.cache)),
    text!("durability", row => Some(row.case.durability)),
    text!("content", row => Some(row.case.content)),
    text!("subject", row => Some(row.case.subject)),
    text!("version", row => row.run.programs.get(&row.case.subject).map(|program| &program.version)),
    number!("block", row => Some(row.sample.block)),
    number!("position", row => Some(row.sample.position)),
    text!("invalid", row => match &row.sample.result {
        Trial::Invalid { reason } => Some(reason),
        Trial::Measured(_) => None,
    }),
    number!("wall_ns", row => measured(row).map(|sample| sample.wall_ns)),
    number!("cpu_ns", row => measured(row).map(|sample| sample.cpu_ns)),
    number!("steal_ns", row => measured(row).map(|sample| sample.steal_ns)),
    number!("bytes", row => measured(row).map(|sample| sample.bytes)),
    text!("mechanism", row => measured(row).and_then(|sample| sample.mechanism)),
    text!("refusals", row => measured(row).map(|sample| sample.refusals.join("; "))),
    number!("system_calls", row => measured(row).and_then(|sample| sample.system_calls)),
    number!("retries", row => measured(row).and_then(|sample| sample.retries)),
    number!("allocated_bytes", row => measured(row).and_then(|sample| sample.allocated_bytes)),
    number!("max_rss_bytes", row => measured(row).and_then(|sample| sample.max_rss_bytes)),
];

fn measured(row: Row<'_>) -> Option<&Measurement> {
    row.sample.measurement()
}

fn place(row: Row<'_>) -> Option<&PlaceRecord> {
    row.run.places.get(&row.case.filesystems.to_string())
}
