//! Deliveries signed by the platforms' own libraries, over a real connection.

use crate::common;

use std::{
    collections::BTreeMap,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{Router, routing::post};
use common::{
    answer::serve,
    live::{ask, http, node, python},
};
use serde_json::{Value, json};
use tower_auth::webhook::{WebhookLayer, WebhookSigner};

const SECRET: &str = "tg_Secret-123";
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SEED: &str = "0909090909090909090909090909090909090909090909090909090909090909";
const URL: &str = "https://example.com/hooks/twilio";
const BODY: &str = r#"{"type":2,"text":"grüß dich 😀","user":{"id":"7"}}"#;
const FORM: &str = "Body=gr%C3%BC%C3%9F+dich&From=%2B14158675309&To=%2B18005551212";

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn request(scheme: &str, secret: &str) -> Value {
    json!({
        "op": "sign", "scheme": scheme, "secret": secret, "seed": SEED, "time": now(), "id": "msg_1",
        "body": BODY, "url": URL,
        "params": {"To": "+18005551212", "From": "+14158675309", "Body": "grüß dich"},
    })
}

/// Sends it as it is, with a byte of the body changed, and with another secret.
async fn hold_against(layer: WebhookLayer, other: WebhookLayer, body: &str, reply: &Value) {
    let headers: Vec<(String, String)> = reply["headers"]
        .as_object()
        .unwrap_or_else(|| panic!("signed: {reply}"))
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    let path = format!("/hook{}", reply["query"].as_str().unwrap_or_default());
    for (layer, body, status) in [
        (other, body.to_owned(), 401),
        (layer.clone(), body.replace("dich", "mich"), 401),
        (layer, body.to_owned(), 200),
    ] {
        let echo = async |body: String| body;
        let app = Router::new().route("/hook", post(echo).layer(layer));
        let address = serve(app).await;
        let (url, headers) = (format!("http://{address}{path}"), headers.clone());
        let sent = body.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let headers: Vec<(&str, &str)> = headers
                .iter()
                .map(|(name, value)| (&**name, &**value))
                .collect();
            http("POST", &url, &headers, &sent)
        });
        let answer = answer.await.unwrap();
        assert_eq!(answer.status, status, "{reply}: {}", answer.body);
        if status == 200 {
            assert_eq!(answer.body, body);
        }
    }
}

async fn sign(script: Command, request: Value) -> Value {
    let replies = tokio::task::spawn_blocking(move || ask(script, &[request]));
    replies.await.unwrap().remove(0)
}

async fn verifies(
    script: Option<Command>,
    scheme: &str,
    (secret, other): (&str, &str),
    layer: impl Fn(&str) -> WebhookLayer,
) {
    let Some(script) = script else { return };
    let reply = sign(script, request(scheme, secret)).await;
    let body = if scheme == "twilio" { FORM } else { BODY };
    let shown = reply["public_key"].as_str().unwrap_or(secret);
    hold_against(layer(shown), layer(other), body, &reply).await;
}

const PAIR: (&str, &str) = (SECRET, "tg_Secret-124");
const STANDARD_PAIR: (&str, &str) = (WHSEC, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx");

fn standard(secret: &str) -> WebhookLayer {
    WebhookLayer::standard(secret).unwrap()
}

#[tokio::test]
async fn what_standardwebhooks_signs_verifies() {
    verifies(
        node("sign_webhook.mjs"),
        "standard",
        STANDARD_PAIR,
        standard,
    )
    .await;
    verifies(
        python("sign_webhook.py"),
        "standard",
        STANDARD_PAIR,
        standard,
    )
    .await;
}

#[tokio::test]
async fn what_svix_signs_verifies() {
    verifies(node("sign_webhook.mjs"), "svix", STANDARD_PAIR, standard).await;
}

#[tokio::test]
async fn what_tweetnacl_signs_verifies() {
    let node = || node("sign_webhook.mjs");
    let other = "whpk_6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=";
    verifies(node(), "standard_v1a", (WHSEC, other), standard).await;
    let other = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c";
    let discord = |key: &str| WebhookLayer::discord(key).unwrap();
    verifies(node(), "discord", (SECRET, other), discord).await;
}

#[tokio::test]
async fn what_octokit_signs_verifies() {
    let github = |secret: &str| WebhookLayer::github(secret).unwrap();
    verifies(node("sign_webhook.mjs"), "github", PAIR, github).await;
}

#[tokio::test]
async fn what_stripe_signs_verifies() {
    let stripe = |secret: &str| WebhookLayer::stripe(secret).unwrap();
    verifies(node("sign_webhook.mjs"), "stripe", PAIR, stripe).await;
}

#[tokio::test]
async fn what_twilio_signs_verifies() {
    let twilio = |secret: &str| WebhookLayer::twilio(secret, URL).unwrap();
    verifies(node("sign_webhook.mjs"), "twilio", PAIR, twilio).await;
    verifies(node("sign_webhook.mjs"), "twilio_json", PAIR, twilio).await;
    verifies(python("sign_webhook.py"), "twilio", PAIR, twilio).await;
}

#[tokio::test]
async fn what_slack_signs_verifies() {
    // Its bodies are Slack's: an event.
    let Some(script) = python("sign_webhook.py") else {
        return;
    };
    let body = r#"{"type":"event_callback","event":{"type":"message","text":"grüß dich"}}"#;
    let mut request = request("slack", SECRET);
    request["body"] = json!(body);
    let reply = sign(script, request).await;
    let slack = |secret: &str| WebhookLayer::slack(secret).unwrap();
    hold_against(slack(PAIR.0), slack(PAIR.1), body, &reply).await;
}

#[tokio::test]
async fn what_is_signed_here_verifies_in_standardwebhooks() {
    let scripts = [node("sign_webhook.mjs"), python("sign_webhook.py")];
    for script in scripts.into_iter().flatten() {
        let signer = WebhookSigner::standard(WHSEC)
            .and_then(|signer| signer.add_secret(STANDARD_PAIR.1))
            .unwrap();
        let headers: BTreeMap<String, String> = signer
            .sign("msg_1", BODY.as_bytes())
            .unwrap()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let question = |secret: &str, body: &str| json!({"op": "verify", "secret": secret, "headers": headers, "body": body});
        let changed = BODY.replace("dich", "mich");
        let unknown = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        let questions = [
            question(WHSEC, BODY),
            question(STANDARD_PAIR.1, BODY),
            question(WHSEC, &changed),
            question(unknown, BODY),
        ];
        let replies = tokio::task::spawn_blocking(move || ask(script, &questions))
            .await
            .unwrap();
        let accepted: Vec<&Value> = replies.iter().map(|reply| &reply["accepted"]).collect();
        assert_eq!(accepted, [true, true, false, false], "{replies:?}");
    }
}

/// Sends the request with these headers, and this header beside them.
async fn status_of(
    address: std::net::SocketAddr,
    signed: &Value,
    (name, id): (&str, &str),
    body: &str,
) -> (u16, String) {
    let mut headers: Vec<(String, String)> = signed["headers"]
        .as_object()
        .unwrap_or_else(|| panic!("signed: {signed}"))
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    headers.push((name.to_owned(), id.to_owned()));
    let (url, body) = (format!("http://{address}/hook"), body.to_owned());
    let answer = tokio::task::spawn_blocking(move || {
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        http("POST", &url, &headers, &body)
    });
    let answer = answer.await.unwrap();
    (answer.status, answer.body)
}

/// GitHub sends the id again where a delivery is redelivered, and another one with each new event.
#[tokio::test]
async fn what_octokit_signs_is_redelivered_under_its_id_and_known_by_it() {
    let Some(script) = node("sign_webhook.mjs") else {
        return;
    };
    let signed = sign(script, request("github", SECRET)).await;
    let runs = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    // The first run fails.
    let handler = async move || match runs.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => Err(http::StatusCode::BAD_GATEWAY),
        run => Ok(format!("run {run}")),
    };
    let layer = WebhookLayer::github(SECRET).unwrap();
    let address = serve(Router::new().route("/hook", post(handler).layer(layer))).await;
    for (id, status, answer) in [
        ("72d3162e", 502, ""),
        ("72d3162e", 200, "run 1"),
        ("72d3162e", 200, ""),
        ("0b989ba4", 200, "run 2"),
        ("72d3162e", 200, ""),
        ("deadbeef", 200, "run 3"),
        ("cafecafe", 200, ""),
    ] {
        let header = ("x-github-delivery", id);
        let told = status_of(address, &signed, header, BODY).await;
        assert_eq!(told, (status, answer.to_owned()), "{id}");
    }
}

#[tokio::test]
async fn names_and_values_that_twilio_signs_alike_are_one_delivery_under_every_token() {
    let Some(script) = node("sign_webhook.mjs") else {
        return;
    };
    let of = |params: Value| {
        let mut request = request("twilio", SECRET);
        request["params"] = params;
        request
    };
    let questions = [of(json!({"A": "bc"})), of(json!({"Ab": "c"}))];
    let replies = tokio::task::spawn_blocking(move || ask(script, &questions));
    let replies = replies.await.unwrap();
    let (signed, recut) = (&replies[0], &replies[1]);
    assert_eq!(signed, recut, "Twilio's own library signs them alike");
    let layer = WebhookLayer::twilio(SECRET, URL).unwrap();
    let echo = async |body: String| body;
    let address = serve(Router::new().route("/hook", post(echo).layer(layer))).await;
    let send = async |token: &str, body: &str| {
        let header = ("i-twilio-idempotency-token", token);
        status_of(address, signed, header, body).await
    };
    assert_eq!(send("1", "A=bc").await, (200, "A=bc".to_owned()));
    assert_eq!(send("1", "A=bc").await, (200, "<Response/>".to_owned()));
    assert_eq!(send("1", "Ab=c").await, (200, "<Response/>".to_owned()));
    for token in ["2", "3", "4"] {
        assert_eq!(send(token, "Ab=c").await.0, 409);
    }
    assert_eq!(send("5", "A=bc").await, (200, "A=bc".to_owned()));
}
