//! A client of one's own: used as it is, within the bounds that hold for ours.

use std::{
    convert::Infallible,
    error::Error,
    fs,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body::{Body, Frame};
use serde_json::json;
use tower::{service_fn, util::BoxCloneSyncService};
use tower_auth::{
    provider::{OAuth2Auth, UserinfoAuth},
    testing::IssuerEndpoint::Jwks,
};

use crate::oauth2::world::*;

type Client = BoxCloneSyncService<Request<Bytes>, Response<String>, Infallible>;

/// What a client was asked: each address, with the bearer that it was shown.
type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A client that asks nobody: every address has an answer that is made up.
fn made_up(answer: impl Fn(&str) -> Response<String> + Send + Sync + 'static) -> (Client, Asked) {
    let asked = Asked::default();
    let (answer, seen) = (Arc::new(answer), Arc::clone(&asked));
    let client = service_fn(move |request: Request<Bytes>| {
        let uri = request.uri().to_string();
        let bearer = request.headers().get(header::AUTHORIZATION);
        let bearer = bearer.map(|bearer| bearer.to_str().unwrap().to_owned());
        let response = answer(&uri);
        seen.lock().unwrap().push((uri, bearer));
        async { Ok::<_, Infallible>(response) }
    });
    (BoxCloneSyncService::new(client), asked)
}

fn redirect(to: &str) -> Response<String> {
    let response = Response::builder().status(302).header("location", to);
    response.body(String::new()).unwrap()
}

fn provider() -> OAuth2Auth {
    OAuth2Auth::from_jwks_uri("accounts.example", AUDIENCE, "https://keys.example/a").unwrap()
}

fn addresses(asked: &Asked) -> Vec<String> {
    let asked = asked.lock().unwrap();
    asked.iter().map(|(uri, _)| uri.clone()).collect()
}

#[tokio::test]
async fn a_service_that_opens_no_connection_is_asked_for_the_keys() {
    let world = World::new();
    let set = json!({"keys": [world.issuer.jwk(&world.kid())]}).to_string();
    let (client, asked) = made_up(move |_| Response::new(set.clone()));
    let tokens = provider()
        .with_client(client)
        .with_clock(world.clock.clock());
    let token = world.token().with_claim("iss", "accounts.example").mint();
    assert!(tokens.verify(&token).await.is_ok());
    assert_eq!(addresses(&asked), ["https://keys.example/a"]);
    assert_eq!(world.fetches(), 0);
}

#[tokio::test]
async fn a_client_of_reqwest_is_used() {
    let world = World::new();
    let client = reqwest::Client::builder()
        .user_agent("mine")
        .build()
        .unwrap();
    let provider = world.provider().with_client(service(client));
    provider.warm_up().await.unwrap();
    let request = world.issuer.last_request(Jwks).unwrap();
    assert_eq!(request.headers()["user-agent"], "mine");
}

#[tokio::test]
async fn a_redirect_is_followed_within_the_bounds() {
    let world = World::new();
    let set = json!({"keys": [world.issuer.jwk(&world.kid())]}).to_string();
    let (client, asked) = made_up(move |uri| match uri {
        "https://keys.example/a" => redirect("/b"),
        "https://keys.example/b" => redirect("https://elsewhere.example/c"),
        _ => Response::new(set.clone()),
    });
    provider().with_client(client).warm_up().await.unwrap();
    let all = [
        "https://keys.example/a",
        "https://keys.example/b",
        "https://elsewhere.example/c",
    ];
    assert_eq!(addresses(&asked), all);

    for to in [
        "http://keys.example/a",
        "http://127.0.0.1/a",
        "https://me:x@keys.example/a",
        "ftp://keys.example/a",
    ] {
        let (client, asked) = made_up(move |_| redirect(to));
        let error = provider().with_client(client).warm_up().await.unwrap_err();
        assert!(causes(&error).contains("302"), "{}", causes(&error));
        assert_eq!(addresses(&asked), ["https://keys.example/a"], "{to}");
    }

    let (client, asked) = made_up(redirect);
    assert!(provider().with_client(client).warm_up().await.is_err());
    assert_eq!(addresses(&asked).len(), 4, "redirects in a circle end");
}

#[tokio::test]
async fn the_bearer_is_shown_to_the_configured_address_alone() {
    let file = std::env::temp_dir().join(format!("tower-auth-client-{}", std::process::id()));
    fs::write(&file, "secret").unwrap();
    let (client, asked) = made_up(|uri| match uri {
        "https://keys.example/a" => redirect("https://keys.example/b"),
        _ => Response::new("{}".to_owned()),
    });
    let tokens = provider()
        .with_key_set_bearer_file(&file)
        .with_client(client);
    assert!(tokens.warm_up().await.is_err(), "it is no key set");
    fs::remove_file(&file).unwrap();
    let bearers: Vec<_> = asked
        .lock()
        .unwrap()
        .iter()
        .map(|(_, bearer)| bearer.clone())
        .collect();
    assert_eq!(bearers, [Some("Bearer secret".to_owned()), None]);
}

#[tokio::test]
async fn a_token_follows_no_redirect() {
    let (client, asked) = made_up(|_| redirect("https://userinfo.example/b"));
    let tokens = UserinfoAuth::new("https://userinfo.example/a")
        .unwrap()
        .with_client(client);
    let error = ask(&tokens, "t").await.unwrap_err();
    assert_eq!(error.reason(), "endpoint_failed");
    assert_eq!(addresses(&asked), ["https://userinfo.example/a"]);
}

/// A body that never ends: of a piece each time, or of nothing at all.
struct Endless(&'static [u8]);

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0 {
            [] => Poll::Pending,
            piece => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(piece))))),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_without_an_end_is_given_up() {
    for (piece, why) in [(&b"[[[["[..], "too long"), (&[], "took too long")] {
        let client = service_fn(move |_: Request<Bytes>| async move {
            Ok::<_, Infallible>(Response::new(Endless(piece)))
        });
        let error = provider()
            .with_wait_limit(Duration::from_secs(60))
            .with_client(client)
            .warm_up()
            .await
            .unwrap_err();
        assert!(causes(&error).contains(why), "{}", causes(&error));
    }
}

#[tokio::test]
async fn an_error_of_the_client_is_a_503_with_its_cause() {
    let client = service_fn(|_: Request<Bytes>| async {
        Err::<Response<String>, Box<dyn Error + Send + Sync>>("no route to the proxy".into())
    });
    let error = provider().with_client(client).warm_up().await.unwrap_err();
    assert_eq!(error.status(), 503);
    assert!(
        causes(&error).contains("no route to the proxy"),
        "{}",
        causes(&error)
    );
}
