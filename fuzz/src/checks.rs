//! What must hold for any bytes at all. The fuzz targets and an ordinary test share it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tower_auth::{
    ClaimPath,
    config::AuthConfig,
    jose::{Algorithm, ClaimRules, JoseError, JwkSet, Jws, Key, KeySet},
};

/// No bytes are a token that verifies, and none make the parser panic.
pub fn jws_compact(data: &[u8]) {
    if let Ok(token) = std::str::from_utf8(data) {
        check_token(token);
    }
    // The same bytes as a header and, after a line break, a payload: base64 would hide them.
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let mut encoded = || URL_SAFE_NO_PAD.encode(parts.next().unwrap_or_default());
    check_token(&format!("{}.{}.AAAA", encoded(), encoded()));
}

fn check_token(token: &str) {
    let Ok(jws) = Jws::parse(token) else {
        return;
    };
    assert!(token.is_ascii() && token.len() <= 64 * 1024);
    assert_eq!(token.bytes().filter(|byte| *byte == b'.').count(), 2);
    let _ = jws.unverified_issuer();
    // A secret that is made anew each time, so that no corpus can hold a signature.
    let secret: [u8; 32] = std::array::from_fn(|at| at as u8 ^ std::process::id() as u8 ^ 0x5a);
    let keys = KeySet::from(Key::hmac(Algorithm::HS256, secret).expect("32 bytes are enough"));
    match keys.key_for(&jws) {
        Ok(key) => assert!(jws.verify(key).is_err(), "forged: {token}"),
        Err(error) => assert_eq!(error, JoseError::AlgMismatch),
    }
}

/// Claims that are accepted mean the same to `serde_json`.
pub fn jwt_claims(data: &[u8]) {
    let Ok(json) = std::str::from_utf8(data) else {
        return;
    };
    for rules in [
        ClaimRules::new().insecure_allow_missing_exp(),
        ClaimRules::new().with_audience("api").with_issuer("me"),
        ClaimRules::new()
            .insecure_allow_missing_exp()
            .with_scope_claim("scp"),
    ] {
        let Ok(claims) = rules.check(json, NOW) else {
            continue;
        };
        let value: serde_json::Value = serde_json::from_str(json).expect("read here, read there");
        let id = &value[claims.user_id_claim()];
        assert!(!claims.user_id().is_empty());
        match id.as_str() {
            Some(text) => assert_eq!(claims.user_id(), text),
            None => assert!(id.is_number(), "{id}"),
        }
        assert_eq!(claims.issuer(), value["iss"].as_str());
        assert_eq!(claims.token_id(), value["jti"].as_str());
        let bound = value
            .get("cnf")
            .is_some_and(|cnf| cnf.as_object().is_none_or(|all| !all.is_empty()));
        assert!(!bound, "shown plainly: {json}");
        if let Some(time) = claims.expires_at() {
            assert!(time + 30 > NOW && time < 253_402_300_800);
            // Ours is the whole part of the number itself; a double may be rounded up to the next.
            let double = value["exp"].as_f64().expect("a number");
            assert!(
                (-0.001..=1.001).contains(&(double - time as f64)),
                "{time} {double}"
            );
        }
        assert!(claims.not_before().is_none_or(|time| time <= NOW + 30));
        assert!(!claims.scopes().is_all());
        let audiences: Vec<String> = claims.audiences().map(|one| one.into_owned()).collect();
        match &value["aud"] {
            serde_json::Value::String(one) => assert_eq!(audiences, [one.as_str()]),
            serde_json::Value::Array(list) => assert_eq!(audiences.len(), list.len()),
            _ => assert!(audiences.is_empty()),
        }
    }
}

/// Claims inside others are those that `serde_json` finds there.
pub fn claim_paths(data: &[u8]) {
    let Ok(json) = std::str::from_utf8(data) else {
        return;
    };
    let rules = || ClaimRules::new().insecure_allow_missing_exp();
    let paths = [ClaimPath::from("a.b"), ClaimPath::from_segments(["a", "b"])];
    for (exact, path) in [false, true].into_iter().zip(&paths) {
        let rules = rules().with_user_id_claim(path).with_scope_claim(path);
        let Ok(claims) = rules.check(json, NOW) else {
            continue;
        };
        let value: serde_json::Value = serde_json::from_str(json).expect("read here, read there");
        let found = match value.get("a") {
            None if !exact => &value["a.b"],
            _ => &value["a"]["b"],
        };
        assert_eq!(found.as_str(), Some(claims.user_id()));
        let granted = claims.scopes();
        let scopes = found.as_str().unwrap_or_default().split(' ');
        assert!(
            scopes
                .filter(|one| *one != "*")
                .all(|one| one.is_empty() || granted.contains(one))
        );
    }
    let email = rules().with_user_id_claim("email").check(json, NOW);
    if email.is_ok() {
        let value: serde_json::Value = serde_json::from_str(json).expect("read here, read there");
        assert_eq!(value["email_verified"], true);
    }
}

/// A set is bounded, holds no symmetric key, and has at most one key for an id and algorithm.
pub fn jwk_set(data: &[u8]) {
    let Ok(set) = JwkSet::parse(data, Algorithm::ALL) else {
        return;
    };
    serde_json::from_slice::<serde_json::Value>(data).expect("read here, read there");
    assert!(data.len() <= 256 * 1024);
    assert!(set.skipped().len() + set.keys().count() <= 64 * 6);
    let keys: Vec<&Key> = set.keys().collect();
    for (at, key) in keys.iter().enumerate() {
        assert!(!key.algorithm().is_symmetric());
        let twin = |other: &&&Key| {
            other.id().is_some() && other.id() == key.id() && other.algorithm() == key.algorithm()
        };
        assert!(!keys.iter().skip(at + 1).any(|other| twin(&other)));
    }
    assert!(set.skipped().iter().all(|one| !one.reason().is_empty()));
    if let Ok(jws) = Jws::parse("eyJhbGciOiJSUzI1NiJ9.e30.AA")
        && let Ok(key) = set.key_for(&jws)
    {
        assert!(jws.verify(key).is_err());
    }
}

const NOW: u64 = 1_800_000_000;

/// A file either builds or says why not, a line each; and is open only where it says so.
pub fn config_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let none: [(&str, &str); 0] = [];
    for config in [AuthConfig::from_yaml(text), AuthConfig::from_json(text)] {
        match config.with_env(none).build() {
            Ok(setup) => {
                // An escape may hide the words.
                let explicit = ["false", "False", "FALSE", "none", "null", "\\"];
                let says_so = explicit.iter().any(|word| text.contains(word));
                assert!(setup.provider().is_some() || says_so, "open: {text}");
            }
            Err(faults) => {
                assert!(!faults.faults().is_empty());
                let lines = faults.to_string().lines().count();
                assert_eq!(lines, faults.faults().len(), "{faults}");
            }
        }
    }
}
