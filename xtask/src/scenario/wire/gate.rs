//! The table `[gate]` of a scenario file, and what makes it valid.

use serde::Deserialize;

use super::Refusal;
use crate::scenario::Allowance;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Table {
    threshold_pct: Option<f64>,
    min_abs: Option<String>,
}

impl Table {
    /// What is allowed; the error is a key, and what to write there.
    pub(super) fn validated(self) -> Result<Allowance, Refusal> {
        let mut allowance = Allowance::default();
        if let Some(percent) = self.threshold_pct {
            allowance.share_ppm = parts_per_million(percent)
                .ok_or(("gate.threshold_pct", "write a number above 0 and up to 100".to_owned()))?;
        }
        if let Some(text) = self.min_abs {
            allowance.at_least_ns = nanoseconds(&text).ok_or_else(|| {
                (
                    "gate.min_abs",
                    format!("`{text}` is no time; write a number and us, ms or s, such as `1ms`"),
                )
            })?;
        }
        Ok(allowance)
    }
}

fn parts_per_million(percent: f64) -> Option<u32> {
    let parts = crate::stats::whole(percent * 10_000.0);
    u32::try_from(parts).ok().filter(|parts| (1..=1_000_000).contains(parts))
}

fn nanoseconds(text: &str) -> Option<u64> {
    let units = [("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000)];
    let (number, unit) = units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))?;
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::Scenario;

    fn read(table: &str) -> Result<Allowance, String> {
        let text = format!(
            "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[matrix]\nsize = 1\n[gate]\n{table}"
        );
        Scenario::parse(text, Path::new("t.toml"))
            .map(|scenario| scenario.gate)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn both_keys_are_read() {
        assert_eq!(read(""), Ok(Allowance { share_ppm: 30_000, at_least_ns: 1_000_000 }));
        let both = read("threshold_pct = 2.5\nmin_abs = \"250us\"");
        assert_eq!(both, Ok(Allowance { share_ppm: 25_000, at_least_ns: 250_000 }));
        assert_eq!(read("min_abs = \"0s\"").unwrap().at_least_ns, 0);
        assert_eq!(read("threshold_pct = 5").unwrap().share_ppm, 50_000);
    }

    #[test]
    fn nonsense_names_line_and_remedy() {
        for wrong in ["0", "-1", "101", "nan", "inf"] {
            let error = read(&format!("threshold_pct = {wrong}")).unwrap_err();
            assert_eq!(
                error, "t.toml:7: gate.threshold_pct: write a number above 0 and up to 100",
                "{wrong}"
            );
        }
        for wrong in ["1", "ms", "1 ms", "1.5ms", "-1ms", "1m", "99999999999999999999s"] {
            let error = read(&format!("min_abs = \"{wrong}\"")).unwrap_err();
            assert!(error.starts_with("t.toml:7: gate.min_abs: ") && error.contains("is no time"), "{error}");
        }
        assert!(read("threshold = 3").unwrap_err().ends_with("did you mean `threshold_pct`?"));
    }
}
