//! Everything of a principal that was issued before an instant.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tower_auth::{
    AuthContext, Principal,
    keys::{KeyAdminError, Revocation},
    provider::{ApiKeyAuth, ApiKeyRecord, CompositeAuth},
};

use super::kit::{ISSUER, NOW, Process, World, ada, token};

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn what_was_issued_before_is_refused_and_what_is_issued_later_is_not() {
    let world = World::new();
    let process = world.process();
    let old = token(json!({}));
    assert_eq!(process.status(&old).await, 200);
    process.revoke(Revocation::principal(ada())).await;
    assert_eq!(process.status(&old).await, 401);
    world.pass(Duration::from_secs(40)).await;
    assert_eq!(process.status(&old).await, 401);
    let new = token(json!({"iat": NOW + 31, "jti": "t-2"}));
    assert_eq!(process.status(&new).await, 200);
}

#[tokio::test(start_paused = true)]
async fn the_same_second_and_a_clock_that_runs_ahead_are_before() {
    let process = World::new().process();
    process.revoke(Revocation::principal(ada())).await;
    for (ahead, expected) in [(0, 401), (1, 401), (30, 401)] {
        let token = token(json!({"iat": NOW + ahead}));
        assert_eq!(process.status(&token).await, expected, "{ahead}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_without_iat_is_before_any_instant() {
    let world = World::new();
    let process = world.process_with(world.revocations().insecure_allow_missing_iat());
    let undated = token(json!({"iat": null}));
    assert_eq!(process.status(&undated).await, 200);
    process
        .revoke(Revocation::principal(ada()).before(at(1_000)))
        .await;
    assert_eq!(process.status(&undated).await, 401);
    assert_eq!(process.status(&token(json!({}))).await, 200);
}

#[tokio::test(start_paused = true)]
async fn an_instant_in_the_past_ends_only_what_is_older() {
    let process = World::new().process();
    process
        .revoke(Revocation::principal(ada()).before(at(NOW - 600)))
        .await;
    for (age, expected) in [(900, 401), (600, 401), (570, 401), (569, 200), (0, 200)] {
        let token = token(json!({"iat": NOW - age}));
        assert_eq!(process.status(&token).await, expected, "{age}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_earlier_instant_takes_nothing_back() {
    let process = World::new().process();
    process.revoke(Revocation::principal(ada())).await;
    process
        .revoke(Revocation::principal(ada()).before(at(NOW - 600)))
        .await;
    assert_eq!(process.status(&token(json!({}))).await, 401);
}

#[tokio::test(start_paused = true)]
async fn an_instant_in_the_future_is_refused_to_whoever_names_it() {
    let process = World::new().process();
    let revocation = Revocation::principal(ada()).before(at(NOW + 301));
    let error = process.try_revoke(revocation).await.unwrap_err();
    assert!(matches!(error, KeyAdminError::Invalid(_)), "{error:?}");
    assert_eq!(process.revocations.known(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_equal_user_id_of_another_method_issuer_or_user_is_somebody_else() {
    let process = World::new().process();
    for other in [
        Principal::new("oauth2", Some(ISSUER), "ada"),
        Principal::new("jwt", Some("https://other.example"), "ada"),
        Principal::new("jwt", None, "ada"),
        Principal::new("jwt", Some(ISSUER), "adam"),
        Principal::new("jwt", Some("https://issuer.example#email"), "ada"),
    ] {
        process.revoke(Revocation::principal(other)).await;
    }
    assert_eq!(process.status(&token(json!({}))).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_static_key_of_an_equal_name_is_somebody_else() {
    let world = World::new();
    let keys = ApiKeyAuth::new(ApiKeyRecord::new("ada", "sk-live-9f03").unwrap()).unwrap();
    let process = Process::of(
        world.revocations(),
        CompositeAuth::new(keys).or(world.tokens()),
    );
    process.revoke(Revocation::principal(ada())).await;
    assert_eq!(process.status("sk-live-9f03").await, 200);
    process
        .revoke(Revocation::principal(Principal::new(
            "api_key", None, "ada",
        )))
        .await;
    assert_eq!(process.status("sk-live-9f03").await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_revocation_of_one_tenant_leaves_the_others() {
    let process = World::new().process();
    process
        .revoke(Revocation::principal(ada()).in_tenant(Some("acme")))
        .await;
    for (tenant, expected) in [
        (json!("acme"), 401),
        (json!("other"), 200),
        (json!(null), 200),
        // One that cannot be read may be any.
        (json!(7), 401),
    ] {
        let token = token(json!({"tenant": tenant}));
        assert_eq!(process.status(&token).await, expected, "{tenant}");
    }
    process
        .revoke(Revocation::principal(ada()).in_tenant(None))
        .await;
    assert_eq!(process.status(&token(json!({}))).await, 401);
    assert_eq!(
        process.status(&token(json!({"tenant": "other"}))).await,
        200
    );
}

#[tokio::test(start_paused = true)]
async fn callers_revoke_what_is_their_own_and_administrators_everything() {
    let world = World::new();
    let revocations = world.revocations();
    let caller = |scopes: &[&str]| {
        AuthContext::new("ada")
            .with_method("jwt")
            .with_issuer(ISSUER)
            .with_token_id("t-1")
            .with_claim("tenant", "acme")
            .with_scopes(scopes)
    };
    let own = [
        Revocation::token(ISSUER, "t-1"),
        Revocation::principal(ada()),
        Revocation::principal(ada()).in_tenant(Some("acme")),
    ];
    let others = [
        Revocation::token(ISSUER, "t-2"),
        Revocation::token("https://other.example", "t-1"),
        Revocation::principal(Principal::new("jwt", Some(ISSUER), "bob")),
        Revocation::principal(Principal::new("oauth2", Some(ISSUER), "ada")),
        Revocation::principal(ada()).in_tenant(Some("other")),
        Revocation::principal(ada()).in_tenant(None),
    ];
    let may = async |scopes: &[&str], revocation: &Revocation| {
        let admin = revocations.as_caller(&caller(scopes));
        match admin.revoke(revocation.clone()).await {
            Ok(_) => true,
            Err(KeyAdminError::Forbidden(_)) => false,
            Err(other) => panic!("{other}"),
        }
    };
    for revocation in own.iter().chain(&others) {
        assert!(!may(&["keys:read"], revocation).await, "{revocation:?}");
        assert!(may(&["keys:write", "keys:admin"], revocation).await);
    }
    for revocation in &own {
        assert!(may(&["keys:write"], revocation).await, "{revocation:?}");
    }
    for revocation in &others {
        assert!(!may(&["keys:write"], revocation).await, "{revocation:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_of_one_tenant_ends_nothing_of_another() {
    let world = World::new();
    let process = world.process();
    let caller = AuthContext::new("ada")
        .with_method("jwt")
        .with_issuer(ISSUER)
        .with_claim("tenant", "acme")
        .with_scopes(["keys:write"]);
    let admin = process.revocations.as_caller(&caller);
    admin.revoke(Revocation::principal(ada())).await.unwrap();
    assert_eq!(process.status(&token(json!({"tenant": "acme"}))).await, 401);
    assert_eq!(
        process.status(&token(json!({"tenant": "other"}))).await,
        200
    );
}

#[tokio::test(start_paused = true)]
async fn a_tenth_of_the_places_stays_for_administrators() {
    let revocations = World::new().revocations().with_max_revocations(10);
    let revoke = async |number: usize, scopes: &[&str]| {
        let id = format!("t-{number}");
        let caller = AuthContext::new("ada")
            .with_method("jwt")
            .with_issuer(ISSUER)
            .with_token_id(&*id)
            .with_expires_at(at(NOW + 60))
            .with_scopes(scopes);
        let endless = Revocation::token(ISSUER, &*id).until(at(NOW * 4));
        revocations.as_caller(&caller).revoke(endless).await
    };
    for number in 0..9 {
        let revoked = revoke(number, &["keys:write"]).await.unwrap();
        // No longer than the token lives.
        assert_eq!(revoked.until(), at(NOW + 60).into());
    }
    let refused = revoke(9, &["keys:write"]).await.unwrap_err();
    assert!(matches!(refused, KeyAdminError::Conflict(_)), "{refused}");
    let revoked = revoke(9, &["keys:write", "keys:admin"]).await.unwrap();
    assert_eq!(revoked.until(), at(NOW * 4).into());
}
