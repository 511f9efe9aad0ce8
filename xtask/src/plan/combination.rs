//! One combination of a matrix, and the case that it is.

use orbit_engine::{Compression, Strategy, Verification};
use sha2::{Digest, Sha256};

use super::item::Item;
use super::{Case, is_plain_form};
use crate::scenario::{ChunkChoice, FileSystems, Scenario, Subject, ValueSet};

/// A value of each axis.
pub(super) struct Combination<'a> {
    pub(super) filesystems: &'a FileSystems,
    pub(super) verify: Verification,
    pub(super) item: Item<'a>,
    pub(super) strategy: Strategy,
    pub(super) chunk: ChunkChoice,
    pub(super) compression: Compression,
    pub(super) subject: Subject,
    pub(super) tuning: Option<&'a ValueSet>,
}

impl Combination<'_> {
    /// With the defaults in place of what the subject cannot obey, so that many combinations become one.
    pub(super) fn plain(self) -> Self {
        let item = self.item.plain(self.subject);
        if self.subject.has_options() {
            return Self { item, ..self };
        }
        let strategy = if self.subject.has_strategy() { self.strategy } else { Strategy::Auto };
        let (verify, chunk, compression) = (Verification::None, ChunkChoice::Engine, Compression::None);
        let tuning = self.tuning.map(|_| &ValueSet::Default);
        Self { verify, strategy, chunk, compression, item, tuning, ..self }
    }

    pub(super) fn case(&self, scenario: &Scenario) -> Case {
        let Self { filesystems, verify, item, strategy, chunk, compression, subject, tuning } = self;
        let values = tuning.and_then(ValueSet::meaning);
        let Scenario { cache, durability, content, ref matrix, .. } = *scenario;
        let parameters =
            format!("strategy={strategy}/filesystems={filesystems}/verify={verify}/chunk={chunk}");
        // Without a key where it is the engine, whose times are those of scenarios that have no such axis.
        let other = [
            ("subject", !subject.is_default(), subject.to_string()),
            ("compression", !is_plain_form(compression), compression.to_string()),
            ("content", !content.is_default(), content.to_string()),
            ("tuning", values.is_some(), values.unwrap_or_default()),
        ];
        let meaning = format!(
            "{}/{parameters}/cache={cache}/durability={durability}{}",
            item.meaning(),
            joined(&other)
        );
        let digest = Sha256::digest(meaning);
        let named = joined(&[
            ("compression", !matrix.compressions.is_empty(), compression.to_string()),
            ("subject", !matrix.subjects.is_empty(), subject.to_string()),
            ("tuning", tuning.is_some(), tuning.map_or_else(String::new, |set| set.name().to_owned())),
        ]);
        Case {
            id: format!("{}/{}/{parameters}{named}", scenario.name, item.named()),
            hash: digest[..6].iter().map(|byte| format!("{byte:02x}")).collect(),
            size_bytes: item.bytes(),
            tree: item.tree(),
            sparse: item.sparse(),
            strategy: *strategy,
            filesystems: (*filesystems).clone(),
            verify: *verify,
            chunk: *chunk,
            compression: *compression,
            cache,
            durability,
            content,
            subject: *subject,
            tuning: tuning.cloned(),
        }
    }
}

/// `/KEY=VALUE` for each that is wanted.
fn joined(parts: &[(&str, bool, String)]) -> String {
    parts.iter().filter(|part| part.1).map(|(key, _, value)| format!("/{key}={value}")).collect()
}
