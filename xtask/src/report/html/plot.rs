//! An SVG as a part of an HTML page, named for who does not see it.

use maud::{Render, html};

use super::super::page::Plot;

/// The drawing with a role and a title. `id` is the plot's own on the page.
pub(super) fn inline(id: &str, plot: &Plot) -> String {
    let named = format!("<svg class=\"plot\" role=\"img\" aria-labelledby=\"plot-{id}\" ");
    let title = html! { title id={ "plot-" (id) } { (plot.caption) } }.render().into_string();
    let drawing = plot.svg.replacen("<svg ", &named, 1);
    match drawing.find('>') {
        Some(end) => format!("{}{title}{}", &drawing[..=end], &drawing[end + 1..]),
        None => drawing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_has_a_role_and_an_escaped_name() {
        let svg = "<svg width=\"1\" height=\"1\">\n<rect/></svg>\n".to_owned();
        let plot = Plot { path: "plots/a.svg".into(), caption: "<b> & c".into(), svg };
        assert_eq!(
            inline("3-0", &plot),
            "<svg class=\"plot\" role=\"img\" aria-labelledby=\"plot-3-0\" width=\"1\" height=\"1\">\
             <title id=\"plot-3-0\">&lt;b&gt; &amp; c</title>\n<rect/></svg>\n"
        );
    }
}
