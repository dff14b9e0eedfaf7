//! A set of limits, and its settings.

use std::{collections::BTreeSet, fmt, sync::Arc};

use http::{HeaderMap, Request};

use super::{admitted::Admitted, core::Core, limit::Limit, plan::Plan, waiting::Stopped};
use crate::{
    body::Guard,
    clock::Clock,
    context::AuthContext,
    error::{ConfigError, ConfigErrorKind},
    shared::MOST_COUNTS,
};

/// How many requests callers may make, and how many of them may run at the same time.
///
/// An [`AuthLayer`](crate::AuthLayer) counts them as soon as it knows the caller, before a managed key
/// pays its credit; a [`ThrottleLayer`](crate::throttle::ThrottleLayer) inside of it counts those to a
/// part of the routes. A request beyond a limit is refused with 429, `Retry-After` and the `RateLimit`
/// fields; a request within its limits tells what is left in the same fields. Handlers may
/// [charge](crate::AuthContext::charge) more.
///
/// Clones count together, and so do layers that share it. Memory is bounded: 16 bytes for each subject
/// of a limit, a million unless set.
///
/// # Example
///
/// ```
/// use axum::{Router, routing::post};
/// use tower_auth::{AuthLayer, provider::ApiKeyAuth, throttle::{Limit, Requests}};
///
/// let requests = Requests::new([Limit::by_caller("60 per minute, burst 10".parse()?)])?
///     .with_max_running(4); // long runs and streams, for each caller
/// let app: Router = Router::new()
///     .route("/run", post(|| async { "ran" }))
///     .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).throttle_requests(requests));
/// # let _ = app;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// Its other settings:
///
/// ```
/// use tower_auth::{Clock, throttle::Requests};
///
/// let requests = Requests::new([])?
///     .with_max_running(4)
///     .with_max_buckets(100_000)
///     .with_clock(Clock::system());
/// # let _ = requests;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Requests {
    core: Arc<Core>,
}

impl Requests {
    /// Limits requests so; without a limit, nothing is limited but what
    /// [`with_max_running`](Self::with_max_running) says.
    ///
    /// # Errors
    ///
    /// There are more than eight limits, two have one name, or one costs more units than its quota ever
    /// has at once.
    pub fn new(limits: impl IntoIterator<Item = Limit>) -> Result<Self, ConfigError> {
        let limits: Arc<[Limit]> = limits.into_iter().collect();
        if limits.len() > MOST_COUNTS {
            return Err(ConfigError::new(
                ConfigErrorKind::Unsupported,
                "there are more than eight limits: put the others into a layer of their own",
            ));
        }
        let mut names = BTreeSet::new();
        for limit in &*limits {
            let name = &*limit.name;
            if !names.insert(name) {
                return Err(ConfigError::new(
                    ConfigErrorKind::Duplicate,
                    format!("two limits have the name {name:?}: give one of them another name"),
                ));
            }
            if limit.cost > limit.quota.burst() {
                return Err(ConfigError::new(
                    ConfigErrorKind::Conflict,
                    format!(
                        "a request costs {} units of the limit {name:?}, which never has more than \
                         {}: lower the cost, or raise the quota or its burst",
                        limit.cost,
                        limit.quota.burst()
                    ),
                ));
            }
        }
        Ok(Self::of(Plan {
            limits,
            max_running: None,
            max_buckets: DEFAULT_BUCKETS,
            clock: Clock::system(),
            shared: None,
        }))
    }

    fn of(plan: Plan) -> Self {
        Self {
            core: Arc::new(Core::new(plan)),
        }
    }

    /// The limits with other settings. All counts are forgotten.
    pub(super) fn edit(self, change: impl FnOnce(&mut Plan)) -> Self {
        let mut plan = self.core.plan.clone();
        change(&mut plan);
        Self::of(plan)
    }

    /// Replaces how many requests of one caller run at the same time, at least 1; any number unless
    /// set. Where there is no caller, it is for each client address. All counts are forgotten.
    ///
    /// A request runs until the body of its response has ended: a stream to its last event. See
    /// [`RunPermit`](crate::throttle::RunPermit) for what goes on after that.
    #[must_use]
    pub fn with_max_running(self, most: u32) -> Self {
        self.edit(|plan| plan.max_running = Some(most.max(1)))
    }

    /// Replaces about how many buckets there are: 1,048,576 unless set. All counts are forgotten.
    ///
    /// Beyond that, a bucket goes that is full again, or will be first. Where no bucket is full again, one may
    /// go from half as many on.
    #[must_use]
    pub fn with_max_buckets(self, most: usize) -> Self {
        self.edit(|plan| plan.max_buckets = most)
    }

    /// Replaces the clock. All counts are forgotten.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        self.edit(|plan| plan.clock = clock)
    }

    /// Counts a request of that caller, or of nobody who is known.
    pub(crate) fn admit<B>(
        &self,
        request: &Request<B>,
        caller: Option<&AuthContext>,
    ) -> Result<Admitted, Stopped> {
        self.core.admit(request, caller)
    }

    /// Says once that a layer which counts callers never sees one.
    pub(crate) fn look_for_callers(&self, has_caller: bool) {
        self.core.look_for_callers(has_caller);
    }

    /// Lets a handler charge the caller of an admitted request.
    #[inline]
    pub(crate) fn meter(&self, admitted: &Admitted, caller: &mut AuthContext) {
        self.core.meter(admitted, caller);
    }

    /// Puts the place of a running request among its extensions.
    #[inline]
    pub(crate) fn put_permit<B>(&self, admitted: &Admitted, request: &mut Request<B>) {
        if let Some(permit) = &admitted.permit {
            let extensions = request.extensions_mut();
            let outer = extensions.remove();
            extensions.insert(permit.clone().within(outer));
        }
    }

    /// Tells what is left, and answers with what the body holds to its end: the place of a running request.
    #[inline]
    pub(crate) fn close(&self, admitted: &mut Admitted, headers: &mut HeaderMap) -> Option<Guard> {
        if let Some((tightest, remaining)) = admitted.tightest {
            let fields = &self.core.fields;
            fields.write(headers, tightest, remaining, admitted.counted);
        }
        let permit = admitted.permit.take()?;
        Some(Guard::new(permit.into_guard()))
    }
}

impl fmt::Display for Requests {
    /// Writes the limits with their names and quotas, and how many requests may run.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = self.core.plan.limits.iter();
        let limits = limits.map(|limit| format!("{} {}", limit.name, limit.quota));
        let running = self
            .core
            .plan
            .max_running
            .map(|most| format!("running {most}"));
        let all: Vec<String> = limits.chain(running).collect();
        f.write_str(&all.join(", "))
    }
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests")
            .field("limits", &self.core.plan.limits)
            .field("max_running", &self.core.plan.max_running)
            .finish_non_exhaustive()
    }
}

const DEFAULT_BUCKETS: usize = 1 << 20;
