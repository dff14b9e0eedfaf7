use http::HeaderValue;

use super::*;

#[test]
fn max_age_is_read_as_caches_read_it() {
    for (header, expected) in [
        ("max-age=300", Some(300)),
        ("public, max-age=300, must-revalidate", Some(300)),
        ("Public,MAX-AGE=300", Some(300)),
        ("max-age = 300", Some(300)),
        ("max-age=\"300\"", Some(300)),
        ("max-age=0", Some(0)),
        ("max-age=99999999999999999999999", Some(u64::MAX)),
        ("s-maxage=300", None),
        ("x-max-age=300", None),
        ("max-age", None),
        ("max-age=", None),
        ("max-age=-1", None),
        ("max-age=+1", None),
        ("max-age=1.5", None),
        ("max-age=never", None),
        ("no-store", None),
        ("", None),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(header));
        assert_eq!(max_age(&headers), expected, "{header:?}");
    }
    assert_eq!(max_age(&HeaderMap::new()), None);
}

#[test]
fn what_a_cache_on_the_way_used_up_counts() {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("max-age=300"),
    );
    for (age, expected) in [("100", 200), ("300", 0), ("301", 0), ("rubbish", 300)] {
        headers.insert(header::AGE, HeaderValue::from_static(age));
        assert_eq!(max_age(&headers), Some(expected), "{age}");
    }
}

#[test]
fn a_second_cache_control_header_counts_as_well() {
    let mut headers = HeaderMap::new();
    headers.append(header::CACHE_CONTROL, HeaderValue::from_static("public"));
    headers.append(header::CACHE_CONTROL, HeaderValue::from_static("max-age=7"));
    assert_eq!(max_age(&headers), Some(7));
}

#[test]
fn only_other_keys_change_the_fingerprint() {
    let set = br#"{"keys":[{"kty":"EC","kid":"a"},{"kty":"EC","kid":"b"}]}"#;
    let same: [&[u8]; 3] = [
        br#"{"keys":[{"kty":"EC","kid":"b"},{"kty":"EC","kid":"a"}]}"#,
        br#"{ "keys": [{"kid":"a","kty":"EC"}, {"kid":"b","kty":"EC"}] }"#,
        br#"{"at":1,"keys":[{"kty":"EC","kid":"\u0061"},{"kty":"EC","kid":"b"}]}"#,
    ];
    for other in same {
        assert_eq!(fingerprint(set, &[]), fingerprint(other, &[]));
    }
    let different: [&[u8]; 5] = [
        br#"{"keys":[{"kty":"EC","kid":"a"}]}"#,
        br#"{"keys":[{"kty":"EC","kid":"a"},{"kty":"EC","kid":"a"}]}"#,
        br#"{"keys":[{"kty":"EC","kid":"a"},{"kty":"EC","kid":"c"}]}"#,
        br#"{"keys":[{"kty":"EC","kid":"a","x":"1"},{"kty":"EC","kid":"b"}]}"#,
        b"no set",
    ];
    for other in different {
        assert_ne!(fingerprint(set, &[]), fingerprint(other, &[]));
    }
}
