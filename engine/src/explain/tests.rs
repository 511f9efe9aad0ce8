//! An explanation is the copy's own plan, is refused where the copy is, and leaves no trace.

use std::fs;

use super::*;
use crate::copy::copy_file;
use crate::options::Sparse;
use crate::strategy::Strategy;

struct Scene(tempfile::TempDir);

impl Scene {
    fn new(bytes: usize) -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        fs::write(scene.path("a"), vec![7; bytes]).unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn explain(&self, name: &str, options: &CopyOptions) -> Result<Explanation, CopyError> {
        explain(self.path("a"), self.path(name), options)
    }
}

fn ways() -> Vec<CopyOptions> {
    let mut ways = Vec::new();
    for placement in Placement::ALL {
        for strategy in Strategy::ALL {
            for sparse in Sparse::ALL {
                ways.push(CopyOptions::new().placement(*placement).strategy(*strategy).sparse(*sparse));
            }
        }
    }
    ways
}

#[test]
fn the_plan_is_the_one_that_the_copy_follows() {
    for bytes in [0, 5000, 100_000, 700_000] {
        for options in ways().into_iter().filter(|options| options.placement != Placement::Resumable) {
            let scene = Scene::new(bytes);
            let explanation = scene.explain("b", &options).unwrap();
            let outcome = copy_file(scene.path("a"), scene.path("b"), &options).unwrap();
            // The copy before may have taught which mechanisms are refused; what it leaves out then is all that differs.
            assert_eq!(explanation.plan.threads, outcome.threads, "{options:?}");
            assert!(explanation.plan.rungs.contains(&outcome.mechanism), "{options:?}");
            assert_eq!(explanation.source_bytes, outcome.bytes);
            let again = scene.explain("c", &options).unwrap().plan.omissions;
            let omissions = copy_file(scene.path("a"), scene.path("c"), &options).unwrap().omissions;
            assert_eq!(again, omissions, "{options:?}");
        }
    }
}

#[test]
fn no_trace_is_left() {
    for options in ways() {
        for name in ["new", "old"] {
            let scene = Scene::new(700_000);
            fs::write(scene.path("old"), "old content").unwrap();
            let state = || {
                let modified = |name| fs::metadata(scene.path(name)).unwrap().modified().unwrap();
                (modified("."), modified("old"), modified("a"))
            };
            let before = state();
            let explanation = scene.explain(name, &options).unwrap();
            assert_eq!(explanation.replaces_bytes, (name == "old").then_some(11), "{options:?}");
            assert_eq!(state(), before, "{options:?}");
            assert_eq!(fs::read(scene.path("old")).unwrap(), b"old content");
            assert_eq!(fs::read_dir(scene.path(".")).unwrap().count(), 2);
        }
    }
}

#[cfg(unix)]
#[test]
fn what_the_copy_refuses_is_refused_with_its_words() {
    let scene = Scene::new(10);
    fs::create_dir(scene.path("folder")).unwrap();
    fs::hard_link(scene.path("a"), scene.path("same")).unwrap();
    std::os::unix::fs::symlink("nowhere", scene.path("dangling")).unwrap();
    std::os::unix::fs::symlink("a", scene.path("link")).unwrap();
    for placement in Placement::ALL {
        let options = CopyOptions::new().placement(*placement);
        for name in ["folder", "same", "link", "dangling", "no/such/file", "none/", "a/b"] {
            let told = scene.explain(name, &options).unwrap_err().to_string();
            let done = copy_file(scene.path("a"), scene.path(name), &options).unwrap_err().to_string();
            // Without a call that failed, there is no number.
            let words = |error: &str| error.to_lowercase().split(" (os error").next().map(str::to_owned);
            assert_eq!(words(&told), words(&done), "{placement}");
        }
        let told = explain(scene.path("folder"), scene.path("b"), &options).unwrap_err().to_string();
        assert!(told.contains("it is a directory"), "{told}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_names_the_file_behind_it() {
    let scene = Scene::new(10);
    fs::write(scene.path("real"), "1234").unwrap();
    std::os::unix::fs::symlink("real", scene.path("link")).unwrap();
    let explanation = scene.explain("link", &CopyOptions::new()).unwrap();
    assert_eq!(explanation.writes_to, scene.path("real"));
    assert_eq!((explanation.destination, explanation.replaces_bytes), (scene.path("link"), Some(4)));
}

#[test]
fn a_compressed_file_is_told_by_its_name() {
    let scene = Scene::new(10);
    let options = CopyOptions::new().compression("zstd".parse().unwrap());
    match (scene.explain("b", &options), crate::compress::BUILT_IN) {
        (Ok(explanation), true) => assert_eq!(explanation.writes_to, scene.path("b.zst")),
        (Err(CopyError::NotBuiltIn { feature }), false) => assert_eq!(feature, "zstd"),
        (told, _) => panic!("{told:?}"),
    }
}
