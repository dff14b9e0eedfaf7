//! The example MCP server as a program of its own, and the issuer of `tests/live/mcp_issuer.mjs`.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, ExitStatus, Stdio},
};

use serde_json::{Value, json};

use super::{
    agent::{between, example, wait},
    live::{self, Script, http},
    tls::TlsFront,
};

/// A running server; killed when dropped.
pub struct McpServer {
    child: Child,
    /// The endpoint as clients write it.
    pub url: String,
    pub welcome: String,
}

impl McpServer {
    /// Starts it on a free port and waits until it has said all that it says.
    pub fn start(options: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", options)
    }

    fn start_at(address: &str, options: &[&str]) -> Self {
        let mut child = example("mcp_server")
            .args(["--addr", address])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the example starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut welcome = String::new();
        while !welcome.contains("  npx ") {
            let read = stdout.read_line(&mut welcome).expect("it prints UTF-8");
            assert!(read > 0, "it ended after {welcome:?}");
        }
        Self {
            child,
            url: between(&welcome, "MCP server on ", ",").to_owned(),
            welcome,
        }
    }

    /// The address of another path of the server.
    pub fn at(&self, path: &str) -> String {
        let origin = self.url.strip_suffix("/mcp").expect("the endpoint");
        format!("{origin}{path}")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end.
    pub fn ended(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }

    pub fn token(&self) -> &str {
        between(&self.welcome, "token     ", "\n")
    }
}

impl Drop for McpServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running issuer with a user who agrees to everything; it ends when this is dropped.
pub struct McpIssuer {
    _script: Script,
    pub info: Value,
}

impl McpIssuer {
    /// Starts one, where Node.js and its packages are there.
    pub fn start() -> Option<Self> {
        let script = Script::start(live::node("mcp_issuer.mjs")?);
        let info = script.read();
        Some(Self {
            _script: script,
            info,
        })
    }

    pub fn url(&self) -> &str {
        self.info["issuer"].as_str().expect("an issuer")
    }

    /// Starts a server that takes its tokens, and lets it issue them.
    pub fn server(&self) -> McpServer {
        self.introduced(McpServer::start(&["--issuer", self.url()]))
    }

    /// Starts a server behind one of TLS.
    pub async fn server_behind_tls(&self) -> (McpServer, TlsFront) {
        // The server is told its public address before it listens, so its own port is chosen before too.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let front = TlsFront::start(address.port()).await;
        let public_url = front.url("/mcp");
        let options = ["--issuer", self.url(), "--public-url", &public_url];
        let server = McpServer::start_at(&address.to_string(), &options);
        (self.introduced(server), front)
    }

    fn introduced(&self, server: McpServer) -> McpServer {
        let control = format!("{}/control/resource?url={}", self.url(), server.url);
        assert_eq!(http("POST", &control, &[], "").status, 200);
        server
    }
}

/// What a client is to call.
pub fn calls() -> Value {
    json!([
        {"tool": "echo", "text": "hello"},
        {"tool": "deploy", "version": "7"},
        {"tool": "admin_reset"},
    ])
}
