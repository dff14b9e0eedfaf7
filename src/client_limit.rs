//! A bounded number of permits, of which no client holds more than a quarter.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::request::ClientAddress;

/// Permits for callers who have proven nothing yet.
///
/// Their number is bounded, and no client holds more than a quarter of them: a client that takes all
/// it can get leaves room for the others.
pub(crate) struct ClientLimiter {
    most: usize,
    usage: Mutex<Usage>,
}

#[derive(Default)]
struct Usage {
    total: usize,
    /// INVARIANT: no entry is zero, so that there are no more entries than permits.
    by_client: HashMap<ClientAddress, usize>,
    /// Refusals since they were last reported.
    refused: u64,
    reported_at: Option<u64>,
}

impl ClientLimiter {
    /// Gives out at most `most` permits, at least one.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            usage: Mutex::default(),
        }
    }

    /// A permit for that client; `None` where none is left for it.
    ///
    /// A client without a known address has no limit of its own: only the bound on all permits holds.
    pub(crate) fn acquire(self: &Arc<Self>, client: Option<ClientAddress>) -> Option<Permit> {
        let mut usage = self.lock();
        let of_client = client.and_then(|client| usage.by_client.get(&client).copied());
        if usage.total >= self.most || of_client.unwrap_or(0) >= (self.most / 4).max(1) {
            usage.refused = usage.refused.saturating_add(1);
            return None;
        }
        usage.total += 1;
        if let Some(client) = client {
            *usage.by_client.entry(client).or_default() += 1;
        }
        Some(Permit {
            limiter: Arc::clone(self),
            client,
        })
    }

    /// How many refusals there were since they were last reported; `None` within a minute of that.
    ///
    /// Callers can cause refusals at will, and must not fill the log with them.
    pub(crate) fn refusals_to_report(&self, now: u64) -> Option<u64> {
        let mut usage = self.lock();
        if usage
            .reported_at
            .is_some_and(|at| now.abs_diff(at) < REPORT_INTERVAL)
        {
            return None;
        }
        usage.reported_at = Some(now);
        Some(std::mem::take(&mut usage.refused))
    }

    fn lock(&self) -> MutexGuard<'_, Usage> {
        // No step between two statements leaves it half-changed.
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ClientLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientLimiter")
            .field("most", &self.most)
            .field("held", &self.lock().total)
            .finish()
    }
}

/// One permit, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    limiter: Arc<ClientLimiter>,
    client: Option<ClientAddress>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut usage = self.limiter.lock();
        usage.total = usage.total.saturating_sub(1);
        if let Some(client) = self.client
            && let Some(of_client) = usage.by_client.get_mut(&client)
        {
            *of_client = of_client.saturating_sub(1);
            if *of_client == 0 {
                usage.by_client.remove(&client);
            }
        }
    }
}

/// In seconds.
const REPORT_INTERVAL: u64 = 60;

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn client(number: u8) -> Option<ClientAddress> {
        Some(IpAddr::from(Ipv4Addr::new(192, 0, 2, number)).into())
    }

    #[test]
    fn a_client_has_a_quarter_and_all_of_them_the_whole() {
        let limiter = Arc::new(ClientLimiter::new(8));
        let mut held = Vec::new();
        for number in 0..4 {
            held.extend([
                limiter.acquire(client(number)),
                limiter.acquire(client(number)),
            ]);
            assert!(limiter.acquire(client(number)).is_none(), "{number}");
        }
        assert!(held.iter().all(Option::is_some));
        assert!(limiter.acquire(client(9)).is_none() && limiter.acquire(None).is_none());
        held.truncate(7);
        assert!(limiter.acquire(client(0)).is_none());
        assert!(limiter.acquire(client(9)).is_some());
    }

    #[test]
    fn clients_without_an_address_share_all_permits() {
        let limiter = Arc::new(ClientLimiter::new(8));
        let held: Vec<_> = (0..9).map(|_| limiter.acquire(None)).collect();
        assert_eq!(held.iter().flatten().count(), 8);
    }

    #[test]
    fn clients_without_a_permit_take_no_memory() {
        let limiter = Arc::new(ClientLimiter::new(8));
        let held: Vec<_> = (0..200)
            .map(|number| limiter.acquire(client(number)))
            .collect();
        assert_eq!(limiter.lock().by_client.len(), 8);
        drop(held);
        assert_eq!(limiter.lock().by_client.len(), 0);
    }

    #[test]
    fn refusals_are_reported_once_a_minute_with_their_count() {
        let limiter = Arc::new(ClientLimiter::new(1));
        let _held = limiter.acquire(None);
        let report = |now| {
            assert!(limiter.acquire(None).is_none());
            limiter.refusals_to_report(now)
        };
        assert_eq!(report(1000), Some(1));
        assert_eq!(report(1000), None);
        assert_eq!(report(1059), None);
        assert_eq!(report(1060), Some(3));
    }
}
