//! Published figures and their runs: what the documentation names exists, and what is kept is cited.

use std::collections::BTreeSet;

use anyhow::Context;

use super::tree::{Tree, Violation};
use crate::cmd::tables::{CALIBRATION, CURATED};
use crate::gate::Calibration;
use crate::{report, summary};

pub(super) fn named_figures_exist(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for page in tree.documents() {
        for (line, path) in named(page.text()).into_iter().filter(|(_, path)| !tree.exists(path)) {
            let remedy = "commit the run that shows it, or remove the claim";
            found.push(Violation::new(&page.path, line, format!("`{path}` does not exist"), remedy));
        }
    }
    found
}

pub(super) fn curated_runs_are_cited(tree: &Tree) -> Vec<Violation> {
    let cited: BTreeSet<String> =
        tree.documents().flat_map(|page| named(page.text())).filter_map(|(_, path)| run_of(&path)).collect();
    let kept: BTreeSet<String> =
        tree.files.iter().filter_map(|file| run_of(&file.path).filter(|run| *run != file.path)).collect();
    let remedy = "cite it in README.md or docs/, or remove it";
    kept.difference(&cited).map(|run| Violation::new(run, 1, "no page cites this run", remedy)).collect()
}

pub(super) fn tables_are_fresh(tree: &Tree) -> Vec<Violation> {
    let mut of = |run: &str| {
        let path = format!("{CURATED}{run}/summary.json");
        summary::parse(tree.file(&path).with_context(|| format!("{path} does not exist"))?.text())
    };
    let mut found = Vec::new();
    for page in tree.documents() {
        let calibration = || {
            let file = tree.file(CALIBRATION).with_context(|| format!("{CALIBRATION} does not exist"))?;
            Calibration::parse(file.text())
        };
        let written = report::document(page.text(), &mut of)
            .and_then(|written| report::calibrated(&written, calibration));
        match written {
            Ok(written) if written == page.text() => {}
            Ok(written) => {
                let same = page.text().lines().zip(written.lines()).take_while(|(is, should)| is == should);
                let (line, what) = (same.count() + 1, "a table is not as its run says");
                found.push(Violation::new(&page.path, line, what, "run `cargo xtask tables`"));
            }
            Err(error) => {
                let remedy = "mend the comment in front of the table";
                found.push(Violation::new(&page.path, 1, format!("{error:#}").replace('\n', " "), remedy));
            }
        }
    }
    found
}

/// Line and path of everything below the curated runs that `text` names; placeholders name nothing.
fn named(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for (at, _) in line.match_indices(CURATED) {
            let rest = &line[at + CURATED.len()..];
            let path = &rest[..rest.find(|char| !is_path(char)).unwrap_or(rest.len())];
            let path = path.trim_end_matches(['.', ':', '/']);
            if !path.is_empty() {
                found.push((number, format!("{CURATED}{path}")));
            }
        }
    }
    found
}

fn is_path(char: char) -> bool {
    char.is_ascii_alphanumeric() || "-_.:/+=@,".contains(char)
}

/// The folder directly below the curated runs that `path` is or lies in.
fn run_of(path: &str) -> Option<String> {
    let name = path.strip_prefix(CURATED)?.split('/').next()?;
    Some(format!("{CURATED}{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: (&str, &str) = ("results/curated/r1/plots/a.svg", "");

    #[test]
    fn named_and_kept_agree() {
        let readme = "![a](results/curated/r1/plots/a.svg) from `results/curated/r1/`, results/curated/r1. \
                      Any: results/curated/<run>/a.svg, results/curated/*/a.svg, results/curated/.\n";
        let tree = Tree::of(&[("README.md", readme), RUN, ("results/curated/.keep", "")]);
        assert_eq!(named_figures_exist(&tree), []);
        assert_eq!(curated_runs_are_cited(&tree), []);
    }

    #[test]
    fn a_figure_that_does_not_exist_is_found() {
        for text in [
            "![a](../results/curated/r1/b.svg)",
            "<img src=\"../results/curated/r2/a.svg\">",
            "results/curated/r",
        ] {
            assert_eq!(named_figures_exist(&Tree::of(&[("docs/a.md", text), RUN])).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_stale_calibration_is_found() {
        let file = serde_json::to_string(&report::planted::calibration()).unwrap();
        let page = "<!-- calibration -->\n<!-- end of calibration -->\n";
        let fresh = report::calibrated(page, || Calibration::parse(&file)).unwrap();
        let found = |page: &str, json: &str| {
            tables_are_fresh(&Tree::of(&[("docs/a.md", page), (CALIBRATION, json)]))
                .into_iter()
                .map(|one| one.what)
                .collect::<Vec<_>>()
        };
        assert_eq!(found(&fresh, &file), [""; 0]);
        assert_eq!(
            found(&fresh, &file.replace("\"found\":50", "\"found\":49")),
            ["a table is not as its run says"]
        );
        assert!(found(&fresh, "{}")[0].starts_with("that is no calibration: missing field"), "{fresh}");
    }

    #[test]
    fn a_run_that_nobody_cites_is_found() {
        let found = curated_runs_are_cited(&Tree::of(&[("README.md", "results/curated/r10/"), RUN]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "results/curated/r1");
    }
}
