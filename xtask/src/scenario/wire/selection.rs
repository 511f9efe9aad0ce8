//! Which cases an exclusion or a budget names.

use orbit_engine::{ByteSize, Compression, Strategy, Verification};
use serde::Deserialize;

use super::Refusal;
use super::value::Many;
use crate::scenario::{ChunkChoice, FileSystems, Matrix, Selection, Standing, Subject, Workers};

/// The keys by which an exclusion or a budget names cases.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SelectionTable {
    size: Many<ByteSize>,
    sparse: Many<String>,
    workload: Many<String>,
    destination: Many<Standing>,
    workers: Many<Workers>,
    strategy: Many<Strategy>,
    filesystems: Many<FileSystems>,
    verify: Many<Verification>,
    chunk: Many<ChunkChoice>,
    compression: Many<Compression>,
    subject: Many<Subject>,
    tuning: Many<String>,
}

impl SelectionTable {
    pub(super) fn validated(self) -> Selection {
        Selection {
            sizes: self.size.bytes(),
            sparse: self.sparse.0,
            workloads: self.workload.0,
            standings: self.destination.0,
            workers: self.workers.0,
            strategies: self.strategy.0,
            filesystems: self.filesystems.0,
            verify: self.verify.0,
            chunks: self.chunk.0,
            compressions: self.compression.0,
            subjects: self.subject.0,
            tunings: self.tuning.0,
        }
    }
}

/// What an exclusion or a budget names must be there to be named.
pub(super) fn check_names(key: &'static str, cases: &Selection, matrix: &Matrix) -> Result<(), Refusal> {
    let tree = |name: &&String| !matrix.workloads.iter().any(|tree| tree.name == **name);
    if let Some(name) = cases.workloads.iter().find(tree) {
        return Err((key, format!("no case copies a workload {name}")));
    }
    let file = |name: &&String| !matrix.sparse.iter().any(|file| file.name == **name);
    if let Some(name) = cases.sparse.iter().find(file) {
        return Err((key, format!("no case copies a sparse file {name}")));
    }
    let tuning = |name: &&String| !matrix.tunings.iter().any(|set| set.name() == **name);
    match cases.tunings.iter().find(tuning) {
        Some(name) => Err((key, format!("no case runs with the tuning {name}"))),
        None => Ok(()),
    }
}
