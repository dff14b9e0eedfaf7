//! One request and what came of it, through a guarded router and over a real connection.

use std::net::SocketAddr;

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{OriginalUri, Request},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower::ServiceExt;
use tower_auth::{AuthContext, AuthLayer};

/// What the inner service got to see; it rides in the response's extensions.
#[derive(Clone, Debug)]
pub struct Seen {
    pub uri: Uri,
    pub original_uri: Option<Uri>,
    pub headers: HeaderMap,
    pub context: Option<AuthContext>,
}

pub async fn witness(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let seen = Seen {
        original_uri: parts
            .extensions
            .get::<OriginalUri>()
            .map(|uri| uri.0.clone()),
        context: parts.extensions.get::<AuthContext>().cloned(),
        uri: parts.uri,
        headers: parts.headers,
    };
    let user = seen
        .context
        .as_ref()
        .map_or("nobody", |context| context.user_id());
    let said = format!("passed as {user}");
    (Extension(seen), said).into_response()
}

/// A router with `/run` behind the layer, and `/health`, `/optional` and `/public` for the rules
/// of the test.
pub fn guarded(layer: AuthLayer) -> Router {
    Router::new()
        .route("/run", any(witness))
        .route("/optional", any(witness))
        .route("/public", any(witness))
        .route("/health", get(witness))
        .layer(layer)
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub extensions: Extensions,
    pub body: Bytes,
}

pub async fn send(app: &Router, request: Request) -> Answer {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer {
        status: parts.status,
        headers: parts.headers,
        extensions: parts.extensions,
        body: body.collect().await.unwrap().to_bytes(),
    }
}

/// `GET /run` with those headers, in that order.
pub async fn run(app: &Router, headers: &[(&str, &[u8])]) -> Answer {
    send(app, request("GET", "/run", headers)).await
}

pub fn request(method: &str, uri: &str, headers: &[(&str, &[u8])]) -> Request {
    let mut request = Request::builder()
        .method(method)
        .uri(uri)
        .body(Body::empty())
        .unwrap();
    for (name, value) in headers {
        let name = HeaderName::try_from(*name).unwrap();
        let value = HeaderValue::from_bytes(value).unwrap();
        request.headers_mut().append(name, value);
    }
    request
}

impl Answer {
    pub fn seen(&self) -> &Seen {
        self.extensions.get().expect("the inner service ran")
    }

    pub fn ran(&self) -> bool {
        self.extensions.get::<Seen>().is_some()
    }

    pub fn user(&self) -> Option<&str> {
        self.seen()
            .context
            .as_ref()
            .map(|context| context.user_id())
    }

    pub fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json");
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn code(&self) -> String {
        self.problem()["code"].as_str().unwrap().to_owned()
    }

    /// The one value of a header.
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().unwrap_or_else(|| panic!("{name} is there"));
        assert!(values.next().is_none(), "{name} is there once");
        value.to_str().unwrap()
    }

    pub fn challenges(&self) -> Vec<&str> {
        self.headers
            .get_all(header::WWW_AUTHENTICATE)
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect()
    }

    /// It passed, and as whom.
    #[track_caller]
    pub fn accepted_as(&self, user: &str) {
        assert_eq!(self.status, 200, "{:?}", self.body);
        assert_eq!(self.user(), Some(user));
    }

    /// It was refused with that status and code, and the inner service did not run.
    #[track_caller]
    pub fn refused_with(&self, status: u16, code: &str) {
        assert!(!self.ran(), "the inner service ran");
        assert_eq!((self.status.as_u16(), &*self.code()), (status, code));
    }
}

/// Serves on a free port of the loopback until the test ends.
pub async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Sends bytes as they are and reads until the server closes: the head's lines, and the body.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> (Vec<String>, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer
        .windows(4)
        .position(|bytes| bytes == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("an HTTP answer: {:?}", String::from_utf8_lossy(&answer)));
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    (
        head.lines().map(str::to_owned).collect(),
        answer[end + 4..].to_vec(),
    )
}
