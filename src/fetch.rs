//! Asking an issuer over HTTP, within bounds.

mod bearer;
mod client;
mod coding;
mod endpoint;
mod transport;

use std::{error::Error, fmt, io, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use reqwest::{Client, redirect};

use self::client::{HttpClient, Reqwest};
pub(crate) use self::{bearer::BearerFile, endpoint::Endpoint, transport::Transport};
use crate::{
    answer::BoxFuture,
    error::{ConfigError, ConfigErrorKind},
    jose::JwkSetError,
    log::Clean,
};

/// A document, whatever its status.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Fetches documents: a time limit over the whole exchange, a limit on the body, https throughout.
///
/// Clients follow no redirect. It is followed here, so that the bounds hold whoever's client it is.
#[derive(Clone)]
pub(crate) struct Fetcher {
    client: Arc<dyn HttpClient>,
    time_limit: Duration,
}

impl Fetcher {
    pub(crate) fn new(for_endpoint: &Endpoint, transport: &Transport) -> Result<Self, ConfigError> {
        let client = match transport {
            Transport::Service(client) => Arc::clone(client),
            _ => Arc::new(default_client(for_endpoint, transport)?),
        };
        Ok(Self {
            client,
            time_limit: TIME_LIMIT,
        })
    }

    /// Replaces the time that one exchange may take, from the first byte sent to the last received.
    pub(crate) fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Asks once: what these headers say is secret, so no redirect is followed.
    pub(crate) async fn get(
        &self,
        from: &Endpoint,
        secret: HeaderMap,
    ) -> Result<Document, FetchError> {
        let request = request(Method::GET, from, secret, Bytes::new())?;
        self.within_time(self.exchange(request)).await
    }

    /// Asks, and follows a few redirects, but never to where the endpoint may not lead. Secret
    /// headers are sent to the endpoint alone.
    pub(crate) async fn get_following(
        &self,
        from: &Endpoint,
        mut secret: HeaderMap,
    ) -> Result<Document, FetchError> {
        let steps = async {
            let mut endpoint = from.clone();
            let mut redirects = 0;
            loop {
                let headers = std::mem::take(&mut secret);
                let request = request(Method::GET, &endpoint, headers, Bytes::new())?;
                let document = self.exchange(request).await?;
                match next(&endpoint, &document) {
                    Some(next) if redirects < MOST_REDIRECTS => endpoint = next,
                    _ => return Ok(document),
                }
                redirects += 1;
            }
        };
        self.within_time(steps).await
    }

    /// Posts a form that was encoded already. No redirect is followed.
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
        let request = request(Method::POST, to, headers, form.into())?;
        self.within_time(self.exchange(request)).await
    }

    fn exchange(&self, request: Request<Bytes>) -> BoxFuture<Result<Document, FetchError>> {
        self.client.exchange(request, LONGEST)
    }

    async fn within_time(
        &self,
        exchange: impl Future<Output = Result<Document, FetchError>>,
    ) -> Result<Document, FetchError> {
        tokio::time::timeout(self.time_limit, exchange)
            .await
            .unwrap_or(Err(FetchError::TimedOut))
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher")
            .field("time_limit", &self.time_limit)
            .finish_non_exhaustive()
    }
}

fn default_client(for_endpoint: &Endpoint, transport: &Transport) -> Result<Reqwest, ConfigError> {
    let mut client = Client::builder()
        .redirect(redirect::Policy::none())
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
    Ok(Reqwest(client))
}

fn request(
    method: Method,
    endpoint: &Endpoint,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Request<Bytes>, FetchError> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = endpoint
        .url()
        .as_str()
        .parse()
        .map_err(|_| FetchError::Malformed("an address is no URI"))?;
    *request.headers_mut() = headers;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(header::ACCEPT, json);
    Ok(request)
}

/// Where a redirect leads, if it may lead there.
fn next(from: &Endpoint, document: &Document) -> Option<Endpoint> {
    if !REDIRECTS.contains(&document.status) {
        return None;
    }
    let location = document.headers.get(header::LOCATION)?;
    from.redirected(location.to_str().ok()?).ok()
}

/// Why an issuer could not be asked, or what it said could not be used. Never the caller's fault.
#[derive(Debug)]
pub(crate) enum FetchError {
    Failed(Box<dyn Error + Send + Sync>),
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
    fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        match error.into().downcast::<reqwest::Error>() {
            Ok(error) => Self::Failed(error.without_url().into()),
            Err(error) => Self::Failed(error),
        }
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
            Self::Failed(error) => Some(&**error),
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
/// Those whose target is asked with GET (RFC 9110 §15.4).
const REDIRECTS: [StatusCode; 5] = [
    StatusCode::MOVED_PERMANENTLY,
    StatusCode::FOUND,
    StatusCode::SEE_OTHER,
    StatusCode::TEMPORARY_REDIRECT,
    StatusCode::PERMANENT_REDIRECT,
];
