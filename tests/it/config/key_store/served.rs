//! A server whose file is written anew, with its keys administered at `/keys`.

use axum::{Router, routing::any};
use tower_auth::{
    config::ReloadHandle, key_api::KeyApi, keys::ManagedKeys, revocations::Revocations,
    testing::ManualClock,
};

use super::kit::{Outside, show};
use crate::{common::answer::witness, config::reload::Rules};

/// A server that reads a file anew on command.
pub struct Served {
    pub outside: Outside,
    pub rules: Rules,
    pub app: Router,
    pub handle: ReloadHandle,
    pub keys: Option<ManagedKeys>,
    /// Those that the program took when it started.
    pub revocations: Option<Revocations>,
    pub clock: ManualClock,
}

impl Served {
    pub fn new(name: &str, text: &str) -> Self {
        let (outside, rules) = (Outside::new(), Rules::new(name, text));
        let clock = ManualClock::now();
        let config = outside.knows(rules.config()).with_clock(clock.clock());
        let setup = config.build().unwrap_or_else(|faults| panic!("{faults}"));
        let (keys, revocations) = (setup.managed_keys(), setup.revocations());
        let (layer, handle) = setup.into_reload_layer();
        let mut app = Router::new().route("/run", any(witness));
        if let Some(keys) = &keys {
            let api = KeyApi::new(keys.clone()).with_openapi_route();
            app = app.nest("/keys", api.into_router());
        }
        let app = app.layer(layer);
        Self {
            outside,
            rules,
            app,
            handle,
            keys,
            revocations,
            clock,
        }
    }

    pub fn reload(&self, text: &str) -> Result<(), String> {
        self.rules.write(text);
        let reloaded = self.handle.reload();
        reloaded.map(drop).map_err(|faults| faults.to_string())
    }

    pub async fn status(&self, key: &str) -> u16 {
        show(&self.app, key).await.status.as_u16()
    }

    pub fn polls(&self) -> usize {
        let calls = &self.outside.store.calls;
        calls.load(std::sync::atomic::Ordering::Relaxed)
    }
}

pub fn store(members: &str) -> String {
    format!("auth: {{key_store: {{url: 'memory:', prefix: sk{members}}}, realm: r}}")
}
