//! Tokens that PyJWT and npm `jose` mint, checked by the layer with a key that is known beforehand.

use crate::common;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{
    answer::{Answer, guarded, run},
    live::{self, Script},
};
use serde_json::{Value, json};
use tower_auth::{
    AuthLayer,
    jose::{Algorithm, Key},
    provider::JwtAuth,
    testing::ManualClock,
};

const NOW: u64 = 1_800_000_000;
const SECRET: &str = "a secret for tests: sixty-four bytes, as many as HS512 asks for.";

/// How a key is written down.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// PEM; for HMAC, the secret's bytes.
    Pem,
    Jwk,
}

#[tokio::test]
async fn tokens_of_jose_are_accepted_with_keys_as_pem() {
    every_algorithm_is_accepted("mint_jose.mjs", Form::Pem).await;
}

#[tokio::test]
async fn tokens_of_jose_are_accepted_with_keys_as_jwk() {
    every_algorithm_is_accepted("mint_jose.mjs", Form::Jwk).await;
}

#[tokio::test]
async fn tokens_of_pyjwt_are_accepted_with_keys_as_pem() {
    every_algorithm_is_accepted("mint_pyjwt.py", Form::Pem).await;
}

#[tokio::test]
async fn tokens_of_pyjwt_are_accepted_with_keys_as_jwk() {
    every_algorithm_is_accepted("mint_pyjwt.py", Form::Jwk).await;
}

#[tokio::test]
async fn a_token_under_another_key_is_refused() {
    for library in LIBRARIES {
        let Some(mut tools) = Tools::start(library) else {
            return;
        };
        for &algorithm in Algorithm::ALL {
            let (ours, theirs) = (tools.pair(algorithm), tools.pair(algorithm));
            let token = tools.mint(algorithm, &theirs.private(Form::Pem), &claims());
            let key = match ours.public(Form::Pem) {
                _ if algorithm.is_symmetric() => {
                    Key::hmac(algorithm, SECRET.replace("tests", "toast")).unwrap()
                }
                key => key,
            };
            let answer = show(key, &token).await;
            answer.refused_with(401, "invalid_credential");
        }
    }
}

#[tokio::test]
async fn a_token_of_another_algorithm_of_the_same_key_is_refused() {
    let Some(mut tools) = Tools::start("mint_pyjwt.py") else {
        return;
    };
    let pair = tools.pair(Algorithm::RS256);
    for (signed, expected) in [
        (Algorithm::RS256, Algorithm::PS256),
        (Algorithm::PS256, Algorithm::RS256),
        (Algorithm::RS512, Algorithm::RS256),
    ] {
        let token = tools.mint(signed, &pair.private(Form::Pem), &claims());
        let key = Key::from_pem(expected, pair.public_pem()).unwrap();
        show(key, &token)
            .await
            .refused_with(401, "invalid_credential");
    }
}

#[tokio::test]
async fn an_expired_token_is_called_expired() {
    for library in LIBRARIES {
        let Some(mut tools) = Tools::start(library) else {
            return;
        };
        for &algorithm in Algorithm::ALL {
            let pair = tools.pair(algorithm);
            let mut claims = claims();
            claims["exp"] = json!(NOW - 31);
            let token = tools.mint(algorithm, &pair.private(Form::Pem), &claims);
            let answer = show(pair.public(Form::Pem), &token).await;
            answer.refused_with(401, "expired_credential");
        }
    }
}

async fn every_algorithm_is_accepted(library: &str, form: Form) {
    let Some(mut tools) = Tools::start(library) else {
        return;
    };
    for &algorithm in Algorithm::ALL {
        let pair = tools.pair(algorithm);
        let token = tools.mint(algorithm, &pair.private(form), &claims());
        let answer = show(pair.public(form), &token).await;
        answer.accepted_as("agent-7");
        let context = answer.seen().context.as_ref().unwrap();
        assert_eq!(context.scopes().to_string(), "agents:invoke", "{algorithm}");
        assert_eq!(context.metadata()["team"], "blue", "{algorithm}");
    }
}

/// What a layer with that key answers.
async fn show(key: Key, token: &str) -> Answer {
    let tokens = JwtAuth::new(key)
        .with_audience("my-agent")
        .with_issuer("https://issuer.example")
        .with_clock(ManualClock::at_unix(NOW).clock());
    let app = guarded(AuthLayer::new(tokens));
    let value = format!("Bearer {token}");
    run(&app, &[("authorization", value.as_bytes())]).await
}

fn claims() -> Value {
    json!({
        "iss": "https://issuer.example", "aud": ["web", "my-agent"], "sub": "agent-7",
        "iat": NOW, "nbf": NOW, "exp": NOW + 60, "jti": "7", "scope": "agents:invoke",
        "team": "blue",
    })
}

/// One library that mints, and one that makes keys.
struct Tools {
    mints: Script,
    keys: Script,
}

impl Tools {
    fn start(library: &str) -> Option<Self> {
        let mints = match library.rsplit_once('.') {
            Some((_, "py")) => live::python(library)?,
            _ => live::node(library)?,
        };
        Some(Self {
            mints: Script::start(mints),
            keys: Script::start(live::node("mint_jose.mjs")?),
        })
    }

    fn pair(&mut self, algorithm: Algorithm) -> Pair {
        let forms = if algorithm.is_symmetric() {
            let k = URL_SAFE_NO_PAD.encode(SECRET);
            let jwk = json!({"kty": "oct", "k": k, "alg": algorithm.as_str()});
            json!({"private_jwk": jwk, "public_jwk": jwk})
        } else {
            let name = algorithm.as_str();
            self.keys.ask(&json!({"op": "keygen", "alg": name}))
        };
        Pair { algorithm, forms }
    }

    fn mint(&mut self, algorithm: Algorithm, key: &Value, claims: &Value) -> String {
        let name = algorithm.as_str();
        let request = json!({"op": "mint", "alg": name, "key": key, "claims": claims});
        let minted = self.mints.ask(&request);
        let token = minted["token"].as_str();
        token
            .unwrap_or_else(|| panic!("{name}: {minted}"))
            .to_owned()
    }
}

/// A key in every form it has.
struct Pair {
    algorithm: Algorithm,
    forms: Value,
}

impl Pair {
    /// For the library that signs.
    fn private(&self, form: Form) -> Value {
        match form {
            Form::Jwk => json!({"jwk": self.forms["private_jwk"]}),
            Form::Pem if self.algorithm.is_symmetric() => json!({"secret": SECRET}),
            Form::Pem => json!({"pem": self.forms["private_pem"]}),
        }
    }

    /// For us.
    fn public(&self, form: Form) -> Key {
        let key = match form {
            Form::Jwk => Key::from_jwk(&self.forms["public_jwk"].to_string()),
            Form::Pem if self.algorithm.is_symmetric() => Key::hmac(self.algorithm, SECRET),
            Form::Pem => Key::from_pem(self.algorithm, self.public_pem()),
        };
        key.unwrap_or_else(|error| panic!("{}: {error}", self.algorithm))
    }

    fn public_pem(&self) -> &str {
        self.forms["public_pem"].as_str().unwrap()
    }
}

const LIBRARIES: [&str; 2] = ["mint_jose.mjs", "mint_pyjwt.py"];
