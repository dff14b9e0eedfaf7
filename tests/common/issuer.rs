//! An issuer on loopback that answers, fails and rotates as a test says.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use axum::{Router, body::Body, extract::Request, response::Response};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::stream;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tower_auth::{provider::OAuth2Auth, testing::ManualClock};

pub const AUDIENCE: &str = "api";
pub const JWKS: &str = "/jwks";
pub const OIDC: &str = "/.well-known/openid-configuration";
pub const RFC8414: &str = "/.well-known/oauth-authorization-server";
pub const GUESS: &str = "/.well-known/jwks.json";
/// When the tests play.
pub const NOW: u64 = 1_800_000_000;

/// What the issuer says at one path.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub pace: Pace,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    AtOnce,
    /// The whole answer comes when the issuer is told to go on, and not before.
    Held,
    Never,
    /// One byte at a time, with that pause between two.
    Drip(Duration),
}

impl Answer {
    pub fn json(body: &Value) -> Self {
        Self {
            status: 200,
            headers: vec![],
            body: body.to_string(),
            pace: Pace::AtOnce,
        }
    }

    pub fn status(status: u16) -> Self {
        Self::json(&Value::Null).with_status(status)
    }

    pub fn garbage() -> Self {
        let mut answer = Self::json(&Value::Null);
        answer.body = "<html>maintenance</html>".to_owned();
        answer
    }

    pub fn redirect(to: &str) -> Self {
        Self::status(302).with_header("location", to)
    }

    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }
}

#[derive(Default)]
struct Book {
    answers: HashMap<String, Answer>,
    hits: Vec<String>,
}

struct Shared {
    book: Mutex<Book>,
    gate: tokio::sync::Notify,
}

/// The issuer; its server runs on a thread of its own and ends with it.
pub struct Issuer {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: Mutex<Option<Runtime>>,
    pub clock: ManualClock,
    pub key: SigningKey,
}

impl Issuer {
    /// An issuer that publishes one key, `k1`, at `JWKS`, and says so by OIDC discovery.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = Self {
            shared: Arc::new(Shared {
                book: Mutex::default(),
                gate: tokio::sync::Notify::new(),
            }),
            address: listener.local_addr().unwrap(),
            server: Mutex::new(None),
            clock: ManualClock::at_unix(NOW),
            key: SigningKey::new("k1"),
        };
        issuer.serve(listener);
        issuer.publish(&[&issuer.key]);
        let metadata = json!({"issuer": issuer.url(), "jwks_uri": issuer.at(JWKS)});
        issuer.answer(OIDC, Answer::json(&metadata));
        issuer
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url())
    }

    /// A provider for it, on the test's clock.
    pub fn provider(&self) -> OAuth2Auth {
        OAuth2Auth::new(self.url(), AUDIENCE)
            .unwrap()
            .with_clock(self.clock.clock())
    }

    /// Sets what is said at a path; at others it is 404.
    pub fn answer(&self, path: &str, answer: Answer) {
        let mut book = self.shared.book.lock().unwrap();
        book.answers.insert(path.to_owned(), answer);
    }

    pub fn forget(&self, path: &str) {
        self.shared.book.lock().unwrap().answers.remove(path);
    }

    pub fn publish(&self, keys: &[&SigningKey]) {
        let keys: Vec<_> = keys.iter().map(|key| key.jwk.clone()).collect();
        self.publish_json(&keys);
    }

    pub fn publish_json(&self, keys: &[Value]) {
        self.answer(JWKS, Answer::json(&json!({ "keys": keys })));
    }

    /// Lets one answer go that is held back, or the next one that will be.
    pub fn go_on(&self) {
        self.shared.gate.notify_one();
    }

    /// How often a path was asked for.
    pub fn hits(&self, path: &str) -> usize {
        let book = self.shared.book.lock().unwrap();
        book.hits.iter().filter(|hit| *hit == path).count()
    }

    /// The paths that were asked for, in order.
    pub fn asked(&self) -> Vec<String> {
        self.shared.book.lock().unwrap().hits.clone()
    }

    /// Claims that the provider accepts for ten minutes.
    pub fn claims(&self) -> Value {
        json!({
            "iss": self.url(), "aud": AUDIENCE, "sub": "ada",
            "iat": self.clock.unix(), "exp": self.clock.unix() + 600,
        })
    }

    /// A token that the provider accepts.
    pub fn token(&self) -> String {
        self.key.sign(&self.claims())
    }

    /// Ends the server and every connection: from now on, connecting is refused.
    pub fn kill(&self) {
        if let Some(server) = self.server.lock().unwrap().take() {
            server.shutdown_background();
        }
    }

    /// Serves again, at the same address.
    pub fn revive(&self) {
        self.kill();
        self.serve(TcpListener::bind(self.address).unwrap());
    }

    fn serve(&self, listener: TcpListener) {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let shared = Arc::clone(&self.shared);
        let app =
            Router::new().fallback(move |request: Request| reply(Arc::clone(&shared), request));
        listener.set_nonblocking(true).unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await
        });
        *self.server.lock().unwrap() = Some(runtime);
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn reply(shared: Arc<Shared>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let answer = {
        let mut book = shared.book.lock().unwrap();
        book.hits.push(path.clone());
        book.answers.get(&path).cloned()
    };
    let answer = answer.unwrap_or_else(|| Answer::status(404));
    match answer.pace {
        Pace::Held => shared.gate.notified().await,
        Pace::Never => std::future::pending().await,
        Pace::AtOnce | Pace::Drip(_) => {}
    }
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let body = match answer.pace {
        Pace::Drip(pause) => drip(answer.body, pause),
        _ => Body::from(answer.body),
    };
    response.body(body).unwrap()
}

fn drip(text: String, pause: Duration) -> Body {
    Body::from_stream(stream::unfold(
        text.into_bytes().into_iter(),
        move |mut bytes| async move {
            let byte = bytes.next()?;
            tokio::time::sleep(pause).await;
            Some((Ok::<_, Infallible>(vec![byte]), bytes))
        },
    ))
}

/// An ES256 key that signs tokens.
#[derive(Clone)]
pub struct SigningKey {
    pub kid: String,
    pub jwk: Value,
    encoding: EncodingKey,
}

impl SigningKey {
    pub fn new(kid: &str) -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        });
        Self {
            kid: kid.to_owned(),
            jwk,
            encoding: EncodingKey::from_ec_der(pkcs8.as_ref()),
        }
    }

    pub fn header(&self) -> Header {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.kid.clone());
        header
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }

    pub fn sign_with(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.encoding).unwrap()
    }
}

/// Polls until something that happens beside the test has happened.
pub async fn eventually(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    for _ in 0..2000 {
        if happened().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never happened: {what}");
}
