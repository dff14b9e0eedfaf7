//! What the server prints when it is ready.

use std::fmt;

use serde_json::json;

use crate::server::{ADMIN, DEPLOY};

pub(crate) struct Welcome<'a> {
    /// The endpoint as clients write it.
    pub(crate) url: &'a str,
    /// Where this machine reaches it.
    pub(crate) local_url: &'a str,
    pub(crate) metadata_url: &'a str,
    pub(crate) issuer: &'a str,
    /// Of an issuer for this run; only others can make one of any other issuer.
    pub(crate) token: Option<&'a str>,
}

impl fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, local_url, .. } = self;
        let header = match self.token {
            Some(token) => format!("'authorization: Bearer {token}'"),
            None => "\"authorization: Bearer $TOKEN\"".into(),
        };
        writeln!(f, "MCP server on {url}, Ctrl-C stops it\n")?;
        writeln!(f, "  metadata  {}", self.metadata_url)?;
        match self.token {
            Some(token) => {
                writeln!(f, "  issuer    {}  (for this run)", self.issuer)?;
                writeln!(f, "  token     {token}")?;
                writeln!(f, "            (an hour, with the scope {DEPLOY})")?;
            }
            None => writeln!(f, "  issuer    {}", self.issuer)?,
        }
        let call = |tool, arguments| {
            let headers = [
                "content-type: application/json",
                "accept: application/json, text/event-stream",
                "mcp-protocol-version: 2026-07-28",
                "mcp-method: tools/call",
            ];
            let headers = headers.map(|header| format!("-H '{header}'")).join(" ");
            let body = body(tool, arguments);
            format!("curl -i {local_url} -H {header} {headers} -H 'mcp-name: {tool}' -d '{body}'")
        };
        let why = match self.token {
            Some(_) => "the token lacks",
            None => "unless the token has",
        };
        writeln!(
            f,
            "\naccepted:\n  {}",
            call("echo", json!({"text": "hello"}))
        )?;
        writeln!(
            f,
            "\nrefused with 403, {why} the role {ADMIN}:\n  {}",
            call("admin_reset", json!({}))
        )?;
        writeln!(
            f,
            "\nrefused with 401, and told where tokens come from:\n  curl -i {local_url}"
        )?;
        writeln!(
            f,
            "\nthe MCP inspector (Node.js):\n  npx @modelcontextprotocol/inspector --cli {local_url} \
             --transport http --method tools/list --header {}",
            header.replacen("authorization", "Authorization", 1)
        )
    }
}

/// A call by itself: since the version 2026-07-28 no session comes before it.
fn body(tool: &str, arguments: serde_json::Value) -> serde_json::Value {
    json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {
            "name": tool,
            "arguments": arguments,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    })
}
