//! What is done once.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use super::kit::Kit;
use crate::shared::{Begun, Once, SharedState};

pub(super) async fn all<P: AsyncFn(Duration)>(opened: &impl AsyncFn() -> (Kit, P)) {
    let (kit, pass) = opened().await;
    kit.what_is_done_is_known_for_its_time(pass).await;
    let (kit, pass) = opened().await;
    kit.a_lease_ends(pass).await;
    let (kit, pass) = opened().await;
    kit.a_lease_is_renewed_by_its_attempt_alone(pass).await;
    opened().await.0.what_failed_is_begun_again().await;
    opened().await.0.an_attempt_ends_no_other().await;
    opened().await.0.kinds_and_names_are_told_apart().await;
    opened().await.0.of_many_attempts_one_begins().await;
    opened().await.0.times_of_any_length_are_taken().await;
}

impl Kit {
    async fn what_is_done_is_known_for_its_time(&self, pass: impl AsyncFn(Duration)) {
        for (name, ttl) in [("short", SECOND), ("long", HOUR)] {
            let one = once(name);
            assert_eq!(begin(&self.one, &one).await, Begun::New, "nobody did it");
            let other = begin(&self.other, &once(name)).await;
            assert_eq!(other, Begun::InProgress, "another handle is at it");
            finish(&self.one, &one, ttl).await;
        }
        let other = begin(&self.other, &once("long")).await;
        assert_eq!(other, Begun::Done, "it is done, for every handle");
        pass(SECOND).await;
        let other = begin(&self.other, &once("short")).await;
        assert_eq!(other, Begun::New, "its time is over");
        let other = begin(&self.other, &once("long")).await;
        assert_eq!(other, Begun::Done, "its time is not over");
    }

    async fn a_lease_ends(&self, pass: impl AsyncFn(Duration)) {
        let (first, second, third) = (once("x"), once("x"), once("x"));
        let begun = self.one.begin(&first, SECOND).await;
        assert_eq!(begun.expect(THERE), Begun::New, "nobody did it");
        pass(SECOND).await;
        let begun = begin(&self.other, &second).await;
        assert_eq!(begun, Begun::New, "the first one's lease is over");
        abandon(&self.one, &first).await;
        let begun = begin(&self.one, &third).await;
        assert_eq!(begun, Begun::InProgress, "the second one is at it");
        finish(&self.one, &first, HOUR).await;
        abandon(&self.other, &second).await;
        let begun = begin(&self.other, &third).await;
        assert_eq!(begun, Begun::Done, "it was done, too late as it was");
    }

    async fn a_lease_is_renewed_by_its_attempt_alone(&self, pass: impl AsyncFn(Duration)) {
        let (first, second, third) = (once("x"), once("x"), once("x"));
        let is = renew(&self.one, &first, HOUR).await;
        assert!(!is, "nobody began it, so there is no lease");
        assert_eq!(begin(&self.one, &first).await, Begun::New, "nobody did it");
        let is = renew(&self.other, &second, HOUR).await;
        assert!(!is, "another attempt has the lease");
        let is = renew(&self.other, &first, SECOND).await;
        assert!(is, "the attempt is at it, whatever handle says so");
        pass(SECOND).await;
        let is = renew(&self.one, &first, HOUR).await;
        assert!(!is, "the lease that was renewed is over");
        let begun = begin(&self.other, &second).await;
        assert_eq!(begun, Begun::New, "the first one's lease is over");
        let is = renew(&self.other, &second, HOUR).await;
        assert!(is, "the second one is at it");
        let begun = begin(&self.one, &third).await;
        assert_eq!(begun, Begun::InProgress, "the second one is at it still");
        abandon(&self.other, &second).await;
        let is = renew(&self.other, &second, HOUR).await;
        assert!(!is, "it was abandoned");
        let begun = begin(&self.one, &third).await;
        assert_eq!(begun, Begun::New, "what was abandoned is new");
        finish(&self.one, &third, HOUR).await;
        let is = renew(&self.one, &third, SECOND).await;
        assert!(!is, "it is done");
        pass(SECOND).await;
        let begun = begin(&self.other, &second).await;
        assert_eq!(
            begun,
            Begun::Done,
            "a lease takes nothing from what is done"
        );
    }

    async fn what_failed_is_begun_again(&self) {
        let (first, second) = (once("x"), once("x"));
        assert_eq!(begin(&self.one, &first).await, Begun::New, "nobody did it");
        abandon(&self.one, &first).await;
        let begun = begin(&self.other, &second).await;
        assert_eq!(begun, Begun::New, "what was abandoned is new");
        finish(&self.other, &second, HOUR).await;
        abandon(&self.other, &second).await;
        let begun = begin(&self.one, &first).await;
        assert_eq!(begun, Begun::Done, "what is done cannot be abandoned");
    }

    async fn an_attempt_ends_no_other(&self) {
        let (first, second) = (once("x"), once("x"));
        abandon(&self.other, &second).await;
        assert_eq!(begin(&self.one, &first).await, Begun::New, "nobody did it");
        abandon(&self.other, &second).await;
        let begun = begin(&self.other, &second).await;
        assert_eq!(begun, Begun::InProgress, "the first one is still at it");
    }

    async fn kinds_and_names_are_told_apart(&self) {
        for (kind, name) in [("a", "bc"), ("ab", "c"), ("a", "b"), ("b", "bc"), ("", "")] {
            let one = Once::new(kind, name.as_bytes());
            let begun = begin(&self.one, &one).await;
            assert_eq!(begun, Begun::New, "{kind:?} {name:?} is a thing of its own");
            finish(&self.one, &one, HOUR).await;
        }
    }

    async fn of_many_attempts_one_begins(&self) {
        let attempts = (0..16).map(|number| {
            let state = match number % 2 {
                0 => Arc::clone(&self.one),
                _ => Arc::clone(&self.other),
            };
            Box::pin(async move { begin(&state, &once("x")).await })
        });
        let mut attempts: Vec<_> = attempts.collect();
        let mut news = 0;
        // All are under way at the same time.
        let mut all = pin!(poll_fn(|cx| {
            attempts.retain_mut(|attempt| match attempt.as_mut().poll(cx) {
                Poll::Ready(begun) => {
                    news += usize::from(begun == Begun::New);
                    false
                }
                Poll::Pending => true,
            });
            match attempts.is_empty() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        }));
        all.as_mut().await;
        assert_eq!(news, 1, "one of many attempts begins");
    }

    async fn times_of_any_length_are_taken(&self) {
        for (name, time) in [("none", Duration::ZERO), ("ever", Duration::MAX)] {
            let one = once(name);
            let begun = self.one.begin(&one, time).await;
            assert_eq!(begun.expect(THERE), Begun::New, "a lease of {time:?}");
            finish(&self.one, &one, time).await;
        }
        let begun = begin(&self.other, &once("ever")).await;
        assert_eq!(begun, Begun::Done, "it is done for ever");
    }
}

async fn begin(state: &Arc<dyn SharedState>, once: &Once) -> Begun {
    state.begin(once, HOUR).await.expect(THERE)
}

async fn renew(state: &Arc<dyn SharedState>, once: &Once, lease: Duration) -> bool {
    state.renew(once, lease).await.expect(THERE)
}

async fn finish(state: &Arc<dyn SharedState>, once: &Once, ttl: Duration) {
    state.finish(once, ttl).await.expect(THERE);
}

async fn abandon(state: &Arc<dyn SharedState>, once: &Once) {
    state.abandon(once).await.expect(THERE);
}

fn once(name: &str) -> Once {
    Once::new("test", name.as_bytes())
}

const THERE: &str = "a state that is there remembers";
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
