//! A page as HTML: `report.html`, one file that opens from the disk and asks nobody for anything. Everything that it shows
//! goes through the template, which escapes it; only plots, which this suite draws, do not.

mod colours;
mod plot;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::page::{Block, Page, Section};
use super::table::{Column, Table};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/sort.js");

/// Forbids what the page does not need: whatever a name in it may try, no request leaves it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'";

pub(super) fn render(page: &Page) -> String {
    let sections = || (1..).zip(&page.sections);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) (PreEscaped(colours::style())) }
            }
            body {
                header {
                    h1 { (page.title) }
                    p.lead { (page.lead) }
                    nav aria-label="Sections" {
                        details {
                            summary { "Contents" }
                            ul { @for (number, section) in sections() { li { a href={ "#s" (number) } { (section.heading) } } } }
                        }
                    }
                }
                main { @for (number, section) in sections() { (self::section(number, section)) } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    markup.into_string()
}

fn section(number: usize, section: &Section) -> Markup {
    let heading = format!("h{number}");
    html! {
        section id={ "s" (number) } aria-labelledby=(heading) {
            h2 id=(heading) { (section.heading) }
            @for (index, block) in section.blocks.iter().enumerate() {
                (self::block(&format!("{number}-{index}"), &section.heading, block))
            }
        }
    }
}

/// `id` is the block's own; `heading` is what a table is called that has no name.
fn block(id: &str, heading: &str, block: &Block) -> Markup {
    match block {
        Block::Text(text) => html! { p { (text) } },
        Block::Command(command) => html! { pre tabindex="0" { code { (command) } } },
        Block::Table(table) => self::table(heading, table),
        Block::Plot(plot) => html! {
            figure {
                div.wide role="group" aria-label=(plot.caption) tabindex="0" {
                    (PreEscaped(plot::inline(id, plot)))
                }
                figcaption { (plot.caption) }
            }
        },
    }
}

/// Sorted by its headings, which are buttons once the script has run.
fn table(heading: &str, table: &Table) -> Markup {
    let class = |column: &Column| column.right.then_some("number");
    html! {
        div.wide role="region" aria-label={ "Table: " (heading) } tabindex="0" {
            table {
                thead { tr { @for column in &table.columns { th scope="col" class=[class(column)] { (column.heading) } } } }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (cell, column) in row.iter().zip(&table.columns) {
                                td class=[class(column)] data-value=[cell.value] { (cell.text) }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use orbit_engine::Strategy;

    use super::super::walls::Walls;
    use super::super::{contents, planted, plots};
    use super::*;
    use crate::plan::Skipped;
    use crate::sample::{Sample, Trial};

    const HOSTILE: &str =
        "<script>alert(1)</script><img src=x onerror='alert(2)'> & \"quoted\" </style></title>";

    fn hostile_page() -> String {
        let (mut record, mut summary, mut samples) =
            planted::run(&[4096, 1 << 20], Strategy::ALL, &[1 << 20], 12);
        record.scenario.question = HOSTILE.to_owned();
        record.scenario.name = HOSTILE.to_owned();
        record.host.name = HOSTILE.to_owned();
        record.argv.push(HOSTILE.to_owned());
        summary.run = HOSTILE.to_owned();
        summary.skipped.push(Skipped { case: HOSTILE.to_owned(), reason: HOSTILE.to_owned() });
        let result = Trial::Invalid { reason: HOSTILE.to_owned() };
        samples.push(Sample { case: HOSTILE.to_owned(), block: 1, position: 0, result });
        let plots = plots::draw(&summary, &Walls::of(&samples)).unwrap();
        render(&contents::page(&record, &summary, &samples, plots))
    }

    #[test]
    fn names_cannot_become_markup() {
        let page = hostile_page();
        assert_eq!(page.matches("<script>").count(), 1);
        assert_eq!(page.matches("</style>").count(), 1);
        assert_eq!(page.matches("</title>").count(), 1 + page.matches("<svg").count());
        assert!(!page.contains("<img") && page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }

    #[test]
    fn the_page_names_nothing_outside_of_itself() {
        let page = hostile_page();
        // A browser obeys the policy from where it stands on; quotes in it are escaped.
        let policy = page.find("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';");
        assert!(policy.is_some_and(|at| at < page.find("<style").unwrap()), "{}", &page[..500]);
        for attribute in [" src=", " srcset=", "url(", "@import"] {
            let hits = page.matches(attribute).count();
            assert_eq!(hits, page.matches(&format!("&lt;img{attribute}")).count(), "{attribute}");
        }
        for (at, _) in page.match_indices(" href=\"") {
            let target = &page[at + 7..];
            assert!(target.starts_with('#') || target.starts_with("data:,"), "{}", &target[..40]);
        }
    }

    #[test]
    fn tables_carry_the_numbers_that_they_are_sorted_by() {
        let page = hostile_page();
        assert!(page.contains("<td class=\"number\" data-value=\"4096\">4 KiB</td>"), "{page}");
        assert!(page.contains("<th scope=\"col\" class=\"number\">Median wall</th>"), "{page}");
        assert!(page.contains("<td>not different</td>") || page.contains("<td>slower</td>"));
    }
}
