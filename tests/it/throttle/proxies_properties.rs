//! Whatever a caller writes in front of what proxies append, it does not become their client [14.2].

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::{collection::vec, prelude::*};
use tower_auth::{ClientAddress, throttle::TrustedProxies};

const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

fn client(name: &'static str, values: &[Vec<u8>]) -> ClientAddress {
    let mut headers = HeaderMap::new();
    for value in values {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    TrustedProxies::new(["10.0.0.0/8"])
        .unwrap()
        .client(PROXY, &headers)
}

/// Pieces of the two grammars, and any bytes.
fn written() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("for=9.9.9.9".to_owned()),
        Just("9.9.9.9".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("[::1]:80".to_owned()),
        "[,;= x\"\\\\]",
        "[ -~]{0,8}",
    ];
    let pieces = vec(piece, 0..8).prop_map(|pieces| pieces.concat().into_bytes());
    prop_oneof![4 => pieces, 1 => vec(any::<u8>(), 0..40)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    #[test]
    fn a_list_ends_with_the_proxys_word(written in written()) {
        let appended = [written.as_slice(), b", 203.0.113.7"].concat();
        if HeaderValue::from_bytes(&appended).is_ok() {
            let truth = ClientAddress::from(IpAddr::from([203, 0, 113, 7]));
            prop_assert_eq!(client("x-forwarded-for", &[appended]), truth);
        }
    }

    #[test]
    fn an_element_of_forwarded_ends_with_the_proxys_word_or_the_proxy(
        written in written(),
        form in 0..4_usize,
    ) {
        let form = [
            ", for=203.0.113.7",
            ", for=\"203.0.113.7:80\"",
            ", for=203.0.113.7;by=\"_a\"",
            ", proto=https;for=\"203.0.113.7\"",
        ][form];
        let truth = ClientAddress::from(IpAddr::from([203, 0, 113, 7]));
        let appended = [written.as_slice(), form.as_bytes()].concat();
        let found = client("forwarded", &[appended]);
        prop_assert!(found == truth || found == PROXY.into(), "{found}");
        let found = client("forwarded", &[written, form.trim_start_matches(", ").into()]);
        prop_assert_eq!(found, truth);
    }
}
