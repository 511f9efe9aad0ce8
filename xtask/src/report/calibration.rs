//! The gate's own error rates, as a table.

use anyhow::{Context, Result};

use super::cell::Cell;
use super::table::Table;
use crate::gate::{Bound, Calibration, Count, Rate};

const HEADINGS: [&str; 6] = ["", ">Of families", ">Rate", ">95 % interval", ">Bound", "Holds"];

/// Markdown: the table, and below it what it is of.
pub(super) fn markdown(calibration: &Calibration) -> String {
    let Calibration { host, scenario, cases, started, ended, measured_s, .. } = calibration;
    let table = Table::new(&HEADINGS, calibration.rates.iter().map(row).collect());
    let revision = host.revision.as_deref().unwrap_or("no commit");
    let changed = if host.dirty == Some(true) { " with changes" } else { "" };
    format!(
        "{}\n{} of {} cases in which nothing was planted were too noisy to say. Scenario `{scenario}`, {} cases a family; {revision}{changed}; \
         {}, {} processors, {}; {started} to {ended}, {} minutes of measuring.\n",
        table.markdown(),
        calibration.inconclusive,
        calibration.equal_cases,
        cases.len(),
        host.cpu,
        host.cpus,
        host.kernel,
        measured_s / 60,
    )
}

const BEGIN: &str = "<!-- calibration -->\n";
const END: &str = "<!-- end of calibration -->\n";

/// A document with the table written anew, where it has one.
pub(super) fn document(text: &str, read: impl FnOnce() -> Result<Calibration>) -> Result<String> {
    let Some((before, rest)) = text.split_once(BEGIN) else { return Ok(text.to_owned()) };
    let (_, after) =
        rest.split_once(END).with_context(|| format!("write `{}` behind the calibration", END.trim_end()))?;
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", markdown(&read()?)))
}

/// Those that do not hold, a line each.
pub(super) fn missed(calibration: &Calibration) -> Vec<String> {
    let missed = calibration.rates.iter().filter(|rate| !rate.holds);
    missed
        .map(|rate| {
            format!(
                "{}: {} of {}, where {} is promised",
                name(rate.count),
                rate.found,
                rate.families,
                bound(rate)
            )
        })
        .collect()
}

fn row(rate: &Rate) -> Vec<Cell> {
    let percent = |value: f64| format!("{value:.1} %");
    let share = (rate.families > 0).then(|| 100.0 * rate.found as f64 / rate.families as f64);
    let interval = rate.lower_pct.zip(rate.upper_pct);
    vec![
        name(rate.count).into(),
        format!("{} of {}", rate.found, rate.families).into(),
        share.map_or_else(Cell::missing, |share| percent(share).into()),
        interval
            .map_or_else(Cell::missing, |(lower, upper)| format!("{lower:.1} to {}", percent(upper)).into()),
        bound(rate).into(),
        if rate.holds { "yes" } else { "no" }.into(),
    ]
}

fn name(count: Count) -> &'static str {
    match count {
        Count::FalseAlarms => "false alarms, nothing planted",
        Count::FalseAlarmsBeside => "false alarms beside what is planted",
        Count::TenPercentFound => "10 % slower, found by wall time",
        Count::TwentyPercentFound => "20 % slower, found by wall time",
        Count::OtherStrategyFound => "another mechanism, found",
    }
}

fn bound(rate: &Rate) -> String {
    match rate.bound_pct {
        Bound::AtMost(percent) => format!("≤ {percent} %"),
        Bound::AtLeast(percent) => format!("≥ {percent} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::planted;

    #[test]
    fn a_document_has_the_figures_of_the_file() {
        let planted = || Ok(planted::calibration());
        let text = "# A\n\n<!-- calibration -->\n| stale |\n<!-- end of calibration -->\n\nB\n";
        let written = document(text, planted).unwrap();
        assert!(written.starts_with("# A\n\n<!-- calibration -->\n\n| "), "{written}");
        assert!(written.ends_with(" of measuring.\n\n<!-- end of calibration -->\n\nB\n"), "{written}");
        assert!(written.contains("  0 of 200 | ") && !written.contains("stale"), "{written}");
        assert_eq!(document(&written, planted).unwrap(), written);
        assert_eq!(document("# A\n", || panic!("it is not read")).unwrap(), "# A\n");
        let error = document("<!-- calibration -->\n", planted).unwrap_err().to_string();
        assert_eq!(error, "write `<!-- end of calibration -->` behind the calibration");
    }

    #[test]
    fn what_is_worse_than_promised_is_named() {
        let mut calibration = planted::calibration();
        assert_eq!(missed(&calibration), [""; 0]);
        let rate = &mut calibration.rates[2];
        (rate.found, rate.holds) = (79, false);
        assert_eq!(
            missed(&calibration),
            ["10 % slower, found by wall time: 79 of 100, where ≥ 80 % is promised"]
        );
        assert!(markdown(&calibration).contains("  79 of 100 |  79.0 % |"), "{}", markdown(&calibration));
    }
}
