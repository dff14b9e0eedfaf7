//! A layer with revocations, whose store stops, fails and forgets on command.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tower_auth::{
    AuthLayer, Principal,
    answer::BoxFuture,
    jose::Algorithm,
    keys::{
        AsOf, KeyAdminError, Revision, Revocation, RevocationChanges, RevocationEntry,
        StoredRevocation,
    },
    provider::{AuthProvider, JwtAuth},
    revocations::{
        MemoryRevocationStore, RevocationStore, RevocationStoreError, RevocationStoreFuture,
        RevocationWrite, Revocations, Revoked,
    },
    testing::ManualClock,
};

use crate::common::{
    answer::{guarded, run},
    jose,
};

pub const NOW: u64 = jose::NOW;
pub const ISSUER: &str = "https://issuer.example";

/// A store whose answers come when the test says so.
#[derive(Clone)]
pub struct Scripted {
    inner: Arc<Mutex<MemoryRevocationStore>>,
    clock: ManualClock,
    mood: Arc<Mutex<Mood>>,
    /// How many answers of the feed may come while it is held back.
    pub permits: Arc<Semaphore>,
    /// How many answers of the feed were read, and wait.
    pub read: Arc<Semaphore>,
    pub restored: Arc<AtomicUsize>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Mood {
    Well,
    Failing,
    Hanging,
    Panicking,
    /// Reads the feed at once and answers when it is let.
    HoldingBack,
    /// Has no marker, until somebody writes one.
    WithoutMarker,
}

impl Scripted {
    pub fn new(clock: &ManualClock) -> Self {
        Self {
            inner: Arc::new(Mutex::new(fresh(clock))),
            clock: clock.clone(),
            mood: Arc::new(Mutex::new(Mood::Well)),
            permits: Arc::new(Semaphore::new(0)),
            read: Arc::new(Semaphore::new(0)),
            restored: Arc::default(),
        }
    }

    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// Forgets everything, and has another epoch.
    pub fn forget(&self) {
        *self.inner.lock().unwrap() = fresh(&self.clock);
    }

    /// What the store holds now.
    pub async fn entries(&self) -> Vec<RevocationEntry> {
        let page = self.inner().changes(Revision::ZERO, 10_000).await.unwrap();
        let changes = page.value.changes.into_iter();
        changes.map(|stored| stored.entry).collect()
    }

    fn inner(&self) -> MemoryRevocationStore {
        self.inner.lock().unwrap().clone()
    }

    fn answer<T: Send + 'static>(
        &self,
        answer: RevocationStoreFuture<T>,
    ) -> RevocationStoreFuture<T> {
        // The lock is given back before anything panics.
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Well | Mood::HoldingBack => answer,
            Mood::Failing => {
                Box::pin(async { Err(RevocationStoreError::unavailable("it is away")) })
            }
            Mood::Hanging => Box::pin(std::future::pending()),
            Mood::Panicking => panic!("a store that panics"),
            Mood::WithoutMarker => Box::pin(async { Err(RevocationStoreError::Lost) }),
        }
    }
}

fn fresh(clock: &ManualClock) -> MemoryRevocationStore {
    let store = MemoryRevocationStore::new().unwrap();
    store.with_clock(clock.clock())
}

impl RevocationStore for Scripted {
    fn changes(
        &self,
        after: Revision,
        limit: usize,
    ) -> RevocationStoreFuture<AsOf<RevocationChanges>> {
        let answer = self.answer(self.inner().changes(after, limit));
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

    fn add(&self, write: RevocationWrite) -> RevocationStoreFuture<AsOf<StoredRevocation>> {
        self.answer(self.inner().add(write))
    }

    fn restore(&self, held: Vec<RevocationEntry>) -> RevocationStoreFuture<()> {
        self.restored.fetch_add(held.len(), Ordering::Relaxed);
        if *self.mood.lock().unwrap() == Mood::WithoutMarker {
            self.is(Mood::Well);
        }
        self.answer(self.inner().restore(held))
    }

    fn changed(&self) -> BoxFuture<()> {
        // Without hints, so that only the clock and the test make it ask.
        Box::pin(std::future::pending())
    }
}

/// One process: its revocations, and an app behind them that takes tokens.
pub struct Process {
    pub revocations: Revocations,
    pub app: Router,
}

pub struct World {
    pub clock: ManualClock,
    pub store: Scripted,
}

impl World {
    pub fn new() -> Self {
        let clock = ManualClock::at_unix(NOW);
        let store = Scripted::new(&clock);
        Self { clock, store }
    }

    pub fn revocations(&self) -> Revocations {
        Revocations::new(self.store.clone()).with_clock(self.clock.clock())
    }

    pub fn tokens(&self) -> JwtAuth {
        unissued()
            .with_issuer(ISSUER)
            .with_clock(self.clock.clock())
    }

    pub fn process(&self) -> Process {
        self.process_with(self.revocations())
    }

    pub fn process_with(&self, revocations: Revocations) -> Process {
        Process::of(revocations, self.tokens())
    }

    /// Moves both clocks on: that of the tests and that of the runtime, which polls meanwhile.
    pub async fn pass(&self, time: Duration) {
        let mut left = time;
        while !left.is_zero() {
            let step = left.min(Duration::from_secs(1));
            tokio::time::sleep(step).await;
            self.clock.advance(step);
            left -= step;
        }
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
}

/// Accepts tokens of every issuer.
pub fn unissued() -> JwtAuth {
    JwtAuth::new(jose::key(Algorithm::HS256))
        .with_audience("my-agent")
        .with_clock(ManualClock::at_unix(NOW).clock())
}

impl Process {
    pub fn of(revocations: Revocations, provider: impl AuthProvider) -> Self {
        let layer = AuthLayer::new(provider).revocations(&revocations);
        let app = guarded(layer);
        Self { revocations, app }
    }

    pub async fn revoke(&self, revocation: Revocation) -> Revoked {
        self.try_revoke(revocation).await.unwrap()
    }

    pub async fn try_revoke(&self, revocation: Revocation) -> Result<Revoked, KeyAdminError> {
        self.revocations
            .as_operator("root")
            .revoke(revocation)
            .await
    }

    pub async fn status(&self, token: &str) -> u16 {
        status(&self.app, token).await
    }
}

pub async fn status(app: &Router, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    let answer = run(app, &[("authorization", bearer.as_bytes())]).await;
    answer.status.as_u16()
}

/// A token of ada that lives for an hour, with further claims; null removes one.
pub fn token(further: Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "sub": "ada", "aud": "my-agent", "iat": NOW, "exp": NOW + 3_600, "jti": "t-1",
    });
    for (name, value) in further.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims
                .as_object_mut()
                .unwrap()
                .insert(name.clone(), value.clone()),
        };
    }
    raw_token(&claims.to_string())
}

pub fn raw_token(claims: &str) -> String {
    jose::token(Algorithm::HS256, r#"{"alg":"HS256"}"#, claims)
}

pub fn ada() -> Principal<'static> {
    Principal::new("jwt", Some(ISSUER), "ada")
}

pub fn of_token(jti: &str) -> Revocation {
    Revocation::token(ISSUER, jti)
}
