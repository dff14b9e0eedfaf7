//! Claims as issuers write them: who the user is, scopes, times, types and what else is required.

use serde_json::{Value, json};
use tower_auth::{
    AuthContext,
    provider::{JwtAuth, OAuth2Auth, OAuth2Issuers},
    testing::TestToken,
};

use crate::oauth2::world::*;

/// An access token of Keycloak, as a client without its `basic` scope gets it: no `sub`.
fn keycloak(world: &World) -> TestToken<'_> {
    world
        .token()
        .without_claim("sub")
        .with_claim("typ", "Bearer")
        .with_claim("azp", "my.agent")
        .with_claim("email", "ada@example.org")
        .with_claim("email_verified", true)
        .with_claim("preferred_username", "ada")
        .with_claim("realm_access", json!({ "roles": ["offline_access"] }))
        .with_claim(
            "resource_access",
            json!({ "my.agent": { "roles": ["editor"] } }),
        )
}

/// An access token of Entra ID, version 2.
fn entra(world: &World) -> TestToken<'_> {
    world
        .token()
        .with_subject("pairwise-of-the-app")
        .with_claim("oid", "7c3fc6e0-5b0b-4b7c-8f0a-2f6d5f3d1d11")
        .with_claim("tid", "9188040d-6c67-4c5b-b112-36a304b66dad")
        .with_claim("azp", "11111111-2222-3333-4444-555555555555")
        .with_claim("scp", "Agents.Read Agents.Run")
        .with_claim("ver", "2.0")
}

async fn who(provider: &OAuth2Auth, token: TestToken<'_>) -> AuthContext {
    provider.verify(&token.mint()).await.unwrap()
}

#[tokio::test]
async fn a_token_without_sub_is_usable_where_another_claim_is_chosen() {
    let world = World::new();
    let provider = world.provider();
    let token = keycloak(&world).mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_user_id_missing");
    for (claim, user_id) in [("azp", "my.agent"), ("email", "ada@example.org")] {
        let chosen = provider.clone().with_user_id_claim(claim);
        let caller = who(&chosen, keycloak(&world)).await;
        assert_eq!(caller.user_id(), user_id);
        assert!(!caller.metadata().contains_key(claim));
    }
}

#[tokio::test]
async fn an_integer_sub_is_usable_where_it_is_chosen() {
    let world = World::new();
    let numbered = |sub: &str| {
        let claims = format!(
            r#"{{"iss":"{}","aud":"{AUDIENCE}","exp":{},"sub":{sub}}}"#,
            world.issuer.url(),
            NOW + 600
        );
        world.token().with_raw_claims(claims).mint()
    };
    let provider = world.provider();
    assert_eq!(refusal(&provider, &numbered("42")).await, "jwt_bad_user_id");
    let chosen = provider.with_user_id_claim("sub");
    let caller = chosen.verify(&numbered("42")).await.unwrap();
    assert_eq!(caller.user_id(), "42");
    for odd in [
        "42.0", "4.2e1", "42e0", "-0", "true", "null", "[42]", "\"\"",
    ] {
        assert_eq!(
            refusal(&chosen, &numbered(odd)).await,
            "jwt_bad_user_id",
            "{odd}"
        );
    }
}

#[tokio::test]
async fn a_nested_claim_may_name_the_user() {
    let world = World::new();
    let provider = world.provider().with_user_id_claim("account.id");
    let token = world.token().with_claim("account", json!({ "id": 7 }));
    let caller = who(&provider, token).await;
    assert_eq!(caller.user_id(), "7");
    assert_eq!(caller.metadata()["sub"], "test-user");
    assert_eq!(caller.metadata()["account"]["id"], 7);
}

#[tokio::test]
async fn the_first_chosen_claim_that_is_there_decides() {
    let world = World::new();
    let provider = world.provider().with_user_id_claims(["oid", "azp"]);
    assert_eq!(
        who(&provider, entra(&world)).await.user_id(),
        "7c3fc6e0-5b0b-4b7c-8f0a-2f6d5f3d1d11"
    );
    let app = who(&provider, entra(&world).without_claim("oid")).await;
    assert_eq!(app.user_id(), "11111111-2222-3333-4444-555555555555");
    for unusable in [json!(null), json!(""), json!(1.5), json!(["x"])] {
        let token = entra(&world).with_claim("oid", unusable.clone()).mint();
        assert_eq!(
            refusal(&provider, &token).await,
            "jwt_bad_user_id",
            "{unusable}"
        );
    }
    let token = world.token().mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_user_id_missing");
}

#[tokio::test]
async fn one_id_from_two_claims_is_two_principals() {
    let world = World::new();
    let provider = world.provider().with_user_id_claims(["oid", "azp"]);
    let user = who(&provider, entra(&world).with_claim("oid", "x")).await;
    let app = who(
        &provider,
        entra(&world).without_claim("oid").with_claim("azp", "x"),
    )
    .await;
    assert_eq!(user.user_id(), app.user_id());
    assert_ne!(user.principal(), app.principal());
    assert_eq!(user.principal().source(), Some(world.issuer.url()));
    let other = format!("{}#azp", world.issuer.url());
    assert_eq!(app.principal().source(), Some(&*other));
    // It stays so, whatever a later check adds, and for a token that is remembered.
    let later = app.clone().with_claim("tenant", "t");
    assert_eq!(later.principal(), app.principal());
    let token = entra(&world)
        .without_claim("oid")
        .with_claim("azp", "x")
        .mint();
    for _ in 0..3 {
        let again = provider.verify(&token).await.unwrap();
        assert_eq!(again.principal(), app.principal());
    }
}

#[tokio::test]
async fn the_user_id_that_stands_in_for_sub_is_another_principal() {
    let world = World::new();
    let provider = world.provider();
    let sub = who(&provider, world.token().with_subject("7")).await;
    let token = world
        .token()
        .without_claim("sub")
        .with_claim("user_id", "7");
    assert_ne!(who(&provider, token).await.principal(), sub.principal());
}

#[tokio::test]
async fn an_email_counts_only_where_it_was_verified() {
    let world = World::new();
    let provider = world.provider().with_user_id_claims(["email", "sub"]);
    for unverified in [json!(false), json!("true"), json!(1), json!(null)] {
        let token = keycloak(&world).with_claim("email_verified", unverified.clone());
        let token = token.with_subject("ada").mint();
        assert_eq!(
            refusal(&provider, &token).await,
            "jwt_email_unverified",
            "{unverified}"
        );
    }
    let token = keycloak(&world).without_claim("email_verified").mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_email_unverified");
    let lax = provider.insecure_unverified_email();
    assert_eq!(
        lax.verify(&token).await.unwrap().user_id(),
        "ada@example.org"
    );
}

#[tokio::test]
async fn an_email_inside_another_claim_has_its_own_mark() {
    let world = World::new();
    let provider = world.provider().with_user_id_claim("user.email");
    let token = |user: Value| {
        let token = world.token().with_claim("email_verified", true);
        token.with_claim("user", user).mint()
    };
    let unmarked = token(json!({ "email": "eve@example.org" }));
    assert_eq!(refusal(&provider, &unmarked).await, "jwt_email_unverified");
    let marked = token(json!({ "email": "ada@example.org", "email_verified": true }));
    assert_eq!(
        provider.verify(&marked).await.unwrap().user_id(),
        "ada@example.org"
    );
}

#[tokio::test]
async fn strict_at_jwt_asks_for_sub_whatever_names_the_user() {
    let world = World::new();
    let provider = world.provider().strict_at_jwt().with_user_id_claim("azp");
    let token = |token: TestToken<'_>| {
        let token = token.with_header("typ", "at+jwt").with_claim("azp", "app");
        let token = token.with_claim("client_id", "app").with_claim("iat", NOW);
        token.with_claim("jti", "1").mint()
    };
    let caller = provider.verify(&token(world.token())).await.unwrap();
    assert_eq!(caller.user_id(), "app");
    let without = token(world.token().without_claim("sub"));
    assert_eq!(refusal(&provider, &without).await, "at_jwt_sub_missing");
}

#[tokio::test]
async fn scopes_are_a_string_or_an_array_whatever_the_claim() {
    let world = World::new();
    let nested = json!({ "my.agent": { "roles": ["read", "write"] } });
    let segments = ["resource_access", "my.agent", "roles"];
    for (provider, claim, value) in [
        (world.provider(), "scope", json!(["read", "write"])),
        (
            world.provider().with_scope_claim("scp"),
            "scp",
            json!("read write"),
        ),
        (
            world.provider().with_scope_claim("scp"),
            "scp",
            json!(["read", "write"]),
        ),
        (
            world.provider().with_scope_claim("a.b"),
            "a",
            json!({ "b": "read write" }),
        ),
        (
            world.provider().with_scope_claim("a.b"),
            "a.b",
            json!("read write"),
        ),
        (
            world.provider().with_scope_claim(segments),
            "resource_access",
            nested,
        ),
    ] {
        let caller = who(&provider, world.token().with_claim(claim, value)).await;
        assert_eq!(caller.scopes().to_string(), "read write", "{claim}");
    }
    let provider = world.provider().with_scope_claim("a.b");
    let token = world.token().with_claim("a", json!({ "b": 7 })).mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_bad_scope");
    let caller = who(&provider, world.token().with_claim("a", json!("read"))).await;
    assert!(caller.scopes().is_empty());
}

#[tokio::test]
async fn times_may_have_an_exponent() {
    let world = World::new();
    let claims = format!(
        r#"{{"iss":"{}","aud":"{AUDIENCE}","sub":"ada","exp":1.795885933e+09,"iat":1.79e9}}"#,
        world.issuer.url(),
    );
    let token = world.token().with_raw_claims(claims).mint();
    world.clock.set_unix(1_795_885_933 + 29);
    let provider = world.provider();
    assert!(provider.verify(&token).await.is_ok());
    world.clock.set_unix(1_795_885_933 + 30);
    let error = provider.verify(&token).await.unwrap_err();
    assert_eq!(error.code(), "expired_credential");
}

#[tokio::test]
async fn a_further_typ_is_accepted_by_name() {
    let world = World::new();
    let plain = world.provider();
    let named = plain.clone().accept_typ("Application/Access_Token+jwt");
    for typ in ["access_token+jwt", "APPLICATION/access_token+JWT"] {
        let token = world.token().with_header("typ", typ).mint();
        assert_eq!(refusal(&plain, &token).await, "jwt_typ", "{typ}");
        assert!(named.verify(&token).await.is_ok(), "{typ}");
    }
    for typ in [
        "logout+jwt",
        "dpop+jwt",
        "",
        "access_token",
        "application/application/jwt",
    ] {
        let token = world.token().with_header("typ", typ).mint();
        assert_eq!(refusal(&named, &token).await, "jwt_typ", "{typ:?}");
    }
    let strict = named.clone().strict_at_jwt();
    let token = world.token().with_header("typ", "access_token+jwt").mint();
    assert_eq!(refusal(&strict, &token).await, "jwt_typ");
    let issuers = OAuth2Issuers::new([named]).unwrap();
    assert!(issuers.verify(&token).await.is_ok());
    let issuers = OAuth2Issuers::new([plain]).unwrap();
    assert_eq!(
        issuers.verify(&token).await.unwrap_err().reason(),
        "jwt_typ"
    );
}

#[tokio::test]
async fn a_required_claim_is_equal_or_the_token_is_refused() {
    let world = World::new();
    let provider = world
        .provider()
        .require_claim("token_use", "access")
        .require_claim("account.active", true)
        .require_claim("level", 3);
    let good = || {
        let token = world.token().with_claim("token_use", "access");
        token
            .with_claim("account", json!({ "active": true }))
            .with_claim("level", 3)
    };
    assert!(provider.verify(&good().mint()).await.is_ok());
    for (claim, value) in [
        ("token_use", json!("id")),
        ("token_use", json!(["access"])),
        ("token_use", json!("ACCESS")),
        ("account", json!({ "active": "true" })),
        ("account", json!({ "active": false })),
        ("level", json!(3.0)),
        ("level", json!("3")),
        ("level", json!(null)),
    ] {
        let token = good().with_claim(claim, value.clone()).mint();
        assert_eq!(
            refusal(&provider, &token).await,
            "jwt_claim_mismatch",
            "{claim} {value}"
        );
    }
    let token = good().with_claim("account", json!({})).mint();
    assert_eq!(refusal(&provider, &token).await, "jwt_claim_missing");
}

#[tokio::test]
async fn a_token_without_a_required_scope_is_forbidden() {
    let world = World::new();
    let provider = world.provider().require_scope("agents:run");
    let good = world.token().with_scope("x agents:run").mint();
    assert!(provider.verify(&good).await.is_ok());
    for scope in ["agents:runner", "*", ""] {
        let token = world.token().with_scope(scope).mint();
        let error = provider.verify(&token).await.unwrap_err();
        assert_eq!(
            (error.status().as_u16(), error.code()),
            (403, "insufficient_scope")
        );
        assert_eq!(error.scopes(), Some("agents:run"));
    }
}

#[test]
fn a_fixed_key_reads_claims_in_the_same_ways() {
    let secret = "an example secret of 32 bytes …";
    let provider = JwtAuth::hs256(secret)
        .unwrap()
        .with_user_id_claims(["oid", "azp"])
        .with_scope_claim("permissions.granted")
        .require_claim("token_use", "access")
        .accept_typ("x+jwt");
    let claims = json!({
        "azp": 7, "exp": 4_000_000_000_u64, "token_use": "access",
        "permissions": { "granted": ["read"] },
    });
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.typ = Some("X+JWT".into());
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
    let caller = provider.verify(&token).unwrap();
    assert_eq!(caller.user_id(), "7");
    assert!(caller.scopes().contains("read"));
    assert!(caller.principal().source().unwrap().ends_with("#azp"));
}
