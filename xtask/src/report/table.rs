//! Tables, and their form in Markdown, whose columns line up in the source too. It knows nothing of what stands in the
//! cells.

use std::fmt::Write as _;

use super::cell::Cell;

/// Every row has as many cells as there are headings.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub(super) heading: String,
    /// Aligned to the right, as numbers are.
    pub(super) right: bool,
}

impl Table {
    /// `>` in front of a heading aligns its column to the right.
    pub(super) fn new(headings: &[&str], rows: Vec<Vec<Cell>>) -> Self {
        let column = |heading: &&str| Column {
            heading: heading.trim_start_matches('>').to_owned(),
            right: heading.starts_with('>'),
        };
        Self { columns: headings.iter().map(column).collect(), rows }
    }

    /// In the dialect of GitHub, ending with a line feed.
    pub(super) fn markdown(&self) -> String {
        let head: Vec<String> = self.columns.iter().map(|column| escaped(&column.heading)).collect();
        let body: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(|cell| escaped(&cell.text)).collect()).collect();
        let widths: Vec<usize> = (0..head.len())
            .map(|column| {
                let cells = std::iter::once(&head).chain(&body).filter_map(|row| row.get(column));
                cells.map(|text| text.chars().count()).max().unwrap_or(0).max(3)
            })
            .collect();
        let rule = |(column, &width): (&Column, &usize)| {
            if column.right { format!("{}:", "-".repeat(width - 1)) } else { "-".repeat(width) }
        };
        let rule: Vec<String> = self.columns.iter().zip(&widths).map(rule).collect();
        let mut table = String::new();
        for row in [&head, &rule].into_iter().chain(&body) {
            for ((text, &width), column) in row.iter().zip(&widths).zip(&self.columns) {
                // Writing to a string cannot fail.
                let _ = if column.right {
                    write!(table, "| {text:>width$} ")
                } else {
                    write!(table, "| {text:<width$} ")
                };
            }
            table.push_str("|\n");
        }
        table
    }
}

/// Text that cannot end its cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_cells_are_escaped() {
        let rows = vec![vec!["1 µs".into(), "a|b\nc".into()], vec!["10 ms".into(), "".into()]];
        let expected = "|  Time | Why    |\n| ----: | ------ |\n|  1 µs | a\\|b c |\n| 10 ms |        |\n";
        assert_eq!(Table::new(&[">Time", "Why"], rows).markdown(), expected);
    }
}
