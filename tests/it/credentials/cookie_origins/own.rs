//! The origin that the request itself was sent to.

use super::{
    EVIL, Headers, OWN, OWN_HOST, PASSED, REFUSED, common::answer::send, each, post_with,
    with_origins,
};

#[tokio::test]
async fn without_a_fetch_site_the_origin_must_be_the_requests_own() {
    each(
        &[],
        PASSED,
        &[
            &[OWN_HOST, OWN],
            &[
                ("host", "API.example.com"),
                ("origin", "https://api.EXAMPLE.com"),
            ],
            &[
                ("host", "api.example.com:8443"),
                ("origin", "https://api.example.com:8443"),
            ],
            &[("host", "api.example.com:443"), OWN],
            &[OWN_HOST, ("origin", "https://api.example.com:443")],
            &[
                ("host", "[2001:db8::1]"),
                ("origin", "https://[2001:db8::1]"),
            ],
            &[
                ("host", "[2001:DB8::1]:8443"),
                ("origin", "https://[2001:db8::1]:8443"),
            ],
            &[
                ("host", "[2001:db8::1]:443"),
                ("origin", "https://[2001:db8::1]"),
            ],
        ],
    )
    .await;
    each(
        &[],
        REFUSED,
        &[
            &[OWN_HOST],
            &[OWN],
            &[OWN_HOST, EVIL],
            &[OWN_HOST, ("origin", "null")],
            &[("host", "null"), ("origin", "null")],
            &[("host", ""), ("origin", "")],
            &[("host", ""), ("origin", "https://")],
            &[OWN_HOST, ("origin", "api.example.com")],
            &[OWN_HOST, ("origin", "https://api.example.com.evil.example")],
            &[OWN_HOST, ("origin", "https://evil.example/api.example.com")],
            &[OWN_HOST, ("origin", "https://x@api.example.com")],
            &[OWN_HOST, ("origin", "https://api.example.com:8443")],
            &[OWN_HOST, ("origin", "https://api.example.com:80")],
            &[("host", "api.example.com:80"), OWN],
            &[
                ("host", "api.example.com:99999"),
                ("origin", "https://api.example.com:99999"),
            ],
            &[("host", "x@api.example.com"), OWN],
            &[
                ("host", "[2001:db8::1]"),
                ("origin", "https://[2001:db8::2]"),
            ],
            &[
                ("host", "[2001:db8::1]:8443"),
                ("origin", "https://[2001:db8::1]"),
            ],
            &[
                ("host", "[api.example.com]"),
                ("origin", "https://[api.example.com]"),
            ],
            &[OWN_HOST, ("host", "evil.example"), EVIL],
            &[OWN_HOST, ("host", "evil.example"), OWN],
        ],
    )
    .await;
}

#[tokio::test]
async fn over_plain_http_only_loopback_is_ones_own() {
    for host in [
        "localhost",
        "localhost:3000",
        "app.localhost",
        "127.0.0.1:8000",
        "127.8.9.1",
        "[::1]",
        "[::1]:8000",
        "LOCALHOST",
    ] {
        let origin = format!("http://{host}").to_lowercase();
        each(&[], PASSED, &[&[("host", host), ("origin", &origin)]]).await;
    }
    each(
        &[],
        PASSED,
        &[&[("host", "localhost:80"), ("origin", "http://localhost")]],
    )
    .await;
    for host in [
        "api.example.com",
        "192.168.1.5:3000",
        "10.0.0.1",
        "0.0.0.0:8000",
        "128.0.0.1",
        "[::2]",
        "[fe80::1]",
        "localhost.evil.example",
        "evillocalhost",
        "127.0.0.1.evil.example",
        "127.1",
    ] {
        let origin = format!("http://{host}");
        each(&[], REFUSED, &[&[("host", host), ("origin", &origin)]]).await;
    }
    each(
        &[],
        REFUSED,
        &[
            &[("host", "localhost:443"), ("origin", "http://localhost")],
            &[("host", "localhost"), ("origin", "ws://localhost")],
            &[("host", "127.0.0.1"), ("origin", "http://localhost")],
        ],
    )
    .await;
}

#[tokio::test]
async fn an_origin_is_compared_with_the_authority_too() {
    let answer = async |uri: &str, headers: Headers| {
        let mut shown = vec![("cookie", "session=sk-live-9f")];
        shown.extend(headers);
        let mut request = post_with(&shown);
        *request.uri_mut() = uri.parse().unwrap();
        send(&with_origins(&[]), request).await.ran()
    };
    let (own, evil) = ("https://api.example.com/run", "https://evil.example/run");
    assert!(answer(own, &[OWN]).await);
    assert!(answer(own, &[OWN, OWN_HOST]).await);
    assert!(answer("https://api.example.com:443/run", &[OWN]).await);
    assert!(!answer(evil, &[OWN, OWN_HOST]).await);
    assert!(!answer(own, &[OWN, ("host", "evil.example")]).await);
}
