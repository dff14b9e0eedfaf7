//! A further process that serves, and tells when it has seen a change.

use std::{
    io::{self, BufRead, BufReader, Lines, Write},
    process::{Child, ChildStdout, Stdio},
    time::{Duration, Instant},
};

use http::StatusCode;

use crate::{
    common::child_command,
    managed::{keys, until},
};

/// A further process that serves.
pub(crate) struct Follower {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Follower {
    pub(crate) fn start(url: &str) -> Self {
        let mut command = child_command("follow", url);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut follower = Self { child, said };
        follower.hear("ready");
        follower
    }

    fn hear(&mut self, word: &str) {
        let heard = self.said.by_ref().any(|line| line.unwrap() == word);
        assert!(heard, "it ended");
    }

    /// How long it takes until it answers a key so.
    pub(crate) fn until(&mut self, secret: &str, status: StatusCode) -> Duration {
        let before = Instant::now();
        let mut order = self.child.stdin.as_ref().unwrap();
        writeln!(order, "{} {secret}", status.as_u16()).unwrap();
        self.hear("seen");
        before.elapsed()
    }

    pub(crate) fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// The part of a further process that serves: it reads which key it is to answer how, and says when it does.
pub(crate) async fn follow(url: &str) -> String {
    let keys = keys(url).await;
    println!("\nready");
    for order in io::stdin().lines() {
        let order = order.unwrap();
        let (status, secret) = order.split_once(' ').unwrap();
        until(&keys, secret, status.parse().unwrap()).await;
        println!("\nseen");
    }
    "followed".to_owned()
}
