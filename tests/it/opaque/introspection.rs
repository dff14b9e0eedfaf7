//! `IntrospectionAuth`: what the endpoint's answer comes to.

use crate::common;

use std::time::{Duration, UNIX_EPOCH};

use common::{
    bearer::{accepted, reason, refused, unavailable},
    opaque::{NOW, issuer, tokens, told},
};
use tower_auth::testing::IssuerEndpoint;

#[tokio::test]
async fn refuses_a_token_that_nobody_issued() {
    let issuer = issuer();
    assert_eq!(reason(&tokens(&issuer), "guess").await, "token_inactive");
}

#[tokio::test]
async fn refuses_unless_active_is_the_boolean_true() {
    let issuer = issuer();
    for body in [
        r#"{"sub":"ada"}"#,
        r#"{"active":false,"sub":"ada"}"#,
        r#"{"active":"true","sub":"ada"}"#,
        r#"{"active":1,"sub":"ada"}"#,
        r#"{"active":null,"sub":"ada"}"#,
        r#"{"active":[true],"sub":"ada"}"#,
        r#"{"active":{"active":true},"sub":"ada"}"#,
        r#"{"Active":true,"ACTIVE":true,"sub":"ada"}"#,
        // Of an inactive token nothing else is looked at.
        r#"{"active":false,"exp":"never","aud":{},"scope":7}"#,
    ] {
        told(&issuer, body);
        assert_eq!(
            reason(&tokens(&issuer), "t").await,
            "token_inactive",
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_member_that_stands_there_twice_lets_nobody_in() {
    let issuer = issuer();
    for body in [
        r#"{"active":false,"active":true,"sub":"ada"}"#,
        r#"{"active":true,"active":false,"sub":"ada"}"#,
        r#"{"activ\u0065":false,"active":true,"sub":"ada"}"#,
        r#"{"active":true,"sub":"ada","sub":"root"}"#,
        r#"{"active":true,"sub":"ada","aud":"x","a\u0075d":"y"}"#,
    ] {
        told(&issuer, body);
        assert_eq!(
            unavailable(&tokens(&issuer), "t").await,
            "endpoint_failed",
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_malformed_answer_is_503_and_never_401() {
    let issuer = issuer();
    let tokens = tokens(&issuer).with_audience("api").with_issuer("me");
    for members in [
        r#""exp":"1900000000""#,
        r#""exp":-1"#,
        r#""exp":1e99"#,
        r#""exp":1e999999999"#,
        r#""nbf":-1e-3"#,
        r#""exp":true"#,
        r#""nbf":"x""#,
        r#""iat":{}"#,
        r#""sub":7"#,
        r#""sub":"""#,
        r#""scope":["read",1]"#,
        r#""iss":["me"]"#,
        r#""aud":7"#,
        r#""aud":["api",7]"#,
        r#""aud":{"api":true}"#,
    ] {
        // Later members replace those that are right.
        let name = members.split(':').next().unwrap();
        let rest = [r#""sub":"ada""#, r#""iss":"me""#, r#""aud":"api""#];
        let rest = rest.into_iter().filter(|member| !member.starts_with(name));
        let all: Vec<_> = rest.chain([members]).collect();
        told(&issuer, &format!(r#"{{"active":true,{}}}"#, all.join(",")));
        assert_eq!(
            unavailable(&tokens, "t").await,
            "endpoint_failed",
            "{members}"
        );
    }
    let deep = format!(r#"{{"active":true,"x":{}}}"#, "[".repeat(100_000));
    for body in [
        "",
        "null",
        "true",
        "[]",
        "[true]",
        "{",
        "{}x",
        deep.as_str(),
    ] {
        told(&issuer, body);
        assert_eq!(
            unavailable(&tokens, "t").await,
            "endpoint_failed",
            "{body:.20}"
        );
    }
}

#[tokio::test]
async fn null_stands_for_nothing() {
    let issuer = issuer();
    told(
        &issuer,
        r#"{"active":true,"sub":"ada","exp":null,"aud":null,"scope":null,"token_type":null}"#,
    );
    let context = accepted(&tokens(&issuer), "t").await;
    assert_eq!(
        (context.expires_at(), context.scopes().is_empty()),
        (None, true)
    );
    let strict = tokens(&issuer).with_audience("api");
    assert_eq!(reason(&strict, "t").await, "token_aud_missing");
}

#[tokio::test]
async fn refuses_a_token_for_another_audience() {
    let issuer = issuer();
    let tokens = tokens(&issuer).with_audience("https://api.example");
    for (aud, why) in [
        (r#""https://api.example/""#, "token_aud_mismatch"),
        (r#""HTTPS://API.EXAMPLE""#, "token_aud_mismatch"),
        (r#""https://api.example other""#, "token_aud_mismatch"),
        (r#"["https://other.example"]"#, "token_aud_mismatch"),
        (r#""""#, "token_aud_mismatch"),
        ("[ ]", "token_aud_missing"),
        ("null", "token_aud_missing"),
    ] {
        told(
            &issuer,
            &format!(r#"{{"active":true,"sub":"ada","aud":{aud}}}"#),
        );
        assert_eq!(reason(&tokens, "t").await, why, "{aud}");
    }
}

#[tokio::test]
async fn accepts_a_token_for_one_of_the_audiences() {
    let issuer = issuer();
    let tokens = tokens(&issuer).with_audiences(["a", "https://api.example"]);
    for aud in [
        r#""https://api.example""#,
        r#"["x","https://api.example"]"#,
        r#""\u0061""#,
    ] {
        told(
            &issuer,
            &format!(r#"{{"active":true,"sub":"ada","aud":{aud}}}"#),
        );
        accepted(&tokens, "t").await;
    }
}

#[tokio::test]
async fn refuses_a_token_of_another_issuer() {
    let issuer = issuer();
    let tokens = tokens(&issuer).with_issuer("https://issuer.example");
    told(&issuer, r#"{"active":true,"sub":"ada"}"#);
    assert_eq!(reason(&tokens, "t").await, "token_iss_missing");
    told(
        &issuer,
        r#"{"active":true,"sub":"ada","iss":"https://issuer.example/"}"#,
    );
    assert_eq!(reason(&tokens, "t").await, "token_iss_mismatch");
    told(
        &issuer,
        r#"{"active":true,"sub":"ada","iss":"https://issuer.example"}"#,
    );
    assert_eq!(
        accepted(&tokens, "t").await.issuer(),
        Some("https://issuer.example")
    );
}

#[tokio::test]
async fn refuses_what_is_active_and_no_access_token_for_a_bearer() {
    let issuer = issuer();
    for member in [
        r#""token_type":"refresh_token""#,
        r#""token_type":"DPoP""#,
        r#""token_type":"N_A""#,
        r#""token_type":7"#,
        r#""token_use":"refresh_token""#,
        r#""token_use":"id""#,
        r#""typ":"Refresh""#,
        r#""typ":"Offline""#,
        r#""typ":"ID""#,
    ] {
        told(
            &issuer,
            &format!(r#"{{"active":true,"sub":"ada",{member}}}"#),
        );
        let why = reason(&tokens(&issuer), "t").await;
        assert_eq!(why, "token_of_another_type", "{member}");
    }
    for member in [
        r#""token_type":"bearer""#,
        r#""token_type":"access_token""#,
        r#""token_use":"access""#,
        r#""typ":"Bearer""#,
        r#""typ":"at+jwt""#,
    ] {
        told(
            &issuer,
            &format!(r#"{{"active":true,"sub":"ada",{member}}}"#),
        );
        accepted(&tokens(&issuer), "t").await;
    }
}

#[tokio::test]
async fn the_times_are_judged_with_leeway_though_the_endpoint_says_active() {
    let issuer = issuer();
    for (time, good, bad, code) in [
        ("exp", NOW - 29, NOW - 30, "expired_credential"),
        ("nbf", NOW + 30, NOW + 31, "invalid_credential"),
        ("iat", NOW + 30, NOW + 31, "invalid_credential"),
    ] {
        let mint = |at: u64| issuer.token().with_claim(time, at).mint_opaque();
        accepted(&tokens(&issuer), &mint(good)).await;
        assert_eq!(
            refused(&tokens(&issuer), &mint(bad)).await.code(),
            code,
            "{time}"
        );
        let patient = tokens(&issuer)
            .with_leeway(Duration::from_secs(31))
            .unwrap();
        accepted(&patient, &mint(bad)).await;
    }
    assert!(
        tokens(&issuer)
            .with_leeway(Duration::from_secs(301))
            .is_err()
    );
}

#[tokio::test]
async fn the_context_says_who_and_how() {
    let issuer = issuer();
    let token = issuer
        .token()
        .with_subject("ada")
        .with_scope("agents:read *")
        .with_claim("role", "editor")
        .mint_opaque();
    let context = accepted(&tokens(&issuer), &token).await;
    assert_eq!(context.user_id(), "ada");
    assert_eq!(context.method(), "introspection");
    let endpoint = issuer.endpoint(IssuerEndpoint::Introspection);
    assert_eq!(context.issuer(), Some(endpoint.as_str()));
    assert_eq!(
        context.expires_at(),
        Some(UNIX_EPOCH + Duration::from_secs(NOW + 300))
    );
    assert!(context.scopes().contains("agents:read"));
    assert!(!context.scopes().is_all(), "a token's star grants nothing");
    let role = context.claim::<String>("role").unwrap();
    assert_eq!(role.as_deref(), Some("editor"));
    assert!(!context.metadata().contains_key("sub"));
}

#[tokio::test]
async fn a_token_without_a_user_is_refused() {
    let issuer = issuer();
    for body in [
        r#"{"active":true}"#,
        r#"{"active":true,"client_id":"agent"}"#,
        r#"{"active":true,"username":"ada","client_id":"agent"}"#,
        r#"{"active":true,"user_id":"ada","id":1}"#,
    ] {
        told(&issuer, body);
        let why = reason(&tokens(&issuer), "t").await;
        assert_eq!(why, "token_user_id_missing", "{body}");
    }
}

#[tokio::test]
async fn a_client_is_never_the_user_of_the_same_name() {
    let issuer = issuer();
    let tokens = tokens(&issuer).accept_clients();
    told(&issuer, r#"{"active":true,"client_id":"ada"}"#);
    let client = accepted(&tokens, "t").await;
    assert_eq!(
        (client.user_id(), client.method()),
        ("ada", "introspection_client")
    );
    told(
        &issuer,
        r#"{"active":true,"client_id":"agent","sub":"ada"}"#,
    );
    let user = accepted(&tokens, "t").await;
    assert_eq!(user.user_id(), client.user_id());
    assert_ne!(user.principal(), client.principal());
}

#[tokio::test]
async fn a_token_that_acts_for_a_user_is_never_its_client() {
    let issuer = issuer();
    let tokens = tokens(&issuer).accept_clients();
    told(
        &issuer,
        r#"{"active":true,"client_id":"agent","username":"ada"}"#,
    );
    assert_eq!(reason(&tokens, "t").await, "token_user_id_missing");
    told(&issuer, r#"{"active":true,"client_id":"agent","sub":""}"#);
    assert_eq!(unavailable(&tokens, "t").await, "endpoint_failed");
    let by_number = tokens.with_user_id_claim("uid");
    told(
        &issuer,
        r#"{"active":true,"client_id":"agent","sub":"ada"}"#,
    );
    assert_eq!(reason(&by_number, "t").await, "token_user_id_missing");
}
