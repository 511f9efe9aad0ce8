//! How lines are told apart: the colour says which strategy, stroke and marker say which chunk size. Plots and legends
//! draw them with the same functions.

use anyhow::Result;
use orbit_engine::Strategy;
use plotters::element::{DynElement, IntoDynElement};
use plotters::prelude::*;

use super::axes::Plot;
use super::chart::Area;

/// Lengths of stroke and gap in pixels; the first chunk size is solid.
const DASHES: [Option<(i32, i32)>; 4] = [None, Some((8, 4)), Some((2, 3)), Some((14, 3))];

/// Of one line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    colour: RGBColor,
    dash: Option<(i32, i32)>,
    marker: usize,
}

/// The look of a strategy at the group's `chunk`th chunk size. Colours of Okabe and Ito, which colour-blind eyes tell
/// apart too: <https://jfly.uni-koeln.de/color/>.
pub(super) fn look(strategy: Strategy, chunk: usize) -> Look {
    let colour = match strategy {
        Strategy::ZeroCopy => RGBColor(0x00, 0x72, 0xb2),
        Strategy::Buffered => RGBColor(0xd5, 0x5e, 0x00),
        Strategy::Auto => RGBColor(0x00, 0x9e, 0x73),
    };
    Look { colour, dash: DASHES[chunk % DASHES.len()], marker: chunk % 4 }
}

impl Look {
    pub(super) fn stroke(self, width: u32) -> ShapeStyle {
        ShapeStyle { color: self.colour.into(), filled: false, stroke_width: width }
    }

    /// The marker at a point of any coordinates.
    pub(super) fn marker<'b, C: Clone + 'static>(self, at: C) -> DynElement<'static, SVGBackend<'b>, C> {
        let (fill, r) = (self.colour.filled(), 4);
        let corners = match self.marker {
            0 => return Circle::new(at, r, fill).into_dyn(),
            1 => vec![(-r, -r), (r, -r), (r, r), (-r, r)],
            2 => vec![(0, -r - 1), (r + 1, r), (-r - 1, r)],
            _ => vec![(0, -r - 2), (r + 2, 0), (0, r + 2), (-r - 2, 0)],
        };
        (EmptyElement::at(at) + Polygon::new(corners, fill)).into_dyn()
    }

    /// The line through these points, without markers.
    pub(super) fn path(self, plot: &mut Plot<'_, '_>, points: &[(f64, f64)]) -> Result<()> {
        let points = points.to_vec();
        match self.dash {
            Some((stroke, gap)) => {
                plot.draw_series(DashedLineSeries::new(points, stroke, gap, self.stroke(2)))?;
            }
            None => {
                plot.draw_series(LineSeries::new(points, self.stroke(2)))?;
            }
        }
        Ok(())
    }

    /// A piece of the line of this length with its marker in the middle, for a legend.
    pub(super) fn key(self, area: &Area<'_>, from: (i32, i32), length: i32) -> Result<()> {
        let ends = [from, (from.0 + length, from.1)];
        match self.dash {
            Some((stroke, gap)) => {
                area.draw(&DashedPathElement::new(ends, stroke, gap, self.stroke(2)))?;
            }
            None => area.draw(&PathElement::new(ends, self.stroke(2)))?,
        }
        area.draw(&self.marker((from.0 + length / 2, from.1)))?;
        Ok(())
    }
}
