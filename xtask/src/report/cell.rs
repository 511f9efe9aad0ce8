//! Cells of tables: what is read, and the number that it stands for, which a sortable table goes by. The spelling of
//! numbers is that of `units`.

use super::units;

/// What stands in one row and column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell {
    pub(super) text: String,
    /// None where the cell is text, or nothing was measured.
    pub(super) value: Option<f64>,
}

impl Cell {
    pub(super) fn number(text: String, value: f64) -> Self {
        Self { text, value: Some(value) }
    }

    /// Nothing was measured, or too little.
    pub(super) fn missing() -> Self {
        "–".into()
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, value: None }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

pub(super) fn time(ns: u64) -> Cell {
    Cell::number(units::time(ns), ns as f64)
}

pub(super) fn rate(bytes_per_s: u64) -> Cell {
    Cell::number(units::rate(bytes_per_s), bytes_per_s as f64)
}

/// An exact number of bytes.
pub(super) fn size(bytes: u64) -> Cell {
    Cell::number(units::size(bytes), bytes as f64)
}

/// A number of bytes to two digits.
pub(super) fn about(bytes: u64) -> Cell {
    Cell::number(units::about(bytes as f64), bytes as f64)
}

/// A ratio to so many decimals.
pub(super) fn ratio(ratio: f64, decimals: usize) -> Cell {
    Cell::number(units::ratio(ratio, decimals), ratio)
}

/// How many samples count, and in brackets how many do not.
pub(super) fn samples(valid: u32, invalid: u32) -> Cell {
    Cell::number(format!("{valid} ({invalid})"), f64::from(valid))
}

/// The cell of what may be missing.
pub(super) fn or_missing<T>(value: Option<T>, cell: impl FnOnce(T) -> Cell) -> Cell {
    value.map_or_else(Cell::missing, cell)
}
