//! The cases of a run: a scenario's matrix, multiplied out, and the order in which each block visits them. Pure.

mod item;

use std::collections::BTreeSet;

use orbit_engine::{Strategy, Verification};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::scenario::{
    Cache, ChunkChoice, Durable, Exclude, FileSystems, Scenario, Standing, Subject, Workers, Workload,
};
use crate::text;

use item::{Item, allows};

/// One combination of a scenario's matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Case {
    /// `SCENARIO/size=…/strategy=…/…`, or `SCENARIO/workload=…/…`: the same whatever the order of keys and values in the
    /// file.
    pub(crate) id: String,
    /// First 12 hexadecimal digits of the SHA-256 of everything that the measured time depends on.
    pub(crate) hash: String,
    /// Of the file, or of all files of the tree together.
    pub(crate) size_bytes: u64,
    /// None where a single file is copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tree: Option<TreeCase>,
    #[serde(with = "text")]
    pub(crate) strategy: Strategy,
    pub(crate) filesystems: FileSystems,
    #[serde(with = "text")]
    pub(crate) verify: Verification,
    #[serde(with = "text")]
    pub(crate) chunk: ChunkChoice,
    pub(crate) cache: Cache,
    #[serde(with = "text")]
    pub(crate) durability: Durable,
    /// Not written where it is the engine.
    #[serde(default, skip_serializing_if = "Subject::is_default")]
    pub(crate) subject: Subject,
}

/// What a case of trees is beside what cases of files are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TreeCase {
    pub(crate) workload: Workload,
    /// What stands where the copy goes.
    pub(crate) standing: Standing,
    #[serde(with = "text")]
    pub(crate) workers: Workers,
}

/// A case that was not run, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Skipped {
    pub(crate) case: String,
    pub(crate) reason: String,
}

/// The cases of `scenario`, grouped as tables show them.
pub(crate) fn cases(scenario: &Scenario) -> Vec<Case> {
    let matrix = &scenario.matrix;
    let subjects = if matrix.subjects.is_empty() { &[Subject::Engine][..] } else { &matrix.subjects };
    let mut cases: Vec<Case> = Vec::new();
    let mut known = BTreeSet::new();
    for filesystems in &matrix.filesystems {
        for &verify in &matrix.verify {
            for item in Item::all(matrix) {
                for &subject in subjects {
                    for &strategy in &matrix.strategies {
                        for &chunk in &matrix.chunks {
                            let combination =
                                Combination { filesystems, verify, item, strategy, chunk, subject }.plain();
                            let excluded = matrix.exclude.iter().any(|exclude| combination.matches(exclude));
                            let case = combination.case(scenario);
                            if !excluded && known.insert(case.id.clone()) {
                                cases.push(case);
                            }
                        }
                    }
                }
            }
        }
    }
    cases
}

/// The order in which `block` visits `count` cases: at random, and the same again for the same seed.
pub(crate) fn order(seed: u64, block: u32, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    // One generator a block, so that a resumed run goes on as it would have gone on.
    fastrand::Rng::with_seed(seed ^ u64::from(block).wrapping_mul(0x9e37_79b9_7f4a_7c15)).shuffle(&mut order);
    order
}

struct Combination<'a> {
    filesystems: &'a FileSystems,
    verify: Verification,
    item: Item<'a>,
    strategy: Strategy,
    chunk: ChunkChoice,
    subject: Subject,
}

impl Combination<'_> {
    /// With the defaults in place of what the subject cannot obey, so that many combinations become one.
    fn plain(self) -> Self {
        let item = self.item.plain(self.subject);
        if self.subject.has_options() {
            return Self { item, ..self };
        }
        let (verify, strategy, chunk) = (Verification::None, Strategy::Auto, ChunkChoice::Engine);
        Self { verify, strategy, chunk, item, ..self }
    }

    fn matches(&self, exclude: &Exclude) -> bool {
        self.item.matches(exclude)
            && allows(&exclude.filesystems, self.filesystems)
            && allows(&exclude.verify, &self.verify)
            && allows(&exclude.strategies, &self.strategy)
            && allows(&exclude.chunks, &self.chunk)
            && allows(&exclude.subjects, &self.subject)
    }

    fn case(&self, scenario: &Scenario) -> Case {
        let Self { filesystems, verify, item, strategy, chunk, subject } = self;
        let (cache, durability) = (scenario.cache, scenario.durability);
        let parameters =
            format!("strategy={strategy}/filesystems={filesystems}/verify={verify}/chunk={chunk}");
        // Without a key where it is the engine, whose times are those of scenarios that have no such axis.
        let other = if subject.is_default() { String::new() } else { format!("/subject={subject}") };
        let meaning = format!("{}/{parameters}/cache={cache}/durability={durability}{other}", item.meaning());
        let digest = Sha256::digest(meaning);
        let named =
            if scenario.matrix.subjects.is_empty() { String::new() } else { format!("/subject={subject}") };
        Case {
            id: format!("{}/{}/{parameters}{named}", scenario.name, item.named()),
            hash: digest[..6].iter().map(|byte| format!("{byte:02x}")).collect(),
            size_bytes: item.bytes(),
            tree: item.tree(),
            strategy: *strategy,
            filesystems: (*filesystems).clone(),
            verify: *verify,
            chunk: *chunk,
            cache,
            durability,
            subject: *subject,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn scenario(tail: &str) -> Scenario {
        let head = "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n";
        Scenario::parse(format!("{head}{tail}"), Path::new("t.toml")).unwrap()
    }

    #[test]
    fn the_matrix_is_multiplied_and_excluded() {
        let all = "[matrix]\nsize = [\"4KiB\", \"1MiB\"]\nstrategy = [\"zero-copy\", \"buffered\"]\n";
        assert_eq!(cases(&scenario(all)).len(), 4);
        let exclude = "[[matrix.exclude]]\nsize = \"4KiB\"\nstrategy = \"zero-copy\"\n";
        let left = cases(&scenario(&format!("{all}{exclude}")));
        let ids: Vec<_> = left.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "t/size=4KiB/strategy=buffered/filesystems=same/verify=none/chunk=engine",
                "t/size=1MiB/strategy=zero-copy/filesystems=same/verify=none/chunk=engine",
                "t/size=1MiB/strategy=buffered/filesystems=same/verify=none/chunk=engine",
            ]
        );
    }

    #[test]
    fn ids_and_hashes_do_not_depend_on_the_order_in_the_file() {
        let mut one = cases(&scenario("[matrix]\nsize = [1, 2]\nverify = [\"none\", \"sha256\"]\n"));
        let mut other = cases(&scenario("[matrix]\nverify = [\"sha256\", \"none\"]\nsize = [2, 1]\n"));
        one.sort_by(|a, b| a.id.cmp(&b.id));
        other.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(one, other);
    }

    #[test]
    fn the_hash_tells_what_the_id_does_not() {
        let warm = cases(&scenario("[matrix]\nsize = 1\n"));
        let synced = cases(&scenario("[defaults]\ndurability = \"file\"\n[matrix]\nsize = 1\n"));
        assert_eq!(warm[0].id, synced[0].id);
        assert_ne!(warm[0].hash, synced[0].hash);
        assert_eq!(warm[0].hash.len(), 12);
    }

    #[test]
    fn a_subject_without_options_is_one_case_whatever_the_options() {
        let axes =
            "[matrix]\nsize = 1\nstrategy = [\"zero-copy\", \"buffered\"]\nverify = [\"none\", \"sha256\"]\n";
        let found = cases(&scenario(&format!("{axes}subject = [\"engine\", \"cp\"]\n")));
        assert_eq!(found.iter().filter(|case| case.subject == Subject::Engine).count(), 4);
        let peers: Vec<_> = found.iter().filter(|case| case.subject == Subject::Cp).collect();
        assert_eq!(peers.len(), 1);
        assert_eq!(
            peers[0].id,
            "t/size=1/strategy=auto/filesystems=same/verify=none/chunk=engine/subject=cp"
        );
    }

    #[test]
    fn the_engine_has_the_same_hash_with_and_without_the_axis() {
        let without = cases(&scenario("[matrix]\nsize = 1\n"));
        let with = cases(&scenario("[matrix]\nsize = 1\nsubject = [\"engine\", \"cp\"]\n"));
        assert_eq!(with[0].id, format!("{}/subject=engine", without[0].id));
        assert_eq!(with[0].hash, without[0].hash);
        assert_ne!(with[1].hash, without[0].hash);
    }

    const TREES: &str = "[matrix]\nworkload = \"w\"\nworkers = [1, 2]\ndestination = [\"new\", \"existing\"]\n\
                         subject = [\"engine\", \"cp\"]\n";
    const WORKLOAD: &str = "[[workload]]\nname = \"w\"\nfiles = 3\nsize = 5\n";

    #[test]
    fn trees_are_multiplied_and_excluded() {
        let exclude = "[[matrix.exclude]]\nworkers = 2\ndestination = \"existing\"\nsubject = \"engine\"\n";
        let found = cases(&scenario(&[TREES, exclude, WORKLOAD].concat()));
        let of = |subject| found.iter().filter(|case| case.subject == subject).collect::<Vec<_>>();
        // Workers are the engine's; a peer is one case whatever they are.
        assert_eq!((of(Subject::Engine).len(), of(Subject::Cp).len()), (3, 2));
        assert_eq!(
            found[0].id,
            "t/workload=w/destination=new/workers=1/strategy=auto/filesystems=same/verify=none/chunk=engine/subject=engine"
        );
        assert!(of(Subject::Cp)[1].id.contains("/destination=existing/workers=auto/"));
        assert!(found.iter().all(|case| case.size_bytes == 15 && case.tree.is_some()));
    }

    #[test]
    fn the_hash_of_a_tree_tells_its_shape_and_not_its_name() {
        let hash = |workload: &str| cases(&scenario(&[TREES, workload].concat()))[0].hash.clone();
        let named = TREES.replace("\"w\"", "\"v\"") + &WORKLOAD.replace("\"w\"", "\"v\"");
        assert_eq!(cases(&scenario(&named))[0].hash, hash(WORKLOAD));
        assert_ne!(hash(&WORKLOAD.replace("files = 3", "files = 4")), hash(WORKLOAD));
        assert_ne!(hash(&format!("{WORKLOAD}files_per_directory = 1\n")), hash(WORKLOAD));
    }

    #[test]
    fn blocks_visit_every_case_in_their_own_repeatable_order() {
        let orders: Vec<_> = (0..4).map(|block| order(7, block, 50)).collect();
        for (block, order) in (0..).zip(&orders) {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..50).collect::<Vec<_>>());
            assert_eq!(order, &super::order(7, block, 50));
        }
        assert!(orders.windows(2).all(|pair| pair[0] != pair[1]));
        assert_ne!(order(7, 0, 50), order(8, 0, 50));
    }
}
