//! Decides when to fetch, without I/O. Every time is in seconds of the provider's clock.

use std::time::Duration;

/// How often an issuer is asked for its keys, and how long they are used; in seconds.
#[derive(Clone, Debug)]
pub(crate) struct RefreshSettings {
    /// How long a set is used before it is fetched again; `None` leaves it to the issuer.
    pub(crate) cache_ttl: Option<u64>,
    /// How long a set is used when it cannot be fetched again.
    pub(crate) stale_ttl: u64,
    /// How long after one fetch for an unknown key id no other unknown id causes a fetch.
    pub(crate) cool_down: u64,
    /// How long a request waits for keys.
    pub(crate) wait_limit: Duration,
}

impl Default for RefreshSettings {
    fn default() -> Self {
        Self {
            cache_ttl: None,
            stale_ttl: 24 * 60 * 60,
            cool_down: 30,
            wait_limit: Duration::from_secs(5),
        }
    }
}

/// The fetches so far, and when the next one is due.
#[derive(Debug, Default)]
pub(super) struct RefreshSchedule {
    /// Fetches are numbered from 1: the last one that started, and the last one that finished.
    started: u64,
    finished: u64,
    /// The number of the last fetch that brought keys.
    succeeded: u64,
    started_at: u64,
    /// Whether a fetch was requested that has not started.
    is_requested: bool,
    /// When the next fetch starts without a request.
    due: u64,
    /// How many fetches failed since one succeeded.
    failures: u32,
    /// When an unknown key id last caused a fetch.
    unknown_at: Option<u64>,
}

/// A fetch to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FetchTicket {
    pub(super) number: u64,
    /// Whether the fetch starts after the ticket was given. Only then it proves that a key does not
    /// exist: the answer to an earlier fetch may be older than the key.
    pub(super) is_proof: bool,
}

impl RefreshSchedule {
    /// Requests a fetch where there are no keys.
    ///
    /// The error is the number of seconds until the next fetch may start.
    pub(super) fn request_keys(&mut self, now: u64) -> Result<FetchTicket, u64> {
        if self.is_expected() || self.is_due(now) {
            Ok(self.request())
        } else {
            Err(self.due.saturating_sub(now).max(1))
        }
    }

    /// Requests a fetch for a key that the set of fetch number `seen` lacks.
    ///
    /// The error is the number of seconds until an unknown key may cause a fetch again.
    pub(super) fn request_key(
        &mut self,
        seen: u64,
        settings: &RefreshSettings,
        now: u64,
    ) -> Result<FetchTicket, u64> {
        if self.succeeded > seen {
            // The fetch finished while the caller looked at the older set.
            return Ok(FetchTicket {
                number: self.succeeded,
                is_proof: false,
            });
        }
        if !self.is_expected() {
            match self.cool_down_left(settings, now) {
                0 => self.unknown_at = Some(now),
                left => return Err(left),
            }
        }
        Ok(self.request())
    }

    /// Requests a fetch at any time; joins a running one.
    pub(super) fn request(&mut self) -> FetchTicket {
        if self.is_running() {
            return FetchTicket {
                number: self.started,
                is_proof: false,
            };
        }
        self.is_requested = true;
        FetchTicket {
            number: self.started + 1,
            is_proof: true,
        }
    }

    /// The number of seconds in which no further unknown key id causes a fetch.
    pub(super) fn cool_down_left(&self, settings: &RefreshSettings, now: u64) -> u64 {
        match self.unknown_at {
            Some(at) if now.abs_diff(at) < settings.cool_down => {
                let left = at.saturating_add(settings.cool_down).saturating_sub(now);
                left.min(settings.cool_down)
            }
            _ => 0,
        }
    }

    /// Starts a fetch if one is due, and returns its number.
    pub(super) fn start(&mut self, now: u64) -> Option<u64> {
        if self.is_running() || !(self.is_requested || self.is_due(now)) {
            return None;
        }
        self.is_requested = false;
        self.started += 1;
        self.started_at = now;
        Some(self.started)
    }

    /// Records that the running fetch brought keys, which the issuer allows to use for `max_age`
    /// seconds.
    pub(super) fn succeed(&mut self, max_age: Option<u64>, settings: &RefreshSettings) {
        self.finished = self.started;
        self.succeeded = self.started;
        self.failures = 0;
        let ttl = settings
            .cache_ttl
            .or(max_age)
            .map_or(DEFAULT_CACHE_TTL, |ttl| {
                ttl.clamp(SHORTEST_CACHE_TTL, LONGEST_CACHE_TTL)
            })
            .min(settings.stale_ttl);
        // Early enough for a fetch to finish before the keys expire.
        self.due = self.started_at.saturating_add((ttl - ttl / 5).max(1));
    }

    /// Records that the running fetch brought no keys.
    pub(super) fn fail(&mut self, has_keys: bool, now: u64) {
        self.finished = self.started;
        let (first, longest) = if has_keys { (30, 300) } else { (1, 30) };
        let pause = (first << self.failures.min(10)).min(longest);
        self.failures = self.failures.saturating_add(1);
        self.due = now.saturating_add(pause);
    }

    /// Records that the running fetch will never finish. Another one is due a second later.
    pub(super) fn abandon(&mut self, now: u64) {
        self.finished = self.started;
        self.due = now.saturating_add(1);
    }

    /// The number of the last fetch that finished.
    pub(super) fn finished(&self) -> u64 {
        self.finished
    }

    pub(super) fn started_at(&self) -> u64 {
        self.started_at
    }

    pub(super) fn due(&self) -> u64 {
        self.due
    }

    pub(super) fn is_running(&self) -> bool {
        self.started > self.finished
    }

    /// Whether a fetch is running or will start.
    fn is_expected(&self) -> bool {
        self.is_requested || self.is_running()
    }

    /// Whether a fetch starts without a request. A clock that was set back by more than a minute makes
    /// it due, so that the next fetch is not put off by as much.
    fn is_due(&self, now: u64) -> bool {
        now >= self.due || now.saturating_add(TOLERATED_SET_BACK) < self.started_at
    }
}

const DEFAULT_CACHE_TTL: u64 = 60 * 60;
pub(crate) const SHORTEST_CACHE_TTL: u64 = 60;
pub(crate) const LONGEST_CACHE_TTL: u64 = 24 * 60 * 60;
const TOLERATED_SET_BACK: u64 = 60;

#[cfg(test)]
mod tests;
