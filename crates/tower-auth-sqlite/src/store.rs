//! The store: what the contract asks, put to one of three threads.

use std::{
    fmt,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use rusqlite::Transaction;
use tokio::sync::Notify;
use tower_auth::keys::{
    AsOf, AuditQuery, AuditRecord, Epoch, KeyChanges, KeyId, KeyLookup, KeyQuery, KeyStore,
    KeyStoreError, KeyStoreFuture, KeyUse, KeyWrite, Page, Revision, RevocationChanges, Spend,
    StoredKey, Written,
};

use crate::{
    database::{Call, Database, Opening},
    fault::Fault,
    read, revocations,
    worker::Worker,
    write,
};

/// How long a call waits, unless said otherwise.
const WAIT_LIMIT: Duration = Duration::from_secs(2);

/// How long opening may take: another process may be giving the file its tables.
const OPEN_LIMIT: Duration = Duration::from_secs(10);

/// Keeps managed keys in a SQLite file, for all processes of one machine that open it.
///
/// Clones are one store. It has three threads, each with a connection of its own: one writes, one reads
/// the feed and single keys, one reads lists. They end when the last clone is dropped, after what was
/// asked of them; [`close`](Self::close) waits for that.
///
/// Its methods run on a Tokio runtime whose timers are enabled.
///
/// # Example
///
/// ```
/// use tower_auth::keys::{KeyStore, Revision};
/// use tower_auth_sqlite::SqliteKeyStore;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let folder = std::env::temp_dir().join(format!("tower-auth-sqlite-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("keys.db");
/// let store = SqliteKeyStore::open_or_create(&path).await?;
/// assert!(store.changes(Revision::ZERO, 1_000).await?.value.changes.is_empty());
/// store.close().await?;
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok::<(), tower_auth::keys::KeyStoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct SqliteKeyStore {
    shared: Arc<Shared>,
    wait_limit: Duration,
}

struct Shared {
    path: PathBuf,
    writer: Worker,
    feed: Worker,
    lists: Worker,
    changed: Notify,
}

impl SqliteKeyStore {
    /// Opens a file that is there. A path that is not absolute begins at the working directory of this
    /// moment. An empty file gets its tables.
    ///
    /// # Errors
    ///
    /// - [`KeyStoreError::Unavailable`]: the file is not there, is another program's, is damaged or
    ///   cannot be written, or its lock is held for more than 10 seconds.
    /// - [`KeyStoreError::NewerSchema`]: a newer version of this crate has changed its tables.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth_sqlite::SqliteKeyStore;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let error = SqliteKeyStore::open("no/such/keys.db").await.unwrap_err();
    /// assert!(error.is_unavailable());
    /// # });
    /// ```
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, KeyStoreError> {
        Self::start(Opening::Write(path.as_ref().to_owned())).await
    }

    /// Opens a file like [`open`](Self::open), and makes it where it is not there: only the user whom
    /// the program runs as may read and write it (mode 0600). Its folder must be there.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open), and [`KeyStoreError::Unavailable`] where the file cannot be made.
    pub async fn open_or_create(path: impl AsRef<Path>) -> Result<Self, KeyStoreError> {
        Self::start(Opening::Create(path.as_ref().to_owned())).await
    }

    async fn start(opening: Opening) -> Result<Self, KeyStoreError> {
        let until = Instant::now() + OPEN_LIMIT;
        let path = |database: &Database| database.path().to_owned();
        let (writer, path) = Worker::start(opening, until, path).await?;
        let read = || Worker::start(Opening::Read(path.clone()), until, |_| ());
        let ((feed, ()), (lists, ())) = (read().await?, read().await?);
        Ok(Self {
            shared: Arc::new(Shared {
                path,
                writer,
                feed,
                lists,
                changed: Notify::new(),
            }),
            wait_limit: WAIT_LIMIT,
        })
    }

    /// Replaces how long a call of this handle waits for an answer (2 s), for other processes' locks too.
    /// After it the answer is [`KeyStoreError::Unavailable`]; a change may then be done or not done.
    #[must_use]
    pub fn with_wait_limit(mut self, limit: Duration) -> Self {
        self.wait_limit = limit;
        self
    }

    /// Closes the store, for all of its clones: what was asked before is done, what is asked later is
    /// [`KeyStoreError::Unavailable`]. It comes back when no connection to the file is left.
    ///
    /// A program that ends without it loses nothing: what was answered is on the disk.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Unavailable`]: the wait limit was over before.
    pub async fn close(&self) -> Result<(), KeyStoreError> {
        let until = self.deadline();
        self.shared.lists.close(until).await?;
        self.shared.feed.close(until).await?;
        // The last connection moves the log into the file.
        Ok(self.shared.writer.close(until).await?)
    }

    /// Reads, on one of the two threads that do.
    fn read<T: Send + 'static>(
        &self,
        reader: &Worker,
        work: impl FnOnce(&Transaction<'_>, Call) -> Result<T, Fault> + Send + 'static,
    ) -> KeyStoreFuture<AsOf<T>> {
        let (reader, until) = (reader.clone(), self.deadline());
        Box::pin(async move {
            let answer = reader.run(until, move |database| {
                database.read(until, |transaction| {
                    as_of(until, |call| work(transaction, call))
                })
            });
            Ok(answer.await?)
        })
    }

    /// Writes, on the thread that does.
    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, Call) -> Result<T, Fault> + Send + 'static,
    ) -> KeyStoreFuture<AsOf<T>> {
        let (writer, until) = (self.shared.writer.clone(), self.deadline());
        Box::pin(async move {
            let answer = writer.run(until, move |database| {
                database.write(until, |transaction| {
                    as_of(until, |call| work(transaction, call))
                })
            });
            Ok(answer.await?)
        })
    }

    /// Writes what the feed tells.
    fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, Call) -> Result<T, Fault> + Send + 'static,
    ) -> KeyStoreFuture<AsOf<T>> {
        let (shared, written) = (Arc::clone(&self.shared), self.write(work));
        Box::pin(async move {
            let answer = written.await;
            // Also after a failure: nobody knows what was committed.
            shared.changed.notify_waiters();
            answer
        })
    }

    fn deadline(&self) -> Instant {
        let now = Instant::now();
        // A limit beyond what the clock can tell is as good as a day.
        now.checked_add(self.wait_limit)
            .unwrap_or(now + Duration::from_secs(86_400))
    }
}

impl KeyStore for SqliteKeyStore {
    fn changes(&self, after: Revision, limit: usize) -> KeyStoreFuture<AsOf<KeyChanges>> {
        self.read(&self.shared.feed, move |transaction, call| {
            read::changes(transaction, after, limit, call.until)
        })
    }

    fn find(&self, lookup: KeyLookup) -> KeyStoreFuture<AsOf<Option<StoredKey>>> {
        self.read(&self.shared.feed, move |transaction, _| {
            read::find(transaction, &lookup)
        })
    }

    fn list(&self, query: KeyQuery) -> KeyStoreFuture<AsOf<Page<StoredKey>>> {
        self.read(&self.shared.lists, move |transaction, call| {
            read::list(transaction, &query, call.until)
        })
    }

    fn write(&self, write: KeyWrite) -> KeyStoreFuture<AsOf<Written>> {
        self.change(move |transaction, call| write::change(transaction, write, call))
    }

    fn spend(&self, account: KeyId) -> KeyStoreFuture<AsOf<Spend>> {
        let (writer, until) = (self.shared.writer.clone(), self.deadline());
        Box::pin(async move { writer.spend(account, until).await })
    }

    fn touch(&self, uses: Vec<KeyUse>) -> KeyStoreFuture<()> {
        let touched =
            self.write(move |transaction, call| write::touch(transaction, &uses, call.until));
        Box::pin(async move { touched.await.map(|answer| answer.value) })
    }

    fn audit(&self, query: AuditQuery) -> KeyStoreFuture<AsOf<Page<AuditRecord>>> {
        self.read(&self.shared.lists, move |transaction, call| {
            read::audit(transaction, &query, call.until)
        })
    }

    fn revocations(
        &self,
        after: Revision,
        limit: usize,
    ) -> KeyStoreFuture<AsOf<RevocationChanges>> {
        self.read(&self.shared.feed, move |transaction, call| {
            revocations::changes(transaction, after, limit, call.until)
        })
    }

    fn renew_epoch(&self) -> KeyStoreFuture<Epoch> {
        let renewed = self.change(|transaction, _| write::renew_epoch(transaction));
        Box::pin(async move { renewed.await.map(|answer| answer.value) })
    }

    /// Comes back when this process changed something. What another process changed is seen when the
    /// feed is read: where nothing is new, that is one row.
    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.changed.notified().await })
    }
}

impl fmt::Debug for SqliteKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteKeyStore")
            .field("path", &self.shared.path)
            .field("wait_limit", &self.wait_limit)
            .finish_non_exhaustive()
    }
}

/// Answers with the store's time, which is that of the work too.
///
/// All processes that open the file are on one machine: its clock is the store's.
fn as_of<T>(until: Instant, work: impl FnOnce(Call) -> Result<T, Fault>) -> Result<AsOf<T>, Fault> {
    let now = SystemTime::now().into();
    let value = work(Call { now, until })?;
    Ok(AsOf { now, value })
}
