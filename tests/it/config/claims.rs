//! What a file says about claims: who the user is, what stands for `aud`, what else is required.

use serde_json::json;
use tower_auth::{
    jose::Algorithm,
    testing::{IssuerEndpoint, ManualClock, TestIssuer, TestToken},
};

use super::files::{NOW, bearer, caller, faults, status, yaml};

fn issuer() -> TestIssuer {
    TestIssuer::builder()
        .with_algorithms([Algorithm::ES256])
        .with_clock(ManualClock::at_unix(NOW).clock())
        .start()
}

fn oauth2(issuer: &TestIssuer, members: &str) -> String {
    let (url, audience) = (issuer.url(), TestIssuer::AUDIENCE);
    format!("auth:\n  oauth2:\n    issuer: '{url}'\n    audience: '{audience}'\n{members}")
}

async fn who(file: &str, token: TestToken<'_>) -> String {
    let shown = bearer(&token.mint());
    caller(yaml(file), &[("authorization", &shown)]).await
}

async fn answer(file: &str, token: TestToken<'_>) -> u16 {
    let shown = bearer(&token.mint());
    status(yaml(file), "POST /run", &[("authorization", &shown)]).await
}

#[tokio::test]
async fn the_user_s_claim_is_a_name_a_path_a_way_or_a_list_of_these() {
    let issuer = issuer();
    let token = || {
        let token = issuer.token().with_claim("oid", 7);
        token.with_claim("acme.example", json!({ "user.id": "ada" }))
    };
    for (claim, user) in [
        ("oid", "7"),
        ("{path: [acme.example, user.id]}", "ada"),
        ("[azp, {path: [acme.example, user.id]}, oid]", "ada"),
        ("[missing.at.all, oid]", "7"),
    ] {
        let file = oauth2(&issuer, &format!("    user_id_claim: {claim}\n"));
        assert_eq!(who(&file, token()).await, user, "{claim}");
    }
}

#[tokio::test]
async fn cognito_is_written_with_an_audience_claim() {
    let issuer = issuer();
    let file = oauth2(
        &issuer,
        "    audience_claim: client_id\n    require_claims:\n    - {claim: token_use, value: \
         access}\n    require_scopes: agents/run\n",
    );
    let token = |used: &str| {
        let token = issuer
            .token()
            .without_claim("aud")
            .with_claim("token_use", used);
        token.with_claim("client_id", TestIssuer::AUDIENCE)
    };
    let scoped = |used| token(used).with_scope("agents/run");
    assert_eq!(answer(&file, scoped("access")).await, 200);
    assert_eq!(answer(&file, scoped("id")).await, 401);
    assert_eq!(answer(&file, token("access")).await, 403);
    assert_eq!(
        answer(&file, issuer.token().with_scope("agents/run")).await,
        401
    );
}

#[tokio::test]
async fn a_further_typ_and_a_bound_token_are_accepted_where_the_file_says_so() {
    let issuer = issuer();
    let typed = || issuer.token().with_header("typ", "access+jwt");
    let bound = || issuer.token().with_claim("cnf", json!({ "jkt": "x" }));
    let plain = oauth2(&issuer, "");
    assert_eq!(answer(&plain, typed()).await, 401);
    assert_eq!(answer(&plain, bound()).await, 401);
    let file = oauth2(
        &issuer,
        "    accept_typ: [access+jwt]\n    insecure_ignore_confirmation: true\n",
    );
    assert_eq!(answer(&file, typed()).await, 200);
    assert_eq!(answer(&file, bound()).await, 200);
}

#[tokio::test]
async fn an_introspection_block_may_send_its_secret_in_the_form() {
    let issuer = issuer();
    let endpoint = issuer.endpoint(IssuerEndpoint::Introspection);
    let (id, secret) = (TestIssuer::CLIENT_ID, TestIssuer::CLIENT_SECRET);
    let file = format!(
        "auth: {{introspection: {{endpoint: '{endpoint}', client_id: '{id}', client_secret: \
         '{secret}', client_secret_post: true, user_id_claim: [uid, sub]}}}}"
    );
    let shown = bearer(&issuer.token().with_claim("uid", 42).mint_opaque());
    assert_eq!(
        caller(yaml(&file), &[("authorization", &shown)]).await,
        "42"
    );
    let asked = issuer.last_request(IssuerEndpoint::Introspection).unwrap();
    assert!(!asked.headers().contains_key("authorization"));
}

#[test]
fn a_token_of_ones_own_is_not_sent_as_a_client_secret() {
    let told = faults(yaml(
        "auth: {introspection: {endpoint: 'https://issuer.example', bearer_token: t0ken, \
         client_secret_post: true}}",
    ));
    assert_eq!(
        told.faults()[0].path(),
        "auth.introspection.client_secret_post"
    );
}

#[test]
fn what_is_weak_about_claims_is_said() {
    let weak = |members: &str| {
        let file =
            format!("auth: {{oauth2: {{issuer: 'https://i.example', audience: a, {members}}}}}");
        yaml(&file).build().unwrap().summary().warnings().to_vec()
    };
    for (members, words) in [
        ("insecure_unverified_email: true", "nobody verified"),
        ("insecure_ignore_confirmation: true", "bound to a key"),
        ("audience_claim: client_id", "who got a token"),
        (
            "audience_claim: client_id, require_claims: [{claim: token_use, value: id}]",
            "who got a token",
        ),
    ] {
        let said = weak(members);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].starts_with("auth.oauth2 ") && said[0].contains(words),
            "{said:?}"
        );
    }
    for members in [
        "audience_claim: client_id, require_claims: [{claim: token_use, value: access}]",
        "audience_claim: client_id, require_scopes: [agents/run]",
        "insecure_unverified_email: false",
    ] {
        assert!(weak(members).is_empty(), "{members}");
    }
}
