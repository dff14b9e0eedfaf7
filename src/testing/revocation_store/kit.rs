//! What the claims share.

use std::time::Duration;

use crate::{
    context::Principal,
    keys::{
        AsOf, KeyActor, Revision, Revocation, RevocationChanges, RevocationEntry, StoredRevocation,
        Timestamp,
    },
    revocations::{RevocationStore, RevocationStoreError, RevocationWrite},
    testing::claims,
};

/// Two handles on one empty store.
pub(super) type Stores = claims::Stores<dyn RevocationStore>;

impl Stores {
    /// Adds through one handle.
    pub(super) async fn add(&self, revocation: Revocation) -> AsOf<StoredRevocation> {
        self.ok(self.one.add(write(revocation, 1_000)).await)
    }

    /// Requires that there is no room for it, and that nothing is left of it.
    pub(super) async fn is_full(&self, revocation: Revocation, max_kept: usize) {
        let before = self.page(Revision::ZERO, 1_000).await;
        match self.one.add(write(revocation, max_kept)).await {
            Err(RevocationStoreError::Full) => {}
            other => self.holds(false, other),
        }
        self.equal(self.page(Revision::ZERO, 1_000).await, before);
    }

    /// A page, as the other handle reads it.
    pub(super) async fn page(&self, after: Revision, limit: usize) -> RevocationChanges {
        self.ok(self.other.changes(after, limit).await).value
    }

    /// The whole feed after a revision, in pages of that size.
    pub(super) async fn feed(&self, mut after: Revision, size: usize) -> Vec<StoredRevocation> {
        let mut all = Vec::new();
        loop {
            let page = self.page(after, size).await;
            self.holds(page.changes.len() <= size, "more than were asked for");
            let last = page.changes.last().map(|stored| stored.revision);
            for stored in &page.changes {
                self.holds(stored.revision > after, "the order is that of revisions");
                after = stored.revision;
            }
            all.extend(page.changes);
            match last {
                Some(_) if !page.is_complete => {}
                _ => return all,
            }
        }
    }

    pub(super) async fn entries(&self) -> Vec<RevocationEntry> {
        let feed = self.feed(Revision::ZERO, 1_000).await;
        feed.into_iter().map(|stored| stored.entry).collect()
    }
}

pub(super) fn write(revocation: Revocation, max_kept: usize) -> RevocationWrite {
    RevocationWrite::new(
        revocation,
        KeyActor::Operator("ada".into()),
        MAX_LIFETIME,
        max_kept,
    )
}

/// A token of that number.
pub(super) fn token(number: u32) -> Revocation {
    Revocation::token("https://issuer.example", number.to_string())
}

pub(super) fn ada() -> Revocation {
    Revocation::principal(Principal::new("jwt", Some("https://issuer.example"), "ada"))
}

/// An entry of a token, as another process holds it.
pub(super) fn held(number: u32, until: Timestamp) -> RevocationEntry {
    token(number)
        .until(until)
        .entry(Timestamp::default(), MAX_LIFETIME)
}

pub(super) const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
