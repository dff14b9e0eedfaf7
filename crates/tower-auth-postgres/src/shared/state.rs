//! The state: what the contract asks, put to the server within a time limit.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    task::AbortHandle,
    time::{Instant, timeout_at},
};
use tower_auth::{
    answer::Answer,
    shared::{Admission, Begun, Count, Once, SharedState, SharedStateError},
};

use super::{counts, once, schema, sweep::sweep};
use crate::{
    fault::{Cause, Fault},
    opening::{self, CONNECTIONS},
    pool::{Connector, Pool},
};

/// How long a call waits, unless said otherwise.
const WAIT_LIMIT: Duration = Duration::from_secs(2);

/// What the replicas of a service share in a PostgreSQL database: for services that want no second engine. Where
/// there is a Redis, `tower-auth-redis` counts faster.
///
/// Counts are in an unlogged table: a server that crashes counts anew. What is done once is on the disk before
/// it is answered. What is over is removed once a minute. Where there are more than a million buckets, no request
/// is counted until there are fewer.
///
/// Clones are one state with one set of connections. They are closed when the last clone is dropped. Its
/// methods run on a Tokio runtime whose timers and I/O are enabled.
///
/// # Example
///
/// ```no_run
/// use std::{sync::Arc, time::Duration};
/// use tower_auth::shared::SharedState;
/// use tower_auth_postgres::PostgresSharedState;
///
/// # async fn example() -> Result<(), tower_auth::shared::SharedStateError> {
/// let state = PostgresSharedState::open_or_create("postgres://app:secret@db.example/shop").await?
///     .with_wait_limit(Duration::from_millis(200))
///     .with_connections(16);
/// let shared: Arc<dyn SharedState> = Arc::new(state);
/// # drop(shared);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresSharedState {
    shared: Arc<Shared>,
    pool: Pool,
    wait_limit: Duration,
}

struct Shared {
    connector: Connector,
    is_full: Arc<AtomicBool>,
    sweeping: AbortHandle,
}

impl PostgresSharedState {
    /// Opens a database whose tables are there, with a URL as
    /// [`PostgresKeyStore::open`](crate::PostgresKeyStore::open) takes it. The user needs `USAGE` on the
    /// schema `tower_auth_shared`, and `SELECT`, `INSERT`, `UPDATE` and `DELETE` on its tables.
    ///
    /// # Errors
    ///
    /// The URL cannot be used, the server cannot be reached or refuses, the tables are not there, or a newer
    /// version of this crate has changed them. The source says what to do, and quotes no part of the URL.
    ///
    /// # Example
    ///
    /// ```
    /// use std::error::Error;
    /// use tower_auth_postgres::PostgresSharedState;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let url = "postgres://app:secret@db.example/shop?sslmode=disable";
    /// let error = PostgresSharedState::open(url).await.unwrap_err();
    /// assert!(error.source().unwrap().to_string().contains("sslmode=disable"));
    /// # });
    /// ```
    pub async fn open(url: impl AsRef<str>) -> Result<Self, SharedStateError> {
        Ok(Self::start(url.as_ref(), false).await?)
    }

    /// Opens a database like [`open`](Self::open), and gives it the tables, in a schema
    /// `tower_auth_shared`, where they are not there. The user needs the right to create schemas in the
    /// database, or a schema of that name that it owns.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open), and that the tables cannot be made.
    pub async fn open_or_create(url: impl AsRef<str>) -> Result<Self, SharedStateError> {
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
        if creates {
            schema::migrate(&pool, until).await?;
        }
        schema::check(&pool, until).await?;
        let is_full = Arc::default();
        // A connection of its own: whoever counts does not wait for it.
        let sweeping = tokio::spawn(sweep(
            Pool::new(connector.clone(), 1)?,
            Arc::downgrade(&is_full),
        ));
        Ok(Self {
            shared: Arc::new(Shared {
                connector,
                is_full,
                sweeping: sweeping.abort_handle(),
            }),
            pool,
            wait_limit: WAIT_LIMIT,
        })
    }

    /// Replaces how long a call of this handle waits for an answer (2 s). After it, it is an error; what
    /// was asked may then be done or not done.
    #[must_use]
    pub fn with_wait_limit(mut self, limit: Duration) -> Self {
        self.wait_limit = limit;
        self
    }

    /// Replaces how many connections this handle and its later clones have at most (8): each call has one.
    /// Zero is one.
    #[must_use]
    pub fn with_connections(mut self, most: usize) -> Self {
        // Another pool: one that is made smaller keeps its permits. Without a connection it cannot fail.
        if let Ok(pool) = Pool::new(self.shared.connector.clone(), most.max(1)) {
            self.pool = pool;
        }
        self
    }

    /// Asks the server, within the wait limit.
    fn ask<T, F>(
        &self,
        question: impl FnOnce(Pool, Instant) -> F,
    ) -> Answer<Result<T, SharedStateError>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let pool = self.pool.clone();
        let now = Instant::now();
        // A limit beyond what the clock can tell is as good as a day.
        let day = now + Duration::from_secs(86_400);
        let until = now.checked_add(self.wait_limit).unwrap_or(day);
        let answer = question(pool.clone(), until);
        let carried_out = async move {
            let answer = timeout_at(until, answer).await;
            let answer = answer.unwrap_or_else(|_| Err(Cause::TooLate.into()));
            if answer.as_ref().is_err_and(Fault::is_of_connection) {
                pool.renew();
            }
            answer
        };
        // In a task: whoever waits a few milliseconds and goes away neither stops a connection that is being
        // made nor closes one that works.
        Answer::pending(async move {
            let answer = tokio::spawn(carried_out).await;
            Ok(answer.unwrap_or_else(|_| Err(Cause::Closed.into()))?)
        })
    }

    fn change(&self, mode: &'static str, counts: &[Count]) -> Answer<Result<(), SharedStateError>> {
        let counts = counts.to_vec();
        self.ask(
            move |pool, until| async move { counts::change(&pool, mode, &counts, until).await },
        )
    }
}

impl SharedState for PostgresSharedState {
    fn admit(&self, counts: &[Count]) -> Answer<Result<Admission, SharedStateError>> {
        if self.shared.is_full.load(Ordering::Relaxed) {
            return Err(SharedStateError::new(Cause::TooManyBuckets)).into();
        }
        let counts = counts.to_vec();
        self.ask(move |pool, until| async move { counts::admit(&pool, &counts, until).await })
    }

    fn charge(&self, counts: &[Count]) -> Answer<Result<(), SharedStateError>> {
        self.change("charge", counts)
    }

    fn give_back(&self, counts: &[Count]) -> Answer<Result<(), SharedStateError>> {
        self.change("give_back", counts)
    }

    fn begin(&self, once: &Once, lease: Duration) -> Answer<Result<Begun, SharedStateError>> {
        let once = *once;
        self.ask(move |pool, until| async move { once::begin(&pool, &once, lease, until).await })
    }

    fn renew(&self, once: &Once, lease: Duration) -> Answer<Result<bool, SharedStateError>> {
        let once = *once;
        self.ask(move |pool, until| async move { once::renew(&pool, &once, lease, until).await })
    }

    fn finish(&self, once: &Once, ttl: Duration) -> Answer<Result<(), SharedStateError>> {
        let once = *once;
        self.ask(move |pool, until| async move { once::finish(&pool, &once, ttl, until).await })
    }

    fn abandon(&self, once: &Once) -> Answer<Result<(), SharedStateError>> {
        let once = *once;
        self.ask(move |pool, until| async move { once::abandon(&pool, &once, until).await })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.sweeping.abort();
    }
}

impl fmt::Debug for PostgresSharedState {
    /// Neither the user nor the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSharedState")
            .field("database", &self.shared.connector.config.get_dbname())
            .field("wait_limit", &self.wait_limit)
            .finish_non_exhaustive()
    }
}
