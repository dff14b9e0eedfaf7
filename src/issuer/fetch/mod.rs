//! Requests to an issuer over HTTP, within bounds of size and time.

mod bearer;
mod client;
mod coding;
mod document;
mod endpoint;
mod error;
mod fetcher;
mod file;
mod transport;

pub(crate) use self::{
    bearer::BearerFile, document::Document, endpoint::Endpoint, error::FetchError,
    fetcher::Fetcher, transport::Transport,
};
