//! Noticing a proxy that nobody named.

use std::{
    net::IpAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use http::{Extensions, HeaderMap, header::FORWARDED};

use crate::{log::TARGET, request::ClientAddress};

/// Watches the first requests: where all of them come from one private address and say whom they were
/// forwarded for, that address is a proxy, and everybody behind it counts as one client.
#[derive(Default)]
pub(super) struct ProxyWatch {
    is_over: AtomicBool,
    seen: Mutex<Option<(IpAddr, u32)>>,
}

impl ProxyWatch {
    #[inline]
    pub(super) fn look(&self, extensions: &Extensions, headers: &HeaderMap) {
        if !self.is_over.load(Ordering::Relaxed) {
            self.look_closely(extensions, headers);
        }
    }

    #[inline(never)]
    fn look_closely(&self, extensions: &Extensions, headers: &HeaderMap) {
        let is_forwarded =
            headers.contains_key(FORWARDED) || headers.contains_key("x-forwarded-for");
        let is_unnamed = ClientAddress::named(extensions).is_none();
        let peer = ClientAddress::peer(extensions)
            .map(|peer| peer.to_canonical())
            .filter(|peer| is_unnamed && is_forwarded && is_private(*peer));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = match (peer, &mut *seen) {
            (Some(peer), None) => seen.insert((peer, 0)),
            (Some(peer), Some(seen)) if seen.0 == peer => seen,
            _ => return self.is_over.store(true, Ordering::Relaxed),
        };
        seen.1 = seen.1.saturating_add(1);
        if seen.1 < ENOUGH || self.is_over.swap(true, Ordering::Relaxed) {
            return;
        }
        tracing::warn!(
            target: TARGET,
            proxy = %seen.0,
            "every request comes from one private address and was forwarded for others, so all callers \
             count as one client: list the proxy with `TrustedProxies` (in a file, \
             `auth.throttle.trusted_proxies`)"
        );
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let is_shared =
                address.octets().first() == Some(&100) && address.to_bits() >> 22 == 0x191;
            address.is_private() || address.is_loopback() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// So many requests tell.
const ENOUGH: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_those_that_no_client_of_the_internet_has() {
        for (address, expected) in [
            ("10.0.0.1", true),
            ("172.16.0.1", true),
            ("192.168.1.1", true),
            ("127.0.0.1", true),
            ("169.254.1.1", true),
            ("100.64.0.1", true),
            ("100.127.255.255", true),
            ("100.128.0.0", false),
            ("100.63.255.255", false),
            ("203.0.113.7", false),
            ("::1", true),
            ("fd00::1", true),
            ("fe80::1", true),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_private(address.parse().unwrap()), expected, "{address}");
        }
    }
}
