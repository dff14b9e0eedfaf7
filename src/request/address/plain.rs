//! Without axum nobody notes the peer of a connection.

use std::net::SocketAddr;

use http::Extensions;

pub(super) fn peer(_: &Extensions) -> Option<SocketAddr> {
    None
}
