//! Guesses from many addresses.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::Request;
use tower_auth::{
    AuthLayer, AuthRequest, CredentialSource,
    provider::{ApiKeyAuth, AuthProvider, Authentication, PrincipalSource},
    testing::ManualClock,
    throttle::Attempts,
};

use crate::common::answer::{Answer, guarded, send};

pub const KEY: &str = "sk-live-9f03a51d8c70";
pub const OTHER_KEY: &str = "sk-live-4c11d0e2b7a9";
pub const PEER: &str = "203.0.113.7";

pub fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new([KEY, OTHER_KEY]).unwrap()
}

pub fn attempts(quota: &str, clock: &ManualClock) -> Attempts {
    Attempts::new(quota.parse().unwrap())
        .with_max_entries(10_000)
        .with_clock(clock.clock())
}

/// A provider that counts how often it is asked.
#[derive(Clone)]
pub struct Counted<P> {
    pub inner: P,
    pub asked: Arc<AtomicUsize>,
}

impl<P> Counted<P> {
    pub fn new(inner: P) -> Self {
        let asked = Arc::default();
        Self { inner, asked }
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl<P: AuthProvider> AuthProvider for Counted<P> {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.inner.authenticate(request)
    }

    fn credentials(&self) -> &[CredentialSource] {
        self.inner.credentials()
    }

    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        self.inner.credential_sets()
    }

    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn principal_sources(&self) -> Vec<PrincipalSource> {
        self.inner.principal_sources()
    }
}

/// Ten wrong credentials a minute.
pub struct World {
    pub app: Router,
    pub clock: ManualClock,
    pub provider: Counted<ApiKeyAuth>,
}

impl World {
    pub fn new() -> Self {
        Self::with(|layer| layer)
    }

    pub fn with(change: impl FnOnce(AuthLayer) -> AuthLayer) -> Self {
        let clock = ManualClock::now();
        let provider = Counted::new(keys());
        let layer =
            AuthLayer::new(provider.clone()).throttle_attempts(attempts("10 per minute", &clock));
        Self {
            app: guarded(change(layer)),
            clock,
            provider,
        }
    }

    pub async fn show(&self, peer: &str, key: &str) -> Answer {
        send(&self.app, from(peer, "GET /run", &[("x-api-key", key)])).await
    }

    /// Shows that many wrong keys, each another one.
    pub async fn guess(&self, peer: &str, times: usize) {
        for number in 0..times {
            let answer = self.show(peer, &format!("guess-{number}")).await;
            assert_eq!(answer.status, 401, "guess {number}");
        }
    }
}

/// A request from that peer.
pub fn from(peer: &str, line: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let (method, target) = line.split_once(' ').unwrap();
    let peer: IpAddr = peer.parse().unwrap();
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .extension(ConnectInfo(SocketAddr::new(peer, 4711)));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}
