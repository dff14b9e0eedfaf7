//! What one issuer may grant: a token of a partner never has what only the company hands out.

use tower_auth::{
    AuthContext, AuthError,
    authorize::{Authorizer, ByRole, all_of, by_role, by_scope},
    jose::Algorithm,
    provider::{AuthProvider, JwtAuth},
    testing::{ManualClock, TestIssuer},
};

use crate::common::jose::{NOW, key, token};

const HEADER: &str = r#"{"alg":"HS256"}"#;

fn tokens() -> JwtAuth {
    JwtAuth::new(key(Algorithm::HS256)).with_clock(ManualClock::at_unix(NOW).clock())
}

fn caller(provider: &JwtAuth, claims: &str) -> AuthContext {
    let claims = format!(r#"{{"sub":"ada","exp":1900000000,{claims}}}"#);
    let token = token(Algorithm::HS256, HEADER, &claims);
    let first = provider.verify(&token).unwrap();
    let remembered = provider.verify(&token).unwrap();
    assert_eq!(first.scopes(), remembered.scopes());
    remembered
}

fn scopes_under(limit: &[&str], claimed: &str) -> String {
    let provider = tokens().with_granted_scopes(limit.iter().copied());
    let caller = caller(&provider, &format!(r#""scope":"{claimed}""#));
    caller.scopes().to_string()
}

fn roles() -> ByRole {
    by_role([("admin", "*"), ("viewer", "graph:read")]).unwrap()
}

async fn may(roles: &ByRole, caller: &AuthContext, action: &str) -> Result<(), AuthError> {
    roles.check(caller, "graph", action).await
}

#[tokio::test]
async fn a_partner_s_token_cannot_claim_the_company_s_scope() {
    let partner = tokens().with_granted_scopes(["partner:*"]);
    let caller = caller(&partner, r#""scope":"partner:read corp:admin corp:*""#);
    assert_eq!(caller.scopes().to_string(), "partner:read");
    assert!(caller.require_scopes("corp:admin").is_err());
    assert!(caller.require_scopes("partner:read").is_ok());
    let admin = by_scope().check(&caller, "corp", "admin").await;
    assert!(admin.is_err());
}

#[test]
fn a_limit_is_compared_whole_but_for_an_asterisk_behind_a_colon() {
    for (limit, claimed, granted) in [
        (&["a:read"][..], "a:read a:readonly a a:*", "a:read"),
        (
            &["a:*"],
            "a:read a:b:c a:* a: a ab:read",
            "a:read a:b:c a:* a:",
        ),
        (&["a*"], "a:read ab a*", "a*"),
        (&["a:*:c"], "a:b:c a:*:c", "a:*:c"),
        (&["*"], "a b:c *", "a b:c *"),
        (&["a", "b"], "b a c", "b a"),
        (&[], "a *", ""),
    ] {
        assert_eq!(scopes_under(limit, claimed), granted, "{limit:?}");
    }
}

#[test]
fn an_asterisk_that_a_token_claims_grants_nothing_under_any_limit() {
    let caller = caller(&tokens().with_granted_scopes(["*"]), r#""scope":"*""#);
    assert!(!caller.scopes().is_all() && caller.require_scopes("a").is_err());
}

#[test]
fn without_a_limit_a_token_grants_what_it_claims() {
    let caller = caller(&tokens(), r#""scope":"corp:admin","roles":["admin"]"#);
    assert!(caller.require_scopes("corp:admin").is_ok() && caller.may_hold_role("admin"));
}

#[tokio::test]
async fn a_role_outside_the_limit_counts_for_nothing_in_whichever_claim() {
    let partner = tokens().with_granted_roles(["viewer"]);
    let unlimited = tokens();
    for (path, claims) in [
        ("roles", r#""roles":["admin","viewer"]"#),
        ("role", r#""role":"admin""#),
        (
            "realm_access.roles",
            r#""realm_access":{"roles":["admin"]}"#,
        ),
        (
            "https://corp.example/roles",
            r#""https://corp.example/roles":["admin"]"#,
        ),
        ("scope", r#""scope":"admin""#),
        ("groups", r#""groups":["viewer","admin"]"#),
    ] {
        let roles = roles().with_claim(path);
        let stop = may(&roles, &caller(&unlimited, claims), "stop").await;
        assert!(stop.is_ok(), "{path}");
        let limited = caller(&partner, claims);
        assert!(may(&roles, &limited, "stop").await.is_err(), "{path}");
        let read = may(&roles, &limited, "read").await;
        assert_eq!(read.is_ok(), claims.contains("viewer"), "{path}");
    }
}

#[tokio::test]
async fn an_empty_limit_leaves_no_role() {
    let none: [&str; 0] = [];
    let caller = caller(&tokens().with_granted_roles(none), r#""roles":["viewer"]"#);
    assert!(may(&roles(), &caller, "read").await.is_err());
}

#[tokio::test]
async fn a_limit_holds_in_what_is_made_of_others() {
    let caller = caller(
        &tokens().with_granted_roles(["viewer"]),
        r#""roles":["admin"]"#,
    );
    let both = all_of(roles()).and(roles());
    assert!(both.check(&caller, "graph", "read").await.is_err());
}

#[tokio::test]
async fn what_a_later_check_adds_is_under_the_limit_until_that_replaces_it() {
    use http::{Request, header};

    let limited = || tokens().with_granted_roles(["viewer"]);
    let adds = limited().and_then(async |caller, _| Ok(promoted(caller)));
    let lifts =
        limited().and_then(async |caller, _| Ok(promoted(caller).with_granted_roles(["admin"])));
    let providers: [(&dyn AuthProvider, bool); 2] = [(&adds, false), (&lifts, true)];
    let token = token(
        Algorithm::HS256,
        HEADER,
        r#"{"sub":"ada","exp":1900000000}"#,
    );
    for (provider, admin) in providers {
        let request = Request::get("/")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(())
            .unwrap();
        let answer = provider.authenticate(&(&request).into()).await;
        let caller = answer.unwrap().unwrap();
        assert_eq!(may(&roles(), &caller, "stop").await.is_ok(), admin);
    }
}

fn promoted(caller: AuthContext) -> AuthContext {
    caller.with_claim("roles", "admin")
}

#[tokio::test]
async fn every_provider_of_tokens_has_the_limits() {
    use tower_auth::provider::{IntrospectionAuth, OAuth2Auth, UserinfoAuth};
    use tower_auth::testing::IssuerEndpoint::{Introspection, Userinfo};

    let issuer = TestIssuer::start();
    let oauth2 = OAuth2Auth::new(issuer.url(), TestIssuer::AUDIENCE)
        .unwrap()
        .with_granted_scopes(["partner:*"])
        .with_granted_roles(["viewer"]);
    let introspection = IntrospectionAuth::new(
        &issuer.endpoint(Introspection),
        TestIssuer::CLIENT_ID,
        TestIssuer::CLIENT_SECRET,
    )
    .unwrap()
    .with_granted_scopes(["partner:*"])
    .with_granted_roles(["viewer"]);
    let userinfo = UserinfoAuth::new(&issuer.endpoint(Userinfo))
        .unwrap()
        .with_granted_roles(["viewer"]);

    let token = || {
        issuer
            .token()
            .with_claim("scope", "partner:read corp:admin")
            .with_claim("roles", serde_json::json!(["admin", "viewer"]))
    };
    let (signed, opaque) = (token().mint(), token().mint_opaque());
    let providers: [(&dyn AuthProvider, &str, &str); 3] = [
        (&oauth2, &signed, "partner:read"),
        (&introspection, &opaque, "partner:read"),
        (&userinfo, &opaque, ""),
    ];
    for (provider, token, scopes) in providers {
        for remembered in [false, true] {
            let request = http::Request::get("/")
                .header("authorization", format!("Bearer {token}"))
                .body(())
                .unwrap();
            let answer = provider.authenticate(&(&request).into()).await;
            let caller = answer.unwrap().unwrap();
            let name = provider.name();
            assert_eq!(caller.scopes().to_string(), scopes, "{name} {remembered}");
            assert!(may(&roles(), &caller, "stop").await.is_err(), "{name}");
            assert!(may(&roles(), &caller, "read").await.is_ok(), "{name}");
        }
    }
}
