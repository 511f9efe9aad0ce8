//! What the system counts for a process: processor time, switches, page faults, storage.

use serde::{Deserialize, Serialize};

use crate::system::{self, Counted, Whose};

/// What a copy used, and how long the machine waited meanwhile. Absent what nobody counted: runs of earlier versions have
/// none of it, some systems have less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(crate) struct Usage {
    /// Many kernels divide processor time into user and system by looking once a tick, so that of a call shorter than some
    /// ten milliseconds only the sum is exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) system_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) voluntary_switches: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) involuntary_switches: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minor_faults: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) major_faults: Option<u64>,
    /// Of calls: what was fetched from storage, by `/proc/self/io`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) storage_read_bytes: Option<u64>,
    /// Of calls: what was made dirty and is to be sent to storage, now or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) storage_write_bytes: Option<u64>,
    /// Of programs: the same in blocks of 512 bytes, by `getrusage`; their `/proc` entry is gone when they have ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) storage_read_blocks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) storage_write_blocks: Option<u64>,
    /// How long some task of the machine waited for storage, by `/proc/pressure/io`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) io_pressure_ns: Option<u64>,
    /// How long some task of the machine waited for a processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_pressure_ns: Option<u64>,
}

/// The counters at one instant, as a [`Usage`] since the beginning of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counters(Usage);

impl Counters {
    /// Before a copy: what costs time itself is read first.
    pub(super) fn before(whose: Whose) -> Self {
        let storage = Storage::now(whose);
        Self::now(whose, storage)
    }

    /// After a copy, in the opposite order.
    pub(super) fn after(whose: Whose) -> Self {
        let Self(usage) = Self::now(whose, Storage::default());
        let Storage { read_bytes, write_bytes } = Storage::now(whose);
        Self(Usage { storage_read_bytes: read_bytes, storage_write_bytes: write_bytes, ..usage })
    }

    fn now(whose: Whose, storage: Storage) -> Self {
        let known: Counted = system::counted(whose);
        let of_programs = |blocks: Option<u64>| blocks.filter(|_| whose == Whose::Programs);
        Self(Usage {
            user_ns: known.user_ns,
            system_ns: known.system_ns,
            voluntary_switches: known.voluntary_switches,
            involuntary_switches: known.involuntary_switches,
            minor_faults: known.minor_faults,
            major_faults: known.major_faults,
            storage_read_bytes: storage.read_bytes,
            storage_write_bytes: storage.write_bytes,
            storage_read_blocks: of_programs(known.read_blocks),
            storage_write_blocks: of_programs(known.write_blocks),
            io_pressure_ns: None,
            cpu_pressure_ns: None,
        })
    }

    /// What came since `earlier`.
    pub(super) fn since(self, earlier: Self) -> Usage {
        let (now, then) = (self.0, earlier.0);
        Usage {
            user_ns: since(now.user_ns, then.user_ns),
            system_ns: since(now.system_ns, then.system_ns),
            voluntary_switches: since(now.voluntary_switches, then.voluntary_switches),
            involuntary_switches: since(now.involuntary_switches, then.involuntary_switches),
            minor_faults: since(now.minor_faults, then.minor_faults),
            major_faults: since(now.major_faults, then.major_faults),
            storage_read_bytes: since(now.storage_read_bytes, then.storage_read_bytes),
            storage_write_bytes: since(now.storage_write_bytes, then.storage_write_bytes),
            storage_read_blocks: since(now.storage_read_blocks, then.storage_read_blocks),
            storage_write_blocks: since(now.storage_write_blocks, then.storage_write_blocks),
            io_pressure_ns: None,
            cpu_pressure_ns: None,
        }
    }
}

/// The difference of two counters that only grow.
pub(super) fn since(now: Option<u64>, then: Option<u64>) -> Option<u64> {
    Some(now?.saturating_sub(then?))
}

/// What was read from and is to be written to storage by this process; none where the system does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Storage {
    read_bytes: Option<u64>,
    write_bytes: Option<u64>,
}

impl Storage {
    fn now(whose: Whose) -> Self {
        match whose {
            Whose::Own => Self::parse(&system::kernel_file("/proc/self/io").unwrap_or_default()),
            Whose::Programs => Self::default(),
        }
    }

    fn parse(text: &str) -> Self {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        Self { read_bytes: field("read_bytes:"), write_bytes: field("write_bytes:") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_is_told_from_characters() {
        let text = "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\ncancelled_write_bytes: 7\n";
        assert_eq!(Storage::parse(text), Storage { read_bytes: Some(5), write_bytes: Some(6) });
        assert_eq!(Storage::parse("rchar: 1\n"), Storage::default());
    }

    #[test]
    fn written_bytes_are_counted() {
        use std::io::Write;
        // In memory alone nothing is sent to storage.
        let mut file = tempfile::tempfile_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let before = Counters::before(Whose::Own);
        file.write_all(&vec![1; 1 << 20]).unwrap();
        let usage = Counters::after(Whose::Own).since(before);
        if let Some(written) = usage.storage_write_bytes {
            assert!(written >= 1 << 20, "{usage:?}");
        }
        let known = [usage.user_ns, usage.voluntary_switches].map(|counted| counted.is_some());
        assert_eq!(known, [system::KNOWS_PROCESSOR_TIME; 2], "{usage:?}");
    }

    #[test]
    fn what_is_unknown_is_not_written() {
        assert_eq!(serde_json::to_string(&Usage::default()).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<Usage>("{\"minor_faults\":3}").unwrap().minor_faults, Some(3));
    }
}
