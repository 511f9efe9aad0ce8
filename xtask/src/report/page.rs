//! What a report says, before it is Markdown or HTML: sections of text, tables, commands and plots.

use super::table::Table;

#[derive(Debug)]
pub(super) struct Page {
    pub(super) title: String,
    /// The question that is answered.
    pub(super) lead: String,
    pub(super) sections: Vec<Section>,
}

#[derive(Debug)]
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) blocks: Vec<Block>,
}

#[derive(Debug)]
pub(super) enum Block {
    Text(String),
    Table(Table),
    /// What a shell takes.
    Command(String),
    Plot(Plot),
}

/// A picture with a file of its own beside the page.
#[derive(Debug, Clone)]
pub(super) struct Plot {
    /// Path of the file, from the run's folder.
    pub(super) path: String,
    /// What it shows, for who does not see it.
    pub(super) caption: String,
    pub(super) svg: String,
}

impl Section {
    pub(super) fn new(heading: impl Into<String>, blocks: Vec<Block>) -> Self {
        Self { heading: heading.into(), blocks }
    }
}

impl Plot {
    /// `name` becomes part of a file's name; it is of letters, digits and dashes.
    pub(super) fn new(name: &str, caption: String, svg: String) -> Self {
        Self { path: format!("plots/{name}.svg"), caption, svg }
    }
}
