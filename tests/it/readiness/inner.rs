//! Services to stand inside the layer, and providers to stand before them.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt};
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequest, AuthRequestBuf, AuthResult,
    auth::AuthService,
    provider::{AuthProvider, async_provider_fn, provider_fn},
};

pub type Body = Full<Bytes>;

/// A service that panics when it is called without having said that it is ready, as tower's own
/// limits do.
#[derive(Debug, Default)]
pub struct Strict {
    is_ready: bool,
}

impl Clone for Strict {
    /// A clone has promised nothing.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<Request<Body>> for Strict {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called unready");
        ready(Ok(Response::new(Body::default())))
    }
}

/// The caller says what the provider answers: `ada` is accepted, `wrong` is not.
fn judge(told: Option<&str>) -> AuthResult {
    match told {
        None => Ok(None),
        Some("wrong") => Err(AuthError::invalid_credential("told_to")),
        Some(user) => Ok(Some(AuthContext::new(user))),
    }
}

pub fn at_once() -> impl AuthProvider {
    provider_fn(|request: &AuthRequest<'_>| judge(request.header("x-user")))
}

pub fn later() -> impl AuthProvider {
    async_provider_fn(async |request: AuthRequestBuf| {
        tokio::task::yield_now().await;
        judge(request.header("x-user"))
    })
}

/// A provider whose answers wait until they are let go, and which counts those under way.
#[derive(Clone)]
pub struct Held {
    under_way: Arc<AtomicUsize>,
    gate: Arc<tokio::sync::Semaphore>,
}

impl Held {
    pub fn new() -> Self {
        Self {
            under_way: Arc::default(),
            gate: Arc::new(tokio::sync::Semaphore::new(0)),
        }
    }

    pub fn provider(&self) -> impl AuthProvider + use<> {
        let held = self.clone();
        async_provider_fn(move |request: AuthRequestBuf| {
            let held = held.clone();
            held.under_way.fetch_add(1, Ordering::SeqCst);
            // Counted down when the future is dropped, whether it answered or not.
            let counted = Counted(Arc::clone(&held.under_way));
            async move {
                held.gate.acquire().await.unwrap().forget();
                drop(counted);
                judge(request.header("x-user"))
            }
        })
    }

    /// How many questions wait for their answer.
    pub fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }

    /// Lets that many answers go.
    pub fn let_go(&self, answers: usize) {
        self.gate.add_permits(answers);
    }
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

pub fn layered<S>(provider: impl AuthProvider, inner: S) -> AuthService<S> {
    AuthLayer::new(provider).layer(inner)
}

pub fn from_user(user: &str) -> Request<Body> {
    let request = Request::get("/run").header("x-user", user);
    request.body(Body::default()).unwrap()
}

pub fn from_nobody() -> Request<Body> {
    Request::get("/run").body(Body::default()).unwrap()
}

/// One call by the rules: ready first.
pub async fn call<S, R>(service: &mut S, request: Request<Body>) -> StatusCode
where
    S: Service<Request<Body>, Response = Response<R>>,
    S::Error: std::fmt::Debug,
{
    let response = service.ready().await.unwrap().call(request);
    response.await.unwrap().status()
}

/// Whether a service is ready now, without waiting.
pub fn is_ready<S: Service<Request<Body>>>(service: &mut S) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    matches!(service.poll_ready(&mut cx), Poll::Ready(Ok(())))
}

/// Fails a test that would hang; under a paused clock nobody waits for it.
pub async fn or_hangs<F: Future>(future: F) -> F::Output {
    let patience = Duration::from_secs(3600);
    tokio::time::timeout(patience, future)
        .await
        .expect("it hangs: a permit or a slot is kept")
}
