//! Twilio: forms, other bodies, and the address that was signed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY;
use axum::response::IntoResponse;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use tower_auth::{ConfigErrorKind, webhook::WebhookLayer};

use crate::webhook::{
    kit::{Delivery, Hook, NOW, mac, refused},
    schemes::{SECRET, URL, named},
};

const TOKEN: &str = "i-twilio-idempotency-token";
const FORM: &str = "application/x-www-form-urlencoded";

fn hook() -> Hook {
    Hook::new(WebhookLayer::twilio(SECRET, URL).unwrap())
}

fn signed(query: &str, signed: &str, content_type: &str, body: &str) -> Delivery {
    let text = format!("{URL}{query}{signed}");
    let tag = mac(
        HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        SECRET.as_bytes(),
        &[text.as_bytes()],
    );
    let mut delivery = Delivery::new(body)
        .with("content-type", content_type)
        .with("x-twilio-signature", STANDARD.encode(tag));
    delivery.query = query.into();
    delivery
}

#[tokio::test]
async fn the_fields_of_a_form_are_signed_sorted_decoded_and_once_each() {
    let delivery = signed("?a=1", "A1B two+words", FORM, "B=+two%2Bwords&A=1&A=1");
    assert_eq!(hook().send(&delivery).await.status, 200);
    let several = signed(
        "",
        "A1A2",
        "application/x-www-form-urlencoded; charset=UTF-8",
        "A=2&A=1",
    );
    assert_eq!(hook().send(&several).await.status, 200);
}

#[tokio::test]
async fn a_field_or_query_that_was_not_signed_is_refused() {
    let valid = signed("?a=1", "A1", FORM, "A=1");
    assert_eq!(hook().send(&valid).await.status, 200);
    for body in ["A=1&B=2", "A=2", "", "a=1"] {
        let answer = hook().send(&valid.clone().with_body(body)).await;
        refused(&answer, 401, "invalid_credential");
    }
    for query in ["", "?a=2", "?a=1&b=2", "?"] {
        let mut moved = valid.clone();
        moved.query = query.into();
        refused(&hook().send(&moved).await, 401, "invalid_credential");
    }
}

#[tokio::test]
async fn a_body_of_another_type_needs_its_digest_in_the_signed_address() {
    let undigested = signed("", "", "application/json", r#"{"a":1}"#);
    refused(&hook().send(&undigested).await, 401, "invalid_credential");
    // A form that is called something else is not signed as a form.
    let renamed = signed("", "A1", "text/plain", "A=1");
    refused(&hook().send(&renamed).await, 401, "invalid_credential");
    // And a digested body that is called a form is one with other fields.
    let valid = named("twilio").valid(NOW);
    let form = valid.clone().replacing("content-type", FORM);
    refused(&hook().send(&form).await, 401, "invalid_credential");
    let mut twice = valid;
    twice.query = format!("{}&bodySHA256=00", twice.query);
    refused(&hook().send(&twice).await, 401, "invalid_credential");
}

/// The content type is not signed, and a form without fields adds nothing to the signed address.
#[tokio::test]
async fn a_digest_in_the_address_binds_the_body_of_a_form_too() {
    let hook = hook();
    let digested = named("twilio").valid(NOW);
    for body in ["", "=", "&&"] {
        let emptied = digested.clone().replacing("content-type", FORM);
        refused(
            &hook.send(&emptied.with_body(body)).await,
            401,
            "invalid_credential",
        );
    }
    assert_eq!(hook.runs(), 0);
}

/// Nothing marks where the signed address ends, where a field does, and whether there are any.
#[tokio::test]
async fn what_is_signed_alike_is_handled_once_however_it_is_split() {
    let call = signed("?CallSid=1", "", "", "");
    let form = signed("?a=1", "A1", FORM, "A=1");
    for (first, query, body) in [
        (&call, "?CallSid=1", ""),
        (&call, "?CallSid=1", "="),
        (&call, "?CallSid=1", "&&"),
        (&call, "?CallSid=", "1"),
        (&form, "?a=1A1", ""),
        (&form, "?a=1", "A1"),
    ] {
        let hook = hook();
        assert_eq!(hook.send(first).await.status, 200);
        let mut copy = first.clone().replacing("content-type", FORM);
        copy.query = query.into();
        hook.send(&copy.with_body(body)).await;
        assert_eq!(hook.runs(), 1, "{query} {body}");
    }
}

/// Whoever recorded a delivery can cut it into other names and values, and write any token.
#[tokio::test]
async fn a_recut_under_another_token_is_never_handled() {
    let form = signed("?a=1", "AbcBd", FORM, "A=bc&B=d");
    for (query, body) in [
        ("?a=1", "Ab=c&B=d"),
        ("?a=1", "A=bcBd"),
        ("?a=1", "AbcBd="),
        // Equal pairs and their order are not signed either.
        ("?a=1", "B=d&A=bc"),
        ("?a=1", "A=bc&A=bc&B=d"),
        ("?a=1AbcBd", ""),
        ("?a=1Abc", "B=d"),
    ] {
        let hook = hook();
        assert_eq!(hook.send(&form.clone().with(TOKEN, "0")).await.status, 200);
        let mut recut = form.clone().with_body(body);
        recut.query = query.into();
        for token in 1..10 {
            let answer = hook
                .send(&recut.clone().with(TOKEN, token.to_string()))
                .await;
            refused(&answer, 409, "conflict");
        }
        assert_eq!(hook.runs(), 1, "{query} {body}");
        // The true one with an equal body is not hurt.
        assert_eq!(hook.send(&form.clone().with(TOKEN, "10")).await.status, 200);
        assert_eq!(hook.runs(), 2, "{query} {body}");
        let answer = hook.send(&recut.clone().with(TOKEN, "11")).await;
        refused(&answer, 409, "conflict");
    }
}

/// Between a failure and Twilio's next attempt, whoever recorded the first one must not slip in
/// with another cut of it.
#[tokio::test]
async fn a_recut_of_a_delivery_whose_handler_failed_is_not_handled_and_the_next_attempt_is() {
    let fails = Arc::new(AtomicBool::new(true));
    let answer = {
        let fails = Arc::clone(&fails);
        move || match fails.load(Ordering::SeqCst) {
            true => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            false => ().into_response(),
        }
    };
    let hook = Hook::answering(WebhookLayer::twilio(SECRET, URL).unwrap(), answer);
    let form = signed("?a=1", "AbcBd", FORM, "A=bc&B=d");
    assert_eq!(hook.send(&form.clone().with(TOKEN, "0")).await.status, 500);
    fails.store(false, Ordering::SeqCst);
    for token in 1..5 {
        let recut = form.clone().with_body("Ab=c&B=d");
        let answer = hook.send(&recut.with(TOKEN, token.to_string())).await;
        refused(&answer, 409, "conflict");
    }
    let answer = hook.send(&form.clone().with_body("Ab=c&B=d")).await;
    refused(&answer, 409, "conflict");
    assert_eq!(hook.runs(), 1);
    assert_eq!(hook.send(&form.clone().with(TOKEN, "0")).await.status, 200);
    assert_eq!(hook.runs(), 2);
}

#[tokio::test]
async fn what_is_answered_to_a_known_delivery_is_twiml_that_does_nothing() {
    let hook = hook();
    let call = signed("", "A1", FORM, "A=1").with(TOKEN, "0");
    hook.send(&call).await;
    let again = hook.send(&call).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.body, "<Response/>");
    assert_eq!(again.header("content-type"), "text/xml");
    assert_eq!(hook.runs(), 1);
}

#[tokio::test]
async fn a_call_without_a_body_is_signed_by_its_address() {
    assert_eq!(
        hook().send(&signed("?CallSid=1", "", "", "")).await.status,
        200
    );
}

#[tokio::test]
async fn the_host_that_a_request_shows_changes_nothing() {
    let delivery = signed("", "A1", FORM, "A=1");
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
    ] {
        let answer = hook().send(&delivery.clone().with(name, value)).await;
        assert_eq!(answer.status, 200);
    }
}

#[test]
fn an_address_that_cannot_be_what_twilio_calls_is_a_fault() {
    for url in [
        "",
        "/hooks",
        "example.com",
        "https://",
        "https://example.com/h?a=1",
        "https://example.com/h#a",
    ] {
        let error = WebhookLayer::twilio(SECRET, url).unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Malformed, "{url}");
    }
}
