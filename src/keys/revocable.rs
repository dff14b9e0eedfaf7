//! What could end a caller: for a store that is to carry out a change of theirs [13.1].

use std::{iter, time::Duration};

use super::{RevocationEntry, Timestamp, revoked::RevokedSubject, revoked_digest::RevokedDigest};
use crate::context::{AuthContext, ClaimError};

/// A caller as the entries of revocations name them: the one whom the provider accepted too, where a check
/// put another one in their place.
#[derive(Clone, Debug)]
pub(crate) struct RevocableCaller(Vec<Identity>);

#[derive(Clone, Debug)]
struct Identity {
    tokens: Vec<RevokedDigest>,
    who: [RevokedDigest; 2],
    tenant: RevokedDigest,
    issued_at: Option<u64>,
    leeway: Duration,
}

impl RevocableCaller {
    /// The caller, for a store of that address; `leeway` is that of the times of other clocks than its own.
    ///
    /// # Errors
    ///
    /// The tenant is not a text, so that nobody can tell which revocations end the caller.
    pub(crate) fn of(
        caller: &AuthContext,
        store: usize,
        leeway: Duration,
    ) -> Result<Self, ClaimError> {
        let callers = iter::successors(Some(caller), |caller| caller.first());
        let identities = callers.map(|caller| Identity::of(caller, store, leeway));
        Ok(Self(identities.collect::<Result<_, _>>()?))
    }

    /// The ids of the entries that may end the caller.
    pub(super) fn ids(&self) -> Vec<[u8; 32]> {
        let ids = |identity: &Identity| {
            let of_tenant = identity.who.map(|who| who.within(identity.tenant));
            let who = identity.who.into_iter().chain(of_tenant);
            let all = identity.tokens.iter().copied().chain(who);
            all.map(|digest| digest.0).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(ids).collect()
    }

    pub(super) fn is_ended_by(&self, entry: &RevocationEntry) -> bool {
        self.0.iter().any(|identity| identity.is_ended_by(entry))
    }
}

impl Identity {
    fn of(caller: &AuthContext, store: usize, leeway: Duration) -> Result<Self, ClaimError> {
        Ok(Self {
            tokens: tokens_of(caller).into_iter().flatten().collect(),
            who: who_of(caller),
            tenant: tenant_of(caller)?,
            issued_at: caller.issued_at_millis(),
            leeway: leeway_of(caller, Some(store), leeway),
        })
    }

    fn is_ended_by(&self, entry: &RevocationEntry) -> bool {
        match entry.subject {
            RevokedSubject::Token(token) => self.tokens.contains(&token),
            RevokedSubject::Principal {
                who,
                tenant,
                before,
            } => {
                self.who.contains(&who)
                    && tenant.is_none_or(|tenant| tenant == self.tenant)
                    && is_before(self.issued_at, before, self.leeway)
            }
        }
    }
}

/// The digests under which a caller's token may be revoked, if it has an id.
pub(crate) fn tokens_of(caller: &AuthContext) -> Option<[RevokedDigest; 2]> {
    let (issuer, id) = (caller.token_issuer(), caller.token_id()?);
    Some([
        RevokedDigest::of_token(issuer, id),
        RevokedDigest::of_token_by(caller.method(), issuer, id),
    ])
}

/// The digests under which everything of a caller may be.
pub(crate) fn who_of(caller: &AuthContext) -> [RevokedDigest; 2] {
    [
        RevokedDigest::of_principal(&caller.principal()),
        RevokedDigest::of_user(caller.token_issuer(), caller.user_id()),
    ]
}

/// The digest of a caller's tenant.
///
/// # Errors
///
/// It is not a text.
pub(crate) fn tenant_of(caller: &AuthContext) -> Result<RevokedDigest, ClaimError> {
    let tenant = caller.claim::<String>("tenant")?;
    Ok(RevokedDigest::of_tenant(tenant.as_deref()))
}

/// How far the clock by which a caller's credential was issued may differ from that of a list of
/// revocations, which is in the key store of that address: a key of that store is of the same clock.
pub(crate) fn leeway_of(caller: &AuthContext, list: Option<usize>, leeway: Duration) -> Duration {
    let store = caller.own_charge().map(|shown| shown.credential().0);
    match !caller.is_token() && store.is_some() && store == list {
        true => Duration::ZERO,
        // The second in which a token was issued may have begun before, and the issuer's clock be ahead.
        false => leeway,
    }
}

/// Whether a credential was issued before an instant. One that does not say when it was issued was.
pub(crate) fn is_before(issued_at: Option<u64>, instant: Timestamp, leeway: Duration) -> bool {
    let last = instant.saturating_add(leeway).as_unix_millis();
    issued_at.is_none_or(|issued_at| issued_at <= last)
}

/// The leeway of a provider unless a setting says otherwise.
pub(crate) const LEEWAY: Duration = Duration::from_secs(30);
