//! Requests, as what they show and as what stands on the wire.

use axum::{body::Body, extract::Request};
use http::{HeaderName, HeaderValue, Method};

use crate::common::{
    dice::Dice,
    paths_model::{Pattern, Segment},
    spelling::{CHANGES, SHOWN},
};

#[derive(Clone, Debug)]
pub struct Shown {
    pub method: Method,
    pub path: String,
    /// Names and values as they are spelled.
    pub query: Vec<(&'static str, String)>,
    pub headers: Vec<Header>,
}

#[derive(Clone, Debug)]
pub enum Header {
    Key(&'static str),
    Authorization {
        scheme: &'static str,
        gap: &'static str,
        value: &'static str,
    },
    Cookies(Vec<(&'static str, &'static str)>),
    Protocols(Vec<&'static str>),
    Origin(&'static str),
    Site(&'static str),
    Host(&'static str),
    Upgrade,
    /// What makes OPTIONS with an origin a preflight.
    AskedMethod,
}

impl Shown {
    pub fn to_request(&self) -> Request {
        let pairs: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let target = match pairs.is_empty() {
            true => self.path.clone(),
            false => format!("{}?{}", self.path, pairs.join("&")),
        };
        let mut request = Request::new(Body::empty());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = target.parse().unwrap();
        for header in &self.headers {
            let (name, value) = header.on_the_wire();
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            request
                .headers_mut()
                .append(HeaderName::from_static(name), value);
        }
        request
    }
}

impl Header {
    fn on_the_wire(&self) -> (&'static str, String) {
        match self {
            Self::Key(value) => ("x-api-key", (*value).to_owned()),
            Self::Authorization { scheme, gap, value } => {
                ("authorization", format!("{scheme}{gap}{value}"))
            }
            Self::Cookies(cookies) => {
                let cookies: Vec<String> = cookies
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                ("cookie", cookies.join("; "))
            }
            Self::Protocols(protocols) => ("sec-websocket-protocol", protocols.join(", ")),
            Self::Origin(origin) => ("origin", (*origin).to_owned()),
            Self::Site(site) => ("sec-fetch-site", (*site).to_owned()),
            Self::Host(host) => ("host", (*host).to_owned()),
            Self::Upgrade => ("upgrade", "websocket".to_owned()),
            Self::AskedMethod => ("access-control-request-method", "POST".to_owned()),
        }
    }
}

/// A request for one of these patterns or a path that looks like one.
pub fn request(dice: &mut Dice, patterns: &[Pattern]) -> Shown {
    let mut headers = Vec::new();
    let mut query = Vec::new();
    for _ in 0..dice.pick(&[0, 1, 1, 1, 2, 3]) {
        match dice.below(5) {
            0 => headers.push(Header::Key(dice.pick(VALUES))),
            1 => headers.push(Header::Authorization {
                scheme: dice.pick(&["Bearer", "Bearer", "bearer", "BEARER", "Basic", "Bearerx"]),
                gap: dice.pick(&[" ", " ", " ", "   ", "\t", ""]),
                value: dice.pick(VALUES),
            }),
            2 => {
                let names = ["session", "session", "Session", "a"];
                let count = dice.pick(&[1, 1, 1, 2, 3]);
                let cookie = |dice: &mut Dice| (dice.pick(&names), dice.pick(VALUES));
                headers.push(Header::Cookies((0..count).map(|_| cookie(dice)).collect()));
            }
            3 => {
                let words = ["chat", "bearer"];
                let mut protocols = Vec::new();
                for _ in 0..dice.pick(&[1, 1, 1, 2]) {
                    let word = if dice.percent(80) {
                        "bearer"
                    } else {
                        dice.pick(&words)
                    };
                    protocols.push(word);
                    let value = dice.pick(VALUES);
                    // An empty member of a list is none.
                    if !value.trim().is_empty() {
                        protocols.push(value);
                    }
                }
                headers.push(Header::Protocols(protocols));
            }
            _ => {
                let name = dice.pick(&["key", "key", "key", "k%65y", "Key", "keys"]);
                let value = dice.pick(VALUES);
                query.push((name, in_a_query(dice, value)));
            }
        }
    }
    for _ in 0..dice.pick(&[0, 0, 1, 1, 2]) {
        headers.push(match dice.below(8) {
            0..=2 => Header::Origin(dice.pick(ORIGINS)),
            3 | 4 => Header::Site(dice.pick(SITES)),
            5 => Header::Host(dice.pick(HOSTS)),
            6 => Header::Upgrade,
            _ => Header::AskedMethod,
        });
    }
    if dice.percent(60) {
        headers.push(Header::Host(HOSTS[0]));
    }
    Shown {
        method: dice.pick(&METHODS).parse().unwrap(),
        path: path(dice, patterns),
        query,
        headers,
    }
}

/// A value percent-encoded whole, or only where it must be.
fn in_a_query(dice: &mut Dice, value: &str) -> String {
    let whole = dice.percent(30);
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() && !whole {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    value.bytes().map(encode).collect()
}

fn path(dice: &mut Dice, patterns: &[Pattern]) -> String {
    loop {
        let pattern = &patterns[dice.below(patterns.len())];
        let mut segments: Vec<String> = Vec::new();
        for segment in pattern {
            match segment {
                Segment::Plain(text) => segments.push((*text).to_owned()),
                Segment::Param => segments.push(filling(dice)),
                Segment::Rest => {
                    for _ in 0..=dice.below(3) {
                        segments.push(filling(dice));
                    }
                }
            }
        }
        for _ in 0..dice.pick(&[0, 0, 0, 1, 1, 2, 3]) {
            let at = dice.below(segments.len());
            let shown = dice.pick(SHOWN);
            dice.pick(CHANGES).respell(&mut segments, at, shown);
        }
        let path = format!("/{}", segments.join("/"));
        // A query and a fragment are no part of the path; some of this stands on no wire.
        if let Ok(uri) = path.parse::<http::Uri>()
            && uri.query().is_none()
        {
            return uri.path().to_owned();
        }
    }
}

fn filling(dice: &mut Dice) -> String {
    let filling = if dice.percent(60) {
        dice.pick(ORDINARY)
    } else {
        dice.pick(SHOWN)
    };
    filling.to_owned()
}

const ORDINARY: &[&str] = &["a", "b", "run", "x", "v1", "app.js", "a%20b"];

/// What may be a key of somebody, and what is none.
pub const VALUES: &[&str] = &[
    "sk-alpha-0123456789",
    "sk-alpha-0123456789",
    "sk-beta-0123456789",
    "sk-beta-0123456789",
    "sk-gamma-0123456789",
    "sk-délta-0123456789",
    "sk-own-0123456789",
    "sk-own-0123456789",
    "sk-second-0123456789",
    "sk-wrong-0123456789",
    "SK-ALPHA-0123456789",
    "bearer",
    "",
    "  ",
    "sk-long-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789",
];

pub const ORIGINS: &[&str] = &[
    "https://api.example.com",
    "https://API.example.com:443",
    "https://app.example.com",
    "https://app.example.com",
    "http://api.example.com",
    "https://api.example.com:8443",
    "https://evil.example",
    "http://localhost:8000",
    "http://[::1]",
    "null",
];

const SITES: &[&str] = &[
    "same-origin",
    "none",
    "same-site",
    "cross-site",
    "Same-Origin",
];

const HOSTS: &[&str] = &[
    "api.example.com",
    "Api.Example.com:443",
    "api.example.com:8443",
    "localhost:8000",
    "[::1]:80",
    "evil.example",
];

const METHODS: [&str; 8] = [
    "GET", "GET", "GET", "HEAD", "POST", "POST", "OPTIONS", "DELETE",
];
