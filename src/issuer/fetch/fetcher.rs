//! Fetches documents over HTTP within bounds.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use reqwest::{Client, redirect};

use super::{
    client::{HttpClient, Reqwest},
    document::Document,
    endpoint::Endpoint,
    error::FetchError,
    transport::Transport,
};
use crate::{
    answer::BoxFuture,
    error::{ConfigError, ConfigErrorKind},
};

/// Fetches documents with a time limit over the whole exchange and a limit on the body, over https.
///
/// The HTTP client follows no redirect. This type follows redirects itself, so that the limits hold
/// for every client.
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

    /// Replaces the time limit of an exchange, redirects included: 10 seconds unless set.
    pub(crate) fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Sends one GET. The headers are secret, so no redirect is followed.
    pub(crate) async fn get(
        &self,
        from: &Endpoint,
        secret: HeaderMap,
    ) -> Result<Document, FetchError> {
        let request = request(Method::GET, from, secret, Bytes::new())?;
        self.within_time(self.exchange(request)).await
    }

    /// Sends a GET and follows at most three redirects, each only to an address that the endpoint may
    /// lead to. The secret headers are sent only to the first address.
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
                match redirect_target(&endpoint, &document) {
                    Some(next) if redirects < MAX_REDIRECTS => endpoint = next,
                    _ => return Ok(document),
                }
                redirects += 1;
            }
        };
        self.within_time(steps).await
    }

    /// Posts an encoded form. No redirect is followed.
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
        self.client.exchange(request, MAX_BODY_LEN)
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
    // Plain http is accepted within this machine or a private network. A proxy from the environment
    // would see secrets, and could answer with keys of its own.
    if for_endpoint.url().scheme() == "http" {
        client = client.no_proxy();
    }
    let client = transport.builder(client).build().map_err(|_| {
        ConfigError::new(
            ConfigErrorKind::Unsupported,
            "no HTTP client can be made here: give one of your own to with_client",
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

/// The address that a redirect leads to; `None` where the answer is no redirect or may not lead there.
fn redirect_target(from: &Endpoint, document: &Document) -> Option<Endpoint> {
    if !REDIRECTS.contains(&document.status) {
        return None;
    }
    let location = document.headers.get(header::LOCATION)?;
    from.redirected(location.to_str().ok()?).ok()
}

const TIME_LIMIT: Duration = Duration::from_secs(10);
const MAX_BODY_LEN: usize = 256 * 1024;
const MAX_REDIRECTS: usize = 3;
/// The redirect statuses that are followed with GET (RFC 9110 §15.4).
const REDIRECTS: [StatusCode; 5] = [
    StatusCode::MOVED_PERMANENTLY,
    StatusCode::FOUND,
    StatusCode::SEE_OTHER,
    StatusCode::TEMPORARY_REDIRECT,
    StatusCode::PERMANENT_REDIRECT,
];
