//! Another configuration between two requests.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::HeaderName;
use tower_layer::Layer;

use super::{
    AuthConfig, AuthSetup, ConfigFaults, ConfigSummary, WebhooksLayer,
    build::{Built, Former, Issuer, build},
    fault::{Faults, Place},
    node::At,
    source::Seen,
};
use crate::{
    ConfigErrorKind,
    auth::{AuthService, Swap},
    log::TARGET,
    provider::OAuth2Auth,
};

/// A layer whose rules a [`ReloadHandle`] replaces while it serves.
///
/// Made by [`AuthConfig::into_reload_layer`]; it goes where an
/// [`AuthLayer`](crate::AuthLayer) would.
#[derive(Clone)]
pub struct ReloadLayer {
    swap: Swap,
}

impl ReloadLayer {
    /// The headers that may hold a credential by the rules of now: see
    /// [`AuthLayer::credential_headers`](crate::AuthLayer::credential_headers).
    pub fn credential_headers(&self) -> Arc<[HeaderName]> {
        self.swap.credential_headers()
    }
}

impl<S> Layer<S> for ReloadLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        self.swap.service(inner)
    }
}

impl fmt::Debug for ReloadLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReloadLayer")
            .field("credential_headers", &self.credential_headers())
            .finish_non_exhaustive()
    }
}

/// Reads the configuration again and puts it in the place of the one before.
///
/// A good configuration holds from the next request on; a request that has begun ends under the
/// rules that it began with. Tokens that were remembered are forgotten, and the keys of an issuer
/// whose settings are the same are kept. A bad one is reported, and nothing changes.
///
/// Webhooks are replaced as well: their secrets, lists, settings and paths. What the webhook of a
/// path has handled stays known, so that a copy from before is not handled again, unless its
/// `scheme` or `user_id` is another one now. A delivery has begun when its head is there: one whose
/// body is slow is judged by the secrets of that time.
///
/// Which authorizer a file names is the program's wiring: changing that takes a restart. So does a
/// webhook in a program that never took [`AuthSetup::webhooks`].
///
/// # Example
///
/// ```
/// use tower_auth::config::AuthConfig;
///
/// # let file = std::env::temp_dir().join(format!("tower-auth-doc-{}.yaml", std::process::id()));
/// # std::fs::write(&file, "auth: {api_keys: [{name: ada, key: sk-live-9f}]}").unwrap();
/// let (layer, handle) = AuthConfig::from_file(&file).into_reload_layer()?;
/// // … on SIGHUP, say:
/// match handle.reload() {
///     Ok(summary) => println!("{summary}"),
///     Err(faults) => eprintln!("{faults}"),
/// }
/// # let _ = layer;
/// # std::fs::remove_file(&file).unwrap();
/// # Ok::<(), tower_auth::config::ConfigFaults>(())
/// ```
#[derive(Clone)]
pub struct ReloadHandle(Arc<Shared>);

struct Shared {
    config: AuthConfig,
    swap: Swap,
    webhooks: WebhooksLayer,
    has_place_for_webhooks: bool,
    state: Mutex<State>,
}

struct State {
    summary: ConfigSummary,
    authorizer: Option<String>,
    issuers: Vec<(Issuer, OAuth2Auth)>,
    /// The files, as they were when they were read last.
    seen: Vec<Seen>,
    /// The files as the watch found them changed, and not yet for the second time.
    looked: Option<Vec<Seen>>,
    /// What was reported last, so that a file that stays bad is reported once.
    reported: Option<String>,
}

impl ReloadHandle {
    pub(super) fn new(setup: AuthSetup) -> (ReloadLayer, Self) {
        let has_place_for_webhooks = setup.has_place_for_webhooks();
        let AuthSetup {
            config,
            built,
            seen,
            webhooks,
            ..
        } = setup;
        let swap = built.layer.into_swap();
        let handle = Self(Arc::new(Shared {
            config,
            swap: swap.clone(),
            webhooks,
            has_place_for_webhooks,
            state: Mutex::new(State {
                summary: built.summary,
                authorizer: built.authorizer.map(|(name, _)| name),
                issuers: built.issuers,
                seen,
                looked: None,
                reported: None,
            }),
        }));
        (ReloadLayer { swap }, handle)
    }

    /// What the configuration came to that holds now.
    pub fn summary(&self) -> ConfigSummary {
        self.0.lock().summary.clone()
    }

    /// Reads the configuration again, and returns once it holds.
    ///
    /// It reads files, so an async program may prefer to call it on a blocking thread.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, which is also logged, once for as long as it stays the
    /// same; the rules from before stay.
    pub fn reload(&self) -> Result<ConfigSummary, ConfigFaults> {
        self.0.reload(&mut self.0.lock())
    }

    /// Reads the configuration again if one of its files holds something else than the last time.
    ///
    /// # Errors
    ///
    /// As [`reload`](Self::reload).
    pub fn reload_if_changed(&self) -> Result<Option<ConfigSummary>, ConfigFaults> {
        let mut state = self.0.lock();
        if state.look() == state.seen {
            return Ok(None);
        }
        self.0.reload(&mut state).map(Some)
    }

    /// The same once the files have held that for two looks: one that is being written is left
    /// alone.
    fn reload_if_settled(&self) {
        let mut state = self.0.lock();
        let now = state.look();
        if now == state.seen {
            state.looked = None;
        } else if state.looked.as_ref() == Some(&now) {
            state.looked = None;
            // It is logged.
            let _reported = self.0.reload(&mut state);
        } else {
            state.looked = Some(now);
        }
    }

    /// Looks at the files every so often, on a task of the Tokio runtime, until the [`Watch`] is
    /// dropped. What it finds is in the log.
    ///
    /// A change holds once two looks in a row have found the same, so that a file that is being
    /// written is not read by halves.
    ///
    /// The content is compared and not the time of the file, so that links which are put elsewhere
    /// are seen as well.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    #[must_use = "the watch ends when this is dropped"]
    pub fn watch(&self, every: Duration) -> Watch {
        let shared = Arc::downgrade(&self.0);
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                let Some(shared) = shared.upgrade() else {
                    return;
                };
                // It reads files. What it found is logged, and a panic of it is nothing to end for.
                let look = move || Self(shared).reload_if_settled();
                let _panicked = tokio::task::spawn_blocking(look).await;
            }
        });
        Watch(task)
    }
}

impl State {
    fn look(&self) -> Vec<Seen> {
        self.seen.iter().map(Seen::again).collect()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A build that panicked has changed nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reload(&self, state: &mut State) -> Result<ConfigSummary, ConfigFaults> {
        let mut seen = Vec::new();
        let former_webhooks = self.webhooks.table();
        let former = Former {
            issuers: &state.issuers,
            webhooks: Some(&former_webhooks),
        };
        let built = build(&self.config, former, &mut seen)
            .and_then(|built| self.with_same_wiring(built, state));
        state.seen = seen;
        match built {
            Ok(built) => {
                state.issuers = built.issuers;
                state.reported = None;
                // In between, what only one of the two knows is refused.
                self.webhooks.put(built.webhooks);
                built.layer.put_into(&self.swap);
                built.summary.log();
                state.summary = built.summary.clone();
                Ok(built.summary)
            }
            Err(faults) => {
                let report = faults.to_string();
                if state.reported.as_ref() != Some(&report) {
                    tracing::error!(
                        target: TARGET,
                        source = %self.config.source.name(),
                        faults = %report,
                        "the configuration is at fault: the one from before stays"
                    );
                    state.reported = Some(report);
                }
                Err(faults)
            }
        }
    }

    /// What the program put together when it started cannot be changed by a file.
    fn with_same_wiring(&self, built: Built, state: &State) -> Result<Built, ConfigFaults> {
        let mut faults = Faults::of(self.config.source.name());
        let name = built.authorizer.as_ref().map(|(name, _)| name);
        if name != state.authorizer.as_ref() {
            let place = Place::new("authorization", At::File);
            let message = "another authorizer than before is named: that takes a restart";
            faults.add(ConfigErrorKind::Conflict, &place, message);
        }
        if !built.webhooks.is_empty() && !self.has_place_for_webhooks {
            faults.add_homeless_webhooks();
        }
        match faults.len() {
            0 => Ok(built),
            _ => faults.finish(None),
        }
    }
}

impl fmt::Debug for ReloadHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReloadHandle")
            .field("source", &self.0.config.source.name())
            .finish_non_exhaustive()
    }
}

/// A task that looks for changes until this is dropped: made by [`ReloadHandle::watch`].
#[derive(Debug)]
pub struct Watch(tokio::task::JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}
