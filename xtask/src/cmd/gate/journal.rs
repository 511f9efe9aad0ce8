//! What was measured so far, a JSON object a line behind one that says what is measured, so that who was interrupted can go
//! on.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Open for further lines.
#[derive(Debug)]
pub(super) struct Journal(File);

impl Journal {
    /// A new one, or the one that is there with its entries, which has to be of the same: `differs` says what is not.
    pub(super) fn open<Of: Serialize + DeserializeOwned, Entry: DeserializeOwned>(
        path: &Path,
        of: Of,
        resume: bool,
        differs: impl FnOnce(&Of, &Of) -> Option<&'static str>,
    ) -> Result<(Self, Of, Vec<Entry>)> {
        if !resume {
            return Ok((Self::begin(path, &of)?, of, Vec::new()));
        }
        let (journal, earlier, entries) = Self::resume(path)?;
        match differs(&earlier, &of) {
            Some(what) => bail!("--resume: {what} is not as in {}; begin anew", path.display()),
            None => Ok((journal, earlier, entries)),
        }
    }

    /// An empty one, over what is there.
    fn begin(path: &Path, of: &impl Serialize) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut journal = Self(file);
        journal.add(of)?;
        Ok(journal)
    }

    /// What it is of, and its entries. A last line that was cut short is dropped.
    fn resume<Of: DeserializeOwned, Entry: DeserializeOwned>(path: &Path) -> Result<(Self, Of, Vec<Entry>)> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("--resume: nothing was interrupted; {} is not there", path.display())
            }
            read => read.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let whole = &text[..text.rfind('\n').map_or(0, |at| at + 1)];
        let file = OpenOptions::new().append(true).open(path);
        let file = file.and_then(|file| file.set_len(whole.len() as u64).map(|()| file));
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        let mut lines = (1..).zip(whole.lines());
        let (_, first) = lines.next().with_context(|| format!("{} is empty", path.display()))?;
        let of = parsed(path, 1, first)?;
        let entries = lines.map(|(number, line)| parsed(path, number, line)).collect::<Result<_>>()?;
        Ok((Self(file), of, entries))
    }

    pub(super) fn add(&mut self, entry: &impl Serialize) -> Result<()> {
        let line = serde_json::to_string(entry)? + "\n";
        self.0.write_all(line.as_bytes()).context("cannot keep what was measured")
    }
}

fn parsed<T: DeserializeOwned>(path: &Path, number: usize, line: &str) -> Result<T> {
    serde_json::from_str(line).with_context(|| format!("{}:{number}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_are_kept_and_one_cut_short_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j");
        let error = Journal::resume::<u32, u32>(&path).unwrap_err().to_string();
        assert!(error.starts_with("--resume: nothing was interrupted; "), "{error}");
        let mut journal = Journal::begin(&path, &"what").unwrap();
        journal.add(&1).unwrap();
        fs::write(&path, fs::read_to_string(&path).unwrap() + "22").unwrap();
        let (mut journal, of, entries) = Journal::resume::<String, u32>(&path).unwrap();
        assert_eq!((of.as_str(), entries), ("what", vec![1]));
        journal.add(&3).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "\"what\"\n1\n3\n");
        fs::write(&path, "\"what\"\nno\n").unwrap();
        let error = format!("{:#}", Journal::resume::<String, u32>(&path).unwrap_err());
        assert!(error.contains("j:2: expected"), "{error}");
        fs::write(&path, "").unwrap();
        assert!(Journal::resume::<String, u32>(&path).unwrap_err().to_string().ends_with(" is empty"));
    }
}
