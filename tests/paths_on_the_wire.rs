//! However a path is spelled on the wire, no protected handler runs without a credential.
#![cfg(test)]

mod common;

use common::{
    runs::KEY,
    wire::{Server, status, statuses},
    wirings::{self, Wiring},
};

#[tokio::test]
async fn no_spelling_reaches_a_handler_without_a_credential() {
    for wiring in wirings::all() {
        let server = Server::start(wiring.app.clone()).await;
        for target in hostile_targets(&wiring) {
            for method in ["GET", "HEAD", "POST"] {
                let answer = server.ask(method, &target).await;
                check(&wiring, method, &target, &answer);
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
                check(&wiring, method, &target, &answer);
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
                check(&wiring, method, &target, &answer);
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

#[tokio::test]
async fn no_header_opens_a_protected_path() {
    for wiring in wirings::all() {
        let server = Server::start(wiring.app.clone()).await;
        let target = format!("{}/run", wiring.prefix);
        for header in header_tricks(wiring.prefix) {
            for method in ["GET", "POST"] {
                let answer = server.ask_with(method, &target, &header).await;
                check(&wiring, method, &header, &answer);
            }
        }
    }
}

#[tokio::test]
async fn no_host_opens_a_protected_path() {
    for wiring in wirings::all() {
        let server = Server::start(wiring.app.clone()).await;
        let prefix = wiring.prefix;
        for host in [
            "Host: 127.0.0.1/health?\r\n",
            "Host: 127.0.0.1/health#\r\n",
            "Host: health\r\n",
            "Host: /health\r\n",
            "Host:\r\n",
            "",
            "Host: 127.0.0.1\r\nHost: 127.0.0.1/health?\r\n",
            "Host: 127.0.0.1/health?\r\nHost: evil\r\n",
        ] {
            for target in [
                format!("{prefix}/run"),
                format!("http://127.0.0.1{prefix}/run"),
                format!("http://health{prefix}/run?{prefix}/health"),
                format!("http://user:pass@evil{prefix}/run"),
            ] {
                let request = format!("GET {target} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
                let answer = server.send(request.as_bytes()).await;
                check(&wiring, host, &target, &answer);
            }
        }
    }
}

#[tokio::test]
async fn a_pipelined_request_is_asked_by_itself() {
    for wiring in wirings::all() {
        let server = Server::start(wiring.app.clone()).await;
        let prefix = wiring.prefix;
        let pipelined = format!(
            "GET {prefix}/health HTTP/1.1\r\nHost: a\r\n\r\n\
             POST {prefix}/run HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{{}}\
             GET {prefix}/open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        );
        let answers = server.send(pipelined.as_bytes()).await;
        assert_eq!(statuses(&answers), [200, 401, 200], "{}", wiring.name);
        let ran = wiring.runs.take();
        assert_eq!(ran, ["GET health", "GET open"], "{}", wiring.name);
    }
}

#[tokio::test]
async fn a_credential_does_not_cling_to_its_connection() {
    for wiring in wirings::all() {
        let server = Server::start(wiring.app.clone()).await;
        let prefix = wiring.prefix;
        let pipelined = format!(
            "GET {prefix}/run HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY}\r\n\r\n\
             GET {prefix}/run HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        );
        let answers = server.send(pipelined.as_bytes()).await;
        assert_eq!(statuses(&answers), [200, 401], "{}", wiring.name);
        assert_eq!(wiring.runs.take().len(), 1, "{}", wiring.name);
    }
}

/// A body that looks like a request, in every framing that could make it one.
#[tokio::test]
async fn no_body_smuggles_a_request_past_the_layer() {
    for wiring in wirings::all() {
        let server = Server::start(wiring.app.clone()).await;
        let prefix = wiring.prefix;
        let hidden = format!("GET {prefix}/run HTTP/1.1\r\nHost: a\r\n\r\n");
        let chunk = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
        let length = hidden.len();
        for (framing, body) in [
            ("Transfer-Encoding: chunked".to_owned(), chunk.clone()),
            (format!("Content-Length: {length}"), hidden.clone()),
            (
                format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"),
                chunk.clone(),
            ),
            (
                "Transfer-Encoding: chunked\r\nContent-Length: 0".to_owned(),
                chunk.clone(),
            ),
            (
                "Transfer-Encoding: identity, chunked".to_owned(),
                chunk.clone(),
            ),
            (
                "Transfer-Encoding: chunked, identity".to_owned(),
                chunk.clone(),
            ),
            (
                "Transfer-Encoding: xchunked\r\nContent-Length: 4".to_owned(),
                chunk.clone(),
            ),
            (
                "Content-Length: 0\r\nContent-Length: 9".to_owned(),
                hidden.clone(),
            ),
            (
                "Expect: 100-continue\r\nTransfer-Encoding: chunked".to_owned(),
                chunk.clone(),
            ),
            (
                "Upgrade: h2c\r\nConnection: Upgrade".to_owned(),
                hidden.clone(),
            ),
        ] {
            let request = format!(
                "POST {prefix}/open HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{body}\
                 GET {prefix}/run HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            );
            server.send(request.as_bytes()).await;
            let ran = wiring.runs.take();
            let harmless = ran.iter().all(|run| run == "POST open");
            assert!(harmless, "{}: {framing}: {ran:?}", wiring.name);
        }
    }
}

#[tokio::test]
async fn an_older_protocol_version_is_asked_as_well() {
    for wiring in wirings::all() {
        let server = Server::start(wiring.app.clone()).await;
        let prefix = wiring.prefix;
        let answer = server
            .send(format!("GET {prefix}/run HTTP/1.0\r\n\r\n").as_bytes())
            .await;
        check(&wiring, "HTTP/1.0", "/run", &answer);
        let answer = server
            .send(format!("GET {prefix}/health HTTP/1.0\r\n\r\n").as_bytes())
            .await;
        assert_eq!(status(&answer), 200, "{}", wiring.name);
    }
}

/// Nothing ran but what axum's own rule leaves uncovered, and the answer is no server error.
fn check(wiring: &Wiring, what: &str, target: &str, answer: &str) {
    let case = format!("{}: {what} {target}", wiring.name);
    let ran = wiring.runs.take();
    let uncovered = |run: &String| !wiring.covers_fallback && run.ends_with(" fallback");
    assert!(ran.iter().all(uncovered), "{case}: {ran:?} ran: {answer:?}");
    let status = status(answer);
    let expected: &[u16] = if wiring.covers_fallback && wiring.prefix.is_empty() {
        &[400, 401]
    } else {
        &[200, 400, 401, 404, 405]
    };
    assert!(expected.contains(&status), "{case}: {status}");
    assert!(
        status != 200 || !ran.is_empty(),
        "{case}: answered by nobody"
    );
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

fn header_tricks(prefix: &str) -> Vec<String> {
    let path = format!("{prefix}/health");
    let mut headers: Vec<String> = [
        "X-Original-URL",
        "X-Original-URI",
        "X-Rewrite-URL",
        "X-Forwarded-Path",
        "X-Forwarded-Uri",
        "X-Forwarded-Prefix",
        "X-Forwarded-Host",
        "X-Matched-Path",
        "X-Envoy-Original-Path",
        "Referer",
        "Origin",
        "Location",
    ]
    .iter()
    .map(|name| format!("{name}: {path}\r\n"))
    .collect();
    for fixed in [
        "X-HTTP-Method-Override: GET\r\n",
        "X-HTTP-Method: HEAD\r\n",
        "X-Method-Override: OPTIONS\r\n",
        "X-Forwarded-For: 127.0.0.1\r\n",
        "X-Real-IP: 127.0.0.1\r\n",
        "X-Forwarded-Proto: https\r\n",
        "Forwarded: for=127.0.0.1;host=localhost\r\n",
        "Origin: http://127.0.0.1\r\nAccess-Control-Request-Method: GET\r\n",
        "Sec-Fetch-Site: same-origin\r\n",
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        "Content-Type: application/grpc\r\n",
        "Via: 1.1 127.0.0.1\r\n",
        "X-User-Id: 1\r\nX-Authenticated-User: root\r\n",
        "Authorization:\r\n",
        "X-API-Key:\r\n",
        "Cookie: session=1\r\n",
    ] {
        headers.push(fixed.to_owned());
    }
    headers
}

const METHODS: [&str; 17] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY",
    "get", "Get", "head", "GETX", "M-SEARCH", "BREW", "CONNECT",
];

const PUBLIC: [(&str, &str, &str); 12] = [
    ("GET", "/health", "health"),
    ("HEAD", "/health", "health"),
    ("GET", "/health?", "health"),
    ("GET", "/health?/run", "health"),
    ("GET", "/health#/run", "health"),
    ("POST", "/open", "open"),
    ("TRACE", "/open", "open"),
    ("POST", "/hooks/github", "hook"),
    ("POST", "/hooks/..%2frun", "hook"),
    ("GET", "/assets/app.js", "asset"),
    ("GET", "/assets/a/b/c", "asset"),
    ("GET", "/assets/../run", "asset"),
];

/// None of these is a public path, and to none of them a rule of a public one may apply.
const SPELLINGS: [&str; 70] = [
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
