//! The state: what the contract asks, put to the server within a time limit.

use std::{fmt, future::Future, time::Duration};

use tower_auth::{
    answer::Answer,
    shared::{Admission, Begun, Count, Once, SharedState, SharedStateError},
};

use crate::{
    counts::{self, Change},
    fault::Cause,
    link::Link,
    once,
    open::open,
};

/// How long a call waits, unless said otherwise.
const WAIT_LIMIT: Duration = Duration::from_secs(1);

/// What the replicas of a service share in a Redis or Valkey server.
///
/// Clones are one state with one connection, on which all calls are under way at the same time. It is made
/// anew when it breaks, or when a call has no answer and the connection shows within a second that it does
/// not work. It is closed when the last clone is dropped.
///
/// Its methods run on a Tokio runtime whose timers and I/O are enabled.
///
/// # Example
///
/// ```no_run
/// use std::{sync::Arc, time::Duration};
/// use tower_auth::shared::{Admission, Count, SharedState};
/// use tower_auth_redis::RedisSharedState;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let state = RedisSharedState::open("rediss://app:secret@redis.example/0?namespace=shop").await?
///     .with_wait_limit(Duration::from_millis(200));
/// let ada = Count::new("caller", "ada", "100 per minute".parse()?);
/// assert!(matches!(state.admit(&[ada]).await?, Admission::Admitted { .. }));
/// let shared: Arc<dyn SharedState> = Arc::new(state);
/// # drop(shared);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisSharedState {
    link: Link,
    wait_limit: Duration,
}

impl RedisSharedState {
    /// Opens the state of a server:
    /// `rediss://USER:PASSWORD@HOST:PORT/DATABASE?namespace=NAME&cacert=FILE`.
    ///
    /// - `rediss://` is TLS, and the server's certificate is checked against the authorities that this
    ///   machine trusts, or those of `cacert`. `redis://` goes without, to a loopback address; elsewhere
    ///   only where the URL says `insecure_plaintext=true`. A Unix socket is `redis+unix:///FOLDER/SOCKET`,
    ///   its database `?db=1`. `valkey://` and `valkeys://` are other words for both.
    /// - All names begin with the namespace, `tower-auth` unless set: services that share one server and
    ///   nothing else need one each.
    ///
    /// # Errors
    ///
    /// The URL cannot be used, the server cannot be reached or refuses, it is older than Redis 7, it is a
    /// replica, or it may forget what must be remembered: its `maxmemory-policy` is not `noeviction`. The
    /// source says what to do, and quotes no part of the URL.
    ///
    /// # Example
    ///
    /// ```
    /// use std::error::Error;
    /// use tower_auth_redis::RedisSharedState;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let error = RedisSharedState::open("redis://:secret@redis.example").await.unwrap_err();
    /// assert!(error.source().unwrap().to_string().contains("write rediss://"));
    /// # });
    /// ```
    pub async fn open(url: impl AsRef<str>) -> Result<Self, SharedStateError> {
        let link = open(url.as_ref(), |_| ()).await?;
        Ok(Self {
            link,
            wait_limit: WAIT_LIMIT,
        })
    }

    /// Replaces how long a call of this handle waits for an answer (1 s). After it, it is an error; what
    /// was asked may then be done or not done.
    #[must_use]
    pub fn with_wait_limit(mut self, limit: Duration) -> Self {
        self.wait_limit = limit;
        self
    }

    fn ask<T, F>(
        &self,
        question: impl FnOnce(Link, Duration) -> F,
    ) -> Answer<Result<T, SharedStateError>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Cause>> + Send + 'static,
    {
        let answer = question(self.link.clone(), self.wait_limit);
        Answer::pending(async move { Ok(answer.await?) })
    }

    fn change(&self, change: Change, counts: &[Count]) -> Answer<Result<(), SharedStateError>> {
        let counts = counts.to_vec();
        self.ask(
            move |link, limit| async move { counts::change(&link, limit, change, &counts).await },
        )
    }
}

impl SharedState for RedisSharedState {
    fn admit(&self, counts: &[Count]) -> Answer<Result<Admission, SharedStateError>> {
        let counts = counts.to_vec();
        self.ask(move |link, limit| async move { counts::admit(&link, limit, &counts).await })
    }

    fn charge(&self, counts: &[Count]) -> Answer<Result<(), SharedStateError>> {
        self.change(Change::Charge, counts)
    }

    fn give_back(&self, counts: &[Count]) -> Answer<Result<(), SharedStateError>> {
        self.change(Change::GiveBack, counts)
    }

    fn begin(&self, once: &Once, lease: Duration) -> Answer<Result<Begun, SharedStateError>> {
        let once = *once;
        self.ask(move |link, limit| async move { once::begin(&link, limit, &once, lease).await })
    }

    fn renew(&self, once: &Once, lease: Duration) -> Answer<Result<bool, SharedStateError>> {
        let once = *once;
        self.ask(move |link, limit| async move { once::renew(&link, limit, &once, lease).await })
    }

    fn finish(&self, once: &Once, ttl: Duration) -> Answer<Result<(), SharedStateError>> {
        let once = *once;
        self.ask(move |link, limit| async move { once::finish(&link, limit, &once, ttl).await })
    }

    fn abandon(&self, once: &Once) -> Answer<Result<(), SharedStateError>> {
        let once = *once;
        self.ask(move |link, limit| async move { once::abandon(&link, limit, &once).await })
    }
}

impl fmt::Debug for RedisSharedState {
    /// Neither the user nor the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSharedState")
            .field("server", self.link.target())
            .field("wait_limit", &self.wait_limit)
            .finish_non_exhaustive()
    }
}
