//! The shape of source files: what they begin with, what they are called, how long they are.

use super::tree::{Tree, Violation};

const DOCUMENTED: &[&str] =
    &["engine/src/", "engine/benches/", "engine/examples/", "engine/fuzz/", "xtask/src/", "tests/"];
const NAMES_THAT_SAY_NOTHING: &[&str] = &["utils.rs", "util.rs", "common.rs", "helpers.rs", "misc.rs"];
const MAX_LINES: usize = 400;
const EXCUSE: &str = "one table";

pub(super) fn module_docs(tree: &Tree) -> Vec<Violation> {
    let undocumented = tree.rust().filter(|file| {
        DOCUMENTED.iter().any(|folder| file.path.starts_with(folder)) && !begins_with_doc(file.text())
    });
    let remedy = "begin it with `//!` and say what the module is for and what it must not do";
    undocumented.map(|file| Violation::new(&file.path, 1, "no module documentation", remedy)).collect()
}

fn begins_with_doc(text: &str) -> bool {
    let text = if text.starts_with("#!") && !text.starts_with("#![") { after_line(text) } else { text };
    let mut rest = text.trim_start();
    while rest.starts_with("#![") {
        rest = after_attribute(rest).trim_start();
    }
    rest.strip_prefix("//!").is_some_and(|doc| doc.lines().next().is_some_and(|line| !line.trim().is_empty()))
}

fn after_line(text: &str) -> &str {
    text.split_once('\n').map_or("", |(_, rest)| rest)
}

fn after_attribute(text: &str) -> &str {
    let mut depth = 0;
    for (at, char) in text.char_indices() {
        match char {
            '[' => depth += 1,
            ']' if depth == 1 => return &text[at + 1..],
            ']' => depth -= 1,
            _ => {}
        }
    }
    ""
}

pub(super) fn file_names(tree: &Tree) -> Vec<Violation> {
    let verdict = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        match name {
            "mod.rs" => {
                Some(Violation::new(path, 1, "a `mod.rs`", "call it after its folder, beside the folder"))
            }
            _ if NAMES_THAT_SAY_NOTHING.contains(&name) => {
                let what = format!("the name `{name}` says nothing about the content");
                Some(Violation::new(
                    path,
                    1,
                    what,
                    "name the file after what it does, or move the parts home",
                ))
            }
            _ => None,
        }
    };
    tree.rust().filter_map(|file| verdict(&file.path)).collect()
}

pub(super) fn file_lengths(tree: &Tree) -> Vec<Violation> {
    let verdict = |path: &str, text: &str| {
        let lines = text.lines().count();
        let excused = opening_comment(text).contains(EXCUSE);
        (lines > MAX_LINES && !excused).then(|| {
            let what = format!("{lines} lines, more than {MAX_LINES}");
            let remedy = format!("split it; if it is {EXCUSE}, say so in the opening comment");
            Violation::new(path, MAX_LINES + 1, what, remedy)
        })
    };
    tree.rust().filter_map(|file| verdict(&file.path, file.text())).collect()
}

/// Unwrapped, because the excuse may be broken over two lines.
fn opening_comment(text: &str) -> String {
    let lines = text.lines().map(str::trim).take_while(|line| line.starts_with("//"));
    lines.map(|line| line.trim_start_matches(['/', '!']).trim()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_docs_come_first() {
        let clean = [
            ("engine/src/a.rs", "//! What a is for.\nfn a() {}\n"),
            ("xtask/src/b.rs", "#!/usr/bin/env x\n#![allow(\n  dead_code,\n)]\n\n//! What b is for.\n"),
            ("elsewhere/c.rs", "fn c() {}\n"),
        ];
        assert_eq!(module_docs(&Tree::of(&clean)), []);
        for text in
            ["", "fn a() {}\n//! Late.\n", "// Not a doc.\n", "//!\n//! Begins empty.\n", "/// An item.\n"]
        {
            assert_eq!(module_docs(&Tree::of(&[("tests/src/a.rs", text)])).len(), 1, "{text:?}");
        }
    }

    #[test]
    fn names_must_say_something() {
        let clean = [("engine/src/model.rs", ""), ("engine/src/commonality.rs", ""), ("docs/mod.rs.md", "")];
        assert_eq!(file_names(&Tree::of(&clean)), []);
        for path in ["mod.rs", "engine/src/a/mod.rs", "tests/src/common.rs", "xtask/src/util.rs"] {
            assert_eq!(file_names(&Tree::of(&[(path, "")])).len(), 1, "{path}");
        }
    }

    #[test]
    fn only_tables_are_long() {
        let long = "x();\n".repeat(MAX_LINES);
        let excused = format!("//! All of it is one\n//! table of codes.\n{long}");
        let late = format!("//! Doc.\n{long}// one table\n");
        assert_eq!(file_lengths(&Tree::of(&[("a.rs", &long), ("b.rs", &excused)])), []);
        assert_eq!(file_lengths(&Tree::of(&[("a.rs", &late)])).len(), 1);
    }
}
