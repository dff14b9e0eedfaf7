//! Asking an issuer over HTTP, within bounds.

mod coding;

use std::{error::Error, fmt, net::IpAddr, time::Duration};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use reqwest::{Client, Response, Url, redirect};
use sha2::{Digest, Sha256};

use crate::{ConfigError, ConfigErrorKind, jose::JwkSetError, log::Clean};

/// An address that may be asked: https, or plain http on a loopback address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint(Url);

impl Endpoint {
    /// Reads an address from a configuration.
    pub(crate) fn parse(what: &str, text: &str) -> Result<Self, ConfigError> {
        // Without the text where it holds a password, or may.
        let shown = match text.contains('@') {
            true => String::new(),
            false => format!(" {text:?}"),
        };
        let fault = |why: &str| {
            let message = format!("the {what}{shown} {why}");
            ConfigError::new(ConfigErrorKind::Malformed, message)
        };
        let url = Url::parse(text).map_err(|_| {
            // Whatever stands there: a secret may.
            let message = format!("the {what} is no URL: write it in full, https://host/path");
            ConfigError::new(ConfigErrorKind::Malformed, message)
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(fault(
                "holds a user name or password: leave them out of the URL",
            ));
        }
        if !is_secure(&url) {
            return Err(fault(
                "is not https: plain http is accepted for loopback addresses only",
            ));
        }
        Ok(Self(url))
    }

    /// Reads an address from a document that came from here.
    ///
    /// An address of plain http, or one that holds a user name, is not taken from a document.
    pub(crate) fn linked(&self, text: &str) -> Result<Self, FetchError> {
        let url = Url::parse(text).map_err(|_| FetchError::Malformed("an address is no URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Malformed("an address holds a user name"));
        }
        if may_lead_to(&self.0, &url) {
            Ok(Self(url))
        } else {
            Err(FetchError::Insecure)
        }
    }

    /// The address with that text in front of its path and that behind it, where the path's own
    /// last `/` is left out.
    pub(crate) fn around(&self, before: &str, after: &str) -> Self {
        let path = self.0.path();
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut url = self.0.clone();
        url.set_path(&format!("{before}{path}{after}"));
        Self(url)
    }

    /// A digest of the whole address, whose query may be secret and tell two tenants apart.
    pub(crate) fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_str()).into()
    }

    /// Whether something follows the path.
    pub(crate) fn has_query_or_fragment(&self) -> bool {
        self.0.query().is_some() || self.0.fragment().is_some()
    }
}

impl fmt::Display for Endpoint {
    /// Writes it without its query, which may hold a key of the endpoint's own: it is logged, and
    /// callers may read it as their issuer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        fmt::Display::fmt(&shown, f)
    }
}

/// A document, whatever its status.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Fetches documents: a time limit over the whole exchange, a limit on the body, https throughout.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    client: Client,
    time_limit: Duration,
    longest: usize,
}

impl Fetcher {
    /// A fetcher with a client of its own, which follows a few redirects but never to plain http.
    pub(crate) fn new(for_endpoint: &Endpoint) -> Result<Self, ConfigError> {
        let redirects = redirect::Policy::custom(|attempt| {
            let steps = attempt.previous();
            let safe = steps
                .last()
                .is_some_and(|from| may_lead_to(from, attempt.url()));
            if safe && steps.len() <= MOST_REDIRECTS {
                attempt.follow()
            } else {
                attempt.stop()
            }
        });
        Self::build(for_endpoint, redirects)
    }

    /// A fetcher whose client follows no redirect: what it sends is secret.
    pub(crate) fn without_redirects(for_endpoint: &Endpoint) -> Result<Self, ConfigError> {
        Self::build(for_endpoint, redirect::Policy::none())
    }

    fn build(for_endpoint: &Endpoint, redirects: redirect::Policy) -> Result<Self, ConfigError> {
        let mut client = Client::builder()
            .redirect(redirects)
            .user_agent(concat!("tower-auth/", env!("CARGO_PKG_VERSION")));
        // Plain http is accepted on loopback because it does not leave the machine; a proxy that
        // the environment names would be shown secrets, and could answer with keys of its own.
        if for_endpoint.0.scheme() == "http" {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|_| {
            ConfigError::new(
                ConfigErrorKind::Unsupported,
                "no HTTP client can be made here: pass one of your own with_client",
            )
        })?;
        Ok(Self::with_client(client))
    }

    /// A fetcher that uses the caller's client (a private CA, a proxy).
    pub(crate) fn with_client(client: Client) -> Self {
        Self {
            client,
            time_limit: TIME_LIMIT,
            longest: LONGEST,
        }
    }

    /// Replaces the time that one exchange may take, from the first byte sent to the last received.
    pub(crate) fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    pub(crate) async fn get(
        &self,
        from: &Endpoint,
        headers: HeaderMap,
    ) -> Result<Document, FetchError> {
        self.exchange(Method::GET, from, headers, None).await
    }

    /// Posts a form that was encoded already.
    pub(crate) async fn post_form(
        &self,
        to: &Endpoint,
        mut headers: HeaderMap,
        form: String,
    ) -> Result<Document, FetchError> {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        self.exchange(Method::POST, to, headers, Some(form)).await
    }

    async fn exchange(
        &self,
        method: Method,
        endpoint: &Endpoint,
        mut headers: HeaderMap,
        body: Option<String>,
    ) -> Result<Document, FetchError> {
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let mut request = self
            .client
            .request(method, endpoint.0.clone())
            .headers(headers);
        if let Some(body) = body {
            request = request.body(body);
        }
        let exchange = async {
            let response = request.send().await.map_err(FetchError::failed)?;
            // Also where the caller's client follows redirects that ours would not.
            if !may_lead_to(&endpoint.0, response.url()) {
                return Err(FetchError::Insecure);
            }
            self.read(response).await
        };
        tokio::time::timeout(self.time_limit, exchange)
            .await
            .unwrap_or(Err(FetchError::TimedOut))
    }

    async fn read(&self, mut response: Response) -> Result<Document, FetchError> {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(FetchError::failed)? {
            if chunk.len() > self.longest.saturating_sub(body.len()) {
                return Err(FetchError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        // What is no success is judged by its status, however its body is written.
        if status.is_success() {
            body = coding::decode(&headers, body, self.longest)?;
        }
        Ok(Document {
            status,
            headers,
            body,
        })
    }
}

/// Why an issuer could not be asked, or what it said could not be used. Never the caller's fault.
#[derive(Debug)]
pub(crate) enum FetchError {
    Failed(reqwest::Error),
    TimedOut,
    TooLong,
    Insecure,
    Status(StatusCode),
    Malformed(&'static str),
    /// The document describes another issuer than the one that was asked.
    OtherIssuer(Box<str>),
    KeySet(JwkSetError),
    /// A set in which no key is usable; the text lists them.
    NoUsableKey(String),
    NoClient(ConfigError),
}

impl FetchError {
    /// Without the URL, whose query might hold something secret.
    fn failed(error: reqwest::Error) -> Self {
        Self::Failed(error.without_url())
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(_) => f.write_str("the issuer cannot be reached"),
            Self::TimedOut => f.write_str("the issuer took too long"),
            Self::TooLong => f.write_str("the issuer's answer is too long"),
            Self::Insecure => f.write_str("the issuer led to an address that is not https"),
            Self::Status(status) => write!(f, "the issuer answered {}", status.as_u16()),
            Self::Malformed(why) => write!(f, "the issuer's answer is malformed: {why}"),
            Self::OtherIssuer(name) => {
                write!(f, "the document describes the issuer \"{}\"", Clean(name))
            }
            Self::KeySet(_) => f.write_str("the issuer's key set cannot be read"),
            Self::NoUsableKey(keys) => {
                write!(f, "the issuer publishes no usable key (skipped: [{keys}])")
            }
            Self::NoClient(_) => f.write_str("there is no HTTP client"),
        }
    }
}

impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(error) => Some(error),
            Self::KeySet(error) => Some(error),
            Self::NoClient(error) => Some(error),
            _ => None,
        }
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

/// Whether one may be sent on from an address to another: never from https to plain http, not even
/// on loopback, where an issuer has no business.
fn may_lead_to(from: &Url, to: &Url) -> bool {
    is_secure(to) && (from.scheme() != "https" || to.scheme() == "https")
}

const TIME_LIMIT: Duration = Duration::from_secs(10);
const LONGEST: usize = 256 * 1024;
const MOST_REDIRECTS: usize = 3;
