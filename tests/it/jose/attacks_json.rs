//! What attackers write into headers and claims. Each is refused, under its own log code.

use crate::common::{hostile, jose};

use jose::{CLAIMS, b64, code, good, hs256, key};
use tower_auth::jose::{Algorithm, JoseError, Jws, KeySet};

const HEADER: &str = r#"{"alg":"HS256"}"#;

fn hs() -> KeySet {
    key(Algorithm::HS256).into()
}

fn hs_code(token: &str) -> Option<&'static str> {
    code(token, &hs())
}

/// Claims that are right but for the members added.
fn claims_with(members: &str) -> String {
    CLAIMS.replacen('}', &format!(",{members}}}"), 1)
}

/// Claims in which one value is replaced by another text.
fn claims_but(from: &str, to: &str) -> String {
    assert!(CLAIMS.contains(from));
    CLAIMS.replacen(from, to, 1)
}

#[test]
fn no_member_may_appear_twice() {
    for members in [
        r#""exp":1900000000"#,
        r#""\u0065xp":1900000000"#,
        r#""aud":"my-agent""#,
        r#""au\u0064":"my-agent""#,
        r#""iss":"https://issuer.example""#,
        r#""\u0069\u0073\u0073":"https://issuer.example""#,
        r#""sub":"eve""#,
        r#""a":1,"b":2,"a":3"#,
    ] {
        let verdict = hs256(HEADER, claims_with(members));
        assert_eq!(verdict, Some("jwt_duplicate_member"), "{members}");
    }
    for header in [
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","al\u0067":"HS256"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","kid":"a","kid":"b"}"#,
        r#"{"alg":"HS256","x":1,"x":1}"#,
    ] {
        let verdict = hs256(header, CLAIMS);
        assert!(
            [Some("jwt_duplicate_member"), Some("jwt_alg_none")].contains(&verdict),
            "{header}"
        );
    }
}

#[test]
fn exp_is_a_sane_number_or_refused() {
    for exp in [
        r#""1800000600""#,
        "-1",
        "-1800000600",
        "18446744073709551615",
        "18446744073709551616",
        "-1.8e-9",
        "null",
        "[]",
        "{}",
        "true",
        "253402300800",
        "1e12",
    ] {
        let claims = claims_but("1800000600", exp);
        assert_eq!(hs256(HEADER, claims), Some("jwt_bad_exp"), "{exp}");
    }
    assert_eq!(
        hs256(HEADER, claims_but("1800000600", "1e400")),
        Some("jwt_huge_number")
    );
    assert_eq!(
        hs256(HEADER, claims_but("1800000600", "1800000600.5")),
        None
    );
    assert_eq!(
        hs256(HEADER, claims_but("1800000600", "1.8000006e+09")),
        None
    );
    for past in ["0", "1e9", "1e-999999999"] {
        let claims = claims_but("1800000600", past);
        assert_eq!(hs256(HEADER, claims), Some("jwt_expired"), "{past}");
    }
    assert_eq!(
        hs256(HEADER, claims_but("1800000600", "0x6b49d200")),
        Some("jwt_bad_json")
    );
    let none = CLAIMS.replacen(r#","exp":1800000600"#, "", 1);
    assert_eq!(hs256(HEADER, none), Some("jwt_exp_missing"));
}

#[test]
fn an_expired_token_is_called_so_only_if_its_signature_verifies() {
    let expired = claims_but("1800000600", "1");
    assert_eq!(hs256(HEADER, &expired), Some("jwt_expired"));
    let forged = format!("{}.{}.{}", b64(HEADER), b64(&expired), b64([0; 32]));
    assert_eq!(hs_code(&forged), Some("jwt_bad_signature"));
}

#[test]
fn claims_are_an_object_of_bounded_depth() {
    for claims in ["[]", "[{\"sub\":\"ada\"}]", "1", "\"text\"", "null", "true"] {
        assert_eq!(
            hs256(HEADER, claims),
            Some("jwt_claims_not_object"),
            "{claims}"
        );
    }
    let deep =
        |depth: usize| claims_with(&format!("\"x\":{}{}", "[".repeat(depth), "]".repeat(depth)));
    assert_eq!(hs256(HEADER, deep(31)), None);
    assert_eq!(hs256(HEADER, deep(32)), Some("jwt_too_deep"));
    assert_eq!(hs256(HEADER, deep(20_000)), Some("jwt_too_deep"));
    let open = claims_with(&format!("\"x\":{}", "{\"a\":".repeat(9_000)));
    assert_eq!(hs256(HEADER, open), Some("jwt_too_deep"));
    let members: Vec<String> = (0..253).map(|n| format!("\"m{n}\":0")).collect();
    assert_eq!(
        hs256(HEADER, claims_with(&members.join(","))),
        Some("jwt_too_many_members")
    );
    for broken in [
        "",
        "{",
        "{}x",
        "{} {}",
        "\u{feff}{}",
        "{\"a\":01}",
        "{'a':1}",
    ] {
        let expected = if broken.is_empty() {
            "jwt_empty_part"
        } else {
            "jwt_bad_json"
        };
        assert_eq!(hs256(HEADER, broken), Some(expected), "{broken:?}");
    }
}

#[test]
fn the_header_is_an_object_of_bounded_depth() {
    for header in ["[]", "1", "\"HS256\"", "null"] {
        assert_eq!(
            hs256(header, CLAIMS),
            Some("jwt_header_not_object"),
            "{header}"
        );
    }
    for header in [
        "{",
        "{\"alg\":\"HS256\"}x",
        "\u{feff}{\"alg\":\"HS256\"}",
        "alg=HS256",
    ] {
        assert_eq!(hs256(header, CLAIMS), Some("jwt_bad_json"), "{header}");
    }
    let deep = format!(
        r#"{{"alg":"HS256","x":{}1{}}}"#,
        "[".repeat(9_000),
        "]".repeat(9_000)
    );
    assert_eq!(hs256(deep, CLAIMS), Some("jwt_too_deep"));
    let members: Vec<String> = (0..256).map(|n| format!("\"m{n}\":0")).collect();
    let many = format!(r#"{{"alg":"HS256",{}}}"#, members.join(","));
    assert_eq!(hs256(many, CLAIMS), Some("jwt_too_many_members"));
}

#[test]
fn any_crit_is_refused() {
    for crit in [
        r#"["exp"]"#,
        r#"["b64"]"#,
        r#"["https://x.example/unknown"]"#,
        r#"["alg"]"#,
        "[]",
        "null",
        "\"exp\"",
    ] {
        let header = format!(r#"{{"alg":"HS256","crit":{crit},"exp":1}}"#);
        assert_eq!(hs256(header, CLAIMS), Some("jwt_crit"), "{crit}");
    }
    assert_eq!(
        hs256(r#"{"alg":"HS256","cri\u0074":["exp"]}"#, CLAIMS),
        Some("jwt_crit")
    );
    for b64 in ["true", "false", "null"] {
        let header = format!(r#"{{"alg":"HS256","b64":{b64}}}"#);
        assert_eq!(hs256(header, CLAIMS), Some("jwt_b64"), "{b64}");
    }
}

#[test]
fn only_types_of_tokens_are_accepted() {
    let verdict = |typ: &str| hs256(format!(r#"{{"alg":"HS256","typ":{typ}}}"#), CLAIMS);
    for typ in [
        r#""JWT""#,
        r#""jwt""#,
        r#""at+jwt""#,
        r#""AT+JWT""#,
        r#""application/jwt""#,
        r#""Application/AT+jwt""#,
        r#""at+jw\u0074""#,
    ] {
        assert_eq!(verdict(typ), None, "{typ}");
    }
    for typ in [
        r#""JOSE""#,
        r#""dpop+jwt""#,
        r#""logout+jwt""#,
        r#""secevent+jwt""#,
        r#""id_token""#,
        r#""""#,
        r#""JWT ""#,
        r#""application/""#,
        r#""application/application/jwt""#,
        r#""text/jwt""#,
        "null",
        "1",
        r#"["JWT"]"#,
    ] {
        assert_eq!(verdict(typ), Some("jwt_typ"), "{typ}");
    }
}

#[test]
fn audience_and_issuer_of_strange_types_are_refused() {
    for aud in [
        r#"{"a":"my-agent"}"#,
        r#"["my-agent",1]"#,
        r#"["my-agent",null]"#,
        "[]",
        "7",
        "null",
    ] {
        let claims = claims_but(r#""my-agent""#, aud);
        assert_eq!(hs256(HEADER, claims), Some("jwt_bad_aud"), "{aud}");
    }
    assert_eq!(
        hs256(HEADER, claims_but(r#""my-agent""#, r#"["other"]"#)),
        Some("jwt_aud_mismatch")
    );
    for iss in [r#"["https://issuer.example"]"#, r#"{}"#, "null", "1"] {
        let claims = claims_but(r#""https://issuer.example""#, iss);
        assert_eq!(hs256(HEADER, claims), Some("jwt_bad_iss"), "{iss}");
    }
}

#[test]
fn half_a_surrogate_pair_is_refused_wherever_it_stands() {
    for claims in [
        claims_but("ada", r"\ud800"),
        claims_but("ada", r"\udc00ada"),
        claims_with(r#""x":"\ud800""#),
        claims_with(r#""\ud800":1"#),
        claims_with(r#""x":[{"y":"\udfff"}]"#),
    ] {
        assert_eq!(
            hs256(HEADER, &claims),
            Some("jwt_lone_surrogate"),
            "{claims}"
        );
    }
    let header = r#"{"alg":"HS256","x":"\ud800"}"#;
    assert_eq!(hs256(header, CLAIMS), Some("jwt_lone_surrogate"));
    assert_eq!(hs256(HEADER, claims_but("ada", r"\ud83d\ude00")), None);
}

#[test]
fn bytes_that_are_no_utf8_are_refused() {
    let mut claims = CLAIMS.as_bytes().to_vec();
    let at = CLAIMS.find("ada").unwrap();
    for bytes in [
        [0xff, b'd', b'a'],
        [0xc0, 0x80, b'a'],
        [0xed, 0xa0, 0x80],
        [b'a', b'd', 0xc3],
    ] {
        claims[at..at + 3].copy_from_slice(&bytes);
        assert_eq!(hs256(HEADER, &claims), Some("jwt_bad_utf8"), "{bytes:x?}");
    }
    let header = b"{\"alg\":\"HS256\",\"x\":\"\xff\"}";
    assert_eq!(hs256(header, CLAIMS), Some("jwt_bad_utf8"));
}

#[test]
fn the_same_token_is_for_one_audience() {
    let token = good(Algorithm::HS256);
    let other = jose::rules().with_audience("another-agent");
    let verdict = jose::check(&token, &hs(), &other);
    assert_eq!(verdict, Err(JoseError::AudMismatch));
    assert_eq!(hs_code(&token), None);
}

/// What comes later in its order is wrong too: no part of a token that is too long is looked at.
#[test]
fn size_is_judged_before_anything_else() {
    for huge in ["a.", "\u{fc}", "..", " ", "\0"].map(|part| part.repeat(5 * 1024 * 1024)) {
        assert_eq!(Jws::parse(&huge).unwrap_err(), JoseError::TooLong);
    }
}

/// `scripts/instructions` counts what it costs.
#[test]
fn hostile_shapes_are_read_to_their_end_or_refused_as_numbers_that_are_too_large() {
    for (shape, member) in hostile::shapes() {
        let header = format!(r#"{{"alg":"HS256",{member}}}"#);
        let expected = ["digits", "exponent"].contains(&shape);
        let expected = expected.then_some("jwt_huge_number");
        assert_eq!(hs256(&header, CLAIMS), expected, "{shape}");
    }
}
