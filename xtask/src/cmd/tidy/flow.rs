//! Imports follow the flow: a module may use only modules that stand before it in its crate's table.

use super::lex;
use super::paths::{self, Target};
use super::tree::{File, Tree, Violation};

/// `orbit-engine`, from what depends on nothing to what uses everything.
const ENGINE: &[&str] = &[
    "names",
    "size",
    "strategy",
    "fault",
    "tuning",
    "observe",
    "pace",
    "options",
    "config",
    "outcome",
    "error",
    "failure",
    "buffer",
    "sidecar",
    "ffi",
    "platform",
    "entry",
    "tuned",
    "facts",
    "select",
    "memory",
    "staging",
    "attempt",
    "limit",
    "fill",
    "drive",
    "holes",
    "parallel",
    "keeper",
    "ladder",
    "compress",
    "verify",
    "metadata",
    "inspect",
    "survey",
    "partial",
    "placement",
    "setting",
    "capabilities",
    "retry",
    "copy",
    "explain",
    "drop_in",
    "tree",
    "send",
];

/// `xtask`, in the order in which data moves.
const XTASK: &[&str] = &[
    "text",
    "system",
    "stats",
    "interrupt",
    "owner",
    "host",
    "mounts",
    "scenario",
    "flags",
    "lab",
    "targets",
    "program",
    "plan",
    "clock",
    "launcher",
    "sample",
    "budget",
    "known",
    "record",
    "export",
    "comparison",
    "agreement",
    "histogram",
    "summary",
    "run_comparison",
    "subject",
    "cache",
    "fixture",
    "runner",
    "worker",
    "gate",
    "tuner",
    "report",
    "cmd",
];

/// Source folder of a crate, the name of its table, the table.
const TABLES: &[(&str, &str, &[&str])] = &[("engine/src/", "ENGINE", ENGINE), ("xtask/src/", "XTASK", XTASK)];

pub(super) fn imports_follow_the_flow(tree: &Tree) -> Vec<Violation> {
    let exempt = paths::files_for_tests_only(tree);
    let mut found = Vec::new();
    for &(folder, name, table) in TABLES {
        for file in tree.rust().filter(|file| !exempt.contains(&file.path)) {
            if let Some(module) = file.path.strip_prefix(folder).and_then(paths::module_of) {
                found.extend(check(file, &module, name, table));
            }
        }
    }
    found
}

fn check(file: &File, module: &[String], name: &str, table: &[&str]) -> Vec<Violation> {
    let Some(own) = table.iter().position(|entry| *entry == module[0]) else {
        let what = format!("module `{}` is not in the table {name}", module[0]);
        return vec![Violation::new(
            &file.path,
            1,
            what,
            "give it a place in the tables of tidy's flow rule",
        )];
    };
    let verdict = |target: Target| {
        let (what, remedy) = match table.iter().position(|entry| *entry == target.module) {
            Some(other) if other <= own => return None,
            Some(_) => (
                format!("`{}` uses `{}`, which comes later in the table {name}", table[own], target.module),
                "move the shared part to an earlier module, or pass it in as a value",
            ),
            None => (
                format!("`{}` is no module of the table {name}", target.module),
                "name the module that defines it; paths through the crate's root hide the flow",
            ),
        };
        Some(Violation::new(&file.path, lex::line_at(&file.product, target.at), what, remedy))
    };
    paths::crate_paths(&file.product, module).into_iter().filter_map(verdict).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [usize; 0] = [];

    fn lines(files: &[(&str, &str)]) -> Vec<usize> {
        imports_follow_the_flow(&Tree::of(files)).iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn earlier_modules_and_own_children_are_free() {
        let text = "use crate::{error::Error, strategy};\nuse super::options::{Options, tuning as t};\nuse self::deep::X;\n\
                    // crate::copy\nconst A: &str = \"crate::copy\";\n#[cfg(test)]\nmod tests { use crate::copy::B; }\n";
        let files = [
            ("engine/src/select.rs", text),
            ("engine/src/select/deep.rs", "use super::X;\nuse super::super::facts::Y;\n"),
            ("engine/src/lib.rs", "use crate::copy::A;\n"),
            ("engine/src/bin/orbit/main.rs", "use crate::print::A;\n"),
            ("xtask/src/main.rs", "use crate::cmd::bench;\n"),
            ("xtask/src/cmd/bench.rs", "use crate::tuner::T;\n"),
        ];
        assert_eq!(lines(&files), NONE);
    }

    #[test]
    fn later_modules_are_not() {
        assert_eq!(lines(&[("engine/src/error.rs", "\nuse crate::copy::Copy;\n")]), [2]);
        assert_eq!(
            lines(&[("engine/src/error.rs", "use crate::{\n  strategy::S,\n  tree::{A, B},\n};\n")]),
            [3]
        );
        assert_eq!(lines(&[("engine/src/error.rs", "fn f() -> super::copy::C {}\n")]), [1]);
        assert_eq!(lines(&[("engine/src/error/os.rs", "use super::super::copy::C;\n")]), [1]);
        assert_eq!(lines(&[("xtask/src/plan.rs", "mod inner {\n use super::super::cmd::X;\n}\n")]), [2]);
        assert_eq!(lines(&[("xtask/src/stats.rs", "#[cfg(unix)]\nuse crate::report::R;\n")]), [2]);
    }

    #[test]
    fn the_root_is_no_way_round() {
        assert_eq!(lines(&[("engine/src/copy.rs", "use crate::Error;\nuse super::*;\n")]), [1, 2]);
    }

    #[test]
    fn unknown_modules_name_the_table() {
        let found = imports_follow_the_flow(&Tree::of(&[("xtask/src/novel.rs", "//! Doc.\n")]));
        assert!(found[0].what.contains("`novel` is not in the table XTASK"), "{found:?}");
    }

    #[test]
    fn files_for_tests_only_are_exempt() {
        let parent = ("engine/src/error.rs", "#[cfg(test)]\nmod tests;\n");
        assert_eq!(lines(&[parent, ("engine/src/error/tests.rs", "use crate::copy::C;\n")]), NONE);
        let parent = ("engine/src/error.rs", "mod tests;\n");
        assert_eq!(lines(&[parent, ("engine/src/error/tests.rs", "use crate::copy::C;\n")]), [1]);
    }
}
