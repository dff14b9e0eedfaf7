//! Clients, each with its own way of writing a path on the wire.

use std::{
    io::Write,
    process::{Command, Stdio},
    thread,
};

use axum::body::Bytes;
use http::{Request, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde_json::json;
use tokio::net::TcpStream;

use crate::traversal::{
    common::live::{self, Script},
    servers::{ADMIN, Server},
};

pub enum Client {
    /// Sends what it is given.
    Hyper,
    /// Parses a URL, as the WHATWG has it.
    Reqwest,
    /// As a handler does that takes its parameter decoded.
    ReqwestDecoded,
    /// A client of `forward.mjs`.
    Node(&'static str, Script),
    /// With or without a tidied path.
    Curl(&'static [&'static str]),
}

pub fn all() -> Vec<Client> {
    let node = |client| {
        let mut command = live::program("node")?;
        command.arg(live::file("forward.mjs"));
        Some(Client::Node(client, Script::start(command)))
    };
    let curl = |arguments| live::program("curl").map(|_| Client::Curl(arguments));
    [
        Some(Client::Hyper),
        Some(Client::Reqwest),
        Some(Client::ReqwestDecoded),
        node("http"),
        node("fetch"),
        node("decoded"),
        curl(&["--path-as-is"]),
        curl(&[]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Client {
    pub fn name(&self) -> String {
        match self {
            Self::Hyper => "hyper".to_owned(),
            Self::Reqwest => "reqwest".to_owned(),
            Self::ReqwestDecoded => "reqwest, decoded".to_owned(),
            Self::Node(client, _) => format!("Node.js, {client}"),
            Self::Curl(arguments) => format!("curl {}", arguments.concat()),
        }
    }

    /// Whether each of these paths leads to a server's `/admin`.
    pub async fn reach(&mut self, server: &Server, targets: &[String]) -> Vec<bool> {
        match self {
            Self::Hyper => with_hyper(server, targets).await,
            Self::Reqwest => with_reqwest(server, targets, str::to_owned).await,
            Self::ReqwestDecoded => {
                let decode = |target: &str| {
                    let decoded = percent_decode_str(target).decode_utf8_lossy();
                    decoded.into_owned()
                };
                with_reqwest(server, targets, decode).await
            }
            Self::Node(client, script) => {
                let base = server.base();
                let reply =
                    script.ask(&json!({"client": client, "base": base, "targets": targets}));
                serde_json::from_value(reply["reached"].clone()).unwrap()
            }
            Self::Curl(arguments) => with_curl(server, targets, arguments),
        }
    }
}

async fn with_hyper(server: &Server, targets: &[String]) -> Vec<bool> {
    let mut connection: Option<SendRequest<Empty<Bytes>>> = None;
    let mut reached = Vec::new();
    for target in targets {
        let mut sender = match connection.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => connect(server).await,
        };
        if sender.ready().await.is_err() {
            sender = connect(server).await;
        }
        let request = Request::get(target.parse::<Uri>().unwrap())
            .header(header::HOST, server.authority())
            .body(Empty::new())
            .unwrap();
        // Some servers close on what they cannot read.
        let Ok(answer) = sender.send_request(request).await else {
            reached.push(false);
            continue;
        };
        let body = answer.into_body().collect().await;
        reached.push(body.is_ok_and(|body| is_admin(&body.to_bytes())));
        connection = Some(sender);
    }
    reached
}

async fn connect(server: &Server) -> SendRequest<Empty<Bytes>> {
    let stream = TcpStream::connect(server.authority()).await.unwrap();
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = handshake.unwrap();
    tokio::spawn(connection);
    sender
}

async fn with_reqwest(
    server: &Server,
    targets: &[String],
    write: impl Fn(&str) -> String,
) -> Vec<bool> {
    let none = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder()
        .redirect(none)
        .no_proxy()
        .build()
        .unwrap();
    let mut reached = Vec::new();
    for target in targets {
        let body = async {
            let answer = client
                .get(server.base() + &write(target))
                .send()
                .await
                .ok()?;
            answer.bytes().await.ok()
        };
        reached.push(body.await.is_some_and(|body| is_admin(&body)));
    }
    reached
}

fn with_curl(server: &Server, targets: &[String], arguments: &[&str]) -> Vec<bool> {
    let mut curl = Command::new("curl")
        .args(["--silent", "--globoff", "--noproxy", "*", "--config", "-"])
        .args(["--write-out", "\n@@%{urlnum}@@\n"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let quoted = |target: &String| target.replace('\\', "\\\\").replace('"', "\\\"");
    let lines: String = targets
        .iter()
        .map(|target| format!("url = \"{}{}\"\n", server.base(), quoted(target)))
        .collect();
    let mut stdin = curl.stdin.take().unwrap();
    let writer = thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let output = curl.wait_with_output().unwrap().stdout;
    writer.join().unwrap();
    let output = String::from_utf8_lossy(&output);
    let mut reached = vec![false; targets.len()];
    let mut answered = 0;
    let mut rest = &*output;
    while let Some((body, after)) = rest.split_once("\n@@") {
        let (number, after) = after.split_once("@@\n").unwrap_or_default();
        if let Ok(number) = number.parse::<usize>() {
            reached[number] = is_admin(body.as_bytes());
            answered += 1;
        }
        rest = after;
    }
    assert!(answered > targets.len() / 2, "curl: {output}");
    reached
}

fn is_admin(body: &[u8]) -> bool {
    body.windows(ADMIN.len())
        .any(|part| part == ADMIN.as_bytes())
}
