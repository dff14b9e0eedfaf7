//! What `tower-auth` costs beside its peers and beside the bare cryptography, in one run.
//!
//! `scripts/bench` runs it all and keeps the figures; here is what they mean.
//!
//! # What is timed
//!
//! A request is made from a prepared head (`POST /run`, `host`, `user-agent`, `accept`,
//! `content-type` and the credential), the service is polled ready, called, its future polled to
//! its end, the status looked at, the response dropped. The service behind is the same for all. The
//! *net* figure is what remains when the same call without any layer is taken off.
//!
//! All contenders run in one process, on one thread, in interleaved rounds of batches, each round
//! in another order; a figure is the median over the rounds. A batch takes 1.5 ms, where a million
//! keys are known 24 ms: of 10,000 callers each is to call again before others have emptied the
//! caches. The build is one for all: cargo's release profile with LTO and one codegen unit, as servers
//! are built that are to be fast. Allocations are counted by another process, `allocations`, so that
//! counting slows nobody who is timed.
//!
//! Before anybody is timed it has accepted the right credential and refused a forgery of it (the
//! same claims under the signature of another token); while it is timed every status is looked at.
//!
//! # The tokens
//!
//! Ten claims, the same for all: a token signed with RS256 has about 780 bytes. All are checked for
//! `iss`, `aud` and `exp`. Where a peer lets one choose, it is measured with all claims in a map, as
//! a handler of `tower-auth` can ask for them, and in a struct made for these tokens; the better
//! figure counts as that peer's. Set-ups that leave claims out (the types that peers come with,
//! `axum-jwt` without any) are in the table too, and are nobody's best: a handler that needs the
//! email has not been served.
//!
//! # By hand
//!
//! How near all this is to the limit, [`by_hand`] tells: checks of some lines that do one thing, with
//! the same hash, the same signature and the same rules, and nothing that could be left out. They
//! stand in every table beside `tower-auth`, and are nobody's best peer. Of a million keys, what
//! stands there is one read of as much memory as they take, with no check at all.
//!
//! # Who is not measured in what, and why
//!
//! | peer | what | why |
//! |---|---|---|
//! | `oauth-resource-server`, `axum-oidc-layer` | HS256 | they take keys from an issuer alone; the former refuses HS256 by design |
//! | `jwt-authorizer`, `axum-jwt`, `oauth-resource-server`, `axum-oidc-layer` | on `aws-lc-rs` | they stand on `jsonwebtoken` 9, which knows `ring` alone: the table tells who stands on what, and has both signatures alone |
//! | `jwt-authorizer` | in an axum 0.8 `Router` | it is made for axum 0.7; its layer wraps any service, so here the same as the others |
//! | all but `axum-oidc-layer` | a remembered token | they remember none |
//! | all but `tower-http` and `oauth-resource-server` | an API key | they know none; the two keep one in the clear |
//!
//! Both versions of `jsonwebtoken` live in one process: the one of `aws-lc-rs` has a backend for the
//! whole process, and here nobody enables another.

pub mod by_hand;
pub mod call;
pub mod contenders;
pub mod credentials;
pub mod machine;
pub mod measure;
pub mod report;
pub mod scaling;
pub mod server;
pub mod throttles;
pub mod tools;
