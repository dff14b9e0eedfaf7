//! How many asymmetric signatures of one request are checked: four.

use base64::{Engine, engine::general_purpose::STANDARD};
use tower_auth::ConfigErrorKind;

use crate::webhook::{
    kit::{Delivery, Hook, NOW, refused},
    schemes::{SECRET, named, spelled},
};

const SIGNATURE: &str = "webhook-signature";

/// `v1a` signatures of the right form that no key here made.
fn wrong(count: u8) -> Vec<String> {
    let wrong = |number| format!("v1a,{}", STANDARD.encode([number; 64]));
    (0..count).map(wrong).collect()
}

/// A delivery with the right signature after so many wrong ones.
fn after(count: u8) -> Delivery {
    let valid = named("standard v1a").valid(NOW);
    let right = valid.header(SIGNATURE).to_owned();
    let mut shown = wrong(count);
    shown.push(right);
    valid.replacing(SIGNATURE, shown.join(" "))
}

/// A hook with so many public keys, the right one last.
fn hook(keys: usize) -> Hook {
    let scheme = named("standard v1a");
    let key = |number: usize| match number + 1 == keys {
        true => SECRET.to_owned(),
        false => format!("other_{number}"),
    };
    let mut layer = (scheme.layer)(&key(0));
    for number in 1..keys {
        layer = layer
            .add_secret(spelled(scheme.name, &key(number)))
            .unwrap();
    }
    Hook::new(layer)
}

#[tokio::test]
async fn the_fourth_signature_is_checked_and_the_fifth_is_not() {
    for before in 0..4 {
        assert_eq!(hook(1).send(&after(before)).await.status, 200, "{before}");
    }
    for before in 4..10 {
        let answer = hook(1).send(&after(before)).await;
        refused(&answer, 400, "invalid_request");
    }
}

#[tokio::test]
async fn every_key_that_a_signature_is_tried_with_counts() {
    for (keys, before, is_checked) in [
        (2, 0, true),
        (2, 1, true),
        (2, 2, false),
        (3, 0, true),
        (3, 1, false),
        (4, 0, true),
        (4, 1, false),
    ] {
        let answer = hook(keys).send(&after(before)).await;
        match is_checked {
            true => assert_eq!(answer.status, 200, "{keys} keys after {before}"),
            false => refused(&answer, 400, "invalid_request"),
        }
    }
}

#[tokio::test]
async fn four_wrong_ones_are_wrong_and_a_fifth_is_one_too_many() {
    let valid = named("standard v1a").valid(NOW);
    for (count, status, code) in [
        (1, 401, "invalid_credential"),
        (4, 401, "invalid_credential"),
        (5, 400, "invalid_request"),
        (16, 400, "invalid_request"),
    ] {
        let delivery = valid.clone().replacing(SIGNATURE, wrong(count).join(" "));
        refused(&hook(1).send(&delivery).await, status, code);
    }
}

#[tokio::test]
async fn a_signature_that_is_repeated_is_checked_once() {
    let valid = named("standard v1a").valid(NOW);
    let mut shown = vec![wrong(1).remove(0); 10];
    shown.push(valid.header(SIGNATURE).to_owned());
    let delivery = valid.replacing(SIGNATURE, shown.join(" "));
    assert_eq!(hook(1).send(&delivery).await.status, 200);
}

#[tokio::test]
async fn a_shared_secret_beside_public_keys_costs_no_check() {
    let layer = (named("standard v1a").layer)("other_1")
        .add_secret(spelled("standard v1", SECRET))
        .unwrap();
    let valid = named("standard v1").valid(NOW);
    let mut shown = wrong(10);
    shown.push(valid.header(SIGNATURE).to_owned());
    let delivery = valid.replacing(SIGNATURE, shown.join(" "));
    assert_eq!(Hook::new(layer).send(&delivery).await.status, 200);
}

#[test]
fn a_fifth_public_key_is_a_fault() {
    for name in ["standard v1a", "discord"] {
        let mut layer = (named(name).layer)(SECRET);
        for number in 0..3 {
            let key = spelled(name, &format!("other_{number}"));
            layer = layer.add_secret(key).unwrap();
        }
        let fifth = layer.add_secret(spelled(name, "other_3")).unwrap_err();
        assert_eq!(fifth.kind(), ConfigErrorKind::Unsupported, "{name}");
    }
}
