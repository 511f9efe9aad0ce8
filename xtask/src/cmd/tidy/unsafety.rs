//! Unsafe code has one door, and everything behind it says why it is sound.

use super::lex;
use super::tree::{File, Tree, Violation};

const DOOR: &str = "engine/src/ffi.rs";
/// What stands behind it, a file for each system. The permission holds there too, and none of their own is needed.
const BEHIND: &str = "engine/src/ffi/";
const REASON: &str = "// SAFETY:";

pub(super) fn one_door(tree: &Tree) -> Vec<Violation> {
    tree.rust()
        .flat_map(|file| match file.path.as_str() {
            DOOR => second_doors(file, 1),
            path if path.starts_with(BEHIND) => second_doors(file, 0),
            _ => all_unsafe(file),
        })
        .collect()
}

fn second_doors(file: &File, allowed: usize) -> Vec<Violation> {
    let second =
        |at| Violation::new(&file.path, lex::line_at(&file.code, at), "a second permission", "keep one");
    permissions(&file.code).into_iter().skip(allowed).map(second).collect()
}

fn all_unsafe(file: &File) -> Vec<Violation> {
    let remedy = format!("move it behind a safe function of {DOOR}");
    let uses =
        lex::find_words(&file.code, "unsafe").into_iter().map(|at| (at, "unsafe code outside its door"));
    let permissions =
        permissions(&file.code).into_iter().map(|at| (at, "unsafe code is permitted outside its door"));
    let violation = |(at, what)| Violation::new(&file.path, lex::line_at(&file.code, at), what, &*remedy);
    uses.chain(permissions).map(violation).collect()
}

/// Offsets of `allow(…)` and `expect(…)` that name the lint.
fn permissions(code: &str) -> Vec<usize> {
    let names_lint = |at: usize, word: &str| {
        let open = at + word.len();
        code[open..].starts_with('(')
            && !lex::find_words(&code[open..lex::closing(code, open)], "unsafe_code").is_empty()
    };
    let all = |word| lex::find_words(code, word).into_iter().filter(move |&at| names_lint(at, word));
    let mut found: Vec<_> = all("allow").chain(all("expect")).collect();
    found.sort_unstable();
    found
}

pub(super) fn safety_comments(tree: &Tree) -> Vec<Violation> {
    let is_inside = |file: &&File| file.path == DOOR || file.path.starts_with(BEHIND);
    tree.rust().filter(is_inside).flat_map(unexplained).collect()
}

fn unexplained(file: &File) -> Vec<Violation> {
    let lines: Vec<_> = file.text().lines().map(str::trim).collect();
    let needs_reason = |at: &usize| {
        let next = file.code[at + "unsafe".len()..].trim_start();
        next.starts_with('{') || lex::leading_word(next) == "impl"
    };
    let violation = |line| {
        let what = format!("no `{REASON}` comment directly above");
        Violation::new(&file.path, line, what, "say why every condition of the call holds")
    };
    let places = lex::find_words(&file.code, "unsafe").into_iter().filter(needs_reason);
    let numbers = places.map(|at| lex::line_at(&file.code, at));
    numbers.filter(|&number| !has_reason(&lines[..number - 1])).map(violation).collect()
}

/// Whether the comment that ends `above` has a line which begins the reason.
fn has_reason(above: &[&str]) -> bool {
    above.iter().rev().take_while(|line| line.starts_with("//")).any(|line| line.starts_with(REASON))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAN: &str = "#![allow(unsafe_code)]\nfn f() {\n    // SAFETY: the pointer is\n    // valid.\n    let a = unsafe { g() };\n}\n";

    #[test]
    fn the_door_is_free_and_prose_is_no_code() {
        let prose =
            "// unsafe { } and allow(unsafe_code)\nconst A: &str = \"unsafe\";\n#![deny(unsafe_code)]\n";
        assert_eq!(one_door(&Tree::of(&[(DOOR, CLEAN), ("engine/src/lib.rs", prose)])), []);
        assert_eq!(one_door(&Tree::of(&[("engine/src/lib.rs", prose)])), []);
        assert_eq!(one_door(&Tree::of(&[("engine/src/ffi/a.rs", "fn f() { unsafe { g() } }")])), []);
    }

    #[test]
    fn other_doors_are_found() {
        let broken = [
            ("engine/src/a.rs", "fn a() { unsafe { b() } }"),
            ("tests/src/a.rs", "#[allow(dead_code, unsafe_code)]\nfn a() {}"),
            ("xtask/src/a.rs", "#![cfg_attr(unix, expect(unsafe_code, reason = \"x\"))]"),
            (DOOR, "#![allow(unsafe_code)]\n#[expect(unsafe_code)]\nfn a() {}"),
            ("engine/src/ffi/a.rs", "#![allow(unsafe_code)]\nfn a() {}"),
        ];
        for file in broken {
            assert_eq!(one_door(&Tree::of(&[file])).len(), 1, "{file:?}");
        }
    }

    #[test]
    fn every_block_has_its_reason() {
        assert_eq!(safety_comments(&Tree::of(&[(DOOR, CLEAN)])), []);
        let broken = "// SAFETY: far away.\n\nfn f() {\n    unsafe { g() }\n    // Other.\n    unsafe { g() }\n}\nunsafe impl A for B {}\n";
        for path in [DOOR, "engine/src/ffi/a.rs"] {
            let lines: Vec<_> =
                safety_comments(&Tree::of(&[(path, broken)])).iter().map(|found| found.line).collect();
            assert_eq!(lines, [4, 6, 8]);
        }
    }
}
