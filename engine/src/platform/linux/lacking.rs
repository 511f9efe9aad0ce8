//! What Linux does not have, or has as something else.

use std::fs::File;
use std::io;

use super::super::{At, Calls, Told};
use super::unsupported;

/// No call of Linux copies a whole file by its names.
pub(crate) fn copy_new(_: &Calls, _: &File, _: At<'_>, _: Told<'_>) -> io::Result<Option<File>> {
    Err(unsupported())
}

/// Files that there are already share extents.
pub(crate) const CLONES_ARE_NEW: bool = false;

pub(crate) fn clone_new(_: &Calls, _: &File, _: At<'_>) -> io::Result<File> {
    Err(unsupported())
}

/// It is an extended attribute.
pub(crate) fn copy_access_list(_: &Calls, _: &File, _: &File) -> io::Result<()> {
    Ok(())
}

/// Those of `chattr` are not a matter of copying.
pub(crate) fn copy_flags(_: &Calls, _: &File, _: &File) -> io::Result<()> {
    Ok(())
}
