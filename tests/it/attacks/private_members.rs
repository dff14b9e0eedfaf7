//! Members that begin with `$serde_json::private::` are members like any other, whoever sent them.
//!
//! `serde_json` reads `{"$serde_json::private::RawValue": "[1]"}` as `[1]` once any crate of a
//! program has switched its feature `raw_value` on, as this one does.

use crate::common;
use crate::common::jose;

use std::collections::BTreeMap;

use axum::{Router, body::Body, extract::Request, routing::post};
use common::{
    bearer::{accepted, unavailable},
    opaque::{NOW, issuer, tokens, told},
};
use http::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tower::ServiceExt;
use tower_auth::{
    AuthContext,
    config::AuthConfig,
    provider::{AllowlistAuth, JwtAuth, OAuth2Auth, UserinfoAuth},
    testing::{Fault, IssuerEndpoint, ManualClock, TestIssuer},
    webhook::WebhookLayer,
};

/// The names, and spellings that mean the same to JSON.
const NAMES: [(&str, &str); 3] = [
    (
        "$serde_json::private::RawValue",
        "$serde_json::private::RawValue",
    ),
    (
        "\\u0024serde_json::private::RawValue",
        "$serde_json::private::RawValue",
    ),
    (
        "$serde_json::private::Number",
        "$serde_json::private::Number",
    ),
];

/// What an object with such a member must not be read as, as JSON in a JSON string.
const MEANINGS: [&str; 5] = ["[\\\"admin\\\"]", "42", "{\\\"id\\\":42}", "no JSON", ""];

/// An object of each kind as a sender spells it, and the value that it is.
fn objects() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (written, name) in NAMES {
        for meaning in MEANINGS {
            let text = meaning.replace("\\\"", "\"");
            let alone = format!(r#"{{"{written}":"{meaning}"}}"#);
            let beside = format!(r#"{{"{written}":"{meaning}","z":1}}"#);
            all.push((alone, json!({name: text})));
            all.push((beside, json!({name: text, "z": 1})));
        }
    }
    all
}

/// The one way to write such a value down that `json!` and `==` do not spoil.
fn value_in(context: &AuthContext, path: &[&str]) -> Value {
    let mut value = &Value::Object(context.metadata().clone());
    for name in path {
        value = &value[*name];
    }
    value.clone()
}

/// Everything that a claim is, in each place that claims come from.
fn check(context: &AuthContext, object: &Value, written: &str) {
    assert_eq!(context.metadata()["plain"], json!(1), "{written}");
    assert_eq!(context.metadata()["roles"], *object, "{written}");
    assert_eq!(
        value_in(context, &["deep", "er"]),
        json!([object]),
        "{written}"
    );
    // A type that knows the names of its members, and ignores this one.
    #[derive(Deserialize, Debug, PartialEq)]
    struct Named {
        z: Option<u32>,
    }
    let named: Named = context.claim("roles").unwrap().unwrap();
    assert_eq!(named.z, object["z"].as_u64().map(|z| z as u32), "{written}");
    // A type that takes every member.
    let all: BTreeMap<String, Value> = context.claim("roles").unwrap().unwrap();
    assert_eq!(json!(all), *object, "{written}");
    let list: Vec<BTreeMap<String, Value>> = context.claim_at("deep.er").unwrap().unwrap();
    assert_eq!(json!(list), json!([object]), "{written}");
    // Never what is in the text.
    assert!(context.claim::<Vec<String>>("roles").is_err(), "{written}");
    assert!(context.claim::<u64>("roles").is_err(), "{written}");
    // `Value` alone cannot become an object with nothing but such a member: it says so.
    match context.claim::<Value>("roles") {
        Ok(value) => assert_eq!(value.as_ref(), Some(object), "{written}"),
        Err(_) => assert_eq!(object.as_object().map(Map::len), Some(1), "{written}"),
    }
    assert!(!context.scopes().contains("admin"), "{written}");
}

/// Claims of our own around an object.
fn claims(object: &str) -> String {
    format!(r#""plain":1,"roles":{object},"deep":{{"er":[{object}]}}"#)
}

#[test]
fn claims_of_a_token_hold_them_as_they_are() {
    let provider = JwtAuth::new(jose::key(tower_auth::jose::Algorithm::HS256))
        .with_audience("my-agent")
        .with_issuer("https://issuer.example")
        .with_clock(ManualClock::at_unix(jose::NOW).clock());
    for (written, object) in objects() {
        let claims = format!(
            "{},{}}}",
            jose::CLAIMS.trim_end_matches('}'),
            claims(&written)
        );
        let token = jose::token(
            tower_auth::jose::Algorithm::HS256,
            r#"{"alg":"HS256","typ":"JWT"}"#,
            &claims,
        );
        check(&provider.verify(&token).unwrap(), &object, &written);
    }
}

#[test]
fn a_claim_that_the_token_needs_is_not_read_out_of_them() {
    let provider = JwtAuth::new(jose::key(tower_auth::jose::Algorithm::HS256))
        .with_audience("my-agent")
        .with_clock(ManualClock::at_unix(jose::NOW).clock());
    for (name, _) in NAMES {
        for (claim, meaning) in [
            ("sub", r#"\"ada\""#),
            ("aud", r#"\"my-agent\""#),
            ("exp", "1800000600"),
            ("scope", r#"\"admin\""#),
        ] {
            let mut members = BTreeMap::from([
                ("sub", r#""ada""#.to_owned()),
                ("aud", r#""my-agent""#.to_owned()),
                ("exp", "1800000600".to_owned()),
            ]);
            members.insert(claim, format!(r#"{{"{name}":"{meaning}"}}"#));
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!(r#""{name}":{value}"#))
                .collect();
            let token = jose::token(
                tower_auth::jose::Algorithm::HS256,
                r#"{"alg":"HS256","typ":"JWT"}"#,
                format!("{{{}}}", members.join(",")),
            );
            assert!(provider.verify(&token).is_err(), "{name} {claim}");
        }
    }
}

#[tokio::test]
async fn introspection_answers_hold_them_as_they_are() {
    let issuer = issuer();
    for (written, object) in objects() {
        told(
            &issuer,
            &format!(r#"{{"active":true,"sub":"ada",{}}}"#, claims(&written)),
        );
        check(&accepted(&tokens(&issuer), "t").await, &object, &written);
    }
    for (name, _) in NAMES {
        told(
            &issuer,
            &format!(r#"{{"active":{{"{name}":"true"}},"sub":"ada"}}"#),
        );
        assert_eq!(
            common::bearer::reason(&tokens(&issuer), "t").await,
            "token_inactive"
        );
    }
}

#[tokio::test]
async fn userinfo_answers_hold_them_as_they_are() {
    let issuer = issuer();
    let endpoint = issuer.endpoint(IssuerEndpoint::Userinfo);
    let ask = || {
        let clock = ManualClock::at_unix(NOW);
        UserinfoAuth::new(&endpoint)
            .unwrap()
            .with_clock(clock.clock())
    };
    let told = |body: String| {
        issuer.fail(IssuerEndpoint::Userinfo, Fault::Answer(Response::new(body)));
    };
    for (written, object) in objects() {
        told(format!(r#"{{"sub":"ada",{}}}"#, claims(&written)));
        check(&accepted(&ask(), "t").await, &object, &written);
    }
    for (name, _) in NAMES {
        told(format!(r#"{{"sub":{{"{name}":"\"ada\""}}}}"#));
        assert_eq!(unavailable(&ask(), "t").await, "endpoint_failed");
    }
}

fn es256_issuer() -> TestIssuer {
    TestIssuer::builder()
        .with_algorithms([tower_auth::jose::Algorithm::ES256])
        .with_clock(ManualClock::at_unix(NOW).clock())
        .start()
}

fn told_by(issuer: &TestIssuer, endpoint: IssuerEndpoint, body: String) {
    issuer.fail(endpoint, Fault::Answer(Response::new(body)));
}

#[tokio::test]
async fn key_sets_hold_no_key_in_them() {
    let issuer = es256_issuer();
    let token = issuer.token().mint();
    let provider = || {
        OAuth2Auth::new(issuer.url(), TestIssuer::AUDIENCE)
            .unwrap()
            .with_clock(ManualClock::at_unix(NOW).clock())
    };
    let set = issuer.jwks().to_string();
    let key = issuer.jwks()["keys"][0].to_string();
    for (name, _) in NAMES {
        let quoted = |text: &str| format!(r#"{{"{name}":{}}}"#, Value::from(text));
        let x = issuer.jwks()["keys"][0]["x"].to_string();
        for body in [
            quoted(&set),
            format!(r#"{{"keys":{}}}"#, quoted(&format!("[{key}]"))),
            format!(r#"{{"keys":[{}]}}"#, quoted(&key)),
            set.replace(&x, &quoted(&x)),
        ] {
            assert_ne!(body, set);
            told_by(&issuer, IssuerEndpoint::Jwks, body.clone());
            let refused = provider().verify(&token).await.unwrap_err();
            assert_eq!(refused.status(), 503, "{body}");
        }
        // Beside what is read they are members that nobody knows.
        let beside = format!(r#"{{"{name}":"[]",{}"#, &set[1..]);
        told_by(&issuer, IssuerEndpoint::Jwks, beside);
        assert!(provider().verify(&token).await.is_ok(), "{name}");
    }
}

#[tokio::test]
async fn discovery_documents_hold_nothing_in_them() {
    let issuer = es256_issuer();
    let token = issuer.token().mint();
    let provider = || {
        OAuth2Auth::new(issuer.url(), TestIssuer::AUDIENCE)
            .unwrap()
            .with_clock(ManualClock::at_unix(NOW).clock())
    };
    let metadata = issuer.metadata().to_string();
    let place = Value::from(issuer.endpoint(IssuerEndpoint::Jwks)).to_string();
    let endpoint = IssuerEndpoint::OpenIdConfiguration;
    for (name, _) in NAMES {
        let quoted = |text: &str| format!(r#"{{"{name}":{}}}"#, Value::from(text));
        for body in [quoted(&metadata), metadata.replace(&place, &quoted(&place))] {
            assert_ne!(body, metadata);
            told_by(&issuer, endpoint, body.clone());
            let refused = provider().verify(&token).await.unwrap_err();
            assert_eq!(refused.status(), 503, "{body}");
        }
        let beside = format!(r#"{{"{name}":"{{}}",{}"#, &metadata[1..]);
        told_by(&issuer, endpoint, beside);
        assert!(provider().verify(&token).await.is_ok(), "{name}");
    }
    // Nor is a list of values an object with these members.
    let list = json!([issuer.url(), issuer.endpoint(IssuerEndpoint::Jwks)]);
    told_by(&issuer, endpoint, list.to_string());
    assert_eq!(provider().verify(&token).await.unwrap_err().status(), 503);
}

/// What a configuration is at fault for, or what it came to.
fn outcome(config: AuthConfig) -> Result<String, String> {
    match config.with_env([("KEYS", "[]")]).build() {
        Ok(setup) => Ok(setup.summary().to_string()),
        Err(faults) => Err(faults.faults()[0].message().to_owned()),
    }
}

#[test]
fn configurations_know_no_such_member() {
    let keys = r#"[{\"name\":\"a\",\"key\":\"sk-live-0123456789\",\"scopes\":[]}]"#;
    let plain = keys.replace("\\\"", "\"");
    for (written, name) in NAMES {
        let object = format!(r#"{{"{written}":"{keys}"}}"#);
        let off = format!(r#"{{"auth":{{"{written}":"{{\"enabled\":false}}"}}}}"#);
        for text in [
            format!(r#"{{"auth":{{"api_keys":{object}}}}}"#),
            format!(r#"{{"auth":{{"api_keys":[{object}]}}}}"#),
            off,
            format!(r#"{{"{written}":"{{\"auth\":{{\"enabled\":false}}}}"}}"#),
        ] {
            let json = outcome(AuthConfig::from_json(&*text));
            assert!(json.is_err(), "{text}: {json:?}");
            let yaml = outcome(AuthConfig::from_yaml(&*text));
            assert!(yaml.is_err(), "{text}: {yaml:?}");
        }
        // Where members belong to others, it is one of theirs.
        let others =
            format!(r#"{{"auth":{{"api_keys":{plain}}},"x":{object},"{written}":"null"}}"#);
        let good = Ok("asks api_key (1 key)".to_owned());
        assert_eq!(outcome(AuthConfig::from_json(&*others)), good, "{others}");
        assert_eq!(outcome(AuthConfig::from_yaml(&*others)), good, "{others}");

        // From a variable, and from the program.
        let env = |value: &str| {
            AuthConfig::from_json("{}")
                .with_env([("TOWER_AUTH__API_KEYS", value)])
                .build()
                .is_ok()
        };
        assert!(env(&plain));
        assert!(!env(&object) && !env(&format!("[{object}]")));
        let value = json!({name: plain});
        let code = |value: Value| AuthConfig::from_json("{}").with_value("auth.api_keys", value);
        assert!(code(serde_json::from_str(&plain).unwrap()).build().is_ok());
        assert!(code(value.clone()).build().is_err());
        assert!(code(json!([value])).build().is_err());
    }
}

/// The status of a chat message, and the sender as the handler gets it.
async fn delivered(body: &str) -> (u16, String) {
    let allowed = AllowlistAuth::on_platforms(["telegram"], ["42"]).unwrap();
    let layer = WebhookLayer::telegram("tg_Secret-1234567")
        .unwrap()
        .allow(allowed);
    let app = Router::new()
        .route(
            "/",
            post(async |caller: AuthContext| caller.user_id().to_owned()),
        )
        .layer(layer);
    let request = Request::post("/")
        .header("x-telegram-bot-api-secret-token", "tg_Secret-1234567")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let answer = app.oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), 9_999)
        .await
        .unwrap();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn chat_messages_have_no_sender_in_them() {
    for (name, _) in NAMES {
        for (from, message) in [
            (format!(r#"{{"{name}":"{{\"id\":42}}"}}"#), None),
            (format!(r#"{{"id":{{"{name}":"42"}}}}"#), None),
            (
                String::new(),
                Some(format!(
                    r#"{{"{name}":"{{\"from\":{{\"id\":42}},\"chat\":{{\"id\":42}}}}"}}"#
                )),
            ),
        ] {
            let message =
                message.unwrap_or_else(|| format!(r#"{{"from":{from},"chat":{{"id":42}}}}"#));
            let body = format!(r#"{{"update_id":1,"message":{message}}}"#);
            // Refused, or a stranger's, which ends with an answer of the layer's own.
            let (status, said) = delivered(&body).await;
            assert!(status == 400 || said.is_empty(), "{body}: {status} {said}");
        }
        let beside = format!(
            r#"{{"update_id":1,"message":{{"{name}":"{{\"from\":{{\"id\":7}}}}","from":{{"id":42,
                "{name}":"{{\"id\":7}}"}},"chat":{{"id":42}},"text":{{"{name}":"x"}}}}}}"#
        );
        assert_eq!(delivered(&beside).await, (200, "42".to_owned()), "{beside}");
    }
}
