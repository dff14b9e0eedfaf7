//! Files with a key store that opens, fails and counts on command.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::Router;
use tower_auth::{
    config::{AuthConfig, AuthSetup, ConfigFaults},
    keys::{KeyRequest, KeyStore, KeyStoreError, KeyStoreFuture, KeyStoreUrl, ManagedKeys},
};

use crate::{
    common::answer::{Answer, guarded, run},
    config::files::yaml,
    keys::kit::{Mood, Stopped, make},
};

pub const PLAIN: &str = "auth: {key_store: {url: 'memory:keys', prefix: sk}}";

/// A store beside the file, and what opens it.
#[derive(Clone)]
pub struct Outside {
    pub store: Stopped,
    mood: Arc<Mutex<Mood>>,
    opened: Arc<AtomicUsize>,
}

impl Outside {
    pub fn new() -> Self {
        Self {
            store: Stopped::new(),
            mood: Arc::new(Mutex::new(Mood::Well)),
            opened: Arc::default(),
        }
    }

    /// How the next attempt to open it goes.
    pub fn opens(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// How often it was tried to open it.
    pub fn attempts(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }

    /// The document, with what opens `memory:`.
    pub fn reads(&self, text: &str) -> AuthConfig {
        self.knows(yaml(text))
    }

    pub fn knows(&self, config: AuthConfig) -> AuthConfig {
        let outside = self.clone();
        config.register_key_store("memory", move |url| outside.open(url))
    }

    pub fn build(&self, text: &str) -> AuthSetup {
        let built = self.reads(text).build();
        built.unwrap_or_else(|faults| panic!("{faults}"))
    }

    pub fn app(&self, text: &str) -> Router {
        guarded(self.build(text).into_layer())
    }

    pub fn faults(&self, text: &str) -> ConfigFaults {
        self.reads(text).build().expect_err("it must not build")
    }

    fn open(&self, _: KeyStoreUrl) -> KeyStoreFuture<Arc<dyn KeyStore>> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let store = self.store.clone();
        match *self.mood.lock().unwrap() {
            Mood::Failing => Box::pin(async {
                Err(KeyStoreError::unavailable(
                    "the server is away: start it, or mend the URL",
                ))
            }),
            Mood::Hanging => Box::pin(std::future::pending()),
            Mood::Panicking => panic!("an opener that panics"),
            _ => Box::pin(async move { Ok(Arc::new(store) as Arc<dyn KeyStore>) }),
        }
    }

    /// A key that another process made.
    pub async fn key(&self, prefix: &str) -> String {
        let keys = ManagedKeys::new(self.store.inner.clone(), prefix).unwrap();
        let request = KeyRequest::new("ci").with_scopes(["files:read"]);
        let made = make(&keys, request).await;
        made.secret().unwrap().expose().to_owned()
    }
}

pub async fn show(app: &Router, key: &str) -> Answer {
    run(app, &[("x-api-key", key.as_bytes())]).await
}

pub async fn bearer(app: &Router, key: &str) -> Answer {
    let value = format!("Bearer {key}");
    run(app, &[("authorization", value.as_bytes())]).await
}

/// The status of the last of many requests, once one is answered so.
pub async fn until(app: &Router, key: &str, status: u16) {
    for _ in 0..500 {
        if show(app, key).await.status == status {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(show(app, key).await.status, status);
}
