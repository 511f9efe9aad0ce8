//! Markdown as far as links need it: destinations and the anchors that headings give.
//!
//! Known limit: headings underlined with `===` or `---` give no anchor; this repository writes `#`.

use std::collections::{BTreeSet, HashMap};

/// Numbered lines outside fenced code.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut fence: Option<&str> = None;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let start = line.trim_start();
        let mark = &start[..start.len() - start.trim_start_matches(['`', '~']).len()];
        match fence {
            Some(open) if mark.starts_with(open) && mark.len() == start.trim_end().len() => fence = None,
            Some(_) => {}
            None if mark.len() >= 3 && !start[mark.len()..].contains('`') => fence = Some(mark),
            None => lines.push((number, line)),
        }
    }
    lines
}

/// Line and destination of every link and image, reference definitions and HTML attributes included.
pub(super) fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let line = without_code(line);
        let inline = line.match_indices("](").map(|(at, _)| inline_destination(&line[at + 2..]));
        let attributes =
            ["src=\"", "href=\"", "srcset=\""].into_iter().flat_map(|name| attribute(&line, name));
        let all = inline.chain(attributes).chain(definition(&line));
        found.extend(all.filter(|link| !link.is_empty()).map(|link| (number, link.to_owned())));
    }
    found
}

/// Code spans blanked: what stands in them is no link.
fn without_code(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        let ticks = rest.len() - start - rest[start..].trim_start_matches('`').len();
        let inside = start + ticks;
        out.push_str(&rest[..start]);
        let close = closing_ticks(&rest[inside..], ticks);
        rest = close.map_or(&rest[inside..], |length| &rest[inside + length + ticks..]);
    }
    out + rest
}

fn closing_ticks(text: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text[at..].find('`')?;
        let run = text[at..].len() - text[at..].trim_start_matches('`').len();
        if run == ticks {
            return Some(at);
        }
        at += run;
    }
}

/// The destination that `rest`, behind `](`, begins with, without title.
fn inline_destination(rest: &str) -> &str {
    if let Some(bracketed) = rest.strip_prefix('<') {
        return bracketed.split('>').next().unwrap_or_default();
    }
    let mut depth = 0;
    for (at, char) in rest.char_indices() {
        match char {
            '(' => depth += 1,
            ')' if depth == 0 => return &rest[..at],
            ')' => depth -= 1,
            _ if char.is_whitespace() => return &rest[..at],
            _ => {}
        }
    }
    rest
}

fn attribute<'line>(line: &'line str, name: &str) -> Vec<&'line str> {
    line.split(name).skip(1).filter_map(|rest| rest.split(['"', ' ']).next()).collect()
}

/// `[name]: destination`, but no footnote.
fn definition(line: &str) -> Option<&str> {
    let (name, rest) = line.trim_start().strip_prefix('[')?.split_once("]:")?;
    let destination = rest.split_whitespace().next()?;
    (!name.starts_with('^')).then(|| destination.trim_matches(['<', '>']))
}

/// The anchors of a page as GitHub makes them.
pub(super) fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut found = BTreeSet::new();
    for (_, line) in prose(text) {
        if let Some(heading) = heading(line) {
            let slug = slug(heading);
            let count = seen.entry(slug.clone()).or_default();
            found.insert(if *count == 0 { slug } else { format!("{slug}-{count}") });
            *count += 1;
        }
        for name in ["id=\"", "name=\""] {
            found.extend(attribute(line, name).into_iter().map(str::to_owned));
        }
    }
    found
}

fn heading(line: &str) -> Option<&str> {
    let line = line.trim();
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    let is_heading = (1..=6).contains(&level) && (text.is_empty() || text.starts_with([' ', '\t']));
    is_heading.then(|| text.trim().trim_end_matches('#').trim_end())
}

/// Source: the rules of GitHub's renderer as github-slugger states them.
fn slug(heading: &str) -> String {
    let kept = |char: &char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_');
    let text = without_destinations(heading).to_lowercase();
    text.chars().filter(kept).map(|char| if char == ' ' { '-' } else { char }).collect()
}

fn without_destinations(heading: &str) -> String {
    let mut out = String::new();
    let mut rest = heading;
    while let Some((before, after)) = rest.split_once("](") {
        out.push_str(before);
        rest = after.get(inline_destination(after).len() + 1..).unwrap_or_default();
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        links(text).into_iter().map(|(_, link)| link).collect()
    }

    #[test]
    fn links_of_every_form_are_found() {
        let text =
            "[a](b.md) ![c](d/e(1).svg \"title\") [`f`](<g h.md>)\n[i]: j.md\n<img src=\"k.svg\"> [^l]: m\n";
        assert_eq!(found(text), ["b.md", "d/e(1).svg", "g h.md", "j.md", "k.svg"]);
        assert_eq!(links("\n\n[a](b.md)")[0].0, 3);
    }

    #[test]
    fn code_holds_no_links() {
        let text =
            "```md\n[a](b)\n```\n~~~\n[a](b)\n```\n~~~\n`[a](b)` ``x`[a](b)`` [c](d)\n```` `x` [e](f)\n";
        assert_eq!(found(text), ["d", "f"]);
    }

    #[test]
    fn anchors_follow_github() {
        let text = "# Zero-copy: what & why?\n## `snake_case` [link](a.md#b)\n## Same\n## Same ##\n#no heading\n```\n# code\n```\n<a id=\"own\"></a>\n### Ünïcode 1.2\n";
        let expected = ["own", "same", "same-1", "snake_case-link", "zero-copy-what--why", "ünïcode-12"];
        assert_eq!(anchors(text).into_iter().collect::<Vec<_>>(), expected);
    }
}
