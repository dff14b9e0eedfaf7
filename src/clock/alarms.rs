//! Waking tasks at a time of the clock.
//!
//! One thread sleeps until the earliest time for which anybody waits, and sleeps without an end while
//! nobody does. It needs no runtime, so it outlives each of them, and a task of any of them may wait.

use std::{
    collections::BTreeMap,
    mem,
    num::NonZeroU32,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    task::Waker,
    thread,
    time::Duration,
};

use super::Clock;
use crate::{caught::caught, log::TARGET};

/// Those who wait for a time.
#[derive(Debug)]
pub(super) struct Alarms {
    queue: Mutex<Queue>,
    /// Ends the sleep of the thread.
    changed: Condvar,
    rings: AtomicU32,
}

#[derive(Debug)]
struct Queue {
    /// By the time in milliseconds since the epoch, and a number.
    wakers: BTreeMap<Key, Waker>,
    next: NonZeroU32,
    /// Whether the thread runs.
    runs: bool,
}

type Key = (u64, NonZeroU32);

/// The alarms of the system's clock.
static SYSTEM: Alarms = Alarms::new();

/// A place among those who wait for a time of a clock, which is to be given back to that clock.
#[derive(Debug)]
pub(crate) struct Alarm {
    millis: u64,
    number: NonZeroU32,
    /// How often any alarm had rung when this one was looked at last.
    rings: u32,
}

impl Clock {
    /// Wakes a task at a time in milliseconds since the epoch, or later: the task looks at the clock
    /// then, which may have been set back. A task that asks for a time that has passed is woken at
    /// once.
    pub(crate) fn wake_at(&self, millis: u64, waker: &Waker) -> Alarm {
        let alarms = self.alarms();
        let mut queue = alarms.queue();
        let key = queue.free_key(millis);
        let rings = alarms.rings.load(Ordering::Acquire);
        queue.wakers.insert(key, waker.clone());
        match &self.manual {
            Some(time) => {
                drop(queue);
                alarms.ring(time.seconds().saturating_mul(1_000));
            }
            None => SYSTEM.attend(queue, key),
        }
        Alarm {
            millis,
            number: key.1,
            rings,
        }
    }

    /// Whether the alarm may have rung: if not, nobody needs to wait for the lock.
    pub(crate) fn may_have_rung(&self, alarm: &Alarm) -> bool {
        self.alarms().rings.load(Ordering::Acquire) != alarm.rings
    }

    /// Wakes another task by an alarm; answers whether that was possible: an alarm rings once.
    pub(crate) fn change_alarm(&self, alarm: &mut Alarm, waker: &Waker) -> bool {
        let before = {
            let mut queue = self.alarms().queue();
            alarm.rings = self.alarms().rings.load(Ordering::Acquire);
            let place = queue.wakers.get_mut(&alarm.key());
            place.map(|place| mem::replace(place, waker.clone()))
        };
        // A waker is not ours: what its drop does is done without the lock.
        before.is_some()
    }

    pub(crate) fn end_alarm(&self, alarm: &Alarm) {
        let gone = self.alarms().queue().wakers.remove(&alarm.key());
        drop(gone);
    }

    fn alarms(&self) -> &Alarms {
        match &self.manual {
            Some(time) => &time.alarms,
            None => &SYSTEM,
        }
    }
}

impl Alarm {
    fn key(&self) -> Key {
        (self.millis, self.number)
    }
}

impl Alarms {
    pub(super) const fn new() -> Self {
        Self {
            queue: Mutex::new(Queue {
                wakers: BTreeMap::new(),
                next: NonZeroU32::MIN,
                runs: false,
            }),
            changed: Condvar::new(),
            rings: AtomicU32::new(0),
        }
    }

    fn take_due(&self, queue: &mut Queue, now_millis: u64) -> Vec<Waker> {
        let due = queue.take_due(now_millis);
        if !due.is_empty() {
            self.rings.fetch_add(1, Ordering::AcqRel);
        }
        due
    }

    /// Wakes those whose time has come.
    pub(super) fn ring(&self, now_millis: u64) {
        loop {
            let due = self.take_due(&mut self.queue(), now_millis);
            if due.is_empty() {
                return;
            }
            wake(due);
        }
    }

    /// Sees to it that the thread wakes in time for a new entry.
    fn attend(&'static self, mut queue: MutexGuard<'_, Queue>, key: Key) {
        if !queue.runs {
            let thread = thread::Builder::new().name(NAME.into());
            let started = thread.stack_size(STACK).spawn(|| self.run());
            queue.runs = started.is_ok();
            if let Err(error) = started {
                tracing::error!(
                    target: TARGET,
                    %error,
                    "no thread could be started that ends streams in time: they end with their next \
                     frame after the credential has ended; raise the limit of threads",
                );
            }
        }
        // The machine may have been suspended, or the clock set: then the thread sleeps for too long,
        // and the first who is due has waited for too long.
        let first = queue.wakers.first_key_value();
        let is_first = first.is_some_and(|(first, _)| *first == key);
        let is_late = first.is_some_and(|(first, _)| first.0 <= Clock::system().now_millis());
        if is_first || is_late {
            self.changed.notify_one();
        }
    }

    fn run(&self) {
        let mut queue = self.queue();
        loop {
            let now = Clock::system().now_millis();
            let due = self.take_due(&mut queue, now);
            if !due.is_empty() {
                drop(queue);
                wake(due);
                queue = self.queue();
                continue;
            }
            queue = match queue.wakers.first_key_value() {
                None => self
                    .changed
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner),
                Some((&(first, _), _)) => {
                    let left = Duration::from_millis(first.saturating_sub(now));
                    let waited = self.changed.wait_timeout(queue, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No step between two statements leaves it half-changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// A key of that time that nobody has: numbers come again after four billion.
    fn free_key(&mut self, millis: u64) -> Key {
        loop {
            let key = (millis, self.next);
            self.next = self.next.checked_add(1).unwrap_or(NonZeroU32::MIN);
            if !self.wakers.contains_key(&key) {
                return key;
            }
        }
    }

    /// Some of those whose time has come: so many that others wait for the lock only a moment.
    fn take_due(&mut self, now_millis: u64) -> Vec<Waker> {
        let mut due = Vec::new();
        while due.len() < AT_ONCE
            && let Some(first) = self.wakers.first_entry()
            && first.key().0 <= now_millis
        {
            due.push(first.remove());
        }
        due
    }
}

fn wake(due: Vec<Waker>) {
    for waker in due {
        // A waker is not ours, and may panic.
        caught(|| waker.wake());
    }
}

const NAME: &str = "tower-auth-end";
const STACK: usize = 256 * 1024;
const AT_ONCE: usize = 256;

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, atomic::AtomicUsize},
        task::Wake,
    };

    use super::*;
    use crate::clock::ManualTime;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    struct Panics;

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("a waker that panics");
        }
    }

    fn clock() -> (Clock, Arc<ManualTime>) {
        let time = Arc::new(ManualTime::new(1_000));
        let clock = Clock {
            manual: Some(Arc::clone(&time)),
        };
        (clock, time)
    }

    fn counted() -> (Arc<Count>, Waker) {
        let count = Arc::<Count>::default();
        (Arc::clone(&count), Waker::from(count))
    }

    #[test]
    fn an_alarm_rings_once_and_not_before_its_time() {
        let (clock, time) = clock();
        let (count, waker) = counted();
        clock.wake_at(1_010_000, &waker);
        let rung = [1_009, 1_010, 1_011].map(|seconds| {
            time.set(seconds);
            count.0.load(Ordering::SeqCst)
        });
        assert_eq!(rung, [0, 1, 1]);
    }

    #[test]
    fn an_alarm_that_is_given_back_leaves_nothing_behind() {
        let (clock, time) = clock();
        let (count, waker) = counted();
        clock.end_alarm(&clock.wake_at(1_010_000, &waker));
        assert!(time.alarms.queue().wakers.is_empty());
        time.set(2_000);
        assert_eq!(count.0.load(Ordering::SeqCst), 0);
        assert_eq!(Arc::strong_count(&count), 2);
    }

    #[test]
    fn an_alarm_wakes_whom_it_was_changed_to() {
        let (clock, time) = clock();
        let ((first, waker), (second, other)) = (counted(), counted());
        let mut alarm = clock.wake_at(1_010_000, &waker);
        assert!(clock.change_alarm(&mut alarm, &other) && !clock.may_have_rung(&alarm));
        time.advance(10);
        assert_eq!(first.0.load(Ordering::SeqCst), 0);
        assert_eq!(second.0.load(Ordering::SeqCst), 1);
        assert!(clock.may_have_rung(&alarm) && !clock.change_alarm(&mut alarm, &waker));
    }

    #[test]
    fn a_waker_that_panics_keeps_nobody_else_asleep() {
        let (clock, time) = clock();
        let (count, waker) = counted();
        let bad = Waker::from(Arc::new(Panics));
        for waker in [&waker, &bad, &waker] {
            clock.wake_at(1_010_000, waker);
        }
        time.set(1_010);
        assert_eq!(count.0.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_time_that_has_passed_rings_at_once() {
        let (clock, _) = clock();
        let (count, waker) = counted();
        clock.wake_at(1_000_000, &waker);
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn the_systems_clock_rings_without_a_runtime() {
        struct Unpark(thread::Thread);

        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }

        let clock = Clock::system();
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut far = clock.wake_at(u64::MAX, &waker);
        let mut alarm = clock.wake_at(clock.now_millis() + 20, &waker);
        while clock.change_alarm(&mut alarm, &waker) {
            thread::park_timeout(Duration::from_secs(5));
        }
        assert!(clock.change_alarm(&mut far, &waker));
        clock.end_alarm(&far);
    }
}
