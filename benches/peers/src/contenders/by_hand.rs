//! Checks written by hand: what a layer could take at the least.

use std::hint::black_box;

use axum::body::Body;
use http::{Request, StatusCode};
use tower_auth::jose::Algorithm;
use tower_layer::Layer;

use super::{BY_HAND, Contender, Crypto, Heads, Task, any_key};
use crate::{
    by_hand,
    call::{Head, Inner},
    credentials::{Credentials, api_key},
    measure::Dice,
};

pub(super) fn contenders(credentials: &Credentials, many: usize) -> Vec<Contender> {
    let (secret, public) = (Algorithm::HS256, Algorithm::RS256);
    let (secret, public) = (credentials.token(secret), credentials.token(public));
    let key = by_hand::layer(by_hand::keys([api_key(0)])).layer(Inner);
    let first = by_hand::layer(by_hand::hs256(credentials.issuer())).layer(Inner);
    let again = by_hand::layer(by_hand::remembered(public)).layer(Inner);
    let heads = Heads {
        accepted: Head::with_key(&api_key(0)),
        refused: Head::with_key(&api_key(usize::MAX)),
    };
    let tokens = Heads::of_token;
    vec![
        Contender::accepting(Task::ApiKey, BY_HAND, key, heads),
        Contender::answering(
            Task::MillionKeys,
            BY_HAND,
            Inner,
            after_one_access(many),
            StatusCode::OK,
        )
        .set_up("no check, one access to so much memory"),
        Contender::accepting(
            Task::FirstSeen(secret.algorithm),
            BY_HAND,
            first,
            tokens(secret),
        )
        .on(Crypto::AwsLc),
        Contender::accepting(
            Task::Remembered(public.algorithm),
            BY_HAND,
            again,
            tokens(public),
        ),
    ]
}

/// Requests before each of which one line is read, another each time, of as much memory as that many
/// keys may take: whoever keeps something about each of them waits for that at least.
fn after_one_access(keys: usize) -> impl FnMut() -> Request<Body> {
    let lines = keys * 320 / size_of::<[u64; 8]>();
    // Written to, so that each page is there and is its own.
    let memory: Vec<_> = (0..lines).map(|line| [line as u64; 8]).collect();
    let (mut dice, mut request) = (Dice::new(), any_key(keys));
    move || {
        let line = dice.below(memory.len());
        let [read, ..] = black_box(&memory)[line];
        assert!(read == line as u64, "something else was written there");
        request()
    }
}
