//! Administrators who show a token.

use serde_json::json;
use tower_auth::{Principal, keys::KeyRequest};

use super::{Server, changed_in_every_way, forbidden, kit::body};

const EVE: &str = "keys:read keys:write a";
const ADMIN: &str = "keys:read keys:write keys:admin a";

#[tokio::test]
async fn no_request_gives_a_scope_that_the_caller_lacks() {
    let server = Server::new();
    let digest = "11".repeat(32);
    for scopes in [EVE, ADMIN] {
        let admin = server.token(scopes);
        let own = admin.creates(json!({"name": "own", "scopes": ["a"]})).await;
        for scope in ["b", "*", "a:*", "A"] {
            let request = json!({"name": "x", "scopes": ["a", scope]});
            forbidden(&admin.post("/keys", request).await);
            let answer = admin
                .patch(&super::kit::at(&own), json!({"scopes": [scope]}))
                .await;
            forbidden(&answer);
        }
        let request = json!({"name": "x", "scopes": ["b"], "digest": digest});
        let answer = admin.post("/keys/import", request).await;
        assert_eq!(answer.status, 403);
    }
}

#[tokio::test]
async fn a_star_that_a_token_claims_gives_nothing() {
    let server = Server::new();
    let eve = server.token("* keys:write");
    forbidden(
        &eve.post("/keys", json!({"name": "x", "scopes": ["*"]}))
            .await,
    );
    let eve = server.token("*");
    eve.get("/keys")
        .await
        .refused_with(403, "insufficient_scope");
}

#[tokio::test]
async fn no_request_makes_a_key_for_somebody_else() {
    let server = Server::new();
    let eve = server.token(EVE);
    let own = eve.creates(json!({"name": "own"})).await;
    for owner in [
        json!("admin"),
        json!("eve"),
        json!({"method": "jwt", "user_id": "admin"}),
        json!({"method": "jwt", "issuer": "https://id.other", "user_id": "eve"}),
        json!({"method": "oauth2", "user_id": "eve"}),
    ] {
        forbidden(
            &eve.post("/keys", json!({"name": "x", "owner": owner}))
                .await,
        );
        forbidden(
            &eve.patch(&super::kit::at(&own), json!({"owner": owner}))
                .await,
        );
    }
}

#[tokio::test]
async fn no_request_makes_a_key_for_another_tenant() {
    let server = Server::new();
    let eve = server.token(EVE);
    let own = eve.creates(json!({"name": "own"})).await;
    forbidden(
        &eve.post("/keys", json!({"name": "x", "tenant": "acme"}))
            .await,
    );
    forbidden(
        &eve.patch(&super::kit::at(&own), json!({"tenant": "acme"}))
            .await,
    );
    let metadata = json!({"name": "x", "metadata": {"tenant": "acme"}});
    eve.post("/keys", metadata)
        .await
        .refused_with(400, "invalid_request");
}

#[tokio::test]
async fn no_request_gives_claims_that_the_caller_lacks() {
    let server = Server::new();
    for scopes in [EVE, ADMIN] {
        let admin = server.token(scopes);
        let own = admin.creates(json!({"name": "own"})).await;
        for metadata in [json!({"roles": ["admin"]}), json!({"plan": "gold"})] {
            let request = json!({"name": "x", "metadata": metadata});
            forbidden(&admin.post("/keys", request).await);
            let answer = admin
                .patch(&super::kit::at(&own), json!({"metadata": metadata}))
                .await;
            forbidden(&answer);
        }
    }
}

#[tokio::test]
async fn a_wider_key_of_ones_own_is_revoked_and_nothing_else() {
    let server = Server::new();
    let owner = Principal::new("jwt", None, "eve");
    let wide = KeyRequest::new("root").with_owner(owner).with_scopes(["*"]);
    let made = server.made(wide).await;
    let eve = server.token(EVE);
    let key = body(
        &eve.get(&format!("/keys/{}", made.key().record().id()))
            .await,
    );
    for answer in changed_in_every_way(&eve, &key, json!({"name": "y"})).await {
        forbidden(&answer);
    }
    let path = format!("{}/revoke", super::kit::at(&key));
    assert_eq!(eve.post(&path, json!({})).await.status, 200);
    for answer in changed_in_every_way(&eve, &key, json!({"scopes": ["a"]})).await {
        forbidden(&answer);
    }
}

#[tokio::test]
async fn an_administrator_of_all_keys_takes_over_no_wider_one() {
    let server = Server::new();
    let root = server
        .made(KeyRequest::new("root").with_scopes(["*"]))
        .await;
    let admin = server.token(ADMIN);
    let key = body(
        &admin
            .get(&format!("/keys/{}", root.key().record().id()))
            .await,
    );
    for answer in changed_in_every_way(&admin, &key, json!({"owner": "eve"})).await {
        forbidden(&answer);
    }
}

#[tokio::test]
async fn keys_write_alone_imports_nothing_and_reads_no_audit_of_all() {
    let server = Server::new();
    let eve = server.token(EVE);
    let request = json!({"name": "x", "digest": "11".repeat(32)});
    let answer = eve.post("/keys/import", request).await;
    answer.refused_with(403, "insufficient_scope");
    let answer = eve.get("/keys/audit").await;
    answer.refused_with(403, "insufficient_scope");
}

#[tokio::test]
async fn a_reader_changes_nothing_and_a_writer_reads_nothing() {
    let server = Server::new();
    let eve = server.token(EVE);
    let own = eve.creates(json!({"name": "own"})).await;
    let at = super::kit::at(&own);
    let reader = server.token("keys:read a");
    for answer in changed_in_every_way(&reader, &own, json!({"name": "y"})).await {
        answer.refused_with(403, "insufficient_scope");
    }
    let answer = reader.post(&format!("{at}/revoke"), json!({})).await;
    answer.refused_with(403, "insufficient_scope");
    let writer = server.token("keys:write a");
    for path in ["/keys", &at, &format!("{at}/audit")] {
        writer
            .get(path)
            .await
            .refused_with(403, "insufficient_scope");
    }
}

#[tokio::test]
async fn an_idempotency_key_is_its_callers_own() {
    let server = Server::new();
    let headers = [("idempotency-key", "order-1")];
    let request = || json!({"name": "secret project"});
    let root = server.root().await;
    let first = root.json("POST", "/keys", &headers, request()).await;
    let eve = server.token(EVE);
    let hers = eve.json("POST", "/keys", &headers, request()).await;
    assert_eq!((first.status.as_u16(), hers.status.as_u16()), (201, 201));
    assert_ne!(body(&first)["id"], body(&hers)["id"]);
}
