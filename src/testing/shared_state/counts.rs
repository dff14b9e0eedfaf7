//! Counts of requests.

use std::time::Duration;

use super::kit::Kit;
use crate::{
    quota::Quota,
    shared::{Admission, Count, MOST_COUNTS},
};

pub(super) async fn all<P: AsyncFn(Duration)>(opened: &impl AsyncFn() -> (Kit, P)) {
    let (kit, pass) = opened().await;
    kit.a_burst_is_shared_and_units_come_back(pass).await;
    opened().await.0.all_counts_are_taken_or_none().await;
    opened()
        .await
        .0
        .subjects_and_limits_have_buckets_of_their_own()
        .await;
    opened()
        .await
        .0
        .what_is_given_back_fills_no_bucket_beyond_its_burst()
        .await;
    opened().await.0.a_charge_is_waited_for().await;
    opened().await.0.the_tightest_is_told().await;
    opened().await.0.the_longest_wait_is_told().await;
    opened().await.0.too_many_counts_are_an_error().await;
    opened().await.0.nothing_to_count_is_admitted().await;
}

impl Kit {
    async fn admit(&self, counts: &[Count]) -> Admission {
        let answer = self.one.admit(counts).await;
        answer.expect("a state that is there counts")
    }

    async fn admit_by_other(&self, counts: &[Count]) -> Admission {
        let answer = self.other.admit(counts).await;
        answer.expect("a state that is there counts")
    }

    async fn a_burst_is_shared_and_units_come_back(&self, pass: impl AsyncFn(Duration)) {
        let ada = count("caller", "ada", "60 per minute, burst 2");
        assert_eq!(
            remaining(self.admit(&[ada]).await),
            Some(1),
            "the first of a burst"
        );
        assert_eq!(
            remaining(self.admit_by_other(&[ada]).await),
            Some(0),
            "the last, by the other"
        );
        let refused = waits(self.admit(&[ada]).await);
        let (_, retry_after) = refused.expect("both handles share a bucket");
        assert!(
            !retry_after.is_zero() && retry_after <= Duration::from_secs(1),
            "the time until one comes back: {retry_after:?}"
        );
        pass(Duration::from_secs(1)).await;
        let admitted = self.admit_by_other(&[ada]).await;
        assert!(remaining(admitted).is_some(), "a unit comes back with time");
    }

    async fn all_counts_are_taken_or_none(&self) {
        let (wide, narrow) = (count("a", "x", "9 per hour"), count("b", "x", "1 per hour"));
        assert!(
            remaining(self.admit(&[wide, narrow]).await).is_some(),
            "both have enough"
        );
        assert!(
            remaining(self.admit(&[wide, narrow]).await).is_none(),
            "one has not enough"
        );
        let left = remaining(self.admit(&[wide]).await);
        assert_eq!(left, Some(7), "a refusal takes from no bucket");
    }

    async fn subjects_and_limits_have_buckets_of_their_own(&self) {
        for (limit, subject) in [("a", "x"), ("a", "y"), ("b", "x")] {
            let once = count(limit, subject, "1 per hour");
            let admitted = remaining(self.admit(&[once]).await);
            assert_eq!(
                admitted,
                Some(0),
                "{limit} {subject} has a bucket of its own"
            );
        }
    }

    async fn what_is_given_back_fills_no_bucket_beyond_its_burst(&self) {
        let twice = count("a", "x", "2 per hour");
        self.give_back(&[twice]).await;
        assert_eq!(
            remaining(self.admit(&[twice]).await),
            Some(1),
            "a full bucket stays full"
        );
        self.give_back(&[twice]).await;
        assert_eq!(
            remaining(self.admit(&[twice]).await),
            Some(1),
            "a unit is given back"
        );
    }

    async fn give_back(&self, counts: &[Count]) {
        let given = self.other.give_back(counts).await;
        given.expect("a state that is there takes units back");
    }

    async fn a_charge_is_waited_for(&self) {
        let twice = count("a", "x", "2 per hour");
        let charged = self.one.charge(&[twice.with_units(5)]).await;
        charged.expect("a state that is there charges");
        let refused = waits(self.admit_by_other(&[twice]).await);
        let (_, retry_after) = refused.expect("what was charged is missing");
        let hours = retry_after.as_secs_f64() / 3600.0;
        assert!(
            (1.9..=2.0).contains(&hours),
            "four units beyond the burst: {retry_after:?}"
        );
    }

    async fn the_tightest_is_told(&self) {
        let counts = [
            count("a", "x", "100 per hour"),
            count("b", "x", "10 per hour"),
            count("c", "x", "20 per hour"),
        ];
        let admitted = self.admit(&counts).await;
        let tightest = Admission::Admitted {
            tightest: 1,
            remaining: 9,
        };
        assert_eq!(admitted, tightest, "the least left, measured by the burst");
    }

    async fn the_longest_wait_is_told(&self) {
        let counts = [
            count("a", "x", "1 per minute"),
            count("b", "x", "1 per hour"),
        ];
        self.admit(&counts).await;
        let refused = self.admit(&counts).await;
        let (longest, retry_after) = waits(refused).expect("both are empty");
        assert_eq!(longest, 1, "the one with the longest wait is told");
        assert!(retry_after > Duration::from_secs(3_000), "{retry_after:?}");
    }

    async fn too_many_counts_are_an_error(&self) {
        let counts: Vec<_> = (0..=MOST_COUNTS)
            .map(|number| count("a", &number.to_string(), "1 per hour"))
            .collect();
        assert!(
            self.one.admit(&counts).await.is_err(),
            "more than MOST_COUNTS"
        );
        let most = counts.get(1..).unwrap_or_default();
        assert!(
            remaining(self.admit(most).await).is_some(),
            "MOST_COUNTS are taken"
        );
    }

    async fn nothing_to_count_is_admitted(&self) {
        assert!(
            remaining(self.admit(&[]).await).is_some(),
            "nothing to count"
        );
    }
}

fn count(limit: &str, subject: &str, quota: &str) -> Count {
    let quota: Quota = quota
        .parse()
        .expect("INVARIANT: it is written as a quota is");
    Count::new(limit, subject, quota)
}

fn remaining(admission: Admission) -> Option<u32> {
    match admission {
        Admission::Admitted { remaining, .. } => Some(remaining),
        Admission::Refused { .. } => None,
    }
}

fn waits(admission: Admission) -> Option<(usize, Duration)> {
    match admission {
        Admission::Admitted { .. } => None,
        Admission::Refused {
            longest,
            retry_after,
        } => Some((longest, retry_after)),
    }
}
