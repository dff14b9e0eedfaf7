//! How many requests of a caller run at the same time.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use foldhash::fast::RandomState;

use crate::seed::Seed;

/// The running requests of each caller who has any, so that there are no more entries than requests.
pub(super) struct Running {
    most: u32,
    seed: Seed,
    shards: [Mutex<HashMap<u128, u32, RandomState>>; SHARDS],
}

impl Running {
    pub(super) fn new(most: u32) -> Self {
        Self {
            most,
            seed: Seed::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    pub(super) fn most(&self) -> u32 {
        self.most
    }

    pub(super) fn seed(&self) -> &Seed {
        &self.seed
    }

    /// A place for one more request of that caller, if there is one.
    pub(super) fn start(self: &Arc<Self>, caller: u128) -> Option<RunPermit> {
        let mut running = self.lock(caller);
        let of_caller = running.entry(caller).or_default();
        if *of_caller >= self.most {
            return None;
        }
        *of_caller = of_caller.saturating_add(1);
        let run = Arc::new(Run {
            running: Arc::clone(self),
            caller,
        });
        Some(RunPermit { run, _outer: None })
    }

    fn lock(&self, caller: u128) -> MutexGuard<'_, HashMap<u128, u32, RandomState>> {
        let number = usize::try_from(caller % SHARDS as u128).unwrap_or_default();
        let shard = self.shards.get(number).unwrap_or(&self.shards[0]);
        // No step between two statements leaves it half-changed.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a running request. It is free again when the last clone is dropped.
///
/// The response holds one until its body has ended, and one is among the request's extensions: a
/// handler whose work goes on after that, such as one that upgrades to a WebSocket, takes it along. Of
/// several layers that bound running requests, it holds the places of all.
///
/// # Example
///
/// ```
/// use axum::{Extension, extract::ws::WebSocketUpgrade, response::Response};
/// use tower_auth::throttle::RunPermit;
///
/// async fn chat(upgrade: WebSocketUpgrade, permit: Extension<RunPermit>) -> Response {
///     upgrade.on_upgrade(async move |mut socket| {
///         let _permit = permit; // until the socket is closed
///         while let Some(Ok(message)) = socket.recv().await {
///             if socket.send(message).await.is_err() {
///                 break;
///             }
///         }
///     })
/// }
/// # let _ = chat;
/// ```
#[derive(Clone)]
pub struct RunPermit {
    run: Arc<Run>,
    /// The place that a layer outside of this one gave.
    _outer: Option<Arc<RunPermit>>,
}

impl RunPermit {
    /// Holds that place too, so that a handler which takes this one along takes both.
    pub(super) fn within(self, outer: Option<Self>) -> Self {
        Self {
            _outer: outer.map(Arc::new),
            ..self
        }
    }

    /// What a response holds.
    pub(super) fn into_guard(self) -> Arc<dyn Send + Sync> {
        self.run
    }
}

impl fmt::Debug for RunPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunPermit").finish_non_exhaustive()
    }
}

struct Run {
    running: Arc<Running>,
    caller: u128,
}

impl Drop for Run {
    fn drop(&mut self) {
        let mut running = self.running.lock(self.caller);
        if let Some(of_caller) = running.get_mut(&self.caller) {
            *of_caller = of_caller.saturating_sub(1);
            if *of_caller == 0 {
                running.remove(&self.caller);
            }
        }
    }
}

const SHARDS: usize = 16;
