//! Names as messages write them, so that a file can be found by what was said of it.

use std::ffi::OsStr;
use std::fmt;

/// A name or a path, with each byte that is no UTF-8 as `\xff`. Control characters stay, as a terminal's concern.
///
/// ```
/// use orbit_engine::shown;
/// # #[cfg(unix)] {
/// use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
/// assert_eq!(shown(OsStr::from_bytes(b"caf\xe9.txt")).to_string(), r"caf\xe9.txt");
/// # }
/// ```
pub fn shown(name: &(impl AsRef<OsStr> + ?Sized)) -> impl fmt::Display {
    Shown(name.as_ref())
}

struct Shown<'a>(&'a OsStr);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.as_encoded_bytes().utf8_chunks() {
            f.write_str(chunk.valid())?;
            chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
        }
        Ok(())
    }
}
