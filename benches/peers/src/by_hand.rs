//! Checks written by hand, each for one purpose: nothing is in them that a check can do without,
//! and so they tell how near to the limit a layer is.
//!
//! One header is read, one credential known, one answer given to whoever is refused. Nothing can be
//! set, changed while serving, logged or combined; the body keeps its type.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::SystemTime,
};

use aws_lc_rs::hmac;
use axum::body::Body;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, Request, Response, StatusCode, header::AUTHORIZATION};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tower_layer::{Layer, layer_fn};
use tower_service::Service;

use crate::credentials::{AUDIENCE, SECRET, Signed};

/// Who was accepted.
pub type Caller = Arc<Accepted>;

/// The claims, where there are any; alone on its lines of the processor's caches, so that callers do
/// not disturb each other.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Accepted {
    /// As JSON.
    pub claims: String,
}

/// A check and the service behind it.
#[derive(Clone, Debug)]
pub struct ByHand<C, S> {
    check: C,
    inner: S,
}

/// The layer of a check.
pub fn layer<C, S>(check: C) -> impl Layer<S, Service = ByHand<C, S>> + Clone
where
    C: Fn(&HeaderMap) -> Option<Caller> + Clone,
{
    layer_fn(move |inner| ByHand {
        check: check.clone(),
        inner,
    })
}

/// Of API keys, known by their SHA-256.
pub fn keys<K: AsRef<[u8]>>(
    keys: impl IntoIterator<Item = K>,
) -> impl Fn(&HeaderMap) -> Option<Caller> + Clone + Send + Sync {
    let keys = keys.into_iter().map(|key| (digest(key), Caller::default()));
    let keys: Arc<HashMap<[u8; 32], Caller>> = Arc::new(keys.collect());
    move |headers| keys.get(&digest(headers.get("x-api-key")?)).cloned()
}

/// Of HS256 tokens that were never seen.
pub fn hs256(issuer: &str) -> impl Fn(&HeaderMap) -> Option<Caller> + Clone + Send + Sync + use<> {
    let (issuer, key) = (
        Arc::<str>::from(issuer),
        hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()),
    );
    move |headers| {
        let (message, signature) = bearer(headers)?.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header = URL_SAFE_NO_PAD.decode(header).ok()?;
        let header: Header<'_> = serde_json::from_slice(&header).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&key, message.as_bytes(), &signature).ok()?;
        let json = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        let claims: Claims<'_> = serde_json::from_str(&json).ok()?;
        let good = header.alg == "HS256"
            && claims.iss == &*issuer
            && claims.aud == AUDIENCE
            && claims.exp > now();
        good.then(|| Caller::new(Accepted { claims: json }))
    }
}

/// Of one token that was seen before.
pub fn remembered(
    signed: &Signed,
) -> impl Fn(&HeaderMap) -> Option<Caller> + Clone + Send + Sync + use<> {
    let seen = [(signed.token.clone(), (Caller::default(), u64::MAX))];
    let seen: Arc<HashMap<String, (Caller, u64)>> = Arc::new(seen.into());
    move |headers| {
        let (caller, exp) = seen.get(bearer(headers)?)?;
        (*exp > now()).then(|| Arc::clone(caller))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

fn digest(key: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(key).into()
}

fn now() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed();
    since.map_or(u64::MAX, |since| since.as_secs())
}

#[derive(Deserialize)]
struct Header<'a> {
    alg: &'a str,
}

#[derive(Deserialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    exp: u64,
}

impl<C, S> Service<Request<Body>> for ByHand<C, S>
where
    C: Fn(&HeaderMap) -> Option<Caller>,
    S: Service<Request<Body>, Response = Response<Body>, Future: Unpin>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Checked<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let Some(caller) = (self.check)(request.headers()) else {
            return Checked::Refused;
        };
        request.extensions_mut().insert(caller);
        Checked::Accepted(self.inner.call(request))
    }
}

/// What comes of a request.
#[derive(Debug)]
pub enum Checked<F> {
    /// What the service behind makes of it.
    Accepted(F),
    /// 401.
    Refused,
}

impl<F, E> Future for Checked<F>
where
    F: Future<Output = Result<Response<Body>, E>> + Unpin,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Accepted(future) => Pin::new(future).poll(cx),
            Self::Refused => {
                let mut response = Response::new(Body::from("refused"));
                *response.status_mut() = StatusCode::UNAUTHORIZED;
                Poll::Ready(Ok(response))
            }
        }
    }
}
