//! Providers that ask somebody else, and remember what they were told.

use serde_json::json;
use tower_auth::{
    AuthLayer, Principal,
    jose::Algorithm,
    keys::{KeyRequest, ManagedKeys, MemoryKeyStore, Revocation},
    provider::{AuthProvider, CompositeAuth, IntrospectionAuth, OAuth2Auth, UserinfoAuth},
    revocations::{MemoryRevocationStore, Revocations},
    testing::{IssuerEndpoint, TestIssuer},
};

use super::kit::status;
use crate::{
    common::answer::guarded,
    keys::kit::{make, show},
};

fn revocations() -> Revocations {
    Revocations::new(MemoryRevocationStore::new().unwrap())
}

#[tokio::test]
async fn a_token_that_an_endpoint_called_active_is_refused_though_that_is_remembered() {
    let issuer = TestIssuer::start();
    let endpoint = issuer.endpoint(IssuerEndpoint::Introspection);
    let provider =
        IntrospectionAuth::new(&endpoint, TestIssuer::CLIENT_ID, TestIssuer::CLIENT_SECRET)
            .unwrap();
    let revocations = revocations();
    let app = guarded(AuthLayer::new(provider).revocations(&revocations));
    let token = issuer.token().with_claim("jti", "t-1").mint_opaque();
    assert_eq!(status(&app, &token).await, 200);
    let asked = issuer.requests(IssuerEndpoint::Introspection);
    let operator = revocations.as_operator("root");
    // Nobody configured an issuer, so it is the endpoint that vouches for the token.
    operator
        .revoke(Revocation::token(&endpoint, "t-1"))
        .await
        .unwrap();
    assert_eq!(status(&app, &token).await, 401);
    assert_eq!(issuer.requests(IssuerEndpoint::Introspection), asked);
    let other = issuer.token().with_claim("jti", "t-2").mint_opaque();
    assert_eq!(status(&app, &other).await, 200);
}

#[tokio::test]
async fn a_token_of_an_issuer_is_refused_by_its_id_and_with_its_user() {
    let issuer = TestIssuer::builder()
        .with_algorithms([Algorithm::ES256])
        .start();
    let provider = OAuth2Auth::new(issuer.url(), "my-agent").unwrap();
    let revocations = revocations();
    let app = guarded(AuthLayer::new(provider).revocations(&revocations));
    let mint = |jti: &str| {
        let token = issuer.token().with_audience("my-agent").with_subject("ada");
        token.with_claim("jti", json!(jti)).mint()
    };
    let (one, other) = (mint("t-1"), mint("t-2"));
    assert_eq!(status(&app, &one).await, 200);
    let operator = revocations.as_operator("root");
    operator
        .revoke(Revocation::token(issuer.url(), "t-1"))
        .await
        .unwrap();
    assert_eq!(status(&app, &one).await, 401);
    assert_eq!(status(&app, &other).await, 200);
    let ada = Principal::new("oauth2", Some(issuer.url()), "ada");
    operator.revoke(Revocation::principal(ada)).await.unwrap();
    assert_eq!(status(&app, &other).await, 401);
}

#[tokio::test]
async fn a_labelled_endpoint_is_known_by_its_label_for_tokens_and_for_the_keys_of_their_users() {
    let issuer = TestIssuer::start();
    let introspection = issuer.endpoint(IssuerEndpoint::Introspection);
    let id = TestIssuer::CLIENT_ID;
    let introspection =
        IntrospectionAuth::new(&introspection, id, TestIssuer::CLIENT_SECRET).unwrap();
    let userinfo = issuer.endpoint(IssuerEndpoint::Userinfo);
    let userinfo = UserinfoAuth::new(&userinfo).unwrap();
    let token = issuer.token().with_subject("ada").with_claim("jti", "t-1");
    let token = token.mint_opaque();
    let introspection = introspection.with_source("partners").unwrap();
    let userinfo = userinfo.with_source("partners").unwrap();
    for (provider, method) in [
        (
            Box::new(introspection) as Box<dyn AuthProvider>,
            "introspection",
        ),
        (Box::new(userinfo), "userinfo"),
    ] {
        let keys = ManagedKeys::new(MemoryKeyStore::new().unwrap(), "sk").unwrap();
        let owner = Principal::new(method, Some("partners"), "ada");
        let key = make(&keys, KeyRequest::new("ci").with_owner(owner)).await;
        let revocations = Revocations::of_keys(&keys);
        let chain = CompositeAuth::new(keys.clone()).or(provider);
        let app = guarded(AuthLayer::new(chain).revocations(&revocations));
        assert_eq!(status(&app, &token).await, 200);
        assert_eq!(show(&app, &key).await.status, 200);
        let operator = revocations.as_operator("root");
        let everything = Revocation::user("partners", "ada");
        let revoked = operator.revoke(everything).await.unwrap();
        assert_eq!(revoked.keys(), [key.key().record().id().clone()]);
        assert_eq!(status(&app, &token).await, 401);
        assert_eq!(show(&app, &key).await.status, 401);
    }
}
