//! A store that is opened when it is first asked.

use std::{future, sync::Arc, time::Duration};

use tokio::{
    runtime::Handle,
    sync::watch,
    time::{Instant, timeout},
};

use super::{
    AsOf, AuditQuery, AuditRecord, Epoch, KeyChanges, KeyId, KeyLookup, KeyQuery, KeyStore,
    KeyStoreError, KeyStoreFuture, KeyStoreUrl, KeyStores, KeyUse, KeyWrite, Page, Revision,
    RevocationChanges, Spend, StoredKey, Written, ask::ask,
};
use crate::answer::BoxFuture;

/// Opens a store when it is first asked, and again after a failure: until it is open, every answer is
/// the reason why it is not.
///
/// A task of its own opens it, once for all who ask: a request that is given up ends no attempt.
#[derive(Clone)]
pub(crate) struct LazyKeyStore(Arc<Shared>);

struct Shared {
    stores: KeyStores,
    url: KeyStoreUrl,
    state: watch::Sender<State>,
}

enum State {
    Closed,
    Opening { since: Instant },
    Failed { at: Instant, why: KeyStoreError },
    Open(Arc<dyn KeyStore>),
}

impl LazyKeyStore {
    pub(crate) fn new(stores: KeyStores, url: KeyStoreUrl) -> Self {
        Self(Arc::new(Shared {
            stores,
            url,
            state: watch::Sender::new(State::Closed),
        }))
    }

    /// Opens the store, unless it is open.
    pub(crate) async fn open(&self) -> Result<(), KeyStoreError> {
        Arc::clone(&self.0).opened().await.map(drop)
    }

    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn KeyStore) -> KeyStoreFuture<T> + Send + 'static,
    ) -> KeyStoreFuture<T> {
        let shared = Arc::clone(&self.0);
        Box::pin(async move { question(&*shared.opened().await?).await })
    }
}

impl Shared {
    async fn opened(self: Arc<Self>) -> Result<Arc<dyn KeyStore>, KeyStoreError> {
        let mut state = self.state.subscribe();
        self.start()?;
        let settled = state.wait_for(|state| !matches!(state, State::Opening { .. }));
        match timeout(OPEN_LIMIT, settled).await {
            Ok(Ok(state)) => match &*state {
                State::Open(store) => Ok(Arc::clone(store)),
                State::Failed { why, .. } => Err(why.clone()),
                State::Closed | State::Opening { .. } => Err(given_up()),
            },
            _ => Err(given_up()),
        }
    }

    /// Starts a task that opens the store, unless it is open, one runs, or one has just failed.
    fn start(self: &Arc<Self>) -> Result<(), KeyStoreError> {
        let runtime = Handle::try_current().map_err(KeyStoreError::unavailable)?;
        let now = Instant::now();
        let starts = self.state.send_if_modified(|state| {
            let starts = match state {
                State::Closed => true,
                State::Open(_) => false,
                State::Failed { at, .. } => now.duration_since(*at) >= BETWEEN_ATTEMPTS,
                // Its runtime is not driven any more.
                State::Opening { since } => now.duration_since(*since) > OPEN_LIMIT * 2,
            };
            if starts {
                *state = State::Opening { since: now };
            }
            starts
        });
        if starts {
            let attempt = Attempt(Arc::clone(self));
            runtime.spawn(async move {
                let shared = &attempt.0;
                let opened = ask(OPEN_LIMIT, || shared.stores.open(shared.url.clone())).await;
                attempt.end(match opened {
                    Ok(store) => State::Open(store),
                    Err(why) => State::Failed {
                        at: Instant::now(),
                        why,
                    },
                });
            });
        }
        Ok(())
    }
}

/// An attempt to open. Where its runtime ends before it does, another one may begin.
struct Attempt(Arc<Shared>);

impl Attempt {
    fn end(&self, ended: State) {
        self.0.state.send_if_modified(|state| {
            let is_running = matches!(state, State::Opening { .. });
            if is_running {
                *state = ended;
            }
            is_running
        });
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.end(State::Closed);
    }
}

impl KeyStore for LazyKeyStore {
    fn changes(&self, after: Revision, limit: usize) -> KeyStoreFuture<AsOf<KeyChanges>> {
        self.ask(move |store| store.changes(after, limit))
    }

    fn find(&self, lookup: KeyLookup) -> KeyStoreFuture<AsOf<Option<StoredKey>>> {
        self.ask(move |store| store.find(lookup))
    }

    fn list(&self, query: KeyQuery) -> KeyStoreFuture<AsOf<Page<StoredKey>>> {
        self.ask(move |store| store.list(query))
    }

    fn write(&self, write: KeyWrite) -> KeyStoreFuture<AsOf<Written>> {
        self.ask(move |store| store.write(write))
    }

    fn spend(&self, account: KeyId) -> KeyStoreFuture<AsOf<Spend>> {
        self.ask(move |store| store.spend(account))
    }

    fn touch(&self, uses: Vec<KeyUse>) -> KeyStoreFuture<()> {
        self.ask(move |store| store.touch(uses))
    }

    fn audit(&self, query: AuditQuery) -> KeyStoreFuture<AsOf<Page<AuditRecord>>> {
        self.ask(move |store| store.audit(query))
    }

    fn revocations(
        &self,
        after: Revision,
        limit: usize,
    ) -> KeyStoreFuture<AsOf<RevocationChanges>> {
        self.ask(move |store| store.revocations(after, limit))
    }

    fn renew_epoch(&self) -> KeyStoreFuture<Epoch> {
        self.ask(|store| store.renew_epoch())
    }

    /// Waits for the store to be open, and opens nothing.
    fn changed(&self) -> BoxFuture<()> {
        let shared = Arc::clone(&self.0);
        Box::pin(async move {
            let mut state = shared.state.subscribe();
            let open = state.wait_for(|state| matches!(state, State::Open(_)));
            let hint = match open.await.as_deref() {
                Ok(State::Open(store)) => store.changed(),
                _ => Box::pin(future::pending()),
            };
            hint.await;
        })
    }
}

fn given_up() -> KeyStoreError {
    KeyStoreError::unavailable("the key store could not be opened in time")
}

/// The time limit of an attempt. It is above those of the engines, whose words say more.
const OPEN_LIMIT: Duration = Duration::from_secs(15);
/// The pause after a failed attempt: every poll would try again, a wrong password too.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(1);
