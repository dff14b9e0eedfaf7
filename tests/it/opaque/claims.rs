//! `IntrospectionAuth`: members as endpoints write them, and where they stand.

use crate::common;

use std::time::{Duration, UNIX_EPOCH};

use common::{
    answer::{guarded, run},
    bearer::{accepted, reason, unavailable},
    log::Log,
    opaque::{issuer, tokens, told},
};
use tower_auth::AuthLayer;

#[tokio::test]
async fn refuses_a_token_that_is_bound_to_a_key() {
    let issuer = issuer();
    for cnf in [
        r#"{"jkt":"x"}"#,
        r#"{"x5t#S256":"x"}"#,
        r#"{"any":null}"#,
        r#""x""#,
        "[]",
        "0",
    ] {
        told(
            &issuer,
            &format!(r#"{{"active":true,"sub":"ada","cnf":{cnf}}}"#),
        );
        let strict = tokens(&issuer)
            .with_cache_ttl(Duration::from_secs(30))
            .unwrap();
        for _ in 0..2 {
            assert_eq!(
                reason(&strict, "t").await,
                "token_sender_constrained",
                "{cnf}"
            );
        }
        accepted(&strict.insecure_ignore_confirmation(), "t").await;
    }
    for cnf in ["{}", "null"] {
        told(
            &issuer,
            &format!(r#"{{"active":true,"sub":"ada","cnf":{cnf}}}"#),
        );
        accepted(&tokens(&issuer), "t").await;
    }
    told(
        &issuer,
        r#"{"active":true,"sub":"ada","token_type":"DPoP","cnf":{"jkt":"x"}}"#,
    );
    accepted(&tokens(&issuer).insecure_ignore_confirmation(), "t").await;
}

#[tokio::test]
async fn times_may_be_any_json_number() {
    let issuer = issuer();
    told(
        &issuer,
        r#"{"active":true,"sub":"ada","exp":1.8000000605e+09,"iat":18e8,"nbf":1799999999.5}"#,
    );
    let context = accepted(&tokens(&issuer), "t").await;
    let expiry = UNIX_EPOCH + Duration::from_secs(1_800_000_060);
    assert_eq!(context.expires_at(), Some(expiry));
}

#[tokio::test]
async fn a_mismatch_is_logged_with_what_was_wanted_and_what_came() {
    let issuer = issuer();
    let tokens = tokens(&issuer).with_audience("api").with_issuer("me");
    for (members, wanted, came) in [
        (r#""iss":"you","aud":"api""#, "me", "you"),
        (r#""iss":"me","aud":["web","b\u0000"]"#, "api", r"web b\0"),
    ] {
        told(
            &issuer,
            &format!(r#"{{"active":true,"sub":"ada",{members}}}"#),
        );
        let app = guarded(AuthLayer::new(tokens.clone()));
        let log = Log::start();
        run(&app, &[("authorization", b"Bearer t")]).await;
        let event = log.only();
        assert_eq!(event.field("wanted"), Some(wanted), "{event:?}");
        assert_eq!(event.field("came"), Some(came));
    }
}

#[tokio::test]
async fn scopes_are_read_from_the_member_that_is_set() {
    let issuer = issuer();
    told(
        &issuer,
        r#"{"active":true,"sub":"ada","scope":"a","scp":["b","c"]}"#,
    );
    let tokens = tokens(&issuer).with_scope_claim("scp");
    assert_eq!(accepted(&tokens, "t").await.scopes().to_string(), "b c");
}

#[tokio::test]
async fn scopes_may_be_an_array_and_stand_inside_other_members() {
    let issuer = issuer();
    told(
        &issuer,
        r#"{"active":true,"sub":"ada","scope":["a","b"],"ext":{"my.agent":["c"]}}"#,
    );
    let plain = accepted(&tokens(&issuer), "t").await;
    assert_eq!(plain.scopes().to_string(), "a b");
    let nested = tokens(&issuer).with_scope_claim(["ext", "my.agent"]);
    assert_eq!(accepted(&nested, "t").await.scopes().to_string(), "c");
}

#[tokio::test]
async fn the_user_id_is_read_from_the_member_that_is_set() {
    let issuer = issuer();
    told(
        &issuer,
        r#"{"active":true,"sub":"7","username":"ada","uid":42}"#,
    );
    let by_name = tokens(&issuer).with_user_id_claim("username");
    assert_eq!(accepted(&by_name, "t").await.user_id(), "ada");
    let by_number = tokens(&issuer).with_user_id_claim("uid");
    let context = accepted(&by_number, "t").await;
    assert_eq!(context.user_id(), "42");
    assert_eq!(context.metadata()["sub"], "7");
}

#[tokio::test]
async fn the_first_chosen_member_that_is_there_names_the_user() {
    let issuer = issuer();
    let tokens = tokens(&issuer).with_user_id_claims(["ext.uid", "email", "sub"]);
    told(&issuer, r#"{"active":true,"sub":"s","ext":{"uid":7}}"#);
    let first = accepted(&tokens, "t").await;
    assert_eq!(first.user_id(), "7");
    told(&issuer, r#"{"active":true,"sub":"7","ext":{"uid":null}}"#);
    let other = accepted(&tokens, "t").await;
    assert_eq!(other.user_id(), "7");
    assert_ne!(first.principal(), other.principal());
    told(
        &issuer,
        r#"{"active":true,"sub":"s","email":"ada@example.org"}"#,
    );
    assert_eq!(reason(&tokens, "t").await, "token_email_unverified");
    accepted(&tokens.clone().insecure_unverified_email(), "t").await;
    told(&issuer, r#"{"active":true,"sub":"s","ext":{"uid":1.5}}"#);
    assert_eq!(unavailable(&tokens, "t").await, "endpoint_failed");
}
