//! `tower-auth`, as it comes: its default features, which axum users have.

use http::StatusCode;
use tower_auth::{
    AuthLayer,
    authorize::RequireScopes,
    jose::{Algorithm, Key},
    provider::{ApiKeyAuth, ApiKeyRecord, JwtAuth, OAuth2Auth},
};
use tower_layer::Layer;

use super::{Contender, Crypto, FEW, Heads, OURS, Task, any_key};
use crate::{
    call::{Head, Inner, once},
    credentials::{AUDIENCE, Credentials, Signed, api_key},
};

/// A provider of so many keys, of which [`api_key`] tells the first, the second and so on.
///
/// # Panics
///
/// There is to be none.
pub fn keys(count: usize) -> ApiKeyAuth {
    ApiKeyAuth::new((0..count).map(api_key)).expect("the keys are good ones")
}

/// A provider for tokens of one algorithm.
///
/// # Panics
///
/// The key is none.
pub fn tokens(credentials: &Credentials, signed: &Signed) -> JwtAuth {
    let key = Key::from_jwk(&signed.jwk.to_string()).expect("the issuer's key");
    JwtAuth::new(key)
        .with_audience(AUDIENCE)
        .with_issuer(credentials.issuer())
}

pub(super) async fn contenders(credentials: &Credentials, many: usize) -> Vec<Contender> {
    let mut all = with_keys();
    all.extend(many_keys(many));
    all.extend(refusals(credentials));
    for signed in credentials.tokens() {
        let tokens = tokens(credentials, signed);
        let first = tokens.clone().with_remembered_tokens(0);
        let first = AuthLayer::new(first).layer(Inner);
        let remembered = AuthLayer::new(tokens).layer(Inner);
        for (task, service) in [
            (Task::FirstSeen(signed.algorithm), first),
            (Task::Remembered(signed.algorithm), remembered),
        ] {
            let made = Contender::accepting(task, OURS, service, Heads::of_token(signed));
            all.push(made.on(Crypto::AwsLc).set_up("JwtAuth"));
        }
    }
    all.extend(with_fetched_keys(credentials).await);
    all
}

fn with_keys() -> Vec<Contender> {
    let exempt = AuthLayer::new(keys(1)).public("/run").layer(Inner);
    let anybody = Head::bare();
    let anybody = move || anybody.request();
    let one = AuthLayer::new(keys(1)).layer(Inner);
    let record = ApiKeyRecord::new("bench", api_key(0)).expect("a good key");
    let record = record.with_scopes(["agents:invoke", "graph:read", "graph:stream"]);
    let scoped = AuthLayer::new(ApiKeyAuth::new([record]).expect("a good record"));
    let required = RequireScopes::all(["agents:invoke", "graph:read"])
        .expect("good scopes")
        .layer(Inner);
    let heads = || Heads {
        accepted: Head::with_key(&api_key(0)),
        refused: Head::with_key(&api_key(usize::MAX)),
    };
    vec![
        Contender::answering(Task::ExemptPath, OURS, exempt, anybody, StatusCode::OK),
        Contender::accepting(Task::ApiKey, OURS, one, heads()),
        Contender::accepting(Task::ScopedKey, OURS, scoped.layer(Inner), heads()),
        Contender::accepting(Task::Scopes, OURS, scoped.layer(required), heads()),
    ]
}

/// How many of the callers are there decides how much of the table is in the processor's caches.
fn many_keys(many: usize) -> impl Iterator<Item = Contender> {
    let mut service = AuthLayer::new(keys(many)).layer(Inner);
    let unknown = Head::with_key(&api_key(usize::MAX)).request();
    assert_eq!(once(&mut service, unknown), StatusCode::UNAUTHORIZED);
    let callers = [(many, ALL_CALL), (FEW, "10,000 call"), (1, "one calls")];
    callers.into_iter().map(move |(count, setup)| {
        let (service, request) = (service.clone(), any_key(count));
        Contender::answering(Task::MillionKeys, OURS, service, request, StatusCode::OK)
            .set_up(setup)
    })
}

fn refusals(credentials: &Credentials) -> Vec<Contender> {
    let refused = |task, layer: AuthLayer, head: Head| {
        let (service, request) = (layer.layer(Inner), move || head.request());
        Contender::answering(task, OURS, service, request, StatusCode::UNAUTHORIZED)
    };
    let signed = credentials.token(Algorithm::HS256);
    let tokens = AuthLayer::new(tokens(credentials, signed));
    let unknown = Head::with_key(&api_key(usize::MAX));
    let garbage = Head::with_bearer("no token, however long one looks at it");
    vec![
        refused(Task::Missing, AuthLayer::new(keys(1)), Head::bare()),
        refused(Task::UnknownKey, AuthLayer::new(keys(1)), unknown),
        refused(Task::Garbage, tokens, garbage),
    ]
}

/// The provider that fetches an issuer's keys, as the peers for OpenID Connect do.
async fn with_fetched_keys(credentials: &Credentials) -> Vec<Contender> {
    let mut all = Vec::new();
    for signed in credentials.tokens() {
        if signed.algorithm == Algorithm::HS256 {
            continue; // An issuer publishes no secrets.
        }
        let tokens = OAuth2Auth::new(credentials.issuer(), AUDIENCE)
            .and_then(|tokens| tokens.with_algorithms([signed.algorithm]))
            .expect("a loopback issuer");
        for (task, tokens) in [
            (
                Task::FirstSeen(signed.algorithm),
                tokens.clone().with_remembered_tokens(0),
            ),
            (Task::Remembered(signed.algorithm), tokens),
        ] {
            tokens.warm_up().await.expect("the issuer is there");
            let service = AuthLayer::new(tokens).layer(Inner);
            let made = Contender::accepting(task, OURS, service, Heads::of_token(signed));
            all.push(made.on(Crypto::AwsLc).set_up("OAuth2Auth"));
        }
    }
    all
}

/// The hardest case, in which no line of the table is in a cache.
const ALL_CALL: &str = "all call";
