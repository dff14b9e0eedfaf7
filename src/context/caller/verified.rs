//! Callers from the claims of a verified token.

use std::{borrow::Cow, sync::Arc};

use super::{AuthContext, EndsBy, Inner};
use crate::{
    context::{
        identity::Identity,
        issued::Issued,
        metadata::{Metadata, Reader},
        token_id::{IssuedAt, TokenId},
    },
    ended::NEVER,
    scope::Scopes,
};

/// A caller from verified claims.
pub(crate) struct Verified {
    pub(crate) user_id: Box<str>,
    pub(crate) method: &'static str,
    pub(crate) issuer: Option<Arc<str>>,
    pub(crate) scopes: Scopes,
    pub(crate) expires_at: Option<u64>,
    /// `None` where whoever was asked for the token does not say it.
    pub(crate) issued_at: Option<IssuedAt>,
    pub(crate) token_id: TokenId,
    pub(crate) claims: VerifiedClaims,
}

/// The JSON of verified claims, and the function that reads it on demand.
pub(crate) struct VerifiedClaims {
    pub(crate) json: String,
    /// The claim that holds the user id, unless it is inside another.
    pub(crate) left_out: Option<Cow<'static, str>>,
    pub(crate) read: Reader,
}

impl AuthContext {
    /// Makes a caller from the claims of a verified token.
    pub(crate) fn verified(caller: Verified) -> Self {
        let VerifiedClaims {
            json,
            left_out,
            read,
        } = caller.claims;
        let issued = Issued::token(caller.issued_at, &caller.token_id);
        let expires_at = caller.expires_at.unwrap_or(NEVER);
        let verified = Self::of(Inner {
            user_id: caller.user_id,
            method: caller.method,
            issuer: caller.issuer,
            source: None,
            identity: Identity::default(),
            scopes: caller.scopes,
            expires_at,
            ends_by: EndsBy::Expiry,
            issued,
            remembered: false,
            owes: false,
            metadata: Metadata {
                json,
                left_out,
                read: Some(read),
                ..Metadata::default()
            },
            rare: None,
        });
        match caller.token_id {
            TokenId::Apart(id) => verified.with_token_id(id),
            TokenId::None | TokenId::Within(_) => verified,
        }
    }

    /// The caller as it is kept for later requests with the same token.
    pub(crate) fn remembered(mut self) -> Self {
        self.edit().remembered = true;
        self
    }
}
