//! What one process at a time works on.

use std::fs::File;

/// The lock of a file. Ends with this, also where a child that another thread is about to start has the file open still.
#[derive(Debug)]
pub(crate) struct Owner(File);

impl Owner {
    /// None while another process has it.
    pub(crate) fn of(file: File) -> Option<Self> {
        file.try_lock().is_ok().then_some(Self(file))
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // It fails only where there was no lock.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_at_a_time_whoever_has_the_file_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("owner");
        let file = File::create(&path).unwrap();
        // As a child has it.
        let inherited = file.try_clone().unwrap();
        let owner = Owner::of(file).unwrap();
        let another = || Owner::of(File::open(&path).unwrap());
        assert!(another().is_none());
        drop(owner);
        assert!(another().is_some());
        drop(inherited);
    }
}
