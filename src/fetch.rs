//! Asking an issuer over HTTP, within bounds.

mod bearer;
mod coding;
mod endpoint;
mod transport;

use std::{error::Error, fmt, io, path::Path, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use reqwest::{Client, Response, redirect};

pub(crate) use self::{bearer::BearerFile, endpoint::Endpoint, transport::Transport};
use crate::{ConfigError, ConfigErrorKind, jose::JwkSetError, log::Clean};

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
    /// A fetcher whose own client follows a few redirects, but never to where the endpoint may not
    /// lead.
    pub(crate) fn new(for_endpoint: &Endpoint, transport: &Transport) -> Result<Self, ConfigError> {
        let start = for_endpoint.clone();
        let redirects = redirect::Policy::custom(move |attempt| {
            let steps = attempt.previous();
            let safe = steps
                .last()
                .is_some_and(|from| start.may_lead(from, attempt.url()));
            if safe && steps.len() <= MOST_REDIRECTS {
                attempt.follow()
            } else {
                attempt.stop()
            }
        });
        Self::build(for_endpoint, transport, redirects)
    }

    /// A fetcher whose own client follows no redirect: what it sends is secret.
    pub(crate) fn without_redirects(
        for_endpoint: &Endpoint,
        transport: &Transport,
    ) -> Result<Self, ConfigError> {
        Self::build(for_endpoint, transport, redirect::Policy::none())
    }

    fn build(
        for_endpoint: &Endpoint,
        transport: &Transport,
        redirects: redirect::Policy,
    ) -> Result<Self, ConfigError> {
        if let Transport::Client(client) = transport {
            return Ok(Self::with_client(client.clone()));
        }
        let mut client = Client::builder()
            .redirect(redirects)
            .user_agent(concat!("tower-auth/", env!("CARGO_PKG_VERSION")));
        // Plain http is accepted where it does not leave the machine or a private network; a proxy
        // that the environment names would be shown secrets, and could answer with keys of its own.
        if for_endpoint.url().scheme() == "http" {
            client = client.no_proxy();
        }
        let client = transport.builder(client).build().map_err(|_| {
            ConfigError::new(
                ConfigErrorKind::Unsupported,
                "no HTTP client can be made here: pass one of your own with_client",
            )
        })?;
        Ok(Self::with_client(client))
    }

    fn with_client(client: Client) -> Self {
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

    /// Asks with headers that are secret, by a fetcher that follows no redirects; where one is
    /// answered, `then` follows it without them.
    pub(crate) async fn get_once(
        &self,
        from: &Endpoint,
        secret: HeaderMap,
        then: &Self,
    ) -> Result<Document, FetchError> {
        let document = self.get(from, secret).await?;
        if !document.status.is_redirection() {
            return Ok(document);
        }
        let location = document.headers.get(header::LOCATION);
        match location.and_then(|location| location.to_str().ok()) {
            Some(location) => {
                then.get(&from.redirected(location)?, HeaderMap::new())
                    .await
            }
            None => Ok(document),
        }
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
            .request(method, endpoint.url().clone())
            .headers(headers);
        if let Some(body) = body {
            request = request.body(body);
        }
        let exchange = async {
            let response = request.send().await.map_err(FetchError::failed)?;
            // Also where the caller's client follows redirects that ours would not.
            if !endpoint.may_lead(endpoint.url(), response.url()) {
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
    /// What is to be sent to the issuer cannot be read from its file.
    NoBearer(Arc<Path>, io::Error),
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
            Self::Insecure => f.write_str("the issuer led to an address that may not be asked: not https, or elsewhere than where plain http is allowed"),
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
            Self::NoBearer(path, _) => {
                write!(f, "the bearer for the key set cannot be read from {path:?}")
            }
        }
    }
}

impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(error) => Some(error),
            Self::KeySet(error) => Some(error),
            Self::NoClient(error) => Some(error),
            Self::NoBearer(_, error) => Some(error),
            _ => None,
        }
    }
}

const TIME_LIMIT: Duration = Duration::from_secs(10);
const LONGEST: usize = 256 * 1024;
const MOST_REDIRECTS: usize = 3;
