//! Every scheme from a file lets in what its platform signs, and nothing else.

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tower_auth::webhook::{HmacAlgorithm, HmacScheme, SignatureEncoding, WebhookSigner};

use super::{
    super::files::NOW,
    kit::{Hooks, got, json_config, post, request},
};

const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECRET: &str = "a secret of the tests";
const PATH: &str = "/hooks/second";

fn mac(algorithm: hmac::Algorithm, signed: &str) -> Vec<u8> {
    let key = hmac::Key::new(algorithm, SECRET.as_bytes());
    hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
}

fn sha256(signed: &str) -> String {
    let tag = mac(hmac::HMAC_SHA256, signed);
    tag.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a file says of a webhook, and a delivery to it.
struct Case {
    webhook: Value,
    headers: Vec<(String, String)>,
    body: String,
    user: &'static str,
}

impl Case {
    fn new(webhook: Value, headers: &[(&str, String)], body: &str, user: &'static str) -> Self {
        Self {
            webhook,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).into(), value.clone()))
                .collect(),
            body: body.into(),
            user,
        }
    }

    fn signed(webhook: Value, signer: WebhookSigner, user: &'static str) -> Self {
        let body = r#"{"paid":true}"#;
        let clock = tower_auth::testing::ManualClock::at_unix(NOW).clock();
        let headers = signer
            .with_clock(clock)
            .sign("msg_1", body.as_bytes())
            .unwrap();
        let headers: Vec<(&str, String)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap().to_owned()))
            .collect();
        Self::new(webhook, &headers, body, user)
    }

    fn document(&self) -> Value {
        let mut webhook = self.webhook.clone();
        webhook["path"] = json!(PATH);
        json!({"auth": {"webhooks": [webhook]}})
    }
}

fn cases() -> Vec<Case> {
    let form = "command=%2Frun&user_id=U7&channel_id=C7";
    let slack = sha256(&format!("v0:{NOW}:{form}"));
    let interaction = r#"{"type":2,"member":{"user":{"id":"7"}},"channel_id":"8"}"#;
    let discord = pair();
    let signature = discord.sign(format!("{NOW}{interaction}").as_bytes());
    let whatsapp = r#"{"object":"whatsapp_business_account","entry":[{"changes":[{"value":{"messages":[{"from":"491511"}]}}]}]}"#;
    let linear = format!("{{\"webhookTimestamp\":{}}}", NOW * 1000);
    let url = "https://example.com/hooks";
    let twilio = STANDARD.encode(mac(
        hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        &format!("{url}BodyhiFrom1"),
    ));
    let form_type = (
        "content-type",
        "application/x-www-form-urlencoded".to_owned(),
    );
    let partner = HmacScheme::new("x-acme-signature")
        .and_then(|scheme| scheme.with_prefix("v1="))
        .and_then(|scheme| scheme.with_timestamp("x-acme-time"))
        .and_then(|scheme| scheme.with_id("x-acme-id"))
        .unwrap()
        .with_algorithm(HmacAlgorithm::Sha512)
        .with_encoding(SignatureEncoding::Base64);
    let seed = format!("whsk_{}", STANDARD.encode([9; 32]));
    let public = format!("whpk_{}", STANDARD.encode(pair().public_key().as_ref()));
    vec![
        Case::signed(
            json!({"scheme": "standard", "secret": WHSEC, "user_id": "billing"}),
            WebhookSigner::standard(WHSEC).unwrap(),
            "billing",
        ),
        Case::signed(
            json!({"scheme": "standard", "public_key": public}),
            WebhookSigner::standard(seed).unwrap(),
            "standard_webhooks",
        ),
        Case::signed(
            json!({"scheme": "hmac", "secret": SECRET, "user_id": "acme", "hmac": {
                "signature_header": "x-acme-signature", "prefix": "v1=", "algorithm": "sha512",
                "encoding": "base64", "timestamp_header": "x-acme-time", "id_header": "x-acme-id",
                "clock_skew_seconds": 60,
            }}),
            WebhookSigner::hmac(partner, SECRET).unwrap(),
            "acme",
        ),
        Case::new(
            json!({"scheme": "github", "secret": SECRET}),
            &[("x-hub-signature-256", format!("sha256={}", sha256("{}")))],
            "{}",
            "github",
        ),
        Case::new(
            json!({"scheme": "slack", "secret": SECRET,
                   "allow": {"user_ids": ["U7"], "chat_ids": ["C7"]}}),
            &[
                ("x-slack-request-timestamp", NOW.to_string()),
                ("x-slack-signature", format!("v0={slack}")),
                form_type.clone(),
            ],
            form,
            "U7",
        ),
        Case::new(
            json!({"scheme": "discord", "public_key": hex(discord.public_key().as_ref()),
                   "allow": {"user_ids": ["7"], "chat_ids": [8]}}),
            &[
                ("x-signature-timestamp", NOW.to_string()),
                ("x-signature-ed25519", hex(signature.as_ref())),
            ],
            interaction,
            "7",
        ),
        Case::new(
            json!({"scheme": "stripe", "secret": SECRET}),
            &[(
                "stripe-signature",
                format!("t={NOW},v1={}", sha256(&format!("{NOW}.{{}}"))),
            )],
            "{}",
            "stripe",
        ),
        Case::new(
            json!({"scheme": "twilio", "secret": SECRET, "url": url}),
            &[("x-twilio-signature", twilio), form_type],
            "From=1&Body=hi",
            "twilio",
        ),
        Case::new(
            json!({"scheme": "meta", "secret": SECRET, "verify_token": "a token of ours",
                   "allow": {"user_ids": ["491511"]}}),
            &[(
                "x-hub-signature-256",
                format!("sha256={}", sha256(whatsapp)),
            )],
            whatsapp,
            "491511",
        ),
        Case::new(
            json!({"scheme": "shopify", "secret": SECRET}),
            &[(
                "x-shopify-hmac-sha256",
                STANDARD.encode(mac(hmac::HMAC_SHA256, "{}")),
            )],
            "{}",
            "shopify",
        ),
        Case::new(
            json!({"scheme": "linear", "secret": SECRET}),
            &[("linear-signature", sha256(&linear))],
            &linear,
            "linear",
        ),
        Case::new(
            json!({"scheme": "telegram", "secret": "tg_Secret-1234567", "allow": "everyone"}),
            &[(super::kit::TOKEN, "tg_Secret-1234567".into())],
            r#"{"update_id":1,"message":{"from":{"id":5}}}"#,
            "5",
        ),
    ]
}

#[tokio::test]
async fn every_scheme_of_a_file_lets_in_its_own_deliveries_alone() {
    let all = cases();
    let schemes: std::collections::BTreeSet<String> = all
        .iter()
        .map(|case| case.webhook["scheme"].to_string())
        .collect();
    let schema = tower_auth::config::AuthConfig::json_schema().to_string();
    assert_eq!(schemes.len(), 11);
    assert!(schemes.iter().all(|name| schema.contains(&**name)));
    for case in &all {
        let document = case.document();
        let hooks = || Hooks::new(json_config(&document));
        let headers: Vec<(&str, &str)> = case
            .headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let answer = hooks().send(post(PATH, &headers, case.body.clone())).await;
        assert_eq!(answer.status, 200, "{document}: {answer:?}");
        let got = got(&answer);
        assert_eq!(got.body, case.body);
        assert_eq!(got.context.unwrap().user_id(), case.user, "{document}");

        let refusing = hooks();
        let changed = format!("{} ", case.body);
        if case.webhook["scheme"] != "telegram" {
            let answer = refusing.send(post(PATH, &headers, changed)).await;
            assert!(matches!(answer.status.as_u16(), 400 | 401), "{document}");
        }
        for missing in 0..headers.len() {
            let mut left = headers.clone();
            if left.remove(missing).0 == "content-type" {
                continue;
            }
            let answer = refusing.send(post(PATH, &left, case.body.clone())).await;
            assert_eq!(answer.status, 401, "{document}");
        }
        for other in &all {
            if other.webhook["scheme"] == case.webhook["scheme"] {
                continue;
            }
            let headers: Vec<(&str, &str)> = other
                .headers
                .iter()
                .map(|(name, value)| (&**name, &**value))
                .collect();
            let same_form =
                |one: &Case| matches!(one.webhook["scheme"].as_str(), Some("github" | "meta"));
            if same_form(case) && same_form(other) {
                continue;
            }
            let answer = refusing
                .send(post(PATH, &headers, other.body.clone()))
                .await;
            assert!(matches!(answer.status.as_u16(), 400 | 401), "{document}");
        }
        assert_eq!(refusing.runs(), 0, "{document}");
    }
}

#[tokio::test]
async fn handshake_of_meta_is_answered_and_goes_no_further() {
    let webhook = |more: Value| {
        let mut webhook = json!({"path": PATH, "scheme": "meta", "secret": SECRET,
                                 "allow": "everyone"});
        for (name, value) in more.as_object().unwrap() {
            webhook[name] = value.clone();
        }
        Hooks::new(json_config(&json!({"auth": {"webhooks": [webhook]}})))
    };
    let ask = |token: &str| {
        let query = format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge=17");
        request("GET", &format!("{PATH}?{query}"), &[], "")
    };
    let hooks = webhook(json!({"verify_token": "ours-12345"}));
    let answer = hooks.send(ask("ours-12345")).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, &b"17"[..]));
    assert_eq!(hooks.send(ask("theirs")).await.status, 401);
    assert_eq!(hooks.send(request("GET", PATH, &[], "")).await.status, 401);
    // HEAD is no handshake.
    assert_eq!(hooks.send(request("HEAD", PATH, &[], "")).await.status, 401);
    assert_eq!(hooks.runs(), 0);

    let without = webhook(json!({}));
    assert_eq!(without.send(ask("ours-12345")).await.status, 401);
    assert_eq!(without.runs(), 0);
}
