//! The documentation pages, without a browser.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::common::agent::Agent;

const PAGES: [&str; 5] = [
    "/docs",
    "/docs/",
    "/docs/swagger-ui-bundle.js",
    "/redoc",
    "/openapi.json",
];

#[test]
fn the_pages_are_public_in_development() {
    let agent = Agent::start(&[]);
    assert_eq!(agent.get("/docs", &[]).status, 303);
    for page in &PAGES[1..] {
        assert_eq!(agent.get(page, &[]).status, 200, "{page}");
    }
}

#[test]
fn without_dev_docs_the_pages_need_a_credential() {
    let agent = Agent::start(&["--no-dev-docs"]);
    let key = agent.demo_key();
    for page in PAGES {
        let reply = agent.get(page, &[]);
        assert_eq!(reply.status, 401, "{page}");
        assert_eq!(reply.json()["code"], "missing_credential", "{page}");
        let reply = agent.get(page, &[("x-api-key", &key)]);
        assert_ne!(reply.status, 401, "{page}");
    }
}

#[test]
fn without_dev_docs_the_welcome_says_so() {
    let agent = Agent::start(&["--no-dev-docs"]);
    assert!(agent.welcome.contains("/docs  (asks for a credential)"));
}

#[test]
fn the_document_describes_every_route() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let paths: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
    let expected = [
        "/admin/stats",
        "/events",
        "/health",
        "/hooks/partner",
        "/hooks/public",
        "/run",
        "/run/stream",
        "/whoami",
    ];
    assert_eq!(paths, BTreeSet::from(expected));
}

#[test]
fn the_document_asks_for_a_key_or_a_token() {
    let document = document();
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["api_key"]["name"], "X-API-Key");
    assert_eq!(schemes["api_key"]["in"], "header");
    assert_eq!(schemes["bearer"]["scheme"], "bearer");
    let open = serde_json::json!([]);
    assert_eq!(document["paths"]["/health"]["get"]["security"], open);
    assert_eq!(document["paths"]["/hooks/public"]["post"]["security"], open);
    let either = serde_json::json!([{"api_key": []}, {"bearer": []}]);
    assert_eq!(document["paths"]["/run"]["post"]["security"], either);
}

#[test]
fn the_document_describes_each_refusal_where_it_can_come() {
    let document = document();
    let refusals = |method: &str, path: &str| {
        let answers = document["paths"][path][method]["responses"].as_object();
        let statuses = answers.unwrap().keys().map(String::as_str);
        statuses
            .filter(|status| *status != "200")
            .collect::<Vec<_>>()
            .join(" ")
    };
    for (method, path, expected) in [
        ("post", "/run", "401 403"),
        ("post", "/run/stream", "401 403"),
        ("get", "/events", "401"),
        ("get", "/admin/stats", "401 403"),
        ("get", "/whoami", "401"),
        ("post", "/hooks/partner", "401"),
        ("post", "/hooks/public", ""),
        ("get", "/health", ""),
    ] {
        assert_eq!(refusals(method, path), expected, "{path}");
    }
}

#[test]
fn the_document_shows_refusals_as_they_are() {
    let agent = Agent::start(&[]);
    let key = agent.admin_key();
    let document = agent.get("/openapi.json", &[]).json();
    let task = r#"{"input": "hello"}"#;
    for (status, reply) in [
        ("401", agent.post("/run", &[], task)),
        ("403", agent.post("/run", &[("x-api-key", &key)], task)),
    ] {
        let described = &document["paths"]["/run"]["post"]["responses"][status]["content"];
        let described = &described["application/problem+json"];
        assert_eq!(described["example"], reply.json(), "{status}");
        assert_eq!(described["schema"]["$ref"], "#/components/schemas/Problem");
    }
    assert!(document["components"]["schemas"]["Problem"]["properties"]["code"].is_object());
}

#[test]
fn the_page_of_redoc_holds_its_script_and_may_load_nothing_from_elsewhere() {
    let agent = Agent::start(&[]);
    let page = agent.get("/redoc", &[]);
    assert!(page.body.len() > 500_000, "{}", page.body.len());
    assert!(!page.body.contains("<script src"), "a script of others");
    let policy = "content-security-policy: default-src 'none';";
    assert!(page.head.contains(policy), "{}", page.head);
}

#[test]
fn the_first_field_of_the_docs_page_has_the_cursor() {
    let script = Agent::start(&[]).get("/docs/swagger-initializer.js", &[]);
    assert_eq!(script.status, 200);
    assert!(script.body.contains("SwaggerUIBundle("), "{}", script.body);
    assert!(script.body.contains(".focus()"), "{}", script.body);
}

#[test]
fn where_only_tokens_are_accepted_no_field_for_a_key_is_shown() {
    let agent = Agent::start(&["--jwt-secret", crate::agent_server::SECRET]);
    let document = agent.get("/openapi.json", &[]).json();
    let schemes = document["components"]["securitySchemes"].as_object();
    let schemes: Vec<&String> = schemes.unwrap().keys().collect();
    assert_eq!(schemes, ["bearer", "x_partner_key"]);
    let run = &document["paths"]["/run"]["post"]["security"];
    assert_eq!(*run, serde_json::json!([{"bearer": []}]));
}

#[test]
fn the_document_holds_no_key() {
    let agent = Agent::start(&[]);
    for page in ["/openapi.json", "/redoc", "/docs/"] {
        let body = agent.get(page, &[]).body;
        assert!(!body.contains(&agent.demo_key()), "{page}");
        assert!(!body.contains(&agent.admin_key()), "{page}");
        assert!(!body.contains(&agent.partner_key()), "{page}");
    }
}

fn document() -> Value {
    Agent::start(&[]).get("/openapi.json", &[]).json()
}
