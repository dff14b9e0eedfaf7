//! How an issuer's answers are written: compressed though nobody asked, with a byte-order mark.

use std::{io::Write, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header},
};
use flate2::{Compression, write::GzEncoder};
use tokio::net::TcpListener;
use tower_auth::provider::{IntrospectionAuth, OAuth2Auth, UserinfoAuth};

use crate::oauth2::world::*;

#[tokio::test]
async fn documents_that_are_always_gzipped_are_read() {
    let world = World::new();
    for coding in ["gzip", "x-gzip", "GZip"] {
        let front = Front::of(&world, coding, |json| gzip(json.as_bytes())).await;
        assert!(front.verify(&world).await.is_ok(), "{coding}");
    }
}

#[tokio::test]
async fn a_gzip_stream_of_several_members_is_one_document() {
    let world = World::new();
    let front = Front::of(&world, "gzip", |json| {
        let (one, other) = json.split_at(json.len() / 2);
        [gzip(one.as_bytes()), gzip(other.as_bytes())].concat()
    })
    .await;
    assert!(front.verify(&world).await.is_ok());
}

#[tokio::test]
async fn a_gzipped_answer_is_bounded_by_what_it_inflates_to() {
    let world = World::new();
    for (length, is_read) in [
        (256 * 1024, true),
        (256 * 1024 + 1, false),
        (64 * 1024 * 1024, false),
    ] {
        let front = Front::of(&world, "gzip", |json| {
            let spaces = " ".repeat(length - json.len());
            let sent = gzip(format!("{json}{spaces}").as_bytes());
            assert!(sent.len() < 80 * 1024);
            sent
        })
        .await;
        match front.verify(&world).await {
            Ok(()) => assert!(is_read, "{length}"),
            Err(why) => assert!(!is_read && why.contains("too long"), "{length} {why}"),
        }
    }
}

#[tokio::test]
async fn an_answer_that_comes_in_no_whole_gzip_stream_is_refused() {
    let world = World::new();
    let whole = |json: &str| gzip(json.as_bytes());
    let cut: fn(&str) -> Vec<u8> = |json| {
        let mut sent = gzip(json.as_bytes());
        sent.truncate(sent.len() - 4);
        sent
    };
    let spoilt: fn(&str) -> Vec<u8> = |json| {
        let mut sent = gzip(json.as_bytes());
        let at = sent.len() - 6;
        sent[at] ^= 1;
        sent
    };
    let plain: fn(&str) -> Vec<u8> = |json| json.as_bytes().to_vec();
    let followed: fn(&str) -> Vec<u8> = |json| [gzip(json.as_bytes()), b"{}".to_vec()].concat();
    for (coding, body) in [
        ("gzip", cut),
        ("gzip", spoilt),
        ("gzip", plain),
        ("gzip", followed),
    ] {
        let why = Front::of(&world, coding, body).await.verify(&world).await;
        assert!(why.unwrap_err().contains("no whole gzip stream"));
    }
    for coding in ["br", "deflate", "zstd", "gzip, gzip", "gzip;q=1", "*"] {
        let why = Front::of(&world, coding, whole).await.verify(&world).await;
        assert!(why.unwrap_err().contains("coding is not gzip"), "{coding}");
    }
}

#[tokio::test]
async fn an_answer_without_a_coding_is_taken_as_it_is() {
    let world = World::new();
    for coding in ["identity", ""] {
        let front = Front::of(&world, coding, |json| json.as_bytes().to_vec()).await;
        assert!(front.verify(&world).await.is_ok(), "{coding:?}");
    }
    let front = Front::of(&world, "identity", |json| gzip(json.as_bytes())).await;
    assert!(front.verify(&world).await.is_err());
}

#[tokio::test]
async fn a_byte_order_mark_in_front_of_a_document_is_read_past() {
    let world = World::new();
    let marked = |json: &str| format!("\u{feff}{json}").into_bytes();
    let front = Front::of(&world, "identity", marked).await;
    assert!(front.verify(&world).await.is_ok());
    let front = Front::of(&world, "gzip", |json| gzip(&marked(json))).await;
    assert!(front.verify(&world).await.is_ok());
    let front = Front::of(&world, "identity", |json| {
        marked(&format!("\u{feff}{json}"))
    })
    .await;
    assert!(
        front.verify(&world).await.is_err(),
        "one is a mark, two are rubbish"
    );
}

#[tokio::test]
async fn answers_about_opaque_tokens_may_be_gzipped_and_marked() {
    let world = World::new();
    let body = |_: &str| gzip("\u{feff}{\"active\":true,\"sub\":\"ada\"}".as_bytes());
    let front = Front::of(&world, "gzip", body).await;
    let introspection = IntrospectionAuth::new(&front.at("/introspect"), "id", "secret").unwrap();
    let userinfo = UserinfoAuth::new(&front.at("/userinfo")).unwrap();
    assert_eq!(
        accepted(ask(&introspection, "opaque").await).user_id(),
        "ada"
    );
    assert_eq!(accepted(ask(&userinfo, "opaque").await).user_id(), "ada");
}

/// A server in front of an issuer that writes every answer its own way.
struct Front {
    origin: String,
}

struct Answers {
    coding: HeaderValue,
    jwks: Vec<u8>,
    metadata: Vec<u8>,
}

impl Front {
    async fn of(world: &World, coding: &str, write: impl Fn(&str) -> Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let mut metadata = world.issuer.metadata();
        metadata["jwks_uri"] = format!("{origin}/jwks").into();
        metadata["issuer"] = origin.as_str().into();
        let answers = Arc::new(Answers {
            coding: HeaderValue::from_str(coding).unwrap(),
            jwks: write(&world.issuer.jwks().to_string()),
            metadata: write(&metadata.to_string()),
        });
        let app = Router::new().fallback(answer).with_state(answers);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { origin }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Whether a token of the issuer is accepted with what is found here, or why it is not.
    async fn verify(&self, world: &World) -> Result<(), String> {
        let provider = OAuth2Auth::new(&*self.origin, AUDIENCE)
            .unwrap()
            .with_clock(world.clock.clock());
        let token = world.token().with_claim("iss", &*self.origin).mint();
        let answer = provider.verify(&token).await;
        answer.map(drop).map_err(|error| {
            assert_eq!(error.status(), 503);
            causes(&error)
        })
    }
}

async fn answer(State(answers): State<Arc<Answers>>, uri: Uri) -> (HeaderMap, Bytes) {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_ENCODING, answers.coding.clone());
    let body = match uri.path().starts_with("/.well-known") {
        true => &answers.metadata,
        false => &answers.jwks,
    };
    (headers, Bytes::copy_from_slice(body))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
