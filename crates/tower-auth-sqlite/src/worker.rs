//! A thread that owns one connection and does one thing after the other.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::Instant,
};

use tokio::sync::{mpsc, oneshot};
use tower_auth::keys::{AsOf, KeyId, KeyStoreError, Spend};

use crate::{
    database::{Database, Opening},
    fault::{Cause, Fault},
    spend::{self, Spending},
};

/// How many calls may wait in a thread's queue; the others wait in front of it, until their time is
/// over.
const QUEUE: usize = 1_024;

/// How many credits one transaction spends at most.
const BATCH: usize = 256;

/// The way to a thread. The thread does what is in its queue and ends when the last of these is
/// dropped.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    jobs: mpsc::Sender<Job>,
}

enum Job {
    Work(Box<dyn FnOnce(&mut Database) + Send>),
    /// Spend one credit, in one transaction with those that wait behind it.
    Spend(Spending),
    /// Do what is in the queue, take nothing more, and tell when the connection is closed.
    Close(oneshot::Sender<()>),
}

impl Worker {
    /// Starts a thread that opens a connection. `opened` is what it can say of it.
    pub(crate) async fn start<T: Send + 'static>(
        opening: Opening,
        until: Instant,
        opened: impl FnOnce(&Database) -> T + Send + 'static,
    ) -> Result<(Self, T), Fault> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (said, answer) = oneshot::channel();
        let body = move || match Database::open(&opening, until) {
            Err(fault) => drop(said.send(Err(fault))),
            Ok(database) => {
                if said.send(Ok(opened(&database))).is_ok() {
                    serve(database, queue);
                }
            }
        };
        thread::Builder::new()
            .name("tower-auth-sqlite".into())
            .spawn(body)
            .map_err(|error| Cause::Thread(error.kind()))?;
        let opened = in_time(until, answer).await??;
        Ok((Self { jobs }, opened))
    }

    /// Has the thread do something before the time is over.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        until: Instant,
        work: impl FnOnce(&mut Database) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (said, answer) = oneshot::channel();
        let job = Job::Work(Box::new(move |database| {
            // Nobody waits for it any more: it is not begun.
            if !said.is_closed() {
                let _ = said.send(work(database));
            }
        }));
        in_time(until, async {
            // A queue that is closed gives the job back: with it goes the answer's other end.
            let _ = self.jobs.send(job).await;
            answer.await
        })
        .await?
    }

    /// Has the thread spend one credit before the time is over.
    pub(crate) async fn spend(
        &self,
        account: KeyId,
        until: Instant,
    ) -> Result<AsOf<Spend>, KeyStoreError> {
        let (said, answer) = oneshot::channel();
        let spending = Spending {
            account,
            until,
            said,
        };
        in_time(until, async {
            let _ = self.jobs.send(Job::Spend(spending)).await;
            answer.await
        })
        .await?
    }

    /// Comes back when the connection is closed, or the time is over.
    pub(crate) async fn close(&self, until: Instant) -> Result<(), Fault> {
        let (closed, wait) = oneshot::channel();
        let closed = in_time(until, async {
            let _ = self.jobs.send(Job::Close(closed)).await;
            // An error says that the thread has ended before.
            let _ = wait.await;
            Ok(())
        });
        closed.await
    }
}

/// Waits no longer than until then. A thread that ends without an answer has closed the store.
async fn in_time<T>(
    until: Instant,
    answer: impl Future<Output = Result<T, oneshot::error::RecvError>>,
) -> Result<T, Fault> {
    match tokio::time::timeout_at(until.into(), answer).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) => Err(Cause::Closed.into()),
        Err(_) => Err(Cause::TooLate.into()),
    }
}

fn serve(mut database: Database, mut queue: mpsc::Receiver<Job>) {
    let mut waiting = Vec::new();
    let mut next = None;
    while let Some(job) = next.take().or_else(|| queue.blocking_recv()) {
        match job {
            // A panic drops the transaction, which undoes it, and the answer's channel: whoever asked
            // learns that nobody knows. The next one is served.
            Job::Work(work) => drop(catch_unwind(AssertUnwindSafe(|| work(&mut database)))),
            Job::Spend(first) => {
                let mut batch = vec![first];
                while batch.len() < BATCH && next.is_none() {
                    match queue.try_recv() {
                        Ok(Job::Spend(spending)) => batch.push(spending),
                        Ok(other) => next = Some(other),
                        Err(_) => break,
                    }
                }
                drop(catch_unwind(AssertUnwindSafe(|| {
                    spend::together(&mut database, batch);
                })));
            }
            Job::Close(closed) => {
                queue.close();
                waiting.push(closed);
            }
        }
    }
    drop(database);
    for closed in waiting {
        let _ = closed.send(());
    }
}
