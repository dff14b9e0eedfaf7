//! The software that the live tests rely on works on its own, without `tower-auth`.
#![cfg(test)]

mod common;

use common::live::{self, Script, http};
use serde_json::{Value, json};

const NOW: u64 = 1_800_000_000;
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn pyjwt_and_jose_agree_on_a_minted_token() {
    let Some((mut jose, mut pyjwt)) = libraries() else {
        return;
    };
    for (alg, private, public) in every_key(&mut jose) {
        let request = json!({
            "op": "mint", "alg": alg, "key": private,
            "claims": {"sub": "agent-7", "exp": NOW + 60},
        });
        for minted in [jose.ask(&request), pyjwt.ask(&request)] {
            for library in [&mut jose, &mut pyjwt] {
                let verdict = library.ask(&judge(&minted, alg, &public, NOW));
                assert_eq!(verdict["accepted"], true, "{alg}: {verdict}");
                assert_eq!(verdict["claims"]["sub"], "agent-7");
                assert_eq!(verdict["header"]["alg"], alg);
            }
        }
    }
}

#[test]
fn pyjwt_and_jose_both_refuse_an_expired_token() {
    let Some((mut jose, mut pyjwt)) = libraries() else {
        return;
    };
    let key = json!({"secret": SECRET});
    let minted = jose.ask(&json!({
        "op": "mint", "alg": "HS256", "key": key, "claims": {"exp": NOW},
    }));
    for library in [&mut jose, &mut pyjwt] {
        let before = library.ask(&judge(&minted, "HS256", &key, NOW - 1));
        assert_eq!(before["accepted"], true, "{before}");
        let after = library.ask(&judge(&minted, "HS256", &key, NOW));
        assert_eq!(after["accepted"], false, "{after}");
    }
}

#[test]
fn one_process_judges_many_tokens() {
    let Some(jose) = live::node("mint_jose.mjs") else {
        return;
    };
    let Some(pyjwt) = live::python("mint_pyjwt.py") else {
        return;
    };
    let request = json!({
        "op": "verify", "token": "a.b.c", "algs": ["HS256"], "key": {"secret": SECRET},
    });
    for library in [jose, pyjwt] {
        let verdicts = live::ask(library, &vec![request.clone(); 2_000]);
        assert!(verdicts.iter().all(|verdict| verdict["accepted"] == false));
    }
}

#[test]
fn the_oidc_provider_serves_discovery() {
    let Some((_provider, info)) = oidc_provider() else {
        return;
    };
    let discovery = get(&info, "/.well-known/openid-configuration");
    assert_eq!(discovery["issuer"], info["issuer"]);
    let keys = get(&info, "/jwks");
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(4));
}

#[test]
fn the_oidc_provider_signs_with_the_algorithm_of_the_resource() {
    let Some((_provider, info)) = oidc_provider() else {
        return;
    };
    let Some(jose) = live::node("mint_jose.mjs") else {
        return;
    };
    let mut jose = Script::start(jose);
    let jwks = json!({"jwks": get(&info, "/jwks")});
    for alg in ["RS256", "PS256", "ES256", "EdDSA"] {
        let verdict = jose.ask(&json!({
            "op": "verify", "token": access_token(&info, alg), "algs": [alg], "key": jwks,
            "issuer": info["issuer"], "audience": info["resources"][alg],
        }));
        assert_eq!(verdict["accepted"], true, "{verdict}");
    }
}

#[test]
fn the_oidc_provider_forgets_a_revoked_token() {
    let Some((_provider, info)) = oidc_provider() else {
        return;
    };
    let token = access_token(&info, "opaque");
    let is_active = || {
        let form = format!("token={token}");
        let answer = post_form(&info, "/token/introspection", "resource_server", &form);
        answer["active"].clone()
    };
    assert_eq!(is_active(), true);
    let form = format!("token={token}");
    post_form(&info, "/token/revocation", "agent", &form);
    assert_eq!(is_active(), false);
}

#[test]
fn the_oidc_provider_rotates_its_keys_and_fails_on_demand() {
    let Some((_provider, info)) = oidc_provider() else {
        return;
    };
    let count = || get(&info, "/jwks")["keys"].as_array().map(Vec::len);
    control(&info, "rotate", &json!({}));
    assert_eq!(count(), Some(8));
    control(&info, "rotate", &json!({"keep_old": false}));
    assert_eq!(count(), Some(4));

    control(&info, "fault", &json!({"path": "/jwks", "status": 503}));
    assert_eq!(http("GET", &url(&info, "/jwks"), &[], "").status, 503);
    control(&info, "fault", &json!({"path": "/jwks"}));
    assert_eq!(count(), Some(4));
    assert_eq!(control(&info, "seen", &json!({}))["/jwks"], 4);
}

#[test]
fn the_browser_reports_the_status_of_a_page() {
    let Some((_provider, info)) = oidc_provider() else {
        return;
    };
    let Some(chromium) = live::chromium() else {
        return;
    };
    for (path, status) in [("/jwks", 200), ("/nowhere", 404)] {
        let script = live::node("docs_page.mjs").expect("found a moment ago");
        let report = live::ask(
            script,
            &[json!({
                "base_url": info["issuer"], "chromium": chromium, "mode": "status", "path": path,
            })],
        );
        assert_eq!(report[0]["page_status"], status, "{report:?}");
    }
}

fn libraries() -> Option<(Script, Script)> {
    let jose = live::node("mint_jose.mjs")?;
    let pyjwt = live::python("mint_pyjwt.py")?;
    Some((Script::start(jose), Script::start(pyjwt)))
}

fn every_key(jose: &mut Script) -> Vec<(&'static str, Value, Value)> {
    let mut keys = vec![];
    for alg in ["HS256", "HS384", "HS512"] {
        keys.push((alg, json!({"secret": SECRET}), json!({"secret": SECRET})));
    }
    for alg in ["RS256", "PS384", "ES256", "ES384", "ES512", "EdDSA"] {
        let pair = jose.ask(&json!({"op": "keygen", "alg": alg}));
        keys.push((
            alg,
            json!({"pem": pair["private_pem"]}),
            json!({"pem": pair["public_pem"]}),
        ));
        keys.push((
            alg,
            json!({"jwk": pair["private_jwk"]}),
            json!({"jwk": pair["public_jwk"]}),
        ));
    }
    keys
}

fn judge(minted: &Value, alg: &str, key: &Value, now: u64) -> Value {
    json!({"op": "verify", "token": minted["token"], "algs": [alg], "key": key, "now": now})
}

fn oidc_provider() -> Option<(Script, Value)> {
    let provider = Script::start(live::node("oidc_provider.mjs")?);
    let info = provider.read();
    Some((provider, info))
}

fn access_token(info: &Value, resource: &str) -> String {
    let uri = info["resources"][resource].as_str().expect("a resource");
    let form = format!("grant_type=client_credentials&scope=agents%3Arun&resource={uri}");
    let answer = post_form(info, "/token", "agent", &form);
    answer["access_token"].as_str().expect("a token").to_owned()
}

fn post_form(info: &Value, path: &str, client: &str, form: &str) -> Value {
    let text = |name| info[client][name].as_str().expect("a client");
    let (id, secret) = (text("client_id"), text("client_secret"));
    let reply = http(
        "POST",
        &url(info, path),
        &[("content-type", "application/x-www-form-urlencoded")],
        &format!("{form}&client_id={id}&client_secret={secret}"),
    );
    assert_eq!(reply.status, 200, "{}", reply.body);
    if reply.body.is_empty() {
        Value::Null
    } else {
        reply.json()
    }
}

fn control(info: &Value, name: &str, asked: &Value) -> Value {
    let url = url(info, &format!("/control/{name}"));
    http("POST", &url, &[], &asked.to_string()).json()
}

fn get(info: &Value, path: &str) -> Value {
    http("GET", &url(info, path), &[], "").json()
}

fn url(info: &Value, path: &str) -> String {
    format!("{}{path}", info["issuer"].as_str().expect("an issuer"))
}
