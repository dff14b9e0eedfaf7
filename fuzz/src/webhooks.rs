//! What must hold for any delivery at all.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::pin,
    sync::{Arc, LazyLock, Mutex},
    task::{Context, Poll, Waker},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use tower_auth::{
    AuthContext, Message,
    provider::AllowlistAuth,
    webhook::{HmacScheme, RestoredBody, WebhookLayer},
};
use tower_layer::Layer;
use tower_service::Service;

/// No bytes in the headers of a delivery, or in the query of its address, are a signature.
pub fn webhook_headers(data: &[u8]) {
    // A secret that is made anew in each process, so that no corpus can hold a signature.
    static LAYERS: LazyLock<Vec<(WebhookLayer, &[&str])>> = LazyLock::new(|| {
        let text: String = (0..40)
            .map(|at| char::from(b'a' + (at ^ std::process::id() as u8) % 26))
            .collect();
        let key = format!("whpk_{}", STANDARD.encode(pair().public_key()));
        let secret = format!("whsec_{text}");
        let partner = HmacScheme::new("x-signature")
            .and_then(|scheme| scheme.with_timestamp("x-time"))
            .and_then(|scheme| scheme.with_id("x-id"))
            .expect("three headers");
        let layers = [
            (WebhookLayer::standard(secret), STANDARD_HEADERS),
            (WebhookLayer::standard(key), STANDARD_HEADERS),
            (WebhookLayer::github(&*text), &["x-hub-signature-256"][..]),
            (
                WebhookLayer::slack(&*text),
                &["x-slack-signature", "x-slack-request-timestamp"],
            ),
            (
                WebhookLayer::telegram(&*text),
                &["x-telegram-bot-api-secret-token"],
            ),
            (
                WebhookLayer::discord(hex(pair().public_key().as_ref())),
                &["x-signature-ed25519", "x-signature-timestamp"],
            ),
            (WebhookLayer::stripe(&*text), &["stripe-signature"]),
            (
                WebhookLayer::hmac(partner, &*text),
                &["x-signature", "x-time", "x-id"],
            ),
            (
                WebhookLayer::twilio(&*text, "https://example.com/hook"),
                &["x-twilio-signature", "content-type"],
            ),
            (
                WebhookLayer::shopify(&*text),
                &["x-shopify-hmac-sha256", "shopify-hmac-sha256"],
            ),
            (WebhookLayer::linear(&*text), &["linear-signature"]),
            (
                WebhookLayer::meta(&*text).and_then(|layer| layer.with_verify_token(&*text)),
                &["x-hub-signature-256"],
            ),
        ];
        layers
            .into_iter()
            .map(|(layer, names)| (layer.expect("its secret is right"), names))
            .collect()
    });
    let Some((&first, rest)) = data.split_first() else {
        return;
    };
    let Some((layer, names)) = LAYERS.get(usize::from(first & 0x0f)) else {
        return;
    };
    let mut parts = rest.split(|&byte| byte == b'\n');
    let query = parts.next().unwrap_or_default();
    let mut request = Request::new(Full::from(parts.next_back().unwrap_or_default().to_vec()));
    if first & 0x80 != 0 {
        *request.method_mut() = Method::GET;
    }
    let target = [b"/hook?", query].concat();
    if let Ok(uri) = Uri::try_from(target) {
        *request.uri_mut() = uri;
    }
    // Each header in turn, and once more from the start: doubles too.
    for (value, name) in parts.zip(names.iter().cycle()) {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            request.headers_mut().append(*name, value);
        }
    }
    let (status, ran) = deliver(layer, request);
    assert!(ran.is_none(), "forged");
    assert!(matches!(status.as_u16(), 400 | 401), "{status}");
}

/// One signature of Twilio's lets one form in, and no other that is signed alike: not while it is
/// handled, not where the handler failed, not under another token.
pub fn twilio_forms(data: &[u8]) {
    const URL: &str = "https://example.com/hook";
    let mut parts = data.splitn(3, |&byte| byte == b'\n');
    let mut part = || parts.next().unwrap_or_default();
    let (&first, query) = part().split_first().unwrap_or((&0, &[]));
    let (form, other) = (part(), part());
    let address = |query: &[u8]| match query {
        [] => Uri::try_from(b"/hook".as_slice()),
        query => Uri::try_from([b"/hook?", query].concat()),
    };
    let Ok(uri) = address(query) else {
        return;
    };
    // Read here by hand: pairs decoded, sorted, each once.
    let signed = |form: &[u8]| {
        let pairs: std::collections::BTreeSet<(String, String)> = form
            .split(|&byte| byte == b'&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = match pair.iter().position(|&byte| byte == b'=') {
                    Some(at) => (&pair[..at], &pair[at + 1..]),
                    None => (pair, &[][..]),
                };
                (form_decoded(name), form_decoded(value))
            })
            .collect();
        let fields: String = pairs
            .iter()
            .flat_map(|(name, value)| [&**name, value])
            .collect();
        match uri.query() {
            None => format!("{URL}{fields}"),
            Some(query) => format!("{URL}?{query}{fields}"),
        }
    };
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"a token of Twilio");
    let tag = hmac::sign(&key, signed(form).as_bytes());
    let request = |form: &[u8], token: Option<&'static str>| {
        let mut request = Request::new(Full::from(form.to_vec()));
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        let tag = HeaderValue::try_from(STANDARD.encode(tag)).expect("visible ASCII");
        headers.insert("x-twilio-signature", tag);
        let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert("content-type", content_type);
        if let Some(token) = token {
            let token = HeaderValue::from_static(token);
            headers.insert("i-twilio-idempotency-token", token);
        }
        request
    };
    let layer = WebhookLayer::twilio("a token of Twilio", URL).expect("its secret is right");
    let status = match first & 1 {
        0 => StatusCode::OK,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let (_, ran) = deliver_to(&layer, request(form, Some("1")), status);
    let is_bound = uri
        .query()
        .is_some_and(|query| query.contains("bodySHA256"));
    assert!(ran.is_some() || is_bound, "its own signature");
    if ran.is_none() || other == form {
        return;
    }
    for token in [Some("2"), None, Some("1")] {
        assert!(
            deliver(&layer, request(other, token)).1.is_none(),
            "a recut"
        );
    }
    // The true one is not hurt.
    let (status, ran) = deliver(&layer, request(form, Some("1")));
    assert_eq!((status, ran.is_some()), (StatusCode::OK, first & 1 == 1));
}

fn form_decoded(text: &[u8]) -> String {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    let (mut bytes, mut at) = (Vec::new(), 0);
    while let Some(&byte) = text.get(at) {
        let escape = digit(at + 1).zip(digit(at + 2));
        match (byte, escape) {
            (b'%', Some((high, low))) => {
                bytes.push((high * 16 + low) as u8);
                at += 2;
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a platform's body says about its sender, `serde_json` can read there too.
pub fn webhook_bodies(data: &[u8]) {
    let Some((&first, body)) = data.split_first() else {
        return;
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
        .to_string();
    let secret = "tg_Secret-123";
    let (layer, headers) = match first & 3 {
        0 => (
            WebhookLayer::telegram(secret),
            vec![("x-telegram-bot-api-secret-token", secret.to_owned())],
        ),
        1 => {
            let signature = pair().sign(&[now.as_bytes(), body].concat());
            (
                WebhookLayer::discord(hex(pair().public_key().as_ref())),
                vec![
                    ("x-signature-ed25519", hex(signature.as_ref())),
                    ("x-signature-timestamp", now),
                ],
            )
        }
        2 => {
            let tag = mac(secret, &[b"v0:", now.as_bytes(), b":", body].concat());
            (
                WebhookLayer::slack(secret),
                vec![
                    ("x-slack-signature", format!("v0={tag}")),
                    ("x-slack-request-timestamp", now),
                ],
            )
        }
        _ => (
            WebhookLayer::meta(secret),
            vec![(
                "x-hub-signature-256",
                format!("sha256={}", mac(secret, body)),
            )],
        ),
    };
    let layer = layer.expect("its secret is right").insecure_allow_replay();
    let request = || {
        let mut request = Request::new(Full::from(body.to_vec()));
        for (name, value) in &headers {
            let value = HeaderValue::try_from(value).expect("visible ASCII");
            request.headers_mut().insert(*name, value);
        }
        request
    };
    let (status, ran) = deliver(&layer, request());
    let Some(ran) = ran else {
        assert!(matches!(status.as_u16(), 200 | 204 | 400), "{status}");
        return;
    };
    assert_eq!(ran.body, body);
    if let Some(message) = &ran.message {
        check_message(message, body);
    }
    // Whoever is let in by a list is on it.
    let allowed = AllowlistAuth::on_platforms(["telegram", "discord", "slack", "whatsapp"], ["42"])
        .expect("a list");
    if let (_, Some(ran)) = deliver(&layer.allow(allowed), request()) {
        assert_eq!(ran.context.user_id(), "42");
    }
}

fn check_message(message: &Message, body: &[u8]) {
    let Some(id) = message.user_id() else {
        return;
    };
    assert!(
        !["1087968824", "136817688", "777000"].contains(&id) || message.platform() != "telegram"
    );
    if body.trim_ascii_start().first() == Some(&b'{') {
        let value: serde_json::Value = serde_json::from_slice(body).expect("read here, read there");
        assert!(holds(&value, id), "{id}");
    } else {
        assert_eq!(message.platform(), "slack", "only Slack sends forms");
    }
}

fn holds(value: &serde_json::Value, id: &str) -> bool {
    match value {
        serde_json::Value::String(text) => text == id,
        serde_json::Value::Number(number) => number.to_string() == id || id == "0",
        serde_json::Value::Array(items) => items.iter().any(|item| holds(item, id)),
        serde_json::Value::Object(members) => members.values().any(|value| holds(value, id)),
        _ => false,
    }
}

/// What the handler got.
struct Ran {
    body: Vec<u8>,
    context: AuthContext,
    message: Option<Message>,
}

type Note = Arc<Mutex<Option<Ran>>>;

/// Notes what it gets, and answers with that status.
#[derive(Clone)]
struct Handler(Note, StatusCode);

impl Service<Request<RestoredBody>> for Handler {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RestoredBody>) -> Self::Future {
        let context = request.extensions().get::<AuthContext>().cloned();
        let ran = Ran {
            body: request.body().as_bytes().to_vec(),
            context: context.expect("the layer puts it there"),
            message: request.extensions().get::<Message>().cloned(),
        };
        *self.0.lock().expect("nobody panicked") = Some(ran);
        let mut response = Response::default();
        *response.status_mut() = self.1;
        ready(Ok(response))
    }
}

/// One delivery through a layer; nothing in it waits.
fn deliver(layer: &WebhookLayer, request: Request<Full<Bytes>>) -> (StatusCode, Option<Ran>) {
    deliver_to(layer, request, StatusCode::OK)
}

/// One delivery, where the handler answers with that status.
fn deliver_to(
    layer: &WebhookLayer,
    request: Request<Full<Bytes>>,
    status: StatusCode,
) -> (StatusCode, Option<Ran>) {
    let note = Note::default();
    let mut service = layer.layer(Handler(Arc::clone(&note), status));
    let mut future = pin!(service.call(request));
    let Poll::Ready(Ok(response)) = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    else {
        panic!("it waits");
    };
    let ran = note.lock().expect("nobody panicked").take();
    (response.status(), ran)
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[9; 32]).expect("a seed")
}

fn mac(secret: &str, signed: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hex(hmac::sign(&key, signed).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const STANDARD_HEADERS: &[&str] = &[
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "svix-id",
    "svix-timestamp",
    "svix-signature",
];
