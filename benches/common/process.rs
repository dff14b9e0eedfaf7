//! Another process of the same program. It is told what to do in lines, and answers in lines.
#![allow(dead_code, reason = "each bench uses its part")]

use std::{
    collections::HashMap,
    env,
    future::Future,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::sync::oneshot;

/// The parent's end.
pub(crate) struct Process {
    child: Child,
    orders: ChildStdin,
    waiting: Arc<Mutex<HashMap<u64, oneshot::Sender<String>>>>,
    next: u64,
}

impl Process {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::run(Command::new(env::current_exe().unwrap()).args(arguments))
    }

    /// Starts the program by another one.
    pub(crate) fn run(command: &mut Command) -> Self {
        let mut child = command
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
            // It has ended: nobody waits for what it does not say any more.
            waiters.lock().unwrap().clear();
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

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn stop(mut self) {
        drop(self.orders);
        assert!(self.child.wait().unwrap().success());
    }
}

/// Carries out each order as it comes, and answers it when that is done.
pub(crate) async fn obey<F>(order: impl Fn(String) -> F)
where
    F: Future<Output = String> + Send + 'static,
{
    // An order that fails ends the process, and with it the parent.
    let say = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        say(panic);
        std::process::exit(101);
    }));
    let (said, mut orders) = tokio::sync::mpsc::unbounded_channel();
    thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let _ = said.send(line.unwrap());
        }
    });
    while let Some(line) = orders.recv().await {
        let (number, what) = line.split_once(' ').unwrap();
        let (number, answer) = (number.to_owned(), order(what.to_owned()));
        tokio::spawn(async move { println!("{number} {}", answer.await) });
    }
}

/// The wall clock: all processes are on one machine.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}
