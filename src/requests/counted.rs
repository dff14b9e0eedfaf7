//! The counts of a set of limits: for requests, and for handlers that charge.

use std::time::Duration;

use http::Request;

use super::{
    limit::{Limit, Subject},
    subject::{self, Everywhere, Requester},
};
use crate::{
    access::Route,
    clock::Clock,
    context::AuthContext,
    error::{AuthError, QuotaPolicy},
    seed::Seed,
    shared::{
        Count,
        counting::SharedCounts,
        counts::{Counts, MOST, Take, Taken},
    },
};

pub(super) struct Counted {
    limits: Box<[CountedLimit]>,
    counts: Counts,
    shared: Option<SharedCounts>,
}

/// A limit, and what makes its buckets.
struct CountedLimit {
    limit: Limit,
    seed: Seed,
    /// Its name in a shared state.
    shared_name: String,
}

/// The buckets that a request takes units from.
#[derive(Default)]
pub(super) struct Takes {
    buckets: [u128; MOST],
    /// The number of the limit of each.
    limits: [u8; MOST],
    len: usize,
    counted: u8,
}

impl Takes {
    fn push(&mut self, number: u8, bucket: u128) {
        if let (Some(place), Some(limit)) = (
            self.buckets.get_mut(self.len),
            self.limits.get_mut(self.len),
        ) {
            *place = bucket;
            *limit = number;
            self.len = self.len.saturating_add(1);
            self.counted |= 1 << number;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The numbers of the limits.
    fn limits(&self) -> &[u8] {
        self.limits.get(..self.len).unwrap_or_default()
    }

    /// The number of the limit of a take; `None` where nothing was taken.
    pub(super) fn limit(&self, take: usize) -> Option<u8> {
        self.limits().get(take).copied()
    }

    /// The limits that count the request, a bit for each.
    pub(super) fn counted(&self) -> u8 {
        self.counted
    }
}

impl Counted {
    pub(super) fn new(
        limits: &[Limit],
        max_buckets: usize,
        clock: Clock,
        shared: Option<SharedCounts>,
    ) -> Self {
        let counted = |limit: &Limit| CountedLimit {
            limit: limit.clone(),
            seed: Seed::new(),
            shared_name: shared_name(limit),
        };
        Self {
            limits: limits.iter().map(counted).collect(),
            counts: Counts::new(max_buckets, clock),
            shared,
        }
    }

    /// The state that counts with other processes, where there is one.
    #[inline]
    pub(super) fn shared(&self) -> Option<&SharedCounts> {
        self.shared.as_ref()
    }

    /// The units that a request takes.
    fn units<'a>(&'a self, takes: &'a Takes) -> impl Iterator<Item = Take> + Clone + 'a {
        let buckets = takes.limits().iter().zip(&takes.buckets);
        buckets.filter_map(|(number, bucket)| {
            let limit = &self.limits.get(usize::from(*number))?.limit;
            Some(Take {
                bucket: *bucket,
                rate: limit.rate,
                units: limit.cost,
            })
        })
    }

    /// The units that a request takes, as a shared state counts them.
    pub(super) fn shared_counts(&self, takes: &Takes, requester: Requester<'_>) -> Vec<Count> {
        let mut counts = Vec::with_capacity(takes.len);
        for number in takes.limits() {
            let Some(counted) = self.limits.get(usize::from(*number)) else {
                continue;
            };
            let (limit, name) = (&counted.limit, &counted.shared_name);
            let bucket = subject::bucket(limit, requester, &Everywhere(name));
            let bucket = bucket.expect("INVARIANT: what is taken has a bucket");
            counts.push(Count::of_bucket(bucket, limit.quota).with_units(limit.cost));
        }
        counts
    }

    /// The limits for routes that mean a request, a bit for each limit for a route.
    pub(super) fn routes<B>(&self, request: &Request<B>) -> u8 {
        let mut for_routes = self
            .limits
            .iter()
            .map(|counted| &counted.limit)
            .filter(|limit| limit.has_route())
            .peekable();
        if for_routes.peek().is_none() {
            return 0;
        }
        let (method, route) = (
            request.method(),
            &Route::of(request.uri(), request.extensions()),
        );
        for_routes.enumerate().fold(0, |routes, (bit, limit)| {
            routes | u8::from(limit.is_for_route(method, route)) << bit
        })
    }

    /// Adds the buckets of a request, where they stay: to move so many takes as long as to find them.
    #[inline]
    pub(super) fn add_takes(&self, takes: &mut Takes, requester: Requester<'_>, mut routes: u8) {
        for (number, CountedLimit { limit, seed, .. }) in (0_u8..).zip(&self.limits) {
            if limit.has_route() {
                let is_meant = routes & 1 == 1;
                routes >>= 1;
                if !is_meant {
                    continue;
                }
            }
            if !limit.is_for_caller(requester.caller) {
                continue;
            }
            if let Some(bucket) = subject::bucket(limit, requester, seed) {
                takes.push(number, bucket);
            }
        }
    }

    #[inline]
    pub(super) fn take(&self, takes: &Takes) -> Taken {
        let units = || self.units(takes);
        match (takes.len, units().next()) {
            (1, Some(take)) => self.counts.take_alone(take),
            _ => self.counts.take(units()),
        }
    }

    pub(super) fn give_back(&self, takes: &Takes) {
        for take in self.units(takes) {
            self.counts.give_back(take);
        }
    }

    /// Gives back what was taken, save by that take: another process exceeds its limit, and who goes on
    /// asking is refused here, without a question.
    pub(super) fn give_back_save(&self, takes: &Takes, exceeded: usize) {
        let takes = self.units(takes).enumerate();
        for (_, take) in takes.filter(|(number, _)| *number != exceeded) {
            self.counts.give_back(take);
        }
    }

    /// Takes more units from what counts that caller, save by address.
    pub(super) fn charge(&self, caller: &AuthContext, routes: u8, units: u32) {
        let requester = Requester {
            caller: Some(caller),
            extensions: None,
        };
        let mut takes = Takes::default();
        self.add_takes(&mut takes, requester, routes);
        for take in self.units(&takes) {
            self.counts.take_anyway(Take { units, ..take });
        }
        if let Some(shared) = &self.shared {
            let counts = self.shared_counts(&takes, requester).into_iter();
            let counts: Vec<_> = counts.map(|count| count.with_units(units)).collect();
            shared.charge(&counts);
        }
    }

    pub(super) fn refusal(&self, takes: &Takes, longest: usize, wait: Duration) -> AuthError {
        let error = AuthError::throttled(wait).with_reason("too_many_requests");
        let number = takes.limit(longest).map(usize::from);
        match number.and_then(|number| self.limits.get(number)) {
            None => error,
            Some(CountedLimit { limit, .. }) => {
                let (requests, seconds) = (limit.quota.requests(), limit.quota.seconds());
                error.with_policy(QuotaPolicy::new(&limit.name, requests, seconds))
            }
        }
    }
}

/// The name of a limit in a shared state. Another quota counts anew, as it does in one process.
fn shared_name(limit: &Limit) -> String {
    let (subject, claim) = match &limit.subject {
        Subject::Caller => ("caller", ""),
        Subject::Key => ("key", ""),
        Subject::Claim(claim) => ("claim", claim.as_str()),
        Subject::Address => ("address", ""),
        Subject::All => ("all", ""),
    };
    let (name, quota) = (&limit.name, limit.quota);
    let (requests, seconds, burst) = (quota.requests(), quota.seconds(), quota.burst());
    // No name holds a space, so no two limits read alike.
    format!("requests {name} {requests}/{seconds}/{burst} {subject} {claim}")
}
