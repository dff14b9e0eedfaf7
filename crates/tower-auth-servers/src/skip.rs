//! Servers that are not there, and free places for those that are.

use std::{env, net::TcpListener};

/// A port of the loopback address on which nothing listens.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// What a test says that cannot run here, because a Debian package is missing.
pub fn skip(package: &str) {
    skip_until(
        package,
        "install the Debian package of that name (scripts/setup does)",
    );
}

/// What a test says that cannot run here, until somebody does something about it.
pub fn skip_until(what: &str, done: &str) {
    assert!(
        env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{what} is missing: {done}"
    );
    eprintln!("SKIPPED: {what} is missing: {done}");
}
