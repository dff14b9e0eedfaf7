//! `axum-jwt`: on `jsonwebtoken` 9, so on `ring`.

use axum::body::Body;
use axum_jwt::{
    Decoder, Token,
    jsonwebtoken::{DecodingKey, Validation, jwk::Jwk},
    layer,
};
use http::Request;
use serde::de::DeserializeOwned;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    Contender, Crypto, Heads, Task,
    claims::{ClaimMap, ClaimStruct, MAP, NONE, STRUCT},
};
use crate::{
    call::{Answer, Inner},
    credentials::{AUDIENCE, Credentials, Signed},
};

pub(super) fn contenders(credentials: &Credentials) -> Vec<Contender> {
    let each = |signed| {
        let decoder = decoder(credentials, signed);
        [
            with_claims::<ClaimMap>(signed, decoder.clone(), MAP),
            with_claims::<ClaimStruct>(signed, decoder.clone(), STRUCT),
            contender(signed, layer(decoder).layer(Inner), NONE),
        ]
    };
    credentials.tokens().iter().flat_map(each).collect()
}

/// It stores claims whose type is known from a filter, so here is one that lets all pass.
fn with_claims<C>(signed: &Signed, decoder: Decoder, setup: &'static str) -> Contender
where
    C: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let accept = |_: &Token<C>| true;
    let layer = layer(decoder).with_filter(accept).store_to_extension();
    contender(signed, layer.layer(Inner), setup)
}

fn decoder(credentials: &Credentials, signed: &Signed) -> Decoder {
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
    Decoder::new(key, rules)
}

fn contender<S>(signed: &Signed, service: S, setup: &'static str) -> Contender
where
    S: Service<Request<Body>, Response: Answer, Error: std::fmt::Debug> + Clone + 'static,
{
    let task = Task::FirstSeen(signed.algorithm);
    Contender::accepting(task, "axum-jwt", service, Heads::of_token(signed))
        .on(Crypto::Ring)
        .set_up(setup)
}
