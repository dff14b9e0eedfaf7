//! A refusal as a response: its challenges, its headers, its problem body, its gRPC status.

mod challenge;
mod grpc;
mod headers;
mod problem;
mod rate_limit;
mod replaced;
#[cfg(feature = "mcp")]
mod resource_realm;
mod worded;
mod wording;

#[cfg(all(feature = "axum", feature = "keys"))]
pub(crate) use self::problem::{PROBLEM_JSON, Problem};
pub(crate) use self::{
    challenge::{Challenges, Realm},
    grpc::add_grpc_status,
    headers::keep_headers,
    rate_limit::{RATE_LIMIT, RATE_LIMIT_POLICY, rate_limit, rate_limit_policy, whole_seconds},
    replaced::{OnRefusal, RefusedHead, copy_head},
    worded::{mark_worded, unworded},
    wording::Wording,
};
