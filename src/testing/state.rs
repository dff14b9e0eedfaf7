//! What an issuer knows, shared by the test that commands it and the server that answers for it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use http::{Request, Response};
use serde_json::Value;
use tokio::sync::watch;

use super::key::SigningKey;

/// An endpoint of a [`TestIssuer`](super::TestIssuer).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IssuerEndpoint {
    /// OpenID Connect Discovery: `<issuer>/.well-known/openid-configuration`.
    OpenIdConfiguration,
    /// RFC 8414: `/.well-known/oauth-authorization-server<path of the issuer>`.
    OAuthMetadata,
    /// The key set that the documents name: `<issuer>/jwks`.
    Jwks,
    /// The key set where a provider looks that no document told of it: `<issuer>/.well-known/jwks.json`.
    WellKnownJwks,
    /// RFC 7662: `<issuer>/introspect`.
    Introspection,
    /// OpenID Connect userinfo: `<issuer>/userinfo`.
    Userinfo,
}

impl IssuerEndpoint {
    /// Every endpoint there is.
    pub const ALL: &'static [Self] = &[
        Self::OpenIdConfiguration,
        Self::OAuthMetadata,
        Self::Jwks,
        Self::WellKnownJwks,
        Self::Introspection,
        Self::Userinfo,
    ];

    /// The path at an issuer whose own path is that one: empty, or with a slash in front.
    pub(super) fn path(self, issuer: &str) -> String {
        match self {
            Self::OpenIdConfiguration => format!("{issuer}/.well-known/openid-configuration"),
            // RFC 8414 §3.1: the well-known part goes in front of the issuer's path.
            Self::OAuthMetadata => format!("/.well-known/oauth-authorization-server{issuer}"),
            Self::Jwks => format!("{issuer}/jwks"),
            Self::WellKnownJwks => format!("{issuer}/.well-known/jwks.json"),
            Self::Introspection => format!("{issuer}/introspect"),
            Self::Userinfo => format!("{issuer}/userinfo"),
        }
    }
}

/// A fault of an endpoint of a [`TestIssuer`](super::TestIssuer).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// Answers with that status.
    Status(u16),
    /// Answers 200 with bytes that are no JSON.
    Garbage,
    /// Answers 200 with a key set that holds no key, and `{}` where no set belongs.
    Empty,
    /// Does not answer before the fault ends, and then as if nothing had been.
    Hang,
    /// Answers right, one byte of the body a second.
    Drip,
    /// Answers with that.
    Answer(Response<String>),
}

#[derive(Default)]
pub(super) struct State {
    known: Mutex<Known>,
    changes: watch::Sender<()>,
}

#[derive(Default)]
pub(super) struct Known {
    pub(super) keys: Vec<IssuerKey>,
    /// How many times there have been new keys.
    pub(super) generation: usize,
    pub(super) metadata: Value,
    pub(super) other_jwks: Vec<Value>,
    /// The active tokens and the JSON of their claims.
    pub(super) tokens: HashMap<String, String>,
    pub(super) faults: HashMap<IssuerEndpoint, Fault>,
    pub(super) requests: HashMap<IssuerEndpoint, Vec<Request<String>>>,
}

pub(super) struct IssuerKey {
    pub(super) key: SigningKey,
    pub(super) published: bool,
}

impl State {
    pub(super) fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known, and wakes whoever waits for a change.
    pub(super) fn change<T>(&self, work: impl FnOnce(&mut Known) -> T) -> T {
        let result = work(&mut self.lock());
        self.changes.send_replace(());
        result
    }

    /// Waits until what is known is so.
    pub(super) async fn until<T>(&self, so: impl Fn(&Known) -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(found) = so(&self.lock()) {
                return found;
            }
            let _the_sender_is_ours = changes.changed().await;
        }
    }
}

impl Known {
    /// The JSON of the key set.
    pub(super) fn jwks(&self) -> Value {
        let published = self.keys.iter().filter(|key| key.published);
        let keys: Vec<_> = published
            .map(|key| key.key.jwk())
            .chain(self.other_jwks.iter().cloned())
            .collect();
        serde_json::json!({ "keys": keys })
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State(…)")
    }
}

/// The client that may introspect.
pub(super) const CLIENT_ID: &str = "resource server: 1";
pub(super) const CLIENT_SECRET: &str = "50% s3cret+/&=ü";
/// The bearer token that may introspect.
pub(super) const CLIENT_TOKEN: &str = "introspection-token";
