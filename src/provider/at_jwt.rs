//! The requirements of RFC 9068 for an access token.

use crate::jose::{Claims, JoseError, Jws, TokenType};

/// Requires the `typ` of an access token (RFC 9068 §4).
pub(super) fn check_type(jws: &Jws<'_>) -> Result<(), JoseError> {
    match jws.token_type() {
        Some(TokenType::AccessToken) => Ok(()),
        _ => Err(JoseError::Typ),
    }
}

/// Requires the claims that RFC 9068 §2.2 adds to those of every token. The error is the reason for the
/// log.
pub(super) fn check_claims(claims: &Claims<'_>) -> Result<(), &'static str> {
    if claims.text("sub").is_none_or(|sub| sub.is_empty()) {
        return Err("at_jwt_sub_missing");
    }
    if claims.text("client_id").is_none_or(|id| id.is_empty()) {
        return Err("at_jwt_client_id_missing");
    }
    if claims.issued_at().is_none() {
        return Err("at_jwt_iat_missing");
    }
    if claims.token_id().is_none() {
        return Err("at_jwt_jti_missing");
    }
    Ok(())
}
