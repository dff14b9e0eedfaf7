//! The decision about a request: within its limits or not.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use http::Request;

use super::{
    admitted::Admitted,
    counted::{Counted, Takes},
    fields::Fields,
    plan::Plan,
    running::{RunPermit, Running},
    subject::{Buckets, Requester},
    waiting::{Stopped, Waiting, settle},
};
use crate::{
    context::{AuthContext, Meter},
    error::{AuthError, QuotaPolicy},
    log::TARGET,
    request::ClientAddress,
    shared::{
        counting::{Asked, SharedCounts},
        counts::Taken,
    },
};

/// The limits of a layer and their counts.
pub(super) struct Core {
    pub(super) plan: Plan,
    counted: Arc<Counted>,
    pub(super) fields: Fields,
    running: Option<Arc<Running>>,
    /// What a handler charges, by the limits for routes that counted its request.
    meters: Box<[Arc<Meter>]>,
    /// Requests without a caller, until there was one.
    callerless: AtomicU32,
}

impl Core {
    pub(super) fn new(plan: Plan) -> Self {
        let limits = &*plan.limits;
        let (clock, shared) = (plan.clock.clone(), plan.shared.clone());
        let counted = Arc::new(Counted::new(limits, plan.max_buckets, clock, shared));
        let for_routes = limits.iter().filter(|limit| limit.has_route()).count();
        let meter = |routes: u16| {
            let counted = Arc::clone(&counted);
            let routes = u8::try_from(routes).unwrap_or(u8::MAX);
            Arc::new(Meter::new(move |caller, units| {
                counted.charge(caller, routes, units);
            }))
        };
        Self {
            fields: Fields::of(limits),
            running: plan.max_running.map(|most| Arc::new(Running::new(most))),
            meters: (0..1_u16 << for_routes).map(meter).collect(),
            callerless: AtomicU32::new(0),
            counted,
            plan,
        }
    }

    /// Counts a request of that caller, or of nobody who is known.
    pub(super) fn admit<B>(
        &self,
        request: &Request<B>,
        caller: Option<&AuthContext>,
    ) -> Result<Admitted, Stopped> {
        let counted = &*self.counted;
        let requester = Requester {
            caller,
            extensions: Some(request.extensions()),
        };
        let routes = counted.routes(request);
        let mut takes = Takes::default();
        counted.add_takes(&mut takes, requester, routes);
        let tightest = match counted.take(&takes) {
            Taken::None { longest, wait } => {
                return Err(Stopped::Refused(counted.refusal(&takes, longest, wait)));
            }
            Taken::All {
                tightest,
                remaining,
            } => takes.limit(tightest).map(|number| (number, remaining)),
        };
        let permit = match self.start(requester) {
            Ok(permit) => permit,
            Err(error) => {
                counted.give_back(&takes);
                return Err(Stopped::Refused(error));
            }
        };
        let admitted = Admitted {
            tightest,
            counted: takes.counted(),
            routes,
            permit,
        };
        match counted.shared() {
            None => Ok(admitted),
            Some(shared) => self.ask(shared, takes, requester, admitted),
        }
    }

    /// Lets a shared state count what is within the limits of this process.
    #[inline(never)]
    fn ask(
        &self,
        shared: &SharedCounts,
        takes: Takes,
        requester: Requester<'_>,
        admitted: Admitted,
    ) -> Result<Admitted, Stopped> {
        if takes.is_empty() {
            return Ok(admitted);
        }
        let counts = self.counted.shared_counts(&takes, requester);
        match shared.admit(&counts) {
            Asked::Answered(answer) => {
                let settled = settle(&self.counted, &takes, admitted, answer);
                settled.map_err(Stopped::Refused)
            }
            Asked::Waiting(asking) => Err(Stopped::Waiting(Box::new(Waiting {
                counted: Arc::clone(&self.counted),
                takes,
                admitted: Some(admitted),
                asking,
            }))),
        }
    }

    /// Lets a handler charge the caller of an admitted request.
    pub(super) fn meter(&self, admitted: &Admitted, caller: &mut AuthContext) {
        if admitted.counted != 0
            && let Some(meter) = self.meters.get(usize::from(admitted.routes))
        {
            caller.set_meter(meter);
        }
    }

    /// A place among the running requests of a caller, or of a client where there is no caller.
    fn start(&self, requester: Requester<'_>) -> Result<Option<RunPermit>, AuthError> {
        let Some(running) = &self.running else {
            return Ok(None);
        };
        let client = || ClientAddress::of(requester.extensions?);
        let who = match requester.caller {
            Some(caller) => running.seed().of_caller(caller),
            None => match client() {
                Some(client) => running.seed().of_client(client),
                None => return Ok(None),
            },
        };
        match running.start(who) {
            Some(permit) => Ok(Some(permit)),
            None => Err(AuthError::throttled(RUNNING_AGAIN)
                .with_reason("too_many_running")
                .with_message("too many requests of this caller are running")
                .with_policy(QuotaPolicy::concurrent(running.most()))),
        }
    }

    /// Says once that a layer which counts callers never sees one.
    pub(super) fn look_for_callers(&self, has_caller: bool) {
        if self.callerless.load(Ordering::Relaxed) >= ENOUGH {
            return;
        }
        if has_caller {
            self.callerless.store(ENOUGH, Ordering::Relaxed);
        } else if self.callerless.fetch_add(1, Ordering::Relaxed) == ENOUGH - 1 {
            tracing::warn!(
                target: TARGET,
                "a ThrottleLayer saw no caller in its first {ENOUGH} requests, and limits by caller \
                 count none of them: put an AuthLayer around it (axum: .layer(AuthLayer) after this \
                 layer; ServiceBuilder: before it)"
            );
        }
    }
}

/// So many requests tell.
const ENOUGH: u32 = 100;
/// Nobody knows when a running request ends.
const RUNNING_AGAIN: Duration = Duration::from_secs(1);
