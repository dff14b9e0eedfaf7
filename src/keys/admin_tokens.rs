//! Revoking tokens, and with a principal its keys [13.1].

use std::time::Duration;

use super::{
    Applied, Change, KeyAdmin, KeyAdminError, KeyId, KeyLookup, KeyOwner, KeyQuery, KeyRecord,
    KeyStoreError, KeyWrite, Revision, RevocationEntry, RevokedTokens, StoredKey, Timestamp, Whose,
    Written,
    authority::{Authority, LIMIT, WRITE},
    bounds,
    confirmed::confirm,
    valid,
};
use crate::{context::authority, polling::ask};

impl KeyAdmin {
    /// Revokes tokens in the key store, and the keys of a principal all of whose tokens are revoked. Answers
    /// the entry, and the keys that were revoked.
    pub(crate) async fn revoke_tokens(
        &self,
        tokens: RevokedTokens,
        on_entry: impl Fn(RevocationEntry) + Send,
    ) -> Result<(RevocationEntry, Vec<KeyId>), KeyAdminError> {
        valid::reason(tokens.revocation.reason())?;
        let authority = self.authority();
        authority.backend().settings().changes.audit.admit()?;
        // A store that knows nothing of revocations would keep the audit record alone.
        let store = authority.backend().store();
        ask(LIMIT, || store.revocations(Revision::new(u64::MAX), 1)).await?;
        let mut tries = TRIES;
        let (entry, tokens, own) = loop {
            let (own, _) = authority.own(WRITE).await?;
            let mut tokens = tokens.clone();
            let mut is_of_others = false;
            if let Some(bounds) = authority.bounds(own.as_ref()) {
                is_of_others = !tokens.is_of(bounds.caller);
                tokens = tokens.within(bounds.caller, bounds.is_admin())?;
            }
            let change = Change::RevokeTokens(Box::new(tokens.clone()));
            let write = match is_of_others {
                true => authority.change(own.as_ref(), change)?,
                false => {
                    KeyWrite::new(authority.actor(own.as_ref()), change).on_behalf_of(own.as_ref())
                }
            };
            if is_of_others && let Some(caller) = authority.held_elsewhere() {
                confirm(caller).await?;
            }
            match ask(LIMIT, || store.write(write)).await {
                Err(KeyStoreError::Changed) if tries > 0 => tries -= 1,
                written => {
                    let written = written?.value;
                    if let Written::Applied(applied) = &written {
                        authority.backend().settings().changes.tell(&applied.audit);
                    }
                    break (entry_of(written)?, tokens, own);
                }
            }
        };
        on_entry(entry);
        let keys = KeysOf::new(authority, own.as_ref(), &tokens, entry, Duration::ZERO);
        let revoked = match keys {
            Some(keys) => keys.revoke().await?,
            None => Vec::new(),
        };
        Ok((entry, revoked))
    }

    /// Revokes the keys of a user or principal all of whose tokens were revoked in another store, whose clock may
    /// differ from that of these keys by `leeway`. Answers the keys that were revoked.
    pub(crate) async fn revoke_keys(
        &self,
        tokens: RevokedTokens,
        entry: RevocationEntry,
        leeway: Duration,
    ) -> Result<Vec<KeyId>, KeyAdminError> {
        let authority = self.authority();
        let tokens = match authority.bounds(None) {
            Some(bounds) => tokens.within(bounds.caller, bounds.is_admin())?,
            None => tokens,
        };
        match KeysOf::new(authority, None, &tokens, entry, leeway) {
            Some(keys) => keys.revoke().await,
            None => Ok(Vec::new()),
        }
    }
}

fn entry_of(written: Written) -> Result<RevocationEntry, KeyAdminError> {
    let put = match &written {
        Written::Applied(Applied { revocations, .. }) => revocations.first(),
        Written::Repeated(_) => None,
    };
    let put = put.ok_or(KeyAdminError::Unavailable(KeyStoreError::Unsupported))?;
    Ok(put.entry)
}

/// The keys of a user or principal that end with its tokens.
struct KeysOf<'a> {
    authority: &'a Authority,
    own: Option<&'a StoredKey>,
    who: &'a Whose,
    tenant: Option<Option<Box<str>>>,
    /// The instant before which all ends, if somebody named one.
    before: Option<Timestamp>,
    reason: &'a str,
}

impl<'a> KeysOf<'a> {
    /// `None` where one token alone was revoked.
    fn new(
        authority: &'a Authority,
        own: Option<&'a StoredKey>,
        tokens: &'a RevokedTokens,
        entry: RevocationEntry,
        leeway: Duration,
    ) -> Option<Self> {
        let revocation = &tokens.revocation;
        let (who, tenant) = revocation.of_everything()?;
        let named = revocation.instant().and(entry.before());
        Some(Self {
            authority,
            own,
            who,
            tenant: tenant.map(|tenant| tenant.map(Box::from)),
            before: named.map(|instant| instant.saturating_add(leeway)),
            reason: revocation.reason(),
        })
    }

    /// Revokes them, until none is left: a key that is not revoked yet may make another meanwhile.
    async fn revoke(&self) -> Result<Vec<KeyId>, KeyAdminError> {
        let mut done = Vec::new();
        for _ in 0..TRIES {
            let live = self.live().await?;
            if live.is_empty() {
                return Ok(done);
            }
            for id in live {
                let revoked = self.revoke_one(id.clone()).await;
                match revoked {
                    Ok(()) => done.push(id),
                    // It was deleted meanwhile.
                    Err(KeyAdminError::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        match self.live().await?.is_empty() {
            true => Ok(done),
            // A success would say that none is left.
            false => Err(KeyAdminError::Conflict(
                "the tokens are revoked, and keys of the principal go on making others: revoke again",
            )),
        }
    }

    async fn revoke_one(&self, id: KeyId) -> Result<(), KeyAdminError> {
        let change = Change::Revoke {
            id,
            reason: self.reason.into(),
        };
        // Not on behalf of the caller's own key: that may be one of them.
        let write = KeyWrite::new(self.authority.actor(self.own), change);
        self.authority.write(write).await.map(drop)
    }

    /// The keys that are not revoked yet.
    async fn live(&self) -> Result<Vec<KeyId>, KeyAdminError> {
        let settings = self.authority.backend().settings();
        let mut live = Vec::new();
        let owner = match self.who {
            Whose::Principal(who) => {
                let owner = KeyOwner::Principal(who.clone());
                Some(bounds::normal_owner(owner, settings))
            }
            // Several owners may be the user: all keys are looked through.
            Whose::User { .. } => None,
        };
        if let Some(KeyOwner::UserId(id)) = &owner {
            // A key without an owner stands for itself.
            let store = self.authority.backend().store();
            let lookup = KeyLookup::Id(KeyId::new(&**id));
            let found = ask(LIMIT, || store.find(lookup)).await?.value;
            let itself = found.filter(|key| key.record().owner().is_none());
            live.extend(itself.filter(|key| self.ends(key.record())));
        }
        let mut after = None;
        loop {
            let store = self.authority.backend().store();
            let query = KeyQuery {
                owner: owner.clone(),
                tenant: self.tenant.clone(),
                after,
                limit: PAGE,
            };
            let page = ask(LIMIT, || store.list(query)).await?.value;
            after = page.items.last().map(|key| key.record().id().clone());
            live.extend(page.items.into_iter().filter(|key| self.ends(key.record())));
            if !page.has_more || after.is_none() {
                break;
            }
        }
        Ok(live.iter().map(|key| key.record().id().clone()).collect())
    }

    /// Whether a key is the user's; those of a principal were listed as such.
    fn is_theirs(&self, record: &KeyRecord) -> bool {
        let Whose::User { issuer, user_id } = self.who else {
            return true;
        };
        let settings = self.authority.backend().settings();
        match bounds::effective_owner(record, settings) {
            KeyOwner::UserId(id) => {
                id == *user_id && settings.own_label().as_deref().unwrap_or_default() == &**issuer
            }
            KeyOwner::Principal(owner) => {
                let source = owner.source().unwrap_or_default();
                owner.user_id() == &**user_id && authority(owner.method(), source) == &**issuer
            }
        }
    }

    fn ends(&self, record: &KeyRecord) -> bool {
        let is_of_tenant = self
            .tenant
            .as_ref()
            .is_none_or(|tenant| record.tenant() == tenant.as_deref());
        // Where nobody named an instant, it is now: what was made since the entry was written is
        // ended too.
        let is_before = self
            .before
            .is_none_or(|before| record.created_at() <= before);
        record.revoked().is_none() && is_of_tenant && is_before && self.is_theirs(record)
    }
}

/// The number of times that a change is decided again, and that keys are looked for again.
const TRIES: usize = 5;
const PAGE: usize = 1_000;
