//! Asking an issuer over HTTP, within bounds.

mod bearer;
mod client;
mod coding;
mod document;
mod endpoint;
mod error;
mod fetcher;
mod transport;

pub(crate) use self::{
    bearer::BearerFile, document::Document, endpoint::Endpoint, error::FetchError,
    fetcher::Fetcher, transport::Transport,
};
