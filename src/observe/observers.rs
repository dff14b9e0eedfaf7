//! Those who are told of decisions.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use http::{HeaderName, Request};

use super::{
    about::About,
    contract::Observer,
    decision::{Decision, Told},
    ids::RequestIdHeader,
    outcome::Outcome,
    spans::Spans,
};
use crate::{caught::caught, log::TARGET};

/// Those who are told of every decision: closures, an audit file, the spans of `tracing`.
///
/// [`AuthLayer::observers`](crate::AuthLayer::observers) tells them of the decisions of that layer and of all
/// layers of this crate inside of it; an [`ObserveLayer`](super::ObserveLayer) of those of all layers inside. An
/// observer that two layers have is told once.
///
/// # Example
///
/// ```
/// use http::HeaderName;
/// use tower_auth::observe::Observers;
///
/// let observers = Observers::new()
///     .on_decision(|decision| println!("{decision:?}"))
///     .record_spans()
///     .with_request_id_header(HeaderName::from_static("x-trace"));
/// # let _ = observers;
/// ```
#[derive(Clone, Default)]
pub struct Observers {
    all: Vec<Arc<dyn Observer>>,
    request_id_header: Option<HeaderName>,
}

impl Observers {
    /// Nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a closure that is told of every decision.
    ///
    /// It runs on the request's way, so it must not block: hand slow work to a task or a thread. It cannot change the
    /// decision. Where it panics, the log says so, and the request goes on as it was decided.
    #[must_use]
    pub fn on_decision(self, told: impl for<'a> Fn(&Decision<'a>) + Send + Sync + 'static) -> Self {
        self.with(Arc::new(Hook(told)))
    }

    /// Adds the decision to the span of `tracing` that is current, for the fields that the span declares.
    ///
    /// A span declares a field that it has no value for yet as `tracing::field::Empty`. The fields are
    /// `tower_auth.outcome`, `tower_auth.provider`, `tower_auth.code`, `tower_auth.reason`, `tower_auth.user_id`,
    /// `tower_auth.key`, `tower_auth.token_id` and `tower_auth.remembered`; with `tracing-opentelemetry` they
    /// are attributes of the exported span. Of several decisions about one request, a refusal stays.
    ///
    /// # Example
    ///
    /// ```
    /// use axum::{Router, extract::Request, routing::get};
    /// use tower_auth::{AuthLayer, observe::Observers, provider::ApiKeyAuth};
    /// use tower_http::trace::TraceLayer;
    /// use tracing::field::Empty;
    ///
    /// let spans = TraceLayer::new_for_http().make_span_with(|request: &Request| {
    ///     tracing::info_span!(
    ///         "request",
    ///         method = %request.method(),
    ///         tower_auth.outcome = Empty,
    ///         tower_auth.provider = Empty,
    ///         tower_auth.code = Empty,
    ///     )
    /// });
    /// let auth = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)
    ///     .observers(Observers::new().record_spans());
    /// let app: Router = Router::new().route("/run", get(|| async { "ran" })).layer(auth).layer(spans);
    /// # let _ = app;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn record_spans(self) -> Self {
        self.with(Arc::new(Spans))
    }

    /// Replaces the header that holds the id of a request, `x-request-id` unless set: of observers, and of
    /// the log. It must not be one that holds a credential: such values are left out where that can be seen.
    #[must_use]
    pub fn with_request_id_header(mut self, name: HeaderName) -> Self {
        ANY.store(true, Ordering::Relaxed);
        self.request_id_header = Some(name);
        self
    }

    pub(crate) fn with(mut self, observer: Arc<dyn Observer>) -> Self {
        ANY.store(true, Ordering::Relaxed);
        self.add(observer);
        self
    }

    /// Those who are required first.
    fn add(&mut self, observer: Arc<dyn Observer>) {
        let at = match observer.is_required() {
            true => 0,
            false => self.all.len(),
        };
        self.all.insert(at, observer);
    }

    /// Both, each observer once.
    #[must_use]
    pub(crate) fn and(mut self, others: &Self) -> Self {
        for other in &others.all {
            if !self.all.iter().any(|one| Arc::ptr_eq(one, other)) {
                self.add(Arc::clone(other));
            }
        }
        if let Some(name) = &others.request_id_header {
            self.request_id_header = Some(name.clone());
        }
        self
    }

    /// Notes with a request who is told of the decisions about it, beside those of layers further out.
    #[inline(never)]
    pub(crate) fn watch<B>(observers: &Arc<Self>, request: &mut Request<B>) {
        let extensions = request.extensions_mut();
        if let Some(name) = &observers.request_id_header {
            extensions.insert(RequestIdHeader(name.clone()));
        }
        let observing = match extensions.get::<Observing>() {
            None => Observing {
                observers: Arc::clone(observers),
                since: Instant::now(),
            },
            Some(outer) => Observing {
                observers: Arc::new(outer.observers.as_ref().clone().and(observers)),
                since: outer.since,
            },
        };
        extensions.insert(observing);
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observers")
            .field("observers", &self.all.len())
            .field("request_id_header", &self.request_id_header)
            .finish()
    }
}

/// Who is told of the decisions about a request, in its extensions. Nobody else can name the type, and so put
/// one there or take it away.
#[derive(Clone)]
struct Observing {
    observers: Arc<Observers>,
    since: Instant,
}

/// Tells the observers of a request of a decision; answers whether all of them let it count.
///
/// Where no layer of the process has an observer, it costs one look at a flag.
#[inline]
pub(crate) fn tell<'a>(about: About<'a>, told: impl FnOnce() -> Told<'a>) -> bool {
    !ANY.load(Ordering::Relaxed) || tell_observers(about, told())
}

#[inline(never)]
fn tell_observers(about: About<'_>, told: Told<'_>) -> bool {
    let Some(observing) = about.extension::<Observing>() else {
        return true;
    };
    let decision = Decision {
        about,
        told,
        duration: observing.since.elapsed(),
    };
    let lets_in = matches!(told.outcome, Outcome::Accepted | Outcome::Anonymous);
    for observer in &observing.observers.all {
        // Where a required one says no, the decision is another one, of which all are told.
        if !observer.observe(&decision) && lets_in {
            return false;
        }
    }
    true
}

/// Whether any layer of this process has an observer.
#[allow(dead_code, reason = "without tokens nobody remembers one")]
pub(crate) fn is_any() -> bool {
    ANY.load(Ordering::Relaxed)
}

/// A closure.
struct Hook<F>(F);

impl<F: for<'a> Fn(&Decision<'a>) + Send + Sync> Observer for Hook<F> {
    fn observe(&self, decision: &Decision<'_>) -> bool {
        if caught(|| (self.0)(decision)).is_none() {
            tracing::error!(
                target: TARGET,
                outcome = decision.outcome().as_str(),
                "a closure of `on_decision` panicked; the request goes on as it was decided"
            );
        }
        true
    }
}

/// Whether any layer of this process has an observer.
static ANY: AtomicBool = AtomicBool::new(false);
