//! The fuzz targets' checks on what fuzzing kept, and on random changes of it: on any toolchain.

#[path = "../../../fuzz/src/checks.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets use it from outside")]
mod checks;
#[path = "../../../fuzz/src/key_api.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets use it from outside")]
mod key_api;
#[path = "../../../fuzz/src/keys.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets use it from outside")]
mod keys;
#[path = "../../../fuzz/src/proxies.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets use it from outside")]
mod proxies;
#[path = "../../../fuzz/src/webhooks.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets use it from outside")]
mod webhooks;

use std::{fs, path::PathBuf};

use crate::mcp::oracle;
use proptest::{collection::vec, prelude::*, sample::Index};

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = fs::read_dir(folder).unwrap();
    let files: Vec<_> = files
        .map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect();
    assert!(!files.is_empty());
    files
}

/// Cuts, repeats and overwrites pieces of a file, and joins pieces of two.
fn replay(target: &str, check: fn(&[u8])) {
    replay_changed(target, 3_000, check);
}

fn replay_changed(target: &str, changed: u32, check: fn(&[u8])) {
    let files = corpus(target);
    files.iter().for_each(|file| check(file));
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(changed)
    };
    let edits = vec(
        (any::<Index>(), any::<Index>(), vec(any::<u8>(), 0..4)),
        0..4,
    );
    let strategy = (any::<Index>(), any::<Index>(), edits);
    proptest!(config, |((one, other, edits) in strategy)| {
        let mut bytes = one.get(&files).clone();
        for (from, to, piece) in edits {
            let (from, to) = (from.index(bytes.len() + 1), to.index(bytes.len() + 1));
            match piece.as_slice() {
                [] if from <= to => drop(bytes.drain(from..to)),
                [] => bytes.extend_from_slice(&other.get(&files)[to.min(other.get(&files).len())..]),
                _ => drop(bytes.splice(from.min(to)..(from.min(to) + 1).min(bytes.len()), piece)),
            }
        }
        check(&bytes);
    });
}

#[test]
fn no_bytes_are_a_token() {
    replay("jws_compact", checks::jws_compact);
}

#[test]
fn claims_mean_the_same_to_serde_json() {
    replay("jwt_claims", checks::jwt_claims);
}

#[test]
fn paths_lead_where_serde_json_finds_the_claim() {
    replay("claim_paths", checks::claim_paths);
}

#[test]
fn key_sets_are_bounded_and_unambiguous() {
    replay("jwk_set", checks::jwk_set);
}

#[test]
fn a_managed_key_has_one_form() {
    replay("managed_key", keys::managed_key);
}

#[test]
fn no_body_gives_more_than_its_sender_has() {
    // Each makes a store of its own.
    replay_changed("key_api_bodies", 300, key_api::key_api_bodies);
}

#[test]
fn no_headers_are_a_signature() {
    replay("webhook_headers", webhooks::webhook_headers);
}

#[test]
fn a_platforms_bodies_mean_the_same_to_serde_json() {
    replay("webhook_bodies", webhooks::webhook_bodies);
}

#[test]
fn files_are_open_only_where_they_say_so() {
    replay("config_file", checks::config_file);
}

#[test]
fn what_an_opening_lets_through_stays_below_it() {
    replay("opened_paths", checks::opened_paths);
}

#[test]
fn no_public_key_is_a_secret() {
    replay("secret_texts", checks::secret_texts);
}

#[test]
fn one_signature_of_twilio_lets_one_form_in() {
    replay("twilio_forms", webhooks::twilio_forms);
}

#[test]
fn nobody_chooses_the_address_by_which_they_are_counted() {
    replay("forwarded_headers", proxies::forwarded_headers);
}

#[test]
fn no_message_is_judged_weaker_than_a_reader_takes_it() {
    replay("mcp_bodies", oracle::mcp_bodies);
}
