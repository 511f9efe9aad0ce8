//! Alternate streams: what a file of NTFS or `ReFS` holds beside its content, such as where it was downloaded from. Each has the
//! file's name, a colon and its own.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::windows::ffi::OsStringExt;
use std::path::Path;

use windows_sys::Win32::Foundation as codes;
use windows_sys::Win32::System::SystemServices::FILE_NAMED_STREAMS;

use super::super::portable::refused;
use super::super::{Calls, Lost};
use crate::ffi;

/// What the standard library copies through, so that its calls are counted.
const COPIED_AT_A_TIME: u64 = 8 * 1024;

const COMPARED_AT_A_TIME: usize = 64 * 1024;

/// Where an entry of the system's list has the name.
const NAME_AT: usize = 24;

/// What a system or a file system answers that knows no streams.
const KNOWS_NONE: [u32; 5] = [
    codes::ERROR_INVALID_FUNCTION,
    codes::ERROR_NOT_SUPPORTED,
    codes::ERROR_INVALID_PARAMETER,
    codes::ERROR_CALL_NOT_IMPLEMENTED,
    codes::ERROR_HANDLE_EOF,
];

/// Gives `to` the streams of `from`. Gives the names of those that it does not have then, and why.
pub(crate) fn copy_streams(calls: &Calls, from: &File, to: &File) -> io::Result<Lost> {
    let names = streams(calls, from)?;
    if names.is_empty() {
        return Ok(Lost::new());
    }
    calls.count();
    let has_room = ffi::volume(to)?.1 & FILE_NAMED_STREAMS != 0;
    let copy = |name: &OsStr| if has_room { copy_stream(calls, from, to, name) } else { refused() };
    Ok(names.into_iter().filter_map(|name| copy(&name).err().map(|error| (name, error))).collect())
}

/// Whether `to` has every stream that `from` has.
pub(crate) fn has_streams(calls: &Calls, from: &File, to: &File) -> io::Result<bool> {
    let (wanted, there) = (streams(calls, from)?, streams(calls, to)?);
    let is_alike = |name: &OsString| {
        let (one, other) = (open_stream(calls, from, name)?, open_stream(calls, to, name)?);
        is_equal(one, other)
    };
    // What cannot be read is for `copy_streams` to tell.
    Ok(wanted.iter().all(|name| there.contains(name) && is_alike(name).is_ok_and(|alike| alike)))
}

/// As `:NAME:$DATA`.
fn streams(calls: &Calls, file: &File) -> io::Result<Vec<OsString>> {
    calls.count();
    match ffi::streams(file) {
        Ok(list) => Ok(listed(&list)),
        Err(error) if ffi::code(&error).is_some_and(|code| KNOWS_NONE.contains(&code)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The alternate ones of a list of `FILE_STREAM_INFO`.
fn listed(list: &[u8]) -> Vec<OsString> {
    let number = |at: usize| {
        let bytes: [u8; 4] = list.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    let (mut names, mut at) = (Vec::new(), 0);
    while let (Some(next), Some(length)) = (number(at), number(at + 4)) {
        let name = list.get(at + NAME_AT..at + NAME_AT + length).unwrap_or_default();
        let units: Vec<u16> =
            name.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
        names.push(OsString::from_wide(&units));
        if next == 0 {
            break;
        }
        at += next;
    }
    names.retain(|name| is_alternate(name));
    names
}

/// Neither the content itself nor what the file system keeps for its own use.
fn is_alternate(name: &OsStr) -> bool {
    name != "::$DATA" && name.to_string_lossy().ends_with(":$DATA")
}

fn copy_stream(calls: &Calls, from: &File, to: &File, name: &OsStr) -> io::Result<()> {
    let mut source = match open_stream(calls, from, name) {
        // Removed meanwhile.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return refused(),
        source => source?,
    };
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let mut new = open_stream_as(calls, to, name, &options)?;
    let copied = io::copy(&mut source, &mut new)?;
    calls.add(2 * (copied / COPIED_AT_A_TIME + 1));
    Ok(())
}

fn open_stream(calls: &Calls, of: &File, name: &OsStr) -> io::Result<File> {
    open_stream_as(calls, of, name, OpenOptions::new().read(true))
}

/// By the path at which the file is; fails where another one stands there by then.
fn open_stream_as(calls: &Calls, of: &File, name: &OsStr, options: &OpenOptions) -> io::Result<File> {
    calls.add(4);
    let mut path = match ffi::path_of(of) {
        Ok(path) => path.into_os_string(),
        // On a volume without a letter, for one.
        Err(_) => return refused(),
    };
    path.push(name);
    let stream = options.open(Path::new(&path))?;
    if ffi::identity(&stream)? != ffi::identity(of)? {
        return refused();
    }
    Ok(stream)
}

fn is_equal(mut one: File, mut other: File) -> io::Result<bool> {
    let (mut left, mut right) = (vec![0; COMPARED_AT_A_TIME], vec![0; COMPARED_AT_A_TIME]);
    loop {
        let read = one.read(&mut left)?;
        if read == 0 {
            return Ok(other.read(&mut right)? == 0);
        }
        match other.read_exact(&mut right[..read]) {
            Ok(()) if left[..read] == right[..read] => {}
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
            _ => return Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::windows::ffi::OsStrExt;

    use super::*;

    /// As the system writes them: each entry begins at a multiple of 8.
    fn list(names: &[&str]) -> Vec<u8> {
        let mut list = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let units: Vec<u8> = OsStr::new(name).encode_wide().flat_map(u16::to_le_bytes).collect();
            let whole = (NAME_AT + units.len()).next_multiple_of(8);
            let next = if index + 1 == names.len() { 0 } else { whole };
            let number = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
            let mut entry = [number(next), number(units.len())].concat();
            entry.resize(NAME_AT, 0xff);
            entry.extend(units);
            entry.resize(whole, 0);
            list.extend(entry);
        }
        list
    }

    #[test]
    fn alternate_streams_are_found_in_the_list() {
        let names = listed(&list(&["::$DATA", ":Zone.Identifier:$DATA", ":ä:$DATA", ":x:$INDEX_ALLOCATION"]));
        assert_eq!(names, [":Zone.Identifier:$DATA", ":ä:$DATA"]);
        assert!(listed(&list(&["::$DATA"])).is_empty() && listed(&[]).is_empty());
        // One that is cut short, or leads nowhere, ends the list.
        let broken = list(&[":a:$DATA", ":b:$DATA"]);
        assert_eq!(listed(&broken[..broken.len() - 20]), [":a:$DATA"]);
    }

    #[test]
    fn what_is_read_is_compared_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = |content: &[u8]| {
            let (mut file, path) = tempfile::NamedTempFile::new_in(&folder).unwrap().keep().unwrap();
            io::Write::write_all(&mut file, content).unwrap();
            File::open(path).unwrap()
        };
        let content = vec![7; COMPARED_AT_A_TIME + 1];
        assert!(is_equal(file(&content), file(&content)).unwrap());
        let shorter = &content[1..];
        assert!(!is_equal(file(&content), file(shorter)).unwrap());
        assert!(!is_equal(file(shorter), file(&content)).unwrap());
        assert!(!is_equal(file(b"ab"), file(b"ac")).unwrap());
    }
}
