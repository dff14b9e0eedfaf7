//! Servers that are not there, and free places for those that are.

use std::{
    env,
    net::TcpListener,
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// A port of the loopback address on which nothing listens.
///
/// It is none of those that the system gives away by itself: a connection that somebody opens in the meantime
/// does not take it. Two processes begin to look in different places.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let start = process::id().wrapping_mul(7_919) ^ time.subsec_nanos();
    // The first call decides where this process begins.
    let _ = NEXT.compare_exchange(0, start.max(1), Ordering::Relaxed, Ordering::Relaxed);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + u16::try_from(number % PORTS).unwrap_or_default();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
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

/// Linux gives away ports from 32768, others from 49152.
const FIRST: u16 = 12_000;
const PORTS: u32 = 20_000;
