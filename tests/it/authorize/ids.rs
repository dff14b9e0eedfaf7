//! Ids from the path: read as the handler reads them, and never more than one id.

use std::convert::Infallible;

use axum::{
    Router,
    extract::{Path, Request},
    routing::{any, get as on_get},
};
use http::{Response, Uri};
use proptest::prelude::*;
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::{
    AuthContext,
    authorize::{AuthorizeLayer, by_role, by_scope, escape_id, unescape_id},
};
use tracing::Level;

use crate::authorize::{
    apps::{Asked, ada, get, signed_in},
    common::{answer::witness, log::Log},
};

/// What is asked for when that path is requested from a router with that template.
async fn asked_for(template: &str, resource: &str, path: &str) -> Vec<String> {
    let asked = Asked::default();
    let layer = AuthorizeLayer::new(asked.authorizer(), resource, "read").unwrap();
    let app = Router::new()
        .route(template, any(witness).layer(layer))
        .layer(signed_in(&ada(&[])));
    get(&app, path).await;
    asked.take()
}

async fn agent(path: &str) -> String {
    let asked = asked_for("/agents/{id}", "agent:{id}", path).await;
    assert_eq!(asked.len(), 1, "{path}: {asked:?}");
    asked[0].strip_prefix("ada read ").unwrap().to_owned()
}

#[tokio::test]
async fn plain_ids_stay_as_they_are() {
    for id in [
        "7",
        "a-B_c.d~e",
        "ada@example.com",
        "0f8fad5b-d9cb-469f",
        "x+y=z",
    ] {
        assert_eq!(agent(&format!("/agents/{id}")).await, format!("agent:{id}"));
    }
}

#[tokio::test]
async fn an_encoded_id_is_the_id_it_stands_for() {
    assert_eq!(agent("/agents/%37").await, "agent:7");
    assert_eq!(
        agent("/agents/ad%61%40example.com").await,
        "agent:ada@example.com"
    );
}

#[tokio::test]
async fn what_could_widen_the_question_is_escaped() {
    for (path, resource) in [
        ("/agents/7:write", "agent:7%3Awrite"),
        ("/agents/7%3Awrite", "agent:7%3Awrite"),
        ("/agents/*", "agent:%2A"),
        ("/agents/%2a", "agent:%2A"),
        ("/agents/7%20agent:8:read", "agent:7%20agent%3A8%3Aread"),
        ("/agents/7%2F8", "agent:7%2F8"),
        ("/agents/%00", "agent:%00"),
        ("/agents/%0d%0a", "agent:%0D%0A"),
        ("/agents/%22%5c", "agent:%22%5C"),
        ("/agents/%7Bid%7D", "agent:%7Bid%7D"),
        ("/agents/caf%c3%a9", "agent:caf%C3%A9"),
        ("/agents/%ff", "agent:%FF"),
        ("/agents/%", "agent:%25"),
        ("/agents/%zz", "agent:%25zz"),
        ("/agents/%2541", "agent:%2541"),
        ("/agents/..", "agent:.."),
    ] {
        assert_eq!(agent(path).await, resource, "{path}");
    }
}

#[tokio::test]
async fn no_id_borrows_anothers_permission() {
    let roles = by_role([("reader", "agent:7:read agent:public:*")]).unwrap();
    let by_roles = AuthorizeLayer::new(roles, "agent:{id}", "read").unwrap();
    let by_scopes = AuthorizeLayer::new(by_scope().hierarchical(), "agent:{id}", "read").unwrap();
    let caller = ada(&["agent:7:read", "agent:public"]).with_claim("roles", "reader");
    for layer in [by_roles, by_scopes] {
        let app = Router::new()
            .route("/agents/{id}", any(witness).layer(layer))
            .layer(signed_in(&caller));
        for mine in ["7", "%37", "public"] {
            assert_eq!(
                get(&app, &format!("/agents/{mine}")).await.status,
                200,
                "{mine}"
            );
        }
        for foreign in [
            "8",
            "77",
            "*",
            "%2A",
            "7:read",
            "7%3Aread",
            "public:8",
            "public%3A8",
            "7%20",
            "%207",
            "7%00",
            "7%2F",
            "7%252F",
            "pub%25lic",
            "PUBLIC",
        ] {
            assert_eq!(
                get(&app, &format!("/agents/{foreign}")).await.status,
                403,
                "{foreign}"
            );
        }
    }
}

#[tokio::test]
async fn a_catch_all_is_one_value() {
    for path in ["/files/a/b", "/files/a%2Fb"] {
        let asked = asked_for("/files/{*path}", "files:{path}", path).await;
        assert_eq!(asked, ["ada read files:a%2Fb"], "{path}");
    }
}

#[tokio::test]
async fn several_parameters_stay_apart() {
    for (path, resource) in [
        ("/t/a/agents/b", "t/a/agent:b"),
        ("/t/a%2Fagent:b/agents/c", "t/a%2Fagent%3Ab/agent:c"),
    ] {
        let asked = asked_for("/t/{tenant}/agents/{id}", "t/{tenant}/agent:{id}", path).await;
        assert_eq!(asked, [format!("ada read {resource}")], "{path}");
    }
}

#[tokio::test]
async fn a_parameter_with_text_before_it_is_read_without_that_text() {
    let asked = asked_for("/user_{name}", "user:{name}", "/user_ada").await;
    assert_eq!(asked, ["ada read user:ada"]);
}

proptest! {
    #[test]
    fn different_ids_are_never_written_alike(left in any_id(), right in any_id()) {
        prop_assert_eq!(left == right, escape_id(&left) == escape_id(&right));
    }

    #[test]
    fn an_id_comes_back_as_it_was(id in any_id()) {
        let unescaped = unescape_id(&escape_id(&id));
        prop_assert_eq!(unescaped, Some(id));
    }

    #[test]
    fn an_escaped_id_is_plain(id in any_id()) {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@+=%".contains(&byte);
        prop_assert!(escape_id(&id).bytes().all(is_plain));
    }

    /// However the client spells it, the layer asks for the id that the handler gets.
    #[test]
    fn the_layer_asks_for_what_the_handler_reads(id in any_id(), spelling: u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let path = format!("/agents/{}", spelled(&id, spelling));
        prop_assume!(!id.is_empty() && path.parse::<Uri>().is_ok_and(|uri| uri.path() == path));
        runtime.block_on(async {
            let asked = Asked::default();
            let layer = AuthorizeLayer::new(asked.authorizer(), "agent:{id}", "read").unwrap();
            let handler = async |Path(id): Path<String>| id;
            let app = Router::new()
                .route("/agents/{id}", on_get(handler).layer(layer))
                .layer(signed_in(&ada(&[])));
            let read = String::from_utf8(get(&app, &path).await.body.to_vec()).unwrap();
            assert_eq!(asked.take(), [format!("ada read agent:{}", escape_id(&read))]);
            assert_eq!(read, id);
        });
    }
}

fn any_id() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,6}", "[a-c:*%/ ]{0,4}", "\\PC{0,4}"]
}

/// An id with some of its bytes percent-encoded: always those that must be, others by the bits of
/// a number.
fn spelled(id: &str, bits: u64) -> String {
    id.bytes()
        .enumerate()
        .map(|(index, byte)| {
            let may_stay = byte.is_ascii_graphic() && !b"%/?#".contains(&byte);
            if may_stay && bits >> (index % 64) & 1 == 0 {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02x}")
            }
        })
        .collect()
}

/// A path whose resource cannot be filled: refused, nobody asked, and the log says what to do.
async fn refused_and_explained(app: Router, asked: &Asked, path: &str) {
    let log = Log::start();
    let answer = get(&app.layer(signed_in(&ada(&["*"]))), path).await;
    answer.refused_with(403, "forbidden");
    assert!(asked.take().is_empty());
    let event = log.events().pop().unwrap();
    assert_eq!(event.level, Level::ERROR);
    assert_eq!(event.field("reason"), Some("no_such_parameter"));
    let message = event.field("message").unwrap();
    assert!(message.starts_with("{id} of a resource"), "{message}");
}

#[tokio::test]
async fn a_route_without_the_parameter_is_refused() {
    let asked = Asked::default();
    let layer = AuthorizeLayer::new(asked.authorizer(), "agent:{id}", "read").unwrap();
    let app = Router::new().route("/agents/{agent}", any(witness).layer(layer));
    refused_and_explained(app, &asked, "/agents/7").await;
}

#[tokio::test]
async fn a_route_with_the_parameter_twice_is_refused() {
    let asked = Asked::default();
    let layer = AuthorizeLayer::new(asked.authorizer(), "agent:{id}", "read").unwrap();
    let inner = Router::new().route("/runs/{id}", any(witness).layer(layer));
    let app = Router::new().nest("/agents/{id}", inner);
    refused_and_explained(app, &asked, "/agents/7/runs/8").await;
}

#[tokio::test]
async fn a_fallback_has_no_parameters() {
    let asked = Asked::default();
    let layer = AuthorizeLayer::new(asked.authorizer(), "agent:{id}", "read").unwrap();
    let app = Router::new().fallback(witness).layer(layer);
    refused_and_explained(app, &asked, "/agents/7").await;
}

#[tokio::test]
async fn a_path_that_was_rewritten_on_its_way_is_refused() {
    let asked = Asked::default();
    let layer = AuthorizeLayer::new(asked.authorizer(), "agent:{id}", "read").unwrap();
    let rewritten = tower::util::MapRequestLayer::new(|mut request: Request| {
        *request.uri_mut() = Uri::from_static("/agents/8");
        request
    });
    let app = Router::new()
        .route("/agents/{id}", any(witness))
        .layer(layer)
        .layer(rewritten);
    refused_and_explained(app, &asked, "/agents/7").await;
}

#[tokio::test]
async fn a_plain_service_has_no_parameters() {
    let asked = Asked::default();
    let layer = AuthorizeLayer::new(asked.authorizer(), "agent:{id}", "read").unwrap();
    let service = layer.layer(service_fn(async |_: http::Request<()>| {
        Ok::<_, Infallible>(Response::new(String::new()))
    }));
    let mut request = http::Request::get("/agents/7").body(()).unwrap();
    request.extensions_mut().insert(AuthContext::new("ada"));
    assert_eq!(service.oneshot(request).await.unwrap().status(), 403);
    assert!(asked.take().is_empty());
}
