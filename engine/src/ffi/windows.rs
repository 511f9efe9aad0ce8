//! Windows: what is known of an open file, names, whole copies, and the requests to a file system.

mod answer;

use std::any::Any;
use std::ffi::{OsString, c_void};
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::windows::ffi::{OsStrExt, OsStringExt};
use std::os::windows::io::AsRawHandle;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::ptr::{from_mut, from_ref, null, null_mut};

#[cfg(feature = "config")]
use windows_sys::Wdk::System::SystemServices as services;
use windows_sys::Win32::Foundation::{ERROR_MORE_DATA, ERROR_REQUEST_ABORTED, HANDLE};
use windows_sys::Win32::Storage::FileSystem as fs;
use windows_sys::Win32::System::IO::DeviceIoControl;
use windows_sys::Win32::System::Ioctl as ioctl;
#[cfg(feature = "config")]
use windows_sys::Win32::System::SystemInformation as information;

pub(crate) use answer::{security, streams};
pub(crate) use fs::{FILE_BASIC_INFO, FILE_STANDARD_INFO};
pub(crate) use ioctl::FSCTL_GET_INTEGRITY_INFORMATION_BUFFER as Integrity;

/// Longest name of a file system, with its end.
const NAME_UNITS: usize = 261;

fn answered(done: i32) -> io::Result<()> {
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// As the system takes a path: UTF-16 that ends with a 0.
fn wide(path: &Path) -> io::Result<Vec<u16>> {
    let mut units: Vec<u16> = path.as_os_str().encode_wide().collect();
    if units.contains(&0) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a path holds no zero character"));
    }
    units.push(0);
    Ok(units)
}

/// What the system tells of an open file by its class.
///
/// # Safety
/// `CLASS` must make the system write a value of this type, which consists of integers and `bool`s alone.
unsafe trait Told: Default {
    const CLASS: fs::FILE_INFO_BY_HANDLE_CLASS;
}

// SAFETY: the class and the type belong together by their documentation.
unsafe impl Told for FILE_BASIC_INFO {
    const CLASS: fs::FILE_INFO_BY_HANDLE_CLASS = fs::FileBasicInfo;
}

// SAFETY: the class and the type belong together by their documentation.
unsafe impl Told for FILE_STANDARD_INFO {
    const CLASS: fs::FILE_INFO_BY_HANDLE_CLASS = fs::FileStandardInfo;
}

// SAFETY: the class and the type belong together by their documentation.
unsafe impl Told for fs::FILE_ATTRIBUTE_TAG_INFO {
    const CLASS: fs::FILE_INFO_BY_HANDLE_CLASS = fs::FileAttributeTagInfo;
}

// SAFETY: the class and the type belong together by their documentation.
unsafe impl Told for fs::FILE_ID_INFO {
    const CLASS: fs::FILE_INFO_BY_HANDLE_CLASS = fs::FileIdInfo;
}

// SAFETY: the class and the type belong together by their documentation.
unsafe impl Told for fs::FILE_REMOTE_PROTOCOL_INFO {
    const CLASS: fs::FILE_INFO_BY_HANDLE_CLASS = fs::FileRemoteProtocolInfo;
}

fn told<T: Told>(file: &File) -> io::Result<T> {
    let mut value = T::default();
    // SAFETY: the handle is open as long as the file is borrowed, and the value has the size that is told and outlives the
    // call. What the system writes is a value of the type, as the trait promises.
    answered(unsafe {
        fs::GetFileInformationByHandleEx(handle(file), T::CLASS, from_mut(&mut value).cast(), size::<T>())
    })?;
    Ok(value)
}

fn handle(file: &File) -> HANDLE {
    file.as_raw_handle()
}

const fn size<T>() -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "these structs have some dozens of bytes")]
    let size = size_of::<T>() as u32;
    size
}

/// Times and attributes.
pub(crate) fn basic(file: &File) -> io::Result<FILE_BASIC_INFO> {
    told(file)
}

/// Sizes and the number of names.
pub(crate) fn standard(file: &File) -> io::Result<FILE_STANDARD_INFO> {
    told(file)
}

/// What a reparse point stands for; 0 where it is none.
pub(crate) fn reparse_tag(file: &File) -> io::Result<u32> {
    told::<fs::FILE_ATTRIBUTE_TAG_INFO>(file).map(|told| told.ReparseTag)
}

/// The volume, and which file it is there.
pub(crate) fn identity(file: &File) -> io::Result<(u64, u128)> {
    match told::<fs::FILE_ID_INFO>(file) {
        Ok(id) => Ok((id.VolumeSerialNumber, u128::from_le_bytes(id.FileId.Identifier))),
        // A file system that knows the older call only.
        Err(_) => older_identity(file),
    }
}

fn older_identity(file: &File) -> io::Result<(u64, u128)> {
    let mut told = fs::BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open as long as the file is borrowed, and the struct outlives the call.
    answered(unsafe { fs::GetFileInformationByHandle(handle(file), &raw mut told) })?;
    let number = u64::from(told.nFileIndexHigh) << 32 | u64::from(told.nFileIndexLow);
    Ok((told.dwVolumeSerialNumber.into(), number.into()))
}

/// Whether the file is on another machine.
pub(crate) fn is_remote(file: &File) -> bool {
    told::<fs::FILE_REMOTE_PROTOCOL_INFO>(file).is_ok()
}

/// Whether the handle is one of a file system, and no pipe or device.
pub(crate) fn is_stored(file: &File) -> bool {
    // SAFETY: the handle is open as long as the file is borrowed.
    unsafe { fs::GetFileType(handle(file)) == fs::FILE_TYPE_DISK }
}

/// Whether the handle is one of a pipe or socket.
pub(crate) fn is_pipe(file: &File) -> bool {
    // SAFETY: the handle is open as long as the file is borrowed.
    unsafe { fs::GetFileType(handle(file)) == fs::FILE_TYPE_PIPE }
}

/// Sets times and attributes; those that are 0 stay as they are.
pub(crate) fn set_basic(file: &File, basic: &FILE_BASIC_INFO) -> io::Result<()> {
    // SAFETY: the handle is open as long as the file is borrowed; the system only reads the struct, which belongs to this
    // class and outlives the call.
    answered(unsafe {
        fs::SetFileInformationByHandle(
            handle(file),
            fs::FileBasicInfo,
            from_ref(basic).cast(),
            size::<FILE_BASIC_INFO>(),
        )
    })
}

/// The name of the file system that an open file is on, and what it can.
pub(crate) fn volume(file: &File) -> io::Result<(String, u32)> {
    let (mut name, mut flags) = ([0_u16; NAME_UNITS], 0);
    // SAFETY: the handle is open as long as the file is borrowed; the name has as many units as is told; what is not asked for
    // is a null pointer, which the call permits.
    answered(unsafe {
        fs::GetVolumeInformationByHandleW(
            handle(file),
            null_mut(),
            0,
            null_mut(),
            null_mut(),
            &raw mut flags,
            name.as_mut_ptr(),
            size::<[u8; NAME_UNITS]>(),
        )
    })?;
    let length = name.iter().position(|unit| *unit == 0).unwrap_or(name.len());
    Ok((String::from_utf16_lossy(&name[..length]), flags))
}

/// Version and build of the system, whatever this program says that it was made for.
#[cfg(feature = "config")]
pub(crate) fn version() -> Option<String> {
    let mut told = information::OSVERSIONINFOW {
        dwOSVersionInfoSize: size::<information::OSVERSIONINFOW>(),
        ..information::OSVERSIONINFOW::default()
    };
    // SAFETY: the struct has the size that it says, and outlives the call.
    let status = unsafe { services::RtlGetVersion(&raw mut told) };
    (status >= 0).then(|| format!("{}.{}.{}", told.dwMajorVersion, told.dwMinorVersion, told.dwBuildNumber))
}

/// Where an open file is, links resolved, in the form that may have any length.
pub(crate) fn path_of(file: &File) -> io::Result<PathBuf> {
    let mut units = vec![0_u16; 512];
    loop {
        let room = u32::try_from(units.len()).unwrap_or(u32::MAX);
        // SAFETY: the handle is open as long as the file is borrowed, and the buffer has as many units as is told.
        let length = unsafe {
            fs::GetFinalPathNameByHandleW(handle(file), units.as_mut_ptr(), room, fs::VOLUME_NAME_DOS)
        };
        match length {
            0 => return Err(io::Error::last_os_error()),
            length if length < room => {
                units.truncate(length as usize);
                return Ok(OsString::from_wide(&units).into());
            }
            // So many are needed, their end counted.
            length => units.resize(length as usize + 1, 0),
        }
    }
}

/// Renames, and waits until the disk has it. What has the name is replaced, or is an error.
pub(crate) fn rename(from: &Path, to: &Path, replaces: bool) -> io::Result<()> {
    let (from, to) = (wide(from)?, wide(to)?);
    let flags = fs::MOVEFILE_WRITE_THROUGH | if replaces { fs::MOVEFILE_REPLACE_EXISTING } else { 0 };
    // SAFETY: both are UTF-16 that ends with a 0, and outlive the call.
    answered(unsafe { fs::MoveFileExW(from.as_ptr(), to.as_ptr(), flags) })
}

/// Who hears how far a copy is, and what went wrong with that.
struct Listener<'a> {
    each: &'a mut dyn FnMut(u64) -> ControlFlow<()>,
    panic: Option<Box<dyn Any + Send>>,
}

/// The number of a file's own content among its streams.
const CONTENT: u32 = 1;

unsafe extern "system" fn progress(
    _: i64,
    _: i64,
    _: i64,
    bytes_of_stream: i64,
    stream: u32,
    _: u32,
    _: HANDLE,
    _: HANDLE,
    listener: *const c_void,
) -> u32 {
    // SAFETY: `copy_file` passes a listener that it holds exclusively until the copy is done, and the system calls this from
    // the copying thread alone.
    let listener = unsafe { &mut *listener.cast::<Listener<'_>>().cast_mut() };
    if stream != CONTENT {
        return fs::PROGRESS_CONTINUE;
    }
    let bytes = u64::try_from(bytes_of_stream).unwrap_or(0);
    match catch_unwind(AssertUnwindSafe(|| (listener.each)(bytes))) {
        Ok(ControlFlow::Continue(())) => fs::PROGRESS_CONTINUE,
        Ok(ControlFlow::Break(())) => fs::PROGRESS_CANCEL,
        Err(panic) => {
            listener.panic = Some(panic);
            fs::PROGRESS_CANCEL
        }
    }
}

/// Copies a file with its attributes and streams to a name that must be free. `each` hears how much of the content is done, and
/// may end the copy: false then, and nothing is left of it.
pub(crate) fn copy_file(
    from: &Path,
    to: &Path,
    each: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> io::Result<bool> {
    let (from, to) = (wide(from)?, wide(to)?);
    let mut listener = Listener { each, panic: None };
    let data = from_mut(&mut listener).cast::<c_void>().cast_const();
    let flags = fs::COPY_FILE_FAIL_IF_EXISTS;
    let (source, new) = (from.as_ptr(), to.as_ptr());
    // SAFETY: both paths are UTF-16 that ends with a 0; the routine has the type that is asked for, does not unwind, and gets
    // the listener, which nothing else touches until the call returns.
    let done = unsafe { fs::CopyFileExW(source, new, Some(progress), data, null_mut(), flags) };
    let done = answered(done);
    if let Some(panic) = listener.panic {
        resume_unwind(panic);
    }
    match done {
        Err(error) if code(&error) == Some(ERROR_REQUEST_ABORTED) => Ok(false),
        done => done.map(|()| true),
    }
}

/// The number of an error of the system.
pub(crate) fn code(error: &io::Error) -> Option<u32> {
    error.raw_os_error().and_then(|code| u32::try_from(code).ok())
}

/// Sends a request with `given` to the file system of `file`, and gives how much it has answered.
fn request<G>(file: &File, code: u32, given: Option<&G>, answer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    let (input, input_size) = given.map_or((null(), 0), |given| (from_ref(given).cast(), size::<G>()));
    let room = u32::try_from(answer.len()).unwrap_or(u32::MAX);
    // SAFETY: the handle is open for blocking calls as long as the file is borrowed; input and answer have the sizes that are
    // told and outlive the call; the callers pass the struct that belongs to the code.
    let done = answered(unsafe {
        DeviceIoControl(
            handle(file),
            code,
            input,
            input_size,
            answer.as_mut_ptr().cast(),
            room,
            &raw mut length,
            null_mut(),
        )
    });
    match done {
        Err(error) if self::code(&error) != Some(ERROR_MORE_DATA) => Err(error),
        _ => Ok(length as usize),
    }
}

/// Lets an open file have holes.
pub(crate) fn set_sparse(file: &File) -> io::Result<()> {
    request::<()>(file, ioctl::FSCTL_SET_SPARSE, None, &mut []).map(|_| ())
}

/// Begin and length of the first stretch that is stored of `length` bytes from `offset` on; none where there is none.
pub(crate) fn stored_range(file: &File, offset: i64, length: i64) -> io::Result<Option<(u64, u64)>> {
    let looked_at = ioctl::FILE_ALLOCATED_RANGE_BUFFER { FileOffset: offset, Length: length };
    let mut answer = [0; size_of::<ioctl::FILE_ALLOCATED_RANGE_BUFFER>()];
    let told = request(file, ioctl::FSCTL_QUERY_ALLOCATED_RANGES, Some(&looked_at), &mut answer)?;
    if told < answer.len() {
        return Ok(None);
    }
    let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|index| answer[at + index]));
    Ok(Some((number(0), number(8))))
}

/// Which checksums a file of `ReFS` has, and how long its clusters are.
pub(crate) fn integrity(file: &File) -> io::Result<Integrity> {
    let mut answer = [0; size_of::<Integrity>()];
    let told = request::<()>(file, ioctl::FSCTL_GET_INTEGRITY_INFORMATION, None, &mut answer)?;
    if told < answer.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let long = |at: usize| u32::from_le_bytes(std::array::from_fn(|index| answer[at + index]));
    let short = |at: usize| u16::from_le_bytes(std::array::from_fn(|index| answer[at + index]));
    Ok(Integrity {
        ChecksumAlgorithm: short(0),
        Reserved: short(2),
        Flags: long(4),
        ChecksumChunkSizeInBytes: long(8),
        ClusterSizeInBytes: long(12),
    })
}

/// Gives a file of `ReFS` these checksums.
pub(crate) fn set_integrity(file: &File, integrity: &Integrity) -> io::Result<()> {
    let wanted = ioctl::FSCTL_SET_INTEGRITY_INFORMATION_BUFFER {
        ChecksumAlgorithm: integrity.ChecksumAlgorithm,
        Reserved: 0,
        Flags: integrity.Flags,
    };
    request(file, ioctl::FSCTL_SET_INTEGRITY_INFORMATION, Some(&wanted), &mut []).map(|_| ())
}

/// Lets `to` share the clusters of `length` bytes at `offset` of `from`.
pub(crate) fn share_clusters(from: &File, to: &File, offset: i64, length: i64) -> io::Result<()> {
    let range = ioctl::DUPLICATE_EXTENTS_DATA {
        FileHandle: handle(from),
        SourceFileOffset: offset,
        TargetFileOffset: offset,
        ByteCount: length,
    };
    request(to, ioctl::FSCTL_DUPLICATE_EXTENTS_TO_FILE, Some(&range), &mut []).map(|_| ())
}
