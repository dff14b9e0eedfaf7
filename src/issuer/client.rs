//! The HTTP client of one issuer, with the bearer token that the issuer requires.

use std::sync::OnceLock;

use http::{HeaderMap, StatusCode};

use super::fetch::{BearerFile, Document, Endpoint, FetchError, Fetcher, Transport};

/// Asks one issuer for its documents.
#[derive(Debug)]
pub(crate) struct IssuerClient {
    /// The address in the configuration. The bearer token is sent to its origin alone.
    home: Endpoint,
    transport: Transport,
    bearer: Option<BearerFile>,
    /// Made at the first fetch: making a client reads the system's root certificates.
    fetcher: OnceLock<Fetcher>,
}

impl IssuerClient {
    pub(crate) fn new(home: Endpoint, transport: Transport, bearer: Option<BearerFile>) -> Self {
        Self {
            home,
            transport,
            bearer,
            fetcher: OnceLock::new(),
        }
    }

    /// The document at an address; `None` where the answer is 404, an error for every other status
    /// than 200.
    ///
    /// The bearer token is sent only to the origin of the configured address. A document may name an
    /// address elsewhere; it is asked without the token.
    pub(super) async fn get(&self, from: &Endpoint) -> Result<Option<Document>, FetchError> {
        let fetcher = self.fetcher()?;
        let headers = match &self.bearer {
            Some(bearer) if from.has_origin_of(&self.home) => bearer.headers().await?,
            _ => HeaderMap::new(),
        };
        let document = fetcher.get_following(from, headers).await?;
        match document.status {
            StatusCode::OK => Ok(Some(document)),
            StatusCode::NOT_FOUND => Ok(None),
            other => Err(FetchError::Status(other)),
        }
    }

    fn fetcher(&self) -> Result<&Fetcher, FetchError> {
        if let Some(fetcher) = self.fetcher.get() {
            return Ok(fetcher);
        }
        let made = Fetcher::new(&self.home, &self.transport).map_err(FetchError::NoClient)?;
        Ok(self.fetcher.get_or_init(|| made))
    }
}
