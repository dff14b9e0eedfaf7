//! The OpenAPI document says what the router does, and the router what the document says.

use axum::body::Body;
use http::HeaderName;
use serde_json::{Map, Value, json};
use tower_auth::{
    AuthLayer,
    key_api::KeyApi,
    keys::{KeyDigest, KeyLimit, KeyRequest},
};

use super::{
    kit::{Admin, Server, at, body, text},
    schema::conforms,
};
use crate::common::answer::Answer;

#[tokio::test]
async fn every_answer_is_as_the_document_describes_it() {
    let server = Server::new();
    let document = Document::of(&server);
    let root = server.root().await;
    let mut driven = vec![];
    for (method, path, request) in good_requests(&server, &root).await {
        let answer = send(&root, method, &path, &request).await;
        assert!(
            answer.status.is_success(),
            "{method} {path} {:?}",
            answer.body
        );
        driven.push(document.check(method, &path, request.as_ref(), &answer));
    }
    driven.sort();
    driven.dedup();
    assert_eq!(driven, document.operations(), "every operation is driven");
}

#[tokio::test]
async fn every_refusal_is_as_the_document_describes_it() {
    let server = Server::new();
    let document = Document::of(&server);
    let root = server.root().await;
    let nobody = server.admin(&["a"]).await;
    let stranger = server.showing("x-api-key", "sk_wrong".into());
    for (method, path, request) in good_requests(&server, &root).await {
        for admin in [&nobody, &stranger] {
            let answer = send(admin, method, &path, &request).await;
            assert!(answer.status.is_client_error());
            document.check(method, &path, request.as_ref(), &answer);
        }
        let unknown = send(
            &root,
            method,
            &format!("{path}?x=1"),
            &Some(json!({"x": 1})),
        )
        .await;
        if !unknown.status.is_success() {
            document.check(method, &path, None, &unknown);
        }
        let no_json = root.send(method, &path, &[], Body::from("{}")).await;
        if no_json.status == 415 {
            document.check(method, &path, None, &no_json);
        }
        if path.contains("/key_") {
            let at = |id: &str| path.replace(&path[6..36], id);
            let none = send(
                &root,
                method,
                &at("key_00000000000000000000000000"),
                &request,
            )
            .await;
            if !path.ends_with("/audit") {
                assert_eq!(none.status, 404, "{method} {path}");
                document.check(method, &path, None, &none);
            }
            let headers = [("content-type", "application/json"), ("if-match", "\"1\"")];
            let json = request.clone().unwrap_or(json!({})).to_string();
            let stale = root.send(method, &path, &headers, Body::from(json)).await;
            document.check(method, &path, None, &stale);
        }
    }
}

#[tokio::test]
async fn a_method_that_the_document_does_not_have_is_refused() {
    let server = Server::new();
    let document = Document::of(&server);
    let root = server.root().await;
    for (path, item) in document.0["paths"].as_object().unwrap() {
        let path = path.replace("{key_id}", "key_1");
        for method in ["GET", "PUT", "POST", "PATCH", "DELETE", "TRACE"] {
            let answer = root.send(method, &path, &[], Body::empty()).await;
            let has_it = item.get(method.to_lowercase()).is_some();
            assert_eq!(answer.status != 405, has_it, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_scopes_of_the_document_are_those_that_are_needed() {
    let server = Server::new();
    let document = Document::of(&server);
    let root = server.root().await;
    let nobody = server.admin(&["a"]).await;
    for (method, path, request) in good_requests(&server, &root).await {
        let operation = document.operation(method, &path).1;
        let needed: Vec<String> = operation["security"][0]["api_key"]
            .as_array()
            .unwrap()
            .iter()
            .map(|scope| scope.as_str().unwrap().to_owned())
            .collect();
        assert_eq!(operation["security"][1]["bearer"], json!(needed));
        let refused = send(&nobody, method, &path, &request).await;
        assert_eq!(refused.problem()["scope"], needed.join(" "));
        let mut scopes: Vec<&str> = needed.iter().map(String::as_str).collect();
        scopes.push("a");
        if !scopes.contains(&"keys:admin") {
            let own = server.admin(&scopes).await;
            let answer = send(&own, method, &path, &request).await;
            assert_ne!(
                refused.problem()["code"],
                answer_code(&answer),
                "{method} {path}"
            );
        }
    }
}

fn answer_code(answer: &Answer) -> Value {
    serde_json::from_slice::<Value>(&answer.body).map_or(Value::Null, |body| body["code"].clone())
}

#[tokio::test]
async fn the_examples_of_the_document_are_accepted() {
    let server = Server::new();
    let document = Document::of(&server);
    let root = server.root().await;
    for (method, path, request) in good_requests(&server, &root).await {
        let operation = document.operation(method, &path).1;
        if request.is_some() {
            let example = &operation["requestBody"]["content"]["application/json"]["example"];
            let answer = root.json(method, &path, &[], example.clone()).await;
            assert!(
                answer.status.is_success(),
                "{method} {path} {:?}",
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn the_document_is_served_where_that_is_set_and_to_readers() {
    let mut server = Server::new();
    let root = server.root().await;
    assert_ne!(root.get("/keys/openapi.json").await.status, 200);
    let api = KeyApi::new(server.keys.clone()).with_openapi_route();
    server.app = axum::Router::new()
        .nest("/v1/keys", api.clone().into_router())
        .layer(AuthLayer::new(server.keys.clone()));
    let reader = server.admin(&["keys:read"]).await;
    let answer = reader.get("/v1/keys/openapi.json").await;
    assert_eq!(body(&answer), api.openapi("/v1/keys"));
    let nobody = server.admin(&["a"]).await;
    let answer = nobody.get("/v1/keys/openapi.json").await;
    answer.refused_with(403, "insufficient_scope");
}

#[test]
fn the_document_names_the_header_of_the_keys() {
    let of =
        |header: HeaderName| KeyApi::new(crate::keys::kit::keys().with_header(header)).openapi("");
    let document = of(HeaderName::from_static("x-service-key"));
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["api_key"]["name"], "x-service-key");
    assert!(document["paths"]["/"]["get"].is_object());
    let document = of(http::header::AUTHORIZATION);
    assert!(
        document["components"]["securitySchemes"]
            .get("api_key")
            .is_none()
    );
    let security = &document["paths"]["/"]["get"]["security"];
    assert_eq!(*security, json!([{"bearer": ["keys:read"]}]));
}

/// A request of each kind that is carried out; some kinds more than once.
async fn good_requests(
    server: &Server,
    root: &Admin,
) -> Vec<(&'static str, String, Option<Value>)> {
    let limited = KeyRequest::new("limited")
        .with_owner("robot-7")
        .with_tenant("acme")
        .with_metadata("plan", "gold")
        .with_limit(KeyLimit::new(600, 60))
        .with_credits(5);
    server.made(limited).await;
    let owner = tower_auth::Principal::new("oauth2", Some("https://id.example"), "ada");
    server
        .made(KeyRequest::new("ada's").with_owner(owner))
        .await;
    let mut paths = vec![];
    for name in [
        "shown",
        "changed",
        "deleted",
        "rotated",
        "revoked",
        "unrevoked",
    ] {
        paths.push(at(&root.creates_named(name).await));
    }
    let [shown, changed, deleted, rotated, revoked, unrevoked] = &paths[..] else {
        unreachable!("there are six");
    };
    root.post(&format!("{unrevoked}/revoke"), json!({})).await;
    let digest = KeyDigest::of_key(text(&json!({"id": shown}), "id").as_bytes());
    let hex: String = digest
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    vec![
        ("POST", "/keys".into(), Some(json!({"name": "x"}))),
        (
            "POST",
            "/keys/import".into(),
            Some(json!({"name": "x", "digest": hex})),
        ),
        ("PATCH", changed.clone(), Some(json!({"name": "y"}))),
        (
            "POST",
            format!("{rotated}/rotate"),
            Some(json!({"overlap": "1h"})),
        ),
        (
            "POST",
            format!("{revoked}/revoke"),
            Some(json!({"reason": "lost"})),
        ),
        ("POST", format!("{unrevoked}/unrevoke"), Some(json!({}))),
        ("GET", shown.clone(), None),
        ("GET", format!("{shown}/audit"), None),
        ("DELETE", deleted.clone(), None),
        ("GET", "/keys".into(), None),
        ("GET", "/keys/audit".into(), None),
    ]
}

async fn send(admin: &Admin, method: &str, path: &str, request: &Option<Value>) -> Answer {
    match request {
        Some(request) => admin.json(method, path, &[], request.clone()).await,
        None => admin.send(method, path, &[], Body::empty()).await,
    }
}

struct Document(Value);

impl Document {
    fn of(server: &Server) -> Self {
        Self(KeyApi::new(server.keys.clone()).openapi("/keys"))
    }

    /// Each operation as `METHOD path`.
    fn operations(&self) -> Vec<String> {
        let paths = self.0["paths"].as_object().unwrap().iter();
        let mut operations: Vec<_> = paths
            .flat_map(|(path, item)| {
                let methods = item.as_object().unwrap().keys();
                methods.map(move |method| format!("{} {path}", method.to_uppercase()))
            })
            .collect();
        operations.sort();
        operations
    }

    fn operation(&self, method: &str, path: &str) -> (String, &Value) {
        let path = path.split('?').next().unwrap();
        let segments: Vec<_> = path
            .split('/')
            .map(|segment| {
                if segment.starts_with("key_") {
                    "{key_id}"
                } else {
                    segment
                }
            })
            .collect();
        let path = segments.join("/");
        let operation = &self.0["paths"][&path][method.to_lowercase()];
        assert!(operation.is_object(), "{method} {path}");
        (format!("{method} {path}"), operation)
    }

    /// That request and answer are as described; returns the operation.
    fn check(&self, method: &str, path: &str, request: Option<&Value>, answer: &Answer) -> String {
        let (name, operation) = self.operation(method, path);
        if let Some(request) = request {
            let content = &operation["requestBody"]["content"]["application/json"];
            conforms(&self.0, &content["schema"], request, &name);
        }
        let response = &operation["responses"][answer.status.as_str()];
        assert!(response.is_object(), "{name} has a {}", answer.status);
        for header in response["headers"]
            .as_object()
            .unwrap_or(&Map::new())
            .keys()
        {
            // Only a page that is not the last has a link.
            let is_there = answer.headers.contains_key(header) || header == "Link";
            assert!(is_there, "{name} {} has {header}", answer.status);
        }
        match response
            .get("content")
            .map(|content| content.as_object().unwrap())
        {
            None => assert!(answer.body.is_empty()),
            Some(content) => {
                let content = &content[answer.header("content-type")];
                conforms(&self.0, &content["schema"], &body(answer), &name);
            }
        }
        name
    }
}
