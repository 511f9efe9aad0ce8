//! The cases of a run: a scenario's matrix, multiplied out, and the order in which each block visits them. Pure.

mod budget;
mod combination;
mod item;

use std::collections::HashSet;

use orbit_engine::{Compression, Strategy, Verification};
use serde::{Deserialize, Serialize};

use crate::scenario::{
    Cache, ChunkChoice, Content, Durable, FileSystems, Scenario, Selection, SparseFile, Standing, Subject,
    ValueSet, Workers, Workload,
};
use crate::text;

pub(crate) use budget::{CaseBudget, budgets};
use combination::Combination;
use item::Item;

/// One combination of a scenario's matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// The layout of a file with holes; none where the file has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sparse: Option<SparseFile>,
    #[serde(with = "text")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) strategy: Strategy,
    pub(crate) filesystems: FileSystems,
    #[serde(with = "text")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) verify: Verification,
    #[serde(with = "text")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) chunk: ChunkChoice,
    #[serde(default, with = "text", skip_serializing_if = "is_plain_form")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) compression: Compression,
    pub(crate) cache: Cache,
    #[serde(with = "text")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) durability: Durable,
    #[serde(default, skip_serializing_if = "Content::is_default")]
    pub(crate) content: Content,
    /// Not written where it is the engine.
    #[serde(default, skip_serializing_if = "Subject::is_default")]
    pub(crate) subject: Subject,
    /// The values of the engine; none where the scenario has no such axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tuning: Option<ValueSet>,
}

/// What a case of trees is beside what cases of files are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TreeCase {
    pub(crate) workload: Workload,
    /// What stands where the copy goes.
    pub(crate) standing: Standing,
    #[serde(with = "text")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) workers: Workers,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_plain_form(compression: &Compression) -> bool {
    *compression == Compression::None
}

impl Case {
    /// Files that one copy makes.
    pub(crate) fn files(&self) -> u64 {
        self.tree.as_ref().map_or(1, |tree| tree.workload.files)
    }

    /// Whether it copies one file without holes as it is: what the engine's thresholds are about.
    pub(crate) fn is_plain_file(&self) -> bool {
        self.tree.is_none() && self.sparse.is_none() && is_plain_form(&self.compression)
    }

    /// Whether it runs with values that it names, and not with those that the engine has anyway.
    pub(crate) fn is_tuned(&self) -> bool {
        self.tuning.as_ref().is_some_and(|set| *set != ValueSet::Default)
    }

    fn matches(&self, selection: &Selection) -> bool {
        let item = match (&self.tree, &self.sparse) {
            (Some(TreeCase { workload, standing, workers }), _) => {
                selection.sizes.is_empty()
                    && selection.sparse.is_empty()
                    && allows(&selection.workloads, &workload.name)
                    && allows(&selection.standings, standing)
                    && allows(&selection.workers, workers)
            }
            (None, sparse) => {
                let of_trees = (&selection.workloads, &selection.standings, &selection.workers);
                let one = match sparse {
                    Some(file) => selection.sizes.is_empty() && allows(&selection.sparse, &file.name),
                    None => selection.sparse.is_empty() && allows(&selection.sizes, &self.size_bytes),
                };
                one && of_trees == (&Vec::new(), &Vec::new(), &Vec::new())
            }
        };
        item && allows(&selection.filesystems, &self.filesystems)
            && allows(&selection.verify, &self.verify)
            && allows(&selection.strategies, &self.strategy)
            && allows(&selection.chunks, &self.chunk)
            && allows(&selection.compressions, &self.compression)
            && allows(&selection.subjects, &self.subject)
            && (selection.tunings.is_empty()
                || self
                    .tuning
                    .as_ref()
                    .is_some_and(|set| selection.tunings.iter().any(|name| name == set.name())))
    }
}

/// Whether a list says nothing of the value, or names it.
fn allows<T: PartialEq>(list: &[T], value: &T) -> bool {
    list.is_empty() || list.contains(value)
}

/// A case that was not run, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Skipped {
    pub(crate) case: String,
    pub(crate) reason: String,
}

/// The cases of `scenario`, grouped as tables show them.
pub(crate) fn cases(scenario: &Scenario) -> Vec<Case> {
    let matrix = &scenario.matrix;
    let subjects = if matrix.subjects.is_empty() { &[Subject::Engine][..] } else { &matrix.subjects };
    let compressions =
        if matrix.compressions.is_empty() { &[Compression::None][..] } else { &matrix.compressions };
    let items = Item::all(matrix);
    let tunings: Vec<Option<&ValueSet>> =
        if matrix.tunings.is_empty() { vec![None] } else { matrix.tunings.iter().map(Some).collect() };
    let mut cases: Vec<Case> = Vec::new();
    let mut known = HashSet::new();
    for filesystems in &matrix.filesystems {
        for &verify in &matrix.verify {
            for &item in &items {
                for &subject in subjects {
                    for &strategy in &matrix.strategies {
                        for &chunk in &matrix.chunks {
                            for (&compression, &tuning) in
                                compressions.iter().flat_map(|one| tunings.iter().map(move |set| (one, set)))
                            {
                                let combination = Combination {
                                    filesystems,
                                    verify,
                                    item,
                                    strategy,
                                    chunk,
                                    compression,
                                    subject,
                                    tuning,
                                };
                                let case = combination.plain().case(scenario);
                                let excluded = matrix.exclude.iter().any(|exclude| case.matches(exclude));
                                if !excluded && known.insert(case.id.clone()) {
                                    cases.push(case);
                                }
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

    #[test]
    fn values_are_known_by_name_and_meant_by_what_they_are() {
        let axes = "[matrix]\nsize = 1\ntuning = [\"default\", \"a\"]\nsubject = [\"engine\", \"cp\"]\n\
                    [[tuning]]\nname = \"a\"\ntree_batch = 3\n";
        let found = cases(&scenario(axes));
        let tails: Vec<&str> =
            found.iter().filter_map(|case| case.id.split_once("/subject=")).map(|id| id.1).collect();
        assert_eq!(tails, ["engine/tuning=default", "engine/tuning=a", "cp/tuning=default"]);
        assert_eq!(found[0].hash, cases(&scenario("[matrix]\nsize = 1\n"))[0].hash);
        assert_ne!(found[1].hash, found[0].hash);
        let renamed = cases(&scenario(&axes.replace("\"a\"", "\"b\"")));
        assert_eq!(renamed[1].hash, found[1].hash);
    }

    #[test]
    fn compression_is_the_engines_and_named_where_it_is_an_axis() {
        let axes = "[matrix]\nsize = 1\ncompression = [\"none\", \"zstd\"]\nsubject = [\"engine\", \"cp\"]\n";
        let found = cases(&scenario(axes));
        let ids: Vec<&str> = found.iter().map(|case| case.id.as_str()).collect();
        let id = |tail| format!("t/size=1/strategy=auto/filesystems=same/verify=none/chunk=engine/{tail}");
        let expected = ["none/subject=engine", "zstd:3/subject=engine", "none/subject=cp"];
        assert_eq!(ids, expected.map(|tail| id(format!("compression={tail}"))));
        let plain = cases(&scenario("[matrix]\nsize = 1\n"));
        assert_eq!(found[0].hash, plain[0].hash);
        assert!(found[1].hash != plain[0].hash && !found[1].is_plain_file());
    }

    #[test]
    fn a_sparse_file_is_known_by_name_and_meant_by_layout() {
        let text = "[defaults]\ncontent = \"random\"\n[matrix]\nsize = \"12KiB\"\nsparse = \"s\"\n[[matrix.exclude]]\nsize = \"12KiB\"\n\
                    [[sparse]]\nname = \"s\"\nextents = 1\nextent_size = \"4KiB\"\nhole_size = \"8KiB\"\n";
        let found = cases(&scenario(text));
        // Not the file of that length that has no holes.
        assert_eq!((found.len(), found[0].size_bytes), (1, 12_288));
        assert!(found[0].id.starts_with("t/sparse=s/strategy=auto/") && !found[0].is_plain_file());
        let hash = |text: &str| cases(&scenario(text))[0].hash.clone();
        assert_eq!(hash(&text.replace("\"s\"", "\"r\"")), found[0].hash);
        assert_ne!(hash(&text.replace("extents = 1", "extents = 2")), found[0].hash);
        assert_ne!(hash(&text.replace("random", "text")), found[0].hash);
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
