//! The digests under which what is revoked is found.

use sha2::{Digest, Sha256};

use crate::{context::Principal, hex};

/// The SHA-256 of what is revoked, each part behind its length: a text may be as long as its caller likes,
/// and no part can pass for a piece of its neighbour.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RevokedDigest(pub(crate) [u8; 32]);

impl RevokedDigest {
    /// Of a token, whatever provider accepts it. The issuer is that of the configuration, or else a
    /// label; empty where neither is configured.
    pub(crate) fn of_token(issuer: &str, id: &str) -> Self {
        Parts::of("token").add(issuer).add(id).digest()
    }

    /// Of a token that providers of one method accept: two without an issuer may give one id to two
    /// tokens.
    pub(crate) fn of_token_by(method: &str, issuer: &str, id: &str) -> Self {
        let parts = Parts::of("token by").add(method);
        parts.add(issuer).add(id).digest()
    }

    /// Of a user, whatever provider accepts the user and whatever claim the user id is from.
    pub(crate) fn of_user(issuer: &str, user_id: &str) -> Self {
        Parts::of("user").add(issuer).add(user_id).digest()
    }

    pub(crate) fn of_principal(principal: &Principal<'_>) -> Self {
        Parts::of("principal")
            .add(principal.method())
            .add_optional(principal.source())
            .add(principal.user_id())
            .digest()
    }

    pub(crate) fn of_tenant(tenant: Option<&str>) -> Self {
        Parts::of("tenant").add_optional(tenant).digest()
    }

    /// Of a principal within a tenant, from the digests of both.
    pub(super) fn within(self, tenant: Self) -> Self {
        let mut parts = Parts::of("within");
        parts.0.update(self.0);
        parts.0.update(tenant.0);
        parts.digest()
    }

    pub(super) fn to_hex(self) -> String {
        hex::encode(&self.0)
    }

    pub(super) fn from_hex(text: &str) -> Option<Self> {
        hex::decode(text)?.try_into().ok().map(Self)
    }
}

struct Parts(Sha256);

impl Parts {
    /// What the parts are of comes first: a token is no principal.
    fn of(kind: &str) -> Self {
        Self(Sha256::new()).add(kind)
    }

    fn add(mut self, part: &str) -> Self {
        let len = u64::try_from(part.len()).unwrap_or(u64::MAX);
        self.0.update(len.to_be_bytes());
        self.0.update(part);
        self
    }

    fn add_optional(mut self, part: Option<&str>) -> Self {
        self.0.update([u8::from(part.is_some())]);
        self.add(part.unwrap_or_default())
    }

    fn digest(self) -> RevokedDigest {
        RevokedDigest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_passes_for_a_piece_of_its_neighbour() {
        let token = RevokedDigest::of_token;
        assert!(token("ab", "c") != token("a", "bc"));
        assert!(token("", "abc") != token("abc", ""));
        let who = |method, source, user| {
            RevokedDigest::of_principal(&Principal::new(method, source, user))
        };
        assert!(who("jwt", None, "ada") != who("jwt", Some(""), "ada"));
        assert!(who("jwt", Some("a"), "da") != who("jwt", Some("ad"), "a"));
        assert!(who("jw", Some("t"), "ada") != who("jwt", Some(""), "ada"));
        assert!(RevokedDigest::of_tenant(None) != RevokedDigest::of_tenant(Some("")));
    }
}
