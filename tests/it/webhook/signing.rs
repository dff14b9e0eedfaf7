//! What is signed here, and verified here again.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use tower_auth::{
    testing::ManualClock,
    webhook::{HmacAlgorithm, HmacScheme, SignatureEncoding, WebhookLayer, WebhookSigner},
};

use crate::webhook::{
    kit::{Delivery, Hook, NOW, refused},
    schemes::{OTHER, SECRET, partner, spelled},
};

fn delivery(signer: WebhookSigner, id: &str, body: &[u8]) -> Delivery {
    let signer = signer.with_clock(ManualClock::at_unix(NOW).clock());
    let mut delivery = Delivery::new(body);
    for (name, value) in &signer.sign(id, body).unwrap() {
        delivery = delivery.with(name.as_str(), value.as_bytes());
    }
    delivery
}

#[test]
fn a_standard_signature_is_the_one_of_the_vectors() {
    let signer = WebhookSigner::standard("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let body = br#"{"test": 2432232314}"#;
    let signed = delivery(signer, "msg_p5jXN8AQM9LWM0D4loKWxJek", body);
    assert_eq!(
        signed.header("webhook-signature"),
        "v1,u56IGBxDuW9Xj//3MDFmrKZpXNCj5E+QoSv4f9O1wpE="
    );
    assert_eq!(signed.header("webhook-timestamp"), "1760000000");
}

#[tokio::test]
async fn what_a_private_key_signs_its_public_key_verifies() {
    let signer = WebhookSigner::standard(format!("whsk_{}", STANDARD.encode([7; 32]))).unwrap();
    let public: Vec<String> = signer.public_keys().collect();
    let layer = WebhookLayer::standard(public[0].clone()).unwrap();
    let delivery = delivery(signer, "msg_1", b"{}");
    assert!(delivery.header("webhook-signature").starts_with("v1a,"));
    assert_eq!(Hook::new(layer).send(&delivery).await.status, 200);
}

#[tokio::test]
async fn while_a_secret_is_replaced_receivers_of_either_verify() {
    let [old, new] = [SECRET, OTHER].map(|secret| spelled("standard v1", secret));
    let signer = || {
        WebhookSigner::standard(old.clone())
            .and_then(|signer| signer.add_secret(new.clone()))
            .unwrap()
    };
    for secret in [old.clone(), new.clone()] {
        let hook = Hook::new(WebhookLayer::standard(secret).unwrap());
        let answer = hook.send(&delivery(signer(), "msg_1", b"{}")).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn every_form_of_a_partners_scheme_is_verified_as_it_is_signed() {
    let mut forms = Vec::new();
    for algorithm in [
        HmacAlgorithm::Sha256,
        HmacAlgorithm::Sha384,
        HmacAlgorithm::Sha512,
    ] {
        for encoding in [SignatureEncoding::Hex, SignatureEncoding::Base64] {
            let plain = HmacScheme::new("x-sig").unwrap().with_algorithm(algorithm);
            let plain = plain.with_encoding(encoding);
            let timed = plain.clone().with_timestamp("x-time").unwrap();
            let named = plain.clone().with_id("x-id").unwrap();
            let both = timed.clone().with_id("x-id").unwrap();
            let prefixed = both.clone().with_prefix("v1=").unwrap();
            forms.extend([plain, timed, named, both, prefixed]);
        }
    }
    for (at, scheme) in forms.iter().enumerate() {
        let signer = WebhookSigner::hmac(scheme.clone(), SECRET).unwrap();
        let delivery = delivery(signer, "order-17", b"{}");
        for (other_at, other) in forms.iter().enumerate() {
            let hook = Hook::new(WebhookLayer::hmac(other.clone(), SECRET).unwrap());
            let answer = hook.send(&delivery).await;
            let accepted = answer.status == 200;
            assert_eq!(accepted, at == other_at, "{scheme:?} by {other:?}");
        }
    }
}

#[tokio::test]
async fn an_id_of_a_partners_delivery_is_signed() {
    let signed = delivery(WebhookSigner::hmac(partner(), SECRET).unwrap(), "a", b"{}");
    let hook = Hook::new(WebhookLayer::hmac(partner(), SECRET).unwrap());
    let renamed = signed.replacing("x-acme-id", "b");
    refused(&hook.send(&renamed).await, 401, "invalid_credential");
}

#[tokio::test]
async fn a_smaller_leeway_counts() {
    for (off, status) in [(10, 200), (11, 401)] {
        let scheme = partner().with_leeway(Duration::from_secs(10)).unwrap();
        let signed = delivery(
            WebhookSigner::hmac(scheme.clone(), SECRET).unwrap(),
            "a",
            b"{}",
        );
        let hook = Hook::new(WebhookLayer::hmac(scheme, SECRET).unwrap());
        hook.clock.set_unix(NOW + off);
        assert_eq!(hook.send(&signed).await.status, status, "{off}");
    }
}

#[test]
fn a_leeway_of_more_than_five_minutes_is_a_fault() {
    assert!(partner().with_leeway(Duration::from_secs(300)).is_ok());
    let error = partner().with_leeway(Duration::from_secs(301)).unwrap_err();
    assert!(error.to_string().contains("300 seconds"), "{error}");
}

#[test]
fn an_id_that_cannot_be_told_from_what_follows_is_not_signed() {
    let signer = WebhookSigner::standard(spelled("standard v1", SECRET)).unwrap();
    for id in ["", "a.b", "a b", "a\nb", "grüß"] {
        assert!(signer.sign(id, b"").is_err(), "{id:?}");
    }
}
