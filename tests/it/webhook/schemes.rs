//! Every scheme, signed by code of the tests' own.

use aws_lc_rs::{
    hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256},
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use tower_auth::webhook::{HmacScheme, WebhookLayer};

use crate::webhook::kit::{Delivery, hex, mac};

/// One scheme: its layer, and a delivery as its platform would send it.
#[derive(Clone, Copy)]
pub struct Scheme {
    pub name: &'static str,
    pub layer: fn(&str) -> WebhookLayer,
    pub sign: fn(&str, u64, &[u8]) -> Delivery,
    pub signature: &'static str,
    /// How many seconds off the signed time may be.
    pub window: Option<u64>,
    /// Whether the signature is hexadecimal.
    pub is_hex: bool,
    /// Whether the body is signed.
    pub signs_body: bool,
}

/// A body that every scheme takes, other than Linear's time.
pub fn body(time: u64) -> Vec<u8> {
    format!(
        r#"{{"update_id":1,"type":"event","webhookTimestamp":{time}000,"text":"gr\u00fc\u00df dich"}}"#
    )
    .into_bytes()
}

pub const SECRET: &str = "tg_Secret-123";
pub const OTHER: &str = "tg_Secret-124";

/// The schemes take their secrets in different spellings: each makes its own of one text.
pub fn pair(secret: &str) -> Ed25519KeyPair {
    let mut seed = [9; 32];
    seed[..secret.len()].copy_from_slice(secret.as_bytes());
    Ed25519KeyPair::from_seed_unchecked(&seed).unwrap()
}

pub fn whsec(secret: &str) -> Vec<u8> {
    secret.repeat(2).into_bytes()
}

fn standard(secret: &str, time: u64, body: &[u8], tag: impl Fn(&[u8]) -> String) -> Delivery {
    let _ = secret;
    let signed = [format!("msg_1.{time}.").as_bytes(), body].concat();
    Delivery::new(body)
        .with("webhook-id", "msg_1")
        .with("webhook-timestamp", time.to_string())
        .with("webhook-signature", tag(&signed))
}

pub fn partner() -> HmacScheme {
    HmacScheme::new("x-acme-signature")
        .and_then(|scheme| scheme.with_prefix("v1="))
        .and_then(|scheme| scheme.with_timestamp("x-acme-time"))
        .and_then(|scheme| scheme.with_id("x-acme-id"))
        .unwrap()
}

pub const URL: &str = "https://example.com/hooks/twilio";

pub const ALL: [Scheme; 12] = [
    Scheme {
        name: "standard v1",
        layer: |secret| {
            WebhookLayer::standard(format!("whsec_{}", STANDARD.encode(whsec(secret)))).unwrap()
        },
        sign: |secret, time, body| {
            let tag = |signed: &[u8]| {
                let tag = mac(HMAC_SHA256, &whsec(secret), &[signed]);
                format!("v1,{}", STANDARD.encode(tag))
            };
            standard(secret, time, body, tag)
        },
        signature: "webhook-signature",
        window: Some(300),
        is_hex: false,
        signs_body: true,
    },
    Scheme {
        name: "standard v1a",
        layer: |secret| {
            let key = STANDARD.encode(pair(secret).public_key());
            WebhookLayer::standard(format!("whpk_{key}")).unwrap()
        },
        sign: |secret, time, body| {
            let tag = |signed: &[u8]| format!("v1a,{}", STANDARD.encode(pair(secret).sign(signed)));
            standard(secret, time, body, tag)
        },
        signature: "webhook-signature",
        window: Some(300),
        is_hex: false,
        signs_body: true,
    },
    Scheme {
        name: "github",
        layer: |secret| WebhookLayer::github(secret).unwrap(),
        sign: |secret, _, body| {
            let tag = mac(HMAC_SHA256, secret.as_bytes(), &[body]);
            Delivery::new(body).with("x-hub-signature-256", format!("sha256={}", hex(&tag)))
        },
        signature: "x-hub-signature-256",
        window: None,
        is_hex: true,
        signs_body: true,
    },
    Scheme {
        name: "slack",
        layer: |secret| WebhookLayer::slack(secret).unwrap(),
        sign: |secret, time, body| {
            let head = format!("v0:{time}:");
            let tag = mac(HMAC_SHA256, secret.as_bytes(), &[head.as_bytes(), body]);
            Delivery::new(body)
                .with("x-slack-request-timestamp", time.to_string())
                .with("x-slack-signature", format!("v0={}", hex(&tag)))
        },
        signature: "x-slack-signature",
        window: Some(300),
        is_hex: true,
        signs_body: true,
    },
    Scheme {
        name: "telegram",
        layer: |secret| WebhookLayer::telegram(secret).unwrap(),
        sign: |secret, _, body| Delivery::new(body).with("x-telegram-bot-api-secret-token", secret),
        signature: "x-telegram-bot-api-secret-token",
        window: None,
        is_hex: false,
        signs_body: false,
    },
    Scheme {
        name: "discord",
        layer: |secret| WebhookLayer::discord(hex(pair(secret).public_key().as_ref())).unwrap(),
        sign: |secret, time, body| {
            // Its body needs a type of its own, a number.
            let body = String::from_utf8(body.to_vec()).unwrap();
            let body = body.replace(r#""type":"event""#, r#""type":2"#);
            let signed = format!("{time}{body}");
            let signature = pair(secret).sign(signed.as_bytes());
            Delivery::new(body)
                .with("x-signature-timestamp", time.to_string())
                .with("x-signature-ed25519", hex(signature.as_ref()))
        },
        signature: "x-signature-ed25519",
        window: Some(300),
        is_hex: true,
        signs_body: true,
    },
    Scheme {
        name: "stripe",
        layer: |secret| WebhookLayer::stripe(secret).unwrap(),
        sign: |secret, time, body| {
            let head = format!("{time}.");
            let tag = mac(HMAC_SHA256, secret.as_bytes(), &[head.as_bytes(), body]);
            Delivery::new(body).with("stripe-signature", format!("t={time},v1={}", hex(&tag)))
        },
        signature: "stripe-signature",
        window: Some(300),
        is_hex: true,
        signs_body: true,
    },
    Scheme {
        name: "hmac",
        layer: |secret| WebhookLayer::hmac(partner(), secret).unwrap(),
        sign: |secret, time, body| {
            let head = format!("msg_1.{time}.");
            let tag = mac(HMAC_SHA256, secret.as_bytes(), &[head.as_bytes(), body]);
            Delivery::new(body)
                .with("x-acme-id", "msg_1")
                .with("x-acme-time", time.to_string())
                .with("x-acme-signature", format!("v1={}", hex(&tag)))
        },
        signature: "x-acme-signature",
        window: Some(300),
        is_hex: true,
        signs_body: true,
    },
    Scheme {
        name: "twilio",
        layer: |secret| WebhookLayer::twilio(secret, URL).unwrap(),
        sign: |secret, _, body| {
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body);
            let query = format!("?bodySHA256={}", hex(digest.as_ref()));
            let url = format!("{URL}{query}");
            let key = secret.as_bytes();
            let tag = mac(HMAC_SHA1_FOR_LEGACY_USE_ONLY, key, &[url.as_bytes()]);
            let mut delivery = Delivery::new(body)
                .with("content-type", "application/json")
                .with("x-twilio-signature", STANDARD.encode(tag));
            delivery.query = query;
            delivery
        },
        signature: "x-twilio-signature",
        window: None,
        is_hex: false,
        signs_body: true,
    },
    Scheme {
        name: "meta",
        layer: |secret| WebhookLayer::meta(secret).unwrap(),
        sign: |secret, _, body| {
            let tag = mac(HMAC_SHA256, secret.as_bytes(), &[body]);
            Delivery::new(body).with("x-hub-signature-256", format!("sha256={}", hex(&tag)))
        },
        signature: "x-hub-signature-256",
        window: None,
        is_hex: true,
        signs_body: true,
    },
    Scheme {
        name: "shopify",
        layer: |secret| WebhookLayer::shopify(secret).unwrap(),
        sign: |secret, _, body| {
            let tag = mac(HMAC_SHA256, secret.as_bytes(), &[body]);
            Delivery::new(body).with("x-shopify-hmac-sha256", STANDARD.encode(tag))
        },
        signature: "x-shopify-hmac-sha256",
        window: None,
        is_hex: false,
        signs_body: true,
    },
    Scheme {
        name: "linear",
        layer: |secret| WebhookLayer::linear(secret).unwrap(),
        sign: |secret, _, body| {
            let tag = mac(HMAC_SHA256, secret.as_bytes(), &[body]);
            Delivery::new(body).with("linear-signature", hex(&tag))
        },
        signature: "linear-signature",
        window: Some(60),
        is_hex: true,
        signs_body: true,
    },
];

/// The scheme of that name.
pub fn named(name: &str) -> Scheme {
    *ALL.iter().find(|scheme| scheme.name == name).unwrap()
}

impl Scheme {
    pub fn valid(&self, time: u64) -> Delivery {
        (self.sign)(SECRET, time, &body(time))
    }
}

/// A secret as the scheme's constructor takes it.
pub fn spelled(scheme: &str, secret: &str) -> String {
    match scheme {
        "standard v1" => format!("whsec_{}", STANDARD.encode(whsec(secret))),
        "standard v1a" => format!("whpk_{}", STANDARD.encode(pair(secret).public_key())),
        "discord" => hex(pair(secret).public_key().as_ref()),
        _ => secret.to_owned(),
    }
}
