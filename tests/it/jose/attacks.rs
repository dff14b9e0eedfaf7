//! What attackers do to tokens, keys and signatures. Each attack is refused, under its own log code.

use crate::common::jose;

use std::net::TcpListener;

use aws_lc_rs::hmac;
use jose::{CLAIMS, b64, code, good, hs256, key, key_file, signed, token};
use tower_auth::jose::{Algorithm, Key, KeySet};

const HEADER: &str = r#"{"alg":"HS256"}"#;

fn hs() -> KeySet {
    key(Algorithm::HS256).into()
}

fn hs_code(token: &str) -> Option<&'static str> {
    code(token, &hs())
}

fn parts(token: &str) -> (&str, &str, &str) {
    let mut parts = token.split('.');
    (
        parts.next().unwrap(),
        parts.next().unwrap(),
        parts.next().unwrap(),
    )
}

#[test]
fn the_honest_token_is_accepted() {
    for algorithm in Algorithm::ALL.iter().copied() {
        assert_eq!(
            code(&good(algorithm), &key(algorithm).into()),
            None,
            "{algorithm}"
        );
    }
    assert_eq!(hs256(HEADER, CLAIMS), None);
}

#[test]
fn none_does_not_exist_in_any_spelling() {
    for name in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "\\u006eone",
        "n\\u006Fn\\u0065",
    ] {
        let input = format!("{}.{}", b64(format!(r#"{{"alg":"{name}"}}"#)), b64(CLAIMS));
        assert_eq!(
            hs_code(&signed(Algorithm::HS256, &input)),
            Some("jwt_alg_none"),
            "{name}"
        );
        assert_eq!(hs_code(&format!("{input}.")), Some("jwt_empty_part"));
        assert_eq!(hs_code(&input), Some("jwt_not_three_parts"));
    }
    for name in [
        "",
        "none ",
        " none",
        "none\\u0000",
        "nonе",
        "HS257",
        "hs256",
        "HS256 ",
        "ES256K",
    ] {
        let header = format!(r#"{{"alg":"{name}"}}"#);
        assert_eq!(hs256(header, CLAIMS), Some("jwt_alg_unknown"), "{name:?}");
    }
    for value in ["null", "0", "[\"HS256\"]", "{}", "true"] {
        let header = format!(r#"{{"alg":{value}}}"#);
        assert_eq!(hs256(header, CLAIMS), Some("jwt_alg_unknown"), "{value}");
    }
    assert_eq!(hs256("{}", CLAIMS), Some("jwt_alg_missing"));
    assert_eq!(hs256(r#"{"ALG":"HS256"}"#, CLAIMS), Some("jwt_alg_missing"));
}

#[test]
fn an_rsa_public_key_is_no_hmac_secret() {
    let pem = key_file("rsa.pub.pem");
    let input = format!("{}.{}", b64(HEADER), b64(CLAIMS));
    for secret in [
        pem.as_bytes(),
        pem.trim().as_bytes(),
        &jose::der_file("rsa.pub.pem"),
    ] {
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
        let forged = format!("{input}.{}", b64(mac));
        let verdict = code(&forged, &key(Algorithm::RS256).into());
        assert_eq!(verdict, Some("jwt_alg_mismatch"));
        // And it cannot even be configured.
        assert!(Key::hmac(Algorithm::HS256, secret).is_err());
    }
}

#[test]
fn a_token_of_one_algorithm_is_refused_under_a_key_of_another() {
    for (signed_with, configured) in [
        (Algorithm::ES256, Algorithm::RS256),
        (Algorithm::RS256, Algorithm::PS256),
        (Algorithm::PS256, Algorithm::RS256),
        (Algorithm::RS256, Algorithm::RS512),
        (Algorithm::HS256, Algorithm::HS512),
        (Algorithm::EdDSA, Algorithm::ES256),
    ] {
        let verdict = code(&good(signed_with), &key(configured).into());
        assert_eq!(
            verdict,
            Some("jwt_alg_mismatch"),
            "{signed_with} {configured}"
        );
        // The header says what the key is, the signature is of another algorithm.
        let header = format!(r#"{{"alg":"{configured}"}}"#);
        let verdict = code(&token(signed_with, header, CLAIMS), &key(configured).into());
        assert_eq!(
            verdict,
            Some("jwt_bad_signature"),
            "{signed_with} {configured}"
        );
    }
}

#[test]
fn a_hostile_kid_finds_no_key() {
    let keys = KeySet::from(key(Algorithm::HS256).with_id("a"));
    for kid in [
        "' OR 1=1 --",
        "a' UNION SELECT 'AAAA",
        "../../../../dev/null",
        "/dev/null",
        "file:///etc/passwd",
        "http://attacker.example/key",
        "a\\u0000",
        "a\\n",
        "| sleep 10",
        "",
        "*",
    ] {
        let header = format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#);
        let verdict = code(&token(Algorithm::HS256, header, CLAIMS), &keys);
        assert_eq!(verdict, Some("jwt_kid_unknown"), "{kid}");
    }
    for kid in ["null", "0", "[\"a\"]", "{\"a\":1}", "true"] {
        let header = format!(r#"{{"alg":"HS256","kid":{kid}}}"#);
        let verdict = code(&token(Algorithm::HS256, header, CLAIMS), &keys);
        assert_eq!(verdict, Some("jwt_bad_kid"), "{kid}");
    }
    let long = |len: usize| format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "a".repeat(len));
    let verdict = code(&token(Algorithm::HS256, long(40_000), CLAIMS), &keys);
    assert_eq!(verdict, Some("jwt_kid_unknown"));
    let verdict = code(&token(Algorithm::HS256, long(64 * 1024), CLAIMS), &keys);
    assert_eq!(verdict, Some("jwt_too_long"));
}

#[test]
fn keys_that_a_token_brings_along_are_never_taken() {
    let attacker = TcpListener::bind("127.0.0.1:0").unwrap();
    attacker.set_nonblocking(true).unwrap();
    let url = format!("http://{}/keys", attacker.local_addr().unwrap());
    let own = Key::hmac(Algorithm::HS256, [9; 32]).unwrap();
    for member in [
        format!(r#""jku":"{url}""#),
        format!(r#""x5u":"{url}""#),
        format!(
            r#""jwk":{{"kty":"oct","alg":"HS256","k":"{}"}}"#,
            b64(jose::SECRET)
        ),
        r#""x5c":["MIIB"]"#.to_owned(),
    ] {
        let header = format!(r#"{{"alg":"HS256",{member}}}"#);
        let token = token(Algorithm::HS256, header, CLAIMS);
        // Signed with the key that the header offers, checked with ours.
        assert_eq!(code(&token, &own.clone().into()), Some("jwt_bad_signature"));
        // Signed with ours, the member means nothing.
        assert_eq!(hs_code(&token), None, "{member}");
    }
    assert!(attacker.accept().is_err(), "somebody followed a URL");
}

#[test]
fn ecdsa_signatures_out_of_range_are_refused() {
    let keys = KeySet::from(key(Algorithm::ES256));
    let input = format!("{}.{}", b64(r#"{"alg":"ES256"}"#), b64(CLAIMS));
    let order = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let one = [&[0; 31][..], &[1]].concat();
    let (zero, max) = (vec![0; 32], vec![0xff; 32]);
    let numbers = [&zero[..], &one, &order, &max];
    for r in numbers {
        for s in numbers {
            let forged = format!("{input}.{}", b64([r, s].concat()));
            assert_eq!(code(&forged, &keys), Some("jwt_bad_signature"));
        }
    }
}

#[test]
fn ecdsa_signatures_in_another_form_are_refused() {
    for (algorithm, size) in [
        (Algorithm::ES256, 32),
        (Algorithm::ES384, 48),
        (Algorithm::ES512, 66),
    ] {
        let input = format!(
            "{}.{}",
            b64(format!(r#"{{"alg":"{algorithm}"}}"#)),
            b64(CLAIMS)
        );
        let fixed = jose::sign(algorithm, input.as_bytes());
        let (r, s) = fixed.split_at(size);
        let integer = |bytes: &[u8]| {
            let bytes: Vec<u8> = bytes
                .iter()
                .copied()
                .skip_while(|byte| *byte == 0)
                .collect();
            let sign: &[u8] = if bytes[0] >= 0x80 { &[0] } else { &[] };
            [&[2, (sign.len() + bytes.len()) as u8], sign, &bytes].concat()
        };
        let numbers = [integer(r), integer(s)].concat();
        let der = match numbers.len() {
            len @ 0..0x80 => [&[0x30, len as u8], &numbers[..]].concat(),
            len => [&[0x30, 0x81, len as u8], &numbers[..]].concat(),
        };
        let swapped = [s, r].concat();
        let longer = [&fixed[..], &[0]].concat();
        let leading = [&[0], &fixed[..]].concat();
        let padded = [&[0], r, &[0], s].concat();
        for form in [
            der,
            swapped,
            longer,
            leading,
            padded,
            fixed[1..].to_vec(),
            r.to_vec(),
        ] {
            let forged = format!("{input}.{}", b64(form));
            let verdict = code(&forged, &key(algorithm).into());
            assert_eq!(verdict, Some("jwt_bad_signature"), "{algorithm}");
        }
    }
}

#[test]
fn one_flipped_bit_is_noticed_anywhere() {
    for algorithm in [Algorithm::HS256, Algorithm::ES256, Algorithm::EdDSA] {
        let keys = KeySet::from(key(algorithm));
        let good = good(algorithm);
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bytes = good.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                if let Ok(token) = String::from_utf8(bytes) {
                    assert!(code(&token, &keys).is_some(), "{algorithm} {at} {bit}");
                }
            }
        }
    }
}

#[test]
fn a_flipped_bit_in_each_part_has_its_code() {
    let good = good(Algorithm::HS256);
    let (header, payload, signature) = parts(&good);
    let mac = jose::sign(Algorithm::HS256, format!("{header}.{payload}").as_bytes());
    let mut wrong = mac.clone();
    wrong[0] ^= 1;
    assert_eq!(
        hs_code(&format!("{header}.{payload}.{}", b64(wrong))),
        Some("jwt_bad_signature")
    );
    assert_eq!(
        hs_code(&format!("{header}.{payload}.{}", b64(&mac[..31]))),
        Some("jwt_bad_signature")
    );
    assert_eq!(
        hs_code(&format!("{header}.{payload}.{}", b64(vec![0; 32]))),
        Some("jwt_bad_signature")
    );
    let other = b64(CLAIMS.replace("ada", "eve"));
    assert_eq!(
        hs_code(&format!("{header}.{other}.{signature}")),
        Some("jwt_bad_signature")
    );
    let other = b64(r#"{"alg":"HS256","typ":"JWT"}"#);
    assert_eq!(
        hs_code(&format!("{other}.{payload}.{signature}")),
        Some("jwt_bad_signature")
    );
}

#[test]
fn garbage_around_a_token_is_refused() {
    let good = good(Algorithm::HS256);
    let (header, payload, signature) = parts(&good);
    for bad in [
        format!("{good} "),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{good}\0"),
        format!("{good}="),
        format!("{good}=="),
        format!("{good}!"),
        format!("\u{feff}{good}"),
        format!("{good}é"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}=.{signature}"),
        format!("{header}.{payload}==.{signature}"),
        format!("{header}. {payload}.{signature}"),
        format!("{header}.{payload}\r\n.{signature}"),
        format!("{header}.{payload}.{}+", &signature[1..]),
        format!("{header}.{payload}.{}/", &signature[1..]),
        format!("{header}.{payload}.{}%41", &signature[1..]),
    ] {
        assert_eq!(hs_code(&bad), Some("jwt_bad_base64"), "{bad:?}");
    }
    for bad in [
        format!("{good}."),
        format!("{good}.{signature}"),
        format!(".{good}"),
        format!("{header}.{payload}"),
        header.to_owned(),
        String::new(),
        "sk-live-9f".to_owned(),
        format!("{header}.{payload}.{signature}.a.b"),
        format!("{{\"payload\":\"{payload}\"}}"),
    ] {
        assert_eq!(hs_code(&bad), Some("jwt_not_three_parts"), "{bad:?}");
    }
    for bad in [
        format!("{header}.{payload}."),
        format!(".{payload}.{signature}"),
        "..".to_owned(),
        signed(Algorithm::HS256, &format!("{header}.")),
    ] {
        assert_eq!(hs_code(&bad), Some("jwt_empty_part"), "{bad:?}");
    }
}

#[test]
fn bits_left_over_are_refused_in_every_part() {
    // The last character of such a part carries bits that belong to no byte and must be zero.
    let last = |part: &str| {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let (rest, end) = part.split_at(part.len() - 1);
        let next = alphabet
            .chars()
            .nth(alphabet.find(end).unwrap() + 1)
            .unwrap();
        format!("{rest}{next}")
    };
    let header = b64(r#"{"alg":"HS256" }"#);
    let payload = b64(CLAIMS.replace("ada", "adam"));
    assert!(!header.len().is_multiple_of(4) && !payload.len().is_multiple_of(4));
    let good = signed(Algorithm::HS256, &format!("{header}.{payload}"));
    assert_eq!(hs_code(&good), None);
    let (_, _, signature) = parts(&good);
    for bad in [
        format!("{header}.{payload}.{}", last(signature)),
        signed(Algorithm::HS256, &format!("{}.{payload}", last(&header))),
        signed(Algorithm::HS256, &format!("{header}.{}", last(&payload))),
    ] {
        assert_eq!(hs_code(&bad), Some("jwt_bad_base64"), "{bad}");
    }
}
