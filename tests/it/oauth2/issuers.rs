//! Several issuers behind one provider.

use tower_auth::{
    ConfigErrorKind,
    provider::{CompositeAuth, OAuth2Auth, OAuth2Issuers},
    testing::IssuerEndpoint::OpenIdConfiguration,
};

use crate::oauth2::world::*;

#[tokio::test]
async fn the_tokens_iss_picks_the_issuer() {
    let (one, other) = (World::new(), World::new());
    let both = OAuth2Issuers::new([one.provider(), other.provider()]).unwrap();
    for world in [&one, &other] {
        let caller = accepted(ask(&both, &world.token().mint()).await);
        assert_eq!(caller.issuer(), Some(world.issuer.url()));
    }
    assert_eq!((one.fetches(), other.fetches()), (1, 1));
}

#[tokio::test]
async fn an_unknown_issuer_falls_back_to_nobodys_keys() {
    let (one, other, stranger) = (World::new(), World::new(), World::new());
    let both = OAuth2Issuers::new([one.provider(), other.provider()]).unwrap();
    both.warm_up().await.unwrap();
    for token in [
        stranger.token().mint(),
        one.token()
            .with_claim("iss", "https://unknown.example")
            .mint(),
        one.token()
            .with_claim("iss", format!("{}/", one.issuer.url()))
            .mint(),
    ] {
        let error = at_once(&both, &token).unwrap_err();
        assert_eq!(
            (error.status().as_u16(), error.reason()),
            (401, "jwt_iss_mismatch")
        );
    }
    let error = at_once(&both, &one.token().without_claim("iss").mint()).unwrap_err();
    assert_eq!(error.reason(), "jwt_iss_missing");
    let error = at_once(&both, &one.token().with_claim("iss", 7).mint()).unwrap_err();
    assert_eq!(error.reason(), "jwt_bad_iss");
    assert_eq!((one.fetches(), other.fetches()), (1, 1));
}

#[tokio::test]
async fn one_issuers_key_proves_nothing_about_another() {
    let (one, other) = (World::new(), World::new());
    let both = OAuth2Issuers::new([one.provider(), other.provider()]).unwrap();
    both.warm_up().await.unwrap();
    let forged = one
        .token()
        .with_claim("iss", other.issuer.url())
        .with_header("kid", other.kid())
        .mint();
    assert_eq!(
        both.verify(&forged).await.unwrap_err().reason(),
        "jwt_bad_signature"
    );
}

#[tokio::test]
async fn each_issuer_keeps_its_own_rules() {
    let (one, other) = (World::new(), World::new());
    let both = OAuth2Issuers::new([
        one.provider().strict_at_jwt(),
        OAuth2Auth::new(other.issuer.url(), "other-audience")
            .unwrap()
            .with_clock(other.clock.clock()),
    ])
    .unwrap();
    assert_eq!(
        both.verify(&one.token().mint()).await.unwrap_err().reason(),
        "jwt_typ"
    );
    let token = other.token().with_audience("other-audience").mint();
    assert!(both.verify(&token).await.is_ok());
    assert_eq!(
        both.verify(&other.token().mint())
            .await
            .unwrap_err()
            .reason(),
        "jwt_aud_mismatch"
    );
}

#[tokio::test]
async fn one_issuers_outage_leaves_the_other_alone() {
    let (down, up) = (World::new(), World::new());
    down.issuer.close();
    let both = OAuth2Issuers::new([down.provider(), up.provider()]).unwrap();
    assert!(both.warm_up().await.is_err());
    accepted(at_once(&both, &up.token().mint()));
    unavailable(both.verify(&down.token().mint()).await);
}

#[tokio::test]
async fn a_chain_of_providers_picks_by_iss_as_well() {
    let (one, other) = (World::new(), World::new());
    let chain = CompositeAuth::new(one.provider()).or(other.provider());
    for world in [&one, &other] {
        accepted(ask(&chain, &world.token().mint()).await);
    }
    assert_eq!(one.issuer.requests(OpenIdConfiguration), 1);
    let error = ask(&chain, &World::new().token().mint()).await.unwrap_err();
    assert_eq!(error.status(), 401);
}

#[test]
fn no_issuer_and_the_same_twice_are_refused() {
    let provider = || OAuth2Auth::new("https://issuer.example", "api").unwrap();
    let error = OAuth2Issuers::new([]).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Empty);
    let error = OAuth2Issuers::new([provider(), provider()]).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Duplicate);
}
