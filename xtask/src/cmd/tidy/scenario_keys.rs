//! Every key of the scenario language stands in the page that documents the language.

use super::tree::{Tree, Violation};

const PAGE: &str = "docs/scenarios.md";

pub(super) fn keys_are_documented(tree: &Tree) -> Vec<Violation> {
    if tree.scenario_keys.is_empty() {
        let remedy = "pass the keys of the scenario's wire types to tidy";
        return vec![Violation::new(PAGE, 1, "no key to look for: this rule checks nothing", remedy)];
    }
    let text = tree.file(PAGE).map_or("", |page| page.text());
    let missing = tree.scenario_keys.iter().filter(|key| !text.contains(&format!("`{key}`")));
    let violation = |key: &String| {
        let what = format!("the scenario key `{key}` is not documented");
        Violation::new(PAGE, 1, what, "describe it there: meaning, values, default")
    };
    missing.map(violation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(keys: &[&str], page: &str) -> usize {
        let mut tree = Tree::of(&[(PAGE, page)]);
        tree.scenario_keys = keys.iter().map(|&key| key.to_owned()).collect();
        keys_are_documented(&tree).len()
    }

    #[test]
    fn keys_stand_in_backticks() {
        assert_eq!(missing(&["blocks", "cache"], "- `blocks`: pairs\n- `cache`: warm\n"), 0);
        assert_eq!(missing(&["blocks", "cache"], "- `blocks`: pairs, cache\n- `caches`\n"), 1);
    }

    #[test]
    fn a_missing_page_or_list_is_no_success() {
        assert_eq!(missing(&[], "`blocks`"), 1);
        let mut tree = Tree::of(&[]);
        tree.scenario_keys = vec!["blocks".to_owned()];
        assert_eq!(keys_are_documented(&tree).len(), 1);
    }
}
