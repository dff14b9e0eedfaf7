//! The store: what the contract asks, put to the server within a time limit.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use tower_auth::{
    answer::BoxFuture,
    keys::{AsOf, Epoch, Revision, RevocationChanges, RevocationEntry, StoredRevocation},
    revocations::{RevocationStore, RevocationStoreError, RevocationStoreFuture, RevocationWrite},
};

use super::{
    entries::{found, id, put, read},
    script::{Answer, name, number, run, time},
};
use crate::{
    fault::Cause,
    link::{Link, Run},
    open::open,
};

/// How long a call waits, unless said otherwise.
const WAIT_LIMIT: Duration = Duration::from_secs(1);

/// The most entries that one round trip carries.
const MOST: usize = 1_000;

/// How often a change is tried again because another process was faster.
const TRIES: u32 = 100;

/// Keeps revocations in a Redis or Valkey server, for all processes that open it.
///
/// Every process keeps a copy and asks for changes; the server tells of them by a channel, and where that
/// is lost a quarter of a second passes. A marker stands beside the entries: a server that comes back empty,
/// or with a part, has none, and processes that serve write back what they hold.
///
/// Clones are one store with one connection. Its methods run on a Tokio runtime whose timers and I/O are
/// enabled.
///
/// # Example
///
/// ```no_run
/// use tower_auth::{keys::Revision, revocations::RevocationStore};
/// use tower_auth_redis::RedisRevocationStore;
///
/// # async fn example() -> Result<(), tower_auth::revocations::RevocationStoreError> {
/// let url = "rediss://app:secret@redis.example/0?namespace=shop";
/// let store = RedisRevocationStore::open(url).await?;
/// let page = store.changes(Revision::ZERO, 1_000).await?.value;
/// # drop(page);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisRevocationStore {
    link: Link,
    changed: Arc<Notify>,
    /// The last connection to a server that hides its run, and what takes the place of that.
    runs: Arc<Mutex<Option<(u64, u128)>>>,
    wait_limit: Duration,
}

impl RedisRevocationStore {
    /// Opens the store of a server, with a URL as
    /// [`RedisSharedState::open`](crate::RedisSharedState::open) takes it.
    ///
    /// # Errors
    ///
    /// [`RevocationStoreError::Unavailable`] where `RedisSharedState::open` fails. The source says what
    /// to do, and quotes no part of the URL.
    pub async fn open(url: impl AsRef<str>) -> Result<Self, RevocationStoreError> {
        let changed = Arc::new(Notify::new());
        let opened = open(url.as_ref(), |link| {
            link.listening(name(link, "state"), Arc::clone(&changed))
        });
        let link = opened.await.map_err(RevocationStoreError::unavailable)?;
        Ok(Self {
            link,
            changed,
            runs: Arc::default(),
            wait_limit: WAIT_LIMIT,
        })
    }

    /// Replaces how long a round trip of this handle waits for an answer (1 s). After it the answer is
    /// [`RevocationStoreError::Unavailable`]; a change may then be done or not done.
    #[must_use]
    pub fn with_wait_limit(mut self, limit: Duration) -> Self {
        self.wait_limit = limit;
        self
    }

    fn ask<T, F>(&self, question: impl FnOnce(Self) -> F) -> RevocationStoreFuture<T>
    where
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let answer = question(self.clone());
        Box::pin(async move { Ok(answer.await?) })
    }

    async fn read_changes(
        self,
        after: Revision,
        limit: usize,
    ) -> Result<AsOf<RevocationChanges>, Fault> {
        let (after, limit) = (after.as_u64().to_string(), limit.min(MOST).to_string());
        let asked = ["changes", &after, &limit];
        let (page, server) = match run(&self.link, self.wait_limit, "page", &asked).await? {
            Answer::Told(page, server) => (page, server),
            Answer::Lost | Answer::Again => return Err(Fault::Lost),
        };
        let Some(([now, epoch, latest, is_complete], entries)) = page.split_first_chunk() else {
            return Err(Cause::Protocol.into());
        };
        let marker = u128::from_str_radix(epoch, 16).map_err(|_| Cause::Unreadable)?;
        let changes = entries.iter().map(|text| read(text));
        Ok(AsOf {
            now: time(now)?,
            value: RevocationChanges {
                epoch: self.epoch(marker, server)?,
                latest: Revision::new(number(latest)?),
                changes: changes.collect::<Result<_, _>>()?,
                is_complete: is_complete == "1",
            },
        })
    }

    /// The history: the marker, and the run of the server. A server that starts again, and one that takes over,
    /// may have lost the last changes with the marker in its place, and later ones hide that: so everybody
    /// reads everything then, and writes back what is missing.
    fn epoch(&self, marker: u128, run: Run) -> Result<Epoch, Fault> {
        let run = match run {
            Run::Server(run) => run,
            Run::Connection(number) => {
                let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
                if runs.is_none_or(|(known, _)| known != number) {
                    let run = Epoch::generate().map_err(RevocationStoreError::from)?;
                    *runs = Some((number, run.as_u128()));
                }
                runs.map_or(0, |(_, run)| run)
            }
        };
        // Both are random.
        Ok(Epoch::new(marker ^ run))
    }

    async fn write(self, write: RevocationWrite) -> Result<AsOf<StoredRevocation>, Fault> {
        let field = id(&write.entry(Default::default()));
        for _ in 0..TRIES {
            let asked = ["look", "add", &field];
            let looked = run(&self.link, self.wait_limit, "found", &asked).await?;
            let Answer::Told(looked, _) = looked else {
                return Err(Fault::Lost);
            };
            let [now, count, old] = &*looked else {
                return Err(Cause::Protocol.into());
            };
            let kept = usize::try_from(number(count)?).unwrap_or(usize::MAX);
            let now = time(now)?;
            let entry = write.settle(write.entry(now), found(old)?, kept)?;
            let arguments = put(&entry, old)?;
            let most = write.max_kept().to_string();
            let mut asked = vec!["put", "add", &most];
            asked.extend(arguments.iter().map(String::as_str));
            match run(&self.link, self.wait_limit, "done", &asked).await? {
                Answer::Lost => return Err(Fault::Lost),
                Answer::Again => {}
                Answer::Told(done, _) => {
                    let [_, revision] = &*done else {
                        return Err(Cause::Protocol.into());
                    };
                    let revision = Revision::new(number(revision)?);
                    // The time that the entry was reckoned by.
                    let value = StoredRevocation { entry, revision };
                    return Ok(AsOf { now, value });
                }
            }
        }
        Err(Cause::TooLate.into())
    }

    async fn write_back(self, held: Vec<RevocationEntry>) -> Result<(), Fault> {
        let mut left: Vec<_> = held;
        for _ in 0..TRIES {
            let mut again = Vec::new();
            // An empty list is looked at too: it may have to be repaired.
            for chunk in left.chunks(MOST).chain(left.is_empty().then_some(&[][..])) {
                if !self.merge(chunk).await? {
                    again.extend_from_slice(chunk);
                }
            }
            left = again;
            if left.is_empty() && self.begin().await? {
                return Ok(());
            }
        }
        Err(Cause::TooLate.into())
    }

    /// Merges some entries; whether nobody was faster.
    async fn merge(&self, entries: &[RevocationEntry]) -> Result<bool, Fault> {
        let ids: Vec<_> = entries.iter().map(id).collect();
        let mut asked = vec!["look", "restore"];
        asked.extend(ids.iter().map(String::as_str));
        let looked = run(&self.link, self.wait_limit, "found", &asked).await?;
        let Answer::Told(looked, _) = looked else {
            return Ok(false);
        };
        let Some(([now, _], olds)) = looked.split_first_chunk() else {
            return Err(Cause::Protocol.into());
        };
        let (now, mut arguments) = (time(now)?, Vec::new());
        for (entry, old) in entries.iter().zip(olds) {
            let kept = found(old)?;
            let merged = kept.map_or(*entry, |kept| kept.merge(*entry));
            if kept != Some(merged) && !merged.is_over(now) {
                arguments.extend(put(&merged, old)?);
            }
        }
        if arguments.is_empty() {
            return Ok(true);
        }
        let mut asked = vec!["put", "restore", ""];
        asked.extend(arguments.iter().map(String::as_str));
        let done = run(&self.link, self.wait_limit, "done", &asked).await?;
        Ok(matches!(done, Answer::Told(..)))
    }

    /// Begins a history where there is none; whether nothing was lost meanwhile.
    async fn begin(&self) -> Result<bool, Fault> {
        let epoch = Epoch::generate().map_err(RevocationStoreError::from)?;
        let epoch = format!("{:032x}", epoch.as_u128());
        let begun = run(&self.link, self.wait_limit, "done", &["begin", &epoch]).await?;
        Ok(matches!(begun, Answer::Told(..)))
    }
}

/// Why a question was not answered.
enum Fault {
    Lost,
    Store(RevocationStoreError),
    Unavailable(Cause),
}

impl From<Cause> for Fault {
    fn from(cause: Cause) -> Self {
        Self::Unavailable(cause)
    }
}

impl From<RevocationStoreError> for Fault {
    fn from(error: RevocationStoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Fault> for RevocationStoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Lost => Self::Lost,
            Fault::Store(error) => error,
            Fault::Unavailable(cause) => Self::unavailable(cause),
        }
    }
}

impl RevocationStore for RedisRevocationStore {
    fn changes(
        &self,
        after: Revision,
        limit: usize,
    ) -> RevocationStoreFuture<AsOf<RevocationChanges>> {
        self.ask(|store| store.read_changes(after, limit))
    }

    fn add(&self, write: RevocationWrite) -> RevocationStoreFuture<AsOf<StoredRevocation>> {
        self.ask(|store| store.write(write))
    }

    fn restore(&self, held: Vec<RevocationEntry>) -> RevocationStoreFuture<()> {
        self.ask(|store| store.write_back(held))
    }

    /// Comes back when, as far as the server tells it, a process changed something, and after each new
    /// connection.
    fn changed(&self) -> BoxFuture<()> {
        let changed = Arc::clone(&self.changed);
        Box::pin(async move { changed.notified().await })
    }
}

impl fmt::Debug for RedisRevocationStore {
    /// Neither the user nor the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRevocationStore")
            .field("server", self.link.target())
            .field("wait_limit", &self.wait_limit)
            .finish_non_exhaustive()
    }
}
