//! Ctrl-C.

use std::{
    io::Read,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;

use crate::common::{Folder, PATIENCE, Said, text};

/// While a change waits for the store.
#[test]
fn ctrl_c_prints_no_key_and_says_what_is_not_known() {
    let folder = Folder::new();
    let made = folder.make("a", &[]);
    let id = text(&made, "id");
    folder.write("keys.csv", &format!("digest,name\n{},b\n", "ab".repeat(32)));
    let lock = Connection::open(folder.file()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    for (arguments, what) in [
        (&["keys", "create", "--name", "b"][..], "the key"),
        (&["keys", "rotate", id], "the rotation"),
        (&["keys", "revoke", id], "the revocation"),
    ] {
        let said = interrupted(&folder, arguments);
        assert_eq!(
            said.fault(130),
            format!(
                "stopped by Ctrl-C: {what} may be done or not done, and \
                 `tower-auth audit` shows it"
            )
        );
    }
    let said = interrupted(&folder, &["keys", "import", "keys.csv"]);
    let line = said.fault(130);
    assert!(line.starts_with("stopped by Ctrl-C"), "{line}");
    lock.execute_batch("ROLLBACK").unwrap();
    let list = folder.json(&["keys", "list", "--all"]);
    assert_eq!(list.as_array().unwrap().len(), 1);
}

fn interrupted(folder: &Folder, arguments: &[&str]) -> Said {
    let mut command = folder.command(arguments);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id().to_string();
    let since = Instant::now();
    // It listens when the system says so: SigCgt in its status has SIGINT, which is bit 1.
    while !listens(&id) {
        assert!(since.elapsed() < PATIENCE, "it never listens");
        thread::sleep(Duration::from_millis(5));
    }
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let code = child.wait().unwrap().code();
    let (mut out, mut err) = (String::new(), String::new());
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    Said { code, out, err }
}

fn listens(id: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    caught.is_some_and(|mask| mask & 0b10 != 0)
}
