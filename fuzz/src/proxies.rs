//! What must hold for whatever a caller writes in front of what a trusted proxy appends.

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, HeaderName, HeaderValue, header::FORWARDED};
use tower_auth::{
    ClientAddress,
    throttle::{Quota, TrustedProxies},
};

/// Nobody chooses the address by which they are counted; and no bytes break the readers of networks and
/// quotas.
pub fn forwarded_headers(data: &[u8]) {
    let list = HeaderName::from_static("x-forwarded-for");
    let truth = ClientAddress::from(IpAddr::V4(CLIENT));
    let of_proxy = ClientAddress::from(IpAddr::V4(PROXY));

    let appended = [data, b", 203.0.113.7"].concat();
    let client = client(&[(&list, &appended)]);
    assert!(client.is_none_or(|client| client == truth), "{client:?}");
    for forwarded in [
        &b", for=203.0.113.7"[..],
        b", for=\"203.0.113.7:443\"",
        b",proto=https;for=203.0.113.7;by=\"_gateway\"",
    ] {
        let appended = [data, forwarded].concat();
        let seen = self::client(&[(&FORWARDED, &appended)]);
        let is_safe = |client| client == truth || client == of_proxy;
        assert!(seen.is_none_or(is_safe), "{seen:?}");
        // Whatever the caller writes into the header that the proxy does not write.
        let seen = self::client(&[(&FORWARDED, data), (&list, b"203.0.113.7")]);
        assert!(seen.is_none_or(is_safe), "{seen:?}");
        let seen = self::client(&[(&list, data), (&FORWARDED, &forwarded[1..])]);
        assert!(seen.is_none_or(is_safe), "{seen:?}");
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = TrustedProxies::new([text]);
        if let Ok(quota) = text.parse::<Quota>() {
            assert_eq!(quota.to_string().parse::<Quota>().ok(), Some(quota));
        }
    }
}

/// The client behind the proxy; nothing where a header cannot be sent.
fn client(lines: &[(&HeaderName, &[u8])]) -> Option<ClientAddress> {
    let proxies = TrustedProxies::new(["10.0.0.0/8"]).expect("it is a network");
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_bytes(value).ok()?);
    }
    Some(proxies.client(IpAddr::V4(PROXY), &headers))
}

const PROXY: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const CLIENT: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 7);
