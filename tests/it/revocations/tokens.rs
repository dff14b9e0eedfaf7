//! One token of an issuer.

use std::time::{Duration, SystemTime};

use serde_json::json;
use tower_auth::{
    AuthContext, AuthLayer, CredentialSource, Principal,
    keys::Revocation,
    provider::{AuthProvider as _, CompositeAuth, JwtAuth, provider_fn},
};

use super::kit::{ISSUER, NOW, Process, World, of_token, raw_token, status, token, unissued};
use crate::common::answer::guarded;

#[tokio::test(start_paused = true)]
async fn a_revoked_token_is_refused_and_another_one_is_not() {
    let process = World::new().process();
    let (one, other) = (token(json!({})), token(json!({"jti": "t-2"})));
    assert_eq!(process.status(&one).await, 200);
    process.revoke(of_token("t-1")).await;
    assert_eq!(process.status(&one).await, 401);
    assert_eq!(process.status(&other).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_remembered_is_refused_too() {
    let process = World::new().process();
    let one = token(json!({}));
    for _ in 0..3 {
        assert_eq!(process.status(&one).await, 200);
    }
    process.revoke(of_token("t-1")).await;
    for _ in 0..3 {
        assert_eq!(process.status(&one).await, 401);
    }
}

#[tokio::test(start_paused = true)]
async fn an_equal_jti_of_another_issuer_is_another_token() {
    let process = World::new().process();
    process
        .revoke(Revocation::token("https://other.example", "t-1"))
        .await;
    process.revoke(Revocation::token("", "t-1")).await;
    assert_eq!(process.status(&token(json!({}))).await, 200);
}

#[tokio::test(start_paused = true)]
async fn the_holder_of_a_key_cannot_name_the_issuer_of_a_token() {
    let world = World::new();
    let labelled = unissued().with_source("partners").unwrap();
    let process = Process::of(world.revocations(), labelled);
    let one = token(json!({"iss": "https://whoever.example"}));
    process
        .revoke(Revocation::token("https://whoever.example", "t-1"))
        .await;
    assert_eq!(process.status(&one).await, 200);
    process.revoke(Revocation::token("partners", "t-1")).await;
    assert_eq!(process.status(&one).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_no_issuer_is_named_without_one() {
    let process = Process::of(World::new().revocations(), unissued());
    process.revoke(Revocation::token("", "t-1")).await;
    assert_eq!(process.status(&token(json!({}))).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_very_long_jti_is_revoked_like_any_other() {
    let process = World::new().process();
    let (one, other) = ("x".repeat(4_000), format!("{}y", "x".repeat(3_999)));
    process.revoke(of_token(&one)).await;
    assert_eq!(process.status(&token(json!({"jti": one}))).await, 401);
    assert_eq!(process.status(&token(json!({"jti": other}))).await, 200);
    assert_eq!(process.revocations.known(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_jti_is_the_text_however_its_json_writes_it() {
    let process = World::new().process();
    process.revoke(of_token("t-1")).await;
    let claims = format!(
        r#"{{"jti":"\u0074\u002d1","iss":"{ISSUER}","sub":"ada","aud":"my-agent","iat":{NOW},"exp":{}}}"#,
        NOW + 60
    );
    assert_eq!(process.status(&raw_token(&claims)).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_token_without_an_id_is_no_revoked_one() {
    let process = World::new().process();
    process.revoke(of_token("")).await;
    assert_eq!(process.status(&token(json!({"jti": null}))).await, 200);
    assert_eq!(process.status(&token(json!({"jti": ""}))).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_adds_a_claim_hides_no_token() {
    let world = World::new();
    let provider = world.tokens().and_then(async |caller: AuthContext, _| {
        Ok(caller.with_claim("plan", "free").with_scopes(["run"]))
    });
    let process = Process::of(world.revocations(), provider);
    assert_eq!(process.status(&token(json!({}))).await, 200);
    process.revoke(of_token("t-1")).await;
    assert_eq!(process.status(&token(json!({}))).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_puts_another_caller_in_its_place_hides_no_token_and_nobody() {
    let provider = |world: &World| {
        world
            .tokens()
            .and_then(async |_: AuthContext, _| Ok(AuthContext::new("row 7").with_method("db")))
            .and_then(async |_: AuthContext, _| Ok(AuthContext::new("row 8").with_method("db")))
    };
    let revocations = [
        of_token("t-1"),
        Revocation::principal(super::kit::ada()),
        Revocation::principal(Principal::new("db", None, "row 7")),
        Revocation::principal(Principal::new("db", None, "row 8")),
    ];
    for revocation in revocations {
        let world = World::new();
        let process = Process::of(world.revocations(), provider(&world));
        assert_eq!(process.status(&token(json!({}))).await, 200);
        process.revoke(revocation.clone()).await;
        assert_eq!(
            process.status(&token(json!({}))).await,
            401,
            "{revocation:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_of_ones_own_can_say_what_the_token_is() {
    let session = CredentialSource::bearer();
    let sessions = provider_fn(move |request| {
        let shown = request.credential(std::slice::from_ref(&session))?;
        Ok(shown.map(|shown| {
            let id = String::from_utf8_lossy(shown.as_bytes()).into_owned();
            AuthContext::new("ada")
                .with_source("sessions")
                .with_token_id(id)
        }))
    })
    .with_credentials([CredentialSource::bearer()]);
    let process = Process::of(World::new().revocations(), sessions);
    process.revoke(Revocation::token("sessions", "7f")).await;
    assert_eq!(process.status("7f").await, 401);
    assert_eq!(process.status("80").await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lives_longer_than_its_revocation_would_is_refused() {
    let process = World::new().process();
    let day = 86_400;
    for (claims, expected) in [
        (json!({"iat": NOW - 60, "exp": NOW - 60 + day}), 200),
        (json!({"iat": NOW - 60, "exp": NOW - 59 + day}), 401),
        (json!({"iat": null, "exp": NOW + 60}), 401),
    ] {
        assert_eq!(
            process.status(&token(claims.clone())).await,
            expected,
            "{claims}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_without_expiry_counts_as_long_as_tokens_may_live() {
    let world = World::new();
    let provider = world.tokens().insecure_allow_missing_exp();
    let process = Process::of(world.revocations(), provider);
    let age = |seconds| token(json!({"exp": null, "iat": NOW - seconds}));
    assert_eq!(process.status(&age(86_400)).await, 200);
    assert_eq!(process.status(&age(86_401)).await, 401);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_do_not_say_when_they_were_issued_can_be_allowed() {
    let world = World::new();
    let process = world.process_with(world.revocations().insecure_allow_missing_iat());
    let until = |exp| token(json!({"iat": null, "exp": exp}));
    assert_eq!(process.status(&until(NOW + 86_430)).await, 200);
    assert_eq!(process.status(&until(NOW + 86_431)).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_unknown_age_does_not_come_back_when_its_revocation_is_forgotten() {
    for (revocation, exp) in [
        (of_token("t-1"), json!(NOW + 30 * 3_600)),
        (
            Revocation::principal(super::kit::ada()),
            json!(NOW + 30 * 3_600),
        ),
        (Revocation::principal(super::kit::ada()), json!(null)),
    ] {
        let world = World::new();
        let provider = world.tokens().insecure_allow_missing_exp();
        let process = Process::of(world.revocations(), provider);
        let stolen = token(json!({"iat": null, "exp": exp}));
        process.revocations.open().await.unwrap();
        process.revoke(revocation).await;
        for _ in 0..29 {
            assert_eq!(process.status(&stolen).await, 401);
            world.clock.advance(Duration::from_secs(3_600));
        }
        world.pass(Duration::from_secs(2)).await;
        assert_eq!(process.revocations.known(), 0);
        assert_eq!(process.status(&stolen).await, 401);
    }
}

#[tokio::test(start_paused = true)]
async fn a_longer_life_can_be_allowed() {
    let world = World::new();
    let week = Duration::from_secs(7 * 86_400);
    let process = world.process_with(world.revocations().with_max_token_lifetime(week));
    let long = token(json!({"exp": NOW + 7 * 86_400}));
    assert_eq!(process.status(&long).await, 200);
    let revoked = process.revoke(of_token("t-1")).await;
    assert_eq!(revoked.until().as_unix_millis(), (NOW + 7 * 86_400) * 1_000);
}

#[tokio::test(start_paused = true)]
async fn every_layer_and_every_path_asks() {
    let world = World::new();
    let revocations = world.revocations();
    let of_path: JwtAuth = world.tokens();
    let outer = AuthLayer::new(CompositeAuth::new(world.tokens()))
        .access("/optional", tower_auth::Access::Optional)
        .access(
            "/public",
            tower_auth::Access::Provider(std::sync::Arc::new(of_path)),
        )
        .revocations(&revocations);
    let app = guarded(AuthLayer::new(world.tokens())).layer(outer);
    let bearer = format!("Bearer {}", token(json!({})));
    let ask = async |path| {
        let request =
            crate::common::answer::request("GET", path, &[("authorization", bearer.as_bytes())]);
        crate::common::answer::send(&app, request)
            .await
            .status
            .as_u16()
    };
    for path in ["/run", "/optional", "/public"] {
        assert_eq!(ask(path).await, 200, "{path}");
    }
    let revoked = revocations
        .as_operator("root")
        .revoke(of_token("t-1"))
        .await;
    revoked.unwrap();
    for path in ["/run", "/optional", "/public"] {
        assert_eq!(ask(path).await, 401, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_inner_layer_refuses_what_the_outer_one_let_in() {
    let world = World::new();
    let revocations = world.revocations();
    let inner = guarded(AuthLayer::new(world.tokens()).revocations(&revocations));
    let app = inner.layer(AuthLayer::new(world.tokens()));
    assert_eq!(status(&app, &token(json!({}))).await, 200);
    let revoked = revocations
        .as_operator("root")
        .revoke(of_token("t-1"))
        .await;
    revoked.unwrap();
    assert_eq!(status(&app, &token(json!({}))).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_is_disabled_asks_nobody() {
    let world = World::new();
    world.store.is(super::kit::Mood::Failing);
    let app = guarded(AuthLayer::disabled().revocations(&world.revocations()));
    assert_eq!(status(&app, "anything").await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_caller_whose_tenant_a_check_replaced_ends_with_either() {
    for (tenant, expected) in [("a", 401), ("b", 401), ("c", 200)] {
        let world = World::new();
        let provider = world
            .tokens()
            .and_then(async |caller: AuthContext, _| Ok(caller.with_claim("tenant", "b")));
        let process = Process::of(world.revocations(), provider);
        let who = Principal::new("jwt", Some(ISSUER), "ada");
        let shown = token(json!({"tenant": "a"}));
        assert_eq!(process.status(&shown).await, 200);
        process
            .revoke(Revocation::principal(who).in_tenant(Some(tenant)))
            .await;
        assert_eq!(process.status(&shown).await, expected, "{tenant}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_that_shortens_a_long_token_does_not_make_it_a_short_one() {
    let world = World::new();
    let shortened = world.tokens().and_then(async |caller: AuthContext, _| {
        let soon = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW + 60);
        Ok(caller.with_expires_at(soon))
    });
    let process = Process::of(world.revocations(), shortened);
    let day = 24 * 60 * 60;
    assert_eq!(process.status(&token(json!({"exp": NOW + day}))).await, 200);
    let long = token(json!({"jti": "t-2", "exp": NOW + 2 * day}));
    assert_eq!(process.status(&long).await, 401);
}
