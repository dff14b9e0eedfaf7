//! `oauth-resource-server`: on `jsonwebtoken` 9, so on `ring`. It refuses HS256, by design.

use std::sync::Arc;

use oauth_resource_server::{
    KeyNaming, OAuthConfig, OAuthValidator,
    http_layer::{CredentialSource, HttpAuthLayer},
};
use tower_auth::jose::Algorithm;
use tower_layer::Layer;

use super::{Contender, Crypto, Heads, Task, claims::MAP};
use crate::{
    call::{Head, Inner},
    credentials::{AUDIENCE, Credentials, api_key},
};

pub(super) async fn contenders(credentials: &Credentials) -> Vec<Contender> {
    let mut all = vec![static_token()];
    for signed in credentials.tokens() {
        if signed.algorithm == Algorithm::HS256 {
            continue;
        }
        let validator = validator(credentials, signed.algorithm).await;
        let layer = HttpAuthLayer::builder().oauth(validator).build();
        let service = layer.expect("it has a validator").layer(Inner);
        let task = Task::FirstSeen(signed.algorithm);
        let made = Contender::accepting(task, NAME, service, Heads::of_token(signed));
        all.push(made.on(Crypto::Ring).set_up(MAP));
    }
    all
}

pub(crate) async fn validator(
    credentials: &Credentials,
    algorithm: Algorithm,
) -> Arc<OAuthValidator> {
    let config = OAuthConfig {
        enabled: true,
        issuer: credentials.issuer().to_owned(),
        jwks_uri: Some(credentials.jwks_uri()),
        audience: AUDIENCE.to_owned(),
        resource: AUDIENCE.to_owned(),
        algorithms: vec![algorithm.to_string()],
        // The others require no scope either.
        allow_unscoped_tokens: true,
        ..OAuthConfig::default()
    };
    let config = config.resolve(KeyNaming::Dotted("oauth"));
    let config = config.expect("a loopback issuer").expect("it is enabled");
    let validator = OAuthValidator::new(&config).expect("a loopback issuer");
    let fetched = validator.refresh_now().await;
    fetched.expect("the issuer is there");
    Arc::new(validator)
}

fn static_token() -> Contender {
    let layer = HttpAuthLayer::builder()
        .static_token(api_key(0))
        .sources([CredentialSource::Raw(http::HeaderName::from_static(
            "x-api-key",
        ))])
        .build();
    let heads = Heads {
        accepted: Head::with_key(&api_key(0)),
        refused: Head::with_key(&api_key(1)),
    };
    let service = layer.expect("it has a token").layer(Inner);
    Contender::accepting(Task::ApiKey, NAME, service, heads).set_up("one, kept as text")
}

const NAME: &str = "oauth-resource-server";
