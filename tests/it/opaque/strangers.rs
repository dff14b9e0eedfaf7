//! What callers with tokens that nobody has seen cost everybody else, in front of an endpoint that
//! does not answer.

use crate::common;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{Router, extract::ConnectInfo, routing::get};
use common::{
    bearer::{accepted, ask, bearing, unavailable},
    opaque::{NOW, issuer, tokens},
};
use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use http::{Request, StatusCode, header};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
    task::JoinHandle,
};
use tower::ServiceExt;
use tower_auth::{
    AuthErrorKind, AuthLayer, AuthRequest, ClientAddress,
    provider::{AuthProvider, IntrospectionAuth, UserinfoAuth},
    testing::{Fault, IssuerEndpoint, ManualClock, TestIssuer},
};

const ASKED: IssuerEndpoint = IssuerEndpoint::Introspection;

fn peer(text: &str) -> ConnectInfo<SocketAddr> {
    ConnectInfo(SocketAddr::new(text.parse().unwrap(), 40_000))
}

/// Shows a token of its own from there; the answer comes when the endpoint's does, or at once.
fn stranger(
    tokens: &(impl AuthProvider + Clone),
    name: &str,
    from: impl Clone + Send + Sync + 'static,
) -> JoinHandle<AuthErrorKind> {
    let mut request = bearing(&format!("stranger-{name}"));
    request.extensions_mut().insert(from);
    let tokens = tokens.clone();
    tokio::spawn(async move {
        let answer = tokens.authenticate(&AuthRequest::from(&request)).await;
        answer.unwrap_err().kind()
    })
}

/// As many strangers as one address may have: four are asked about, 32 stand in line.
async fn fill_share(
    issuer: &TestIssuer,
    tokens: &(impl AuthProvider + Clone),
    from: impl Fn(usize) -> String,
) -> Vec<JoinHandle<AuthErrorKind>> {
    let before = issuer.requests(ASKED);
    let asking = (0..36)
        .map(|number| stranger(tokens, &format!("{before}-{number}"), peer(&from(number))))
        .collect();
    issuer.until_requests(ASKED, before + 4).await;
    asking
}

#[tokio::test]
async fn a_lapsed_known_token_is_asked_about_while_strangers_take_all_they_can() {
    let issuer = issuer();
    let clock = ManualClock::at_unix(NOW);
    let tokens = tokens(&issuer)
        .with_cache_ttl(Duration::from_secs(30))
        .unwrap()
        .with_clock(clock.clock());
    let token = issuer.token().mint_opaque();
    accepted(&tokens, &token).await;
    clock.advance(Duration::from_secs(30));
    issuer.fail(ASKED, Fault::Hang);
    let strangers: Vec<_> = (0..16 + 128)
        .map(|number| stranger(&tokens, &number.to_string(), ()))
        .collect();
    issuer.until_requests(ASKED, 1 + 16).await;
    assert_eq!(unavailable(&tokens, "one-more").await, "endpoint_not_asked");
    let known = accepted(&tokens, &token);
    let release = async {
        issuer.until_requests(ASKED, 1 + 16 + 1).await;
        issuer.recover();
    };
    tokio::join!(known, release);
    for stranger in join_all(strangers).await {
        assert_eq!(stranger.unwrap(), AuthErrorKind::InvalidCredential);
    }
}

#[tokio::test]
async fn userinfo_has_slots_for_known_tokens_too() {
    let issuer = issuer();
    let asked = IssuerEndpoint::Userinfo;
    let tokens = UserinfoAuth::new(&issuer.endpoint(asked))
        .unwrap()
        .with_cache_ttl(Duration::ZERO)
        .unwrap();
    let token = issuer.token().mint_opaque();
    accepted(&tokens, &token).await;
    issuer.fail(asked, Fault::Hang);
    let _strangers: Vec<_> = (0..16 + 128)
        .map(|number| stranger(&tokens, &number.to_string(), ()))
        .collect();
    issuer.until_requests(asked, 1 + 16).await;
    let release = async {
        issuer.until_requests(asked, 1 + 16 + 1).await;
        issuer.recover();
    };
    tokio::join!(accepted(&tokens, &token), release);
}

#[tokio::test]
async fn a_stranger_beyond_the_line_is_told_at_once_to_come_again() {
    let issuer = issuer();
    issuer.fail(ASKED, Fault::Hang);
    let tokens = tokens(&issuer);
    let app = Router::new()
        .route("/run", get(|| async {}))
        .layer(AuthLayer::new(tokens.clone()));
    let _strangers: Vec<_> = (0..16 + 128)
        .map(|number| stranger(&tokens, &number.to_string(), ()))
        .collect();
    issuer.until_requests(ASKED, 16).await;
    let request = Request::get("/run").header(header::AUTHORIZATION, "Bearer one-more");
    let request = request.body(axum::body::Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
}

#[tokio::test]
async fn an_address_beyond_its_share_is_refused_and_another_is_asked_about() {
    let issuer = issuer();
    issuer.fail(ASKED, Fault::Hang);
    let tokens = tokens(&issuer);
    let _first = fill_share(&issuer, &tokens, |_| "203.0.113.1".into()).await;
    let more = stranger(&tokens, "more", peer("203.0.113.1"));
    assert_eq!(more.await.unwrap(), AuthErrorKind::Unavailable);
    let _second = stranger(&tokens, "other", peer("203.0.113.2"));
    issuer.until_requests(ASKED, 4 + 1).await;
}

#[tokio::test]
async fn addresses_of_one_64_are_one_address() {
    let issuer = issuer();
    issuer.fail(ASKED, Fault::Hang);
    let tokens = tokens(&issuer);
    let _first = fill_share(&issuer, &tokens, |number| format!("2001:db8::{number:x}")).await;
    let more = stranger(&tokens, "more", peer("2001:db8::ffff"));
    assert_eq!(more.await.unwrap(), AuthErrorKind::Unavailable);
    let _second = stranger(&tokens, "other", peer("2001:db8:0:1::1"));
    issuer.until_requests(ASKED, 4 + 1).await;
}

#[tokio::test]
async fn an_ipv4_address_is_one_address_however_it_arrives() {
    let issuer = issuer();
    issuer.fail(ASKED, Fault::Hang);
    let tokens = tokens(&issuer);
    let spellings = ["203.0.113.1", "::ffff:203.0.113.1", "64:ff9b::203.0.113.1"];
    let _first = fill_share(&issuer, &tokens, |number| spellings[number % 3].into()).await;
    for spelling in spellings {
        let more = stranger(&tokens, spelling, peer(spelling));
        assert_eq!(more.await.unwrap(), AuthErrorKind::Unavailable);
    }
}

#[tokio::test]
async fn an_address_that_an_outer_layer_names_counts_instead_of_the_peer() {
    let issuer = issuer();
    issuer.fail(ASKED, Fault::Hang);
    let tokens = tokens(&issuer);
    let _proxied = fill_share(&issuer, &tokens, |_| "10.0.0.1".into()).await;
    let client = ClientAddress::from(IpAddr::from(Ipv4Addr::new(203, 0, 113, 9)));
    let mut request = bearing("other");
    request.extensions_mut().insert(peer("10.0.0.1"));
    request.extensions_mut().insert(client);
    let asking = tokens.authenticate(&AuthRequest::from(&request));
    let _other = tokio::spawn(async move { asking.await.is_err() });
    issuer.until_requests(ASKED, 4 + 1).await;
}

#[tokio::test]
async fn a_stranger_who_hangs_up_in_line_gives_back_the_place() {
    let issuer = issuer();
    issuer.fail(ASKED, Fault::Hang);
    let tokens = tokens(&issuer);
    let first = fill_share(&issuer, &tokens, |_| "203.0.113.1".into()).await;
    for asking in &first {
        asking.abort();
    }
    // Once those in line have been let go, another one waits there instead of being refused.
    let (tokens, other) = (&tokens, peer("203.0.113.1"));
    let waiting = async {
        loop {
            let asking = stranger(tokens, "later", other);
            tokio::task::yield_now().await;
            if !asking.is_finished() {
                issuer.recover();
                return asking.await.unwrap();
            }
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    assert_eq!(answer.unwrap(), AuthErrorKind::InvalidCredential);
}

/// Serves with the peer's address, as `axum::serve` does.
async fn serve(tokens: IntrospectionAuth) -> SocketAddr {
    let app = Router::new()
        .route("/run", get(|| async {}))
        .layer(AuthLayer::new(tokens));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// Asks over a connection from a loopback address, with a word about somebody else.
async fn status(server: SocketAddr, from: [u8; 4], token: String, claimed: String) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let mut connection = socket.connect(server).await.unwrap();
    let request = format!(
        "GET /run HTTP/1.1\r\nhost: test\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         forwarded: for={claimed}\r\nx-forwarded-for: {claimed}\r\nx-real-ip: {claimed}\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer[9..12].to_owned()
}

#[tokio::test]
async fn headers_about_the_client_change_nothing() {
    let issuer = issuer();
    issuer.fail(ASKED, Fault::Hang);
    let server = serve(tokens(&issuer)).await;
    let stranger = |from: u8, number: usize| {
        let (token, claimed) = (format!("s-{from}-{number}"), format!("198.51.100.{number}"));
        tokio::spawn(status(server, [127, 0, 0, from], token, claimed))
    };
    let flood: FuturesUnordered<_> = (0..200).map(|number| stranger(1, number)).collect();
    // All but its share is refused, whoever it claims to be.
    let refused = flood.take(200 - 4 - 32).collect::<Vec<_>>();
    let refused = tokio::time::timeout(Duration::from_secs(30), refused).await;
    for status in refused.unwrap() {
        assert_eq!(status.unwrap(), "503");
    }
    assert_eq!(issuer.requests(ASKED), 4);
    let _other = stranger(2, 0);
    issuer.until_requests(ASKED, 4 + 1).await;
}

#[tokio::test]
async fn without_an_address_only_the_shared_bound_holds() {
    let issuer = issuer();
    issuer.fail(ASKED, Fault::Hang);
    let tokens = tokens(&issuer);
    let strangers: Vec<_> = (0..16 + 128)
        .map(|number| stranger(&tokens, &number.to_string(), ()))
        .collect();
    issuer.until_requests(ASKED, 16).await;
    issuer.recover();
    for stranger in join_all(strangers).await {
        assert_eq!(stranger.unwrap(), AuthErrorKind::InvalidCredential);
    }
    assert!(ask(&tokens, "later").await.is_err());
}
