//! Answers from the store, with a lie where told to.

use std::ffi::OsStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fuser::{Errno, FileAttr, INodeNo};

use super::lies::{Lies, Resize, Served};
use super::store::{Node, Store};

/// What the server shares with the test.
#[derive(Debug, Default)]
pub(super) struct World {
    state: Mutex<State>,
}

/// The truth, the lies about it, and the count.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) store: Store,
    pub(super) lies: Lies,
    pub(super) served: Served,
}

impl World {
    pub(super) fn lie(&self, lies: Lies) {
        let mut state = self.state();
        state.lies = lies;
        state.store.folds_names = lies.folds_names;
    }

    pub(super) fn served(&self) -> Served {
        self.state().served
    }

    pub(super) fn stored(&self, name: &str) -> Option<Vec<u8>> {
        let mut state = self.state();
        let mut number = INodeNo::ROOT;
        for part in name.split('/') {
            number = state.store.named(number, OsStr::new(part)).ok()?.attributes().ino;
        }
        state.store.node(number).ok().map(|node| node.bytes.clone())
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A server that panicked is told by the requests that it no longer answers.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What `stat` is told of a file or directory.
    pub(super) fn found(
        &mut self,
        node: impl FnOnce(&mut Store) -> Result<&mut Node, Errno>,
    ) -> Result<FileAttr, Errno> {
        let told_size = self.lies.told_size;
        let node = node(&mut self.store)?;
        let attributes = node.attributes();
        let size = told_size.filter(|_| node.is_file()).unwrap_or(attributes.size);
        Ok(FileAttr { size, ..attributes })
    }

    pub(super) fn read(&mut self, number: INodeNo, offset: u64, size: u32) -> Result<Vec<u8>, Errno> {
        self.served.reads += 1;
        let lies = self.lies;
        let node = self.store.node(number)?;
        let size = u64::from(size.min(lies.most_per_read.unwrap_or(size)));
        let end = until(lies.fail_read_from, offset, offset + size)?;
        let mut data = node.read(offset, end.min(lies.ends_at.unwrap_or(end))).to_vec();
        if let Some(byte) = lies.flip_on_read.and_then(|flip| flip.checked_sub(offset)) {
            // Beyond what is read it is left for another read.
            let index = usize::try_from(byte).ok();
            index.and_then(|index| data.get_mut(index)).into_iter().for_each(|byte| *byte = !*byte);
        }
        match lies.on_read {
            Some(Resize::Grow(bytes)) => node.resize(node.bytes.len() as u64 + bytes),
            Some(Resize::Shrink(bytes)) => node.resize((node.bytes.len() as u64).saturating_sub(bytes)),
            None => {}
        }
        Ok(data)
    }

    pub(super) fn write(&mut self, number: INodeNo, offset: u64, data: &[u8]) -> Result<u32, Errno> {
        self.served.writes += 1;
        let lies = self.lies;
        let node = self.store.node(number)?;
        let most = lies.most_per_write.map_or(data.len() as u64, u64::from).min(data.len() as u64);
        let taken = until(lies.fail_write_from, offset, offset + most)? - offset;
        let taken = u32::try_from(taken).expect("no request is that large");
        node.write(offset, &data[..taken as usize]);
        Ok(taken)
    }
}

/// Where a request from `offset` to `end` ends because of a failure from some offset on, or the failure.
fn until(failure: Option<(u64, i32)>, offset: u64, end: u64) -> Result<u64, Errno> {
    match failure {
        Some((from, errno)) if offset >= from => Err(Errno::from_i32(errno)),
        Some((from, _)) => Ok(end.min(from)),
        None => Ok(end),
    }
}
