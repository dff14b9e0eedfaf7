//! The task beside a keyring.

use std::sync::{Arc, Weak};

use tokio::sync::Notify;

use super::{Keyring, source::Fetched};
use crate::issuer::fetch::FetchError;

/// Keeps the keys fresh for as long as somebody holds the ring.
///
/// It holds the ring itself for moments only, so it never keeps it alive.
pub(super) async fn keep(ring: Weak<Keyring>, bell: Arc<Notify>) {
    loop {
        let Some(next) = ring.upgrade().map(|ring| ring.begin()) else {
            return;
        };
        match next {
            Ok(source) => {
                let fetch = Fetch { ring: Some(&ring) };
                let result = source.fetch().await;
                fetch.end(result);
            }
            Err(rest) => {
                // Rung or rested: what there is to do shows next.
                let _ = tokio::time::timeout(rest, bell.notified()).await;
            }
        }
    }
}

/// A fetch that was begun: it ends, even where the task does not get to its end.
struct Fetch<'a> {
    ring: Option<&'a Weak<Keyring>>,
}

impl Fetch<'_> {
    fn end(mut self, result: Result<Fetched, FetchError>) {
        if let Some(ring) = self.ring.take().and_then(Weak::upgrade) {
            ring.end(result);
        }
    }
}

impl Drop for Fetch<'_> {
    fn drop(&mut self) {
        // A runtime that shuts down drops its tasks where they stand.
        if let Some(ring) = self.ring.take().and_then(Weak::upgrade) {
            ring.abandon();
        }
    }
}
