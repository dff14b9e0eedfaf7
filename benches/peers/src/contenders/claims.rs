//! What a peer makes of the claims that it has checked.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// All claims, whatever they are called: what a handler behind `tower-auth` can ask for too.
pub(super) type ClaimMap = Map<String, Value>;

/// All claims of the tokens here, in the form that costs a peer the least.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct ClaimStruct {
    iss: String,
    aud: String,
    sub: String,
    iat: u64,
    exp: u64,
    jti: String,
    scope: String,
    email: String,
    roles: Vec<String>,
    team: String,
}

/// What the tables call a [`ClaimMap`].
pub(super) const MAP: &str = "claims in a map";
/// What the tables call a [`ClaimStruct`].
pub(super) const STRUCT: &str = "claims in a struct";
/// A type that comes with the peer, with some of the claims.
pub(super) const OWN: &str = "its own claims type";
/// The token is checked, and nobody hears whose it was.
pub(super) const NONE: &str = "no claims";

/// Set-ups that leave claims out: measured and told, but not the task that the others do.
pub const PARTIAL: [&str; 2] = [OWN, NONE];
