//! What stands for a caller in the tables of this process.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

use super::Principal;
use crate::seed::Seed;

/// A hash of a caller's principal with a secret of the process, made when somebody asks for it: a caller in a
/// table of keys or tokens is shown in many requests, and each limit by caller asks.
///
/// It is not cloned: what it stands for is cloned to be changed.
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
    use crate::context::{AuthContext, RestingContext};

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
        // Nobody else has it, so it is changed in its place.
        for change in [
            |alone: AuthContext| alone.with_source("staff"),
            |alone: AuthContext| alone.with_issuer("staff"),
            |alone: AuthContext| alone.with_method("jwt"),
            |alone: AuthContext| alone.with_key_user_id("bob".to_owned()),
        ] {
            let alone = AuthContext::new("ada");
            assert_eq!(alone.identity(), identity);
            assert_ne!(change(alone).identity(), identity);
        }
    }

    #[test]
    fn a_caller_in_a_table_keeps_its_own() {
        let resting = RestingContext::from(AuthContext::new("ada"));
        let identity = resting.to_context().identity();
        assert_ne!(resting.to_context().with_method("jwt").identity(), identity);
        assert_eq!(resting.to_context().identity(), identity);
    }
}
