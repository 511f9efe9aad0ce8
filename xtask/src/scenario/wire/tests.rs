//! Every key reaches the domain, and what is wrong in a file is said with the place and the remedy.

use super::super::workload::FileSizes;
use super::super::{Counter, Limit, Setting, System};
use super::*;
use orbit_engine::Chunk;

const HEAD: &str = "schema = \"orbit.scenario/1\"\nname = \"a-b\"\nquestion = \"Why?\"\n";

fn scenario(tail: &str) -> Result<Scenario> {
    parse(format!("{HEAD}{tail}"), Path::new("s.toml"))
}

fn error(tail: &str) -> String {
    format!("{:#}", scenario(tail).unwrap_err())
}

/// Whether the message is about this key, wherever in the file.
fn is_of(message: &str, key: &str) -> bool {
    let place = message.strip_prefix("s.toml").and_then(|rest| rest.split_once(": "));
    place.is_some_and(|(line, rest)| {
        let is_line = line.strip_prefix(':').is_some_and(|line| line.parse::<usize>().is_ok());
        (line.is_empty() || is_line) && rest.starts_with(&format!("{key}: "))
    })
}

#[test]
fn every_key_reaches_the_domain() {
    let scenario = scenario(
        "tags = [\"ci\", \"x-1\"]\n[defaults]\nblocks = 7\ncache = \"as-is\"\ndurability = \"file\"\ncheck = \"once\"\n\
         content = \"text\"\n[matrix]\ncompression = [\"none\", \"zstd:5\"]\nsparse = \"holes\"\nsize = [4096, \"1MB\"]\nstrategy = \"buffered\"\nfilesystems = [\"cross\", \"same\"]\n\
         verify = [\"sha256\"]\nchunk = \"8KiB\"\nsubject = \"engine\"\ntuning = [\"tuned\", \"pipe\", \"default\"]\n[[matrix.exclude]]\nsize = 4096\nstrategy = \"auto\"\n\
         filesystems = \"same\"\nverify = \"none\"\nchunk = \"8KiB\"\nsubject = [\"cp\"]\n\
         compression = \"zstd:5\"\ntuning = \"pipe\"\n\
         [[tuning]]\nname = \"pipe\"\npipe_size = \"8KiB\"\ntree_batch = 3\n[[sparse]]\nname = \"holes\"\nextents = 3\nextent_size = 4096\nhole_size = \"8KiB\"\n",
    )
    .unwrap();
    let zstd = || "zstd:5".parse::<Compression>().unwrap();
    let holes = SparseFile { name: "holes".into(), extents: 3, extent_bytes: 4096, hole_bytes: 8192 };
    let settings = vec![Setting::PipeSize(Chunk::new(8192).unwrap()), Setting::TreeBatch(3)];
    let pipe = ValueSet::Named { name: "pipe".into(), settings };
    let chunk = || vec!["8KiB".parse::<ChunkChoice>().unwrap()];
    let exclude = Selection {
        sizes: vec![4096],
        sparse: Vec::new(),
        workloads: Vec::new(),
        standings: Vec::new(),
        workers: Vec::new(),
        strategies: vec![Strategy::Auto],
        filesystems: vec![FileSystems::Same],
        verify: vec![Verification::None],
        chunks: chunk(),
        compressions: vec![zstd()],
        subjects: vec![Subject::Cp],
        tunings: vec!["pipe".into()],
    };
    let matrix = Matrix {
        sizes: vec![4096, 1_000_000],
        sparse: vec![holes.clone()],
        workloads: Vec::new(),
        standings: vec![Standing::New],
        workers: vec![Workers::Auto],
        strategies: vec![Strategy::Buffered],
        filesystems: vec![FileSystems::Cross, FileSystems::Same],
        verify: vec![Verification::Sha256],
        chunks: chunk(),
        compressions: vec![Compression::None, zstd()],
        subjects: vec![Subject::Engine],
        tunings: vec![ValueSet::Tuned, pipe, ValueSet::Default],
        exclude: vec![exclude],
    };
    assert_eq!(scenario.matrix, matrix);
    assert_eq!(
        (scenario.tags.as_slice(), scenario.budgets.as_slice()),
        (&["ci", "x-1"].map(str::to_owned)[..], &[][..])
    );
    assert_eq!((scenario.name.as_str(), scenario.question.as_str(), scenario.blocks), ("a-b", "Why?", 7));
    assert_eq!(
        (scenario.cache, scenario.durability, scenario.check, scenario.content),
        (Cache::AsIs, Durable::Engine(Durability::File), Check::Once, Content::Text)
    );
}

#[test]
fn an_unknown_key_is_named_with_file_line_and_nearest_key() {
    assert!(error("[matrix]\nsizes = [\"4KiB\"]\n").starts_with("s.toml:5: unknown field `sizes`"));
    assert!(error("[matrix]\nsizes = [\"4KiB\"]\n").ends_with("did you mean `size`?"));
    let far = error("[matrix]\nsize = 1\nzzzzzzzz = 1\n");
    assert!(far.starts_with("s.toml:6: unknown field `zzzzzzzz`") && !far.contains("did you mean"), "{far}");
}

#[test]
fn a_bad_value_is_named_with_its_key_and_remedy() {
    let size = error("[matrix]\nsize = [\"4KiB\", \"5QB\"]\n");
    assert!(size.starts_with("s.toml:5: size: `5QB` is no size; write 4096"), "{size}");
    let strategy = error("[matrix]\nsize = 1\nstrategy = \"fast\"\n");
    assert_eq!(strategy, "s.toml:6: strategy: `fast` is none of auto, zero-copy, buffered");
    for (tail, key) in [
        ("[matrix]\nsize = []\n", "matrix.size"),
        ("[matrix]\nsize = 0\n", "matrix.size"),
        ("[matrix]\nsize = [\"4KiB\", 4096]\n", "matrix.size"),
        ("[matrix]\nsize = 1\nchunk = [\"1MiB\", \"1024KiB\"]\n", "matrix.chunk"),
        ("[matrix]\nsize = 1\n[[matrix.exclude]]\n", "matrix.exclude"),
        ("[matrix]\nsize = 1\nsubject = [\"cp\", \"cp\"]\n", "matrix.subject"),
        ("[defaults]\ncache = \"dropped\"\n[matrix]\nsize = 1\n", "defaults.cache"),
        ("[defaults]\ndurability = \"file\"\n[matrix]\nsize = 1\nsubject = \"cp\"\n", "defaults.durability"),
        ("[defaults]\nblocks = 0\n[matrix]\nsize = 1\n", "defaults.blocks"),
    ] {
        assert!(is_of(&error(tail), key), "{}", error(tail));
    }
}

#[test]
fn the_table_of_keys_is_the_format() {
    for key in KEYS.iter().filter(|key| !key.starts_with("matrix.exclude")) {
        let (table, name) = key.split_once('.').unwrap_or(("", key));
        let text = match table {
            "" => format!("{name} = {{}}\n"),
            "workload" | "sparse" | "budget" => format!("[[{table}]]\n{name} = {{}}\n"),
            _ => format!("[{table}]\n{name} = {{}}\n"),
        };
        let message = format!("{:#}", parse(text, Path::new("s.toml")).unwrap_err());
        assert!(!message.contains("unknown field"), "{key}: {message}");
    }
}

const TREE: &str = "[[workload]]\nname = \"small\"\nfiles = 20\nsize = \"4KiB\"\n";

#[test]
fn workloads_reach_the_domain() {
    let scenario = scenario(
        "[matrix]\nworkload = [\"mix\", \"small\"]\ndestination = [\"new\", \"existing\"]\nworkers = [\"auto\", 4]\n\
         [[matrix.exclude]]\nworkload = \"mix\"\ndestination = \"existing\"\nworkers = 4\n\
         [[workload]]\nname = \"small\"\nfiles = 20\nsize = 4096\nfiles_per_directory = 5\nfan_out = 2\n\
         [[workload]]\nname = \"mix\"\nfiles = 7\nsize = { median = \"8KiB\", sigma = 1.5, max = \"1MiB\" }\n",
    )
    .unwrap();
    let mix = Workload {
        name: "mix".into(),
        files: 7,
        size: FileSizes::LogNormal { median_bytes: 8192, sigma_thousandths: 1500, max_bytes: 1 << 20 },
        files_per_directory: 7,
        fan_out: None,
    };
    let small = Workload {
        name: "small".into(),
        files: 20,
        size: FileSizes::Fixed { bytes: 4096 },
        files_per_directory: 5,
        fan_out: Some(2),
    };
    let matrix = scenario.matrix;
    assert_eq!((matrix.workloads, matrix.sizes), (vec![mix, small], Vec::new()));
    assert_eq!(matrix.standings, [Standing::New, Standing::Existing]);
    assert_eq!(matrix.workers, [Workers::Auto, Workers::Number(4)]);
    let exclude = Selection {
        workloads: vec!["mix".into()],
        standings: vec![Standing::Existing],
        workers: vec![Workers::Number(4)],
        ..Selection::default()
    };
    assert_eq!(matrix.exclude, [exclude]);
}

#[test]
fn an_unknown_key_of_a_workload_is_named_too() {
    let tree = format!("[matrix]\nworkload = \"small\"\n{TREE}");
    let unknown = error(&format!("{tree}fanout = 1\n"));
    assert!(unknown.starts_with("s.toml:10: unknown field `fanout`"), "{unknown}");
    assert!(unknown.ends_with("did you mean `fan_out`?"), "{unknown}");
    let nested = error(&tree.replace("\"4KiB\"", "{ medain = 1, sigma = 1, max = 1 }"));
    assert!(nested.starts_with("s.toml:9: size: unknown field `medain`"), "{nested}");
    assert!(nested.ends_with("did you mean `median`?"), "{nested}");
}

#[test]
fn a_workload_that_makes_no_sense_is_refused_with_its_key() {
    let tree = |matrix: &str, table: &str| format!("[matrix]\n{matrix}\n{table}");
    let small = "workload = \"small\"";
    for (text, key) in [
        (tree("", TREE), "matrix.size"),
        (tree("size = 1\nworkload = \"small\"", TREE), "matrix.workload"),
        (tree("size = 1", TREE), "matrix.workload"),
        (tree("workload = \"smal\"", TREE), "matrix.workload"),
        (tree("size = 1\ndestination = \"new\"", ""), "matrix.destination"),
        (tree("size = 1\nworkers = 2", ""), "matrix.workers"),
        (tree("workload = [\"small\", \"small\"]", TREE), "matrix.workload"),
        (tree(&format!("{small}\nworkers = [2, 2]"), TREE), "matrix.workers"),
        (tree(&format!("{small}\nsubject = \"std-fs-copy\""), TREE), "matrix.subject"),
        (tree(&format!("{small}\n[[matrix.exclude]]\nworkload = \"smal\""), TREE), "matrix.exclude"),
        (tree(small, &[TREE, TREE].concat()), "workload.name"),
        (tree(small, &TREE.replace("small", "Small")), "workload.name"),
        (tree(small, &TREE.replace("20", "0")), "workload.files"),
        (tree(small, &format!("{TREE}files_per_directory = 0\n")), "workload.files_per_directory"),
        (tree(small, &format!("{TREE}fan_out = 0\n")), "workload.fan_out"),
        (tree(small, &TREE.replace("\"4KiB\"", "{ median = 2, sigma = 1, max = 1 }")), "workload.size.max"),
        (tree(small, &TREE.replace("\"4KiB\"", "{ median = 1, sigma = 0, max = 1 }")), "workload.size.sigma"),
    ] {
        assert!(is_of(&error(&text), key), "{text}: {}", error(&text));
    }
    let workers = error(&tree(&format!("{small}\nworkers = 0"), TREE));
    assert!(workers.starts_with("s.toml:6: workers: `0` is no number of workers"), "{workers}");
}

#[test]
fn budgets_reach_the_domain() {
    let scenario = scenario(
        "[matrix]\nsize = [1, 2]\n[[budget]]\ncounter = \"system_calls\"\nmax = 12\nsystem = \"macos\"\n\
         [[budget]]\ncounter = \"refusals\"\nmax_per_file = 0\ncases = { size = 2, strategy = [\"auto\"] }\n",
    )
    .unwrap();
    let cases = Selection { sizes: vec![2], strategies: vec![Strategy::Auto], ..Selection::default() };
    let budgets = [
        Budget {
            counter: Counter::SystemCalls,
            limit: Limit::Copy(12),
            cases: Selection::default(),
            system: Some(System::Macos),
        },
        Budget { counter: Counter::Refusals, limit: Limit::File(0), cases, system: None },
    ];
    assert_eq!(scenario.budgets, budgets);
}

#[test]
fn what_makes_no_sense_is_refused_with_its_key() {
    let sparse = |table: &str| format!("[matrix]\nsparse = \"a\"\n[[sparse]]\nname = \"a\"\n{table}");
    let (file, budget) =
        ("extents = 1\nextent_size = 4096\nhole_size = 4096\n", "[matrix]\nsize = 1\n[[budget]]\n");
    let tree = format!("[matrix]\nworkload = \"small\"\ncompression = \"zstd\"\n{TREE}");
    for (text, key) in [
        ("tags = \"A b\"\n[matrix]\nsize = 1\n".to_owned(), "tags"),
        ("[matrix]\nsize = 1\ncompression = [\"zstd\", \"zstd:3\"]\n".to_owned(), "matrix.compression"),
        ("[matrix]\nsize = 1\ncompression = \"decompress\"\n".to_owned(), "matrix.compression"),
        (tree, "matrix.compression"),
        ("[matrix]\nsize = 1\nsparse = \"a\"\n".to_owned(), "matrix.sparse"),
        (format!("[matrix]\nsize = 1\n[[sparse]]\nname = \"a\"\n{file}"), "matrix.sparse"),
        (sparse(file).replace("\"a\"\n[[", "[\"a\", \"a\"]\n[["), "matrix.sparse"),
        (sparse(&file.replace("extents = 1", "extents = 0")), "sparse.extents"),
        (sparse(&file.replace("extent_size = 4096", "extent_size = 4095")), "sparse.extent_size"),
        (sparse(&file.replace("hole_size = 4096", "hole_size = 0")), "sparse.hole_size"),
        (sparse(&file.replace("hole_size = 4096", "hole_size = \"2048GiB\"")), "sparse.extents"),
        (sparse(&format!("{file}[[sparse]]\nname = \"a\"\n{file}")), "sparse.name"),
        (sparse(file).replace("name = \"a\"", "name = \"A\""), "sparse.name"),
        (
            "[matrix]\nsize = 1\nsubject = \"bare-send\"\nfilesystems = \"cross\"\n".to_owned(),
            "matrix.filesystems",
        ),
        (format!("{budget}counter = \"bytes\"\n"), "budget.max"),
        (format!("{budget}counter = \"bytes\"\nmax = 1\nmax_per_file = 1\n"), "budget.max_per_file"),
        (format!("{budget}counter = \"bytes\"\nmax = 1\ncases = {{ workload = \"x\" }}\n"), "budget.cases"),
        (format!("{budget}counter = \"bytes\"\nmax = 1\ncases = {{ sparse = \"x\" }}\n"), "budget.cases"),
    ] {
        assert!(is_of(&error(&text), key), "{text}: {}", error(&text));
    }
    let unknown = error(&format!("{budget}counter = \"calls\"\nmax = 1\n"));
    assert!(unknown.starts_with("s.toml:7: counter: `calls` is none of system_calls"), "{unknown}");
    let nested = error(&format!("{budget}counter = \"bytes\"\nmax = 1\ncases = {{ sice = 1 }}\n"));
    assert!(nested.ends_with("did you mean `size`?"), "{nested}");
    let sparse = error(&sparse(&file.replace("hole_size", "holesize")));
    assert!(
        sparse.starts_with("s.toml:10: unknown field `holesize`") && sparse.ends_with("`hole_size`?"),
        "{sparse}"
    );
}

#[test]
fn sending_cannot_be_synced() {
    let of = |durability: &str, subject: &str| {
        scenario(&format!(
            "[defaults]\ndurability = \"{durability}\"\n[matrix]\nsize = 1\nsubject = [\"cp\", \"{subject}\"]\n"
        ))
    };
    for subject in ["engine-send-file", "bare-send"] {
        let error = format!("{:#}", of("syncfs", subject).unwrap_err());
        let expected = format!(
            "s.toml:5: defaults.durability: {subject} leaves nothing on a disk that could be synced; write none"
        );
        assert_eq!(error, expected);
        assert!(of("none", subject).is_ok());
    }
    assert!(of("syncfs", "engine").is_ok());
}

#[test]
fn values_are_valid_by_name_and_range() {
    let tuning = |axis: &str, table: &str| {
        error(&format!("[matrix]\nsize = 1\ntuning = [{axis}]\n[[tuning]]\nname = \"a\"\n{table}\n"))
    };
    assert!(tuning("\"a\"", "").contains("tuning.name: a sets nothing"));
    assert!(tuning("\"a\"", "tree_batch = 65").contains("tuning.tree_batch: of a: `65` is out of range"));
    assert!(tuning("\"a\"", "pipe_sise = 1").contains("did you mean `pipe_size`"));
    assert!(tuning("\"a\", \"b\"", "tree_batch = 1").contains("matrix.tuning: no table describes b"));
    assert!(tuning("\"default\"", "tree_batch = 1").contains("a is described, and in no case"));
    assert!(tuning("\"a\", \"a\"", "tree_batch = 1").contains("matrix.tuning: a is there twice"));
    let taken = error("[matrix]\nsize = 1\n[[tuning]]\nname = \"tuned\"\ntree_batch = 1\n");
    assert!(taken.contains("`tuned` is there without a table"), "{taken}");
}
