//! `jwt-authorizer`: on `jsonwebtoken` 9, so on `ring`.
//!
//! It is made for axum 0.7. Its layer asks of a response only that it can be made from its error,
//! so it wraps the same inner service as everybody's, and its refusals lose their body.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use axum::body::Body;
use http::{Request, Response, StatusCode};
use jwt_authorizer::{
    AuthError, Authorizer, AuthorizerBuilder, IntoLayer, RegisteredClaims, Validation,
    layer::{AuthorizationLayer, AuthorizationService},
};
use serde::de::DeserializeOwned;
use tower_auth::jose::Algorithm;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    Contender, Crypto, Heads, Task,
    claims::{ClaimMap, ClaimStruct, MAP, OWN, STRUCT},
};
use crate::{
    call::{Answer, Inner},
    credentials::{AUDIENCE, Credentials, SECRET, Signed},
};

pub(super) async fn contenders(credentials: &Credentials) -> Vec<Contender> {
    let mut all = Vec::new();
    for signed in credentials.tokens() {
        all.push(contender::<ClaimMap>(credentials, signed, MAP).await);
        all.push(contender::<ClaimStruct>(credentials, signed, STRUCT).await);
        all.push(contender::<RegisteredClaims>(credentials, signed, OWN).await);
    }
    all
}

async fn service<C>(credentials: &Credentials, signed: &Signed) -> AuthorizationService<Adapted, C>
where
    C: DeserializeOwned + Clone + Send + Sync,
{
    let builder = if signed.algorithm == Algorithm::HS256 {
        AuthorizerBuilder::<C>::from_secret(SECRET)
    } else {
        AuthorizerBuilder::<C>::from_jwks_text(&signed.jwks())
    };
    let rules = Validation::new()
        .iss(&[credentials.issuer()])
        .aud(&[AUDIENCE]);
    let authorizer: Authorizer<C> = builder
        .validation(rules)
        .build()
        .await
        .expect("the issuer's key");
    let layer: AuthorizationLayer<C> = authorizer.into_layer();
    layer.layer(Adapted(Inner))
}

async fn contender<C>(credentials: &Credentials, signed: &Signed, setup: &'static str) -> Contender
where
    C: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let service = service::<C>(credentials, signed).await;
    let task = Task::FirstSeen(signed.algorithm);
    Contender::accepting(task, "jwt-authorizer", service, Heads::of_token(signed))
        .on(Crypto::Ring)
        .set_up(setup)
}

/// The inner service, answering with what this peer can make a refusal of.
#[derive(Clone)]
struct Adapted(Inner);

impl Service<Request<Body>> for Adapted {
    type Response = Adaptable;
    type Error = Infallible;
    type Future = Ready<Result<Adaptable, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        ready(self.0.call(request).into_inner().map(Adaptable))
    }
}

struct Adaptable(Response<Body>);

impl Answer for Adaptable {
    fn status(&self) -> StatusCode {
        self.0.status()
    }
}

impl From<AuthError> for Adaptable {
    fn from(error: AuthError) -> Self {
        // The response of axum 0.7, whose body is another type.
        let refusal = axum_07::response::IntoResponse::into_response(error);
        Self(refusal.map(|_| Body::empty()))
    }
}
