//! Compact JWS and JWK: algorithms, keys, strict parsing, claims. No HTTP, no tower, no async.
//!
//! [`JwtAuth`] and the other providers of signed tokens use this module; your code can use it to check
//! a token by hand. A token goes through four steps. None can be left out, because each needs the
//! result of the one before:
//!
//! 1. [`Jws::parse`] splits the three parts and reads the header.
//! 2. [`KeySet::key_for`] chooses the one key, by key id and algorithm.
//! 3. [`Jws::verify_claims`] checks the signature and returns the claims' JSON.
//! 4. [`ClaimRules::check`] reads the claims and judges times, audience and issuer.
//!
//! [`JwtAuth`]: crate::provider::JwtAuth
//!
//! # Example
//!
//! ```
//! use tower_auth::jose::{Algorithm, ClaimRules, JoseError, Jws, Key, KeySet};
//!
//! let keys = KeySet::from(Key::hmac(Algorithm::HS256, "an example secret of 32 bytes …")?);
//! let rules = ClaimRules::new().with_audience("my-agent");
//!
//! let check = |token: &str, now: u64| {
//!     let jws = Jws::parse(token)?;
//!     let key = keys.key_for(&jws)?;
//!     let json = jws.verify_claims(key)?;
//!     Ok(rules.check(&json, now)?.user_id().to_owned())
//! };
//! let verdict: Result<String, JoseError> = check("eyJhbGciOiJub25lIn0.e30.AA", 1_800_000_000);
//! assert_eq!(verdict, Err(JoseError::AlgNone));
//! # Ok::<(), tower_auth::ConfigError>(())
//! ```
//!
//! # Security
//!
//! The parser is stricter than most, on purpose: tokens can be forged where two parsers read one token
//! differently (RFC 8725 §2.8, §2.9).
//!
//! - A key has exactly one algorithm and never serves another (RFC 8725 §3.1).
//! - `crit` and `b64` are refused, known or not; so is every `typ` except `JWT` and `at+jwt`
//!   and those that [`HeaderRules::accept_typ`] names.
//! - `jku`, `x5u`, `jwk` and `x5c` are ignored: real issuers send them, and this crate never takes a
//!   key from a token.
//! - No member may appear twice in the header or in the claims, however it is spelled.
//! - A token that is bound to a key (`cnf`) is refused: a bearer token does not prove that the caller
//!   has that key.

mod algorithm;
mod base64url;
pub(crate) mod claims;
mod compact;
mod error;
mod header;
mod header_rules;
pub(crate) mod json;
mod jwk;
mod jwk_set;
pub(crate) mod key;
mod key_set;
pub(crate) mod number;
pub(crate) mod requirement;
mod rules;
pub(crate) mod user_id;

pub use algorithm::Algorithm;
pub use claims::Claims;
pub use compact::Jws;
pub use error::JoseError;
pub use header::TokenType;
pub use header_rules::HeaderRules;
pub use jwk_set::{JwkSet, JwkSetError, SkippedKey};
pub use key::Key;
pub use key_set::KeySet;
pub use requirement::ClaimValue;
pub use rules::ClaimRules;
