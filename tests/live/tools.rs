//! The software that the live tests rely on works on its own, without `tower-auth`.

use crate::common;

use common::{
    live::{self, Script, http},
    oidc::OidcProvider,
};
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
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let discovery = provider.get("/.well-known/openid-configuration");
    assert_eq!(discovery["issuer"], provider.issuer());
    let keys = provider.get("/jwks");
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(4));
}

#[test]
fn the_oidc_provider_signs_with_the_algorithm_of_the_resource() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let Some(jose) = live::node("mint_jose.mjs") else {
        return;
    };
    let mut jose = Script::start(jose);
    let jwks = json!({"jwks": provider.get("/jwks")});
    for alg in ["RS256", "PS256", "ES256", "EdDSA"] {
        let verdict = jose.ask(&json!({
            "op": "verify", "token": provider.access_token(alg), "algs": [alg], "key": jwks,
            "issuer": provider.issuer(), "audience": provider.audience(alg),
        }));
        assert_eq!(verdict["accepted"], true, "{verdict}");
    }
}

#[test]
fn the_oidc_provider_forgets_a_revoked_token() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let token = provider.access_token("opaque");
    let is_active = || provider.introspect(&token)["active"].clone();
    assert_eq!(is_active(), true);
    provider.revoke(&token);
    assert_eq!(is_active(), false);
}

#[test]
fn the_oidc_provider_rotates_its_keys_and_fails_on_demand() {
    let Some(provider) = OidcProvider::start() else {
        return;
    };
    let count = || provider.get("/jwks")["keys"].as_array().map(Vec::len);
    provider.control("rotate", &json!({}));
    assert_eq!(count(), Some(8));
    provider.control("rotate", &json!({"keep_old": false}));
    assert_eq!(count(), Some(4));

    provider.control("fault", &json!({"path": "/jwks", "status": 503}));
    assert_eq!(http("GET", &provider.url("/jwks"), &[], "").status, 503);
    provider.control("fault", &json!({"path": "/jwks"}));
    assert_eq!(count(), Some(4));
    assert_eq!(provider.seen("/jwks"), 4);
}

#[test]
fn the_browser_reports_the_status_of_a_page() {
    let Some(provider) = OidcProvider::start() else {
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
                "base_url": provider.issuer(), "chromium": chromium, "mode": "status", "path": path,
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
