//! Metrics, by the facade crate [`metrics`](https://docs.rs/metrics): the exporter is the application's.
//!
//! With feature `metrics` every layer and every feed of this crate records, from the moment at which the program
//! installs a recorder. [`ALL`] describes each metric: its name, its labels, its unit. Names and labels are stable;
//! docs/metrics.md has them as a table.
//!
//! Whatever callers send, there are at most 200 series: no label holds text of a caller, a path or a user. Providers
//! and issuers are those of the program's own configuration; beyond a bound (about a hundred series of decisions,
//! eight issuers) the rest is counted as `other`.
//!
//! A decision costs some nanoseconds and allocates nothing. A local recorder of
//! a thread has its own counts. Where one stands at the very address of an earlier one of that thread that is gone, it
//! may miss counts; and a recorder that has no size is taken for none.
//!
//! # Example
//!
//! ```
//! use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
//! use tower_auth::metrics::{DECISION_DURATION, DURATION_BUCKETS, DECISIONS};
//!
//! # fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let exporter = PrometheusBuilder::new()
//!     .set_buckets_for_metric(Matcher::Full(DECISION_DURATION.name().into()), &DURATION_BUCKETS)?
//!     .install_recorder()?;
//! println!("{}", exporter.render()); // for the handler of GET /metrics
//! # Ok(())
//! # }
//! assert_eq!(DECISIONS.name(), "tower_auth_decisions_total");
//! assert_eq!(DECISIONS.labels(), ["outcome", "provider", "code"]);
//! ```

mod bounds;
mod decisions;
mod record;
mod table;

#[cfg(feature = "jwt")]
pub(crate) use self::decisions::remembered;
pub(crate) use self::decisions::{Timer, decided};
#[cfg(feature = "oauth2")]
pub(crate) use self::record::key_set_fetched;
#[cfg(feature = "audit")]
pub(crate) use self::record::{DROPPED, SUMMED, WRITTEN, audited};
#[cfg(feature = "shared")]
pub(crate) use self::record::{counted_alone, shared_state_asked};
#[cfg(feature = "keys")]
pub(crate) use self::record::{key_store_polled, revocations_polled};
pub(crate) use self::record::{stream_ended, throttled};
pub use self::table::*;
