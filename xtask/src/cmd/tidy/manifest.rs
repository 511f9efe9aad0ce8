//! What the manifests promise: the oldest Rust that builds us, and one set of lints.

use toml::Table;

use super::tree::{Package, Tree, Violation};

const ROOT: &str = "Cargo.toml";

type Version = (u64, u64, u64);

pub(super) fn dependencies_fit_rust_version(tree: &Tree) -> Vec<Violation> {
    let text = tree.file(ROOT).map_or("", |file| file.text());
    let line = 1 + text.lines().position(|line| line.starts_with("rust-version")).unwrap_or(0);
    let Some((promise, promised)) = promised(text) else {
        let remedy = "write it as `rust-version = \"1.NN\"` in [workspace.package]";
        return vec![Violation::new(ROOT, line, "the workspace promises no Rust version", remedy)];
    };
    let newer = tree.packages.iter().filter(|package| {
        package.rust_version.as_deref().and_then(version).is_some_and(|needed| needed > promised)
    });
    let violation = |package: &Package| {
        let needed = package.rust_version.as_deref().unwrap_or_default();
        let what = format!("{} {} needs Rust {needed}, newer than {promise}", package.name, package.version);
        Violation::new(ROOT, line, what, "hold it back with `cargo update --precise`, or raise rust-version")
    };
    newer.map(violation).collect()
}

fn promised(text: &str) -> Option<(String, Version)> {
    let table: Table = text.parse().ok()?;
    let written = table.get("workspace")?.get("package")?.get("rust-version")?.as_str()?;
    Some((written.to_owned(), version(written)?))
}

/// `1.88` and `1.88.0` are the same promise.
fn version(text: &str) -> Option<Version> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    let major = parts.next()??;
    let mut rest = || parts.next().unwrap_or(Some(0));
    Some((major, rest()?, rest()?))
}

pub(super) fn members_inherit_lints(tree: &Tree) -> Vec<Violation> {
    let manifests = tree.packages.iter().filter_map(|package| package.manifest.as_deref());
    let lax = manifests.filter(|path| !tree.file(path).is_some_and(|file| inherits_lints(file.text())));
    let remedy = "add `[lints]` with `workspace = true`";
    lax.map(|path| Violation::new(path, 1, "does not inherit the workspace's lints", remedy)).collect()
}

fn inherits_lints(text: &str) -> bool {
    let inherits = |table: Table| table.get("lints")?.get("workspace")?.as_bool();
    text.parse().ok().and_then(inherits) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[workspace.package]\nrust-version = \"1.88\"\n";

    fn newer(manifest: &str, needed: Option<&str>) -> usize {
        let mut tree = Tree::of(&[(ROOT, manifest)]);
        let rust_version = needed.map(str::to_owned);
        tree.packages =
            vec![Package { name: "a".into(), version: "1.0.0".into(), rust_version, manifest: None }];
        dependencies_fit_rust_version(&tree).len()
    }

    #[test]
    fn dependencies_are_not_newer_than_promised() {
        for fits in [None, Some("1.9"), Some("1.88"), Some("1.88.0"), Some("1.31.1")] {
            assert_eq!(newer(MANIFEST, fits), 0, "{fits:?}");
        }
        for newer_one in ["1.88.1", "1.100", "2.0"] {
            assert_eq!(newer(MANIFEST, Some(newer_one)), 1, "{newer_one}");
        }
    }

    #[test]
    fn a_missing_promise_is_no_success() {
        assert_eq!(newer("[workspace]\n", None), 1);
    }

    #[test]
    fn members_inherit() {
        let lax = |text: &str| {
            let mut tree = Tree::of(&[("a/Cargo.toml", text)]);
            let manifest = Some("a/Cargo.toml".to_owned());
            tree.packages =
                vec![Package { name: "a".into(), version: "1.0.0".into(), rust_version: None, manifest }];
            members_inherit_lints(&tree).len()
        };
        assert_eq!(lax("[package]\n[lints]\nworkspace = true\n"), 0);
        assert_eq!(lax("lints.workspace = true\n"), 0);
        assert_eq!(lax("[package]\n# [lints]\n# workspace = true\n"), 1);
        assert_eq!(lax("[lints]\nworkspace = false\n"), 1);
    }
}
