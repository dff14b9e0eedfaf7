//! A process that is stopped or killed while it serves requests.

use std::{
    io::{self, BufRead, BufReader, Lines, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, SystemTime},
};

use tower_auth::keys::KeyRequest;

use crate::{
    common::{Folder, child_command},
    managed::{ask, keys, secret},
};

/// A process that answers one key in each line with a status.
struct Server {
    process: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Server {
    fn start(folder: &Folder) -> Self {
        let mut command = child_command("serve", folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let questions = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap()).lines();
        Self {
            process,
            questions,
            answers,
        }
    }

    fn send(&mut self, key: &str) {
        writeln!(self.questions, "{key}").unwrap();
    }

    fn answer(&mut self) -> u16 {
        let status = self
            .answers
            .find_map(|line| line.unwrap().strip_prefix("status:")?.parse().ok());
        status.unwrap()
    }

    fn signal(&self, name: &str) {
        let process = self.process.id().to_string();
        let sent = Command::new("kill").args([name, &process]).status();
        assert!(sent.unwrap().success());
    }
}

/// The part of the process.
pub(crate) async fn serve(file: PathBuf) -> String {
    let keys = keys(&file).await;
    for key in io::stdin().lines() {
        println!("\nstatus:{}", ask(&keys, &key.unwrap()).await.as_u16());
    }
    "served".to_owned()
}

/// Its own clock did not count, or it would: either way it has not heard of the revocation.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_stopped_accepts_nothing_that_was_revoked_meanwhile() {
    let folder = Folder::new();
    let admin = keys(&folder.file()).await.as_operator("ada");
    let made = admin.create(KeyRequest::new("ci")).await.unwrap();
    let mut server = Server::start(&folder);
    server.send(&secret(&made));
    assert_eq!(server.answer(), 200);

    server.signal("-STOP");
    let revoked = admin.revoke(made.key().record().id(), "lost").await;
    revoked.unwrap();
    // It is there before the process goes on, so it is answered first.
    server.send(&secret(&made));
    thread::sleep(Duration::from_secs(10));
    server.signal("-CONT");
    assert_eq!(server.answer(), 401);
    server.process.kill().unwrap();
    server.process.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_loses_at_most_a_minute_of_last_used() {
    let folder = Folder::new();
    let admin = keys(&folder.file()).await.as_operator("ada");
    let made = admin.create(KeyRequest::new("ci")).await.unwrap();
    let mut server = Server::start(&folder);
    for _ in 0..40 {
        server.send(&secret(&made));
        assert_eq!(server.answer(), 200);
        thread::sleep(Duration::from_millis(50));
    }
    let last = SystemTime::now();
    server.process.kill().unwrap();
    server.process.wait().unwrap();

    let kept = admin.get(made.key().record().id()).await.unwrap();
    let used = kept.last_used_at().unwrap().to_system_time().unwrap();
    let lost = last.duration_since(used).unwrap_or_default();
    assert!(lost <= Duration::from_secs(60), "{lost:?}");
    assert_eq!(kept.record(), made.key().record());
}
