//! Requests to a path or with a method that the API does not have.

use axum::body::Body;

use super::kit::Server;

#[tokio::test]
async fn another_method_is_refused_and_the_right_ones_are_named() {
    let server = Server::new();
    let root = server.root().await;
    for (method, path, allowed) in [
        ("PUT", "/keys", "GET,HEAD,POST"),
        ("DELETE", "/keys", "GET,HEAD,POST"),
        ("GET", "/keys/import", "POST"),
        ("POST", "/keys/audit", "GET,HEAD"),
        ("POST", "/keys/key_1", "GET,HEAD,PATCH,DELETE"),
        ("GET", "/keys/key_1/rotate", "POST"),
        ("GET", "/keys/key_1/revoke", "POST"),
        ("OPTIONS", "/keys", "GET,HEAD,POST"),
    ] {
        let answer = root.send(method, path, &[], Body::empty()).await;
        answer.refused_with(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn another_path_below_is_a_problem_too() {
    let server = Server::new();
    let root = server.root().await;
    for path in ["/keys/key_1/x", "/keys/key_1/rotate/x", "/keys/key_1/"] {
        root.get(path).await.refused_with(404, "not_found");
    }
}

#[tokio::test]
async fn an_id_of_any_form_that_is_no_key_is_unknown() {
    let server = Server::new();
    let root = server.root().await;
    for id in [
        "x",
        "%ff",
        "%00",
        "..%2f..",
        "key_1;x",
        "%F0%9F%94%91",
        &"k".repeat(4_000),
    ] {
        root.get(&format!("/keys/{id}"))
            .await
            .refused_with(404, "not_found");
    }
}
