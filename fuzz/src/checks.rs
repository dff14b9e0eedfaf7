//! What must hold for any bytes at all. The fuzz targets and an ordinary test share it.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{Request, Response, Uri};
use tower_auth::{
    AuthLayer, ClaimPath,
    config::AuthConfig,
    jose::{Algorithm, ClaimRules, JoseError, JwkSet, Jws, Key, KeySet},
    provider::ApiKeyAuth,
};
use tower_layer::Layer;
use tower_service::Service;

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
    let _ = Jws::peek_issuer(token);
    let Ok(jws) = Jws::parse(token) else {
        return;
    };
    assert!(token.is_ascii() && token.len() <= 64 * 1024);
    assert_eq!(token.bytes().filter(|byte| *byte == b'.').count(), 2);
    assert_eq!(Jws::peek_issuer(token), jws.unverified_issuer());
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

/// What an opening lets through stays below it, however often somebody inside decodes it.
pub fn opened_paths(data: &[u8]) {
    // Whoever is let in without a key is let in by a rule.
    static LAYER: LazyLock<AuthLayer> = LazyLock::new(|| {
        AuthLayer::new(ApiKeyAuth::empty())
            .public("/assets/{*rest}")
            .public("/hooks/{source}/in")
    });
    let Ok(uri) = Uri::try_from(data) else {
        return;
    };
    let path = uri.path().to_owned();
    let mut request = Request::new(());
    *request.uri_mut() = uri;
    let mut service = LAYER.layer(Inside);
    let answer = pin!(service.call(request));
    let Poll::Ready(Ok(answer)) = answer.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits");
    };
    if answer.status() != 200 {
        return;
    }
    let below = match &*path {
        // It is open where nobody says otherwise.
        "/health" => return,
        path if path.starts_with("/assets/") => 1,
        _ => 3,
    };
    let mut read = path.clone().into_bytes();
    loop {
        let text = String::from_utf8_lossy(&read).replace('\\', "/");
        let text = text.split('\0').next().unwrap_or_default();
        let mut depth = 0;
        for segment in text.split('/').filter(|segment| !segment.is_empty()) {
            match segment.split(';').next().unwrap_or_default() {
                ".." => depth -= 1,
                "." => {}
                _ => depth += 1,
            }
            assert!(depth > 0, "out of the opening: {path}");
        }
        assert!(depth >= below, "out of the opening: {path}");
        let decoded = percent_decoded(&read);
        if decoded == read {
            return;
        }
        read = decoded;
    }
}

/// Once, from the front to the end.
fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    let (mut bytes, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(&byte) = text.get(at) {
        match digit(at + 1).zip(digit(at + 2)).filter(|_| byte == b'%') {
            Some((high, low)) => {
                bytes.push((high * 16 + low) as u8);
                at += 3;
            }
            None => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    bytes
}

#[derive(Clone)]
struct Inside;

impl Service<Request<()>> for Inside {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::default()))
    }
}

/// No public key is a secret, as it stands or in whatever wrapping it stands.
pub fn secret_texts(data: &[u8]) {
    let is_secret = |text: &[u8]| Key::hmac(Algorithm::HS256, text).is_ok();
    let wrapped = [
        data.to_vec(),
        STANDARD.encode(data).into(),
        hex(data).into(),
    ];
    let taken = wrapped.map(|text: Vec<u8>| is_secret(&text));
    let text = std::str::from_utf8(data).unwrap_or_default();
    let is_public = Algorithm::ALL
        .iter()
        .filter(|algorithm| !algorithm.is_symmetric())
        .any(|&algorithm| {
            Key::from_pem(algorithm, text).is_ok()
                || Key::from_der(algorithm, data).is_ok()
                || Key::from_jwk_with(algorithm, text).is_ok()
        });
    assert!(!is_public || taken == [false; 3], "a public key");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
