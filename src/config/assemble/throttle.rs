//! Limits, and the proxies behind which clients are told apart.

use http::{HeaderName, Method};

use super::{
    assembly::Assembly,
    limits::{KeptLimits, Limits},
};
use crate::{
    access::PathRule,
    attempts::Attempts,
    config::{
        read::{Filled, Located, Slot},
        shape::throttle::{By, RequestLimit, Throttle},
    },
    error::{ConfigError, ConfigErrorKind},
    proxies::TrustedProxies,
    requests::{Limit, Requests},
};

impl Assembly<'_> {
    /// Makes the limits of the document; what it says nothing of is as the program has it.
    pub(super) fn throttle(&mut self, throttle: Option<&Throttle>) {
        let nothing = Throttle::default();
        let throttle = throttle.unwrap_or(&nothing);
        let mut earlier = self.kept.earlier_limits.iter();
        let plan = (throttle.requests.clone(), throttle.max_running.clone());
        let same_requests = earlier.clone().find(|earlier| earlier.requests == plan);
        let same_attempts = earlier.find(|earlier| earlier.attempts == throttle.attempts);
        let (attempts, requests) = (
            same_attempts.and_then(|earlier| earlier.limits.attempts.clone()),
            same_requests.and_then(|earlier| earlier.limits.requests.clone()),
        );
        let limits = Limits {
            attempts: attempts.or_else(|| self.attempts(throttle)),
            requests: requests.or_else(|| self.requests(throttle)),
            proxies: self.proxies(throttle),
        };
        let attempts = limits.attempts.iter().map(ToString::to_string);
        let requests = limits.requests.iter().map(ToString::to_string);
        self.summary.limits = attempts.chain(requests).collect();
        self.kept.limits = Some(KeptLimits {
            attempts: throttle.attempts.clone(),
            requests: plan,
            limits: limits.clone(),
        });
        self.limits = limits;
    }

    fn attempts(&self, throttle: &Throttle) -> Option<Attempts> {
        let Some(block) = throttle.attempts.value() else {
            let own = self.config.default_attempts.clone();
            let own = own.filter(|_| throttle.attempts.is_absent());
            return own.map(|own| self.shared_attempts(own));
        };
        let mut attempts = self.shared_attempts(Attempts::new(*block.quota.value()?));
        if let Some(most) = block.max_entries.value() {
            attempts = attempts.with_max_entries(most.0);
        }
        Some(match &self.config.clock {
            Some(clock) => attempts.with_clock(clock.clone()),
            None => attempts,
        })
    }

    fn shared_attempts(&self, attempts: Attempts) -> Attempts {
        match &self.kept.shared {
            Some(shared) => attempts.with_shared(shared.counts.clone()),
            None => attempts,
        }
    }

    fn requests(&mut self, throttle: &Throttle) -> Option<Requests> {
        if throttle.requests.is_absent() && throttle.max_running.is_absent() {
            return None;
        }
        let mut limits = Vec::new();
        let entries = throttle.requests.value().map(|Filled(entries)| &**entries);
        for entry in entries.unwrap_or_default() {
            limits.extend(self.request_limit(entry));
        }
        let requests = Requests::new(limits);
        let requests = match &throttle.requests {
            Slot::Present(located) => self.faults.keep(&located.place, requests)?,
            _ => requests.ok()?,
        };
        let requests = match &self.kept.shared {
            Some(shared) => requests.with_shared(shared.counts.clone()),
            None => requests,
        };
        let requests = match throttle.max_running.value() {
            Some(most) => requests.with_max_running(most.0.into()),
            None => requests,
        };
        Some(match &self.config.clock {
            Some(clock) => requests.with_clock(clock.clone()),
            None => requests,
        })
    }

    fn request_limit(&mut self, entry: &Located<RequestLimit>) -> Option<Limit> {
        let block = &entry.value;
        let quota = *block.quota.value()?;
        let by = block.by.value().copied();
        if let (Some(_), Slot::Present(claim)) = (by, &block.claim) {
            let message =
                "a limit counts by a claim or by what `by` says: leave one of the two out";
            self.conflict(&claim.place, message);
        }
        let mut limit = match (block.claim.value(), by.unwrap_or(By::Caller)) {
            (Some(claim), _) => Limit::by_claim(claim.as_str(), quota),
            (None, By::Caller) => Limit::by_caller(quota),
            (None, By::Key) => Limit::by_key(quota),
            (None, By::Tenant) => Limit::by_tenant(quota),
            (None, By::Address) => Limit::by_address(quota),
            (None, By::All) => Limit::of_all(quota),
        };
        if let Slot::Present(name) = &block.name {
            limit = self
                .faults
                .keep(&name.place, limit.with_name(&name.value))?;
        }
        if let Some(cost) = block.cost.value() {
            limit = limit.with_cost(cost.0.into());
        }
        if let Some(scope) = block.for_scope.value() {
            limit = limit.for_scope(scope.as_str());
        }
        if let Some(scope) = block.except_scope.value() {
            limit = limit.except_scope(scope.as_str());
        }
        self.limited_path(block, limit)
    }

    fn limited_path(&mut self, block: &RequestLimit, limit: Limit) -> Option<Limit> {
        let method = match &block.method {
            Slot::Present(method) => {
                // `Method` takes any token, and `get` is another method than `GET`.
                let is_usual = method.value.bytes().all(|byte| byte.is_ascii_uppercase());
                let parsed = Method::from_bytes(method.value.as_bytes()).ok();
                let Some(parsed) = parsed.filter(|_| is_usual) else {
                    let message = "this is no method: write one such as POST, in capitals";
                    self.malformed(&method.place, message);
                    return None;
                };
                Some((parsed, &method.place))
            }
            _ => None,
        };
        match (&block.path, method) {
            (Slot::Present(path), method) => {
                let rule = match method {
                    Some((method, _)) => PathRule::from((method, path.value.as_str())),
                    None => PathRule::from(path.value.as_str()),
                };
                self.faults.keep(&path.place, limit.for_route(rule))
            }
            (Slot::Absent, Some((_, place))) => {
                let message = "a method stands here without a path: write `path` beside it, such as \
                               `/{*rest}`";
                self.conflict(place, message);
                None
            }
            _ => Some(limit),
        }
    }

    fn proxies(&mut self, throttle: &Throttle) -> Option<TrustedProxies> {
        let proxies = match &throttle.trusted_proxies {
            Slot::Present(listed) => {
                let Filled(networks) = &listed.value;
                let mut faulty = false;
                for network in networks {
                    // One by one, so that each fault stands at its own place.
                    let made = TrustedProxies::new([&network.value]).map(drop);
                    faulty |= self.faults.keep(&network.place, made).is_none();
                }
                if faulty {
                    return None;
                }
                let networks = networks.iter().map(|network| &network.value);
                self.faults
                    .keep(&listed.place, TrustedProxies::new(networks))?
            }
            Slot::Absent => {
                if let Slot::Present(header) = &throttle.proxy_header {
                    let message = "a header stands here, and no proxy is trusted: write \
                                   `trusted_proxies` beside it";
                    self.conflict(&header.place, message);
                }
                return None;
            }
            Slot::Faulty => return None,
        };
        match &throttle.proxy_header {
            Slot::Present(header) => {
                let name = HeaderName::try_from(header.value.as_str()).map_err(|_| {
                    ConfigError::new(
                        ConfigErrorKind::Malformed,
                        "this is no name of a header: write one such as X-Forwarded-For",
                    )
                });
                let name = self.faults.keep(&header.place, name)?;
                Some(proxies.with_header(name))
            }
            _ => Some(proxies),
        }
    }
}
