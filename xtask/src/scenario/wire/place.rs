//! Where in a file a key stands.

use toml::de::{DeTable, DeValue};

/// The line of `key`, a path with dots, or of the table that lacks it. None where it cannot be told: neither is there, or
/// several tables of that name are.
pub(super) fn line(text: &str, key: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let names: Vec<&str> = key.split('.').collect();
    let start = find(table.get_ref(), &names)?;
    Some(1 + text[..start].matches('\n').count())
}

fn find(table: &DeTable<'_>, names: &[&str]) -> Option<usize> {
    let (name, rest) = names.split_first()?;
    let (key, value) = table.get_key_value(*name)?;
    let below = match value.get_ref() {
        DeValue::Array(array) if array.iter().any(|one| one.get_ref().is_table()) => {
            let [only] = &array[..] else { return None };
            only.get_ref().as_table().and_then(|table| find(table, rest))
        }
        DeValue::Table(table) => find(table, rest),
        _ => None,
    };
    below.or_else(|| Some(key.span().start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = 1\n[defaults]\n\nblocks = 1\n[matrix]\nsize = [\n  1,\n]\n[[matrix.exclude]]\nsize = 1\n\
                        [[workload]]\nname = \"a\"\n[[workload]]\nname = \"b\"\n";

    #[test]
    fn keys_have_lines_unless_several_tables_could_be_meant() {
        for (key, expected) in [
            ("name", Some(1)),
            ("defaults.blocks", Some(4)),
            ("defaults.cache", Some(2)),
            ("matrix.size", Some(6)),
            ("matrix.exclude", Some(9)),
            ("matrix.exclude.size", Some(10)),
            ("workload.name", None),
            ("budget.max", None),
        ] {
            assert_eq!(line(TEXT, key), expected, "{key}");
        }
        let inline = "matrix = { size = 1 }\n";
        assert_eq!(line(inline, "matrix.size"), Some(1));
    }
}
