//! Signed times: how far off they may be, and how they may be written.

use aws_lc_rs::hmac::HMAC_SHA256;
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::webhook::{
    kit::{Delivery, Hook, NOW, hex, mac, refused},
    schemes::{ALL, SECRET, body, named, pair, whsec},
};

#[tokio::test]
async fn a_signed_time_may_be_off_by_the_whole_window_either_way() {
    for scheme in ALL {
        let Some(window) = scheme.window else {
            continue;
        };
        for time in [NOW - window, NOW, NOW + window] {
            let hook = Hook::new((scheme.layer)(SECRET));
            let answer = hook.send(&scheme.valid(time)).await;
            assert_eq!(answer.status, 200, "{} at {time}", scheme.name);
            assert_eq!(hook.runs(), 1, "{}", scheme.name);
        }
    }
}

#[tokio::test]
async fn a_signed_time_one_second_beyond_the_window_is_refused() {
    for scheme in ALL {
        let Some(window) = scheme.window else {
            continue;
        };
        let hook = Hook::new((scheme.layer)(SECRET));
        let old = hook.send(&scheme.valid(NOW - window - 1)).await;
        // A time in a header is judged before the body is read: nothing is proven by then.
        let code = match scheme.name {
            "linear" => "expired_credential",
            _ => "invalid_credential",
        };
        refused(&old, 401, code);
        let future = hook.send(&scheme.valid(NOW + window + 1)).await;
        refused(&future, 401, "invalid_credential");
    }
}

#[tokio::test]
async fn an_old_delivery_with_a_wrong_signature_does_not_hear_that_it_is_old() {
    for scheme in ALL.iter().filter(|scheme| scheme.window.is_some()) {
        let hook = Hook::new((scheme.layer)(crate::webhook::schemes::OTHER));
        let answer = hook.send(&scheme.valid(NOW - 10_000)).await;
        refused(&answer, 401, "invalid_credential");
    }
}

/// Signed over the time as it is written, so that nothing but its form is wrong.
fn written(name: &str, time: &str) -> Delivery {
    let body = body(NOW);
    let key = SECRET.as_bytes();
    match name {
        "standard v1" => {
            let signed = format!("msg_1.{time}.");
            let tag = mac(HMAC_SHA256, &whsec(SECRET), &[signed.as_bytes(), &body]);
            Delivery::new(&body)
                .with("webhook-id", "msg_1")
                .with("webhook-timestamp", time)
                .with("webhook-signature", format!("v1,{}", STANDARD.encode(tag)))
        }
        "slack" => {
            let signed = format!("v0:{time}:");
            let tag = mac(HMAC_SHA256, key, &[signed.as_bytes(), &body]);
            Delivery::new(&body)
                .with("x-slack-request-timestamp", time)
                .with("x-slack-signature", format!("v0={}", hex(&tag)))
        }
        "discord" => {
            let body = br#"{"type":2}"#;
            let signature = pair(SECRET).sign(&[time.as_bytes(), body].concat());
            Delivery::new(body)
                .with("x-signature-timestamp", time)
                .with("x-signature-ed25519", hex(signature.as_ref()))
        }
        "stripe" => {
            let signed = format!("{time}.");
            let tag = mac(HMAC_SHA256, key, &[signed.as_bytes(), &body]);
            Delivery::new(&body).with("stripe-signature", format!("t={time},v1={}", hex(&tag)))
        }
        _ => {
            let signed = format!("msg_1.{time}.");
            let tag = mac(HMAC_SHA256, key, &[signed.as_bytes(), &body]);
            Delivery::new(&body)
                .with("x-acme-id", "msg_1")
                .with("x-acme-time", time)
                .with("x-acme-signature", format!("v1={}", hex(&tag)))
        }
    }
}

const WITH_TIME: [&str; 5] = ["standard v1", "slack", "discord", "stripe", "hmac"];

#[tokio::test]
async fn a_time_in_a_header_is_digits_alone_though_another_spelling_be_signed() {
    for name in WITH_TIME {
        let scheme = named(name);
        let hook = Hook::new((scheme.layer)(SECRET));
        assert_eq!(hook.send(&written(name, "1760000000")).await.status, 200);
        for time in [
            "+1760000000",
            "-1760000000",
            "-1",
            "01760000000",
            "0001760000000",
            "1760000000.0",
            "1.76e9",
            "1760000000e0",
            "0x68e77800",
            "1_760_000_000",
            "1760000000 ",
            " 1760000000",
            "1760000000000",
            "17600000001760000000",
            "18446744073709551616",
            "99999999999999999999999999",
            "NaN",
            "inf",
            "0",
            "١٧٦٠٠٠٠٠٠٠",
        ] {
            let answer = hook.send(&written(name, time)).await;
            refused(&answer, 401, "invalid_credential");
        }
        assert_eq!(hook.runs(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_time_in_a_body_is_any_json_number_and_nothing_else() {
    let scheme = named("linear");
    let sent = async |time: &str| {
        let hook = Hook::new((scheme.layer)(SECRET));
        let body = format!(r#"{{"webhookTimestamp":{time}}}"#);
        let answer = hook
            .send(&(scheme.sign)(SECRET, NOW, body.as_bytes()))
            .await;
        assert_eq!(answer.status == 200, hook.runs() == 1);
        answer.status.as_u16()
    };
    for time in [
        "1760000000000",
        "1760000000000.5",
        "1.76e12",
        "1.76E+12",
        "17600000000000e-1",
    ] {
        assert_eq!(sent(time).await, 200, "{time}");
    }
    for (time, status) in [
        ("\"1760000000000\"", 400),
        ("[1760000000000]", 400),
        ("true", 400),
        ("null", 401),
        ("-1760000000000", 401),
        ("-0", 401),
        ("0", 401),
        ("1e300", 401),
        ("1e400", 400),
        ("18446744073709551616", 401),
        ("01760000000000", 400),
        ("+1760000000000", 400),
        ("1760000000000.", 400),
        ("NaN", 400),
    ] {
        assert_eq!(sent(time).await, status, "{time}");
    }
}

#[tokio::test]
async fn an_id_in_a_body_is_a_whole_number_that_is_written_as_one() {
    let scheme = named("telegram");
    let sent = async |update: &str, user: &str| {
        let hook = Hook::new((scheme.layer)(SECRET));
        let body = format!(
            r#"{{"update_id":{update},"message":{{"from":{{"id":{user}}},"chat":{{"id":-7}}}}}}"#
        );
        let answer = hook
            .send(&(scheme.sign)(SECRET, NOW, body.as_bytes()))
            .await;
        let user = (hook.runs() == 1).then(|| Hook::got(&answer).context.user_id().to_owned());
        (answer.status.as_u16(), user)
    };
    assert_eq!(sent("1", "42").await, (200, Some("42".to_owned())));
    let largest = "4503599627370495";
    assert_eq!(sent("1", largest).await, (200, Some(largest.to_owned())));
    for number in [
        "42.0",
        "42.5",
        "4.2e1",
        "420e-1",
        "-0",
        "042",
        "+42",
        "9223372036854775808",
        "18446744073709551658",
        "1e400",
        "\"42\"",
    ] {
        assert_eq!(sent("1", number).await, (400, None), "{number}");
        assert_eq!(sent(number, "42").await, (400, None), "{number}");
    }
}

#[tokio::test]
async fn linear_trusts_no_time_but_the_signed_one() {
    let scheme = named("linear");
    let hook = Hook::new((scheme.layer)(SECRET));
    let old = scheme.valid(NOW - 61);
    let fresh = (NOW * 1000).to_string();
    let answer = hook.send(&old.with("linear-timestamp", fresh)).await;
    refused(&answer, 401, "expired_credential");
    let timeless = (scheme.sign)(SECRET, NOW, br#"{"action":"create"}"#);
    refused(&hook.send(&timeless).await, 401, "invalid_credential");
}
