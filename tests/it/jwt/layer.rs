//! `JwtAuth` in a layer: the status, the challenge and the body that a caller sees.

use crate::common::jose;

use http::{Request, Response, StatusCode, header};
use jose::{CLAIMS, NOW, good, key, token};
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::{
    AuthContext, AuthError, AuthLayer,
    jose::Algorithm,
    provider::{ApiKeyAuth, AuthProvider, CompositeAuth, JwtAuth},
    testing::ManualClock,
};

fn tokens() -> JwtAuth {
    JwtAuth::new(key(Algorithm::HS256))
        .with_audience("my-agent")
        .with_issuer("https://issuer.example")
        .with_clock(ManualClock::at_unix(NOW).clock())
}

fn bearing(token: &str) -> Request<()> {
    Request::builder()
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(())
        .unwrap()
}

fn with_claims(claims: &str) -> String {
    token(Algorithm::HS256, r#"{"alg":"HS256"}"#, claims)
}

async fn answer(layer: AuthLayer, request: Request<()>) -> Response<String> {
    let inner = service_fn(async |request: Request<()>| {
        let user = request
            .extensions()
            .get::<AuthContext>()
            .unwrap()
            .user_id()
            .to_owned();
        Ok::<_, std::convert::Infallible>(Response::new(user))
    });
    let response = layer.layer(inner).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = http_body_util::BodyExt::collect(body)
        .await
        .unwrap()
        .to_bytes();
    Response::from_parts(parts, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn the_layer_answers_with_the_challenge_that_fits() {
    let layer = || AuthLayer::new(tokens());
    let response = answer(layer(), bearing(&good(Algorithm::HS256))).await;
    assert_eq!(
        (response.status(), response.body().as_str()),
        (StatusCode::OK, "ada")
    );

    let response = answer(layer(), Request::new(())).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let challenge = response.headers()[header::WWW_AUTHENTICATE]
        .to_str()
        .unwrap();
    assert!(
        challenge.starts_with("Bearer ") && !challenge.contains("error"),
        "{challenge}"
    );

    for (shown, code) in [
        ("not.a-token", "invalid_credential"),
        (
            &*with_claims(&CLAIMS.replace("1800000600", "1")),
            "expired_credential",
        ),
    ] {
        let response = answer(layer(), bearing(shown)).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let challenge = response.headers()[header::WWW_AUTHENTICATE]
            .to_str()
            .unwrap();
        assert!(
            challenge.contains(r#"error="invalid_token""#),
            "{challenge}"
        );
        assert!(response.body().contains(code), "{}", response.body());
        assert!(!response.body().contains("jwt_"), "{}", response.body());
    }
}

#[tokio::test]
async fn a_key_and_a_token_stand_side_by_side_in_a_chain() {
    let chain = || CompositeAuth::new(ApiKeyAuth::new(["sk-live-9f"]).unwrap()).or(tokens());
    let response = answer(AuthLayer::new(chain()), bearing(&good(Algorithm::HS256))).await;
    assert_eq!(
        (response.status(), response.body().as_str()),
        (StatusCode::OK, "ada")
    );
    let response = answer(AuthLayer::new(chain()), bearing("sk-live-9f")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.body().starts_with("apikey_"));
    let expired = with_claims(&CLAIMS.replace("1800000600", "1"));
    let response = answer(AuthLayer::new(chain()), bearing(&expired)).await;
    assert!(
        response.body().contains("expired_credential"),
        "{}",
        response.body()
    );
}

#[tokio::test]
async fn a_check_of_ones_own_follows_the_token() {
    let provider = tokens().and_then(async |context: AuthContext, _| match context.user_id() {
        "ada" => Err(AuthError::forbidden("user_is_blocked")),
        _ => Ok(context),
    });
    let response = answer(AuthLayer::new(provider), bearing(&good(Algorithm::HS256))).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
}
