//! An issuer, a clock and a provider for it.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tower::Service;
use tower_auth::{
    AuthContext, AuthError, AuthRequest, AuthResult,
    jose::Algorithm,
    provider::{AuthProvider, Authentication, OAuth2Auth},
    testing::{IssuerEndpoint, ManualClock, TestIssuer, TestToken},
};

/// When the tests play.
pub const NOW: u64 = 1_800_000_000;
pub const AUDIENCE: &str = TestIssuer::AUDIENCE;

/// An issuer of ES256 tokens, on a clock that the provider reads too.
pub struct World {
    pub issuer: TestIssuer,
    pub clock: ManualClock,
}

impl World {
    pub fn new() -> Self {
        Self::at_path("")
    }

    /// With an issuer whose name has a path.
    pub fn at_path(path: &str) -> Self {
        let clock = ManualClock::at_unix(NOW);
        let issuer = TestIssuer::builder()
            .with_path(path)
            .with_algorithms([Algorithm::ES256])
            .with_clock(clock.clock())
            .start();
        Self { issuer, clock }
    }

    /// A provider that was asked nothing yet.
    pub fn provider(&self) -> OAuth2Auth {
        OAuth2Auth::new(self.issuer.url(), AUDIENCE)
            .unwrap()
            .with_clock(self.clock.clock())
    }

    /// A provider that has the keys.
    pub async fn warm(&self) -> OAuth2Auth {
        let provider = self.provider();
        provider.warm_up().await.unwrap();
        provider
    }

    /// A token that lives longer than any test.
    pub fn token(&self) -> TestToken<'_> {
        self.issuer.token().with_lifetime(30 * DAY)
    }

    /// How often the keys were fetched.
    pub fn fetches(&self) -> usize {
        self.issuer.requests(IssuerEndpoint::Jwks)
    }

    /// How often the issuer was asked where its keys are.
    pub fn discoveries(&self) -> usize {
        self.issuer.requests(IssuerEndpoint::OpenIdConfiguration)
    }

    pub fn kid(&self) -> String {
        self.issuer.key_id(Algorithm::ES256)
    }

    pub fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

/// A client of reqwest as the service that `with_client` takes.
pub fn service(
    client: reqwest::Client,
) -> impl Service<
    Request<Bytes>,
    Response = Response<reqwest::Body>,
    Error = reqwest::Error,
    Future: Send,
> + Clone
+ Send
+ Sync
+ 'static {
    tower::service_fn(move |request: Request<Bytes>| {
        let client = client.clone();
        async move {
            client
                .execute(request.try_into()?)
                .await
                .map(Response::from)
        }
    })
}

/// What the provider answers to a request with that token without waiting.
#[track_caller]
pub fn at_once(provider: &impl AuthProvider, token: &str) -> AuthResult {
    match ask(provider, token) {
        Authentication::Ready(answer) => answer,
        Authentication::Pending(_) => panic!("the provider has to wait"),
    }
}

pub fn ask(provider: &impl AuthProvider, token: &str) -> Authentication {
    let request = Request::get("/")
        .header("authorization", format!("Bearer {token}"))
        .body(())
        .unwrap();
    provider.authenticate(&AuthRequest::from(&request))
}

/// Whom the provider accepts.
#[track_caller]
pub fn accepted(answer: AuthResult) -> AuthContext {
    answer.unwrap().expect("the token is the provider's own")
}

/// Why the provider says 401.
pub async fn refusal(provider: &OAuth2Auth, token: &str) -> String {
    let error = provider.verify(token).await.unwrap_err();
    assert_eq!(error.status(), 401, "{error:?}");
    error.reason().to_owned()
}

/// Why the provider says 503, and when it wants to be asked again.
#[track_caller]
pub fn unavailable<T: std::fmt::Debug>(answer: Result<T, AuthError>) -> (String, u64) {
    let error = answer.unwrap_err();
    assert_eq!(error.status(), 503, "{error:?}");
    let seconds = error.retry_after().unwrap().as_secs();
    (error.reason().to_owned(), seconds)
}

/// Polls until something that happens beside the test has happened.
pub async fn eventually(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    for _ in 0..4000 {
        if happened().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never happened: {what}");
}

/// Runs what is to be run at the same time, and gives the answers in order.
pub async fn together<T: Send + 'static>(
    tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

/// The chain of what an error says it was caused by.
pub fn causes(error: &AuthError) -> String {
    let first = std::error::Error::source(error);
    let causes = std::iter::successors(first, |&cause| cause.source());
    causes.map(|cause| format!("{cause}; ")).collect()
}

pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(60 * 60);
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);
