//! A bounded number of places, of which no client has more than a quarter.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::request::ClientAddress;

/// Places for callers who have proven nothing yet. They are bounded, and no client has more than a
/// quarter of them: whoever takes all that he can get leaves room for the others.
pub(crate) struct Shares {
    most: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    all: usize,
    /// INVARIANT: no entry is zero, so that it has no more entries than there are places.
    by_client: HashMap<ClientAddress, usize>,
    /// Refusals since they were last reported, and when that was.
    refused: u64,
    reported_at: Option<u64>,
}

impl Shares {
    /// So many places, at least one.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            held: Mutex::default(),
        }
    }

    /// A place for that client; nothing where there is none left for it.
    ///
    /// A client whose address nobody knows has no share: all such clients have what is there.
    pub(crate) fn take(self: &Arc<Self>, client: Option<ClientAddress>) -> Option<Share> {
        let mut held = self.lock();
        let of_client = client.and_then(|client| held.by_client.get(&client).copied());
        if held.all >= self.most || of_client.unwrap_or(0) >= (self.most / 4).max(1) {
            held.refused = held.refused.saturating_add(1);
            return None;
        }
        held.all += 1;
        if let Some(client) = client {
            *held.by_client.entry(client).or_default() += 1;
        }
        Some(Share {
            shares: Arc::clone(self),
            client,
        })
    }

    /// How many were refused since this was last reported, where it is time to say so: once a
    /// minute. Callers can cause refusals at will, and must not fill the log with them.
    pub(crate) fn refusals_to_report(&self, now: u64) -> Option<u64> {
        let mut held = self.lock();
        if held
            .reported_at
            .is_some_and(|at| now.abs_diff(at) < REPORT_PAUSE)
        {
            return None;
        }
        held.reported_at = Some(now);
        Some(std::mem::take(&mut held.refused))
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // No step in between leaves it half-changed.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shares")
            .field("most", &self.most)
            .field("held", &self.lock().all)
            .finish()
    }
}

/// One place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    shares: Arc<Shares>,
    client: Option<ClientAddress>,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.shares.lock();
        held.all = held.all.saturating_sub(1);
        if let Some(client) = self.client
            && let Some(of_client) = held.by_client.get_mut(&client)
        {
            *of_client = of_client.saturating_sub(1);
            if *of_client == 0 {
                held.by_client.remove(&client);
            }
        }
    }
}

/// In seconds.
const REPORT_PAUSE: u64 = 60;

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn client(number: u8) -> Option<ClientAddress> {
        Some(IpAddr::from(Ipv4Addr::new(192, 0, 2, number)).into())
    }

    #[test]
    fn a_client_has_a_quarter_and_all_of_them_the_whole() {
        let shares = Arc::new(Shares::new(8));
        let mut held = Vec::new();
        for number in 0..4 {
            held.extend([shares.take(client(number)), shares.take(client(number))]);
            assert!(shares.take(client(number)).is_none(), "{number}");
        }
        assert!(held.iter().all(Option::is_some));
        assert!(shares.take(client(9)).is_none() && shares.take(None).is_none());
        held.truncate(7);
        assert!(shares.take(client(0)).is_none());
        assert!(shares.take(client(9)).is_some());
    }

    #[test]
    fn clients_without_an_address_have_what_is_there() {
        let shares = Arc::new(Shares::new(8));
        let held: Vec<_> = (0..9).map(|_| shares.take(None)).collect();
        assert_eq!(held.iter().flatten().count(), 8);
    }

    #[test]
    fn nothing_is_remembered_of_clients_that_hold_nothing() {
        let shares = Arc::new(Shares::new(8));
        let held: Vec<_> = (0..200).map(|number| shares.take(client(number))).collect();
        assert_eq!(shares.lock().by_client.len(), 8);
        drop(held);
        assert_eq!(shares.lock().by_client.len(), 0);
    }

    #[test]
    fn refusals_are_reported_once_a_minute_with_their_count() {
        let shares = Arc::new(Shares::new(1));
        let _held = shares.take(None);
        let report = |now| {
            assert!(shares.take(None).is_none());
            shares.refusals_to_report(now)
        };
        assert_eq!(report(1000), Some(1));
        assert_eq!(report(1000), None);
        assert_eq!(report(1059), None);
        assert_eq!(report(1060), Some(3));
    }
}
