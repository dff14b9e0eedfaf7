//! A guess beside another credential counts, whatever becomes of the other [14.1].

use axum::Router;
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequest, AuthResult, CredentialSource,
    provider::{ApiKeyAuth, AuthProvider, CompositeAuth, JwtAuth, ProviderFn, provider_fn},
    testing::ManualClock,
};

use super::kit::{Counted, KEY, PEER, attempts, from, keys};
use crate::common::answer::{Answer, guarded, send};

/// Ten attempts a minute, for a chain of keys and tokens in both orders.
struct World {
    app: Router,
    keys: Counted<ApiKeyAuth>,
    clock: ManualClock,
}

fn worlds(
    tokens: impl AuthProvider + Clone,
    change: fn(AuthLayer) -> AuthLayer,
) -> [(&'static str, World); 2] {
    ["keys first", "tokens first"].map(|order| {
        let (keys, clock) = (Counted::new(keys()), ManualClock::now());
        let chain = match order {
            "keys first" => CompositeAuth::new(keys.clone()).or(tokens.clone()),
            _ => CompositeAuth::new(tokens.clone()).or(keys.clone()),
        };
        let layer = AuthLayer::new(chain).throttle_attempts(attempts("10 per minute", &clock));
        let app = guarded(change(layer));
        (order, World { app, keys, clock })
    })
}

impl World {
    /// Guesses twenty keys beside something else; answers the status of each.
    async fn guess(&self, line: &str, beside: &[(&str, &str)]) -> Vec<u16> {
        let mut statuses = Vec::new();
        for number in 0..20 {
            let guess = format!("guess-{number}");
            statuses.push(self.show(line, &guess, beside).await.status.as_u16());
        }
        statuses
    }

    async fn show(&self, line: &str, key: &str, beside: &[(&str, &str)]) -> Answer {
        let headers = [beside, &[("x-api-key", key)]].concat();
        send(&self.app, from(PEER, line, &headers)).await
    }
}

/// Judges a token by its name.
fn tokens() -> ProviderFn<impl Fn(&AuthRequest<'_>) -> AuthResult + Send + Sync + 'static> {
    provider_fn(
        |request: &AuthRequest<'_>| match request.header("authorization") {
            None => Ok(None),
            Some("Bearer own") => Ok(Some(AuthContext::new("eve"))),
            Some("Bearer of-an-issuer-that-is-away") => {
                Err(AuthError::unavailable("the issuer is away"))
            }
            Some("Bearer malformed") => Err(AuthError::invalid_request("malformed")),
            Some("Bearer without-scope") => Err(AuthError::insufficient_scope("run")),
            Some(_) => Err(AuthError::invalid_credential("unknown")),
        },
    )
    .with_credentials([CredentialSource::bearer()])
}

/// Ten are answered, and nothing is judged after that.
fn limited(statuses: &[u16], answered: u16) -> bool {
    let (first, rest) = statuses.split_at(10);
    first.iter().all(|status| *status == answered) && rest.iter().all(|status| *status == 429)
}

#[tokio::test]
async fn beside_a_token_of_any_fate() {
    for (token, answered) in [
        ("Bearer of-an-issuer-that-is-away", 503),
        ("Bearer without-scope", 403),
        ("Bearer malformed", 400),
        ("Bearer own", 200),
        ("Bearer wrong", 401),
    ] {
        for (order, world) in worlds(tokens(), |layer| layer) {
            let statuses = world.guess("GET /run", &[("authorization", token)]).await;
            assert!(limited(&statuses, answered), "{token} {order} {statuses:?}");
            assert!(world.keys.asked() <= 10, "{token} {order}");
        }
    }
}

#[tokio::test]
async fn beside_a_cookie_that_another_site_sends() {
    let sessions = JwtAuth::hs256("an example secret of 32 bytes …")
        .unwrap()
        .with_credentials([CredentialSource::cookie("session")]);
    let beside = [
        ("cookie", "session=a.b.c"),
        ("sec-fetch-site", "cross-site"),
    ];
    for (order, world) in worlds(sessions, |layer| layer) {
        let statuses = world.guess("POST /run", &beside).await;
        assert!(limited(&statuses, 403), "{order} {statuses:?}");
        assert!(world.keys.asked() <= 10, "{order}");
    }
}

#[tokio::test]
async fn beside_what_a_provider_reads_that_names_no_place() {
    let sessions = provider_fn(|request: &AuthRequest<'_>| {
        Ok(request.header("x-session").map(AuthContext::new))
    });
    for (order, world) in worlds(sessions, |layer| layer) {
        let statuses = world.guess("GET /run", &[("x-session", "eve")]).await;
        assert!(limited(&statuses, 200), "{order} {statuses:?}");
    }
}

#[tokio::test]
async fn a_request_that_is_broken_off_counts_where_two_are_shown() {
    let slow = tower_auth::provider::async_provider_fn(async |request| {
        match request.header("authorization") {
            None => Ok(None),
            Some(_) => std::future::pending().await,
        }
    })
    .with_credentials([CredentialSource::bearer()]);
    for (order, world) in worlds(slow, |layer| layer) {
        for number in 0..20 {
            let guess = format!("guess-{number}");
            let beside = [("authorization", "Bearer slow")];
            let waiting = world.show("GET /run", &guess, &beside);
            let limit = std::time::Duration::from_millis(1);
            let _ = tokio::time::timeout(limit, waiting).await;
        }
        let refused = world.show("GET /run", KEY, &[]).await;
        assert_eq!(refused.status, 429, "{order}");
        assert!(world.keys.asked() <= 10, "{order}");
    }
}

#[tokio::test]
async fn two_that_are_always_shown_together_are_charged_once() {
    for (order, world) in worlds(tokens(), |layer| layer) {
        let beside = [("authorization", "Bearer own")];
        for number in 0..50 {
            let answer = world.show("GET /run", KEY, &beside).await;
            assert_eq!(answer.status, 200, "{order} {number}");
        }
        // Known, they go on while an address guesses; so nine more are judged.
        let statuses = world.guess("GET /run", &[]).await;
        let wrong = statuses.iter().filter(|status| **status == 401).count();
        assert_eq!(wrong, 9, "{order}");
        let answer = world.show("GET /run", KEY, &beside).await;
        assert_eq!(answer.status, 200, "{order}");
        // They count anew when they are known no more.
        world.clock.advance(std::time::Duration::from_secs(3_601));
        assert_eq!(world.show("GET /run", KEY, &beside).await.status, 200);
        let statuses = world.guess("GET /run", &[]).await;
        let wrong = statuses.iter().filter(|status| **status == 401).count();
        assert_eq!(wrong, 9, "{order}");
    }
}

#[tokio::test]
async fn what_nobody_judges_counts_for_nobody() {
    // One provider must not be shown two, so nobody is asked.
    let header = CredentialSource::header(http::HeaderName::from_static("x-token"));
    let tokens = tokens().with_credentials([CredentialSource::bearer(), header]);
    for (order, world) in worlds(tokens, |layer| layer) {
        for _ in 0..50 {
            let twice = [("authorization", "Bearer own"), ("x-token", "another")];
            let answer = world.show("GET /run", "guess", &twice).await;
            assert_eq!(answer.status, 400, "{order}");
        }
        assert_eq!(world.keys.asked(), 0, "{order}");
        let statuses = world.guess("GET /run", &[]).await;
        assert!(limited(&statuses, 401), "{order} {statuses:?}");
    }
}

#[tokio::test]
async fn a_second_factor_is_no_other_credential() {
    let keys = keys()
        .and_then(
            async |context, request| match request.header("x-totp").unwrap_or_default() {
                "123456" => Ok(context),
                "away" => Err(AuthError::unavailable("the second factors are away")),
                _ => Err(AuthError::invalid_credential("second_factor")),
            },
        )
        .with_credentials([CredentialSource::header(http::HeaderName::from_static(
            "x-totp",
        ))]);
    let clock = ManualClock::now();
    let layer = AuthLayer::new(CompositeAuth::new(keys).or(tokens()));
    let app = guarded(layer.throttle_attempts(attempts("10 per minute", &clock)));
    let show = async |code: &str| {
        let headers = [("x-api-key", KEY), ("x-totp", code)];
        send(&app, from(PEER, "GET /run", &headers)).await.status
    };
    for number in 0..50 {
        assert_eq!(show("away").await, 503, "{number}");
        assert_eq!(show("123456").await, 200, "{number}");
    }
    for number in 0..10 {
        assert_eq!(show(&format!("00000{number}")).await, 401);
    }
    assert_eq!(show("000010").await, 429);
}
