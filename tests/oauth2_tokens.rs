//! `OAuth2Auth`: which tokens are accepted.
#![cfg(test)]
#![cfg(feature = "oauth2")]

mod common;

use common::issuer::*;

#[tokio::test]
async fn accepts_a_token_of_the_issuer() {
    let issuer = Issuer::start();
    let caller = issuer
        .provider()
        .verify(&issuer.token())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(caller.user_id(), "ada");
    assert_eq!(caller.method(), "oauth2");
    assert_eq!(caller.issuer(), Some(issuer.url().as_str()));
}
