//! Colours of the plots on a dark page. Plots are drawn for white paper; on a page they follow its scheme, because a rule
//! of CSS counts for more than the attributes of a drawing.

use std::fmt::Write as _;

use plotters::style::RGBColor;

use super::super::{chart, look};

/// What stands for the drawing's colour on a dark page: of at least three times the contrast, seven for text.
fn dark(index: usize) -> &'static str {
    const SERIES: [&str; look::SERIES.len()] =
        ["#33c9a0", "#ff8f4a", "#57a8e6", "#e8a5cb", "#f2b53a", "#a5daf7", "#b4bac2"];
    SERIES[index]
}

/// Rules for what is drawn, by the colours that it is drawn in.
pub(super) fn style() -> String {
    let paper = [
        (chart::PAPER, "#14171a"),
        (chart::INK, "#e8eaed"),
        (chart::GREY, "#b4bac2"),
        (chart::MESH, "#333940"),
    ];
    let series = look::SERIES.into_iter().enumerate().map(|(index, colour)| (colour, dark(index)));
    let mut rules = String::from("@media (prefers-color-scheme: dark) {\n");
    for (light, dark) in paper.into_iter().chain(series) {
        for property in ["fill", "stroke"] {
            // Writing to a string cannot fail.
            let _ = writeln!(rules, ".plot [{property}=\"{}\"] {{ {property}: {dark}; }}", hex(light));
        }
    }
    rules + "}\n"
}

/// As plotters writes it.
fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}
