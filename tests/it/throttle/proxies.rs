//! The client's address behind proxies, and every odd form of the two headers [14.2].

use std::net::IpAddr;

use axum::{Router, body::Body, extract::ConnectInfo, routing::get};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_auth::{
    AuthRequest, ClientAddress,
    throttle::{ClientAddressLayer, TrustedProxies},
};

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        headers.append(HeaderName::from_static(name), value);
    }
    headers
}

/// The client behind the proxies 10.0.0.0/8 and fd00::/8.
fn client(peer: &str, lines: &[(&'static str, &str)]) -> String {
    let proxies = TrustedProxies::new(["10.0.0.0/8", "fd00::/8"]).unwrap();
    proxies.client(address(peer), &headers(lines)).to_string()
}

const XFF: &str = "x-forwarded-for";
const FORWARDED: &str = "forwarded";
const PROXY: &str = "10.0.0.1";

#[test]
fn nobody_but_a_listed_proxy_is_believed() {
    for peer in ["192.0.2.9", "11.0.0.1", "127.0.0.1"] {
        for header in [(XFF, "203.0.113.7"), (FORWARDED, "for=203.0.113.7")] {
            assert_eq!(client(peer, &[header]), peer, "{header:?}");
        }
    }
}

#[test]
fn the_walk_goes_from_the_right_and_ends_at_the_first_that_is_no_proxy() {
    for (value, expected) in [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("198.51.100.1,203.0.113.7,10.0.0.2,fd00::2", "203.0.113.7"),
        // A caller inside: all who wrote are trusted.
        ("10.9.9.9", "10.9.9.9"),
        ("10.9.9.9, 10.0.0.2", "10.9.9.9"),
    ] {
        assert_eq!(client(PROXY, &[(XFF, value)]), expected, "{value}");
    }
    for (value, expected) in [
        ("for=203.0.113.7", "203.0.113.7"),
        (
            "For=198.51.100.1, FOR=203.0.113.7;proto=https;by=10.0.0.1",
            "203.0.113.7",
        ),
        ("proto=http;for=\"203.0.113.7:4711\"", "203.0.113.7"),
        ("for=203.0.113.7:4711", "203.0.113.7"),
        ("for=\"[2001:db8:1:2::7]:443\"", "2001:db8:1:2::/64"),
        ("for=\"[2001:db8:1:2::7]\"", "2001:db8:1:2::/64"),
        ("for=\"\\[2001:db8:1:2::7\\]\"", "2001:db8:1:2::/64"),
        ("for=203.0.113.7, for=\"[fd00::2]\"", "203.0.113.7"),
        ("for=\"203.0.113.7:_port-1\"", "203.0.113.7"),
        (
            "for=198.51.100.1;ext=\"a,b;for=9.9.9.9\", for=203.0.113.7",
            "203.0.113.7",
        ),
    ] {
        assert_eq!(client(PROXY, &[(FORWARDED, value)]), expected, "{value}");
    }
}

#[test]
fn several_headers_of_one_name_are_one_list() {
    for lines in [
        [(XFF, "198.51.100.1"), (XFF, "203.0.113.7")],
        [
            (FORWARDED, "for=198.51.100.1"),
            (FORWARDED, "for=203.0.113.7"),
        ],
    ] {
        assert_eq!(client(PROXY, &lines), "203.0.113.7", "{lines:?}");
    }
    // What a caller left open reaches to the end of its own header.
    let lines = [
        (FORWARDED, "for=9.9.9.9;x=\""),
        (FORWARDED, "for=203.0.113.7"),
    ];
    assert_eq!(client(PROXY, &lines), "203.0.113.7");
}

#[test]
fn odd_forms_stop_at_the_last_trusted_hop() {
    for odd in [
        "",
        " ",
        ",",
        "unknown",
        "_hidden",
        "localhost",
        "203.0.113.7:",
        "203.0.113.7:port",
        "203.0.113.7:999999",
        "203.0.113.7/32",
        "203.0.113.07",
        "203.0.113",
        "3405803783",
        "0xcb007107",
        "203.0.113.7;10.0.0.1",
        "203.0.113.7 10.0.0.1",
        "\"203.0.113.7\"",
        "[203.0.113.7]",
        "[2001:db8::7",
        "2001:db8::7]",
        "[2001:db8::7]x",
        "[2001:db8::7]:",
        "fe80::1%eth0",
        "2001:db8::7:443:x",
        "\u{661}\u{660}.0.0.1",
        "null",
        "-",
    ] {
        assert_eq!(client(PROXY, &[(XFF, odd)]), PROXY, "{odd}");
        let after_a_proxy = format!("203.0.113.7, {odd}, 10.0.0.2");
        assert_eq!(client(PROXY, &[(XFF, &after_a_proxy)]), "10.0.0.2", "{odd}");
    }
    for odd in [
        "",
        ",",
        "for",
        "for=",
        "for=\"\"",
        "for=unknown",
        "for=_hidden",
        "for=\"_hidden:_port\"",
        "203.0.113.7",
        "=203.0.113.7",
        "for =203.0.113.7",
        "for= 203.0.113.7",
        "for=203.0.113.7;for=198.51.100.1",
        "for=203.0.113.7 by=10.0.0.1",
        "for=\"203.0.113.7\"x",
        "for=\"203.0.113.7",
        "for=\"203.0.113.7\\",
        "for=203.0.113.7, x=\"",
        "for=203.0.113.7,",
        "for=[2001:db8::7]x",
        "by=203.0.113.7",
        "proto=https",
        "for=203.0.113.7=1",
    ] {
        assert_eq!(client(PROXY, &[(FORWARDED, odd)]), PROXY, "{odd}");
    }
}

#[test]
fn a_quote_that_a_caller_opened_hides_nothing_that_the_proxy_appended() {
    for appended in [
        ", for=203.0.113.7",
        ", for=\"203.0.113.7:80\"",
        ", for=\"[2001:db8::7]:80\";by=\"[fd00::1]\"",
        ", for=203.0.113.7;by=\"_a\";host=\"a,b\"",
    ] {
        for opened in [
            "for=9.9.9.9;x=\"",
            "for=9.9.9.9, x=\"",
            "for=9.9.9.9;x=\"\\",
            "for=9.9.9.9, for=\"",
            "for=9.9.9.9;x=\"a\\\"",
        ] {
            let value = format!("{opened}{appended}");
            let client = client(PROXY, &[(FORWARDED, &value)]);
            assert_ne!(client, "9.9.9.9", "{value}");
        }
    }
}

#[test]
fn two_headers_that_differ_are_both_disbelieved() {
    let both = |xff, forwarded| client(PROXY, &[(XFF, xff), (FORWARDED, forwarded)]);
    assert_eq!(both("203.0.113.7", "for=203.0.113.7"), "203.0.113.7");
    // A proxy that writes one of them passes on what a caller wrote into the other.
    assert_eq!(both("203.0.113.7", "for=9.9.9.9"), PROXY);
    assert_eq!(both("9.9.9.9", "for=203.0.113.7"), PROXY);
    assert_eq!(both("203.0.113.7", ""), PROXY);
}

#[test]
fn the_header_that_counts_can_be_named() {
    let lines = [
        (XFF, "203.0.113.7"),
        (FORWARDED, "for=9.9.9.9"),
        ("cf-connecting-ip", "192.0.2.44"),
    ];
    for (name, expected) in [
        (XFF, "203.0.113.7"),
        (FORWARDED, "9.9.9.9"),
        ("cf-connecting-ip", "192.0.2.44"),
        ("true-client-ip", PROXY),
    ] {
        let proxies = TrustedProxies::new(["10.0.0.0/8"]).unwrap();
        let proxies = proxies.with_header(HeaderName::from_static(name));
        let client = proxies.client(address(PROXY), &headers(&lines));
        assert_eq!(client.to_string(), expected, "{name}");
    }
}

#[test]
fn a_dual_stack_socket_is_of_the_ipv4_network() {
    assert_eq!(
        client("::ffff:10.0.0.1", &[(XFF, "::ffff:203.0.113.7")]),
        "203.0.113.7"
    );
    assert_eq!(
        client(PROXY, &[(XFF, "203.0.113.7, ::ffff:10.0.0.2")]),
        "203.0.113.7"
    );
    assert_eq!(
        client("::ffff:192.0.2.9", &[(XFF, "203.0.113.7")]),
        "192.0.2.9"
    );
    // Behind NAT64 no private address is a proxy.
    assert_eq!(client("64:ff9b::10.0.0.1", &[(XFF, "203.0.113.7")]), PROXY);
}

#[test]
fn a_long_header_stops_the_walk() {
    let long = format!("203.0.113.7{}", ", 10.0.0.2".repeat(100));
    assert_eq!(client(PROXY, &[(XFF, &long)]), "10.0.0.2");
    let long = format!("for=9.9.9.9;x={}, for=203.0.113.7", "x".repeat(8_192));
    assert_eq!(client(PROXY, &[(FORWARDED, &long)]), PROXY);
}

#[test]
fn a_list_that_trusts_nobody_or_everybody_is_a_fault() {
    assert!(TrustedProxies::new([""; 0]).is_err());
    for bad in ["0.0.0.0/0", "::/0", "10.0.0.1/8", "proxy", ""] {
        assert!(TrustedProxies::new([bad]).is_err(), "{bad}");
    }
}

async fn seen(
    extensions: impl FnOnce(&mut Request<Body>),
    lines: &[(&'static str, &str)],
) -> String {
    let client = async |request: Request<Body>| {
        let client = AuthRequest::from(&request).client_address();
        client.map_or("none".to_owned(), |client| client.to_string())
    };
    let proxies = TrustedProxies::new(["10.0.0.0/8"]).unwrap();
    let app: Router = Router::new()
        .route("/", get(client))
        .layer(ClientAddressLayer::new(proxies));
    let mut request = Request::get("/").body(Body::empty()).unwrap();
    *request.headers_mut() = headers(lines);
    extensions(&mut request);
    let response = app.oneshot(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn a_layer_notes_the_client_for_whoever_counts() {
    let peer = |peer: &str| {
        let peer = std::net::SocketAddr::new(address(peer), 4711);
        move |request: &mut Request<Body>| {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
    };
    let lines = [(XFF, "203.0.113.7")];
    assert_eq!(seen(peer(PROXY), &lines).await, "203.0.113.7");
    assert_eq!(seen(peer("192.0.2.9"), &lines).await, "192.0.2.9");
    assert_eq!(seen(|_| {}, &lines).await, "none");
    let named = |request: &mut Request<Body>| {
        let client = ClientAddress::from(address("192.0.2.44"));
        request.extensions_mut().insert(client);
    };
    assert_eq!(seen(named, &lines).await, "192.0.2.44");
}
