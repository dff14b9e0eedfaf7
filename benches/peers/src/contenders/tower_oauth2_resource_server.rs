//! `tower-oauth2-resource-server`: on `jsonwebtoken` 11 and `aws-lc-rs`.
//!
//! It takes a key set as text, so nothing is fetched; checks are the same with one that was. HS256
//! it refuses unless told otherwise.

use serde::de::DeserializeOwned;
use tower_layer::Layer;
use tower_oauth2_resource_server::{
    claims::DefaultClaims, layer::OAuth2ResourceServerService, server::OAuth2ResourceServer,
    tenant::TenantConfiguration, validation::ClaimsValidationSpec,
};

use super::{
    Contender, Crypto, Heads, Task,
    claims::{ClaimMap, ClaimStruct, MAP, OWN, STRUCT},
};
use crate::{
    call::Inner,
    credentials::{AUDIENCE, Credentials, Signed},
};

pub(super) async fn contenders(credentials: &Credentials) -> Vec<Contender> {
    let mut all = Vec::new();
    for signed in credentials.tokens() {
        all.push(contender::<ClaimMap>(credentials, signed, MAP).await);
        all.push(contender::<ClaimStruct>(credentials, signed, STRUCT).await);
        all.push(contender::<DefaultClaims>(credentials, signed, OWN).await);
    }
    all
}

async fn contender<C>(credentials: &Credentials, signed: &Signed, setup: &'static str) -> Contender
where
    C: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let algorithm = signed
        .algorithm
        .as_str()
        .parse()
        .expect("it knows all four");
    let rules = ClaimsValidationSpec::new()
        .exp(true)
        .iss(credentials.issuer())
        .aud(&vec![AUDIENCE.to_owned()]);
    let tenant = TenantConfiguration::static_builder(signed.jwks())
        .claims_validation(rules)
        .allowed_algorithms(&[algorithm])
        .build()
        .expect("the issuer's keys");
    let server = OAuth2ResourceServer::<C>::builder().add_tenant(tenant);
    let server = server.build().await.expect("nothing is fetched");
    let service: OAuth2ResourceServerService<Inner, axum::body::Body, C> =
        server.into_layer().layer(Inner);
    let task = Task::FirstSeen(signed.algorithm);
    let name = "tower-oauth2-resource-server";
    Contender::accepting(task, name, service, Heads::of_token(signed))
        .on(Crypto::AwsLc)
        .set_up(setup)
}
