//! Promises of time, on a machine that may be busy.

use std::time::Duration;

/// A busy machine takes a thread away for long, but not each time; what is broken is late each time.
const CHANCES: u32 = 5;

/// Makes an attempt, which says how long it took, until one takes no longer than `most`; gives what that one made.
///
/// # Panics
/// When each takes longer.
#[track_caller]
pub fn within<T>(most: Duration, mut attempt: impl FnMut() -> (T, Duration)) -> T {
    let mut times = Vec::new();
    for _ in 0..CHANCES {
        let (made, took) = attempt();
        if took <= most {
            return made;
        }
        times.push(took);
    }
    panic!("{times:?}, none of which is within {most:?}");
}
