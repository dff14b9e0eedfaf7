//! The reasons why a token is refused.

use std::{error::Error, fmt};

use super::json::Fault;

/// The reason why a token is refused: each has one variant and one log code.
///
/// The caller never gets this reason: the response says "not valid" and, where the signature verified,
/// at most "expired". [`code`](Self::code) is the stable name for the log.
///
/// # Example
///
/// ```
/// use tower_auth::jose::{JoseError, Jws};
///
/// let error = Jws::parse("not.a-token").unwrap_err();
/// assert_eq!(error, JoseError::NotThreeParts);
/// assert_eq!(error.code(), "jwt_not_three_parts");
/// ```
///
/// Only an expired token was valid once:
///
/// ```
/// use tower_auth::jose::JoseError;
///
/// assert!(JoseError::Expired.is_expired() && !JoseError::AlgMismatch.is_expired());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JoseError {
    /// Longer than 64 KiB.
    TooLong,
    /// Not three parts with two dots between them.
    NotThreeParts,
    /// One of the three parts is empty.
    EmptyPart,
    /// A part is not base64url: padding, a stray byte, or bits left over (RFC 7515 §2).
    BadBase64,
    /// The header or the claims are not UTF-8.
    BadUtf8,
    /// The header or the claims are not JSON, or something follows them.
    BadJson,
    /// A `\u` escape names half a surrogate pair.
    LoneSurrogate,
    /// A number is too large for a double.
    HugeNumber,
    /// Arrays and objects nest deeper than 32.
    TooDeep,
    /// More than 256 members.
    TooManyMembers,
    /// A member appears twice (RFC 7515 §4, RFC 7519 §4).
    DuplicateMember,
    /// The header is JSON, but no object.
    HeaderNotObject,
    /// The claims are JSON, but no object.
    ClaimsNotObject,
    /// The header has no `alg`.
    AlgMissing,
    /// `alg` is `none`, in whatever spelling (RFC 8725 §2.1).
    AlgNone,
    /// `alg` names no supported algorithm.
    AlgUnknown,
    /// No key of the header's algorithm is configured for this token (RFC 8725 §3.1).
    AlgMismatch,
    /// The header has `crit`: no extension is understood here (RFC 7515 §4.1.11).
    Crit,
    /// The header has `b64` (RFC 7797).
    B64,
    /// `typ` is not the type of a token (RFC 8725 §3.11).
    Typ,
    /// `kid` is not a string.
    BadKid,
    /// No key has the `kid` that the token names.
    KidUnknown,
    /// The token names no `kid`, and more than one key fits.
    KidMissing,
    /// The set has the key that the token names, but that key may not be used.
    KeyUnusable,
    /// The signature does not match.
    BadSignature,
    /// There is no `exp`.
    ExpMissing,
    /// `exp` is not a number within the range of times.
    BadExp,
    /// `exp` has passed. Used only for a token whose signature verified.
    Expired,
    /// `nbf` is not a number within the range of times.
    BadNbf,
    /// `nbf` is in the future.
    NotYetValid,
    /// `iat` is not a number within the range of times.
    BadIat,
    /// `iat` is in the future.
    IssuedInFuture,
    /// There is no `iss` where one is required.
    IssMissing,
    /// `iss` is not a string.
    BadIss,
    /// `iss` names another issuer.
    IssMismatch,
    /// There is no `aud` where one is required.
    AudMissing,
    /// `aud` is neither a string nor a non-empty array of strings.
    BadAud,
    /// `aud` does not hold the audience that is required.
    AudMismatch,
    /// The token is for some audience, and none is configured here (RFC 7519 §4.1.3).
    AudUnexpected,
    /// `jti` is not a string.
    BadJti,
    /// None of the user id claims (`sub`, `user_id` and `id` unless set) is present.
    UserIdMissing,
    /// The first user id claim that is present cannot be used.
    BadUserId,
    /// The user id is an `email`, and `email_verified` beside it is not `true`.
    EmailUnverified,
    /// The scope claim is of a wrong type.
    BadScope,
    /// A required scope is missing.
    ScopeMissing,
    /// A required claim is missing.
    ClaimMissing,
    /// A required claim has another value.
    ClaimMismatch,
    /// The token is bound to a key (`cnf`), and came without a proof (RFC 9449, RFC 8705).
    SenderConstrained,
}

impl JoseError {
    /// The stable name of the reason, for the log.
    pub const fn code(self) -> &'static str {
        self.describe().0
    }

    /// Whether the token was valid once: its signature verified and only its `exp` has passed.
    pub const fn is_expired(self) -> bool {
        matches!(self, Self::Expired)
    }

    const fn describe(self) -> (&'static str, &'static str) {
        match self {
            Self::TooLong => ("jwt_too_long", "the token is too long"),
            Self::NotThreeParts => ("jwt_not_three_parts", "the token has not three parts"),
            Self::EmptyPart => ("jwt_empty_part", "a part of the token is empty"),
            Self::BadBase64 => ("jwt_bad_base64", "a part of the token is not base64url"),
            Self::BadUtf8 => ("jwt_bad_utf8", "a part of the token is not UTF-8"),
            Self::BadJson => ("jwt_bad_json", "a part of the token is not JSON"),
            Self::LoneSurrogate => ("jwt_lone_surrogate", "a text holds half a surrogate pair"),
            Self::HugeNumber => ("jwt_huge_number", "a number is too large"),
            Self::TooDeep => ("jwt_too_deep", "arrays and objects nest too deep"),
            Self::TooManyMembers => ("jwt_too_many_members", "an object has too many members"),
            Self::DuplicateMember => ("jwt_duplicate_member", "a member appears twice"),
            Self::HeaderNotObject => ("jwt_header_not_object", "the header is not an object"),
            Self::ClaimsNotObject => ("jwt_claims_not_object", "the claims are not an object"),
            Self::AlgMissing => ("jwt_alg_missing", "the header names no algorithm"),
            Self::AlgNone => ("jwt_alg_none", "the token is unsigned"),
            Self::AlgUnknown => ("jwt_alg_unknown", "the header names no known algorithm"),
            Self::AlgMismatch => ("jwt_alg_mismatch", "no key has the header's algorithm"),
            Self::Crit => ("jwt_crit", "the header has critical extensions"),
            Self::B64 => ("jwt_b64", "the header changes the payload's encoding"),
            Self::Typ => ("jwt_typ", "the header names another type"),
            Self::BadKid => ("jwt_bad_kid", "the key id is not a string"),
            Self::KidUnknown => ("jwt_kid_unknown", "no key has the token's key id"),
            Self::KidMissing => (
                "jwt_kid_missing",
                "several keys fit and the token names none",
            ),
            Self::KeyUnusable => ("jwt_key_unusable", "the token's key may not be used"),
            Self::BadSignature => ("jwt_bad_signature", "the signature does not match"),
            Self::ExpMissing => ("jwt_exp_missing", "the token never expires"),
            Self::BadExp => ("jwt_bad_exp", "the expiry is not a time"),
            Self::Expired => ("jwt_expired", "the token has expired"),
            Self::BadNbf => ("jwt_bad_nbf", "the start is not a time"),
            Self::NotYetValid => ("jwt_not_yet_valid", "the token is not valid yet"),
            Self::BadIat => ("jwt_bad_iat", "the time of issue is not a time"),
            Self::IssuedInFuture => ("jwt_issued_in_future", "the token is from the future"),
            Self::IssMissing => ("jwt_iss_missing", "the token names no issuer"),
            Self::BadIss => ("jwt_bad_iss", "the issuer is not a string"),
            Self::IssMismatch => ("jwt_iss_mismatch", "the token is of another issuer"),
            Self::AudMissing => ("jwt_aud_missing", "the token names no audience"),
            Self::BadAud => (
                "jwt_bad_aud",
                "the audience is not a string or list of strings",
            ),
            Self::AudMismatch => ("jwt_aud_mismatch", "the token is for another audience"),
            Self::AudUnexpected => ("jwt_aud_unexpected", "the token is for an audience"),
            Self::BadJti => ("jwt_bad_jti", "the token id is not a string"),
            Self::UserIdMissing => ("jwt_user_id_missing", "the token names no user"),
            Self::BadUserId => ("jwt_bad_user_id", "the user id cannot be used"),
            Self::EmailUnverified => ("jwt_email_unverified", "the email is not verified"),
            Self::BadScope => ("jwt_bad_scope", "the scopes are of another type"),
            Self::ScopeMissing => ("jwt_scope_missing", "the token lacks a required scope"),
            Self::ClaimMissing => ("jwt_claim_missing", "the token lacks a required claim"),
            Self::ClaimMismatch => ("jwt_claim_mismatch", "a required claim is another"),
            Self::SenderConstrained => ("jwt_sender_constrained", "the token is bound to a key"),
        }
    }
}

impl fmt::Display for JoseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.describe().1)
    }
}

impl Error for JoseError {}

impl From<Fault> for JoseError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Syntax | Fault::WrongType => Self::BadJson,
            Fault::LoneSurrogate => Self::LoneSurrogate,
            Fault::HugeNumber => Self::HugeNumber,
            Fault::TooDeep => Self::TooDeep,
            Fault::TooManyMembers => Self::TooManyMembers,
            Fault::DuplicateMember => Self::DuplicateMember,
        }
    }
}
