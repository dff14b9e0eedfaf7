//! Members of headers and claims that are right, odd and wrong, to make tokens of.
#![allow(dead_code, reason = "each test file uses its part")]

use proptest::{prelude::*, sample::select};

/// A name and the values to choose from, as JSON.
pub(crate) type Member = (&'static str, &'static [&'static str]);

pub(crate) fn member(pool: &'static [Member]) -> impl Strategy<Value = String> {
    select(pool).prop_flat_map(|(name, values)| {
        select(values).prop_map(move |value| format!("\"{name}\":{value}"))
    })
}

pub(crate) fn object(members: &[String]) -> String {
    format!("{{{}}}", members.join(","))
}

/// Claims that both accept, except for those members.
pub(crate) fn honest_but(members: &[String]) -> String {
    let name = |member: &str| member.split(':').next().map(str::to_owned);
    let replaced = |honest: &str| members.iter().any(|member| name(member) == name(honest));
    let mut all: Vec<String> = HONEST
        .iter()
        .filter(|honest| !replaced(honest))
        .map(|honest| (*honest).to_owned())
        .collect();
    all.extend_from_slice(members);
    object(&all)
}

pub(crate) fn continued(members: &[String]) -> String {
    members
        .iter()
        .map(|member| format!(",{member}"))
        .collect::<String>()
        + "}"
}

pub(crate) const ODD: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1.5",
    "1e3",
    "1e400",
    "\"\"",
    "\"a\"",
    "[]",
    "{}",
    "[1]",
    "{\"a\":1}",
    "\"\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "01",
    "+1",
    "nul",
    "18446744073709551615",
    "9999999999999999999999",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
];

pub(crate) const HONEST: &[&str] = &[
    r#""iss":"https://issuer.example""#,
    r#""aud":"my-agent""#,
    r#""sub":"ada""#,
    r#""exp":4000000000"#,
];

pub(crate) const HEADERS: &[Member] = &[
    (
        "typ",
        &[
            "\"JWT\"",
            "\"at+jwt\"",
            "\"JOSE\"",
            "\"application/jwt\"",
            "null",
            "1",
        ],
    ),
    ("kid", &["\"a\"", "\"\"", "null", "1", "[]"]),
    ("crit", &["[\"exp\"]", "[\"b64\"]", "[]", "null", "\"exp\""]),
    ("b64", &["true", "false"]),
    ("jku", &["\"http://localhost/\"", "1"]),
    ("x5u", &["\"http://localhost/\"", "null"]),
    ("jwk", &["{}", "1", "{\"kty\":\"oct\",\"k\":\"AA\"}"]),
    ("x5c", &["[\"AA\"]", "\"AA\""]),
    ("cty", &["\"JWT\"", "1"]),
    ("alg", &["\"HS256\"", "\"none\""]),
    ("x", ODD),
    ("", ODD),
];

pub(crate) const CLAIMS: &[Member] = &[
    (
        "iss",
        &[
            "\"https://issuer.example\"",
            "\"other\"",
            "[\"https://issuer.example\"]",
            "null",
            "1",
        ],
    ),
    (
        "aud",
        &[
            "\"my-agent\"",
            "[\"my-agent\",\"b\"]",
            "[\"my-agent\",1]",
            "[]",
            "{}",
            "null",
            "\"b\"",
        ],
    ),
    ("sub", &["\"ada\"", "\"\"", "null", "42", "[\"ada\"]"]),
    (
        "exp",
        &[
            "4000000000",
            "4000000000.5",
            "4e9",
            "\"4000000000\"",
            "1",
            "-1",
            "1e400",
            "null",
            "18446744073709551615",
        ],
    ),
    (
        "nbf",
        &["1", "1.5", "4000000000", "\"1\"", "null", "-1", "$NOW"],
    ),
    ("iat", &["1", "4000000000", "\"1\"", "null", "$NOW"]),
    ("jti", &["\"a\"", "1"]),
    ("scope", &["\"a b\"", "[\"a\"]", "1"]),
    ("user_id", ODD),
    ("x", ODD),
    ("\\u0073ub", &["\"eve\""]),
];
