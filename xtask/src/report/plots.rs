//! All plots of a run, in the order in which they are shown.

use anyhow::Result;

use super::group::{self, Group};
use super::page::Plot;
use super::walls::Walls;
use super::{chunks, growth, latency, peers, throughput};
use crate::summary::Summary;

pub(super) fn draw(summary: &Summary, walls: &Walls<'_>) -> Result<Vec<Plot>> {
    let mut plots = Vec::new();
    for group in group::groups(summary) {
        plots.extend(of_group(&group, walls)?);
    }
    plots.extend(peers::plots(summary)?);
    plots.extend(growth::draw(summary)?);
    Ok(plots)
}

fn of_group(group: &Group<'_>, walls: &Walls<'_>) -> Result<Vec<Plot>> {
    let drawn = [
        ("throughput", "Throughput against file size", throughput::draw(group)?),
        ("chunks", "Throughput against chunk size", chunks::draw(group)?),
        ("latency", "Wall times by percentile", latency::draw(group, walls)?),
    ];
    let plot = |(name, what, svg): (&str, &str, Option<String>)| {
        let caption = format!("{what}; {}", group.conditions());
        Some(Plot::new(&format!("{name}-{}", group.name()), caption, svg?))
    };
    Ok(drawn.into_iter().filter_map(plot).collect())
}
