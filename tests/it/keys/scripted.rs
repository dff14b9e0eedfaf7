//! A store that carries a call out, and answers it, when the test says so.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU8, Ordering},
};

use tokio::sync::{Notify, Semaphore};
use tower_auth::{
    answer::BoxFuture,
    keys::{
        AsOf, AuditQuery, AuditRecord, Epoch, KeyChanges, KeyId, KeyLookup, KeyQuery, KeyStore,
        KeyStoreError, KeyStoreFuture, KeyUse, KeyWrite, MemoryKeyStore, Page, Revision, Spend,
        StoredKey, Written,
    },
};

/// The calls that can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Changes,
    Write,
    /// A look-up by a digest; one by an id is an administrator's, and is never held.
    Find,
}

#[derive(Clone)]
pub struct Scripted {
    /// The history that the store has now: a restored backup is another one.
    history: Arc<Mutex<MemoryKeyStore>>,
    script: Arc<Mutex<Script>>,
    hint: Arc<Notify>,
}

#[derive(Default)]
struct Script {
    held: Vec<Kind>,
    failing: Vec<Kind>,
    calls: Vec<Call>,
    finds: usize,
}

/// A call that is held.
#[derive(Clone)]
pub struct Call {
    kind: Kind,
    permits: Arc<Semaphore>,
    stage: Arc<AtomicU8>,
}

impl Call {
    /// Carries the call out, if it was not yet.
    pub async fn execute(&self) {
        if self.stage() == 0 {
            self.step().await;
        }
        assert_eq!(self.stage(), 1, "{:?} was carried out", self.kind);
    }

    /// Lets the answer come, of a call that was carried out.
    pub async fn answer(&self) {
        self.execute().await;
        self.step().await;
        assert_eq!(self.stage(), 2, "{:?} was answered", self.kind);
    }

    /// One step: it is carried out, or its answer comes.
    pub async fn step(&self) {
        self.permits.add_permits(1);
        settle().await;
    }

    /// The number of steps that were taken.
    pub fn stage(&self) -> u8 {
        self.stage.load(Ordering::SeqCst)
    }
}

/// Lets every task run until it waits.
pub async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

impl Scripted {
    pub fn new(history: MemoryKeyStore) -> Self {
        Self {
            history: Arc::new(Mutex::new(history)),
            script: Arc::default(),
            hint: Arc::default(),
        }
    }

    pub fn restore(&self, backup: MemoryKeyStore) {
        *self.history.lock().unwrap() = backup;
    }

    pub fn history(&self) -> MemoryKeyStore {
        self.history.lock().unwrap().clone()
    }

    pub fn hold(&self, kinds: &[Kind]) {
        self.script.lock().unwrap().held = kinds.to_vec();
    }

    pub fn fail(&self, kinds: &[Kind]) {
        self.script.lock().unwrap().failing = kinds.to_vec();
    }

    /// Says that there may be a change, so that the replica asks.
    pub fn hint(&self) {
        self.hint.notify_one();
    }

    /// The number of keys that were looked up by their digests.
    pub fn finds(&self) -> usize {
        self.script.lock().unwrap().finds
    }

    /// The oldest held call of a kind that was not answered.
    pub fn pending(&self, kind: Kind) -> Option<Call> {
        let mut script = self.script.lock().unwrap();
        // A call whose future was dropped is over.
        let is_open = |call: &Call| call.stage() < 2 && Arc::strong_count(&call.permits) > 1;
        script.calls.retain(is_open);
        script.calls.iter().find(|call| call.kind == kind).cloned()
    }

    /// Waits for a held call of a kind.
    pub async fn next(&self, kind: Kind) -> Call {
        for _ in 0..1_000 {
            settle().await;
            if let Some(call) = self.pending(kind) {
                return call;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("no call of {kind:?} came");
    }

    fn call<T: Send + 'static>(
        &self,
        kind: Kind,
        work: impl FnOnce(&MemoryKeyStore) -> KeyStoreFuture<T> + Send + 'static,
    ) -> KeyStoreFuture<T> {
        let call = Call {
            kind,
            permits: Arc::new(Semaphore::new(0)),
            stage: Arc::default(),
        };
        let (is_held, is_failing) = {
            let mut script = self.script.lock().unwrap();
            script.finds += usize::from(kind == Kind::Find);
            let is_held = script.held.contains(&kind);
            if is_held {
                script.calls.push(call.clone());
            }
            (is_held, script.failing.contains(&kind))
        };
        let history = Arc::clone(&self.history);
        Box::pin(async move {
            if is_held {
                call.permits.acquire().await.unwrap().forget();
            }
            if is_failing {
                return Err(KeyStoreError::unavailable("the store is away"));
            }
            let work = work(&history.lock().unwrap());
            let answer = work.await;
            if is_held {
                call.stage.store(1, Ordering::SeqCst);
                call.permits.acquire().await.unwrap().forget();
                call.stage.store(2, Ordering::SeqCst);
            }
            answer
        })
    }
}

impl KeyStore for Scripted {
    fn changes(&self, after: Revision, limit: usize) -> KeyStoreFuture<AsOf<KeyChanges>> {
        self.call(Kind::Changes, move |store| store.changes(after, limit))
    }

    fn find(&self, lookup: KeyLookup) -> KeyStoreFuture<AsOf<Option<StoredKey>>> {
        match lookup {
            KeyLookup::Digest(_) => self.call(Kind::Find, move |store| store.find(lookup)),
            _ => self.history().find(lookup),
        }
    }

    fn list(&self, query: KeyQuery) -> KeyStoreFuture<AsOf<Page<StoredKey>>> {
        self.history().list(query)
    }

    fn write(&self, write: KeyWrite) -> KeyStoreFuture<AsOf<Written>> {
        self.call(Kind::Write, move |store| store.write(write))
    }

    fn spend(&self, account: KeyId) -> KeyStoreFuture<AsOf<Spend>> {
        self.history().spend(account)
    }

    fn touch(&self, uses: Vec<KeyUse>) -> KeyStoreFuture<()> {
        self.history().touch(uses)
    }

    fn audit(&self, query: AuditQuery) -> KeyStoreFuture<AsOf<Page<AuditRecord>>> {
        self.history().audit(query)
    }

    fn renew_epoch(&self) -> KeyStoreFuture<Epoch> {
        self.history().renew_epoch()
    }

    fn changed(&self) -> BoxFuture<()> {
        let hint = Arc::clone(&self.hint);
        Box::pin(async move { hint.notified().await })
    }
}
