//! Whether a request that a browser sent comes from pages that may act with its cookies.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::{HeaderMap, Method, header};

use super::Head;
use crate::error::{AuthError, ConfigError, ConfigErrorKind};

/// A web origin in the form that browsers send (RFC 6454 §6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(pub(super) Box<str>);

impl Origin {
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        if OriginParts::parse(text).is_some() {
            return Ok(Self(text.into()));
        }
        Err(ConfigError::new(
            ConfigErrorKind::Malformed,
            format!(
                "{text:?} is no origin: write scheme, host and, where it is not the default, port, \
                 as in https://app.example.com, without a path, in ASCII"
            ),
        ))
    }

    pub(super) fn is(&self, shown: &OriginParts<'_>) -> bool {
        OriginParts::parse(&self.0).is_some_and(|own| own.is(shown))
    }
}

/// Refuses a cookie that another site made the browser send: cross-site request forgery, and
/// hijacked WebSockets, whose handshake is a GET.
pub(super) fn check(head: Head<'_>, trusted: &[Origin]) -> Result<(), AuthError> {
    let safe = matches!(*head.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if safe && !head.headers.contains_key(header::UPGRADE) {
        return Ok(());
    }
    let origin = only(head.headers, "origin")?;
    let site = only(head.headers, "sec-fetch-site")?;

    let origin = origin.and_then(|bytes| OriginParts::parse(std::str::from_utf8(bytes).ok()?));
    if let Some(origin) = &origin
        && trusted.iter().any(|trusted| trusted.is(origin))
    {
        return Ok(());
    }
    let passes = match site {
        // No page can set it, so it is believed before the host, which a proxy may have rewritten.
        Some(site) => matches!(site, b"same-origin" | b"none"),
        None => origin.is_some_and(|origin| origin.is_own_of(head)),
    };
    passes
        .then_some(())
        .ok_or_else(|| refused("cookie_from_another_origin"))
}

fn refused(reason: &'static str) -> AuthError {
    AuthError::forbidden(reason)
        .with_code("cross_origin")
        .with_message("a cookie counts here only with a request of an allowed origin")
}

/// The one value of a header, if there is one.
///
/// Two are refused: whoever picks one might pick another one than the handler or a proxy does.
fn only<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a [u8]>, AuthError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(refused("origin_shown_twice")),
        (first, None) => Ok(first.map(|value| value.as_bytes())),
    }
}

/// The parts of an origin.
pub(super) struct OriginParts<'a> {
    pub(super) scheme: &'a str,
    pub(super) host: &'a str,
    port: Option<u16>,
}

impl<'a> OriginParts<'a> {
    /// Nothing for `null`, the origin of sandboxed frames, and for whatever no browser sends.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if scheme.is_empty() || !scheme.bytes().all(is_scheme) {
            return None;
        }
        let (host, port) = split_port(authority)?;
        let port = port.or(default_port(scheme));
        Some(Self { scheme, host, port })
    }

    fn is(&self, other: &OriginParts<'_>) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme) && self.is_at(other.host, other.port)
    }

    fn is_at(&self, host: &str, port: Option<u16>) -> bool {
        self.host.eq_ignore_ascii_case(host) && self.port == port
    }

    /// Whether this is the origin that the request itself was sent to. Whether it came over TLS
    /// cannot be seen behind a proxy, so the page must have.
    fn is_own_of(&self, head: Head<'_>) -> bool {
        let is = |scheme| self.scheme.eq_ignore_ascii_case(scheme);
        let may_be_own = is("https") || (is("http") && is_loopback(self.host));
        let is_here = |text: &str| {
            split_port(text)
                .is_some_and(|(host, port)| self.is_at(host, port.or(default_port(self.scheme))))
        };
        let authority = head.uri.authority().map(|authority| authority.as_str());
        let hosts = head.headers.get_all(header::HOST).iter();
        let mut hosts = hosts
            .map(|host| std::str::from_utf8(host.as_bytes()).unwrap_or_default())
            .chain(authority)
            .peekable();
        may_be_own && hosts.peek().is_some() && hosts.all(is_here)
    }
}

/// Host and port of an authority; an IPv6 address keeps its brackets.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let after_brackets = authority.find(']').unwrap_or_default();
    let colon = authority
        .get(after_brackets..)?
        .find(':')
        .and_then(|at| at.checked_add(after_brackets));
    let (host, port) = match colon {
        Some(at) => (
            authority.get(..at)?,
            Some(authority.get(at..)?.strip_prefix(':')?),
        ),
        None => (authority, None),
    };
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_address = || ipv6(host).is_some();
    if host.is_empty() || !(host.bytes().all(is_host) || is_address()) {
        return None;
    }
    let Some(port) = port else {
        return Some((host, None));
    };
    // `parse` alone would take a sign.
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some((host, Some(port.parse().ok()?)))
}

fn default_port(scheme: &str) -> Option<u16> {
    let is = |name| scheme.eq_ignore_ascii_case(name);
    if is("https") {
        Some(443)
    } else if is("http") {
        Some(80)
    } else {
        None
    }
}

pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let is_name = host == "localhost" || host.ends_with(".localhost");
    let is_ipv4 = || {
        host.parse()
            .is_ok_and(|address: Ipv4Addr| address.is_loopback())
    };
    is_name || is_ipv4() || ipv6(&host).is_some_and(|address| address.is_loopback())
}

fn ipv6(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}
