//! Keys in a store that stops, fails and counts on command.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::Router;
use tokio::sync::Semaphore;
use tower_auth::{
    AuthContext, AuthLayer, Secret,
    answer::BoxFuture,
    keys::{
        AsOf, AuditQuery, AuditRecord, Epoch, KeyChanges, KeyId, KeyLookup, KeyQuery, KeyRequest,
        KeyStore, KeyStoreError, KeyStoreFuture, KeyUse, KeyWrite, MadeKey, ManagedKeys,
        MemoryKeyStore, Page, Revision, RevocationChanges, Spend, StoredKey, Written,
    },
    provider::AuthProvider,
    testing::ManualClock,
};

use crate::common::answer::{Answer, guarded, run};

/// A store whose answers come when the test says so.
#[derive(Clone)]
pub struct Stopped {
    pub inner: MemoryKeyStore,
    mood: Arc<Mutex<Mood>>,
    /// How many answers of the feed may come while it is held back.
    pub permits: Arc<Semaphore>,
    /// How many answers of the feed were read, and wait.
    pub read: Arc<Semaphore>,
    pub calls: Arc<AtomicUsize>,
    pub touched: Arc<Mutex<Vec<KeyUse>>>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Mood {
    Well,
    Failing,
    Hanging,
    /// Reads the feed at once and answers when it is let.
    HoldingBack,
    Panicking,
    /// Carries changes out when it is let.
    HoldingWrites,
    /// Takes uses and never answers.
    HangingTouches,
    /// Knows its keys and no credits.
    WithoutAccounts,
}

impl Stopped {
    pub fn new() -> Self {
        Self::of(MemoryKeyStore::new().unwrap())
    }

    pub fn of(inner: MemoryKeyStore) -> Self {
        Self {
            inner,
            mood: Arc::new(Mutex::new(Mood::Well)),
            permits: Arc::new(Semaphore::new(0)),
            read: Arc::new(Semaphore::new(0)),
            calls: Arc::default(),
            touched: Arc::default(),
        }
    }

    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn answer<T: Send + 'static>(&self, answer: KeyStoreFuture<T>) -> KeyStoreFuture<T> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Failing => {
                Box::pin(async { Err(KeyStoreError::unavailable("the store is away")) })
            }
            Mood::Hanging => Box::pin(std::future::pending()),
            Mood::Panicking => panic!("a store that panics"),
            _ => answer,
        }
    }
}

impl KeyStore for Stopped {
    fn changes(&self, after: Revision, limit: usize) -> KeyStoreFuture<AsOf<KeyChanges>> {
        let answer = self.answer(self.inner.changes(after, limit));
        if *self.mood.lock().unwrap() != Mood::HoldingBack {
            return answer;
        }
        let (permits, read) = (Arc::clone(&self.permits), Arc::clone(&self.read));
        Box::pin(async move {
            let answer = answer.await;
            read.add_permits(1);
            permits.acquire().await.unwrap().forget();
            answer
        })
    }

    fn find(&self, lookup: KeyLookup) -> KeyStoreFuture<AsOf<Option<StoredKey>>> {
        self.answer(self.inner.find(lookup))
    }

    fn list(&self, query: KeyQuery) -> KeyStoreFuture<AsOf<Page<StoredKey>>> {
        self.answer(self.inner.list(query))
    }

    fn write(&self, write: KeyWrite) -> KeyStoreFuture<AsOf<Written>> {
        if *self.mood.lock().unwrap() != Mood::HoldingWrites {
            return self.answer(self.inner.write(write));
        }
        let store = self.clone();
        Box::pin(async move {
            store.read.add_permits(1);
            store.permits.acquire().await.unwrap().forget();
            store.inner.write(write).await
        })
    }

    fn spend(&self, account: KeyId) -> KeyStoreFuture<AsOf<Spend>> {
        match *self.mood.lock().unwrap() {
            Mood::Well => return self.inner.spend(account),
            Mood::WithoutAccounts => return self.inner.spend(KeyId::new("")),
            _ => {}
        }
        self.answer(Box::pin(async {
            Err(KeyStoreError::unavailable("never asked"))
        }))
    }

    fn touch(&self, uses: Vec<KeyUse>) -> KeyStoreFuture<()> {
        self.touched.lock().unwrap().extend(uses.iter().cloned());
        if *self.mood.lock().unwrap() == Mood::HangingTouches {
            self.read.add_permits(1);
            return Box::pin(std::future::pending());
        }
        self.inner.touch(uses)
    }

    fn audit(&self, query: AuditQuery) -> KeyStoreFuture<AsOf<Page<AuditRecord>>> {
        self.answer(self.inner.audit(query))
    }

    fn revocations(
        &self,
        after: Revision,
        limit: usize,
    ) -> KeyStoreFuture<AsOf<RevocationChanges>> {
        self.answer(self.inner.revocations(after, limit))
    }

    fn renew_epoch(&self) -> KeyStoreFuture<Epoch> {
        self.inner.renew_epoch()
    }

    fn changed(&self) -> BoxFuture<()> {
        // Without hints, so that only the clock and the test make it ask.
        Box::pin(std::future::pending())
    }
}

pub fn keys() -> ManagedKeys {
    ManagedKeys::new(MemoryKeyStore::new().unwrap(), "sk").unwrap()
}

/// Keys on a store, read once, on a clock that stands still.
pub async fn opened(store: &Stopped, clock: &ManualClock) -> ManagedKeys {
    let keys = ManagedKeys::new(store.clone(), "sk").unwrap();
    let keys = keys.with_clock(clock.clock());
    keys.open().await.unwrap();
    keys
}

pub async fn make(keys: &ManagedKeys, request: KeyRequest) -> MadeKey {
    keys.as_operator("ada").create(request).await.unwrap()
}

pub async fn make_named(keys: &ManagedKeys, name: &str) -> MadeKey {
    make(keys, KeyRequest::new(name).with_scopes(["files:read"])).await
}

pub fn app(provider: impl AuthProvider) -> Router {
    guarded(AuthLayer::new(provider))
}

pub async fn show(app: &Router, key: &MadeKey) -> Answer {
    show_secret(app, key.secret().unwrap()).await
}

pub async fn show_secret(app: &Router, secret: &Secret) -> Answer {
    show_text(app, secret.expose()).await
}

pub async fn show_text(app: &Router, text: &str) -> Answer {
    run(app, &[("x-api-key", text.as_bytes())]).await
}

/// The caller that a key lets in.
pub async fn caller(keys: &ManagedKeys, key: &MadeKey) -> AuthContext {
    let answer = show(&app(keys.clone()), key).await;
    answer.seen().context.clone().expect("it is accepted")
}

pub fn id(key: &MadeKey) -> &KeyId {
    key.key().record().id()
}

pub const JWT_SECRET: &str = "a secret of thirty-two bytes ….";

/// A token of an issuer that signs with [`JWT_SECRET`].
pub fn token(subject: &str, scope: &str) -> String {
    let now = ManualClock::now().unix();
    let claims = serde_json::json!({"sub": subject, "scope": scope, "iat": now, "exp": now + 600});
    let key = jsonwebtoken::EncodingKey::from_secret(JWT_SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
}
