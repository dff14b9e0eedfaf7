//! The one connection that all calls share, and what becomes of it.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use redis::{
    PushInfo, PushKind, RedisResult,
    aio::{MultiplexedConnection, SendError},
    cmd,
};
use tokio::{
    sync::Notify,
    task::AbortHandle,
    time::{Instant, timeout, timeout_at},
};

use crate::{
    check::check,
    connect::{Connected, Connector},
    fault::Cause,
};

/// How long a connection may take to be made: of a machine that is back, no longer than a second is lost.
const CONNECT_LIMIT: Duration = Duration::from_secs(1);

/// How long a connection on which a call had no answer may take to show that it works.
const PROBE_LIMIT: Duration = Duration::from_secs(1);

/// The pauses after a connection that could not be made. While one lasts, calls fail at once.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// How long what was found of a server is believed: its policy may be changed while it runs.
const CHECKED_FOR: Duration = Duration::from_secs(30);

/// A connection to the server that is made anew when it breaks. Clones share it.
#[derive(Clone)]
pub(crate) struct Link(Arc<Shared>);

struct Shared {
    connector: Connector,
    state: Mutex<State>,
    /// A connection has been made, or could not be made.
    settled: Notify,
}

#[derive(Default)]
struct State {
    current: Option<Current>,
    /// How many connections there were.
    count: u64,
    is_connecting: bool,
    failed: Option<Failed>,
    hints: Option<Hints>,
}

/// A channel to hear on each connection, and whom to tell.
#[derive(Clone)]
struct Hints {
    channel: String,
    heard: Arc<Notify>,
}

struct Current {
    number: u64,
    run: Option<u128>,
    connection: MultiplexedConnection,
    driver: AbortHandle,
    checked: Instant,
    /// Somebody is asking whether it works, or what its server does.
    is_probed: bool,
}

struct Failed {
    cause: Cause,
    until: Instant,
    pause: Duration,
}

impl Link {
    pub(crate) fn new(connector: Connector) -> Self {
        Self(Arc::new(Shared {
            connector,
            state: Mutex::default(),
            settled: Notify::new(),
        }))
    }

    /// From the next connection on, somebody is told when something is said on a channel, and when nobody
    /// listened for a while.
    pub(crate) fn listening(&self, channel: String, heard: Arc<Notify>) {
        self.0.lock().hints = Some(Hints { channel, heard });
    }

    pub(crate) fn target(&self) -> &crate::url::Target {
        &self.0.connector.target
    }

    /// The name of one thing of a kind. All begin alike, so that they stay together where a cluster stands
    /// behind the server's address.
    pub(crate) fn name(&self, kind: &str, id: &str) -> String {
        format!("{{{}}}:{kind}:{id}", self.0.connector.target.namespace)
    }

    /// Connects, and says why that could not be done.
    pub(crate) async fn open(&self, limit: Duration) -> Result<(), Cause> {
        self.connection(Instant::now() + limit).await.map(drop)
    }

    /// Asks the server, within a limit.
    pub(crate) async fn ask<T, F>(
        &self,
        limit: Duration,
        question: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, Cause>
    where
        F: Future<Output = RedisResult<T>>,
    {
        Ok(self.ask_run(limit, question).await?.1)
    }

    /// Asks the server, within a limit, and says in which run of it that was.
    pub(crate) async fn ask_run<T, F>(
        &self,
        limit: Duration,
        question: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<(Run, T), Cause>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let now = Instant::now();
        // A limit beyond what the clock can tell is as good as a day.
        let day = now + Duration::from_secs(86_400);
        let until = now.checked_add(limit).unwrap_or(day);
        let (number, run, connection) = self.connection(until).await?;
        let mut asked = Asked {
            link: self,
            number,
            is_answered: false,
        };
        // Whoever stops waiting, here or further out, leaves a connection that may not work.
        let answer = timeout_at(until, question(connection)).await;
        asked.is_answered = answer.is_ok();
        drop(asked);
        match answer {
            Ok(Ok(answer)) => Ok((run, answer)),
            Ok(Err(error)) => {
                let cause = Cause::from(error);
                if !cause.is_of_connection() {
                    return Err(cause);
                }
                self.0.retire(number, None);
                // Where the connection was let go, the reason of that says more than that it ended.
                let state = self.0.lock();
                let failed = state.failed.as_ref();
                let failed = failed.filter(|failed| Instant::now() < failed.until);
                Err(failed.map_or(cause, |failed| failed.cause.clone()))
            }
            Err(_) => Err(Cause::TooLate),
        }
    }

    async fn connection(&self, until: Instant) -> Result<(u64, Run, MultiplexedConnection), Cause> {
        loop {
            let settled = self.0.settled.notified();
            {
                let mut state = self.0.lock();
                if let Some(current) = &mut state.current {
                    let is_old = current.checked.elapsed() > CHECKED_FOR;
                    if is_old && !current.is_probed {
                        current.is_probed = true;
                        self.look_again(current.number, current.connection.clone());
                    }
                    let run = match current.run {
                        Some(run) => Run::Server(run),
                        None => Run::Connection(current.number),
                    };
                    return Ok((current.number, run, current.connection.clone()));
                }
                match &state.failed {
                    Some(failed) if Instant::now() < failed.until => {
                        return Err(failed.cause.clone());
                    }
                    _ if !state.is_connecting => {
                        state.is_connecting = true;
                        // In a task: whoever stops waiting takes it from nobody else.
                        tokio::spawn(connect(Connecting(Arc::downgrade(&self.0))));
                    }
                    _ => {}
                }
            }
            if timeout_at(until, settled).await.is_err() {
                let failed = &self.0.lock().failed;
                // The reason of the attempt before says more than that this one takes long.
                let before = failed.as_ref().map(|failed| failed.cause.clone());
                return Err(before.unwrap_or(Cause::TooLate));
            }
        }
    }

    /// Looks, beside the calls, whether the server still is what it was.
    fn look_again(&self, number: u64, mut connection: MultiplexedConnection) {
        let shared = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            let found = timeout(CONNECT_LIMIT, check(&mut connection)).await;
            if let Some(shared) = shared.upgrade() {
                let found = found.unwrap_or(Err(Cause::TooLate)).map(drop);
                shared.found(number, found, true);
            }
        });
    }

    /// Asks whether a connection works on which a call had no answer.
    fn probe(&self, number: u64) {
        let mut state = self.0.lock();
        let Some(current) = &mut state.current else {
            return;
        };
        if current.number != number || current.is_probed {
            return;
        }
        // Without a runtime nobody asks; the next call finds out.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        current.is_probed = true;
        let (shared, mut connection) = (Arc::downgrade(&self.0), current.connection.clone());
        runtime.spawn(async move {
            let ping = cmd("PING");
            let answer = timeout(PROBE_LIMIT, ping.query_async(&mut connection)).await;
            let found = match answer {
                Ok(Ok(redis::Value::SimpleString(_) | redis::Value::ServerError(_))) => Ok(()),
                Ok(Ok(_)) => Err(Cause::Protocol),
                Ok(Err(error)) if error.code().is_some() => Ok(()),
                Ok(Err(error)) => Err(error.into()),
                Err(_) => Err(Cause::TooLate),
            };
            if let Some(shared) = shared.upgrade() {
                shared.found(number, found, false);
            }
        });
    }
}

/// The time in which a server forgets nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// From its start to its end.
    Server(u128),
    /// Where it does not say when it started: as long as a connection lasts.
    Connection(u64),
}

/// A call that waits for its answer.
struct Asked<'a> {
    link: &'a Link,
    number: u64,
    is_answered: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.link.probe(self.number);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No step leaves it half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what was found of a connection.
    fn found(&self, number: u64, found: Result<(), Cause>, is_check: bool) {
        if let Err(cause) = found {
            return self.retire(number, Some(cause));
        }
        let mut state = self.lock();
        if let Some(current) = &mut state.current
            && current.number == number
        {
            current.is_probed = false;
            if is_check {
                current.checked = Instant::now();
            }
        }
    }

    /// Lets a connection go. With a cause, calls fail with it for a moment; without, the next one connects.
    fn retire(&self, number: u64, cause: Option<Cause>) {
        let mut state = self.lock();
        if let Some(current) = state.current.take_if(|current| current.number == number) {
            // Also where the server takes nothing: what is on the way is lost then.
            current.driver.abort();
            if let Some(cause) = cause {
                state.fail(cause);
            }
        }
    }
}

impl State {
    fn fail(&mut self, cause: Cause) {
        let pause = match &self.failed {
            Some(failed) => (failed.pause * 2).min(LONGEST_PAUSE),
            None => FIRST_PAUSE,
        };
        self.failed = Some(Failed {
            cause,
            until: Instant::now() + pause,
            pause,
        });
    }
}

/// An attempt to connect. However it ends, the next one can be made.
struct Connecting(Weak<Shared>);

impl Drop for Connecting {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.lock().is_connecting = false;
            shared.settled.notify_waiters();
        }
    }
}

async fn connect(attempt: Connecting) {
    let Some(shared) = attempt.0.upgrade() else {
        return;
    };
    let (connector, hints) = (shared.connector.clone(), shared.lock().hints.clone());
    // A state that nobody has any more does not wait for this.
    drop(shared);
    let connected = timeout(CONNECT_LIMIT, connected(&connector, hints)).await;
    let Some(shared) = attempt.0.upgrade() else {
        return;
    };
    let mut state = shared.lock();
    match connected.unwrap_or(Err(Cause::TooLate)) {
        Ok(Connected {
            connection,
            driver,
            run,
        }) => {
            state.count += 1;
            let number = state.count;
            state.failed = None;
            state.current = Some(Current {
                number,
                run,
                connection,
                driver: driver.abort_handle(),
                checked: Instant::now(),
                is_probed: false,
            });
            let shared = Arc::downgrade(&shared);
            tokio::spawn(async move {
                // An idle connection that ends is noticed here, before a call would fail.
                let _ = driver.await;
                if let Some(shared) = shared.upgrade() {
                    shared.retire(number, None);
                }
            });
        }
        Err(cause) => state.fail(cause),
    }
}

async fn connected(connector: &Connector, hints: Option<Hints>) -> Result<Connected, Cause> {
    let heard = hints.as_ref().map(|hints| Arc::clone(&hints.heard));
    let hears = move |push: PushInfo| {
        if push.kind == PushKind::Message
            && let Some(heard) = &heard
        {
            heard.notify_waiters();
        }
        Ok::<_, SendError>(())
    };
    let mut connected = connector.connect(hears).await?;
    if let Some(hints) = hints {
        // Where that is forbidden there are no hints, and whoever waits for them asks by the clock.
        let _ = connected.connection.subscribe(&hints.channel).await;
        hints.heard.notify_waiters();
    }
    Ok(connected)
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = state.current.take() {
            current.driver.abort();
        }
    }
}
