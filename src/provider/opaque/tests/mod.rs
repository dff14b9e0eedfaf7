//! Strangers and known tokens before one endpoint, in simulated time.
#![cfg(test)]

mod flood;
mod renewal;

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Mutex,
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
    context::AuthContext, error::AuthErrorKind, issuer::fetch::FetchError, request::ClientAddress,
    testing::ManualClock,
};

/// An endpoint that takes its time. Tokens that begin with `known` are good until they are revoked.
struct Slow {
    endpoint: Endpoint,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    is_down: AtomicBool,
    revoked: Mutex<HashSet<String>>,
    asked: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

struct UnderWay<'a>(&'a Told);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Relaxed);
    }
}

impl Question for Slow {
    async fn ask(&self, _: &Fetcher, token: &str) -> Result<Vouched, AuthError> {
        let told = &*self.told;
        told.asked.fetch_add(1, Relaxed);
        let under_way = told.under_way.fetch_add(1, Relaxed) + 1;
        told.most_under_way.fetch_max(under_way, Relaxed);
        let _under_way = UnderWay(told);
        sleep(LATENCY).await;
        if told.is_down.load(Relaxed) {
            return Err(endpoint_failed(FetchError::TimedOut));
        }
        if !token.starts_with("known") || told.revoked.lock().unwrap().contains(token) {
            return Err(AuthError::invalid_credential("token_inactive"));
        }
        Ok(Vouched {
            context: AuthContext::new(token),
            not_before: None,
            issued_at: None,
            expires_at: None,
            size: 0,
        })
    }

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn set_label(&mut self, _: Label) {}
}

struct World {
    tokens: Opaque<Slow>,
    clock: ManualClock,
    told: Arc<Told>,
}

impl World {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(setting: impl FnOnce(&mut Settings)) -> Self {
        let told = Arc::<Told>::default();
        let slow = Slow {
            endpoint: Endpoint::parse("endpoint", "http://127.0.0.1:1").unwrap(),
            told: Arc::clone(&told),
        };
        let clock = ManualClock::at_unix(1_800_000_000);
        let tokens = Opaque::new(slow).with_setting(|settings| {
            settings.clock = clock.clock();
            setting(settings);
        });
        Self {
            tokens,
            clock,
            told,
        }
    }

    fn ask(&self, token: &str, peer: Option<ClientAddress>) -> Authentication {
        let mut request = Request::new(());
        let value = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", value);
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        self.tokens.authenticate(&AuthRequest::from(&request))
    }

    fn spawn(&self, token: &str, peer: Option<ClientAddress>) -> JoinHandle<Option<AuthErrorKind>> {
        let asking = self.ask(token, peer);
        tokio::spawn(async move { asking.await.err().map(|error| error.kind()) })
    }

    /// Strangers with a token each, whose questions are under way or in line when this returns.
    async fn strangers(
        &self,
        count: usize,
        peer: Option<ClientAddress>,
    ) -> Vec<JoinHandle<Option<AuthErrorKind>>> {
        let asking = (0..count)
            .map(|number| self.spawn(&number.to_string(), peer))
            .collect();
        moment().await;
        asking
    }

    /// What is wrong with a token, if anything is.
    async fn fault(&self, token: &str) -> Option<AuthErrorKind> {
        self.ask(token, None).await.err().map(|error| error.kind())
    }

    fn revoke(&self, token: &str) {
        self.told.revoked.lock().unwrap().insert(token.into());
    }

    fn knows(&self, token: &str) -> bool {
        let desk = self.tokens.desk().unwrap();
        let name = desk.names.name(token.as_bytes());
        desk.verdicts.knows(name, self.clock.unix())
    }

    /// Lets both clocks run.
    async fn pass(&self, seconds: u64) {
        for _ in 0..seconds {
            advance(Duration::from_secs(1)).await;
            self.clock.advance(Duration::from_secs(1));
        }
    }

    fn asked(&self) -> usize {
        self.told.asked.load(Relaxed)
    }

    fn under_way(&self) -> usize {
        self.told.under_way.load(Relaxed)
    }
}

/// Lets everybody go on who need not wait for the endpoint.
async fn moment() {
    sleep(Duration::from_millis(1)).await;
}

const LATENCY: Duration = Duration::from_millis(100);
const REFUSED: Option<AuthErrorKind> = Some(AuthErrorKind::InvalidCredential);
const UNAVAILABLE: Option<AuthErrorKind> = Some(AuthErrorKind::Unavailable);
