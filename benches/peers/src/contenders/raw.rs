//! The cryptography alone: what no layer can be quicker than, unless it remembers.

use std::hint::black_box;

use aws_lc_rs::{
    digest, hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
        RsaPublicKeyComponents,
    },
};
use sha2::{Digest, Sha256};
use tower_auth::jose::Algorithm;

use super::{Contender, Crypto, Task};
use crate::credentials::{Credentials, SECRET, Signed, api_key};

pub(super) fn contenders(credentials: &Credentials) -> Vec<Contender> {
    let mut all: Vec<_> = credentials.tokens().iter().map(aws_lc).collect();
    all.extend(credentials.tokens().iter().map(ring));
    let token = &credentials.token(Algorithm::RS256).token;
    for (task, text) in [
        (Task::HashOfKey, api_key(0)),
        (Task::HashOfToken, token.clone()),
    ] {
        let hashed = text.clone();
        all.push(Contender::raw(
            task,
            "digest",
            Crypto::AwsLc,
            move |calls| {
                for _ in 0..calls {
                    let text = black_box(text.as_bytes());
                    black_box(digest::digest(&digest::SHA256, text));
                }
            },
        ));
        all.push(Contender::raw(task, "digest", Crypto::Sha2, move |calls| {
            for _ in 0..calls {
                black_box(Sha256::digest(black_box(hashed.as_bytes())));
            }
        }));
    }
    all
}

/// With keys that are parsed once.
fn aws_lc(signed: &Signed) -> Contender {
    let name = "parsed key";
    if signed.algorithm == Algorithm::HS256 {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let check =
            move |message: &[u8], signature: &[u8]| hmac::verify(&key, message, signature).is_ok();
        return verifying(signed, "prepared key", Crypto::AwsLc, check);
    }
    let key = match signed.algorithm {
        Algorithm::RS256 => RsaPublicKeyComponents {
            n: signed.key_part("n"),
            e: signed.key_part("e"),
        }
        .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::ES256 => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point(signed)),
        _ => ParsedPublicKey::new(&ED25519, signed.key_part("x")),
    };
    let key = key.expect("the issuer's key");
    let check = move |message: &[u8], signature: &[u8]| key.verify_sig(message, signature).is_ok();
    verifying(signed, name, Crypto::AwsLc, check)
}

/// `ring` keeps no parsed keys, but for HMAC: it parses one with each signature.
fn ring(signed: &Signed) -> Contender {
    use ring::{
        hmac,
        signature::{
            ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
            UnparsedPublicKey,
        },
    };
    let name = "key parsed each time";
    match signed.algorithm {
        Algorithm::HS256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
            let check = move |message: &[u8], signature: &[u8]| {
                hmac::verify(&key, message, signature).is_ok()
            };
            verifying(signed, "prepared key", Crypto::Ring, check)
        }
        Algorithm::RS256 => {
            let (n, e) = (signed.key_part("n"), signed.key_part("e"));
            let check = move |message: &[u8], signature: &[u8]| {
                let key = RsaPublicKeyComponents { n: &n, e: &e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                    .is_ok()
            };
            verifying(signed, name, Crypto::Ring, check)
        }
        Algorithm::ES256 => {
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point(signed));
            let check =
                move |message: &[u8], signature: &[u8]| key.verify(message, signature).is_ok();
            verifying(signed, name, Crypto::Ring, check)
        }
        _ => {
            let key = UnparsedPublicKey::new(&ED25519, signed.key_part("x"));
            let check =
                move |message: &[u8], signature: &[u8]| key.verify(message, signature).is_ok();
            verifying(signed, name, Crypto::Ring, check)
        }
    }
}

fn verifying(
    signed: &Signed,
    name: &'static str,
    crypto: Crypto,
    check: impl Fn(&[u8], &[u8]) -> bool + 'static,
) -> Contender {
    let (message, signature) = (signed.message().to_owned(), signed.signature());
    assert!(
        !check(&message.as_bytes()[1..], &signature),
        "{crypto} accepts a signature of something else"
    );
    let task = Task::Verify(signed.algorithm);
    let mut made = Contender::raw(task, name, crypto, move |calls| {
        for _ in 0..calls {
            let accepted = check(black_box(message.as_bytes()), black_box(&signature));
            assert!(accepted, "{crypto} refuses a right signature");
        }
    });
    made.run(1);
    made
}

/// SEC 1 §2.3.3: a byte that says "uncompressed", then both coordinates.
fn point(signed: &Signed) -> Vec<u8> {
    [vec![4], signed.key_part("x"), signed.key_part("y")].concat()
}
