//! `tower-http`: comparing one bearer token, and a check of one's own in front of a service.
//!
//! The check is what the crate leaves to its user: `jsonwebtoken` on `aws-lc-rs`, with a key and
//! rules prepared once, its answer given at once instead of in a box.

use std::{
    future::{Ready, ready},
    marker::PhantomData,
    sync::Arc,
};

use axum::body::Body;
use http::{Request, Response, StatusCode, header::AUTHORIZATION};
use jsonwebtoken::{DecodingKey, Validation, decode, jwk::Jwk};
use serde::de::DeserializeOwned;
use tower_http::{
    auth::{AsyncAuthorizeRequest, AsyncRequireAuthorizationLayer},
    validate_request::ValidateRequestHeaderLayer,
};
use tower_layer::Layer;

use super::{
    Contender, Crypto, Heads, Task,
    claims::{ClaimMap, ClaimStruct, MAP, STRUCT},
};
use crate::{
    call::{Head, Inner},
    credentials::{AUDIENCE, Credentials, Signed, api_key},
};

pub(super) fn contenders(credentials: &Credentials) -> Vec<Contender> {
    let both = |signed| {
        [
            contender::<ClaimMap>(credentials, signed, MAP),
            contender::<ClaimStruct>(credentials, signed, STRUCT),
        ]
    };
    let tokens = credentials.tokens().iter().flat_map(both);
    std::iter::once(bearer()).chain(tokens).collect()
}

fn contender<C>(credentials: &Credentials, signed: &Signed, setup: &'static str) -> Contender
where
    C: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let layer = AsyncRequireAuthorizationLayer::new(Check::<C>::new(credentials, signed));
    let (task, name) = (
        Task::FirstSeen(signed.algorithm),
        "tower-http + jsonwebtoken",
    );
    Contender::accepting(task, name, layer.layer(Inner), Heads::of_token(signed))
        .on(Crypto::AwsLc)
        .set_up(setup)
}

fn bearer() -> Contender {
    #[expect(deprecated, reason = "it has no other check of a fixed credential")]
    let layer = ValidateRequestHeaderLayer::bearer(&api_key(0));
    let heads = Heads {
        accepted: Head::with_bearer(&api_key(0)),
        refused: Head::with_bearer(&api_key(1)),
    };
    Contender::accepting(Task::ApiKey, "tower-http", layer.layer(Inner), heads)
        .set_up("one, compared as text")
}

/// Puts the claims into the request, as a `C`.
struct Check<C> {
    rules: Arc<(DecodingKey, Validation)>,
    claims: PhantomData<fn() -> C>,
}

impl<C: DeserializeOwned> Check<C> {
    fn new(credentials: &Credentials, signed: &Signed) -> Self {
        let jwk: Jwk = serde_json::from_value(signed.jwk.clone()).expect("the issuer's key");
        let key = DecodingKey::from_jwk(&jwk).expect("the issuer's key");
        let algorithm = signed
            .algorithm
            .as_str()
            .parse()
            .expect("it knows all four");
        let mut rules = Validation::new(algorithm);
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[credentials.issuer()]);
        rules.set_required_spec_claims(&["exp", "iss", "aud"]);
        Self {
            rules: Arc::new((key, rules)),
            claims: PhantomData,
        }
    }

    fn claims<B>(&self, request: &Request<B>) -> Option<C> {
        let shown = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
        let token = shown.strip_prefix("Bearer ")?;
        let (key, rules) = &*self.rules;
        Some(decode(token, key, rules).ok()?.claims)
    }
}

impl<C> Clone for Check<C> {
    fn clone(&self) -> Self {
        Self {
            rules: Arc::clone(&self.rules),
            claims: PhantomData,
        }
    }
}

impl<B, C> AsyncAuthorizeRequest<B> for Check<C>
where
    C: DeserializeOwned + Clone + Send + Sync + 'static,
{
    type RequestBody = B;
    type ResponseBody = Body;
    type Future = Ready<Result<Request<B>, Response<Body>>>;

    fn authorize(&mut self, mut request: Request<B>) -> Self::Future {
        ready(match self.claims(&request) {
            Some(claims) => {
                request.extensions_mut().insert(claims);
                Ok(request)
            }
            None => {
                let mut refusal = Response::new(Body::empty());
                *refusal.status_mut() = StatusCode::UNAUTHORIZED;
                Err(refusal)
            }
        })
    }
}
