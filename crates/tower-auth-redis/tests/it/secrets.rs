//! What tells nobody a password.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tower_auth::shared::{Once, SharedState};
use tower_auth_redis::RedisSharedState;
use tower_auth_servers::{ESCAPED_PASSWORD, PASSWORD, Redis};
use tracing_subscriber::fmt::MakeWriter;

use crate::common::{admit, count, state};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// At the most talkative level, of this crate and of those beneath it.
#[tokio::test]
async fn no_error_no_debug_form_and_no_log_tells_a_password() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    tracing::info!("it is heard");
    let url = server.url();
    let shared = state(&url).await;
    admit(&shared, count("ada", "1 per hour")).await.unwrap();
    let once = Once::new("test", b"x");
    shared.finish(&once, crate::common::PATIENCE).await.unwrap();
    let mut told = format!("{shared:?}");
    let port = server.port();
    for url in [
        url.replace(ESCAPED_PASSWORD, "wrong-canary-pw"),
        format!("redis://:{ESCAPED_PASSWORD}@127.0.0.1:1"),
        format!("redis://:{ESCAPED_PASSWORD}@no-such-host.invalid?insecure_plaintext=true"),
        format!("redis://:{ESCAPED_PASSWORD}@127.0.0.1:{port}/x"),
        format!("redis://:{PASSWORD}@127.0.0.1:{port}"),
        format!("rediss://:{ESCAPED_PASSWORD}@127.0.0.1:{port}"),
        format!("redis://:{ESCAPED_PASSWORD}@redis.example"),
        format!("redis://:{ESCAPED_PASSWORD}@127.0.0.1:{port}?canary-pw=1"),
    ] {
        let error = RedisSharedState::open(&url).await.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap();
        told += &format!("{error} {error:?} {cause} {cause:?}\n");
    }
    told += &String::from_utf8_lossy(&log.0.lock().unwrap());
    assert!(told.contains("it is heard"));
    assert!(!told.contains("canary-pw"), "{told}");
}
