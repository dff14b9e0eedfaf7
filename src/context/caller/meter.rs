//! Charging a caller for what a request turned out to cost.

use std::{fmt, sync::Arc};

use super::AuthContext;

/// What takes units from a caller's limits.
pub(crate) struct Meter(Box<Charging>);

type Charging = dyn Fn(&AuthContext, u32) + Send + Sync;

impl Meter {
    pub(crate) fn new(charge: impl Fn(&AuthContext, u32) + Send + Sync + 'static) -> Self {
        Self(Box::new(charge))
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meter(…)")
    }
}

impl AuthContext {
    /// Takes more units from this caller's limits, after the fact: those of the
    /// [`ThrottleLayer`](crate::throttle::ThrottleLayer)s around the handler.
    ///
    /// A request has cost one unit when it reaches the handler, or what its limit says. Units that the
    /// caller does not have any more are taken too: the next requests are refused until they have come
    /// back. Without a `ThrottleLayer` around the handler nothing happens. A limit by client address is
    /// not charged.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::AuthContext;
    ///
    /// async fn run(caller: AuthContext) -> String {
    ///     let (answer, tokens) = ("…", 3_200); // of a model
    ///     caller.charge(tokens / 1_000);
    ///     answer.to_owned()
    /// }
    /// # let _ = run;
    /// ```
    pub fn charge(&self, units: u32) {
        if let Some(meter) = &self.meter {
            (meter.0)(self, units);
        }
    }

    /// Sets what [`charge`](Self::charge) charges, beside what outer layers set.
    #[inline]
    pub(crate) fn set_meter(&mut self, meter: &Arc<Meter>) {
        match self.meter.take() {
            None => self.meter = Some(Arc::clone(meter)),
            Some(outer) => self.meter = Some(both(outer, Arc::clone(meter))),
        }
    }
}

#[inline(never)]
fn both(outer: Arc<Meter>, inner: Arc<Meter>) -> Arc<Meter> {
    Arc::new(Meter::new(move |caller, units| {
        (outer.0)(caller, units);
        (inner.0)(caller, units);
    }))
}
