//! What stands for a caller in the tables of this process.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

use super::Principal;
use crate::seed::Seed;

/// A hash of a caller's principal with a secret of the process, made when somebody asks for it: most callers
/// are shown in many requests, and it is a third of what a limit by caller takes (`tower-auth: a key, requests
/// limited` in `benches/peers`).
///
/// A clone has none: whoever clones a caller changes it.
#[derive(Default)]
pub(super) struct Identity(AtomicU64);

impl Identity {
    /// The hash of the principal.
    #[inline]
    pub(super) fn of<'a>(&self, principal: impl FnOnce() -> Principal<'a>) -> u64 {
        match self.0.load(Ordering::Relaxed) {
            UNMADE => self.make(&principal()),
            made => made,
        }
    }

    #[cold]
    fn make(&self, principal: &Principal<'_>) -> u64 {
        static SEED: LazyLock<Seed> = LazyLock::new(Seed::new);
        let mut hasher = SEED.hasher();
        hasher.write(principal.method().as_bytes());
        match principal.source() {
            Some(source) => hasher.write(source.as_bytes()),
            None => hasher.write_none(),
        }
        hasher.write(principal.user_id().as_bytes());
        let made = (hasher.finish() >> 64) as u64;
        self.0.store(made, Ordering::Relaxed);
        made
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self::default()
    }
}

const UNMADE: u64 = 0;

#[cfg(test)]
mod tests {
    use crate::context::AuthContext;

    #[test]
    fn callers_share_it_if_their_principals_are_equal() {
        let ada = || AuthContext::new("ada").with_method("jwt");
        let identity = ada().with_issuer("a").identity();
        for same in [
            ada().with_issuer("a").with_scopes(["x"]),
            ada().with_source("a"),
        ] {
            assert_eq!(same.identity(), identity, "{same:?}");
        }
        for other in [
            ada(),
            ada().with_issuer("b"),
            ada().with_issuer(""),
            ada().with_issuer("a").with_method("api_key"),
            AuthContext::new("ad").with_method("jwt").with_issuer("aa"),
        ] {
            assert_ne!(other.identity(), identity, "{other:?}");
        }
    }

    #[test]
    fn a_change_of_the_principal_changes_it() {
        let caller = AuthContext::new("ada");
        let identity = caller.identity();
        assert_eq!(caller.clone().identity(), identity);
        assert_ne!(caller.clone().with_method("jwt").identity(), identity);
        let alone = AuthContext::new("ada"); // nobody else has it, so it is changed in its place
        assert_eq!(alone.identity(), identity);
        assert_ne!(alone.with_source("staff").identity(), identity);
    }
}
