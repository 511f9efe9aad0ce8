//! The built command, a folder to copy in, and a home without configuration.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use orbit_tests::files;
use orbit_tests::subprocess::{self, Finished};
use serde_json::Value;
use tempfile::TempDir;

/// Built once, by the command that users build it with.
static ORBIT: LazyLock<PathBuf> = LazyLock::new(|| {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--package", "orbit-engine", "--features", "cli", "--bin", "orbit"])
        .args(["--locked", "--message-format", "json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "orbit does not build");
    let messages = String::from_utf8(output.stdout).expect("cargo writes JSON");
    let key = "\"executable\":\"";
    let (_, path) = messages.rsplit_once(key).expect("cargo names the program");
    PathBuf::from(path.split_once('"').expect("a name ends").0)
});

/// A folder with a source `a` in it, where the command runs.
pub(crate) struct Scene {
    folder: TempDir,
}

pub(crate) const SEED: u64 = 7;

impl Scene {
    /// With a source of so many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let scene = Self { folder: tempfile::tempdir().expect("a folder to copy in") };
        fs::create_dir_all(scene.home()).expect("a home is made");
        fs::create_dir_all(scene.path("")).expect("a folder is made");
        files::create(&scene.path("a"), SEED, bytes);
        scene
    }

    /// Where nothing but copies lie.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A file beside the copies.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder is made");
        fs::write(&path, text).expect("a file is written");
        path.to_str().expect("the path is text").to_owned()
    }

    pub(crate) fn program(&self) -> &Path {
        &ORBIT
    }

    /// `orbit ARGUMENTS`, in the folder of the copies.
    pub(crate) fn command<Word: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = Word>) -> Command {
        let mut command = subprocess::command(&*ORBIT);
        command.args(arguments).current_dir(self.path("")).env("HOME", self.home());
        for name in ["XDG_CONFIG_HOME", "COLUMNS", "NO_COLOR"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        subprocess::run(self.command(arguments))
    }

    /// It succeeds and says nothing on standard error.
    #[track_caller]
    pub(crate) fn quietly(&self, arguments: &[&str]) -> String {
        let finished = self.run(arguments).expect_success();
        assert_eq!(finished.stderr, "", "{arguments:?}");
        text(&finished)
    }

    /// It fails with this exit code; gives standard error.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let finished = self.run(arguments);
        assert_eq!(finished.status.code(), Some(code), "{arguments:?}: {}", finished.stderr);
        assert!(finished.stdout.is_empty(), "{arguments:?}: {}", text(&finished));
        finished.stderr
    }

    /// The report of a copy of `a` to `b` that succeeds.
    #[track_caller]
    pub(crate) fn copied(&self, arguments: &[&str]) -> Value {
        let report = self.quietly(&[&["--json"], arguments, &["a", "b"]].concat());
        one_object(&report)
    }

    /// What would be done to copy `a` to `b`.
    #[track_caller]
    pub(crate) fn explained(&self, arguments: &[&str]) -> Value {
        self.copied(&[&["--explain"], arguments].concat())
    }

    /// The new file `b` is the source.
    #[track_caller]
    pub(crate) fn assert_copied(&self) {
        files::assert_same_content(&self.path("a"), &self.path("b"));
    }

    /// Nothing but these names lies in the folder of the copies.
    #[track_caller]
    pub(crate) fn assert_only(&self, names: &[&str]) {
        files::assert_no_litter(&self.path(""), names);
    }
}

#[track_caller]
pub(crate) fn text(finished: &Finished) -> String {
    String::from_utf8(finished.stdout.clone()).expect("standard output is text")
}

/// One line, one object.
#[track_caller]
pub(crate) fn one_object(text: &str) -> Value {
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The texts of a list.
#[track_caller]
pub(crate) fn words<'a>(list: &'a Value, key: Option<&str>) -> Vec<&'a str> {
    let list = list.as_array().expect("a list");
    let word = |value: &'a Value| key.map_or(value, |key| &value[key]).as_str().expect("a word");
    list.iter().map(word).collect()
}
