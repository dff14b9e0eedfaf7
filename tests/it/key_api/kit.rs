//! Administrators who speak HTTP.

use axum::{Router, body::Body, extract::Request};
use serde_json::{Value, json};
use tower_auth::{
    AuthLayer,
    key_api::KeyApi,
    keys::{KeyRequest, MadeKey, ManagedKeys},
    provider::{CompositeAuth, JwtAuth},
};

use crate::{
    common::answer::{self, Answer, guarded},
    keys::kit::{self, JWT_SECRET},
};

/// The header of a body of JSON.
pub const JSON: (&str, &str) = ("content-type", "application/json");

/// Keys, and a router with the API at `/keys` and `/run` behind them; tokens are accepted too.
#[derive(Clone)]
pub struct Server {
    pub keys: ManagedKeys,
    pub app: Router,
}

impl Server {
    pub fn new() -> Self {
        Self::of(kit::keys())
    }

    pub fn of(keys: ManagedKeys) -> Self {
        let tokens = JwtAuth::hs256(JWT_SECRET).unwrap();
        let layer = AuthLayer::new(CompositeAuth::new(keys.clone()).or(tokens));
        let api = KeyApi::new(keys.clone()).into_router();
        let run = guarded(AuthLayer::new(keys.clone()));
        let app = Router::new().nest("/keys", api).layer(layer).merge(run);
        Self { keys, app }
    }

    /// A caller who shows a key that an operator made.
    pub async fn key(&self, request: KeyRequest) -> Admin {
        let made = self.keys.as_operator("ada").create(request).await.unwrap();
        let secret = made.secret().unwrap().expose().to_owned();
        self.showing("x-api-key", secret)
    }

    /// A key with those scopes that stands for itself.
    pub async fn admin(&self, scopes: &[&str]) -> Admin {
        let request = KeyRequest::new("admin").with_scopes(scopes.iter().copied());
        self.key(request).await
    }

    /// A key that may do everything.
    pub async fn root(&self) -> Admin {
        self.admin(&["*"]).await
    }

    /// A caller who shows a token of the subject `eve`.
    pub fn token(&self, scope: &str) -> Admin {
        let token = kit::token("eve", scope);
        self.showing("authorization", format!("Bearer {token}"))
    }

    pub fn showing(&self, header: &'static str, credential: String) -> Admin {
        Admin {
            app: self.app.clone(),
            header,
            credential,
        }
    }

    /// What a key is answered at `/run`.
    pub async fn run(&self, secret: &str) -> u16 {
        let answer = kit::show_text(&self.app, secret).await;
        answer.status.as_u16()
    }

    pub async fn made(&self, request: KeyRequest) -> MadeKey {
        self.keys.as_operator("ada").create(request).await.unwrap()
    }
}

/// Somebody with a credential.
#[derive(Clone)]
pub struct Admin {
    app: Router,
    header: &'static str,
    pub credential: String,
}

impl Admin {
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], Body::empty()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], Body::empty()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json("POST", path, &[], body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.json("PATCH", path, &[], body).await
    }

    pub async fn json(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        let headers = [&[JSON], headers].concat();
        self.send(method, path, &headers, Body::from(body.to_string()))
            .await
    }

    /// Posts a body of JSON, right or wrong.
    pub async fn post_text(&self, path: &str, text: &str) -> Answer {
        let body = Body::from(text.to_owned());
        self.send("POST", path, &[JSON], body).await
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let mut all: Vec<(&str, &[u8])> = vec![(self.header, self.credential.as_bytes())];
        all.extend(
            headers
                .iter()
                .map(|(name, value)| (*name, value.as_bytes())),
        );
        let mut request: Request = answer::request(method, path, &all);
        *request.body_mut() = body;
        answer::send(&self.app, request).await
    }

    /// A new key.
    pub async fn creates(&self, request: Value) -> Value {
        let answer = self.post("/keys", request).await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        body(&answer)
    }

    pub async fn creates_named(&self, name: &str) -> Value {
        self.creates(json!({"name": name})).await
    }
}

pub fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("JSON: {:?}", answer.body))
}

/// Where a key is.
pub fn at(key: &Value) -> String {
    format!("/keys/{}", key["id"].as_str().unwrap())
}

pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} is a text: {value}"))
}
