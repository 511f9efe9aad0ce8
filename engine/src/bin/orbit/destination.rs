//! What DST means: the new file, or the directory to put it in. Looks, and makes nothing.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use orbit_engine::shown;

use crate::remedy::make_directory;

/// Why there is no such path.
#[derive(Debug)]
pub(crate) struct Nowhere {
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) remedy: Option<String>,
}

/// The new file's path. Put into a directory it is called as the source; where it is to be decompressed, without `.zst`.
///
/// # Errors
/// Where DST is written as a directory and is none, or the source has no name to give.
pub(crate) fn of(source: &Path, destination: &Path, decompress: bool) -> Result<PathBuf, Nowhere> {
    let to = shown(destination);
    let nowhere = |message, remedy| Err(Nowhere { message, remedy });
    if destination.is_dir() {
        return match name_of(source, decompress) {
            Some(name) => Ok(destination.join(name)),
            None => nowhere(
                format!("cannot put {} into {to}: it names no file", shown(source)),
                Some("write its name out".to_owned()),
            ),
        };
    }
    if !ends_in_slash(destination) {
        return Ok(destination.to_path_buf());
    }
    // There a file by a name that ends in a slash is a wrong name.
    let looked_at = if cfg!(windows) { destination.components().as_path() } else { destination };
    match looked_at.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => nowhere(
            format!("cannot copy into {to}: there is no such directory"),
            Some(make_directory(destination)),
        ),
        Err(error) if error.kind() != std::io::ErrorKind::NotADirectory => {
            nowhere(format!("cannot copy into {to}: {error}"), None)
        }
        _ => nowhere(
            format!("cannot copy into {to}: it is no directory"),
            Some("write it without the slash to name a file".to_owned()),
        ),
    }
}

fn ends_in_slash(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().last().is_some_and(|last| std::path::is_separator(char::from(*last)))
}

fn name_of(source: &Path, decompress: bool) -> Option<OsString> {
    let name = source.file_name()?;
    let stem = source.file_stem().filter(|_| decompress && source.extension() == Some(OsStr::new("zst")));
    Some(stem.unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_gets_a_file_with_the_sources_name() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let of = |source: &str, decompress| of(Path::new(source), dir, decompress);
        assert_eq!(of("x/a.zst", false).unwrap(), dir.join("a.zst"));
        assert_eq!(of("x/a.zst", true).unwrap(), dir.join("a"));
        assert_eq!(of("a.tar.zst", true).unwrap(), dir.join("a.tar"));
        assert_eq!(of(".zst", true).unwrap(), dir.join(".zst"));
        assert_eq!(of("a", true).unwrap(), dir.join("a"));
        for nameless in ["/", "..", "x/.."] {
            assert!(of(nameless, false).unwrap_err().message.contains("names no file"));
        }
    }

    #[test]
    fn a_slash_means_a_directory_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        std::fs::write(&file, "").unwrap();
        let with_slash = |path: &Path| PathBuf::from(format!("{}/", path.display()));
        let of = |destination: &Path| of(Path::new("a"), destination, false);
        assert_eq!(of(&file).unwrap(), file);
        assert_eq!(of(&with_slash(folder.path())).unwrap(), folder.path().join("a"));
        assert!(of(&with_slash(&file)).unwrap_err().message.contains("it is no directory"));
        let missing = with_slash(&folder.path().join("no"));
        assert!(of(&missing).unwrap_err().remedy.unwrap().contains("mkdir "));
    }
}
