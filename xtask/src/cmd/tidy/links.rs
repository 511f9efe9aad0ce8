//! Relative links of the documentation lead to a file, and to a heading where they name one.

use super::markdown;
use super::tree::{File, Tree, Violation};

const PAGES: &[&str] = &["CHANGELOG.md", "results/README.md"];

pub(super) fn links_lead_somewhere(tree: &Tree) -> Vec<Violation> {
    let others = PAGES.iter().filter_map(|path| tree.file(path));
    tree.documents().chain(others).flat_map(|page| broken(tree, page)).collect()
}

fn broken(tree: &Tree, page: &File) -> Vec<Violation> {
    let links = markdown::links(page.text()).into_iter().filter(|(_, link)| !is_elsewhere(link));
    let verdict = |(line, link): (usize, String)| {
        let (what, remedy) = fault(tree, &page.path, &link)?;
        Some(Violation::new(&page.path, line, format!("link `{link}`: {what}"), remedy))
    };
    links.filter_map(verdict).collect()
}

/// A scheme, or a host without one.
fn is_elsewhere(link: &str) -> bool {
    let scheme = link.find(':').is_some_and(|colon| !link[..colon].contains(['/', '#', '.']));
    scheme || link.starts_with("//")
}

fn fault(tree: &Tree, page: &str, link: &str) -> Option<(&'static str, &'static str)> {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let path = path.split('?').next().unwrap_or_default().replace("%20", " ");
    if path.starts_with('/') {
        return Some(("begins with `/`", "write it relative to the page"));
    }
    let Some(target) = resolved(page, &path) else {
        return Some(("leaves the repository", "link to the web address instead"));
    };
    if !tree.exists(&target) {
        return Some(("no such file", "correct the path, or remove the link"));
    }
    let file = tree.file(&target).filter(|file| file.path.ends_with(".md"))?;
    let missing = anchor.is_some_and(|anchor| !markdown::anchors(file.text()).contains(anchor));
    missing.then_some(("no such heading", "use the heading's own anchor"))
}

/// `path` as seen from `page`, relative to the root; None above the root.
fn resolved(page: &str, path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(page.to_owned());
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let files =
            [("docs/a.md", text), ("docs/b.md", "# One two\n"), ("README.md", ""), ("engine/src/lib.rs", "")];
        links_lead_somewhere(&Tree::of(&files)).into_iter().map(|found| found.what).collect()
    }

    #[test]
    fn good_links_pass() {
        let text = "# Here\n[a](b.md) [b](b.md#one-two) [c](../README.md) [d](#here) [e](../engine/src/) [f](..)\n\
                    [g](https://a.org/x#y) [h](mailto:a@b.c) [i](../engine/src/lib.rs#L1) ![j](b.md?raw=true)\n";
        assert_eq!(faults(text), Vec::<String>::new());
    }

    #[test]
    fn every_kind_of_broken_link_is_named() {
        for (text, what) in [
            ("[a](c.md)", "no such file"),
            ("[a](../engine/src/main.rs)", "no such file"),
            ("[a](b.md#one)", "no such heading"),
            ("[a](#there)", "no such heading"),
            ("[a](/README.md)", "begins with"),
            ("[a](../../x)", "leaves the repository"),
        ] {
            let found = faults(text);
            assert!(found.len() == 1 && found[0].contains(what), "{text}: {found:?}");
        }
    }

    #[test]
    fn all_pages_are_read() {
        for page in ["README.md", "CHANGELOG.md", "docs/deep/a.md", "results/README.md"] {
            assert_eq!(links_lead_somewhere(&Tree::of(&[(page, "[a](missing.md)")])).len(), 1, "{page}");
        }
    }
}
