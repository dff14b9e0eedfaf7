//! New and known tokens before one endpoint, in simulated time.
#![cfg(test)]

mod flood;
mod renewal;

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use http::Request;
use tokio::{
    task::JoinHandle,
    time::{Instant, advance, sleep},
};

use super::*;
use crate::{
    context::AuthContext,
    error::{AuthError, AuthErrorKind},
    issuer::fetch::{Endpoint, FetchError, Fetcher},
    provider::{Authentication, SourceLabel},
    request::{AuthRequest, ClientAddress},
    testing::ManualClock,
};

/// An endpoint that takes its time. Tokens that begin with `known` are good until they are revoked.
struct Slow {
    endpoint: Endpoint,
    log: Arc<EndpointLog>,
}

#[derive(Default)]
struct EndpointLog {
    is_down: AtomicBool,
    revoked: Mutex<HashSet<String>>,
    asked: AtomicUsize,
    running: AtomicUsize,
    most_running: AtomicUsize,
}

struct RunningQuestion<'a>(&'a EndpointLog);

impl Drop for RunningQuestion<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Relaxed);
    }
}

impl TokenEndpoint for Slow {
    async fn ask(&self, _: &Fetcher, token: &str) -> Result<ActiveToken, AuthError> {
        let log = &*self.log;
        log.asked.fetch_add(1, Relaxed);
        let running = log.running.fetch_add(1, Relaxed) + 1;
        log.most_running.fetch_max(running, Relaxed);
        let _running = RunningQuestion(log);
        sleep(LATENCY).await;
        if log.is_down.load(Relaxed) {
            return Err(endpoint_failed(FetchError::TimedOut));
        }
        if !token.starts_with("known") || log.revoked.lock().unwrap().contains(token) {
            return Err(AuthError::invalid_credential("token_inactive"));
        }
        Ok(ActiveToken {
            context: AuthContext::new(token),
            not_before: None,
            issued_at: None,
            expires_at: None,
            answer_len: 0,
        })
    }

    fn address(&self) -> &Endpoint {
        &self.endpoint
    }

    fn set_label(&mut self, _: SourceLabel) {}
}

struct World {
    tokens: OpaqueTokens<Slow>,
    clock: ManualClock,
    log: Arc<EndpointLog>,
}

impl World {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(setting: impl FnOnce(&mut OpaqueSettings)) -> Self {
        let log = Arc::<EndpointLog>::default();
        let slow = Slow {
            endpoint: Endpoint::parse("endpoint", "http://127.0.0.1:1").unwrap(),
            log: Arc::clone(&log),
        };
        let clock = ManualClock::at_unix(1_800_000_000);
        let tokens = OpaqueTokens::new(slow).with_setting(|settings| {
            settings.clock = clock.clock();
            setting(settings);
        });
        Self { tokens, clock, log }
    }

    fn ask(&self, token: &str, client: Option<ClientAddress>) -> Authentication {
        let mut request = Request::new(());
        let value = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", value);
        if let Some(client) = client {
            request.extensions_mut().insert(client);
        }
        self.tokens.authenticate(&AuthRequest::from(&request))
    }

    fn spawn(
        &self,
        token: &str,
        client: Option<ClientAddress>,
    ) -> JoinHandle<Option<AuthErrorKind>> {
        let asking = self.ask(token, client);
        tokio::spawn(async move { asking.await.err().map(|error| error.kind()) })
    }

    /// Strangers with a token each, whose questions are under way or in line when this returns.
    async fn strangers(
        &self,
        count: usize,
        client: Option<ClientAddress>,
    ) -> Vec<JoinHandle<Option<AuthErrorKind>>> {
        let asking = (0..count)
            .map(|number| self.spawn(&number.to_string(), client))
            .collect();
        moment().await;
        asking
    }

    /// What is wrong with a token, if anything is.
    async fn fault(&self, token: &str) -> Option<AuthErrorKind> {
        self.ask(token, None).await.err().map(|error| error.kind())
    }

    fn revoke(&self, token: &str) {
        self.log.revoked.lock().unwrap().insert(token.into());
    }

    fn knows(&self, token: &str) -> bool {
        let client = self.tokens.client().unwrap();
        client.is_known(client.hash(token))
    }

    /// Lets both clocks run.
    async fn pass(&self, seconds: u64) {
        for _ in 0..seconds {
            advance(Duration::from_secs(1)).await;
            self.clock.advance(Duration::from_secs(1));
        }
    }

    fn asked(&self) -> usize {
        self.log.asked.load(Relaxed)
    }

    fn running(&self) -> usize {
        self.log.running.load(Relaxed)
    }
}

/// Lets everybody go on who need not wait for the endpoint.
async fn moment() {
    sleep(Duration::from_millis(1)).await;
}

const LATENCY: Duration = Duration::from_millis(100);
const REFUSED: Option<AuthErrorKind> = Some(AuthErrorKind::InvalidCredential);
const UNAVAILABLE: Option<AuthErrorKind> = Some(AuthErrorKind::Unavailable);
