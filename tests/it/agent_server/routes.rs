//! What each route answers, and to whom.

use serde_json::{Value, json};

use crate::agent_server::{SECRET, bearer, signed};
use crate::common::agent::Agent;

const TASK: &str = r#"{"input": "hello"}"#;

#[test]
fn health_is_public() {
    let agent = Agent::start(&["--no-dev-docs"]);
    let reply = agent.get("/health", &[]);
    assert_eq!((reply.status, &*reply.body), (200, "ok"));
}

#[test]
fn every_other_route_needs_a_credential() {
    let agent = Agent::start(&[]);
    let replies = [
        ("run", agent.post("/run", &[], TASK)),
        ("stream", agent.post("/run/stream", &[], TASK)),
        ("whoami", agent.get("/whoami", &[])),
        ("stats", agent.get("/admin/stats", &[])),
        ("partner", agent.post("/hooks/partner", &[], "{}")),
        ("unknown", agent.get("/nowhere", &[])),
        ("health by POST", agent.post("/health", &[], "{}")),
    ];
    for (route, reply) in replies {
        assert_eq!(reply.status, 401, "{route}");
        assert_eq!(reply.json()["code"], "missing_credential", "{route}");
        assert!(reply.head.contains("www-authenticate: Bearer"), "{route}");
    }
}

#[test]
fn run_answers_with_the_user_id() {
    let agent = Agent::start(&[]);
    let key = agent.demo_key();
    for header in [
        ("x-api-key", key.clone()),
        ("authorization", format!("Bearer {key}")),
    ] {
        let reply = agent.post("/run", &[(header.0, &header.1)], TASK);
        assert_eq!(reply.status, 200);
        let expected = json!({"output": "you said: hello", "user_id": "demo"});
        assert_eq!(reply.json(), expected);
    }
}

#[test]
fn whoami_shows_the_context() {
    let agent = Agent::start(&[]);
    let reply = agent.get("/whoami", &[("x-api-key", &agent.demo_key())]);
    assert_eq!(
        reply.json(),
        json!({
            "user_id": "demo", "method": "api_key", "issuer": null, "scopes": ["agents:invoke"],
            "expires_at": null, "metadata": {},
        })
    );
}

#[test]
fn whoami_shows_what_a_token_claims() {
    let agent = Agent::start(&["--jwt-secret", SECRET]);
    let exp = jsonwebtoken::get_current_timestamp() + 3600;
    let claims = json!({
        "sub": "ada", "aud": "agent-server", "exp": exp, "scope": "graph:invoke", "team": "blue",
    });
    let context = whoami(&agent, &signed(&claims));
    assert_eq!(context["user_id"], "ada");
    assert_eq!(context["method"], "jwt");
    assert_eq!(context["scopes"], json!(["graph:invoke"]));
    assert_eq!(context["expires_at"], exp);
    assert_eq!(context["metadata"]["team"], "blue");
}

#[test]
fn several_keys_are_several_users() {
    let agent = Agent::start(&["--key", "sk-live-9f03", "--key=sk-live-4c1d"]);
    let user = |key: &str| {
        let reply = agent.get("/whoami", &[("x-api-key", key)]);
        assert_eq!(reply.status, 200);
        reply.json()["user_id"].clone()
    };
    assert_ne!(user("sk-live-9f03"), user("sk-live-4c1d"));
    let reply = agent.get("/whoami", &[("x-api-key", "sk-live-0000")]);
    assert_eq!(reply.status, 401);
    assert_eq!(reply.json()["code"], "invalid_credential");
}

#[test]
fn keys_and_tokens_stand_side_by_side() {
    let agent = Agent::start(&["--key", "sk-live-9f03", "--jwt-secret", SECRET]);
    assert_eq!(whoami(&agent, &bearer(3600))["method"], "jwt");
    assert_eq!(whoami(&agent, "Bearer sk-live-9f03")["method"], "api_key");
}

#[test]
fn a_token_for_another_audience_is_refused() {
    let agent = Agent::start(&["--jwt-secret", SECRET]);
    let exp = jsonwebtoken::get_current_timestamp() + 3600;
    for claims in [
        json!({"sub": "ada", "aud": "billing", "exp": exp}),
        json!({"sub": "ada", "exp": exp}),
        json!({"sub": "ada", "aud": "agent-server"}),
        json!({"aud": "agent-server", "exp": exp}),
        json!({"sub": "ada", "aud": "agent-server", "exp": exp - 7200}),
    ] {
        let token = signed(&claims);
        let reply = agent.get("/whoami", &[("authorization", &token)]);
        assert_eq!(reply.status, 401, "{claims}");
        assert!(reply.head.contains("error=\"invalid_token\""), "{claims}");
    }
}

#[test]
fn the_public_hook_takes_anything_from_anybody() {
    let agent = Agent::start(&[]);
    for headers in [&[][..], &[("x-api-key", "wrong")]] {
        let reply = agent.post("/hooks/public", headers, "event");
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json(), json!({"bytes": 5, "from": null}));
    }
}

#[test]
fn the_partner_hook_takes_the_partners_key_only() {
    let agent = Agent::start(&[]);
    let (partner, demo) = (agent.partner_key(), agent.demo_key());
    let reply = agent.post("/hooks/partner", &[("x-partner-key", &partner)], "event");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json(), json!({"bytes": 5, "from": "partner"}));
    for header in [("x-api-key", &*demo), ("x-partner-key", &demo)] {
        let reply = agent.post("/hooks/partner", &[header], "event");
        assert_eq!(reply.status, 401, "{header:?}");
    }
}

#[test]
fn the_partners_key_opens_nothing_else() {
    let agent = Agent::start(&[]);
    let partner = agent.partner_key();
    for header in ["x-api-key", "x-partner-key"] {
        for path in ["/run", "/run/stream", "/admin/stats"] {
            let reply = agent.post(path, &[(header, &partner)], TASK);
            assert_eq!(reply.status, 401, "{path} {header}");
        }
    }
}

#[test]
fn a_body_beyond_the_limit_is_refused() {
    let agent = Agent::start(&[]);
    let reply = agent.post("/hooks/public", &[], &"x".repeat(64 * 1024 + 1));
    assert_eq!(reply.status, 413);
    let reply = agent.post("/hooks/public", &[], &"x".repeat(64 * 1024));
    assert_eq!(reply.status, 200);
}

#[test]
fn a_task_that_is_none_is_the_callers_fault() {
    let agent = Agent::start(&[]);
    let key = agent.demo_key();
    for body in ["", "{", "[]", "{}", r#"{"input": 1}"#] {
        let reply = agent.post("/run", &[("x-api-key", &key)], body);
        assert!((400..500).contains(&reply.status), "{body}");
        assert_ne!(reply.status, 401, "{body}");
    }
}

#[test]
fn a_preflight_is_answered_without_a_credential() {
    let agent = Agent::start(&[]);
    let headers = [
        ("origin", "http://pages.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "x-api-key,content-type"),
    ];
    let url = format!("{}/run", agent.url);
    let reply = crate::common::live::http("OPTIONS", &url, &headers, "");
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("access-control-allow-origin: *"));
    let allowed = reply.head.to_lowercase();
    assert!(allowed.contains("x-api-key"), "{allowed}");
}

#[test]
fn audience_of_the_command_line_replaces_the_default() {
    let agent = Agent::start(&["--jwt-secret", SECRET, "--audience", "my-agent"]);
    assert!(
        agent.welcome.contains(r#"aud "my-agent""#),
        "{}",
        agent.welcome
    );
    let exp = jsonwebtoken::get_current_timestamp() + 60;
    for (audience, status) in [("my-agent", 200), ("agent-server", 401)] {
        let token = signed(&json!({"sub": "ada", "aud": audience, "exp": exp}));
        let reply = agent.get("/whoami", &[("authorization", &token)]);
        assert_eq!(reply.status, status, "{audience}");
    }
}

#[test]
fn a_web_page_can_read_a_refusal() {
    let agent = Agent::start(&[]);
    let reply = agent.post("/run", &[("origin", "http://pages.example")], TASK);
    assert_eq!(reply.status, 401);
    assert!(reply.head.contains("access-control-allow-origin: *"));
    assert!(reply.head.contains("www-authenticate"), "{}", reply.head);
    assert!(!reply.head.contains("allow-credentials"), "{}", reply.head);
}

fn whoami(agent: &Agent, authorization: &str) -> Value {
    let reply = agent.get("/whoami", &[("authorization", authorization)]);
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}
