//! Where in the file a scenario's values stand.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::Scenario;

impl Scenario {
    /// The line of each key of the matrix, from 1.
    pub(crate) fn matrix_lines(&self) -> BTreeMap<String, u64> {
        // Parsed before, when the scenario was made.
        let Ok(document) = DeTable::parse(&self.text) else { return BTreeMap::new() };
        let tables = document.get_ref().iter().filter(|(key, _)| *key.get_ref() == "matrix");
        let keys =
            tables.filter_map(|(_, value)| value.get_ref().as_table()).flat_map(|matrix| matrix.keys());
        keys.map(|key| (key.get_ref().to_string(), line_at(&self.text, key.span().start))).collect()
    }
}

fn line_at(text: &str, at: usize) -> u64 {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_key_of_the_matrix_has_its_line() {
        let lines = |matrix: &str| {
            let text = format!("schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n{matrix}\n");
            Scenario::parse(text, Path::new("t.toml")).unwrap().matrix_lines()
        };
        let expected = |pairs: &[(&str, u64)]| -> BTreeMap<String, u64> {
            pairs.iter().map(|(key, line)| ((*key).to_owned(), *line)).collect()
        };
        let table = "[matrix]\n# Why.\nstrategy = \"buffered\"\nsize = [\n1,\n2]";
        assert_eq!(lines(table), expected(&[("strategy", 6), ("size", 7)]));
        assert_eq!(lines("matrix.size = 1\n"), expected(&[("size", 4)]));
        assert_eq!(lines("matrix = { size = 1 }"), expected(&[("size", 4)]));
    }
}
