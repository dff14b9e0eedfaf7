//! What each scheme refuses, and with which answer.

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256};

use crate::webhook::{
    kit::{Delivery, Hook, NOW, hex, mac, refused},
    schemes::{ALL, OTHER, SECRET, Scheme, body, named},
};

async fn sent(scheme: &Scheme, delivery: &Delivery) -> crate::common::answer::Answer {
    Hook::new((scheme.layer)(SECRET)).send(delivery).await
}

#[tokio::test]
async fn a_valid_delivery_is_accepted() {
    for scheme in &ALL {
        let answer = sent(scheme, &scheme.valid(NOW)).await;
        assert_eq!(answer.status, 200, "{}: {answer:?}", scheme.name);
        Hook::got(&answer);
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused() {
    for scheme in &ALL {
        let hook = Hook::new((scheme.layer)(OTHER));
        refused(
            &hook.send(&scheme.valid(NOW)).await,
            401,
            "invalid_credential",
        );
    }
}

#[tokio::test]
async fn either_of_two_secrets_is_accepted_while_one_is_replaced() {
    for scheme in &ALL {
        // The spelling of a second secret is the scheme's own: take it from a layer's constructor.
        let old = (scheme.sign)(OTHER, NOW, &body(NOW));
        let new = scheme.valid(NOW);
        let spelled = crate::webhook::schemes::spelled(scheme.name, OTHER);
        let layer = || (scheme.layer)(SECRET).add_secret(spelled.clone()).unwrap();
        for delivery in [old, new] {
            let answer = Hook::new(layer()).send(&delivery).await;
            assert_eq!(answer.status, 200, "{}: {answer:?}", scheme.name);
        }
    }
}

#[tokio::test]
async fn a_changed_body_is_refused() {
    for scheme in ALL.iter().filter(|scheme| scheme.signs_body) {
        let valid = scheme.valid(NOW);
        for body in [
            valid.body[1..].to_vec(),
            valid.body[..valid.body.len() - 1].to_vec(),
            [&valid.body[..], b" "].concat(),
            [&valid.body[..], b"\n"].concat(),
            [b"\xef\xbb\xbf", &valid.body[..]].concat(),
            Vec::new(),
        ] {
            let answer = sent(scheme, &valid.clone().with_body(body)).await;
            refused(&answer, 401, "invalid_credential");
        }
    }
}

#[tokio::test]
async fn any_one_byte_of_the_body_that_is_changed_is_refused() {
    for scheme in ALL.iter().filter(|scheme| scheme.signs_body) {
        let valid = scheme.valid(NOW);
        let hook = Hook::new((scheme.layer)(SECRET));
        for at in 0..valid.body.len() {
            let mut body = valid.body.clone();
            body[at] ^= 1;
            let answer = hook.send(&valid.clone().with_body(body)).await;
            refused(&answer, 401, "invalid_credential");
        }
        assert_eq!(hook.send(&valid).await.status, 200, "{}", scheme.name);
    }
}

#[tokio::test]
async fn any_one_byte_of_a_signed_header_that_is_changed_is_refused() {
    for scheme in &ALL {
        let valid = scheme.valid(NOW);
        let hook = Hook::new((scheme.layer)(SECRET));
        for (name, value) in valid
            .headers
            .iter()
            .filter(|(name, _)| name != "content-type")
        {
            for (at, flip) in (0..value.len()).flat_map(|at| [1, 2, 0x20].map(|flip| (at, flip))) {
                let mut changed = value.clone();
                changed[at] ^= flip;
                if http::HeaderValue::from_bytes(&changed).is_err() {
                    continue;
                }
                let answer = hook.send(&valid.clone().replacing(name, changed)).await;
                let status = answer.status.as_u16();
                assert!(
                    matches!(status, 400 | 401),
                    "{}, {name} at {at}: {answer:?}",
                    scheme.name
                );
            }
        }
        assert_eq!(hook.runs(), 0, "{}", scheme.name);
        assert_eq!(hook.send(&valid).await.status, 200, "{}", scheme.name);
    }
}

#[tokio::test]
async fn equal_json_in_other_bytes_is_refused() {
    for scheme in ALL.iter().filter(|scheme| scheme.signs_body) {
        let valid = scheme.valid(NOW);
        let value: serde_json::Value = serde_json::from_slice(&valid.body).unwrap();
        for body in [
            serde_json::to_vec_pretty(&value).unwrap(),
            // Escapes are written out.
            serde_json::to_vec(&value).unwrap(),
        ] {
            assert_ne!(body, valid.body);
            let answer = sent(scheme, &valid.clone().with_body(body)).await;
            refused(&answer, 401, "invalid_credential");
        }
    }
}

#[tokio::test]
async fn a_missing_or_empty_signature_is_a_missing_credential() {
    for scheme in &ALL {
        let without = scheme.valid(NOW).without(scheme.signature);
        refused(&sent(scheme, &without).await, 401, "missing_credential");
        for blank in ["", " ", "\t"] {
            let answer = sent(scheme, &without.clone().with(scheme.signature, blank)).await;
            refused(&answer, 401, "missing_credential");
        }
    }
}

#[tokio::test]
async fn a_signed_header_that_is_missing_is_a_missing_credential() {
    for (name, header) in [
        ("standard v1", "webhook-id"),
        ("standard v1", "webhook-timestamp"),
        ("slack", "x-slack-request-timestamp"),
        ("discord", "x-signature-timestamp"),
        ("hmac", "x-acme-id"),
        ("hmac", "x-acme-time"),
    ] {
        let scheme = named(name);
        let answer = sent(&scheme, &scheme.valid(NOW).without(header)).await;
        refused(&answer, 401, "missing_credential");
    }
}

#[tokio::test]
async fn a_header_that_stands_there_twice_is_refused() {
    for scheme in &ALL {
        let valid = scheme.valid(NOW);
        for (name, value) in &valid.headers {
            if name == "content-type" {
                continue;
            }
            let twice = valid.clone().with(name, value);
            refused(&sent(scheme, &twice).await, 400, "invalid_request");
        }
    }
}

#[tokio::test]
async fn an_absurdly_long_signature_is_refused() {
    for scheme in &ALL {
        let long = scheme
            .valid(NOW)
            .replacing(scheme.signature, "a".repeat(9000));
        refused(&sent(scheme, &long).await, 400, "invalid_request");
    }
}

#[tokio::test]
async fn upper_case_hexadecimal_is_refused() {
    for scheme in ALL.iter().filter(|scheme| scheme.is_hex) {
        let valid = scheme.valid(NOW);
        let shown = valid.header(scheme.signature).to_owned();
        let (head, tail) = shown.split_at(shown.rfind('=').map_or(0, |at| at + 1));
        let upper = format!("{head}{}", tail.to_uppercase());
        assert_ne!(upper, shown);
        let answer = sent(scheme, &valid.replacing(scheme.signature, upper)).await;
        refused(&answer, 401, "invalid_credential");
    }
}

#[tokio::test]
async fn a_malformed_signature_is_refused() {
    for scheme in &ALL {
        let valid = scheme.valid(NOW);
        let shown = valid.header(scheme.signature).to_owned();
        for wrong in [
            shown[..shown.len() - 1].to_owned(),
            format!("{shown}0"),
            format!("{shown}="),
            shown.replacen('=', "", 1).replacen(',', "", 1) + "!",
            "=".to_owned(),
            ",".to_owned(),
            "undefined".to_owned(),
            "grüß".to_owned(),
        ] {
            let answer = sent(scheme, &valid.clone().replacing(scheme.signature, wrong)).await;
            refused(&answer, 401, "invalid_credential");
        }
    }
}

#[tokio::test]
async fn the_signature_of_another_scheme_is_refused() {
    for scheme in &ALL {
        for other in &ALL {
            let delivery = other.valid(NOW);
            if other.signature == scheme.signature {
                continue;
            }
            // Under its own name, and under the name of the scheme that is asked.
            refused(&sent(scheme, &delivery).await, 401, "missing_credential");
            let tag = other.valid(NOW).header(other.signature).to_owned();
            let delivery = scheme.valid(NOW).replacing(scheme.signature, &tag);
            // The secret itself is what Telegram shows.
            let answer = sent(scheme, &delivery).await;
            refused(&answer, 401, "invalid_credential");
        }
    }
}

#[tokio::test]
async fn githubs_older_signature_alone_is_none() {
    let body = body(NOW);
    let tag = mac(HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes(), &[&body]);
    let sha1 = format!("sha1={}", hex(&tag));
    let scheme = named("github");
    let older = Delivery::new(&body).with("x-hub-signature", &sha1);
    refused(&sent(&scheme, &older).await, 401, "missing_credential");
    let renamed = Delivery::new(&body).with("x-hub-signature-256", &sha1);
    refused(&sent(&scheme, &renamed).await, 401, "invalid_credential");
}

#[tokio::test]
async fn stripes_older_signature_alone_is_refused() {
    let scheme = named("stripe");
    let v0 = scheme
        .valid(NOW)
        .header("stripe-signature")
        .replace("v1=", "v0=");
    let answer = sent(
        &scheme,
        &scheme.valid(NOW).replacing("stripe-signature", v0),
    )
    .await;
    refused(&answer, 401, "invalid_credential");
}

#[tokio::test]
async fn a_stripe_header_with_two_times_is_refused() {
    let scheme = named("stripe");
    let valid = scheme.valid(NOW);
    let shown = valid.header("stripe-signature").to_owned();
    for twice in [format!("t={NOW},{shown}"), format!("{shown},t={}", NOW + 1)] {
        let answer = sent(&scheme, &valid.clone().replacing("stripe-signature", twice)).await;
        refused(&answer, 401, "invalid_credential");
    }
}

#[tokio::test]
async fn a_flood_of_signatures_is_refused_before_any_is_checked() {
    let scheme = named("standard v1a");
    let valid = scheme.valid(NOW);
    let shown = valid.header(scheme.signature);
    let flood = vec![shown; 17].join(" ");
    let answer = sent(&scheme, &valid.clone().replacing(scheme.signature, flood)).await;
    refused(&answer, 400, "invalid_request");
}

#[tokio::test]
async fn a_standard_signature_of_one_version_does_not_pass_for_the_other() {
    for (name, from, to) in [
        ("standard v1", "v1,", "v1a,"),
        ("standard v1a", "v1a,", "v1,"),
    ] {
        let scheme = named(name);
        let valid = scheme.valid(NOW);
        let renamed = valid.header(scheme.signature).replace(from, to);
        let answer = sent(&scheme, &valid.replacing(scheme.signature, renamed)).await;
        refused(&answer, 401, "invalid_credential");
    }
}

#[tokio::test]
async fn what_a_standard_delivery_signs_cannot_be_split_at_another_full_stop() {
    let scheme = named("standard v1");
    // Signed as id `a.1`, time NOW: shown as id `a`, the rest moved over, and the other way round.
    let body = br#"1760000000.{"paid":true}"#;
    let signed = format!("a.1.{NOW}.");
    let key = crate::webhook::schemes::whsec(SECRET);
    let tag = mac(HMAC_SHA256, &key, &[signed.as_bytes(), body]);
    let tag = format!(
        "v1,{}",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, tag)
    );
    let delivery = Delivery::new(body)
        .with("webhook-id", "a.1")
        .with("webhook-timestamp", NOW.to_string())
        .with("webhook-signature", tag);
    refused(&sent(&scheme, &delivery).await, 401, "invalid_credential");
}

#[tokio::test]
async fn two_families_of_headers_must_say_the_same() {
    let scheme = named("standard v1");
    let valid = scheme.valid(NOW);
    let mut both = valid.clone();
    for (name, value) in &valid.headers {
        both = both.with(&name.replace("webhook-", "svix-"), value);
    }
    assert_eq!(sent(&scheme, &both).await.status, 200);
    let other = both.replacing("svix-id", "msg_2");
    refused(&sent(&scheme, &other).await, 400, "invalid_request");
    let incomplete = valid.with("svix-id", "msg_1");
    refused(&sent(&scheme, &incomplete).await, 400, "invalid_request");
}
