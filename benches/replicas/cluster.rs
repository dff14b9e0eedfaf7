//! Three processes.

use std::{
    process::Command,
    sync::{Mutex, PoisonError},
};

use futures_util::future::join_all;

use crate::process::Process;

pub(crate) struct Cluster(Vec<Mutex<Process>>);

/// A key, and what shows it.
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Cluster {
    /// Starts them over the store of keys, and over a shared state where `state` is not `-`.
    pub(crate) async fn start(keys: &str, state: &str) -> Self {
        let processes = (0..REPLICAS).map(|_| Process::start(&["--serve", keys, state]));
        Self::of(processes.collect()).await
    }

    /// One of them is started by another program.
    pub(crate) async fn start_one_by(program: &str, arguments: &[&str], keys: &str) -> Self {
        let serve = ["--serve", keys, "-"];
        let mut command = Command::new(program);
        command
            .args(arguments)
            .arg(std::env::current_exe().unwrap());
        // What an operator's clock does, the monotonic one of the machine does not do.
        command.args(serve).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let mut processes = vec![Process::run(&mut command)];
        processes.extend((1..REPLICAS).map(|_| Process::start(&serve)));
        Self::of(processes).await
    }

    async fn of(processes: Vec<Process>) -> Self {
        let cluster = Self(processes.into_iter().map(Mutex::new).collect());
        cluster.all("ready").await;
        cluster
    }

    /// Has one of them do something, and returns its answer.
    pub(crate) async fn one(&self, replica: usize, order: &str) -> String {
        let answer = {
            let process = self.0[replica % self.0.len()].lock();
            process.unwrap_or_else(PoisonError::into_inner).order(order)
        };
        answer.await.unwrap()
    }

    /// Has all of them do something.
    pub(crate) async fn all(&self, order: &str) -> Vec<String> {
        join_all((0..self.0.len()).map(|replica| self.one(replica, order))).await
    }

    /// A key that all of them accept.
    pub(crate) async fn key(&self, name: &str) -> Key {
        let made = self.one(0, &format!("create {name}")).await;
        let (id, secret) = made.split_once(' ').unwrap();
        self.all(&format!("until 200 {secret}")).await;
        Key {
            id: id.to_owned(),
            secret: secret.to_owned(),
        }
    }

    /// Asserts what each of them answers to a credential.
    #[track_caller]
    pub(crate) fn assert<'a>(
        &'a self,
        credential: &'a str,
        status: u16,
    ) -> impl Future<Output = ()> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let answers = self.all(&format!("status {credential}")).await;
            let wanted = vec![status.to_string(); self.0.len()];
            assert_eq!(answers, wanted, "{place}");
        }
    }

    /// The number of one of the processes.
    pub(crate) fn id(&self, replica: usize) -> String {
        let process = self.0[replica]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        process.id().to_string()
    }

    pub(crate) fn stop(self) {
        for process in self.0 {
            process
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner)
                .stop();
        }
    }
}

/// Sends a signal to a process.
pub(crate) fn signal(signal: &str, process: &str) {
    let status = Command::new("kill").args([signal, process]).status();
    assert!(status.unwrap().success());
}

const REPLICAS: usize = 3;
