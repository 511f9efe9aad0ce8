//! What must not stay behind: marks of unfinished work, and paths of the machine on which it was done.
//!
//! The patterns are put together from parts, or this file would be the first violation.

use super::lex;
use super::tree::{File, Tree, Violation};

const MARKS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const MACROS: &[&str] = &["todo", "unimplemented"];
const SOURCES: &[&str] = &[".rs", ".toml", ".sh", ".yml", ".yaml", ".py"];
const HOMES: &[&str] =
    &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];
/// Records say where they were made; that is their job.
const RECORDS: &str = "results/curated/";

pub(super) fn unfinished_work(tree: &Tree) -> Vec<Violation> {
    let sources = tree.files.iter().filter(|file| SOURCES.iter().any(|ending| file.path.ends_with(ending)));
    sources.flat_map(|file| marks(file).into_iter().chain(macros(file))).collect()
}

fn marks(file: &File) -> Vec<Violation> {
    let remedy = "do it, or write down what is missing and why in docs/";
    let mut found = Vec::new();
    for mark in MARKS {
        for at in lex::find_words(file.text(), mark) {
            let line = lex::line_at(file.text(), at);
            found.push(Violation::new(&file.path, line, format!("a `{mark}`"), remedy));
        }
    }
    found
}

fn macros(file: &File) -> Vec<Violation> {
    let called = |name: &str, at: usize| file.code[at + name.len()..].starts_with('!');
    let mut found = Vec::new();
    for name in MACROS {
        for at in lex::find_words(&file.code, name).into_iter().filter(|&at| called(name, at)) {
            let line = lex::line_at(&file.code, at);
            found.push(Violation::new(
                &file.path,
                line,
                format!("`{name}!`"),
                "return a typed refusal instead",
            ));
        }
    }
    found
}

pub(super) fn machine_paths(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| !file.path.starts_with(RECORDS)) {
        for (number, line) in (1..).zip(file.text().lines()) {
            if let Some(home) = HOMES.iter().find(|home| names_machine(line, home)) {
                let what = format!("a path below `{home}` belongs to one machine");
                found.push(Violation::new(&file.path, number, what, "write it relative to the repository"));
            }
        }
    }
    found
}

/// Neither `target/…`, `$HOME/…`, `~/…`, `{root}/…` nor the path of a web address.
fn names_machine(line: &str, home: &str) -> bool {
    let absolute = |before: &str| match before.chars().next_back() {
        Some('/') => before.ends_with("://"),
        Some(char) => !char.is_alphanumeric() && !"_-.~)}*]".contains(char),
        None => true,
    };
    line.match_indices(home).any(|(at, _)| absolute(&line[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finished_work_passes() {
        let text = "// A todo list, mkstemp's XXXXXX.\nfn todo() { a.unimplemented; \"todo!()\" }\n";
        let prose = format!("{} in prose\n", MARKS[0]);
        assert_eq!(unfinished_work(&Tree::of(&[("a.rs", text), ("docs/a.md", &prose)])), []);
    }

    #[test]
    fn every_mark_and_macro_is_found() {
        for mark in MARKS {
            for path in ["a.rs", "Cargo.toml", "ci.yml"] {
                let text = format!("a\n# // {mark}: later\n");
                assert_eq!(unfinished_work(&Tree::of(&[(path, &text)])).len(), 1, "{mark} {path}");
            }
        }
        for name in MACROS {
            assert_eq!(unfinished_work(&Tree::of(&[("a.rs", &format!("fn a() {{ {name}!() }}"))])).len(), 1);
        }
    }

    #[test]
    fn every_machine_path_is_found() {
        for home in HOMES {
            for line in ["", "cd ", "\"", "file://", "=", "("] {
                let text = format!("a\n{line}{home}someone\n");
                assert_eq!(machine_paths(&Tree::of(&[("docs/a.md", &text)])).len(), 1, "{text}");
            }
        }
    }

    #[test]
    fn relative_paths_addresses_and_records_pass() {
        for home in HOMES {
            for before in ["target", "$HOME", "{root}", "https://a.org", "https:/", "~"] {
                let text = format!("{before}{home}someone\n");
                assert_eq!(machine_paths(&Tree::of(&[("docs/a.md", &text)])), [], "{text}");
            }
            assert_eq!(machine_paths(&Tree::of(&[("results/curated/a/run.json", home)])), []);
        }
    }
}
