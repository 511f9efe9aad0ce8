//! The flags that say how a file is copied, the same for one file and for each of a tree. Values have the names that
//! the engine gives them.

use std::ffi::OsString;
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use orbit_engine::{Cancel, Compression, CopyOptions, Tuning};

/// The options with one flag more; nothing where the flag is none of these.
pub(crate) fn with_flag(
    options: &CopyOptions,
    flag: &str,
    value: &OsString,
) -> Result<Option<CopyOptions>, String> {
    let options = options.clone();
    Ok(Some(match flag {
        "--strategy" => options.strategy(named(flag, value)?),
        "--verify" => options.verification(named(flag, value)?),
        "--durability" => options.durability(named(flag, value)?),
        "--reflink" => options.reflink(named(flag, value)?),
        "--sparse" => options.sparse(named(flag, value)?),
        "--placement" => options.placement(named(flag, value)?),
        "--preserve" => options.preserve_metadata(named(flag, value)?),
        "--accept-changed" => options.accept_changed_source(named(flag, value)?),
        "--direct-io" => options.direct_io(named(flag, value)?),
        "--io-uring" => options.io_uring(named(flag, value)?),
        "--compress" => options.compression(named(flag, value)?),
        "--decompress" => match named(flag, value)? {
            true => options.compression(Compression::Decompress),
            false => options,
        },
        "--only" => options.only(named(flag, value)?),
        "--max-bandwidth" => options.max_bandwidth(named(flag, value)?),
        "--retries" => options.retries(named(flag, value)?),
        "--cancel-after" => options.cancel(cancelled_after(Duration::from_millis(named(flag, value)?))),
        "--tuned" => options.tuning(Tuning::load(value).map_err(|error| error.to_string())?),
        _ => return Ok(None),
    }))
}

fn cancelled_after(time: Duration) -> Cancel {
    let cancel = Cancel::new();
    let later = cancel.clone();
    thread::spawn(move || {
        thread::sleep(time);
        later.cancel();
    });
    cancel
}

pub(crate) fn named<T: FromStr<Err: std::fmt::Display>>(flag: &str, value: &OsString) -> Result<T, String> {
    value.to_string_lossy().parse().map_err(|error| format!("{flag}: {error}"))
}
