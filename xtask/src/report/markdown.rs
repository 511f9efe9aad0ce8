//! A page as Markdown: `summary.md`, for a reader of the repository.

use super::page::{Block, Page, Section};

pub(super) fn render(page: &Page) -> String {
    let mut parts = vec![format!("# {}\n", page.title), format!("{}\n", page.lead)];
    parts.extend(page.sections.iter().map(section));
    parts.join("\n")
}

pub(super) fn section(section: &Section) -> String {
    let blocks: Vec<String> = section.blocks.iter().map(block).collect();
    format!("## {}\n\n{}", section.heading, blocks.join("\n"))
}

fn block(block: &Block) -> String {
    match block {
        Block::Text(text) => format!("{text}\n"),
        Block::Table(table) => table.markdown(),
        Block::Command(command) => format!("```sh\n{command}\n```\n"),
        Block::Plot(plot) => format!("![{}]({})\n", plot.caption, plot.path),
    }
}
