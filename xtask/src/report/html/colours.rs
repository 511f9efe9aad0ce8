//! Colours of the plots on a dark page. Plots are drawn for white paper; on a page they follow its scheme, because a rule
//! of CSS counts for more than the attributes of a drawing.

use std::fmt::Write as _;

use plotters::style::RGBColor;

use super::super::{chart, look};

/// The page's own colour.
const PAPER: &str = "#14171a";
/// Of text; at least seven times the contrast of the page.
const TEXT: [(RGBColor, &str); 2] = [(chart::INK, "#e8eaed"), (chart::GREY, "#b4bac2")];
/// Of lines and bars, in the order of [`look::SERIES`]; at least three times the contrast.
const SERIES: [&str; look::SERIES.len()] =
    ["#33c9a0", "#ff8f4a", "#57a8e6", "#e8a5cb", "#f2b53a", "#a5daf7", "#b4bac2"];

/// Rules for what is drawn, by the colours that it is drawn in.
pub(super) fn style() -> String {
    let page = [(chart::PAPER, PAPER), (chart::MESH, "#333940")];
    let series = look::SERIES.into_iter().zip(SERIES);
    let mut rules = String::from("@media (prefers-color-scheme: dark) {\n");
    for (light, dark) in page.into_iter().chain(TEXT).chain(series) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, by the Web Content Accessibility Guidelines 2.2: <https://www.w3.org/TR/WCAG22/>.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(colour: &str) -> f64 {
        (luminance(colour) + 0.05) / (luminance(PAPER) + 0.05)
    }

    #[test]
    fn what_is_drawn_can_be_told_from_a_dark_page() {
        assert!((contrast("#ffffff") - 18.0).abs() < 0.1);
        for colour in SERIES {
            assert!(contrast(colour) >= 3.0, "{colour}");
        }
        for (_, colour) in TEXT {
            assert!(contrast(colour) >= 7.0, "{colour}");
        }
    }

    #[test]
    fn the_page_has_the_same_paper() {
        assert!(include_str!("style.css").contains(PAPER));
    }
}
