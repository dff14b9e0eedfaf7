//! Hot reload: replaces a running layer's rules.

mod administered;
mod layer;
mod wiring;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

pub use self::layer::ReloadLayer;
use super::{
    AuthConfig, AuthSetup, ConfigFaults, ConfigSummary,
    assemble::{Built, Former, Kept, assemble},
    shape::mcp::Mcp,
    source::{FileDigest, FileState},
};
use crate::{auth::ReplaceableCore, clock::from_unix, log::TARGET, webhook::WebhookRoutes};

/// Reads the configuration again and puts it in the place of the one before.
///
/// A good configuration holds from the next request on; a request that has begun ends under the
/// rules that it began with. Tokens that were remembered are forgotten, and the keys of an issuer
/// whose settings are the same are kept. A bad one is reported, and nothing changes: the rules from
/// before stay until the file is mended, also those that it was meant to take away. For as long as
/// that lasts, [`stale_since`](Self::stale_since) says so, and the log once a minute if the file is
/// watched.
///
/// One narrowing needs no good file: where `api_keys` is an empty list, or has nothing after it, every
/// key is refused from then on, and the log has a warning. (A server does not start with such a file.)
///
/// Webhooks are replaced as well: their secrets, lists, settings and paths. What the webhook of a
/// path has handled stays known, so that a copy from before is not handled again, unless its
/// `scheme` or `user_id` is another one now. A delivery has begun when its head is there: one whose
/// body is slow is judged by the secrets of that time.
///
/// Which authorizer a file names is the program's wiring: changing that takes a restart. So does the
/// first webhook of a program that has the layer alone, and not those of
/// [`AuthSetup::into_reload_layers`].
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

/// Whether a program has put the routes of the webhooks around its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HasWebhookRoutes {
    Yes,
    No,
}

struct Shared {
    config: AuthConfig,
    swap: ReplaceableCore,
    webhooks: WebhookRoutes,
    has_webhook_routes: HasWebhookRoutes,
    state: Mutex<State>,
}

struct State {
    summary: ConfigSummary,
    authorizer: Option<String>,
    /// The MCP server whose layer the program took.
    mcp: Option<Mcp>,
    kept: Kept,
    /// The files, as they were when they were read last.
    files: Vec<FileDigest>,
    /// The files as the watch found them changed, and in how many further looks they stood still.
    looked: Option<(Vec<FileState>, u32)>,
    /// Where the files are at fault: what holds is older than they are.
    stale: Option<Stale>,
}

struct Stale {
    /// In seconds since the Unix epoch.
    since: u64,
    /// What was reported last, so that a file that stays bad is reported once.
    report: String,
    /// When the log said so last.
    said_at: Instant,
}

impl ReloadHandle {
    pub(super) fn new(
        setup: AuthSetup,
        has_webhook_routes: HasWebhookRoutes,
    ) -> (ReloadLayer, WebhookRoutes, Self) {
        let AuthSetup {
            config,
            built,
            files,
            mcp,
        } = setup;
        let swap = built.layer.into_replaceable();
        let handle = Self(Arc::new(Shared {
            config,
            swap: swap.clone(),
            webhooks: built.webhooks.clone(),
            has_webhook_routes,
            state: Mutex::new(State {
                summary: built.summary,
                authorizer: built.authorizer.map(|named| named.name),
                mcp,
                kept: built.kept,
                files,
                looked: None,
                stale: None,
            }),
        }));
        (ReloadLayer::new(swap), built.webhooks, handle)
    }

    /// What the configuration came to that holds now.
    pub fn summary(&self) -> ConfigSummary {
        self.0.lock().summary.clone()
    }

    pub(super) fn kept<T>(&self, read: impl FnOnce(&Kept) -> T) -> T {
        read(&self.0.lock().kept)
    }

    /// Since when the files are at fault and not in force: `None` where what they say holds.
    ///
    /// It is the time of the first [`reload`](Self::reload) that failed since the last good one, by
    /// the configuration's clock, in whole seconds. A program may show it where it is asked for its
    /// health: a key that was taken out of the file lets in until the file is good.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::config::AuthConfig;
    ///
    /// # let file = std::env::temp_dir().join(format!("tower-auth-stale-{}.yaml", std::process::id()));
    /// # std::fs::write(&file, "auth: {api_keys: [{name: ada, key: sk-live-9f}]}").unwrap();
    /// let (layer, handle) = AuthConfig::from_file(&file).into_reload_layer()?;
    /// assert!(handle.stale_since().is_none());
    /// std::fs::write(&file, "auth: {api_kyes: []}").unwrap();
    /// assert!(handle.reload().is_err());
    /// assert!(handle.stale_since().is_some());
    /// # let _ = layer;
    /// # std::fs::remove_file(&file).unwrap();
    /// # Ok::<(), tower_auth::config::ConfigFaults>(())
    /// ```
    pub fn stale_since(&self) -> Option<SystemTime> {
        let state = self.0.lock();
        from_unix(state.stale.as_ref()?.since)
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
        let mut state = self.0.lock();
        let (built, files) = self.0.build(&state);
        self.0.take(&mut state, built, files)
    }

    /// Reads the configuration again if one of its files holds something else than the last time.
    ///
    /// A file that stays bad is said to be so once a minute in the log, where this is called as
    /// often.
    ///
    /// # Errors
    ///
    /// As [`reload`](Self::reload).
    pub fn reload_if_changed(&self) -> Result<Option<ConfigSummary>, ConfigFaults> {
        let mut state = self.0.lock();
        if state
            .files
            .iter()
            .map(FileDigest::reread)
            .eq(state.files.iter().cloned())
        {
            self.0.remind(&mut state);
            return Ok(None);
        }
        let (built, files) = self.0.build(&state);
        self.0.take(&mut state, built, files).map(Some)
    }

    /// Like [`reload_if_changed`](Self::reload_if_changed), once the files have stood still for
    /// [`STILL`] looks. Whether it wants to look again soon.
    fn reload_if_settled(&self) -> bool {
        let mut state = self.0.lock();
        let now: Vec<FileState> = state.files.iter().map(FileDigest::state).collect();
        if now.iter().map(|state| &state.digest).eq(&state.files) {
            state.looked = None;
            self.0.remind(&mut state);
            return false;
        }
        let still = match state.looked.take() {
            Some((before, still)) if before == now => still.saturating_add(1),
            _ => 0,
        };
        if still < STILL {
            state.looked = Some((now, still));
            return true;
        }
        let (built, files) = self.0.build(&state);
        let is_same = |file: &FileDigest| now.iter().all(|state| state.digest.agrees(file));
        if !files.iter().all(is_same) {
            // Somebody went on writing just then.
            return true;
        }
        // It is logged.
        let _reported = self.0.take(&mut state, built, files);
        false
    }

    /// Looks at the files every so often, on a task of the Tokio runtime, until the [`Watch`] is
    /// dropped. What it finds is in the log, and once a minute that a file is at fault and not in
    /// force.
    ///
    /// A changed file is read when it has stood still for 0.4 seconds, in its size, its time and what
    /// it holds, so that half a file is not taken for a whole one. New rules hold at most `every` and
    /// half a second after the last change: within 2.5 seconds where `every` is 2 seconds. Whoever
    /// writes more slowly than that had better write beside the file and then rename.
    ///
    /// The content is compared too and not the time of the file alone, so that links which are put
    /// elsewhere are seen as well, and a file that was only touched is not read again.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    #[must_use = "the watch ends when this is dropped"]
    pub fn watch(&self, every: Duration) -> Watch {
        let shared = Arc::downgrade(&self.0);
        let task = tokio::spawn(async move {
            let mut pause = every;
            loop {
                tokio::time::sleep(pause).await;
                let Some(shared) = shared.upgrade() else {
                    return;
                };
                // It reads files. What it found is logged, and a panic of it is nothing to end for.
                let look = move || Self(shared).reload_if_settled();
                let is_unsettled = tokio::task::spawn_blocking(look).await;
                pause = match is_unsettled {
                    Ok(true) => BETWEEN_STILL_LOOKS,
                    _ => every,
                };
            }
        });
        Watch(task)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A build that panicked has changed nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the files come to now, and what they hold.
    fn build(&self, state: &State) -> (Result<Built, ConfigFaults>, Vec<FileDigest>) {
        let mut files = Vec::new();
        let former = Former {
            webhooks: &self.webhooks,
            kept: &state.kept,
        };
        let built = assemble(&self.config, Some(former), &mut files)
            .and_then(|built| self.with_same_wiring(built, state));
        (built, files)
    }

    /// Puts it in force, or reports why not.
    fn take(
        &self,
        state: &mut State,
        built: Result<Built, ConfigFaults>,
        files: Vec<FileDigest>,
    ) -> Result<ConfigSummary, ConfigFaults> {
        state.files = files;
        match built {
            Ok(built) => {
                if let Some(kept) = &built.kept.managed_keys {
                    kept.keys.take_effect();
                }
                if let Some(kept) = &built.kept.revocations {
                    kept.revocations.take_effect();
                }
                state.kept = built.kept;
                state.stale = None;
                // In between, what only one of the two knows is refused.
                self.webhooks.replace_all(&built.webhooks);
                built.layer.replace_in(&self.swap);
                built.summary.log();
                state.summary = built.summary.clone();
                Ok(built.summary)
            }
            Err(faults) => {
                self.report(state, faults.to_string());
                Err(faults)
            }
        }
    }

    fn report(&self, state: &mut State, report: String) {
        let since = match &state.stale {
            Some(stale) if stale.report == report => return,
            Some(stale) => stale.since,
            None => self.config.clock.clone().unwrap_or_default().now(),
        };
        tracing::error!(
            target: TARGET,
            source = %self.config.source.name(),
            faults = %report,
            "the configuration is at fault: the one from before stays"
        );
        state.stale = Some(Stale {
            since,
            report,
            said_at: Instant::now(),
        });
    }

    /// Says once a minute that the files are still at fault.
    fn remind(&self, state: &mut State) {
        let Some(stale) = &mut state.stale else {
            return;
        };
        if stale.said_at.elapsed() < BETWEEN_REMINDERS {
            return;
        }
        stale.said_at = Instant::now();
        let now = self.config.clock.clone().unwrap_or_default().now();
        tracing::error!(
            target: TARGET,
            source = %self.config.source.name(),
            faults = %stale.report,
            stale_seconds = now.saturating_sub(stale.since),
            "the configuration is at fault and not in force: the one from before stays"
        );
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

/// In how many looks after the first a changed file must be found unchanged.
const STILL: u32 = 2;
/// Twice this is a moment. With the two seconds that a watch may have between two looks, and the time
/// to read the file, it is below the 2.5 seconds after which a change holds.
const BETWEEN_STILL_LOOKS: Duration = Duration::from_millis(200);
const BETWEEN_REMINDERS: Duration = Duration::from_secs(60);
