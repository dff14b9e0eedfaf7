//! The contract of an endpoint that is asked about tokens.

use std::future::Future;

use super::cache::ActiveToken;
use crate::{
    error::AuthError,
    issuer::fetch::{Endpoint, FetchError, Fetcher},
    provider::SourceLabel,
};

/// An endpoint that answers whether a token is active.
pub(in crate::provider) trait TokenEndpoint: Send + Sync + 'static {
    /// Asks about a token. The answer is its user, a refusal, or an error where the endpoint could not
    /// be asked.
    ///
    /// The caller judges the times in the answer.
    fn ask(
        &self,
        fetcher: &Fetcher,
        token: &str,
    ) -> impl Future<Output = Result<ActiveToken, AuthError>> + Send;

    /// The address that is asked.
    fn address(&self) -> &Endpoint;

    /// Replaces the source of the callers where no issuer is configured.
    fn set_label(&mut self, label: SourceLabel);
}

/// The error where the endpoint could not be asked, or where its answer is malformed.
pub(in crate::provider) fn endpoint_failed(error: FetchError) -> AuthError {
    AuthError::unavailable(error).with_reason("endpoint_failed")
}
