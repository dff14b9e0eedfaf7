//! The client behind proxies that are known.

use std::{net::IpAddr, sync::Arc};

use http::{HeaderMap, HeaderName, Request, header::FORWARDED};

use super::{
    hops::{self, Hop, X_FORWARDED_FOR},
    network::Network,
};
use crate::{
    error::{ConfigError, ConfigErrorKind},
    request::ClientAddress,
};

/// The proxies whose word about a client's address counts.
///
/// Behind a proxy, the peer of every connection is the proxy, and all callers would count as one
/// client. A proxy writes whom it had the request from into `Forwarded` (RFC 7239) or
/// `X-Forwarded-For`; so does any caller who likes to. So the headers are read from the right, where
/// the nearest proxy wrote, and only as far as those who wrote are on this list: the first address
/// that is not is the client.
///
/// What is `unknown`, hidden or nonsense stops there: the last trusted proxy counts as the client then.
/// So it does where both headers are there and say different things, since a proxy that writes one of
/// them passes on what a caller wrote into the other; let the proxy remove the one that it does not
/// write, or name the one that counts with [`with_header`](Self::with_header).
///
/// # Example
///
/// ```
/// use http::{HeaderMap, HeaderName, HeaderValue};
/// use tower_auth::{ClientAddress, throttle::TrustedProxies};
///
/// let proxies = TrustedProxies::new(["10.0.0.0/8", "fd00::/8"])?;
/// let mut headers = HeaderMap::new();
/// headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.1, 203.0.113.7"));
///
/// let address = |text: &str| text.parse::<std::net::IpAddr>().unwrap();
/// // Behind the proxy, its word counts and not the caller's:
/// let client = proxies.client(address("10.0.0.1"), &headers);
/// assert_eq!(client, ClientAddress::from(address("203.0.113.7")));
/// // Anybody else may write what they like:
/// let client = proxies.client(address("192.0.2.9"), &headers);
/// assert_eq!(client, ClientAddress::from(address("192.0.2.9")));
///
/// // A content delivery network's own header is one address:
/// let cloudflare = TrustedProxies::new(["192.0.2.0/24"])?
///     .with_header(HeaderName::from_static("cf-connecting-ip"));
/// # let _ = cloudflare;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TrustedProxies {
    networks: Arc<[Network]>,
    header: Option<HeaderName>,
}

impl TrustedProxies {
    /// Trusts the proxies with these addresses, or in these networks (`10.0.0.0/8`).
    ///
    /// # Errors
    ///
    /// The list is empty, or one is no network, or it is every address.
    ///
    /// # Security
    ///
    /// Whoever is in these networks can choose the address by which they are counted. Name the proxies
    /// and nobody else.
    pub fn new<S: AsRef<str>>(networks: impl IntoIterator<Item = S>) -> Result<Self, ConfigError> {
        let networks = networks.into_iter();
        let networks = networks.map(|network| Network::parse(network.as_ref()));
        let networks: Arc<[Network]> = networks.collect::<Result<_, _>>()?;
        if networks.is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::Empty,
                "no proxy is listed: write their networks, or leave the list out",
            ));
        }
        Ok(Self {
            networks,
            header: None,
        })
    }

    /// Reads this header alone: `Forwarded`, or one with addresses between commas such as
    /// `X-Forwarded-For` or a proxy's own.
    ///
    /// # Security
    ///
    /// The proxy must write it on every request, and replace or extend what a caller wrote there.
    #[must_use]
    pub fn with_header(self, name: HeaderName) -> Self {
        Self {
            header: Some(name),
            ..self
        }
    }

    /// The client of a request that came from this peer with these headers.
    ///
    /// Without axum, nobody notes the peer of a connection: a server puts what this says into the
    /// request's extensions, as [`ClientAddress`] shows.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let peer = peer.to_canonical();
        if !self.is_trusted(peer) {
            return peer.into();
        }
        let client = match &self.header {
            Some(name) if *name == FORWARDED => self.walk(peer, hops::of_forwarded(headers)),
            Some(name) => self.walk(peer, hops::of_list(headers, name)),
            None => {
                let shows = |name| headers.contains_key(name);
                let of_list = || self.walk(peer, hops::of_list(headers, &X_FORWARDED_FOR));
                match (shows(&FORWARDED), shows(&X_FORWARDED_FOR)) {
                    (false, _) => of_list(),
                    (true, false) => self.walk(peer, hops::of_forwarded(headers)),
                    (true, true) => {
                        let client = self.walk(peer, hops::of_forwarded(headers));
                        if client == of_list() { client } else { peer }
                    }
                }
            }
        };
        client.into()
    }

    /// Notes the client of a request among its extensions, unless an outer layer has done so, or nobody
    /// has noted its peer.
    pub(crate) fn note<B>(&self, request: &mut Request<B>) {
        let extensions = request.extensions();
        if ClientAddress::named(extensions).is_none()
            && let Some(peer) = ClientAddress::peer(extensions)
        {
            let client = self.client(peer, request.headers());
            request.extensions_mut().insert(client);
        }
    }

    /// The first address that is no trusted proxy's, or the last that is.
    fn walk(&self, peer: IpAddr, hops: impl Iterator<Item = Hop>) -> IpAddr {
        let mut client = peer;
        for hop in hops.take(MOST_HOPS) {
            let Hop::Address(address) = hop else { break };
            client = address;
            if !self.is_trusted(client) {
                break;
            }
        }
        client
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(address))
    }
}

/// Far more than stand in a row.
const MOST_HOPS: usize = 32;
