//! When to fetch: decisions without I/O, in seconds of the provider's clock.

use std::time::Duration;

/// How often an issuer is asked, and how long what it said is used.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// How long a set is used before it is fetched again; the issuer may say where this does not.
    pub(crate) cache_ttl: Option<u64>,
    /// How long a set is used when it cannot be fetched again.
    pub(crate) stale_ttl: u64,
    /// How often unknown key ids may cause a fetch.
    pub(crate) cool_down: u64,
    /// How long a request waits for keys.
    pub(crate) wait_limit: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            cache_ttl: None,
            stale_ttl: 24 * 60 * 60,
            cool_down: 30,
            wait_limit: Duration::from_secs(5),
        }
    }
}

/// What was fetched so far, and what is to come.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Fetches are numbered: so many were begun, and so many of them have ended.
    begun: u64,
    ended: u64,
    /// The last one that brought keys.
    brought: u64,
    begun_at: u64,
    wanted: bool,
    /// When the next one begins by itself.
    due: u64,
    failures: u32,
    /// When an unknown key id last caused one.
    unknown_at: Option<u64>,
}

/// A fetch to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(super) number: u64,
    /// Whether it begins after the ticket was given: only then does it prove that a key is not
    /// there. The answer to an earlier question may be older than the key.
    pub(super) is_proof: bool,
}

impl Plan {
    /// A fetch that brings keys where there are none; or in how many seconds there is one.
    pub(super) fn want_keys(&mut self, now: u64) -> Result<Ticket, u64> {
        if self.is_expected() || self.is_due(now) {
            Ok(self.want())
        } else {
            Err(self.due.saturating_sub(now).max(1))
        }
    }

    /// A fetch that may bring a key that the set of fetch `seen` lacks; or in how many seconds
    /// there may be one.
    pub(super) fn want_key(&mut self, seen: u64, pace: &Pace, now: u64) -> Result<Ticket, u64> {
        if self.brought > seen {
            // It ended while the caller looked at the set before it.
            return Ok(Ticket {
                number: self.brought,
                is_proof: false,
            });
        }
        if !self.is_expected() {
            match self.cooling(pace, now) {
                0 => self.unknown_at = Some(now),
                left => return Err(left),
            }
        }
        Ok(self.want())
    }

    /// A fetch, whatever the time.
    pub(super) fn want(&mut self) -> Ticket {
        if self.is_running() {
            return Ticket {
                number: self.begun,
                is_proof: false,
            };
        }
        self.wanted = true;
        Ticket {
            number: self.begun + 1,
            is_proof: true,
        }
    }

    /// For how many seconds no unknown key id causes a fetch.
    pub(super) fn cooling(&self, pace: &Pace, now: u64) -> u64 {
        match self.unknown_at {
            Some(at) if now.abs_diff(at) < pace.cool_down => {
                let left = at.saturating_add(pace.cool_down).saturating_sub(now);
                left.min(pace.cool_down)
            }
            _ => 0,
        }
    }

    /// Begins a fetch if it is time for one, and gives its number.
    pub(super) fn begin(&mut self, now: u64) -> Option<u64> {
        if self.is_running() || !(self.wanted || self.is_due(now)) {
            return None;
        }
        self.wanted = false;
        self.begun += 1;
        self.begun_at = now;
        Some(self.begun)
    }

    /// The fetch that was begun brought keys, to be used for `max_age` as the issuer says.
    pub(super) fn succeed(&mut self, max_age: Option<u64>, pace: &Pace) {
        self.ended = self.begun;
        self.brought = self.begun;
        self.failures = 0;
        let life = pace
            .cache_ttl
            .or(max_age)
            .map_or(CACHE_TTL, |life| {
                life.clamp(SHORTEST_CACHE_TTL, LONGEST_CACHE_TTL)
            })
            .min(pace.stale_ttl);
        // Early enough for a fetch to end before the time is up.
        self.due = self.begun_at.saturating_add((life - life / 5).max(1));
    }

    /// The fetch that was begun brought nothing.
    pub(super) fn fail(&mut self, has_keys: bool, now: u64) {
        self.ended = self.begun;
        let (first, longest) = if has_keys { (30, 300) } else { (1, 30) };
        let pause = (first << self.failures.min(10)).min(longest);
        self.failures = self.failures.saturating_add(1);
        self.due = now.saturating_add(pause);
    }

    /// The fetch that was begun will never end: whoever comes a second later begins another.
    pub(super) fn abandon(&mut self, now: u64) {
        self.ended = self.begun;
        self.due = now.saturating_add(1);
    }

    /// The number of the last fetch that ended.
    pub(super) fn ended(&self) -> u64 {
        self.ended
    }

    pub(super) fn begun_at(&self) -> u64 {
        self.begun_at
    }

    pub(super) fn due(&self) -> u64 {
        self.due
    }

    pub(super) fn is_running(&self) -> bool {
        self.begun > self.ended
    }

    fn is_expected(&self) -> bool {
        self.wanted || self.is_running()
    }

    /// A clock that was set back by far must not put the next fetch off for as long.
    fn is_due(&self, now: u64) -> bool {
        now >= self.due || now.saturating_add(SET_BACK) < self.begun_at
    }
}

const CACHE_TTL: u64 = 60 * 60;
pub(crate) const SHORTEST_CACHE_TTL: u64 = 60;
pub(crate) const LONGEST_CACHE_TTL: u64 = 24 * 60 * 60;
const SET_BACK: u64 = 60;

#[cfg(test)]
mod tests;
