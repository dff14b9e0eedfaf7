//! Cases that nobody thought of: mutated tokens, arbitrary bytes, and a second opinion.

use crate::common::jose;
use crate::common::odd_jose as odd;

use jose::{b64, good, key, rules};
use jsonwebtoken::{DecodingKey, Validation, decode, get_current_timestamp};
use odd::{CLAIMS, HEADERS, ODD, continued, honest_but, member, object};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;
use tower_auth::{
    AuthContext, ClaimPath,
    jose::{Algorithm, ClaimRules, JwkSet, Jws, KeySet},
};

/// What is done to a token: at a place in it, with a byte or a length.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(usize, u8),
    Put(usize, u8),
    Insert(usize, u8),
    Delete(usize),
    Truncate(usize),
    Repeat(usize, usize),
    Swap(usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = || 0..400_usize;
    let byte = || prop_oneof![any::<u8>(), select(b"AZaz09-_=+/. \n\"{}".to_vec())];
    prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        (at(), byte()).prop_map(|(at, byte)| Mutation::Put(at, byte)),
        (at(), byte()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        at().prop_map(Mutation::Delete),
        at().prop_map(Mutation::Truncate),
        (at(), 1..50_usize).prop_map(|(at, len)| Mutation::Repeat(at, len)),
        (at(), at()).prop_map(|(one, other)| Mutation::Swap(one, other)),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    let len = bytes.len().max(1);
    if bytes.is_empty() {
        bytes.push(b'.');
    }
    match *mutation {
        Mutation::Flip(at, bit) => bytes[at % len] ^= 1 << bit,
        Mutation::Put(at, byte) => bytes[at % len] = byte,
        Mutation::Insert(at, byte) => bytes.insert(at % len, byte),
        Mutation::Delete(at) => drop(bytes.remove(at % len)),
        Mutation::Truncate(at) => bytes.truncate(at % len),
        Mutation::Repeat(at, count) => {
            let at = at % len;
            let piece = bytes[at..(at + count).min(len)].to_vec();
            bytes.splice(at..at, piece);
        }
        Mutation::Swap(one, other) => bytes.swap(one % len, other % len),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn a_mutated_token_is_never_accepted(
        algorithm in select(vec![Algorithm::HS256, Algorithm::ES256, Algorithm::EdDSA, Algorithm::PS256]),
        mutations in vec(mutation(), 1..4),
    ) {
        let honest = good(algorithm);
        let mut bytes = honest.clone().into_bytes();
        mutations.iter().for_each(|one| mutate(&mut bytes, one));
        if let Ok(token) = String::from_utf8(bytes) && token != honest {
            prop_assert!(jose::code(&token, &KeySet::from(key(algorithm))).is_some(), "{token}");
        }
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in ".{0,200}", bytes in vec(any::<u8>(), 0..300)) {
        let _ = Jws::parse(&text);
        let _ = Jws::parse(&format!("{}.{}.{}", b64(&text), b64(&bytes), b64(&bytes)));
        let _ = Jws::parse(&format!("{}.{}.AA", b64(format!("{{\"alg\":\"HS256\",{text}}}")), b64(&bytes)));
        let _ = rules().check(&text, 0);
        let _ = rules().check(&String::from_utf8_lossy(&bytes), u64::MAX);
        let _ = JwkSet::parse(text.as_bytes(), Algorithm::ALL);
        let _ = JwkSet::parse(&bytes, Algorithm::ALL);
        let _ = JwkSet::parse(format!("{{\"keys\":[{text}]}}").as_bytes(), Algorithm::ALL);
    }

    #[test]
    fn what_is_read_here_serde_json_reads_too(json in json(), claims in vec(member(CLAIMS), 0..8)) {
        let lax = ClaimRules::new().insecure_allow_missing_exp();
        let text = format!(r#"{{"sub":"ada","x":{json}}}"#);
        if lax.check(&text, 0).is_ok() {
            let value: Result<serde_json::Value, _> = serde_json::from_str(&text);
            prop_assert!(value.is_ok(), "{text}");
        }
        let text = object(&claims);
        if let Ok(claims) = lax.check(&text, 1_900_000_000) {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            if let Some(sub) = value["sub"].as_str() {
                prop_assert_eq!(claims.user_id(), sub);
            }
            prop_assert_eq!(claims.issuer(), value["iss"].as_str());
        }
    }

    #[test]
    fn a_time_is_the_whole_part_of_its_number(
        digits in "(0|[1-9][0-9]{0,14})",
        fraction in prop::option::of("[0-9]{1,12}"),
        exponent in prop::option::of(-20_i32..20),
        negative in prop::bool::weighted(0.1),
    ) {
        let written = format!(
            "{}{digits}{}{}",
            if negative { "-" } else { "" },
            fraction.as_ref().map(|digits| format!(".{digits}")).unwrap_or_default(),
            exponent.map(|power| format!("e{power}")).unwrap_or_default(),
        );
        // The digits with the point moved, as one does it on paper.
        let all = format!("{digits}{}", fraction.unwrap_or_default());
        let point = i32::try_from(digits.len()).unwrap() + exponent.unwrap_or(0);
        let whole: u128 = match usize::try_from(point) {
            Ok(point @ 1..) => format!("{all:0<point$}")[..point].parse().unwrap(),
            _ => 0,
        };
        let is_zero = all.bytes().all(|digit| digit == b'0');
        let is_time = whole <= 253_402_300_799 && (!negative || is_zero);

        let json = format!(r#"{{"sub":"ada","iat":{written}}}"#);
        let rules = ClaimRules::new().insecure_allow_missing_exp();
        match rules.check(&json, 253_402_300_799) {
            Ok(claims) => {
                prop_assert!(is_time, "{written}");
                prop_assert_eq!(claims.issued_at().map(u128::from), Some(whole));
            }
            Err(error) => prop_assert_eq!((error.code(), is_time), ("jwt_bad_iat", false)),
        }
    }

    #[test]
    fn a_path_leads_to_the_claim_that_parsed_claims_have_there(
        json in nested(),
        names in vec("(a|b|a\\.b)", 1..4),
        exact in any::<bool>(),
    ) {
        let path = match exact {
            true => ClaimPath::from_segments(names),
            false => ClaimPath::from(names.join(".")),
        };
        let text = json.to_string();
        let map = json.as_object().unwrap().clone();
        let caller = map.into_iter().fold(AuthContext::new("x"), |caller, (name, value)| {
            caller.with_claim(name, value)
        });
        let parsed: Option<serde_json::Value> = caller.claim_at(&path).unwrap();
        let rules = ClaimRules::new().insecure_allow_missing_exp().with_user_id_claim(&path);
        match (rules.check(&text, 0), parsed) {
            (Ok(claims), Some(value)) => {
                let id = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                prop_assert_eq!(claims.user_id(), id);
            }
            (Ok(_), None) => prop_assert!(false, "found by one reader alone: {}", text),
            (Err(error), None) => {
                // Null is there for one who must be named, and nothing for one who asks.
                let codes = ["jwt_user_id_missing", "jwt_bad_user_id"];
                prop_assert!(codes.contains(&error.code()), "{text}");
            }
            (Err(error), Some(value)) => {
                prop_assert_eq!(error.code(), "jwt_bad_user_id");
                prop_assert!(!value.is_i64() && value.as_str().is_none_or(str::is_empty));
            }
        }
    }

    #[test]
    fn every_disagreement_with_jsonwebtoken_is_a_rule(
        header in vec(member(HEADERS), 0..3),
        claims in vec(member(CLAIMS), 0..5),
        honest in prop::bool::weighted(0.9),
    ) {
        let header = format!(r#"{{"alg":"HS256"{}"#, continued(&header));
        let claims = if honest { honest_but(&claims) } else { object(&claims) };
        let now = get_current_timestamp();
        let claims = claims.replace("$NOW", &now.to_string());
        let token = jose::token(Algorithm::HS256, &header, &claims);

        let ours = ours(&token, now);
        let theirs = theirs(&token);
        match (&ours, &theirs) {
            (Ok(()), Ok(())) | (Err(_), Err(_)) => {}
            (Err(code), Ok(())) => prop_assert!(
                STRICTER.iter().any(|(known, _)| known == code),
                "only we refuse, by {code}: {header} {claims}"
            ),
            (Ok(()), Err(error)) => prop_assert!(
                LAXER.iter().any(|(known, _)| error.contains(known)),
                "only they refuse, by {error}: {header} {claims}"
            ),
        }
    }
}

/// What only we refuse, and the rule that says so.
const STRICTER: &[(&str, &str)] = &[
    ("jwt_crit", "[5.5] any crit; they know some"),
    ("jwt_b64", "[5.5] b64"),
    ("jwt_typ", "[5.5] typ JWT or at+jwt; they read past it"),
    (
        "jwt_duplicate_member",
        "[5.5] at the top level; they take the last of two unknown members",
    ),
    (
        "jwt_bad_kid",
        "[5.5] kid is a string; they take null for absent",
    ),
    ("jwt_too_deep", "[5.5] depth is bounded"),
    (
        "jwt_bad_exp",
        "[5.2] not before 1970, at most the year 9999",
    ),
    ("jwt_bad_iat", "[5.2] they do not look at iat"),
    ("jwt_issued_in_future", "[5.2] they do not look at iat"),
    (
        "jwt_bad_iss",
        "[5.3] one string; they take a list that holds it",
    ),
    ("jwt_bad_jti", "RFC 7519 §4.1.7: a string"),
    ("jwt_bad_user_id", "[5.4] a non-empty string"),
    ("jwt_bad_scope", "[5.4] of the right type"),
    (
        "jwt_sender_constrained",
        "[6.1] bound to a key; they read past cnf",
    ),
];

/// What only they refuse, and why we do not.
const LAXER: &[(&str, &str)] = &[
    (
        "expected a string at",
        "a header member that is never used (jku, x5u, cty) may be of any type",
    ),
    ("expected a sequence at", "x5c, likewise"),
    ("expected struct Jwk at", "jwk, likewise"),
];

fn ours(token: &str, now: u64) -> Result<(), &'static str> {
    let judge = || {
        let jws = Jws::parse(token)?;
        let keys = KeySet::from(key(Algorithm::HS256));
        let key = keys.key_for(&jws)?;
        let json = jws.verify_claims(key)?;
        rules().check(&json, now).map(|_| ())
    };
    judge().map_err(tower_auth::jose::JoseError::code)
}

fn theirs(token: &str) -> Result<(), String> {
    let mut strictest = Validation::new(jsonwebtoken::Algorithm::HS256);
    strictest.leeway = 30;
    strictest.validate_nbf = true;
    strictest.set_audience(&["my-agent"]);
    strictest.set_issuer(&["https://issuer.example"]);
    strictest.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    decode::<serde_json::Value>(token, &DecodingKey::from_secret(jose::SECRET), &strictest)
        .map(|_| ())
        .map_err(|error| format!("{error} {error:?}"))
}

/// Any JSON, and some that is nearly JSON.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        select(ODD).prop_map(str::to_owned),
        any::<f64>().prop_map(|number| number.to_string()),
        "-?[0-9]{1,25}(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,4})?",
        "\"[a-z\\\\u0-9 ]{0,12}\"",
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            vec(("[a-c]{0,2}", inner), 0..4).prop_map(|members| {
                let members: Vec<String> = members
                    .into_iter()
                    .map(|(name, value)| format!("\"{name}\": {value}"))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }),
        ]
    })
}

/// Claims with a few names, with dots in some, one inside another.
fn nested() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!("ada")),
        Just(json!("")),
        Just(json!(null)),
        Just(json!(true)),
        (-9..9_i64).prop_map(|number| json!(number)),
        Just(json!(["a"])),
    ];
    let inside = leaf.prop_recursive(3, 12, 3, |inner| {
        prop::collection::btree_map("(a|b|a\\.b)", inner, 0..3)
            .prop_map(|map| serde_json::Value::Object(map.into_iter().collect()))
    });
    prop::collection::btree_map("(a|b|a\\.b|a\\.b\\.a)", inside, 0..4)
        .prop_map(|map| serde_json::Value::Object(map.into_iter().collect()))
}
