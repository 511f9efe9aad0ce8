//! What an observer hears, and how long steps become.

use super::*;

#[derive(Default)]
struct Heard(Mutex<Vec<Progress>>);

impl Observer for Heard {
    fn progress(&self, progress: Progress) {
        self.0.lock().unwrap().push(progress);
    }
}

#[test]
fn an_observer_hears_phases_and_ends_but_not_every_step() {
    let heard = Arc::new(Heard::default());
    let audience = Audience(heard.clone());
    let watch = Watch::new(Some(&audience), None, 1000);
    watch.enter(Phase::Copying);
    for _ in 0..1000 {
        watch.advance(1);
    }
    watch.done(1000);
    let heard = heard.0.lock().unwrap();
    assert!(heard.len() >= 2 && heard.len() < 900, "{}", heard.len());
    assert_eq!(heard[0], Progress { phase: Phase::Copying, bytes: 0, resumed: 0, total: 1000 });
    assert_eq!(heard.last().unwrap().bytes, 1000);
}

#[test]
fn a_flag_that_something_else_sets_is_a_wish() {
    let flag = Arc::new(AtomicBool::new(false));
    let cancel = Cancel::from(Arc::clone(&flag));
    assert!(!cancel.is_cancelled());
    flag.store(true, Ordering::Relaxed);
    assert!(cancel.is_cancelled());
}

#[test]
fn a_long_call_is_told_meanwhile() {
    let heard = Arc::new(Heard::default());
    let audience = Audience(heard.clone());
    let watch = Watch::new(Some(&audience), None, 0);
    watch.meanwhile(|| thread::sleep(INTERVAL * 4));
    assert!(heard.0.lock().unwrap().len() >= 2);
}

#[test]
fn a_wait_is_told_and_ends_when_it_is_over_or_the_caller_wants_no_more() {
    let (heard, cancel) = (Arc::new(Heard::default()), Cancel::new());
    let audience = Audience(heard.clone());
    let watch = Watch::new(Some(&audience), Some(&cancel), 0);
    let begin = Instant::now();
    watch.wait_until(begin + INTERVAL * 4);
    assert!(begin.elapsed() >= INTERVAL * 4);
    assert!(heard.0.lock().unwrap().len() >= 2);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(INTERVAL);
            cancel.cancel();
        });
        watch.wait_until(begin + Duration::from_secs(900));
    });
    assert!(begin.elapsed() < Duration::from_secs(900));
}

/// Takes its time over the first word that is not the begin.
#[derive(Default)]
struct Slow(Heard);

impl Observer for Slow {
    fn progress(&self, progress: Progress) {
        if progress.bytes == 1 {
            thread::sleep(INTERVAL * 2);
        }
        self.0.progress(progress);
    }
}

#[test]
fn what_is_heard_last_is_the_end() {
    let slow = Arc::new(Slow::default());
    let audience = Audience(slow.clone());
    let watch = Watch::new(Some(&audience), None, 2);
    thread::scope(|scope| {
        scope.spawn(|| {
            watch.reached(1);
            watch.tell();
        });
        thread::sleep(INTERVAL);
        watch.done(2);
    });
    let heard: Vec<_> = slow.0.0.lock().unwrap().iter().map(|told| told.bytes).collect();
    assert_eq!(heard, [1, 2]);
}

#[test]
fn strides_follow_the_time_that_steps_take() {
    let cancel = Cancel::new();
    let mut stride = Stride::new(&Watch::new(None, Some(&cancel), 0), FIRST_STEP);
    assert_eq!(stride.begin(u64::MAX), FIRST_STEP);
    stride.end();
    assert_eq!(stride.begin(u64::MAX), 2 * FIRST_STEP);
    thread::sleep(LONG_STEP * 2);
    stride.end();
    assert_eq!(stride.begin(u64::MAX), FIRST_STEP);
    assert_eq!(stride.begin(10), 10);
    assert_eq!(Stride::new(&Watch::new(None, None, 0), FIRST_STEP).begin(u64::MAX), u64::MAX);
}
