//! What must hold for any message to an MCP server at all.

use std::{
    convert::Infallible,
    fmt,
    future::{Ready, ready},
    pin::pin,
    sync::{Arc, LazyLock, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use tower_auth::{
    AuthContext,
    mcp::{McpLayer, ProtectedResource, RestoredBody},
};
use tower_layer::Layer;
use tower_service::Service;

/// The tool that a caller of these checks may not use, whoever reads the message.
pub const PROTECTED_TOOL: &str = "deploy";
/// The prompt that the caller may not get.
pub const PROTECTED_PROMPT: &str = "review";
/// The beginning of the resources that the caller may not read.
pub const PROTECTED_RESOURCES: &str = "docs://";

/// The headers of a message, each of which may be missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    pub content_type: &'a [u8],
    pub version: &'a [u8],
    pub method: &'a [u8],
    pub name: &'a [u8],
}

/// Nothing that is let in is read as more than the caller may by the most lenient reader; and it is handed on
/// byte for byte. The first line holds the headers, with `|` between them.
pub fn mcp_bodies(data: &[u8]) {
    let (headers, body) = split(data);
    judge(headers, body);
}

/// The headers and the body in an input.
pub fn split(data: &[u8]) -> (Headers<'_>, &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (line, body) = match end {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (&data[..0], data),
    };
    let mut values = line.split(|byte| *byte == b'|');
    let mut next = || values.next().unwrap_or_default();
    let headers = Headers {
        content_type: next(),
        version: next(),
        method: next(),
        name: next(),
    };
    (headers, body)
}

/// Judges a message of a caller without scopes; answers whether it was let in.
pub fn judge(headers: Headers<'_>, body: &[u8]) -> bool {
    let passed = let_in(headers, body);
    if let Some(restored) = &passed {
        assert_eq!(restored, body, "the body is handed on as it came");
        if let Some(read) = readings(body).into_iter().find(is_protected) {
            panic!("{} is read as {read:?}", String::from_utf8_lossy(body));
        }
    }
    passed.is_some()
}

/// The body that the server gets, if it gets one.
fn let_in(headers: Headers<'_>, body: &[u8]) -> Option<Bytes> {
    static LAYER: LazyLock<McpLayer> = LazyLock::new(|| {
        let resource = ProtectedResource::new("https://api.example.com/mcp");
        McpLayer::new(&resource.expect("an address"))
            .open_tool("echo")
            .tool(PROTECTED_TOOL, "deploy")
            .prompt(PROTECTED_PROMPT, "review")
            .resource_prefix(PROTECTED_RESOURCES, "docs")
            // What nobody thought of must not be a way to what is protected.
            .allow_unknown_tools()
            .allow_unknown_prompts()
            .allow_unknown_resources()
    });
    let mut request = Request::post("/mcp").body(Full::new(Bytes::copy_from_slice(body)));
    let request = request.as_mut().expect("a request");
    for (name, value) in [
        ("content-type", headers.content_type),
        ("mcp-protocol-version", headers.version),
        ("mcp-method", headers.method),
        ("mcp-name", headers.name),
    ] {
        if !value.is_empty()
            && let Ok(value) = HeaderValue::from_bytes(value)
        {
            request.headers_mut().insert(name, value);
        }
    }
    request.extensions_mut().insert(AuthContext::new("ada"));
    let server = Server::default();
    let mut service = LAYER.layer(server.clone());
    let answer = pin!(service.call(std::mem::take(request)));
    let Poll::Ready(Ok(_)) = answer.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("the body is there, so the answer is");
    };
    let mut got = server.0.lock().expect("nobody panics with it");
    got.take()
}

/// Keeps the body that it gets.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<Option<Bytes>>>);

impl Service<Request<RestoredBody>> for Server {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RestoredBody>) -> Self::Future {
        *self.0.lock().expect("nobody panics with it") = Some(request.into_body().into());
        ready(Ok(Response::default()))
    }
}

/// What a reader makes of a message: its method, and a name in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub method: String,
    pub name: String,
}

fn is_protected(read: &Reading) -> bool {
    match &*read.method {
        "tools/call" => read.name == PROTECTED_TOOL,
        "prompts/get" => read.name == PROTECTED_PROMPT,
        "resources/read" | "resources/subscribe" => read.name.starts_with(PROTECTED_RESOURCES),
        _ => false,
    }
}

/// Everything that some reader could make of a body: one that takes any of several members with one name, in any
/// case, of any message in it; in any encoding.
fn readings(body: &[u8]) -> Vec<Reading> {
    let mut all = Vec::new();
    for text in texts(body) {
        let mut rest = serde_json::Deserializer::from_str(&text);
        if let Ok(value) = Loose::deserialize(&mut rest) {
            read(&value, &mut all);
        }
    }
    all
}

fn texts(body: &[u8]) -> Vec<String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let units = |join: fn([u8; 2]) -> u16| -> Vec<u16> {
        let (pairs, _) = body.as_chunks();
        pairs.iter().map(|pair| join(*pair)).collect()
    };
    [units(u16::from_le_bytes), units(u16::from_be_bytes)]
        .iter()
        .map(|units| {
            String::from_utf16_lossy(units)
                .trim_start_matches('\u{feff}')
                .to_owned()
        })
        .chain([String::from_utf8_lossy(body).into_owned()])
        .collect()
}

fn read(value: &Loose, all: &mut Vec<Reading>) {
    match value {
        Loose::Array(items) => items.iter().for_each(|item| read(item, all)),
        Loose::Object(_) => {
            for method in value.members("method") {
                let Loose::Text(method) = method else {
                    continue;
                };
                let member = match method.starts_with("resources/") {
                    true => "uri",
                    false => "name",
                };
                for params in value.members("params") {
                    for name in params.members(member) {
                        if let Loose::Text(name) = name {
                            let (method, name) = (method.clone(), name.clone());
                            all.push(Reading { method, name });
                        }
                    }
                }
            }
        }
        Loose::Text(_) | Loose::Other => {}
    }
}

/// A value with all its members, doubled ones too.
#[derive(Debug)]
enum Loose {
    Text(String),
    Array(Vec<Loose>),
    Object(Vec<(String, Loose)>),
    Other,
}

impl Loose {
    fn members<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Loose> {
        let members = match self {
            Self::Object(members) => members.as_slice(),
            _ => &[],
        };
        let is_named = move |shown: &str| shown.to_lowercase().replace('\u{17f}', "s") == name;
        members
            .iter()
            .filter(move |(shown, _)| is_named(shown))
            .map(|(_, value)| value)
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Loose, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Loose::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Loose, A::Error> {
        let mut all = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            match &*name {
                // What stands deeper is no message.
                "arguments" => drop(members.next_value::<IgnoredAny>()?),
                _ => all.push((name, members.next_value()?)),
            }
        }
        Ok(Loose::Object(all))
    }
}
