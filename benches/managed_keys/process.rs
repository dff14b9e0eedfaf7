//! Another process over the same store. It is told what to watch in lines, and answers in lines.

use std::{
    collections::HashMap,
    env,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::Router;
use tokio::sync::oneshot;

use crate::{credits, open, rotation, router};

/// The parent's end.
pub(crate) struct Process {
    child: Child,
    orders: ChildStdin,
    waiting: Arc<Mutex<HashMap<u64, oneshot::Sender<String>>>>,
    next: u64,
}

impl Process {
    pub(crate) fn start(url: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--serve", url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let waiting = Arc::<Mutex<HashMap<u64, oneshot::Sender<String>>>>::default();
        let waiters = Arc::clone(&waiting);
        thread::spawn(move || {
            for line in answers.lines().map_while(Result::ok) {
                let (number, answer) = line.split_once(' ').unwrap();
                let waiter = waiters.lock().unwrap().remove(&number.parse().unwrap());
                let _ = waiter.unwrap().send(answer.to_owned());
            }
        });
        Self {
            child,
            orders,
            waiting,
            next: 0,
        }
    }

    /// Has the process do something, and returns its answer.
    pub(crate) fn order(&mut self, order: &str) -> oneshot::Receiver<String> {
        let (said, answer) = oneshot::channel();
        self.next += 1;
        self.waiting.lock().unwrap().insert(self.next, said);
        writeln!(self.orders, "{} {order}", self.next).unwrap();
        answer
    }

    pub(crate) fn stop(mut self) {
        drop(self.orders);
        assert!(self.child.wait().unwrap().success());
    }
}

/// The other end.
pub(crate) async fn serve(url: &str) {
    let keys = open(url).await;
    let server = router::router(keys);
    let (said, mut orders) = tokio::sync::mpsc::unbounded_channel();
    thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let _ = said.send(line.unwrap());
        }
    });
    while let Some(line) = orders.recv().await {
        let server = server.clone();
        tokio::spawn(async move {
            let words: Vec<&str> = line.split(' ').collect();
            let answer = match words.as_slice() {
                [_, "load", key, count] => load(&server, key, count.parse().unwrap()).await,
                [_, "until", status, key] => until(&server, status, key).await,
                [_, "overlap", old, new, end] => {
                    let end = Duration::from_millis(end.parse().unwrap());
                    rotation::watch(&server, old, new, end).await.to_text()
                }
                [_, "spend", key] => credits::spend(&server, key).await.to_string(),
                other => panic!("no such order: {other:?}"),
            };
            println!("{} {answer}", words[0]);
        });
    }
}

/// Answers with how many requests of 2,000 a second were not accepted.
async fn load(server: &Router, key: &str, seconds: u64) -> String {
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    let (mut served, mut refused) = (0_u64, 0_u64);
    for _ in 0..seconds * 200 {
        tick.tick().await;
        for _ in 0..10 {
            served += 1;
            refused += u64::from(router::status(server, key).await != 200);
        }
    }
    format!("{served} {refused}")
}

/// Answers with the time when a key was first answered so, in microseconds.
async fn until(server: &Router, status: &str, key: &str) -> String {
    let status: u16 = status.parse().unwrap();
    while router::status(server, key).await != status {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    now().as_micros().to_string()
}

/// The wall clock: both processes are on one machine.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}
