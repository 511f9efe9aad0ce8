//! Everything that the rules look at, loaded once: files, packages, scenario keys.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

use super::lex;

/// One broken rule at one place; the rule's name is known to the caller.
#[derive(Debug, PartialEq)]
pub(super) struct Violation {
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) remedy: String,
}

impl Violation {
    pub(super) fn new(path: &str, line: usize, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), remedy: remedy.into() }
    }
}

/// A file of the repository, its path relative to the root and with `/`.
pub(super) struct File {
    pub(super) path: String,
    /// None for what is not UTF-8 or holds a NUL.
    pub(super) text: Option<String>,
    /// Rust only: the text without comments and literals, line for line.
    pub(super) code: String,
    /// Rust only: `code` without what is compiled for tests only.
    pub(super) product: String,
}

impl File {
    fn new(path: &str, text: Option<String>) -> Self {
        let code = match &text {
            Some(text) if is_rust(path) => lex::code_of(text),
            _ => String::new(),
        };
        Self { path: path.to_owned(), text, product: lex::without_tests(&code), code }
    }

    pub(super) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}

/// A package of `cargo metadata`.
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) rust_version: Option<String>,
    /// Path of the manifest in the repository; None for a dependency from elsewhere.
    pub(super) manifest: Option<String>,
}

pub(super) struct Tree {
    pub(super) files: Vec<File>,
    pub(super) packages: Vec<Package>,
    pub(super) scenario_keys: Vec<String>,
}

impl Tree {
    pub(super) fn load(root: &Path, scenario_keys: &[&str]) -> anyhow::Result<Self> {
        let mut paths = match listed_by_git(root) {
            Some(paths) => paths,
            None => walked(root)?,
        };
        paths.sort_unstable();
        paths.dedup();
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            files.extend(read(root, &path)?);
        }
        let scenario_keys = scenario_keys.iter().map(|&key| key.to_owned()).collect();
        Ok(Self { files, packages: packages(root)?, scenario_keys })
    }

    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether `path` is a file or a folder with files in it; the empty path is the root.
    pub(super) fn exists(&self, path: &str) -> bool {
        let folder = path.trim_end_matches('/');
        let inside = |file: &File| file.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        folder.is_empty() || self.files.iter().any(|file| file.path == path || inside(file))
    }

    pub(super) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| is_rust(&file.path))
    }

    /// The pages for readers: the root's and everything below `docs/`.
    pub(super) fn documents(&self) -> impl Iterator<Item = &File> {
        let page = |path: &str| path == "README.md" || (path.starts_with("docs/") && path.ends_with(".md"));
        self.files.iter().filter(move |file| page(&file.path))
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|&(path, text)| File::new(path, Some(text.to_owned()))).collect();
        Self { files, packages: Vec::new(), scenario_keys: Vec::new() }
    }
}

fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

/// None without git, and where a surrounding repository ignores the whole tree.
fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let arguments = ["ls-files", "-z", "-co", "--exclude-standard"];
    let output = Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
    let names = String::from_utf8_lossy(&output.stdout);
    let paths: Vec<_> = names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    (output.status.success() && !paths.is_empty()).then_some(paths)
}

fn walked(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut paths = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let at = root.join(&folder);
        for entry in fs::read_dir(&at).with_context(|| format!("cannot list {}", at.display()))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            let skipped = entry.file_name() == ".git" || path == Path::new("target");
            match entry.file_type()?.is_dir() {
                _ if skipped => {}
                true => folders.push(path),
                false => paths.push(path.to_string_lossy().replace('\\', "/")),
            }
        }
    }
    Ok(paths)
}

/// None for what the index still lists but the working tree no longer has, and for submodules.
fn read(root: &Path, path: &str) -> anyhow::Result<Option<File>> {
    let full = root.join(path);
    let Ok(found) = fs::symlink_metadata(&full) else { return Ok(None) };
    if found.is_dir() {
        return Ok(None);
    }
    // The target of a link is judged where it lives.
    let text = match found.is_file() {
        true => text_of(fs::read(&full).with_context(|| format!("cannot read {}", full.display()))?),
        false => None,
    };
    Ok(Some(File::new(path, text)))
}

fn text_of(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

fn packages(root: &Path) -> anyhow::Result<Vec<Package>> {
    const REMEDY: &str = "Where the lock file is behind a manifest, run `cargo check`; packages of other systems are fetched, once.";
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--format-version", "1", "--locked"];
    let output =
        Command::new(cargo).args(arguments).current_dir(root).output().context("cannot start cargo")?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        bail!("cargo metadata failed: {}\n{REMEDY}", reason.trim());
    }
    packages_of(&serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?)
}

fn packages_of(metadata: &Value) -> anyhow::Result<Vec<Package>> {
    let root = metadata["workspace_root"].as_str().context("cargo metadata names no workspace_root")?;
    let list = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let package = |package: &Value| Package {
        name: text(&package["name"]),
        version: text(&package["version"]),
        rust_version: package["rust_version"].as_str().map(str::to_owned),
        manifest: member_manifest(root, package),
    };
    Ok(list.iter().map(package).collect())
}

fn member_manifest(root: &str, package: &Value) -> Option<String> {
    if !package["source"].is_null() {
        return None;
    }
    let path = package["manifest_path"].as_str()?.strip_prefix(root)?;
    Some(path.trim_start_matches(['/', '\\']).replace('\\', "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walking_finds_sources_and_skips_build_output() {
        let paths = walked(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(paths.iter().any(|path| path == "src/main.rs"), "{paths:?}");
        assert!(!paths.iter().any(|path| path.starts_with("target/")), "{paths:?}");
    }

    #[test]
    fn a_folder_exists_when_a_file_is_in_it() {
        let tree = Tree::of(&[("docs/a.md", "")]);
        assert!(tree.exists("docs") && tree.exists("docs/") && tree.exists("docs/a.md"));
        assert!(!tree.exists("doc") && !tree.exists("docs/a") && !tree.exists("docs/a.md/b"));
    }

    #[test]
    fn binary_files_have_no_text() {
        assert_eq!(text_of(vec![0x89, b'P', 0xff]), None);
        assert_eq!(text_of(vec![b'a', 0]), None);
        assert_eq!(text_of(b"a".to_vec()).as_deref(), Some("a"));
    }

    #[test]
    fn members_are_told_from_dependencies() {
        let metadata = serde_json::json!({"workspace_root": "/r", "packages": [
            {"name": "a", "version": "1.0.0", "rust_version": null, "source": null, "manifest_path": "/r/a/Cargo.toml"},
            {"name": "b", "version": "2.0.0", "rust_version": "1.70", "source": "registry+x", "manifest_path": "/c/b/Cargo.toml"},
        ]});
        let found = packages_of(&metadata).unwrap();
        assert_eq!(found[0].manifest.as_deref(), Some("a/Cargo.toml"));
        assert_eq!((found[1].manifest.as_deref(), found[1].rust_version.as_deref()), (None, Some("1.70")));
    }
}
