//! A key in the memory of one process.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use super::{
    KeyDigest, KeyId, KeyLimit, KeyOwner, KeyRecord, Spend, StoredKey, Timestamp,
    settings::Settings,
    uses::Uses,
    watched::{Lasts, NEVER},
};
use crate::{
    answer::BoxFuture,
    context::{AuthContext, Charge, RestingContext, Standing},
    ended::{End, EndSource},
    error::{AuthError, QuotaPolicy},
};

/// What a key comes to that was looked up.
#[derive(Clone)]
pub(super) struct JudgedKey {
    pub(super) answer: Result<AuthContext, AuthError>,
    /// Whether it may be of another form than the keys that are made here.
    pub(super) is_imported: bool,
}

/// A key and its caller. What each request checks stands here, in the table itself: each pointer
/// followed is a line of memory more to wait for.
pub(super) struct Known {
    /// `None` where this program does not know the method of the owner, and where the key is revoked.
    context: Option<RestingContext>,
    held: Arc<Held>,
    /// `NEVER` where it does not expire: 8 bytes less for each of a million keys.
    expires_at: Timestamp,
    /// The minute of its last use that this process recorded.
    used: AtomicU32,
    is_revoked: bool,
    is_imported: bool,
}

/// What accepting a key costs, and to whom.
pub(super) struct Held {
    id: KeyId,
    digest: KeyDigest,
    /// The account, if it is not the key itself.
    account: Option<KeyId>,
    is_metered: bool,
    limit: Option<KeyLimit>,
    uses: Weak<Uses>,
}

impl Known {
    /// `used` is the minute of the last recorded use of the earlier record.
    pub(super) fn new(
        key: &StoredKey,
        used: Option<u32>,
        settings: &Settings,
        uses: &Arc<Uses>,
    ) -> Self {
        let record = key.record();
        let used = used.max(key.last_used_at().map(minute)).unwrap_or(0);
        let held = Arc::new(Held {
            id: record.id.clone(),
            digest: key.digest(),
            account: (record.account != record.id).then(|| record.account.clone()),
            is_metered: record.metered,
            limit: record.limit,
            uses: Arc::downgrade(uses),
        });
        let context = caller(record, settings).map(|context| {
            let charge: Arc<dyn Charge> = Arc::clone(&held) as Arc<dyn Charge>;
            RestingContext::from(context.owing(Some(charge)))
        });
        Self {
            context,
            held,
            expires_at: record.expires_at.unwrap_or(NEVER),
            used: AtomicU32::new(used),
            is_revoked: record.revoked.is_some(),
            is_imported: record.imported,
        }
    }

    pub(super) fn used(&self) -> u32 {
        self.used.load(Ordering::Relaxed)
    }

    pub(super) fn is_imported(&self) -> bool {
        self.is_imported
    }

    /// Whether the key is neither revoked nor expired.
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        !self.is_revoked && now < self.expires_at
    }

    /// How long the key lasts.
    pub(super) fn lasts(&self) -> Lasts {
        match self.is_revoked {
            true => Lasts::Over,
            false => Lasts::Until(self.expires_at),
        }
    }

    /// Refuses the key from now on.
    pub(super) fn revoke(&mut self) {
        self.is_revoked = true;
        self.context = None;
    }

    /// Refuses a key that has expired by the store's time, of which this process's may be a moment behind.
    pub(super) fn expire(&mut self) {
        self.expires_at = Timestamp::default();
    }

    /// Checks revocation, then expiry.
    pub(super) fn judge(&self, now: Timestamp) -> Result<AuthContext, AuthError> {
        let refused =
            |why| Err(AuthError::invalid_credential(why).with_key_name(self.held.id.as_str()));
        if self.is_revoked {
            return refused("api_key_revoked");
        }
        if now >= self.expires_at {
            return refused("api_key_expired");
        }
        let Some(context) = &self.context else {
            let why = "the key's owner is of a method that is not known here: name it with \
                       add_owner_method, or under `owner_methods` of a file";
            return Err(AuthError::unavailable(why).with_key_name(self.held.id.as_str()));
        };
        self.note_use(now);
        Ok(context.to_context())
    }

    pub(super) fn judged(&self, now: Timestamp) -> JudgedKey {
        JudgedKey {
            answer: self.judge(now),
            is_imported: self.is_imported,
        }
    }

    /// Records a use, once a minute.
    fn note_use(&self, now: Timestamp) {
        let now_minute = minute(now);
        let last = self.used.load(Ordering::Relaxed);
        if last >= now_minute {
            return;
        }
        let order = Ordering::Relaxed;
        let first = self.used.compare_exchange(last, now_minute, order, order);
        if first.is_ok()
            && let Some(uses) = self.held.uses.upgrade()
        {
            uses.note(self.held.id.clone(), now);
        }
    }
}

/// The minute of a time since 1970, which lasts for 8,000 years.
fn minute(time: Timestamp) -> u32 {
    u32::try_from(time.as_unix_millis() / 60_000).unwrap_or(u32::MAX)
}

/// The caller of a record.
fn caller(record: &KeyRecord, settings: &Settings) -> Option<AuthContext> {
    let id = || AuthContext::new(record.id.as_str());
    let own = |context: AuthContext| context.with_method(NAME).with_label(settings.own_label());
    let mut context = match &record.owner {
        None => own(id()),
        Some(KeyOwner::UserId(user)) => own(id().with_key_user_id(user.to_string())),
        Some(KeyOwner::Principal(owner)) => id()
            .with_key_user_id(owner.user_id().to_owned())
            .with_method(settings.owner_method(owner.method())?)
            .with_label(owner.source().map(Into::into)),
    };
    context = context
        .with_scope_set(record.scope_set())
        .with_key_made_at(record.created_at.as_unix_millis());
    if let Some(at) = record.expires_at.and_then(Timestamp::to_system_time) {
        context = context.with_expires_at(at).ended_by_source();
    }
    for (name, value) in &record.metadata {
        context = context.with_claim(name.clone(), value.clone());
    }
    if let Some(tenant) = &record.tenant {
        context = context.with_claim("tenant", tenant.to_string());
    }
    Some(context)
}

impl Held {
    /// Whether the key has a limit, or shares an account that may have one.
    fn may_be_limited(&self) -> bool {
        self.limit.is_some() || self.account.is_some()
    }
}

impl EndSource for Held {
    fn end(&self) -> Option<Arc<End>> {
        let uses = self.uses.upgrade();
        let end = uses.and_then(|uses| uses.end_of(&self.digest));
        // Where the keys are gone, nobody can tell any more.
        Some(end.unwrap_or_else(|| Arc::new(End::over())))
    }

    fn has_ended(&self) -> Option<bool> {
        let uses = self.uses.upgrade();
        uses.map_or(Some(true), |uses| uses.has_ended(&self.digest))
    }
}

impl Charge for Held {
    fn is_due(&self) -> bool {
        self.is_metered || self.may_be_limited()
    }

    fn credential(&self) -> (usize, &str) {
        // No store is at 0: nobody pays to one that is gone.
        let store = self.uses.upgrade().map_or(0, |uses| uses.store_address());
        (store, self.id.as_str())
    }

    fn account(&self) -> (usize, &str) {
        let (store, id) = self.credential();
        (store, self.account.as_ref().map_or(id, KeyId::as_str))
    }

    fn admit(&self) -> Result<Option<Standing>, AuthError> {
        if !self.may_be_limited() {
            return Ok(None);
        }
        let uses = self.uses.upgrade();
        let uses = uses.ok_or_else(|| AuthError::unavailable("the keys are gone"))?;
        let account = self.account.as_ref();
        let admitted = uses.limits.admit(&self.id, account, self.limit);
        admitted.map_err(|(limit, wait)| {
            let policy =
                QuotaPolicy::new(&Standing::NAME.into(), limit.requests(), limit.seconds());
            AuthError::throttled(wait)
                .with_reason("key_limit_exceeded")
                .with_key_name(self.id.as_str())
                .with_policy(policy)
        })
    }

    fn give_back(&self) {
        if self.may_be_limited()
            && let Some(uses) = self.uses.upgrade()
        {
            let account = self.account.as_ref();
            uses.limits.give_back(&self.id, account, self.limit);
        }
    }

    fn pay(&self) -> Option<BoxFuture<Result<(), AuthError>>> {
        if !self.is_metered {
            return None;
        }
        let account = self.account.as_ref().unwrap_or(&self.id).clone();
        let uses = self.uses.upgrade();
        Some(Box::pin(async move {
            let uses = uses.ok_or_else(|| AuthError::unavailable("the keys are gone"))?;
            match uses.spend(account).await {
                Ok(Spend::Spent { .. }) => Ok(()),
                Ok(Spend::Exhausted) => Err(AuthError::throttled(NO_CREDITS_AGAIN)
                    .with_code("quota_exhausted")
                    .with_reason("quota_exhausted")
                    .with_message("the key has no credits left")),
                // The key is good, and what it may still spend is not known.
                Ok(Spend::NoAccount) => Err(AuthError::unavailable(
                    "the store has no account for the credits of the key",
                )),
                Err(error) => Err(AuthError::unavailable(error)),
            }
        }))
    }
}

/// The name of the provider, and the method of its callers.
pub(super) const NAME: &str = "api_key";
/// Credits do not come back with time, so an early retry fails too.
const NO_CREDITS_AGAIN: Duration = Duration::from_secs(3_600);
