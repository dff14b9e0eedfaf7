//! Access tokens of an issuer.

use serde_json::json;
use tower_auth::testing::{Fault, IssuerEndpoint, TestIssuer, TestToken};

use crate::agent_server::{SECRET, signed};
use crate::common::agent::Agent;

const TASK: &str = r#"{"input": "hello"}"#;

#[test]
fn a_token_of_the_issuer_runs_the_agent() {
    let issuer = TestIssuer::start();
    let agent = agent(&issuer, &[]);
    let token = mint(issuer.token().with_scope("agents:invoke"));
    let reply = agent.post("/run", &[("authorization", &token)], TASK);
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.json()["user_id"], "test-user");
    let context = agent.get("/whoami", &[("authorization", &token)]).json();
    assert_eq!(context["method"], "oauth2");
    assert_eq!(context["issuer"], issuer.url());
}

#[test]
fn a_realm_role_of_the_issuer_reads_the_stats() {
    let issuer = TestIssuer::start();
    let agent = agent(&issuer, &[]);
    let roles = json!({"roles": ["admin"]});
    let token = mint(issuer.token().with_claim("realm_access", roles));
    let reply = agent.get("/admin/stats", &[("authorization", &token)]);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let reply = agent.post("/run", &[("authorization", &token)], TASK);
    assert_eq!(reply.status, 403, "a role is no scope");
}

#[test]
fn a_token_of_the_issuer_for_another_service_is_refused() {
    let issuer = TestIssuer::start();
    let agent = agent(&issuer, &[]);
    let other = TestIssuer::start();
    for token in [
        issuer.token().with_audience("agent-server"),
        issuer.token().without_claim("aud"),
        issuer.token().without_claim("exp"),
        issuer.token().with_claim("iss", "https://issuer.example"),
        other.token(),
        other.token().with_claim("iss", issuer.url()),
    ] {
        let reply = agent.get("/whoami", &[("authorization", &mint(token))]);
        assert_eq!(reply.status, 401, "{}", reply.body);
        assert_eq!(reply.json()["code"], "invalid_credential");
    }
}

#[test]
fn keys_secrets_and_an_issuer_stand_side_by_side() {
    let issuer = TestIssuer::start();
    let agent = agent(&issuer, &["--key", "sk-live-9f03", "--jwt-secret", SECRET]);
    // The audience that is given is that of all tokens.
    let exp = jsonwebtoken::get_current_timestamp() + 3600;
    let signed = signed(&json!({"sub": "ada", "aud": TestIssuer::AUDIENCE, "exp": exp}));
    for (authorization, method) in [
        ("Bearer sk-live-9f03", "api_key"),
        (&*signed, "jwt"),
        (&*mint(issuer.token()), "oauth2"),
    ] {
        let reply = agent.get("/whoami", &[("authorization", authorization)]);
        assert_eq!(reply.json()["method"], method);
    }
}

#[test]
fn while_the_issuer_is_away_its_tokens_are_503_and_keys_are_served() {
    let issuer = TestIssuer::start();
    issuer.fail_everywhere(&Fault::Status(500));
    let agent = agent(&issuer, &["--key", "sk-live-9f03"]);
    let token = mint(issuer.token());
    let reply = agent.get("/whoami", &[("authorization", &token)]);
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert!(reply.head.contains("retry-after: "), "{}", reply.head);
    let reply = agent.get("/whoami", &[("x-api-key", "sk-live-9f03")]);
    assert_eq!(reply.status, 200);
}

#[test]
fn the_keys_are_fetched_before_the_first_token_comes() {
    let issuer = TestIssuer::start();
    let _agent = agent(&issuer, &[]);
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let fetched = issuer.until_requests(IssuerEndpoint::Jwks, 1);
    runtime.unwrap().block_on(fetched);
}

#[test]
fn the_welcome_tells_which_token_and_how_to_send_it() {
    let issuer = TestIssuer::start();
    let only = agent(&issuer, &[]);
    for said in [issuer.url(), TestIssuer::AUDIENCE, "agents:invoke"] {
        assert!(
            only.welcome.contains(&format!("{said:?}")),
            "{}",
            only.welcome
        );
    }
    let both = agent(&issuer, &["--key", "sk-live-9f03"]);
    for (agent, line) in [(only, 0), (both, 3)] {
        let line = agent.curl_lines()[line];
        assert!(line.contains("/run'"), "{line}");
        assert!(
            line.contains(r#"-H "authorization: Bearer $TOKEN""#),
            "{line}"
        );
    }
}

/// The server with that issuer and further options.
fn agent(issuer: &TestIssuer, further: &[&str]) -> Agent {
    let options = ["--issuer", issuer.url(), "--audience", TestIssuer::AUDIENCE];
    Agent::start(&[&options, further].concat())
}

fn mint(token: TestToken<'_>) -> String {
    format!("Bearer {}", token.mint())
}
