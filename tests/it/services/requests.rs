//! Nothing about a request but its path decides whether anybody is asked.

use crate::common;

use common::{
    runs::KEY,
    wire::{Server, status, statuses},
    wirings,
};

#[tokio::test]
async fn no_header_opens_a_protected_path() {
    for wiring in wirings::all() {
        let server = Server::start(wiring.app.clone()).await;
        let target = format!("{}/run", wiring.prefix);
        for header in header_tricks(wiring.prefix) {
            for method in ["GET", "POST"] {
                let answer = server.ask_with(method, &target, &header).await;
                wiring.refuses(method, &header, &answer);
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
                wiring.refuses(host, &target, &answer);
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
        wiring.refuses("HTTP/1.0", "/run", &answer);
        let answer = server
            .send(format!("GET {prefix}/health HTTP/1.0\r\n\r\n").as_bytes())
            .await;
        assert_eq!(status(&answer), 200, "{}", wiring.name);
    }
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
