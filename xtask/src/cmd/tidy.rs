//! `cargo xtask tidy`: the rules of this repository as checks, so that none of them lives in memory only.
//!
//! Reads files and `cargo metadata`; changes nothing. Each rule is a pure function over one loaded [`Tree`].

mod figures;
mod flow;
mod leftovers;
mod lex;
mod links;
mod manifest;
mod markdown;
mod paths;
mod scenario_keys;
mod shape;
mod tree;
mod unsafety;

use std::io::Write;
use std::path::Path;

use anyhow::bail;

use crate::cmd::Done;

use tree::{Tree, Violation};

type Rule = fn(&Tree) -> Vec<Violation>;

const RULES: &[(&str, Rule)] = &[
    ("module-doc", shape::module_docs),
    ("file-name", shape::file_names),
    ("file-length", shape::file_lengths),
    ("flow", flow::imports_follow_the_flow),
    ("unsafe-door", unsafety::one_door),
    ("unsafe-reason", unsafety::safety_comments),
    ("scenario-keys", scenario_keys::keys_are_documented),
    ("rust-version", manifest::dependencies_fit_rust_version),
    ("lints", manifest::members_inherit_lints),
    ("unfinished", leftovers::unfinished_work),
    ("machine-path", leftovers::machine_paths),
    ("links", links::links_lead_somewhere),
    ("figures-exist", figures::named_figures_exist),
    ("figures-cited", figures::curated_runs_are_cited),
    ("tables-fresh", figures::tables_are_fresh),
];

/// Prints every violation below `root` as `path:line: rule: what is wrong; remedy`.
///
/// `scenario_keys` are the keys of the scenario language, spelled as `docs/scenarios.md` must spell them.
///
/// # Errors
/// When there is a violation, and when the files or `cargo metadata` cannot be read.
pub(crate) fn run(root: &Path, scenario_keys: &[&str], out: &mut impl Write) -> anyhow::Result<Done> {
    let tree = Tree::load(root, scenario_keys)?;
    let lines = check(&tree);
    for line in &lines {
        writeln!(out, "{line}")?;
    }
    match lines.len() {
        0 => writeln!(out, "tidy: {} files, {} rules, clean", tree.files.len(), RULES.len())?,
        1 => bail!("1 violation"),
        n => bail!("{n} violations"),
    }
    Ok(Done::Complete)
}

fn check(tree: &Tree) -> Vec<String> {
    let report = |name: &str, found: Vec<Violation>| -> Vec<String> {
        found.iter().map(|v| format!("{}:{}: {name}: {}; {}", v.path, v.line, v.what, v.remedy)).collect()
    };
    RULES.iter().flat_map(|(name, rule)| report(name, rule(tree))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_one_line_with_place_rule_and_remedy() {
        let mut tree = Tree::of(&[("tests/src/helpers.rs", "//! Doc.\n")]);
        tree.scenario_keys = Vec::new();
        let lines = check(&tree);
        assert!(lines.iter().all(|line| !line.contains('\n')), "{lines:?}");
        let name = lines.iter().find(|line| line.contains("file-name")).expect("the name is forbidden");
        assert!(name.starts_with("tests/src/helpers.rs:1: file-name: "), "{name}");
        assert!(name.contains("; "), "{name}");
    }

    #[test]
    fn rule_names_are_distinct() {
        let mut names: Vec<_> = RULES.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.len());
    }
}
