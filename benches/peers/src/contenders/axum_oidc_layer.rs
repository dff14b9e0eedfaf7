//! `axum-oidc-layer`: on `jsonwebtoken` 9, so on `ring`, and the one peer that remembers tokens.
//!
//! It finds the issuer's documents by itself, over loopback. HS256 it cannot do: it takes keys from
//! an issuer alone, and an issuer publishes no secrets.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use axum_oidc_layer::{
    AuthenticationConfigProvider, Claims, InMemoryCache, JwksCache, OidcAuthenticationLayer,
};
use serde::{Serialize, de::DeserializeOwned};
use tower_auth::jose::Algorithm;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    Contender, Crypto, Heads, Task,
    claims::{ClaimMap, ClaimStruct, MAP, OWN, STRUCT},
};
use crate::{
    call::{Head, Inner},
    credentials::{AUDIENCE, Credentials, Signed},
};

pub(super) async fn contenders(credentials: &Credentials) -> Vec<Contender> {
    let mut all = Vec::new();
    for signed in credentials.tokens() {
        if signed.algorithm == Algorithm::HS256 {
            continue;
        }
        all.extend(both::<ClaimMap>(credentials, signed, MAP).await);
        all.extend(both::<ClaimStruct>(credentials, signed, STRUCT).await);
        all.extend(both::<Claims>(credentials, signed, OWN).await);
    }
    all
}

/// With its cache, and with one that forgets tokens.
async fn both<C>(credentials: &Credentials, signed: &Signed, setup: &'static str) -> [Contender; 2]
where
    C: DeserializeOwned + Serialize + Clone + Send + Sync + 'static,
{
    let remembers: Arc<dyn JwksCache> = Arc::new(InMemoryCache::new());
    let forgets: Arc<dyn JwksCache> = Arc::new(WithoutTokens(InMemoryCache::new()));
    [
        contender::<C>(
            credentials,
            signed,
            forgets,
            Task::FirstSeen(signed.algorithm),
        )
        .await,
        contender::<C>(
            credentials,
            signed,
            remembers,
            Task::Remembered(signed.algorithm),
        )
        .await,
    ]
    .map(|contender| contender.on(Crypto::Ring).set_up(setup))
}

async fn contender<C>(
    credentials: &Credentials,
    signed: &Signed,
    cache: Arc<dyn JwksCache>,
    task: Task,
) -> Contender
where
    C: DeserializeOwned + Serialize + Clone + Send + Sync + 'static,
{
    let issuer = Issuer(credentials.issuer().to_owned());
    let layer = OidcAuthenticationLayer::<Issuer, C>::with_cache(issuer, cache);
    let mut service = layer.layer(Inner);
    // The first call fetches what later ones find in the cache.
    let request = Head::with_bearer(&signed.token).request();
    let response: http::Response<Body> =
        service.call(request).await.unwrap_or_else(|no| match no {});
    assert!(response.status().is_success(), "the issuer is there");
    Contender::accepting(task, "axum-oidc-layer", service, Heads::of_token(signed))
}

#[derive(Clone)]
struct Issuer(String);

impl AuthenticationConfigProvider for Issuer {
    fn get_provider_url(&self) -> String {
        self.0.clone()
    }

    fn get_openid_configuration_url(&self) -> Option<String> {
        None
    }

    fn get_expected_audience(&self) -> Option<Vec<String>> {
        Some(vec![AUDIENCE.to_owned()])
    }
}

/// Its own cache for documents and keys; tokens it is never given, so each is a first.
struct WithoutTokens(InMemoryCache);

impl JwksCache for WithoutTokens {
    fn get(&self, key: &str) -> Option<String> {
        self.0.get(key)
    }

    fn set(&self, key: &str, value: String, ttl: Duration) {
        if !key.starts_with("token:") {
            self.0.set(key, value, ttl);
        }
    }
}
