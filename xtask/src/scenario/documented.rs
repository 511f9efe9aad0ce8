//! `docs/scenarios.md` and the language say the same: no key, subject or shipped scenario is in one alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{KEYS, Scenario, Subject};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace").to_owned()
}

fn page() -> String {
    fs::read_to_string(root().join("docs/scenarios.md")).expect("the page is there")
}

/// The names in backticks in the first cells of the section's tables.
fn listed(page: &str, section: &str) -> BTreeSet<String> {
    let heading = format!("\n## {section}\n");
    let (_, behind) = page.split_once(&heading).expect("the page has the section");
    let text = behind.split("\n## ").next().unwrap_or_default();
    let cells =
        text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | ").map(|(cell, _)| cell));
    cells.flat_map(|cell| cell.split('`').step_by(2)).map(str::to_owned).filter(|name| name != ", ").collect()
}

fn names<T: ToString>(items: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    items.into_iter().map(|item| item.to_string()).collect()
}

fn shipped() -> Vec<Scenario> {
    let entries = fs::read_dir(root().join("bench-scenarios")).expect("there are scenarios");
    entries
        .map(|entry| Scenario::load(&entry.expect("it can be listed").path()).expect("it is valid"))
        .collect()
}

#[test]
fn every_key_is_documented_and_every_documented_key_is_one() {
    assert_eq!(listed(&page(), "Keys"), names(KEYS));
}

#[test]
fn every_subject_is_documented_and_every_documented_subject_is_one() {
    assert_eq!(listed(&page(), "Subjects"), names(Subject::ALL));
}

#[test]
fn every_shipped_scenario_is_listed_by_the_name_of_its_file() {
    let files = fs::read_dir(root().join("bench-scenarios")).expect("there are scenarios");
    let stem = |path: PathBuf| path.file_stem().expect("it has a name").to_string_lossy().into_owned();
    let files: BTreeSet<String> = files.map(|entry| stem(entry.expect("it can be listed").path())).collect();
    assert_eq!(listed(&page(), "Shipped scenarios"), files);
    assert_eq!(names(shipped().iter().map(|scenario| &scenario.name)), files);
}

#[test]
fn shipped_scenarios_have_tags_and_budgets_that_count() {
    for scenario in shipped() {
        assert!(!scenario.tags.is_empty(), "{}", scenario.name);
        let cases = crate::plan::cases(&scenario);
        crate::plan::budgets(&scenario, &cases).expect("its budgets count");
    }
}

#[test]
fn the_examples_of_the_page_are_valid() {
    let page = page();
    let examples: Vec<&str> =
        page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 4, "{}", examples.len());
    for example in examples {
        let head = "schema = \"orbit.scenario/1\"\nname = \"example\"\nquestion = \"?\"\n";
        let text = if example.contains("schema =") { example.to_owned() } else { format!("{head}{example}") };
        Scenario::parse(text, Path::new("docs/scenarios.md")).expect("the example is valid");
    }
}
