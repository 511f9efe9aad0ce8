//! How lines are told apart: the colour says which strategy, stroke and marker say which chunk size. Plots and legends
//! draw them with the same functions.

use anyhow::Result;
use orbit_engine::Strategy;
use plotters::element::DashedPathElement;
use plotters::prelude::*;

use super::axes::Plot;
use super::chart::Area;

/// Lengths of stroke and gap in pixels; the first chunk size is solid.
const DASHES: [Option<(i32, i32)>; 4] = [None, Some((8, 4)), Some((2, 3)), Some((14, 3))];

/// Of one line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    colour: RGBAColor,
    dash: Option<(i32, i32)>,
    marker: usize,
    /// Width of the line in pixels.
    width: u32,
    /// Half the width of the marker.
    radius: i32,
}

/// Of lines and bars. Colours of Okabe and Ito, which colour-blind eyes tell apart too:
/// <https://jfly.uni-koeln.de/color/>; but for their yellow, which white paper swallows, and with grey for black.
pub(super) const SERIES: [RGBColor; 7] = [
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x70, 0x70, 0x70),
];

/// The look of a strategy at the group's `chunk`th chunk size.
pub(super) fn look(strategy: Strategy, chunk: usize) -> Look {
    let colour = match strategy {
        Strategy::Auto => SERIES[0],
        Strategy::Buffered => SERIES[1],
        Strategy::ZeroCopy => SERIES[2],
    };
    // `auto` does what another strategy does: drawn first, wide and pale, it shows beneath that one's line.
    let (opacity, width, radius) = if strategy == Strategy::Auto { (0.45, 7, 7) } else { (1.0, 2, 4) };
    let colour = colour.mix(opacity);
    Look { colour, dash: DASHES[chunk % DASHES.len()], marker: chunk % DASHES.len(), width, radius }
}

/// The look of the `index`th of several subjects.
pub(super) fn of_series(index: usize) -> Look {
    let colour = SERIES[index % SERIES.len()].mix(1.0);
    Look { colour, dash: DASHES[index % DASHES.len()], marker: index % DASHES.len(), width: 2, radius: 4 }
}

impl Look {
    /// Of an area.
    pub(super) fn fill(self) -> ShapeStyle {
        self.colour.filled()
    }

    /// A line without dashes, this many pixels wide.
    pub(super) fn stroke(self, width: u32) -> ShapeStyle {
        ShapeStyle { color: self.colour, filled: false, stroke_width: width }
    }

    /// Draws the marker around a pixel.
    pub(super) fn mark(self, area: &Area<'_>, (x, y): (i32, i32)) -> Result<()> {
        let (fill, r) = (self.colour.filled(), self.radius);
        let corners = match self.marker {
            0 => return Ok(area.draw(&Circle::new((x, y), r, fill))?),
            1 => vec![(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)],
            2 => vec![(x, y - r - 1), (x + r + 1, y + r), (x - r - 1, y + r)],
            _ => vec![(x, y - r - 2), (x + r + 2, y), (x, y + r + 2), (x - r - 2, y)],
        };
        Ok(area.draw(&Polygon::new(corners, fill))?)
    }

    /// The line through these points, without markers.
    pub(super) fn path(self, plot: &mut Plot<'_, '_>, points: &[(f64, f64)]) -> Result<()> {
        let points = points.to_vec();
        match self.dash {
            Some((stroke, gap)) => {
                plot.draw_series(DashedLineSeries::new(points, stroke, gap, self.stroke(self.width)))?;
            }
            None => {
                plot.draw_series(LineSeries::new(points, self.stroke(self.width)))?;
            }
        }
        Ok(())
    }

    /// A piece of the line of this length with its marker in the middle, for a legend.
    pub(super) fn key(self, area: &Area<'_>, from: (i32, i32), length: i32) -> Result<()> {
        let ends = [from, (from.0 + length, from.1)];
        match self.dash {
            Some((stroke, gap)) => {
                area.draw(&DashedPathElement::new(ends, stroke, gap, self.stroke(self.width)))?;
            }
            None => area.draw(&PathElement::new(ends, self.stroke(self.width)))?,
        }
        self.mark(area, (from.0 + length / 2, from.1))
    }
}
