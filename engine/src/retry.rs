//! Tries a copy again that failed for a reason that may pass, after a wait that grows. Knows nothing of how a copy is made.

use std::time::{Duration, Instant};

use crate::entry::Entry;
use crate::error::CopyError;
use crate::observe::Watch;

/// Before the first retry; twice as long before each later one.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// A reason that did not pass in this time is looked at no more often.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Does `copy`, and again at most `retries` times as long as it fails for a reason that may pass. Gives with what it came
/// to how often it was tried again.
///
/// # Errors
/// That of the last try; [`CopyError::Cancelled`] where the caller wants no more while it waits.
pub(crate) fn retry<T>(
    retries: u32,
    watch: &Watch<'_>,
    destination: Entry<'_>,
    mut copy: impl FnMut() -> Result<T, CopyError>,
) -> Result<(T, u32), CopyError> {
    let mut retried = 0;
    loop {
        match copy() {
            Err(error) if retried < retries && error.is_transient() => {
                watch.wait_until(Instant::now() + wait_before(retried));
                if watch.is_cancelled() {
                    return Err(CopyError::Cancelled { destination: destination.into() });
                }
                retried += 1;
            }
            done => return done.map(|done| (done, retried)),
        }
    }
}

/// The wait before the next retry, after so many.
fn wait_before(retried: u32) -> Duration {
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(retried)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::*;
    use crate::error::Operation;
    use crate::observe::Cancel;

    /// Fails with each of `errors` in turn, then succeeds; gives what came of it and how often it was tried.
    fn play(retries: u32, watch: &Watch<'_>, errors: &[io::ErrorKind]) -> (Result<u32, CopyError>, usize) {
        let mut tries = 0;
        let copy = || {
            tries += 1;
            match errors.get(tries - 1) {
                Some(&kind) => Err(CopyError::io(Operation::Read, "source", kind)),
                None => Ok(()),
            }
        };
        let done = retry(retries, watch, Entry::given(Path::new("copy")), copy);
        (done.map(|((), retried)| retried), tries)
    }

    fn kind(error: CopyError) -> io::ErrorKind {
        io::Error::from(error).kind()
    }

    #[test]
    fn what_may_pass_is_tried_again_as_often_as_allowed() {
        use io::ErrorKind::{ResourceBusy, StaleNetworkFileHandle};
        let watch = &Watch::new(None, None, 0);
        let errors = [ResourceBusy, StaleNetworkFileHandle];
        let begin = Instant::now();
        let (done, tries) = play(2, watch, &errors);
        assert_eq!((done.unwrap(), tries), (2, 3));
        assert!(begin.elapsed() >= Duration::from_millis(300));
        let (done, tries) = play(1, watch, &errors);
        assert_eq!((kind(done.unwrap_err()), tries), (StaleNetworkFileHandle, 2));
        let (done, tries) = play(0, watch, &errors);
        assert_eq!((kind(done.unwrap_err()), tries), (ResourceBusy, 1));
        let (done, tries) = play(5, watch, &[]);
        assert_eq!((done.unwrap(), tries), (0, 1));
    }

    #[test]
    fn what_will_not_pass_is_not_tried_again() {
        use io::ErrorKind::{PermissionDenied, ResourceBusy, StorageFull};
        let watch = &Watch::new(None, None, 0);
        let (done, tries) = play(5, watch, &[StorageFull]);
        assert_eq!((kind(done.unwrap_err()), tries), (StorageFull, 1));
        let (done, tries) = play(5, watch, &[ResourceBusy, PermissionDenied]);
        assert_eq!((kind(done.unwrap_err()), tries), (PermissionDenied, 2));
    }

    #[test]
    fn nothing_is_tried_again_once_the_caller_wants_no_more() {
        let cancel = Cancel::new();
        cancel.cancel();
        let (done, tries) = play(5, &Watch::new(None, Some(&cancel), 0), &[io::ErrorKind::ResourceBusy]);
        let error = done.unwrap_err();
        assert!(matches!(&error, CopyError::Cancelled { destination } if destination == Path::new("copy")));
        assert_eq!(tries, 1);
    }

    #[test]
    fn each_wait_is_twice_the_one_before_up_to_five_seconds() {
        let waits = [0, 1, 2, 5, 6, 31, u32::MAX].map(|retried| wait_before(retried).as_millis());
        assert_eq!(waits, [100, 200, 400, 3200, 5000, 5000, 5000]);
    }
}
