//! Asking an issuer over HTTP, within bounds.

mod bearer;
mod client;
mod coding;
mod endpoint;
mod error;
mod fetcher;
mod transport;

pub(crate) use self::{
    bearer::BearerFile,
    endpoint::Endpoint,
    error::FetchError,
    fetcher::{Document, Fetcher},
    transport::Transport,
};
