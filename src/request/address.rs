//! The client address by which limits are counted.

#[cfg(feature = "axum")]
#[path = "address/axum.rs"]
mod connection;
#[cfg(not(feature = "axum"))]
#[path = "address/plain.rs"]
mod connection;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use http::Extensions;

/// The address by which the requests of one client are counted.
///
/// It is coarser than an IP address where one client has many of them, and equal where one address
/// is written in several ways:
///
/// - an IPv6 address counts as its /64, the smallest network that a provider hands out;
/// - an IPv4-mapped address (`::ffff:0:0/96`, RFC 4291 §2.5.5.2) and an address behind NAT64
///   (`64:ff9b::/96`, RFC 6052 §2.1) count as the IPv4 address within.
///
/// [`AuthRequest::client_address`](crate::AuthRequest::client_address) tells the one of a request.
///
/// # Behind a proxy
///
/// The peer of every connection is then the proxy, and all callers count as one client, until a
/// [`ClientAddressLayer`](crate::throttle::ClientAddressLayer) outside the
/// [`AuthLayer`](crate::AuthLayer) says which proxies are trusted. A layer of your own can put a
/// `ClientAddress` into the request's extensions too: it takes precedence over the peer.
///
/// # Security
///
/// Without such a layer no header is read. `Forwarded` and `X-Forwarded-For` are what the caller
/// writes, unless a proxy of yours has replaced them.
///
/// # Example
///
/// ```
/// use std::net::IpAddr;
/// use tower_auth::{AuthRequest, ClientAddress};
///
/// let address = |text: &str| ClientAddress::from(text.parse::<IpAddr>().unwrap());
/// assert_eq!(address("2001:db8:1:2::7"), address("2001:db8:1:2:ffff::"));
/// assert_eq!(address("::ffff:203.0.113.7"), address("203.0.113.7"));
/// assert_eq!(address("2001:db8:1:2::7").to_string(), "2001:db8:1:2::/64");
///
/// // A layer that knows the true client says so in the request's extensions.
/// let request = http::Request::get("/").extension(address("203.0.113.7")).body(()).unwrap();
/// assert_eq!(AuthRequest::from(&request).client_address(), Some(address("203.0.113.7")));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress {
    /// An IPv4 address as IPv6 maps it, or the network of an IPv6 address, which is never mapped.
    ///
    /// A number, because limits hash it: the processor waits for bytes that were written one by one and are
    /// read as words.
    bits: u128,
}

impl ClientAddress {
    /// The client of a request: the address that an outer layer named, else the connection's peer.
    pub(crate) fn of(extensions: &Extensions) -> Option<Self> {
        Self::named(extensions).or_else(|| Self::peer(extensions).map(Self::from))
    }

    /// Sixteen bytes that no other client has.
    pub(crate) fn octets(self) -> [u8; 16] {
        self.bits.to_be_bytes()
    }

    /// The address that an outer layer named.
    pub(crate) fn named(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Self>().copied()
    }

    /// The peer of the connection.
    pub(crate) fn peer(extensions: &Extensions) -> Option<IpAddr> {
        connection::peer(extensions).map(|peer| peer.ip())
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        let mapped = |low: u32| MAPPED << 32 | u128::from(low);
        let bits = match address {
            IpAddr::V4(address) => mapped(address.to_bits()),
            IpAddr::V6(address) => match address.to_bits() {
                // Neither prefix has host bits above its last 32.
                bits if [MAPPED, NAT64].contains(&(bits >> 32)) => mapped(bits as u32),
                bits => bits >> 64 << 64,
            },
        };
        Self { bits }
    }
}

impl From<SocketAddr> for ClientAddress {
    fn from(address: SocketAddr) -> Self {
        address.ip().into()
    }
}

impl fmt::Display for ClientAddress {
    /// Writes an IPv4 address as it is, and the network of an IPv6 address with its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bits >> 32 {
            MAPPED => Ipv4Addr::from_bits(self.bits as u32).fmt(f),
            _ => write!(f, "{}/64", Ipv6Addr::from_bits(self.bits)),
        }
    }
}

impl fmt::Debug for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientAddress({self})")
    }
}

/// `::ffff:0:0/96` without its last 32 bits.
const MAPPED: u128 = 0xffff;
/// `64:ff9b::/96` without its last 32 bits.
const NAT64: u128 = 0x0064_ff9b << 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        ClientAddress::from(text.parse::<IpAddr>().unwrap()).to_string()
    }

    #[test]
    fn an_ipv4_address_counts_as_itself_however_it_is_written() {
        for text in ["203.0.113.7", "::ffff:203.0.113.7", "64:ff9b::203.0.113.7"] {
            assert_eq!(shown(text), "203.0.113.7", "{text}");
        }
    }

    #[test]
    fn an_ipv6_address_counts_as_its_64() {
        for text in ["2001:db8:1:2::", "2001:db8:1:2::1", "2001:db8:1:2:f:f:f:f"] {
            assert_eq!(shown(text), "2001:db8:1:2::/64", "{text}");
        }
        assert_eq!(shown("2001:db8:1:3::"), "2001:db8:1:3::/64");
    }

    #[test]
    fn only_the_two_prefixes_hold_an_ipv4_address() {
        for (text, network) in [
            ("::1", "::/64"),
            ("::203.0.113.7", "::/64"),
            ("::fffe:203.0.113.7", "::/64"),
            ("::1:ffff:203.0.113.7", "::/64"),
            ("64:ff9b::1:203.0.113.7", "64:ff9b::/64"),
            ("64:ff9b:1::203.0.113.7", "64:ff9b:1::/64"),
        ] {
            assert_eq!(shown(text), network, "{text}");
        }
    }
}
