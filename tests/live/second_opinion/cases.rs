//! Tokens to judge: right ones, and right ones with something done to them.

use std::{fmt, sync::LazyLock};

use proptest::{
    collection::{SizeRange, vec},
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::TestRunner,
};
use tower_auth::jose::Algorithm;

use crate::second_opinion::{
    jose::{NOW, b64, key_file, key_name, mac, sign},
    odd::{CLAIMS, HEADERS, Member, continued, honest_but, member},
    twists::{ALGS, ENCODED, MACS, SIGNATURES, SIGNS, TEXTS, TOKENS},
};

#[derive(Debug)]
pub(crate) struct Case {
    /// The algorithm of the key that judges.
    pub(crate) algorithm: Algorithm,
    pub(crate) token: String,
    header: String,
    claims: String,
    twist: Twist,
}

/// What is done beside choosing members.
#[derive(Clone, Copy, Debug)]
enum Twist {
    None,
    /// The header names another algorithm, and the signature is of that one where it can be.
    Alg(&'static str),
    /// The header names that HMAC, and its secret is the key that everybody knows.
    Mac(Algorithm),
    /// Something is wrong with the text of the header, or of the claims.
    Header(Named<Vec<u8>>),
    Claims(Named<Vec<u8>>),
    /// With how that text is encoded, under a true signature.
    EncodedHeader(Named<String>),
    EncodedClaims(Named<String>),
    /// With the signature, or how it is encoded.
    Signature(Named<Vec<u8>>),
    EncodedSignature(Named<String>),
    /// With the token as a whole.
    Token(Named<String>),
    /// At that place in the token, whatever is there, stands another sign.
    Sign(usize, char),
}

/// A change and its name.
pub(crate) type Named<T> = (&'static str, fn(&mut T));

/// The same ones at every run: what is learned of others' software is written down in `rules`.
pub(crate) fn cases() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
        let mut runner = TestRunner::deterministic();
        let case = mixed();
        let mixed = (0..MIXED).map(|_| case.new_tree(&mut runner).unwrap().current());
        every_twist().chain(every_member()).chain(mixed).collect()
    });
    &CASES
}

/// Every algorithm with each twist alone.
fn every_twist() -> impl Iterator<Item = Case> {
    let twists: Vec<Twist> = [Twist::None]
        .into_iter()
        .chain(ALGS.iter().copied().map(Twist::Alg))
        .chain(MACS.iter().copied().map(Twist::Mac))
        .chain(TEXTS.iter().copied().map(Twist::Header))
        .chain(TEXTS.iter().copied().map(Twist::Claims))
        .chain(ENCODED.iter().copied().map(Twist::EncodedHeader))
        .chain(ENCODED.iter().copied().map(Twist::EncodedClaims))
        .chain(SIGNATURES.iter().copied().map(Twist::Signature))
        .chain(ENCODED.iter().copied().map(Twist::EncodedSignature))
        .chain(TOKENS.iter().copied().map(Twist::Token))
        .collect();
    // Lengths that leave bits over at the end, or nothing could be done to those.
    let members = (["\"kid\":\"a\"".to_owned()], ["\"jti\":\"a\"".to_owned()]);
    twists.into_iter().flat_map(move |twist| {
        let (header, claims) = members.clone();
        let all = Algorithm::ALL.iter();
        all.map(move |algorithm| made(*algorithm, &header, &claims, twist))
    })
}

/// Every algorithm with each member alone.
fn every_member() -> impl Iterator<Item = Case> {
    let with_header = |algorithm, member| made(algorithm, &[member], &[], Twist::None);
    let with_claim = |algorithm, member| made(algorithm, &[], &[member], Twist::None);
    Algorithm::ALL.iter().flat_map(move |algorithm| {
        let headers = members(HEADERS).map(move |one| with_header(*algorithm, one));
        let claims = members(CLAIMS).chain(members(TIMES));
        headers.chain(claims.map(move |one| with_claim(*algorithm, one)))
    })
}

fn members(pool: &'static [Member]) -> impl Iterator<Item = String> {
    pool.iter().flat_map(|(name, values)| {
        let values = values.iter();
        values.map(move |value| format!("\"{name}\":{value}"))
    })
}

/// Several at once.
fn mixed() -> impl Strategy<Value = Case> {
    let twist = prop_oneof![
        4 => Just(Twist::None),
        4 => (0..1_000_usize, select(SIGNS)).prop_map(|(at, sign)| Twist::Sign(at, sign)),
        1 => select(TEXTS).prop_map(Twist::Header),
        1 => select(TEXTS).prop_map(Twist::Claims),
        1 => select(ENCODED).prop_map(Twist::EncodedHeader),
        1 => select(ENCODED).prop_map(Twist::EncodedClaims),
        1 => select(SIGNATURES).prop_map(Twist::Signature),
    ];
    (select(Algorithm::ALL), header(0..3), claims(0..4), twist).prop_map(
        |(algorithm, header, claims, twist)| {
            made(algorithm, &once_each(header), &once_each(claims), twist)
        },
    )
}

/// Which of two equal names counts is a matter of its own, and has its own twists.
fn once_each(mut members: Vec<String>) -> Vec<String> {
    let name = |member: &str| member.split(':').next().map(str::to_owned);
    members.sort_by_key(|member| name(member));
    members.dedup_by_key(|member| name(member));
    members
}

fn header(count: impl Into<SizeRange>) -> impl Strategy<Value = Vec<String>> {
    vec(member(HEADERS), count)
}

fn claims(count: impl Into<SizeRange>) -> impl Strategy<Value = Vec<String>> {
    vec(prop_oneof![member(CLAIMS), member(TIMES)], count)
}

fn made(algorithm: Algorithm, header: &[String], claims: &[String], twist: Twist) -> Case {
    let members = continued(header);
    let claims = honest_but(claims).replace("$NOW", &NOW.to_string());
    let (mut named, mut signer) = (format!("{:?}", algorithm.as_str()), algorithm);
    if let Twist::Alg(other) = twist {
        other.clone_into(&mut named);
        signer = other.trim_matches('"').parse().unwrap_or(algorithm);
    }
    if let Twist::Mac(hmac) = twist {
        named = format!("{:?}", hmac.as_str());
    }
    let header = format!("{{\"alg\":{named}{members}");
    let (mut header_text, mut claims_text) =
        (header.clone().into_bytes(), claims.clone().into_bytes());
    match twist {
        Twist::Header((_, change)) => change(&mut header_text),
        Twist::Claims((_, change)) => change(&mut claims_text),
        _ => {}
    }
    let (mut first, mut second) = (b64(header_text), b64(claims_text));
    match twist {
        Twist::EncodedHeader((_, change)) => change(&mut first),
        Twist::EncodedClaims((_, change)) => change(&mut second),
        _ => {}
    }
    let mut token = format!("{first}.{second}");
    let mut signature = sign(signer, token.as_bytes());
    match twist {
        Twist::Signature((_, change)) => change(&mut signature),
        Twist::Mac(hmac) => signature = mac(hmac, &public_key(algorithm), token.as_bytes()),
        _ => {}
    }
    let mut third = b64(signature);
    if let Twist::EncodedSignature((_, change)) = twist {
        change(&mut third);
    }
    token = format!("{token}.{third}");
    match twist {
        Twist::Token((_, change)) => change(&mut token),
        Twist::Sign(at, sign) => {
            let at = at % token.len();
            token.replace_range(at..=at, sign.encode_utf8(&mut [0; 4]));
        }
        _ => {}
    }
    Case {
        algorithm,
        token,
        header,
        claims,
        twist,
    }
}

fn public_key(algorithm: Algorithm) -> Vec<u8> {
    key_file(&format!("{}.pub.pem", key_name(algorithm))).into_bytes()
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            algorithm,
            header,
            claims,
            ..
        } = self;
        let (kind, name) = match self.twist {
            Twist::None => ("", ""),
            Twist::Alg(name) => ("alg ", name),
            Twist::Mac(hmac) => ("MAC under the public key, ", hmac.as_str()),
            Twist::Header((name, _)) => ("header ", name),
            Twist::Claims((name, _)) => ("claims ", name),
            Twist::EncodedHeader((name, _)) => ("encoded header ", name),
            Twist::EncodedClaims((name, _)) => ("encoded claims ", name),
            Twist::EncodedSignature((name, _)) => ("encoded signature ", name),
            Twist::Signature((name, _)) => ("signature ", name),
            Twist::Token((name, _)) => ("token ", name),
            Twist::Sign(..) => ("another sign", ""),
        };
        write!(f, "{algorithm} <{kind}{name}> {header} {claims}")
    }
}

const MIXED: usize = 3_000;

/// Times at the edges of the leeway; now is 1800000000.
const TIMES: &[Member] = &[
    (
        "exp",
        &[
            "1799999970",
            "1799999971",
            "1799999970.5",
            "1799999969.5",
            "1799999971.0",
        ],
    ),
    (
        "nbf",
        &["1800000030", "1800000031", "1800000030.5", "1800000030.0"],
    ),
    ("iat", &["1800000030", "1800000031", "1800000030.5", "0"]),
];
