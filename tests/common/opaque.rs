//! An issuer of opaque tokens and a provider that asks it.

use std::time::Duration;

use http::Response;
use tower_auth::{
    jose::Algorithm,
    provider::IntrospectionAuth,
    testing::{Fault, IssuerEndpoint, ManualClock, TestIssuer},
};

pub const NOW: u64 = 1_800_000_000;

pub fn issuer() -> TestIssuer {
    TestIssuer::builder()
        .with_algorithms([Algorithm::ES256])
        .with_clock(ManualClock::at_unix(NOW).clock())
        .start()
}

/// A provider that remembers nothing, so that every answer is the endpoint's own.
pub fn tokens(issuer: &TestIssuer) -> IntrospectionAuth {
    let endpoint = issuer.endpoint(IssuerEndpoint::Introspection);
    IntrospectionAuth::new(&endpoint, TestIssuer::CLIENT_ID, TestIssuer::CLIENT_SECRET)
        .unwrap()
        .with_cache_ttl(Duration::ZERO)
        .unwrap()
        .with_clock(ManualClock::at_unix(NOW).clock())
}

/// Lets the endpoint answer 200 with that body, whatever it is asked.
pub fn told(issuer: &TestIssuer, body: &str) {
    let answer = Fault::Answer(Response::new(body.to_owned()));
    issuer.fail(IssuerEndpoint::Introspection, answer);
}
