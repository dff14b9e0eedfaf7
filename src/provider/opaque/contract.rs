//! The contract of an endpoint that is asked about tokens.

use std::future::Future;

use super::cache::ActiveToken;
use crate::{
    error::AuthError,
    issuer::fetch::{Endpoint, FetchError, Fetcher},
    provider::SourceLabel,
};

/// An endpoint that tells about a token.
pub(in crate::provider) trait TokenEndpoint: Send + Sync + 'static {
    /// Asks about a token: its user, or why it is refused, or that the endpoint could not be asked.
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

/// The error where the endpoint could not be asked, or where its answer makes no sense.
pub(in crate::provider) fn endpoint_failed(error: FetchError) -> AuthError {
    AuthError::unavailable(error).with_reason("endpoint_failed")
}
