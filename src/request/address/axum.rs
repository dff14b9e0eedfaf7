//! The peer of a connection, as axum notes it.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::Extensions;

pub(super) fn peer(extensions: &Extensions) -> Option<SocketAddr> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map(|ConnectInfo(address)| *address)
}
