//! An audit file: one JSON line for each decision.
//!
//! An [`AuditSink`] is told of the decisions of the layers that have its
//! [`observers`](AuditSink::observers), and writes a line for each within a second:
//!
//! ```json
//! {"at":"2027-01-31T08:30:00.125Z","event":"decision","outcome":"refused","method":"POST","path":"/run","provider":"api_key","code":"invalid_credential","reason":"api_key_unknown","request_id":"r-7","duration_us":41}
//! ```
//!
//! | member | holds |
//! |---|---|
//! | `at` | when the line was made, in UTC |
//! | `event` | `decision`; `change` for an administrative act, see `ManagedKeys::with_audit` and `Revocations::with_audit`; `decisions_summed` and `lines_dropped` for what has no line of its own |
//! | `outcome` | an [`Outcome`](crate::observe::Outcome) |
//! | `method`, `path` | the request's method, and the template of the route that axum chose |
//! | `auth_method`, `source`, `user_id` | the caller: its [`Principal`](crate::Principal) |
//! | `key`, `token_id` | the name or id of the caller's API key; the `jti` of its token |
//! | `provider`, `code`, `reason` | who answered; of a refusal, why |
//! | `resource`, `action` | the permission that was asked for |
//! | `request_id`, `trace_id` | as [`Decision`](crate::observe::Decision) tells them |
//! | `duration_us` | how long the decision took, in microseconds |
//! | `remembered` | `true` where the token had been verified before |
//! | `others` | how many more tools, resources, prompts and methods a refused request of MCP may not use, beside that in `resource` and `action` |
//! | `of` | of `decisions_summed`: whose they were, `callers` who had been accepted, or `strangers` |
//! | `count`, `codes` | of `decisions_summed` and `lines_dropped`: how many, and of which code or outcome |
//!
//! A member is there only where it has a value; the names are stable, and others may come. No line holds a
//! credential. A text is cut at 256 characters, and what could end a line or steer a terminal is escaped, so a line is
//! one JSON object whatever a caller sends.
//!
//! # What is bounded
//!
//! Strangers cannot fill the disk: of refusals, and of requests that nobody is asked about, 1,000 a second have lines
//! of their own, and the rest is one line `decisions_summed` within a second. Refusals of callers who had been accepted
//! (too little scope, too many requests) are held to the same bound, apart from those of strangers. What such a caller
//! may do has its line always: [`throttle_requests`](crate::AuthLayer::throttle_requests) bounds it.
//!
//! At most 4 MiB wait to be written ([`with_max_waiting`](AuditSettings::with_max_waiting)). Lines beyond that are
//! dropped; `lines_dropped` says how many as soon as there is room. No request waits for the disk.
//!
//! With [`require_written`](AuditSettings::require_written) nobody is let in, and no key is changed, while lines cannot
//! be written.
//!
//! # Rotation
//!
//! The file is appended to, so it can be moved away at any time; [`AuditSink::reopen`] begins the next one. A line is
//! whole in one of them. The folder decides who can move or replace the file: let it belong to the program's user.
//!
//! # Example
//!
//! ```no_run
//! use axum::{Router, routing::post};
//! use tower_auth::{AuthLayer, audit::AuditSink, provider::ApiKeyAuth};
//!
//! let audit = AuditSink::open("/var/log/agents/audit.jsonl")?;
//! let auth = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).observers(audit.observers());
//! let app: Router = Router::new().route("/run", post(|| async { "ran" })).layer(auth);
//! # let _ = app;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod line;
mod queue;
mod sink;
mod sums;
mod text;
mod thread;
mod writer;

#[cfg(feature = "keys")]
pub(crate) use self::line::Line;
pub use self::{
    sink::{AuditEvents, AuditSettings, AuditSink},
    writer::AuditWriter,
};
