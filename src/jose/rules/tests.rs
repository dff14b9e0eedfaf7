use std::time::Duration;

use super::*;

const NOW: u64 = 1_800_000_000;

fn check(rules: &ClaimRules, json: &str) -> Result<(), &'static str> {
    rules.check(json, NOW).map(|_| ()).map_err(JoseError::code)
}

/// The verdict on a token that is right but for these members.
fn with(members: &str) -> Result<(), &'static str> {
    let json = format!(r#"{{"sub":"ada","exp":1800000100,{members}}}"#);
    check(&ClaimRules::new(), &json)
}

fn exp(value: &str) -> Result<(), &'static str> {
    check(
        &ClaimRules::new(),
        &format!(r#"{{"sub":"ada","exp":{value}}}"#),
    )
}

fn strict() -> ClaimRules {
    ClaimRules::new().with_leeway(Duration::ZERO).unwrap()
}

#[test]
fn requires_exp() {
    let json = r#"{"sub":"ada"}"#;
    assert_eq!(check(&ClaimRules::new(), json), Err("jwt_exp_missing"));
    let lax = ClaimRules::new().insecure_allow_missing_exp();
    assert_eq!(check(&lax, json), Ok(()));
    // What is there is judged all the same.
    let expired = r#"{"sub":"ada","exp":1}"#;
    assert_eq!(check(&lax, expired), Err("jwt_expired"));
}

#[test]
fn expires_on_the_second_with_leeway() {
    assert_eq!(exp("1799999971"), Ok(()));
    assert_eq!(exp("1799999970"), Err("jwt_expired"));
    let json = r#"{"sub":"ada","exp":1800000000}"#;
    assert!(strict().check(json, NOW - 1).is_ok());
    assert_eq!(strict().check(json, NOW).unwrap_err(), JoseError::Expired);
}

#[test]
fn takes_times_as_any_json_number() {
    for value in [
        "1800000100",
        "1800000100.75",
        "1.8000001e9",
        "1.8000001E+09",
        "18000001e2",
        "180000010000000e-5",
        "253402300799",
        "253402300799.999",
    ] {
        assert_eq!(exp(value), Ok(()), "{value}");
    }
    // 1970, in many words.
    for value in ["0", "-0", "0e300", "1e-5", "-0.0", "0.000e-9"] {
        assert_eq!(exp(value), Err("jwt_expired"), "{value}");
    }
    for value in [
        "\"1800000100\"",
        "null",
        "true",
        "[1800000100]",
        "{}",
        "-1",
        "-1800000100",
        "-1e-5",
        "253402300800",
        "2.534023008e11",
        "18446744073709551615",
        "18446744073709551616",
        "9223372036854775807",
        "99999999999999999999999999",
        "1e300",
    ] {
        assert_eq!(exp(value), Err("jwt_bad_exp"), "{value}");
    }
    // What no double holds is no number to many readers, wherever it stands.
    assert_eq!(exp("1e400"), Err("jwt_huge_number"));
    assert_eq!(exp("1e999999999"), Err("jwt_huge_number"));
    assert_eq!(with(r#""nbf":"1""#), Err("jwt_bad_nbf"));
    assert_eq!(with(r#""nbf":1.7999e9"#), Ok(()));
    assert_eq!(with(r#""nbf":1e12"#), Err("jwt_bad_nbf"));
    assert_eq!(with(r#""iat":null"#), Err("jwt_bad_iat"));
    assert_eq!(with(r#""iat":-1"#), Err("jwt_bad_iat"));
}

#[test]
fn waits_for_nbf_and_iat_with_leeway() {
    assert_eq!(with(r#""nbf":1800000030"#), Ok(()));
    assert_eq!(with(r#""nbf":1800000031"#), Err("jwt_not_yet_valid"));
    assert_eq!(with(r#""iat":1800000030"#), Ok(()));
    assert_eq!(with(r#""iat":1800000031"#), Err("jwt_issued_in_future"));
    assert_eq!(with(r#""iat":0"#), Ok(()));
}

#[test]
fn never_overflows() {
    let json = r#"{"sub":"ada","exp":253402300799,"nbf":253402300799}"#;
    let rules = ClaimRules::new();
    assert_eq!(rules.check(json, 0).unwrap_err(), JoseError::NotYetValid);
    assert_eq!(rules.check(json, u64::MAX).unwrap_err(), JoseError::Expired);
}

#[test]
fn calls_expired_only_what_is_otherwise_right() {
    let rules = ClaimRules::new().with_audience("us").with_issuer("me");
    for (json, code) in [
        (
            r#"{"sub":"a","exp":1,"iss":"me","aud":"us"}"#,
            "jwt_expired",
        ),
        (
            r#"{"sub":"a","exp":1,"iss":"me","aud":"x"}"#,
            "jwt_aud_mismatch",
        ),
        (
            r#"{"sub":"a","exp":1,"iss":"x","aud":"us"}"#,
            "jwt_iss_mismatch",
        ),
        (
            r#"{"sub":"","exp":1,"iss":"me","aud":"us"}"#,
            "jwt_bad_user_id",
        ),
        (
            r#"{"sub":"a","exp":1,"iss":"me","aud":"us","scope":1}"#,
            "jwt_bad_scope",
        ),
    ] {
        assert_eq!(check(&rules, json), Err(code), "{json}");
    }
}

#[test]
fn refuses_an_audience_that_nobody_configured() {
    assert_eq!(with(r#""aud":"api""#), Err("jwt_aud_unexpected"));
    assert_eq!(with(r#""aud":["api"]"#), Err("jwt_aud_unexpected"));
}

#[test]
fn requires_one_of_the_audiences() {
    let rules = ClaimRules::new().with_audiences(["api", "web"]);
    let aud = |aud: &str| {
        check(
            &rules,
            &format!(r#"{{"sub":"a","exp":1900000000,"aud":{aud}}}"#),
        )
    };
    for good in [
        r#""api""#,
        r#""web""#,
        r#"["x","web"]"#,
        r#"["api","api"]"#,
        r#""a\u0070i""#,
    ] {
        assert_eq!(aud(good), Ok(()), "{good}");
    }
    for other in [
        r#""API""#,
        r#""api ""#,
        r#""""#,
        r#"["x"]"#,
        r#"["api/"]"#,
        r#"[""]"#,
    ] {
        assert_eq!(aud(other), Err("jwt_aud_mismatch"), "{other}");
    }
    for bad in [
        "[]",
        "null",
        "1",
        "{}",
        r#"{"api":1}"#,
        r#"["api",1]"#,
        r#"["api",null]"#,
        r#"[["api"]]"#,
        "true",
    ] {
        assert_eq!(aud(bad), Err("jwt_bad_aud"), "{bad}");
    }
    assert_eq!(
        check(&rules, r#"{"sub":"a","exp":1900000000}"#),
        Err("jwt_aud_missing")
    );
}

#[test]
fn requires_the_issuer_as_one_equal_string() {
    let rules = ClaimRules::new().with_issuer("https://i.example");
    let iss = |iss: &str| {
        check(
            &rules,
            &format!(r#"{{"sub":"a","exp":1900000000,"iss":{iss}}}"#),
        )
    };
    assert_eq!(iss(r#""https://i.example""#), Ok(()));
    assert_eq!(iss(r#""https:\/\/i.example""#), Ok(()));
    for other in [r#""https://i.example/""#, r#""HTTPS://i.example""#, r#""""#] {
        assert_eq!(iss(other), Err("jwt_iss_mismatch"), "{other}");
    }
    for bad in [r#"["https://i.example"]"#, "null", "1", "{}"] {
        assert_eq!(iss(bad), Err("jwt_bad_iss"), "{bad}");
    }
    assert_eq!(
        check(&rules, r#"{"sub":"a","exp":1900000000}"#),
        Err("jwt_iss_missing")
    );
    // Not configured, the issuer may be any; but it is a string.
    assert_eq!(with(r#""iss":"anyone""#), Ok(()));
    assert_eq!(with(r#""iss":["anyone"]"#), Err("jwt_bad_iss"));
}

#[test]
fn takes_the_user_id_from_the_first_claim_that_is_there() {
    let rules = ClaimRules::new().insecure_allow_missing_exp();
    for (json, id, claim) in [
        (r#"{"id":"c","user_id":"b","sub":"a"}"#, "a", "sub"),
        (r#"{"id":"c","user_id":"b"}"#, "b", "user_id"),
        (r#"{"id":"c"}"#, "c", "id"),
        (r#"{"user_id":42}"#, "42", "user_id"),
        (r#"{"id":-7}"#, "-7", "id"),
        (
            r#"{"id":18446744073709551616}"#,
            "18446744073709551616",
            "id",
        ),
        (r#"{"sub":"\u0061\ud83d\ude00"}"#, "a😀", "sub"),
    ] {
        let claims = rules.check(json, NOW).unwrap();
        assert_eq!(
            (claims.user_id(), claims.user_id_claim()),
            (id, claim),
            "{json}"
        );
    }
    for json in [
        r#"{"sub":"","user_id":"b"}"#,
        r#"{"sub":null,"user_id":"b"}"#,
        r#"{"sub":42}"#,
        r#"{"sub":["a"]}"#,
        r#"{"sub":{}}"#,
        r#"{"user_id":null,"id":"c"}"#,
        r#"{"user_id":""}"#,
        r#"{"user_id":1.0}"#,
        r#"{"user_id":1e3}"#,
        r#"{"user_id":-0}"#,
        r#"{"user_id":true}"#,
        r#"{"id":[1]}"#,
    ] {
        assert_eq!(check(&rules, json), Err("jwt_bad_user_id"), "{json}");
    }
    assert_eq!(check(&rules, "{}"), Err("jwt_user_id_missing"));
}

#[test]
fn reads_scopes_in_either_form() {
    let scopes = |claim: &'static str, json: &str| {
        let rules = ClaimRules::new()
            .insecure_allow_missing_exp()
            .with_scope_claim(claim);
        rules
            .check(json, NOW)
            .map(|claims| claims.scopes().to_string())
            .map_err(JoseError::code)
    };
    for (claim, json, expected) in [
        ("scope", r#"{"sub":"a","scope":"read write"}"#, "read write"),
        ("scope", r#"{"sub":"a","scope":""}"#, ""),
        ("scope", r#"{"sub":"a"}"#, ""),
        ("scope", r#"{"sub":"a","scp":["read"]}"#, ""),
        ("scp", r#"{"sub":"a","scp":["read","write"]}"#, "read write"),
        (
            "scp",
            r#"{"sub":"a","scp":"read write","scope":7}"#,
            "read write",
        ),
        ("scp", r#"{"sub":"a","scp":[]}"#, ""),
        (
            "scope",
            r#"{"sub":"a","scope":["read","write"]}"#,
            "read write",
        ),
        ("scopes", r#"{"sub":"a","scopes":["re\u0061d"]}"#, "read"),
    ] {
        assert_eq!(scopes(claim, json).unwrap(), expected, "{json}");
    }
    for (claim, json) in [
        ("scope", r#"{"sub":"a","scope":["read",null]}"#),
        ("scope", r#"{"sub":"a","scope":["read write"]}"#),
        ("scope", r#"{"sub":"a","scope":null}"#),
        ("scope", r#"{"sub":"a","scope":{}}"#),
        ("scope", r#"{"sub":"a","scope":1}"#),
        ("scope", r#"{"sub":"a","scope":true}"#),
        ("scp", r#"{"sub":"a","scp":["read",1]}"#),
        ("scp", r#"{"sub":"a","scp":["read write"]}"#),
        ("scp", r#"{"sub":"a","scp":[""]}"#),
        ("scp", r#"{"sub":"a","scp":null}"#),
    ] {
        assert_eq!(scopes(claim, json), Err("jwt_bad_scope"), "{json}");
    }
}

#[test]
fn a_star_among_the_scopes_grants_nothing_special() {
    let rules = ClaimRules::new().insecure_allow_missing_exp();
    let claims = rules.check(r#"{"sub":"a","scope":"*"}"#, NOW).unwrap();
    assert!(!claims.scopes().is_all());
    assert!(!claims.scopes().contains("admin"));
}

#[test]
fn refuses_claims_that_are_no_object() {
    for json in ["[]", "1", "\"a\"", "null", "[{\"sub\":\"a\"}]"] {
        assert_eq!(
            check(&ClaimRules::new(), json),
            Err("jwt_claims_not_object"),
            "{json}"
        );
    }
    assert_eq!(check(&ClaimRules::new(), ""), Err("jwt_bad_json"));
    assert_eq!(check(&ClaimRules::new(), "{}{}"), Err("jwt_bad_json"));
}

#[test]
fn survives_claims_of_strange_types() {
    for member in [
        r#""method":{"a":[1,2,3]}"#,
        r#""scopes":17"#,
        r#""user_id":[]"#,
        r#""id":{}"#,
        r#""roles":null"#,
        r#""":0"#,
    ] {
        assert_eq!(with(member), Ok(()), "{member}");
    }
    assert_eq!(with(r#""jti":7"#), Err("jwt_bad_jti"));
}

#[test]
fn reads_any_string_claim() {
    let json = r#"{"sub":"a","exp":1900000000,"client_id":"c\u0031","n":1}"#;
    let claims = ClaimRules::new()
        .check(json, NOW)
        .map(|c| c.text("client_id").map(|t| t.into_owned()));
    assert_eq!(claims.unwrap().as_deref(), Some("c1"));
    let rules = ClaimRules::new();
    let claims = rules.check(json, NOW).unwrap();
    assert_eq!(claims.text("n"), None);
    assert_eq!(claims.text("absent"), None);
}

#[test]
fn bounds_the_leeway() {
    assert!(
        ClaimRules::new()
            .with_leeway(Duration::from_secs(300))
            .is_ok()
    );
    let error = ClaimRules::new()
        .with_leeway(Duration::from_secs(301))
        .unwrap_err();
    assert!(error.to_string().contains("300 seconds"));
}
