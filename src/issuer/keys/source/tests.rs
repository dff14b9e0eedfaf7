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
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let other_x = "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw";
    let key =
        |kid: &str, x: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{x}"}}"#);
    let (a, b) = (key("a", x), key("b", other_x));
    let print = |keys: &str| {
        let json = format!(r#"{{"keys":[{keys}]}}"#);
        fingerprint(&JwkSet::parse(json.as_bytes(), &[Algorithm::EdDSA]).unwrap())
    };
    let first = print(&format!("{a},{b}"));
    for same in [
        format!("{b},{a}"),
        format!("{a},{b},{a}"),
        format!(
            "{a},{}",
            b.replacen('{', r#"{"x5t":"AA","alg":"EdDSA","#, 1)
        ),
        format!("{},{b}", a.replace(r#""a""#, r#""\u0061""#)),
    ] {
        assert_eq!(print(&same), first, "{same}");
    }
    for other in [
        a.clone(),
        format!("{a},{}", key("c", other_x)),
        format!("{a},{}", key("b", x)),
        format!("{a},{b},{}", key("c", x)),
        format!("{a},{b},{{}}"),
        format!("{a},{b},{}", key("b", x)),
        format!("{a},{}", b.replacen('{', r#"{"use":"enc","#, 1)),
        format!("{a},{}", b.replacen('{', r#"{"use":"enc","use":"sig","#, 1)),
    ] {
        assert_ne!(print(&other), first, "{other}");
    }
}
