//! Who may do what, once the server knows who is calling.

use serde_json::{Value, json};

use crate::agent_server::{SECRET, signed};
use crate::common::{agent::Agent, live::Reply};

const TASK: &str = r#"{"input": "hello"}"#;

#[test]
fn the_admin_key_reads_the_stats_and_may_not_run_the_agent() {
    let agent = Agent::start(&[]);
    let key = agent.admin_key();
    let stats = agent.get("/admin/stats", &[("x-api-key", &key)]);
    assert_eq!((stats.status, &stats.json()["runs"]), (200, &json!(0)));
    for path in ["/run", "/run/stream"] {
        lacks_scope(&agent.post(path, &[("x-api-key", &key)], TASK));
    }
}

#[test]
fn the_demo_key_runs_the_agent_and_may_not_read_the_stats() {
    let agent = Agent::start(&[]);
    let key = agent.demo_key();
    for path in ["/run", "/run/stream"] {
        let reply = agent.post(path, &[("x-api-key", &key)], TASK);
        assert_eq!(reply.status, 200, "{path}");
    }
    lacks_role(&agent.get("/admin/stats", &[("x-api-key", &key)]));
    let stats = agent.get("/admin/stats", &[("x-api-key", &agent.admin_key())]);
    assert_eq!(stats.json()["runs"], 2, "a refused run is none");
}

#[test]
fn a_given_key_has_every_scope_and_no_role() {
    let agent = Agent::start(&["--key", "sk-live-9f03"]);
    let key = [("x-api-key", "sk-live-9f03")];
    assert_eq!(agent.post("/run", &key, TASK).status, 200);
    lacks_role(&agent.get("/admin/stats", &key));
}

#[test]
fn only_the_whole_scope_lets_a_token_run_the_agent() {
    let agent = Agent::start(&["--jwt-secret", SECRET]);
    for scope in [json!("agents:invoke"), json!("openid agents:invoke email")] {
        let reply = run(&agent, &json!({"scope": scope}));
        assert_eq!(reply.status, 200, "{scope}");
    }
    for claims in [
        json!({}),
        json!({"scope": ""}),
        json!({"scope": "*"}),
        json!({"scope": "agents:*"}),
        json!({"scope": "agents"}),
        json!({"scope": "agents:invoke2"}),
        json!({"scope": "AGENTS:INVOKE"}),
        json!({"scope": "agents:read", "scopes": ["agents:invoke"]}),
        json!({"roles": ["admin"]}),
    ] {
        lacks_scope(&run(&agent, &claims));
    }
}

#[test]
fn a_role_in_any_of_the_claims_lets_a_token_read_the_stats() {
    let agent = Agent::start(&["--jwt-secret", SECRET]);
    for claims in [
        json!({"roles": ["editor", "admin"]}),
        json!({"roles": "admin"}),
        json!({"role": "admin"}),
        json!({"roles": "admin editor"}),
        json!({"roles": {"admin": {"org": "acme"}}}),
        json!({"realm_access": {"roles": ["offline_access", "admin"]}}),
        json!({"roles": ["editor"], "realm_access": {"roles": ["admin"]}}),
    ] {
        assert_eq!(stats(&agent, &claims).status, 200, "{claims}");
    }
}

#[test]
fn nothing_but_the_role_lets_a_token_read_the_stats() {
    let agent = Agent::start(&["--jwt-secret", SECRET]);
    for claims in [
        json!({}),
        json!({"scope": "*"}),
        json!({"scope": "admin stats:read"}),
        json!({"roles": ["administrator"]}),
        json!({"roles": "administrator editor"}),
        json!({"roles": ["admin", 1]}),
        json!({"roles": {"admin": false}}),
        json!({"roles": "*"}),
        json!({"realm_access": ["admin"]}),
        json!({"realm_access": {"roles": {"0": "admin"}}}),
        json!({"resource_access": {"agent-server": {"roles": ["admin"]}}}),
    ] {
        lacks_role(&stats(&agent, &claims));
    }
}

#[test]
fn whoami_wants_nothing_but_a_caller() {
    let agent = Agent::start(&["--jwt-secret", SECRET]);
    let token = token(&json!({}));
    let reply = agent.get("/whoami", &[("authorization", &token)]);
    assert_eq!((reply.status, &reply.json()["scopes"]), (200, &json!([])));
}

#[test]
fn a_web_page_can_read_what_scope_is_missing() {
    let agent = Agent::start(&[]);
    let headers = [
        ("origin", "http://pages.example"),
        ("x-api-key", &*agent.admin_key()),
    ];
    let reply = agent.post("/run", &headers, TASK);
    lacks_scope(&reply);
    assert!(reply.head.contains("access-control-allow-origin: *"));
    assert!(reply.head.contains("access-control-expose-headers"));
}

fn run(agent: &Agent, claims: &Value) -> Reply {
    agent.post("/run", &[("authorization", &token(claims))], TASK)
}

fn stats(agent: &Agent, claims: &Value) -> Reply {
    agent.get("/admin/stats", &[("authorization", &token(claims))])
}

/// A token that is right, and says these things besides.
fn token(further: &Value) -> String {
    let exp = jsonwebtoken::get_current_timestamp() + 3600;
    let mut claims = json!({"sub": "ada", "aud": "agent-server", "exp": exp});
    let members = further.as_object().unwrap().clone();
    claims.as_object_mut().unwrap().extend(members);
    signed(&claims)
}

#[track_caller]
fn lacks_scope(reply: &Reply) {
    assert_eq!(reply.status, 403, "{}", reply.body);
    assert_eq!(reply.json()["code"], "insufficient_scope");
    let named = r#"error="insufficient_scope""#;
    assert!(reply.head.contains(named), "{}", reply.head);
    let scope = r#"scope="agents:invoke""#;
    assert!(reply.head.contains(scope), "{}", reply.head);
}

#[track_caller]
fn lacks_role(reply: &Reply) {
    assert_eq!(reply.status, 403, "{}", reply.body);
    assert_eq!(reply.json()["code"], "forbidden");
    assert!(!reply.body.contains("admin"), "{}", reply.body);
}
