//! Signed times: how far off they may be, and how they may be written.

use crate::{
    kit::{Hook, NOW, refused},
    schemes::{ALL, SECRET, named},
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
        refused(&old, 401, "expired_credential");
        let future = hook.send(&scheme.valid(NOW + window + 1)).await;
        refused(&future, 401, "invalid_credential");
    }
}

#[tokio::test]
async fn an_old_delivery_with_a_wrong_signature_does_not_hear_that_it_is_old() {
    for scheme in ALL.iter().filter(|scheme| scheme.window.is_some()) {
        let hook = Hook::new((scheme.layer)(crate::schemes::OTHER));
        let answer = hook.send(&scheme.valid(NOW - 10_000)).await;
        refused(&answer, 401, "invalid_credential");
    }
}

#[tokio::test]
async fn a_time_that_is_no_plain_number_is_refused() {
    for (name, header) in [
        ("standard v1", "webhook-timestamp"),
        ("slack", "x-slack-request-timestamp"),
        ("discord", "x-signature-timestamp"),
        ("hmac", "x-acme-time"),
    ] {
        let scheme = named(name);
        for time in [
            "+1760000000",
            "-1",
            "1760000000.0",
            "1.76e9",
            "0x68e77800",
            "1760000000 ",
            " 1760000000",
            "17600000001760000000",
            "99999999999999999999999999",
            "١٧٦٠٠٠٠٠٠٠",
        ] {
            let hook = Hook::new((scheme.layer)(SECRET));
            let delivery = scheme.valid(NOW).replacing(header, time);
            let answer = hook.send(&delivery).await;
            refused(&answer, 401, "invalid_credential");
        }
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
