//! Addresses that may be asked, and the addresses that they may lead to.

use std::{fmt, net::IpAddr};

use reqwest::Url;
use sha2::{Digest, Sha256};

use super::error::FetchError;
use crate::{
    error::{ConfigError, ConfigErrorKind},
    log::TARGET,
};

/// An address that may be asked: https, or plain http on a loopback address or where the
/// configuration says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    url: Url,
    /// Plain http is accepted from this host and port, and from no other.
    allows_http: bool,
}

impl Endpoint {
    /// Reads an address from a configuration; `what` is its noun in the error.
    pub(crate) fn parse(what: &str, text: &str) -> Result<Self, ConfigError> {
        Self::read(what, text, |_| false)
    }

    /// Reads an address from a configuration that allows plain http for it.
    pub(crate) fn parse_insecure(what: &str, text: &str) -> Result<Self, ConfigError> {
        Self::read(what, text, |url| url.scheme() == "http")
    }

    /// Reads an address from a configuration. If plain http is allowed for the `other` address, it is
    /// allowed for the same host and port here.
    pub(crate) fn parse_with_http_origin(
        what: &str,
        text: &str,
        other: Option<&Self>,
    ) -> Result<Self, ConfigError> {
        let other = other.filter(|other| other.is_plain_http());
        Self::read(what, text, |url| {
            other.is_some_and(|other| other.url.origin() == url.origin())
        })
    }

    fn read(
        what: &str,
        text: &str,
        allows_http: impl FnOnce(&Url) -> bool,
    ) -> Result<Self, ConfigError> {
        // The text may hold a password, so the message leaves it out.
        let shown = match text.contains('@') {
            true => String::new(),
            false => format!(" {text:?}"),
        };
        let fault = |why: &str| {
            let message = format!("the {what}{shown} {why}");
            ConfigError::new(ConfigErrorKind::Malformed, message)
        };
        let url = Url::parse(text).map_err(|_| {
            // The text may be a secret, so the message leaves it out.
            let message = format!("the {what} is no URL: write it in full, https://host/path");
            ConfigError::new(ConfigErrorKind::Malformed, message)
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(fault(
                "holds a user name or password: leave them out of the URL",
            ));
        }
        let allows_http = allows_http(&url);
        if !allows_http && !is_secure(&url) {
            return Err(fault(
                "is not https: plain http is accepted for loopback addresses only",
            ));
        }
        Ok(Self { url, allows_http })
    }

    /// Reads an address from a document that this endpoint answered.
    ///
    /// A document may lead to plain http only where this endpoint may, and must not name a user.
    pub(crate) fn linked(&self, text: &str) -> Result<Self, FetchError> {
        let url = Url::parse(text).map_err(|_| FetchError::Malformed("an address is no URL"))?;
        self.allowed_target(url)
    }

    /// Reads the `Location` that this endpoint answered (RFC 9110 §10.2.2: it may be relative).
    pub(super) fn redirected(&self, location: &str) -> Result<Self, FetchError> {
        let url = self.url.join(location);
        self.allowed_target(url.map_err(|_| FetchError::Malformed("an address is no URL"))?)
    }

    fn allowed_target(&self, url: Url) -> Result<Self, FetchError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Malformed("an address holds a user name"));
        }
        if self.may_lead(&self.url, &url) {
            let allows_http = self.is_plain_http();
            Ok(Self { url, allows_http })
        } else {
            Err(FetchError::Insecure)
        }
    }

    /// The address with `before` in front of its path and `after` behind it; the path's last `/` is
    /// left out.
    pub(crate) fn with_path_around(&self, before: &str, after: &str) -> Self {
        let path = self.url.path();
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut url = self.url.clone();
        url.set_path(&format!("{before}{path}{after}"));
        Self {
            url,
            allows_http: self.allows_http,
        }
    }

    /// A digest of the whole address: its query may be secret, and may tell two tenants apart.
    pub(crate) fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.url.as_str()).into()
    }

    /// Whether a query or a fragment follows the path.
    pub(crate) fn has_query_or_fragment(&self) -> bool {
        self.url.query().is_some() || self.url.fragment().is_some()
    }

    /// Whether scheme, host and port are those of the other address.
    pub(crate) fn has_origin_of(&self, other: &Self) -> bool {
        self.url.origin() == other.url.origin()
    }

    /// Whether requests leave this machine over plain http.
    pub(crate) fn is_plain_http(&self) -> bool {
        self.allows_http && !is_secure(&self.url)
    }

    /// Logs a warning where requests leave this machine over plain http.
    pub(crate) fn warn_if_plain_http(&self, what: &str) {
        if self.is_plain_http() {
            tracing::warn!(
                target: TARGET,
                endpoint = %self,
                "the {what} is asked over plain http: whoever is on the way can read the exchange, \
                 and answer in its place"
            );
        }
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Whether an exchange that began at this endpoint may go on from one address to another.
    ///
    /// The exchange never goes from https to plain http, not even on loopback. Where plain http is
    /// allowed, it stays on the same host and port.
    fn may_lead(&self, from: &Url, to: &Url) -> bool {
        if self.is_plain_http() {
            return self.url.origin() == to.origin();
        }
        is_secure(to) && (from.scheme() != "https" || to.scheme() == "https")
    }
}

impl fmt::Display for Endpoint {
    /// Writes the address without its query, which may hold a key: the text is logged, and callers may
    /// get it as their issuer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.url.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        fmt::Display::fmt(&shown, f)
    }
}

fn is_secure(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
        .parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
