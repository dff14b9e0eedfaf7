//! An issuer within the process of a test.

use std::{fmt, sync::Arc};

use http::Request;
use serde_json::{Value, json};

use super::{
    endpoints::Endpoints,
    key::{self, SigningKey, random},
    server::Server,
    state::{self, Fault, IssuerEndpoint, IssuerKey, State},
};
use crate::{clock::Clock, jose::Algorithm};

/// An issuer on a loopback port: discovery, keys, introspection, userinfo, and tokens for the
/// asking.
///
/// It signs with RS256, PS256, ES256, ES384 and EdDSA, and publishes one key for each. Its endpoints
/// are those of [`IssuerEndpoint`]; what they answer can be made wrong with [`fail`](Self::fail).
/// It ends when its last clone is dropped.
///
/// It judges no times: a token stays active at its endpoints until it is
/// [revoked](Self::revoke), so that it shows who does look at `exp`.
///
/// # Example
///
/// ```
/// use tower_auth::testing::{Fault, IssuerEndpoint, TestIssuer};
///
/// let issuer = TestIssuer::start();
/// let token = issuer.token().with_subject("ada").with_scope("graph:invoke").mint();
///
/// issuer.rotate(); // new keys, the old ones stay published
/// issuer.fail(IssuerEndpoint::Jwks, Fault::Status(500));
/// issuer.recover();
/// assert_eq!(issuer.requests(IssuerEndpoint::Jwks), 0);
/// # let _ = token;
/// ```
///
/// # Panics
///
/// Every method panics where it cannot do its work: a test has no use for an error here.
///
/// Keys, endpoints and the requests that came:
///
/// ```
/// use tower_auth::{jose::Algorithm, provider::OAuth2Auth};
/// use tower_auth::testing::{Fault, IssuerEndpoint, TestIssuer, TestIssuerBuilder};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let builder: TestIssuerBuilder = TestIssuer::builder();
/// let issuer = builder.with_path("/tenant").start();
/// let tokens = OAuth2Auth::new(issuer.url(), TestIssuer::AUDIENCE).unwrap();
/// tokens.warm_up().await.unwrap();
/// issuer.until_requests(IssuerEndpoint::Jwks, 1).await;
/// assert!(issuer.last_request(IssuerEndpoint::Jwks).is_some());
/// assert_eq!(issuer.metadata()["issuer"], issuer.url());
///
/// let key = issuer.key_id(Algorithm::RS256);
/// let jwk = issuer.jwk(&key);
/// issuer.remove_key(&key); // withdrawn …
/// issuer.publish_jwk(jwk); // … and there again
/// issuer.replace_keys();
/// issuer.fail_everywhere(&Fault::Status(503));
/// issuer.close(); // nobody answers any more
/// # for endpoint in IssuerEndpoint::ALL { let _ = endpoint; }
/// # let _ = (TestIssuer::CLIENT_ID, TestIssuer::CLIENT_SECRET, TestIssuer::CLIENT_TOKEN);
/// # });
/// ```
#[derive(Clone)]
pub struct TestIssuer(Arc<Inner>);

struct Inner {
    url: String,
    path: String,
    algorithms: Vec<Algorithm>,
    clock: Clock,
    state: Arc<State>,
    server: Server,
}

/// The settings of a [`TestIssuer`].
#[derive(Clone, Debug)]
#[must_use = "an issuer is started by `start`"]
pub struct TestIssuerBuilder {
    path: String,
    algorithms: Vec<Algorithm>,
    clock: Clock,
}

impl TestIssuer {
    /// The audience of its tokens, unless a test chooses another.
    pub const AUDIENCE: &'static str = "https://api.example";

    /// The client that may introspect: an id that has to be encoded before it is sent (RFC 6749
    /// §2.3.1).
    pub const CLIENT_ID: &'static str = state::CLIENT_ID;

    /// The secret of the client that may introspect.
    pub const CLIENT_SECRET: &'static str = state::CLIENT_SECRET;

    /// The token with which one may introspect without being a client.
    pub const CLIENT_TOKEN: &'static str = state::CLIENT_TOKEN;

    /// Starts one with the usual settings.
    ///
    /// The first one of a process takes a moment longer: it makes RSA keys.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// The usual settings, to be changed.
    pub fn builder() -> TestIssuerBuilder {
        TestIssuerBuilder {
            path: String::new(),
            algorithms: key::ALGORITHMS.to_vec(),
            clock: Clock::system(),
        }
    }

    /// The issuer's name, the `iss` of its tokens: `http://127.0.0.1:<port>` and a path, if it has one.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The address of one of its endpoints.
    pub fn endpoint(&self, endpoint: IssuerEndpoint) -> String {
        let origin = self.url().strip_suffix(&self.0.path).unwrap_or(self.url());
        format!("{origin}{}", endpoint.path(&self.0.path))
    }

    /// Makes a token inactive at its endpoints; a JWT keeps its signature.
    pub fn revoke(&self, token: &str) {
        self.0.state.lock().tokens.remove(token);
    }

    /// The id of the newest key for an algorithm.
    ///
    /// # Panics
    ///
    /// The issuer does not sign with it.
    pub fn key_id(&self, algorithm: Algorithm) -> String {
        self.signing_key(Some(algorithm), None).kid
    }

    /// The public key of that id, as it is published.
    ///
    /// # Panics
    ///
    /// The issuer never had that key.
    pub fn jwk(&self, key_id: &str) -> Value {
        self.signing_key(None, Some(key_id)).jwk()
    }

    /// The key set that it publishes.
    pub fn jwks(&self) -> Value {
        self.0.state.lock().jwks()
    }

    /// The document that its two metadata endpoints answer with.
    pub fn metadata(&self) -> Value {
        let algorithms: Vec<_> = self.0.algorithms.iter().map(|one| one.as_str()).collect();
        json!({
            "issuer": self.url(),
            "jwks_uri": self.endpoint(IssuerEndpoint::Jwks),
            "introspection_endpoint": self.endpoint(IssuerEndpoint::Introspection),
            "userinfo_endpoint": self.endpoint(IssuerEndpoint::Userinfo),
            "authorization_endpoint": format!("{}/authorize", self.url()),
            "token_endpoint": format!("{}/token", self.url()),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": algorithms,
        })
    }

    /// Signs with new keys from now on; those before stay published.
    pub fn rotate(&self) {
        self.new_keys(true);
    }

    /// Signs with new keys from now on, and publishes no others.
    pub fn replace_keys(&self) {
        self.new_keys(false);
    }

    /// Publishes a key no longer; a test can still sign with it.
    ///
    /// # Panics
    ///
    /// The issuer never had that key.
    pub fn remove_key(&self, key_id: &str) {
        let mut known = self.0.state.lock();
        let mut keys = known.keys.iter_mut();
        let found = keys.find(|key| key.key.kid == key_id);
        found.expect("the issuer has that key").published = false;
    }

    /// Publishes something else beside its keys: a key of another kind, or what is no key at all.
    pub fn publish_jwk(&self, jwk: Value) {
        self.0.state.lock().other_jwks.push(jwk);
    }

    /// Makes an endpoint misbehave until [`recover`](Self::recover).
    pub fn fail(&self, endpoint: IssuerEndpoint, fault: Fault) {
        self.0
            .state
            .change(|known| known.faults.insert(endpoint, fault));
    }

    /// Makes every endpoint misbehave until [`recover`](Self::recover).
    pub fn fail_everywhere(&self, fault: &Fault) {
        self.0.state.change(|known| {
            let all = IssuerEndpoint::ALL.iter();
            known.faults = all.map(|endpoint| (*endpoint, fault.clone())).collect();
        });
    }

    /// Ends every connection and refuses new ones until [`recover`](Self::recover).
    pub fn close(&self) {
        self.0.server.listen(false);
    }

    /// Ends every fault: what was held back is answered, and connections are accepted again.
    pub fn recover(&self) {
        self.0.state.change(|known| known.faults.clear());
        self.0.server.listen(true);
    }

    /// The number of requests that an endpoint has received, unanswered ones included.
    pub fn requests(&self, endpoint: IssuerEndpoint) -> usize {
        let known = self.0.state.lock();
        known.requests.get(&endpoint).map_or(0, Vec::len)
    }

    /// The last request that an endpoint received.
    pub fn last_request(&self, endpoint: IssuerEndpoint) -> Option<Request<String>> {
        let known = self.0.state.lock();
        known.requests.get(&endpoint)?.last().cloned()
    }

    /// Waits until an endpoint has received that many requests since the issuer was started.
    pub async fn until_requests(&self, endpoint: IssuerEndpoint, at_least: usize) {
        let state = Arc::clone(&self.0.state);
        let so = |count: Option<usize>| count.filter(|count| *count >= at_least).map(drop);
        let wait = state.until(|known| match known.requests.get(&endpoint) {
            None => so(Some(0)),
            Some(requests) => so(Some(requests.len())),
        });
        wait.await;
    }

    pub(super) fn now(&self) -> u64 {
        self.0.clock.now()
    }

    pub(super) fn remember(&self, token: String, claims: String) {
        self.0.state.lock().tokens.insert(token, claims);
    }

    pub(super) fn signing_key(
        &self,
        algorithm: Option<Algorithm>,
        key_id: Option<&str>,
    ) -> SigningKey {
        let known = self.0.state.lock();
        let algorithm = algorithm.or_else(|| self.0.algorithms.first().copied());
        let fits = |key: &&IssuerKey| match key_id {
            Some(key_id) => key.key.kid == key_id,
            None => Some(key.key.algorithm) == algorithm,
        };
        let newest = known.keys.iter().rev().find(fits);
        newest
            .map(|key| key.key.clone())
            .expect("the issuer has a key of that algorithm or id")
    }

    fn new_keys(&self, keep: bool) {
        let state = &self.0.state;
        let generation = {
            let mut known = state.lock();
            known.generation += 1;
            known.generation - 1
        };
        // Made before anything is locked: the endpoints answer meanwhile.
        let algorithms = self.0.algorithms.iter();
        let new: Vec<_> = algorithms
            .map(|algorithm| IssuerKey {
                key: SigningKey::new(*algorithm, format!("{algorithm}-{}", random()), generation),
                published: true,
            })
            .collect();
        state.change(|known| {
            for key in &mut known.keys {
                key.published &= keep;
            }
            known.keys.extend(new);
        });
    }
}

impl fmt::Debug for TestIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestIssuer")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

impl TestIssuerBuilder {
    /// Gives the issuer's name a path, as in `https://host/tenant`.
    pub fn with_path(mut self, path: &str) -> Self {
        let path = path.trim_matches('/');
        self.path = if path.is_empty() {
            String::new()
        } else {
            format!("/{path}")
        };
        self
    }

    /// Replaces the algorithms that it has keys for; the first is that of its tokens, unless a
    /// test chooses another.
    ///
    /// # Panics
    ///
    /// There is none, or one that it cannot sign with: it has RS256, PS256, ES256, ES384, EdDSA.
    pub fn with_algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        let known = |algorithm| key::ALGORITHMS.contains(algorithm);
        assert!(
            !self.algorithms.is_empty() && self.algorithms.iter().all(known),
            "a test issuer signs with RS256, PS256, ES256, ES384 and EdDSA"
        );
        self
    }

    /// Replaces the clock that the times of its tokens are read from.
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Starts the issuer.
    ///
    /// # Panics
    ///
    /// The loopback address has no free port, or no thread can be started.
    pub fn start(self) -> TestIssuer {
        let state = Arc::new(State::default());
        let endpoints = Endpoints::new(Arc::clone(&state), &self.path);
        let server = Server::start(Arc::new(endpoints));
        let issuer = TestIssuer(Arc::new(Inner {
            url: format!("http://{}{}", server.address(), self.path),
            path: self.path,
            algorithms: self.algorithms,
            clock: self.clock,
            state,
            server,
        }));
        let metadata = issuer.metadata();
        issuer.0.state.change(|known| known.metadata = metadata);
        issuer.rotate();
        issuer
    }
}
