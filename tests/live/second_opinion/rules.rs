//! What may be judged differently, and why.

use crate::second_opinion::{Verdict, cases::Case};

/// One kind of disagreement.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Our log code; empty where we accept.
    ours: &'static str,
    /// Part of their message; empty where they accept.
    theirs: &'static str,
    /// Part of what the case is about, so that a rule explains no more than it should.
    about: &'static str,
    #[allow(dead_code, reason = "read by people, in the message of a failure")]
    why: &'static str,
}

impl Rule {
    pub(crate) fn covers(&self, case: &Case, ours: &Verdict, theirs: &Verdict) -> bool {
        let fits = |verdict: &Verdict, part: &str| match verdict {
            Ok(()) => part.is_empty(),
            Err(error) => !part.is_empty() && error.contains(part),
        };
        fits(ours, self.ours) && fits(theirs, self.theirs) && case.to_string().contains(self.about)
    }
}

/// Only we refuse.
const fn stricter(ours: &'static str, about: &'static str, why: &'static str) -> Rule {
    Rule {
        ours,
        theirs: "",
        about,
        why,
    }
}

/// Only they refuse.
const fn laxer(theirs: &'static str, about: &'static str, why: &'static str) -> Rule {
    Rule {
        ours: "",
        theirs,
        about,
        why,
    }
}

pub(crate) const PYJWT: &[Rule] = &[
    stricter(
        "jwt_bad_base64",
        "padding",
        "[5.5] no padding; they take it where it belongs",
    ),
    stricter(
        "jwt_duplicate_member",
        "",
        "[5.5] no member twice; they take the last",
    ),
    stricter(
        "jwt_alg_none",
        "duplicate alg",
        "[5.5] likewise; we stop at the first of the two",
    ),
    stricter(
        "jwt_typ",
        "\"typ\":",
        "[5.5] typ is JWT or at+jwt; they read past it",
    ),
    stricter(
        "jwt_b64",
        "\"b64\":true",
        "[5.5] b64; they allow it where it changes nothing",
    ),
    stricter(
        "jwt_bad_json",
        "NaN",
        "RFC 8259 §6; Python's reader knows it",
    ),
    stricter(
        "jwt_bad_json",
        "Infinity",
        "RFC 8259 §6; Python's reader knows it",
    ),
    stricter(
        "jwt_bad_json",
        "byte order mark",
        "RFC 8259 §8.1; Python's reader skips it",
    ),
    stricter(
        "jwt_bad_json",
        "UTF-16",
        "RFC 7519 §7.2: UTF-8; Python's reader guesses",
    ),
    stricter(
        "jwt_bad_utf8",
        "encoded surrogate",
        "RFC 3629 §3; Python's reader passes it",
    ),
    stricter(
        "jwt_lone_surrogate",
        "",
        "[5.5] strict; no other language could write it on",
    ),
    stricter(
        "jwt_huge_number",
        "",
        "[5.5] sizes are bounded; they read infinity",
    ),
    stricter("jwt_too_deep", "", "[5.5] depth is bounded"),
    stricter("jwt_too_many_members", "", "[5.5] sizes are bounded"),
    stricter("jwt_too_long", "", "[5.5] sizes are bounded"),
    stricter(
        "jwt_bad_exp",
        "\"exp\":",
        "[5.2] a number of a time; they convert, texts too",
    ),
    stricter("jwt_bad_nbf", "\"nbf\":", "[5.2] likewise"),
    stricter("jwt_bad_iat", "\"iat\":", "[5.2] likewise"),
    stricter(
        "jwt_bad_user_id",
        "\"sub\":\"\"",
        "[5.4] a user id is not empty",
    ),
    stricter(
        "jwt_bad_scope",
        "\"scope\":",
        "[5.4] of the right type; they do not look",
    ),
    laxer(
        "missing the \"sub\" claim",
        "instead of sub",
        "[5.4] user_id and id stand in for sub",
    ),
    laxer("alg value is not allowed", "<alg \"Ed25519\">", ED25519),
];

pub(crate) const JOSE: &[Rule] = &[
    stricter(
        "jwt_bad_base64",
        "padding",
        "[5.5] no padding; they take it where it belongs",
    ),
    stricter(
        "jwt_bad_base64",
        "left-over bits",
        "[5.5] no trailing bits; they drop them",
    ),
    stricter(
        "jwt_bad_base64",
        "space",
        "[5.5] no stray bytes; they skip white space",
    ),
    stricter("jwt_bad_base64", "line break", "[5.5] likewise"),
    stricter("jwt_bad_base64", "tab", "[5.5] likewise"),
    stricter(
        "jwt_duplicate_member",
        "",
        "[5.5] no member twice; they take the last",
    ),
    stricter(
        "jwt_alg_none",
        "duplicate alg",
        "[5.5] likewise; we stop at the first of the two",
    ),
    stricter(
        "jwt_typ",
        "\"typ\":",
        "[5.5] typ is JWT or at+jwt; they are told one or none",
    ),
    stricter(
        "jwt_b64",
        "\"b64\":",
        "[5.5] b64; they ignore it where crit does not name it",
    ),
    stricter(
        "jwt_bad_kid",
        "\"kid\":",
        "RFC 7515 §4.1.4: a string; they read past it",
    ),
    stricter(
        "jwt_bad_json",
        "byte order mark",
        "RFC 8259 §8.1; their decoder skips it",
    ),
    stricter(
        "jwt_lone_surrogate",
        "",
        "[5.5] strict; no other language could write it on",
    ),
    stricter(
        "jwt_huge_number",
        "",
        "[5.5] sizes are bounded; they read infinity",
    ),
    stricter("jwt_too_deep", "", "[5.5] depth is bounded"),
    stricter("jwt_too_many_members", "", "[5.5] sizes are bounded"),
    stricter("jwt_too_long", "", "[5.5] sizes are bounded"),
    stricter("jwt_bad_exp", "\"exp\":", "[5.2] at most the year 9999"),
    stricter("jwt_bad_nbf", "\"nbf\":-1", "[5.2] not before 1970"),
    stricter(
        "jwt_issued_in_future",
        "\"iat\":",
        "[5.2] they compare iat with a greatest age only",
    ),
    stricter("jwt_expired", "\"exp\":1799999970.5", WHOLE_SECONDS),
    laxer(
        "\"nbf\" claim timestamp check failed",
        "\"nbf\":1800000030.5",
        WHOLE_SECONDS,
    ),
    stricter(
        "jwt_bad_aud",
        "[\"my-agent\",1]",
        "RFC 7519 §4.1.3: strings, all of them",
    ),
    stricter("jwt_bad_jti", "\"jti\":1", "RFC 7519 §4.1.7: a string"),
    stricter(
        "jwt_bad_user_id",
        "\"sub\":",
        "[5.4] a non-empty string; they do not look",
    ),
    stricter(
        "jwt_bad_scope",
        "\"scope\":",
        "[5.4] of the right type; they do not look",
    ),
    laxer(
        "missing required \"sub\" claim",
        "instead of sub",
        "[5.4] user_id and id stand in for sub",
    ),
    laxer(
        "\"alg\" (Algorithm) Header Parameter value not allowed",
        "<alg \"Ed25519\">",
        ED25519,
    ),
];

const ED25519: &str = "RFC 9864 §2.2: the later name of EdDSA with that curve";
const WHOLE_SECONDS: &str = "[5.2] the fraction is cut off, as the clock's own is";
