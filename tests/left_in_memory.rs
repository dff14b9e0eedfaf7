//! What is left of a token in memory once it was verified.
#![cfg(test)]
#![cfg(target_os = "linux")]

#[path = "common/jose.rs"]
mod jose;

use std::{fs::File, os::unix::fs::FileExt};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jose::{CLAIMS, good, key};
use tower_auth::jose::{Algorithm, Jws};

/// The claims of a token are kept for as long as it is remembered; with the rest beside them, whoever
/// reads the memory could put the token together again.
#[test]
fn neither_signature_nor_header_stays_behind_the_claims() {
    for algorithm in Algorithm::ALL.iter().copied() {
        let token = good(algorithm);
        let (input, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = input.split_once('.').unwrap();
        let claims = Jws::parse(&token)
            .unwrap()
            .verify_claims(&key(algorithm))
            .unwrap();
        assert_eq!(claims, CLAIMS);
        let behind = behind(&claims);
        for part in [header, signature] {
            let part = URL_SAFE_NO_PAD.decode(part).unwrap();
            // Four bytes in a row are there by no accident.
            let is_there = part
                .windows(4)
                .any(|some| behind.windows(4).any(|other| other == some));
            assert!(!is_there, "{algorithm}");
        }
    }
}

/// What stands in the room that a text has to spare.
fn behind(text: &String) -> Vec<u8> {
    let mut bytes = vec![0; text.capacity() - text.len()];
    let at = text.as_ptr().addr() + text.len();
    File::open("/proc/self/mem")
        .and_then(|memory| memory.read_exact_at(&mut bytes, at as u64))
        .unwrap();
    bytes
}
