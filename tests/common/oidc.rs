//! The certified OpenID provider of `tests/live/oidc_provider.mjs`.

use serde_json::{Value, json};

use super::live::{self, Script, http};

/// A running provider; it ends when this is dropped.
pub struct OidcProvider {
    _script: Script,
    info: Value,
}

impl OidcProvider {
    /// Starts one, where Node.js and its packages are there.
    pub fn start() -> Option<Self> {
        let script = Script::start(live::node("oidc_provider.mjs")?);
        let info = script.read();
        Some(Self {
            _script: script,
            info,
        })
    }

    pub fn issuer(&self) -> &str {
        self.info["issuer"].as_str().expect("an issuer")
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer())
    }

    /// The audience of the tokens of a kind: `RS256`, `PS256`, `ES256`, `EdDSA`, `opaque`, or
    /// `no_aud`, whose tokens say their client instead.
    pub fn audience(&self, kind: &str) -> &str {
        self.info["resources"][kind].as_str().expect("a resource")
    }

    /// Id and secret of `agent`, who gets tokens, or `resource_server`, who introspects them.
    pub fn client(&self, name: &str) -> (&str, &str) {
        let text = |member| self.info[name][member].as_str().expect("a client");
        (text("client_id"), text("client_secret"))
    }

    /// A client-credentials token of that kind with the scope `agents:run`.
    pub fn access_token(&self, kind: &str) -> String {
        let audience = self.audience(kind);
        let form = format!("grant_type=client_credentials&scope=agents%3Arun&resource={audience}");
        let answer = self.post_form("/token", "agent", &form);
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    pub fn introspect(&self, token: &str) -> Value {
        let form = format!("token={token}");
        self.post_form("/token/introspection", "resource_server", &form)
    }

    pub fn revoke(&self, token: &str) {
        self.post_form("/token/revocation", "agent", &format!("token={token}"));
    }

    pub fn get(&self, path: &str) -> Value {
        http("GET", &self.url(path), &[], "").json()
    }

    /// Sends one of the commands of `tests/live/README.md`.
    pub fn control(&self, name: &str, asked: &Value) -> Value {
        let url = self.url(&format!("/control/{name}"));
        http("POST", &url, &[], &asked.to_string()).json()
    }

    /// How many requests a path got.
    pub fn seen(&self, path: &str) -> u64 {
        self.control("seen", &json!({}))[path].as_u64().unwrap_or(0)
    }

    fn post_form(&self, path: &str, client: &str, form: &str) -> Value {
        let (id, secret) = self.client(client);
        let reply = http(
            "POST",
            &self.url(path),
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
}
