//! However a path is spelled on the wire, no protected handler runs without a credential.

use crate::common;

use common::{
    runs::KEY,
    wire::{Server, status},
    wirings::{self, Wiring},
};

#[tokio::test]
async fn no_spelling_reaches_a_handler_without_a_credential() {
    for wiring in wirings::all() {
        let server = Server::start(wiring.app.clone()).await;
        for target in hostile_targets(&wiring) {
            let answer = server.ask("GET", &target).await;
            wiring.refuses("GET", &target, &answer);
        }
    }
}

#[tokio::test]
async fn no_spelling_and_method_together_reach_a_handler_without_a_credential() {
    for wiring in wirings::all() {
        let server = Server::start(wiring.app.clone()).await;
        for path in SPELLINGS.iter().filter(|path| **path != "/hooks/partner") {
            let target = format!("{}{path}", wiring.prefix);
            for method in ["HEAD", "POST"] {
                let answer = server.ask(method, &target).await;
                wiring.refuses(method, &target, &answer);
            }
        }
    }
}

#[tokio::test]
async fn no_method_reaches_a_protected_handler_without_a_credential() {
    for wiring in wirings::all() {
        let server = Server::start(wiring.app.clone()).await;
        let mut protected = vec!["/run", "/admin/1", "/api/run", "/api/health"];
        if wiring.knows_routes {
            protected.push("/hooks/partner");
        }
        for path in protected {
            for method in METHODS {
                let target = format!("{}{path}", wiring.prefix);
                let answer = server.ask(method, &target).await;
                wiring.refuses(method, &target, &answer);
            }
        }
    }
}

#[tokio::test]
async fn only_get_and_head_of_health_are_public() {
    for wiring in wirings::all() {
        let server = Server::start(wiring.app.clone()).await;
        let target = format!("{}/health", wiring.prefix);
        for method in METHODS {
            let answer = server.ask(method, &target).await;
            if matches!(method, "GET" | "HEAD") {
                assert_eq!(status(&answer), 200, "{}: {method}", wiring.name);
                let ran = wiring.runs.take();
                assert_eq!(ran, [format!("{method} health")], "{}", wiring.name);
            } else {
                wiring.refuses(method, &target, &answer);
            }
        }
    }
}

#[tokio::test]
async fn every_public_path_stays_reachable() {
    for wiring in wirings::all() {
        let server = Server::start(wiring.app.clone()).await;
        for (method, path, handler) in PUBLIC {
            let target = format!("{}{path}", wiring.prefix);
            for target in [target.clone(), format!("http://evil{target}")] {
                let answer = server.ask(method, &target).await;
                assert_eq!(status(&answer), 200, "{}: {method} {target}", wiring.name);
                let ran = wiring.runs.take();
                assert_eq!(ran, [format!("{method} {handler}")], "{}", wiring.name);
            }
        }
    }
}

#[tokio::test]
async fn every_protected_path_is_reached_with_a_credential() {
    for wiring in wirings::all() {
        let server = Server::start(wiring.app.clone()).await;
        for (path, handler) in [("/run", "run"), ("/api/health", "nested health")] {
            let target = format!("{}{path}", wiring.prefix);
            let shown = format!("X-API-Key: {KEY}\r\n");
            let answer = server.ask_with("POST", &target, &shown).await;
            assert_eq!(status(&answer), 200, "{}: {target}", wiring.name);
            let ran = wiring.runs.take().concat();
            let expected = format!("POST {handler} as apikey_");
            assert!(ran.starts_with(&expected), "{}: {ran}", wiring.name);
        }
    }
}

fn hostile_targets(wiring: &Wiring) -> Vec<String> {
    let prefix = wiring.prefix;
    let mut targets: Vec<String> = Vec::new();
    for path in SPELLINGS {
        targets.push(format!("{prefix}{path}"));
        targets.push(format!("{prefix}{path}?{prefix}/health"));
        targets.push(format!("http://evil{prefix}{path}"));
        if !prefix.is_empty() {
            targets.push(format!("/{prefix}{path}"));
            targets.push(format!("/x/..{prefix}{path}"));
            targets.push(format!("{}{path}", prefix.to_uppercase()));
            targets.push(format!("{}{path}", prefix.replace("acme", "")));
        }
    }
    targets.extend(NOT_PATHS.map(str::to_owned));
    if !wiring.knows_routes {
        targets.retain(|target| !target.contains("/hooks/partner"));
    }
    targets
}

const METHODS: [&str; 17] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY",
    "get", "Get", "head", "GETX", "M-SEARCH", "BREW", "CONNECT",
];

const PUBLIC: [(&str, &str, &str); 13] = [
    ("GET", "/health", "health"),
    ("HEAD", "/health", "health"),
    ("GET", "/health?", "health"),
    ("GET", "/health?/run", "health"),
    ("GET", "/health#/run", "health"),
    ("POST", "/open", "open"),
    ("TRACE", "/open", "open"),
    ("POST", "/hooks/github", "hook"),
    ("POST", "/hooks/a%20b;c", "hook"),
    ("GET", "/assets/.well-known/%61..", "asset"),
    ("GET", "/assets/app.js", "asset"),
    ("GET", "/assets/a/b/c", "asset"),
    ("GET", "/assets//a/", "asset"),
];

/// None of these is a public path, and to none of them a rule of a public one may apply.
const SPELLINGS: [&str; 82] = [
    "//health",
    "///health",
    "/health/",
    "/health//",
    "//health/",
    "/HEALTH",
    "/Health",
    "/healtH",
    "/%68ealth",
    "/%48ealth",
    "/healt%68",
    "/h%65alth",
    "/%2568ealth",
    "/health%2f..%2frun",
    "/health%2F",
    "/health%2frun",
    "/%2fhealth",
    "/%2e/health",
    "/x/../health",
    "/./health",
    "/../health",
    "/health/.",
    "/health/..",
    "/health/../run",
    "/health/./",
    "/run/../health",
    "/run/health",
    "/run?/health",
    "/run?x=/health",
    "/run;/health",
    "/run;/../health",
    "/run%3f/health",
    "/run%23/health",
    "/run#/health",
    "/health;/run",
    "/health;",
    "/health;a=b",
    "/health%00",
    "/health%20",
    "/health%09",
    "/health%0d%0a",
    "/health%3f",
    "/health%23",
    "/health.",
    "/healthz",
    "/healt",
    "/health.json",
    "/health/run",
    "/health&/run",
    "/health=/run",
    "/health,/run",
    "/health\\..\\run",
    "\\health",
    "/\\health",
    "/open/",
    "//open",
    "/OPEN",
    "/%6fpen",
    "/open/..",
    "/open/../run",
    "/hooks",
    "/hooks/",
    "/hooks//run",
    "/hooks/a/b",
    "/hooks/a/",
    "/hooks/partner",
    "/assets",
    "/assets/",
    "//assets/x",
    "/ASSETS/x",
    "/hooks/..",
    "/hooks/..%2frun",
    "/hooks/%2e%2E",
    "/hooks/..;x",
    "/hooks/a\\b",
    "/hooks/a%00",
    "/assets/../run",
    "/assets/x/../../run",
    "/assets/%252e%252e/run",
    "/assets/..%3b/run",
    "/assets/..%5crun",
    "/assets/.%09./run",
];

/// Targets that are no origin-form path at all.
const NOT_PATHS: [&str; 14] = [
    "*",
    "health",
    "health:80",
    "run:80",
    "127.0.0.1",
    "http://evil",
    "http://evil?/health",
    "http://health",
    "http:///health",
    "//evil/health",
    "https://",
    "/",
    "/?/health",
    "?/health",
];
