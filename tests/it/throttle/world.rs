//! An app whose callers are held to limits.

use axum::{
    Router,
    routing::{any, get, post},
};
use tower_auth::{
    AuthContext, AuthLayer, AuthRequest,
    provider::{AuthProvider, provider_fn},
    testing::ManualClock,
    throttle::{Limit, Quota, Requests, ThrottleLayer},
};

use super::kit::{PEER, from};
use crate::common::answer::{Answer, send};

pub fn quota(text: &str) -> Quota {
    text.parse().unwrap()
}

pub struct World {
    pub app: Router,
    pub clock: ManualClock,
}

impl World {
    pub fn new(limits: impl IntoIterator<Item = Limit>) -> Self {
        Self::with(limits, |layer| layer)
    }

    pub fn with(
        limits: impl IntoIterator<Item = Limit>,
        change: impl FnOnce(Requests) -> Requests,
    ) -> Self {
        let clock = ManualClock::now();
        let throttle = Requests::new(limits).unwrap().with_clock(clock.clock());
        let charged = async |caller: AuthContext| {
            caller.charge(4);
            "charged"
        };
        let app = Router::new()
            .route("/run", any(async || "ran"))
            .route("/runs/{id}", any(async || "ran"))
            .route("/files/{*rest}", any(async || "ran"))
            .route("/charge", post(charged))
            .route("/public", get(async || "public"))
            .layer(ThrottleLayer::new(change(throttle)))
            .layer(AuthLayer::new(callers()).public("/public"));
        Self { app, clock }
    }

    pub async fn ask(&self, line: &str, caller: &str) -> Answer {
        send(&self.app, from(PEER, line, &[("x-user", caller)])).await
    }

    /// How many requests pass before one is refused.
    pub async fn passed(&self, line: &str, caller: &str) -> usize {
        for number in 0..100 {
            let answer = self.ask(line, caller).await;
            match answer.status.as_u16() {
                200 => {}
                429 => return number,
                status => panic!("{status}"),
            }
        }
        panic!("nothing is refused");
    }
}

/// Whoever says who they are: `user`, or `user@tenant`, or `user+scope`.
pub fn callers() -> impl AuthProvider {
    provider_fn(|request: &AuthRequest<'_>| {
        let Some(user) = request.header("x-user") else {
            return Ok(None);
        };
        let (user, tenant) = user.split_once('@').unwrap_or((user, ""));
        let (user, scope) = user.split_once('+').unwrap_or((user, ""));
        let mut context = AuthContext::new(user)
            .with_scopes([scope].into_iter().filter(|scope| !scope.is_empty()));
        if !tenant.is_empty() {
            context = context.with_claim("tenant", tenant);
        }
        Ok(Some(context))
    })
}
