//! What both kinds of plot share: the canvas, its heading, colours and sizes of text. It knows no case.

use anyhow::Result;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// All of an SVG, or a part, in pixels.
pub(super) type Area<'b> = DrawingArea<SVGBackend<'b>, Shift>;

pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(super) const GREY: RGBColor = RGBColor(0x55, 0x55, 0x55);
pub(super) const MESH: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);
pub(super) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);

/// Sizes of fonts as plotters counts them; an em in the SVG is 1/1.24 of it.
pub(super) const TITLE: i32 = 25;
pub(super) const BODY: i32 = 17;
pub(super) const SMALL: i32 = 15;

/// Left edge of all text, in pixels.
pub(super) const MARGIN: i32 = 20;

/// An SVG of this size, drawn on light paper.
pub(super) fn svg((width, height): (i32, i32), draw: impl FnOnce(&Area<'_>) -> Result<()>) -> Result<String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (width.unsigned_abs(), height.unsigned_abs()))
            .into_drawing_area();
        area.fill(&PAPER)?;
        draw(&area)?;
        area.present()?;
    }
    Ok(text)
}

/// Where the heading ends that has this many lines below its title.
pub(super) fn heading_height(lines: usize) -> i32 {
    i32::try_from(lines).map_or(i32::MAX, |lines| 48 + 20 * lines)
}

/// A title and the lines below it, from the top left corner.
pub(super) fn heading(area: &Area<'_>, title: &str, lines: &[String]) -> Result<()> {
    let bold = ("sans-serif", TITLE, FontStyle::Bold).into_font().color(&INK);
    area.draw(&Text::new(title.to_owned(), (MARGIN, 16), bold))?;
    for (index, line) in lines.iter().enumerate() {
        area.draw(&Text::new(line.clone(), (MARGIN, heading_height(index)), font(BODY, GREY)))?;
    }
    Ok(())
}

pub(super) fn font(size: i32, colour: RGBColor) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&colour)
}

/// The font, with the point it is drawn at on the named side, in the middle of its height.
pub(super) fn anchored(size: i32, colour: RGBColor, side: HPos) -> TextStyle<'static> {
    font(size, colour).pos(Pos::new(side, VPos::Center))
}
