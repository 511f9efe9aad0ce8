//! Markdown tables whose columns line up in the source too. It knows nothing of what stands in the cells.

use std::fmt::Write as _;

/// One column's heading; `>` in front of it aligns the column to the right.
pub(super) type Heading<'a> = &'a str;

/// A table in the dialect of GitHub, ending with a line feed. Every row has as many cells as there are headings.
pub(super) fn render(headings: &[Heading<'_>], rows: &[Vec<String>]) -> String {
    let right: Vec<bool> = headings.iter().map(|heading| heading.starts_with('>')).collect();
    let head: Vec<String> = headings.iter().map(|heading| cell(heading.trim_start_matches('>'))).collect();
    let body: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|text| cell(text)).collect()).collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            let cells = std::iter::once(&head).chain(&body).filter_map(|row| row.get(column));
            cells.map(|text| text.chars().count()).max().unwrap_or(0).max(3)
        })
        .collect();
    let rule: Vec<String> = std::iter::zip(&widths, &right)
        .map(|(&width, &right)| if right { format!("{}:", "-".repeat(width - 1)) } else { "-".repeat(width) })
        .collect();
    let mut table = String::new();
    for row in [&head, &rule].into_iter().chain(&body) {
        for ((text, &width), &right) in row.iter().zip(&widths).zip(&right) {
            // Writing to a string cannot fail.
            let _ =
                if right { write!(table, "| {text:>width$} ") } else { write!(table, "| {text:<width$} ") };
        }
        table.push_str("|\n");
    }
    table
}

/// Text that cannot end its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_cells_are_escaped() {
        let rows = [vec!["1 µs".to_owned(), "a|b\nc".to_owned()], vec!["10 ms".to_owned(), String::new()]];
        let expected = "|  Time | Why    |\n| ----: | ------ |\n|  1 µs | a\\|b c |\n| 10 ms |        |\n";
        assert_eq!(render(&[">Time", "Why"], &rows), expected);
    }
}
