//! What this process has learnt about mounted file systems, so that it asks the kernel once and not for every file.
//! Holds only answers that are true for every file between two mounts; one odd file teaches nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::platform::Volume;
use crate::strategy::Mechanism;

#[derive(Debug)]
struct Memory {
    refusals: BTreeMap<(Volume, Volume), Vec<(Mechanism, i32)>>,
    names: BTreeMap<Volume, String>,
}

static MEMORY: Mutex<Memory> = Mutex::new(Memory { refusals: BTreeMap::new(), names: BTreeMap::new() });

fn memory() -> MutexGuard<'static, Memory> {
    // Every change is one insertion, so that a panic elsewhere cannot leave it half made.
    MEMORY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers that `mechanism` is refused with `errno` for every file between these mounts.
pub(crate) fn note_refusal(from: Volume, to: Volume, mechanism: Mechanism, errno: i32) {
    let mut memory = memory();
    let refused = memory.refusals.entry((from, to)).or_default();
    if !refused.iter().any(|(known, _)| *known == mechanism) {
        refused.push((mechanism, errno));
    }
}

/// The mechanisms that were refused between these mounts.
pub(crate) fn refusals(from: Volume, to: Volume) -> Vec<(Mechanism, i32)> {
    memory().refusals.get(&(from, to)).cloned().unwrap_or_default()
}

/// The name of the file system that is mounted as `volume`, found by `look` the first time.
pub(crate) fn file_system<E>(volume: Volume, look: impl FnOnce() -> Result<String, E>) -> Result<String, E> {
    if let Some(name) = memory().names.get(&volume) {
        return Ok(name.clone());
    }
    let name = look()?;
    memory().names.insert(volume, name.clone());
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_kept_for_its_mounts_only() {
        let (one, other) = (Volume { device: 1, mount: u64::MAX }, Volume { device: 1, mount: u64::MAX - 1 });
        note_refusal(one, other, Mechanism::CopyFileRange, 18);
        note_refusal(one, other, Mechanism::CopyFileRange, 38);
        assert_eq!(refusals(one, other), [(Mechanism::CopyFileRange, 18)]);
        assert_eq!(refusals(other, one), []);
    }

    #[test]
    fn a_name_is_looked_up_once() {
        let volume = Volume { device: 2, mount: u64::MAX };
        assert_eq!(file_system(volume, || Err(())), Err(()));
        assert_eq!(file_system::<()>(volume, || Ok("xfs".into())), Ok("xfs".into()));
        assert_eq!(file_system(volume, || Err(())), Ok("xfs".into()));
    }
}
