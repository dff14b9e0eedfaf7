//! `axum-jwt`: on `jsonwebtoken` 9, so on `ring`.

use axum::body::Body;
use axum_jwt::{
    Decoder, Token,
    jsonwebtoken::{DecodingKey, Validation, jwk::Jwk},
    layer,
};
use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use super::{CLAIM_MAP, ClaimMap, Contender, Crypto, Heads, Task};
use crate::{
    call::{Answer, Inner},
    credentials::{AUDIENCE, Credentials, Signed},
};

pub(super) fn contenders(credentials: &Credentials) -> Vec<Contender> {
    let both = |signed| {
        let decoder = decoder(credentials, signed);
        let accept = |_: &Token<ClaimMap>| true;
        let with_map = layer(decoder.clone())
            .with_filter(accept)
            .store_to_extension();
        let without = layer(decoder);
        [
            contender(signed, with_map.layer(Inner), CLAIM_MAP),
            contender(signed, without.layer(Inner), "no claims"),
        ]
    };
    credentials.tokens().iter().flat_map(both).collect()
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
