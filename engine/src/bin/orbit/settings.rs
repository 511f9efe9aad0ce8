//! Brings together what the flags, the environment, the configuration and the preset say. The library decides which of
//! them holds.

use std::env::{self, VarError};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use orbit_engine::{Effective, Origin, Settings, Strategy, Tuning, shown};

use crate::failure::Failure;
use crate::flags::SettingFlags;

/// What holds for this run.
///
/// # Errors
/// A contradiction, a variable without a meaning, a configuration that is broken or, where it was named, missing.
pub(crate) fn gather(flags: &SettingFlags) -> Result<Effective, Failure> {
    let mut layers = vec![(Origin::Flag, flags.settings()), (Origin::Environment, environment()?)];
    if let Some((path, named_by)) = configuration(flags.config().map(PathBuf::as_path))? {
        let settings = Settings::load(&path)
            .map_err(|error| Failure::usage(format!("{error} (the configuration file {named_by})")))?;
        layers.push((Origin::File(path), settings));
    }
    Effective::resolve(layers).map_err(|contradiction| Failure::usage(contradiction.to_string()))
}

/// The tuned file that holds, or the default tuning.
///
/// # Errors
/// A tuned file that is missing or broken.
pub(crate) fn tuning(effective: &Effective) -> Result<Tuning, Failure> {
    let Some((path, origin)) = effective.tuned() else { return Ok(Tuning::default()) };
    Tuning::load(path)
        .map_err(|error| Failure::usage(format!("{error} (the tuned file is named by the {origin})")))
}

fn environment() -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    if forbids_zero_copy()? {
        settings.strategy = Some(Strategy::Buffered);
    }
    settings.tuned = path_in("ORBIT_TUNED");
    Ok(settings)
}

fn forbids_zero_copy() -> Result<bool, Failure> {
    let name = "ORBIT_NO_ZERO_COPY";
    let value = match env::var(name) {
        Ok(value) => value,
        Err(VarError::NotPresent) => return Ok(false),
        Err(VarError::NotUnicode(value)) => value.to_string_lossy().into_owned(),
    };
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" => Ok(true),
        "" | "0" | "false" | "no" => Ok(false),
        _ => Err(Failure::usage(format!("{name} is `{value}`; write 1, true or yes, or 0, false or no"))),
    }
}

/// The file to read, and a clause that says why this one; none where no file was named and there is none at the usual
/// place.
fn configuration(flag: Option<&Path>) -> Result<Option<(PathBuf, &'static str)>, Failure> {
    if let Some(named) = flag {
        return Ok(Some((named.to_path_buf(), "named by --config")));
    }
    if let Some(named) = path_in("ORBIT_CONFIG") {
        return Ok(Some((named, "named by ORBIT_CONFIG")));
    }
    let (configuration_home, home) = homes();
    let Some(usual) = usual_place(configuration_home, home) else { return Ok(None) };
    match usual.metadata() {
        Ok(_) if cfg!(windows) => Ok(Some((usual, "that is read unasked; --config NUL reads none"))),
        Ok(_) => Ok(Some((usual, "that is read unasked; --config /dev/null reads none"))),
        Err(error) => match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Ok(None),
            _ => Err(Failure::usage(format!(
                "cannot read {}: {error} (the configuration file; --config {} reads none)",
                shown(&usual),
                if cfg!(windows) { "NUL" } else { "/dev/null" }
            ))),
        },
    }
}

/// Where programs keep their configuration, and the user's own directory below which that is otherwise.
#[cfg(not(windows))]
fn homes() -> (Option<PathBuf>, Option<PathBuf>) {
    (path_in("XDG_CONFIG_HOME"), path_in("HOME"))
}

#[cfg(windows)]
fn homes() -> (Option<PathBuf>, Option<PathBuf>) {
    (path_in("APPDATA"), None)
}

/// A relative path in `XDG_CONFIG_HOME` has no meaning and is not followed, as its specification says.
fn usual_place(configuration_home: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    let directory = configuration_home.filter(|path| path.is_absolute());
    let directory = directory.or_else(|| home.map(|home| home.join(".config")))?;
    Some(directory.join("orbit").join("orbit.toml"))
}

/// The variable's value; an empty one is as good as none.
fn path_in(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_place_follows_the_specification() {
        let place =
            |xdg: Option<&str>, home: Option<&str>| usual_place(xdg.map(Into::into), home.map(Into::into));
        let (x, h) = if cfg!(windows) { (r"C:\x", r"C:\h") } else { ("/x", "/h") };
        let below = |home: &str, path: &str| Some(Path::new(home).join(path));
        assert_eq!(place(Some(x), Some(h)), below(x, "orbit/orbit.toml"));
        assert_eq!(place(Some("x"), Some(h)), below(h, ".config/orbit/orbit.toml"));
        assert_eq!(place(None, Some(h)), below(h, ".config/orbit/orbit.toml"));
        assert_eq!(place(None, None), None);
    }
}
