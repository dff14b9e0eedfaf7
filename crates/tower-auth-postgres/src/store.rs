//! The store: what the contract asks, put to the server within a time limit.

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, Semaphore},
    time::{Instant, timeout_at},
};
use tower_auth::keys::{
    AsOf, AuditQuery, AuditRecord, Epoch, KeyChanges, KeyId, KeyLookup, KeyQuery, KeyStore,
    KeyStoreError, KeyStoreFuture, KeyUse, KeyWrite, Page, Revision, RevocationChanges, Spend,
    StoredKey, Written,
};

use crate::{
    fault::{Cause, Fault},
    listener::Listening,
    opening::{self, CONNECTIONS},
    pool::{Connector, Pool},
    read, revocations, schema, write,
};

/// How long a call waits, unless said otherwise.
const WAIT_LIMIT: Duration = Duration::from_secs(2);

/// Keeps managed keys in a PostgreSQL database, for all processes that open it.
///
/// Clones are one store with one set of connections; one more listens for changes. They are closed when
/// the last clone is dropped.
///
/// Its methods run on a Tokio runtime whose timers and I/O are enabled.
///
/// # Example
///
/// ```no_run
/// use std::time::Duration;
/// use tower_auth::keys::{KeyStore, Revision};
/// use tower_auth_postgres::PostgresKeyStore;
///
/// # async fn example() -> Result<(), tower_auth::keys::KeyStoreError> {
/// let store = PostgresKeyStore::open_or_create("postgres://app:secret@db.example/keys").await?
///     .with_wait_limit(Duration::from_secs(1))
///     .with_connections(16);
/// assert!(store.changes(Revision::ZERO, 1_000).await?.value.is_complete);
/// store.close();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresKeyStore {
    shared: Arc<Shared>,
    pool: Pool,
    /// One connection: the feed waits for no other call, or known keys would be refused where the server
    /// is slow.
    feed: Pool,
    /// Half of the connections: strangers' keys keep no change and no credit waiting.
    lookups: Arc<Semaphore>,
    wait_limit: Duration,
}

struct Shared {
    connector: Connector,
    changed: Arc<Notify>,
    listening: Listening,
}

/// A turn for each second connection, and one where there is one.
fn half(connections: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new((connections / 2).max(1)))
}

impl PostgresKeyStore {
    /// Opens a database whose tables are there:
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslrootcert=FILE`.
    ///
    /// The connection is encrypted, and the server's certificate is checked against the authorities that
    /// this machine trusts, or those of `sslrootcert`. Only a server on a loopback address or a Unix
    /// socket goes without, unless the URL says `sslmode=require`.
    ///
    /// # Errors
    ///
    /// - [`KeyStoreError::Unavailable`]: the URL cannot be used, the server cannot be reached or refuses,
    ///   or the tables are not there. The source says what to do, and quotes no part of the URL.
    /// - [`KeyStoreError::NewerSchema`]: a newer version of this crate has changed the tables.
    ///
    /// # Example
    ///
    /// ```
    /// use std::error::Error;
    /// use tower_auth_postgres::PostgresKeyStore;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let url = "postgres://app:secret@db.example/keys?sslmode=disable";
    /// let error = PostgresKeyStore::open(url).await.unwrap_err();
    /// assert!(error.source().unwrap().to_string().contains("sslmode=disable"));
    /// # });
    /// ```
    pub async fn open(url: impl AsRef<str>) -> Result<Self, KeyStoreError> {
        Ok(Self::start(url.as_ref(), false).await?)
    }

    /// Opens a database like [`open`](Self::open), and gives it the tables, in a schema `tower_auth`, where
    /// they are not there. The user needs the right to create schemas in the database, or a schema of
    /// that name that it owns.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open), and [`KeyStoreError::Unavailable`] where the tables cannot be made.
    pub async fn open_or_create(url: impl AsRef<str>) -> Result<Self, KeyStoreError> {
        Ok(Self::start(url.as_ref(), true).await?)
    }

    async fn start(url: &str, creates: bool) -> Result<Self, Fault> {
        opening::open(url, |connector, until| {
            Self::connect(connector, creates, until)
        })
        .await
    }

    async fn connect(connector: Connector, creates: bool, until: Instant) -> Result<Self, Fault> {
        let pool = Pool::new(connector.clone(), CONNECTIONS)?;
        let feed = Pool::new(connector.clone(), 1)?;
        if creates {
            schema::migrate(&pool, until).await?;
        }
        schema::require_newest(&pool, until).await?;
        let changed = Arc::new(Notify::new());
        let listening = Listening::start(connector.clone(), &changed);
        Ok(Self {
            shared: Arc::new(Shared {
                connector,
                changed,
                listening,
            }),
            pool,
            feed,
            lookups: half(CONNECTIONS),
            wait_limit: WAIT_LIMIT,
        })
    }

    /// Replaces how long a call of this handle waits for an answer (2 s): for a connection, for other
    /// sessions' locks and for the server. After it the answer is [`KeyStoreError::Unavailable`]; a
    /// change may then be done or not done.
    #[must_use]
    pub fn with_wait_limit(mut self, limit: Duration) -> Self {
        self.wait_limit = limit;
        self
    }

    /// Replaces how many connections this handle and its later clones have at most (8), beside the one
    /// that listens and the one that asks for changes. Each credit, and each change, has one while it is
    /// written; half of them at most look up keys that the process does not know. Zero is one.
    #[must_use]
    pub fn with_connections(mut self, most: usize) -> Self {
        // Another pool: one that is made smaller keeps its permits. Without a connection it cannot fail.
        if let Ok(pool) = Pool::new(self.shared.connector.clone(), most.max(1)) {
            self.pool = pool;
            self.lookups = half(most);
        }
        self
    }

    /// Closes the store, for all of its clones that have its connections: what is asked later is
    /// [`KeyStoreError::Unavailable`]. What was asked before is answered, and its connections close then.
    ///
    /// A program that ends without it loses nothing: what was answered is committed.
    pub fn close(&self) {
        self.shared.listening.stop();
        self.pool.close();
        self.feed.close();
    }

    /// Asks the server, within the wait limit.
    fn ask<T, F>(&self, question: impl FnOnce(Pool, Instant) -> F) -> KeyStoreFuture<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        self.ask_by(self.pool.clone(), question)
    }

    /// Asks the server by a connection of these.
    fn ask_by<T, F>(
        &self,
        pool: Pool,
        question: impl FnOnce(Pool, Instant) -> F,
    ) -> KeyStoreFuture<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let now = Instant::now();
        // A limit beyond what the clock can tell is as good as a day.
        let day = now + Duration::from_secs(86_400);
        let until = now.checked_add(self.wait_limit).unwrap_or(day);
        let all = [self.pool.clone(), self.feed.clone()];
        let answer = question(pool, until);
        Box::pin(async move {
            let answer = timeout_at(until, answer).await;
            let answer = answer.unwrap_or_else(|_| Err(Cause::TooLate.into()));
            if answer.as_ref().is_err_and(Fault::is_of_connection) {
                // What one connection met, the others will meet.
                all.iter().for_each(Pool::renew);
            }
            Ok(answer?)
        })
    }

    /// Asks for what the feed tells.
    fn change<T, F>(&self, question: impl FnOnce(Pool, Instant) -> F) -> KeyStoreFuture<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let (changed, answer) = (Arc::clone(&self.shared.changed), self.ask(question));
        Box::pin(async move {
            let answer = answer.await;
            // Also after a failure: nobody knows what was committed.
            changed.notify_waiters();
            answer
        })
    }
}

impl KeyStore for PostgresKeyStore {
    fn changes(&self, after: Revision, limit: usize) -> KeyStoreFuture<AsOf<KeyChanges>> {
        self.ask_by(self.feed.clone(), move |pool, until| async move {
            read::changes(&pool, after, limit, until).await
        })
    }

    fn find(&self, lookup: KeyLookup) -> KeyStoreFuture<AsOf<Option<StoredKey>>> {
        let turns = Arc::clone(&self.lookups);
        self.ask(move |pool, until| async move {
            // Nobody closes it.
            let _turn = match lookup {
                KeyLookup::Digest(_) => turns.acquire().await.ok(),
                _ => None,
            };
            read::find(&pool, &lookup, until).await
        })
    }

    fn list(&self, query: KeyQuery) -> KeyStoreFuture<AsOf<Page<StoredKey>>> {
        self.ask(move |pool, until| async move { read::list(&pool, &query, until).await })
    }

    fn write(&self, write: KeyWrite) -> KeyStoreFuture<AsOf<Written>> {
        self.change(move |pool, until| async move { write::change(&pool, write, until).await })
    }

    fn spend(&self, account: KeyId) -> KeyStoreFuture<AsOf<Spend>> {
        self.ask(move |pool, until| async move { write::spend(&pool, &account, until).await })
    }

    fn touch(&self, uses: Vec<KeyUse>) -> KeyStoreFuture<()> {
        self.ask(move |pool, until| async move { write::touch(&pool, &uses, until).await })
    }

    fn audit(&self, query: AuditQuery) -> KeyStoreFuture<AsOf<Page<AuditRecord>>> {
        self.ask(move |pool, until| async move { read::audit(&pool, &query, until).await })
    }

    fn revocations(
        &self,
        after: Revision,
        limit: usize,
    ) -> KeyStoreFuture<AsOf<RevocationChanges>> {
        self.ask_by(self.feed.clone(), move |pool, until| async move {
            revocations::changes(&pool, after, limit, until).await
        })
    }

    fn renew_epoch(&self) -> KeyStoreFuture<Epoch> {
        self.change(move |pool, until| async move { write::renew_epoch(&pool, until).await })
    }

    /// Comes back when this process or, as far as the server tells it, another one changed something.
    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let changed = Arc::clone(&self.shared.changed);
        Box::pin(async move { changed.notified().await })
    }
}

impl fmt::Debug for PostgresKeyStore {
    /// Neither the user nor the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresKeyStore")
            .field("database", &self.shared.connector.config.get_dbname())
            .field("wait_limit", &self.wait_limit)
            .finish_non_exhaustive()
    }
}
