//! Keys and tokens, true and false ones.

use std::time::Duration;

use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use tower_auth::{
    jose::Algorithm,
    testing::{ManualClock, TestIssuer},
};

use super::{
    super::files::{NOW, managed_key},
    callers::{Expiry, KEYS, Odd, Part, SECRETS, STRANGER, Token},
};

/// What somebody shows, for whatever it is asked.
#[derive(Clone)]
pub struct Credential {
    pub parts: Vec<Part>,
    pub who: String,
    pub headers: Headers,
    pub alone: Vec<String>,
}

pub type Headers = Vec<(&'static str, String)>;

pub const NOBODY: &str = "nobody";

pub fn credentials(issuer: &TestIssuer) -> Vec<Credential> {
    let of = |parts: Vec<Part>, who: String, headers: Headers| Credential {
        parts,
        who,
        headers,
        alone: vec![],
    };
    let mut all = vec![of(vec![], NOBODY.into(), vec![])];
    for key in KEYS {
        let part = || vec![Part::Key(key.name)];
        let header = vec![("x-api-key", key.text.to_owned())];
        all.push(of(part(), format!("key {}", key.name), header));
        let bearer = vec![("authorization", format!("Bearer {}", key.text))];
        all.push(of(part(), format!("bearer key {}", key.name), bearer));
    }
    let stranger = vec![("x-api-key", STRANGER.to_owned())];
    all.push(of(vec![Part::Stranger], "stranger".into(), stranger));
    for (who, name, value) in [
        ("managed key", "x-api-key", managed_key().to_owned()),
        (
            "bearer managed key",
            "authorization",
            format!("Bearer {}", managed_key()),
        ),
        (
            "managed key elsewhere",
            "x-agent-key",
            managed_key().to_owned(),
        ),
    ] {
        all.push(of(vec![Part::Managed], who.into(), vec![(name, value)]));
    }
    let session = vec![("x-session", "s1".to_owned())];
    all.push(of(vec![Part::Session], "session".into(), session));
    let mut tokens = shared_tokens();
    tokens.extend(issuers_tokens(issuer));
    for (name, token, text) in tokens {
        let bearer = vec![("authorization", format!("Bearer {text}"))];
        let token = of(vec![Part::Token(token)], format!("token {name}"), bearer);
        if name.ends_with("good") {
            for with in ["stranger", "session", "key plain", "key revoked"] {
                let other = all.iter().find(|other| other.who == with).unwrap();
                let both = Credential {
                    parts: [&other.parts[..], &token.parts].concat(),
                    who: format!("{with} and {}", token.who),
                    headers: [&other.headers[..], &token.headers].concat(),
                    alone: vec![with.to_owned(), token.who.clone()],
                };
                all.push(both);
            }
        }
        all.push(token);
    }
    all
}

const GOOD: Token = Token {
    is_issuers: false,
    has_right_audience: true,
    has_right_issuer: true,
    algorithm: "HS256",
    kid: None,
    signed_by_first: true,
    expiry: Expiry::Ahead,
    is_at_jwt: false,
    odd: Odd::Nothing,
};

fn shared_tokens() -> Vec<(String, Token, String)> {
    let mut all = Vec::new();
    let mut add = |name: &str, change: &dyn Fn(&mut Value, &mut Header, &mut Token)| {
        let mut claims = json!({
            "sub": "ada", "aud": "agent-server", "iss": "https://issuer.example",
            "exp": NOW + 600, "scope": "graph:invoke", "scp": ["y", "z"],
        });
        let (mut header, mut token) = (Header::default(), GOOD);
        change(&mut claims, &mut header, &mut token);
        token.kid = match header.kid.as_deref() {
            Some("k1") => Some("k1"),
            Some(_) => Some("k2"),
            None => None,
        };
        let secret = SECRETS[usize::from(!token.signed_by_first)];
        let secret = if name == "forged" { SECRETS[2] } else { secret };
        let key = EncodingKey::from_secret(secret.as_bytes());
        let text = jsonwebtoken::encode(&header, &claims, &key).unwrap();
        all.push((name.to_owned(), token, text));
    };
    add("good", &|_, _, _| {});
    add("forged", &|_, _, _| {});
    add("k1 good", &|_, header, _| header.kid = Some("k1".into()));
    add("k2", &|_, header, token| {
        header.kid = Some("k2".into());
        token.signed_by_first = false;
    });
    add("k1 of another", &|_, header, token| {
        header.kid = Some("k1".into());
        token.signed_by_first = false;
    });
    add("of another", &|_, _, token| token.signed_by_first = false);
    add("without audience", &|claims, _, token| {
        claims.as_object_mut().unwrap().remove("aud");
        token.has_right_audience = false;
    });
    add("another audience", &|claims, _, token| {
        claims["aud"] = json!("another");
        token.has_right_audience = false;
    });
    add("two audiences", &|claims, _, _| {
        claims["aud"] = json!(["agent-server", "x"])
    });
    add("without issuer", &|claims, _, token| {
        claims.as_object_mut().unwrap().remove("iss");
        token.has_right_issuer = false;
    });
    add("another issuer", &|claims, _, token| {
        claims["iss"] = json!("https://other.example");
        token.has_right_issuer = false;
    });
    add("without expiry", &|claims, _, token| {
        claims.as_object_mut().unwrap().remove("exp");
        token.expiry = Expiry::Missing;
    });
    add("just expired", &|claims, _, token| {
        claims["exp"] = json!(NOW - 10);
        token.expiry = Expiry::JustPast;
    });
    add("long expired", &|claims, _, token| {
        claims["exp"] = json!(NOW - 1000);
        token.expiry = Expiry::LongPast;
    });
    let client = |claims: &mut Value, token: &mut Token| {
        claims["client_id"] = json!("agent-server");
        claims["token_use"] = json!("access");
        claims["azp"] = json!("robot");
        token.odd = Odd::Client;
    };
    add("with client", &|claims, _, token| client(claims, token));
    add("for its client", &|claims, _, token| {
        client(claims, token);
        claims.as_object_mut().unwrap().remove("aud");
        token.has_right_audience = false;
    });
    add("of its own type", &|_, header, token| {
        header.typ = Some("custom+jwt".into());
        token.odd = Odd::Typ;
    });
    add("bound", &|claims, _, token| {
        claims["cnf"] = json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"});
        token.odd = Odd::Bound;
    });
    add("with email", &|claims, _, token| {
        claims["email"] = json!("ada@example.com");
        token.odd = Odd::Email;
    });
    all
}

fn issuers_tokens(issuer: &TestIssuer) -> Vec<(String, Token, String)> {
    let good = || Token {
        is_issuers: true,
        algorithm: "ES256",
        kid: Some("its"),
        ..GOOD
    };
    let mint = || {
        issuer
            .token()
            .with_lifetime(Duration::from_secs(600))
            .with_scope("graph:invoke")
            .with_claim("scp", json!(["y"]))
    };
    let stranger = TestIssuer::builder()
        .with_algorithms([Algorithm::ES256])
        .with_clock(ManualClock::at_unix(NOW).clock())
        .start();
    let other_audience = Token {
        has_right_audience: false,
        ..good()
    };
    let es384 = Token {
        algorithm: "ES384",
        ..good()
    };
    let at_jwt = Token {
        is_at_jwt: true,
        ..good()
    };
    let just_past = Token {
        expiry: Expiry::JustPast,
        ..good()
    };
    let foreign = Token {
        has_right_issuer: false,
        ..good()
    };
    let named = |name: &str| format!("issuer's {name}");
    let opaque = Token {
        algorithm: "",
        ..good()
    };
    let opaque_for_another = Token {
        has_right_audience: false,
        ..opaque.clone()
    };
    let odd = |odd| Token { odd, ..good() };
    let bound = || {
        mint().with_claim(
            "cnf",
            json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3"}),
        )
    };
    let client = || {
        let used = mint().with_claim("token_use", "access");
        used.with_claim("client_id", TestIssuer::AUDIENCE)
            .with_claim("azp", "robot")
    };
    let of_client = Token {
        has_right_audience: false,
        ..odd(Odd::Client)
    };
    let opaque_bound = Token {
        odd: Odd::Bound,
        ..opaque.clone()
    };
    let email = mint().with_claim("email", "ada@example.com");
    let typed = mint().with_header("typ", "custom+jwt");
    vec![
        (named("bound"), odd(Odd::Bound), bound().mint()),
        (named("opaque bound"), opaque_bound, bound().mint_opaque()),
        (named("with client"), odd(Odd::Client), client().mint()),
        (
            named("for its client"),
            of_client,
            client().without_claim("aud").mint(),
        ),
        (named("with email"), odd(Odd::Email), email.mint()),
        (named("of its own type"), odd(Odd::Typ), typed.mint()),
        (named("opaque"), opaque.clone(), mint().mint_opaque()),
        (
            named("opaque for another"),
            opaque_for_another,
            mint().with_audience("another").mint_opaque(),
        ),
        (named("opaque nonsense"), opaque, "nonsense".into()),
        (named("good"), good(), mint().mint()),
        (
            named("for another"),
            other_audience.clone(),
            mint().with_audience("another").mint(),
        ),
        (
            named("for nobody"),
            other_audience,
            mint().without_claim("aud").mint(),
        ),
        (
            named("ES384"),
            es384,
            mint().with_algorithm(Algorithm::ES384).mint(),
        ),
        (
            named("access token"),
            at_jwt,
            mint()
                .with_header("typ", "at+jwt")
                .with_claim("client_id", "c")
                .mint(),
        ),
        (
            named("just expired"),
            just_past,
            mint().with_claim("exp", NOW - 10).mint(),
        ),
        (
            named("stranger's"),
            foreign,
            stranger
                .token()
                .with_audience(TestIssuer::AUDIENCE)
                .with_claim("iss", issuer.url())
                .mint(),
        ),
    ]
}
