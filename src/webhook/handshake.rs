//! The request by which a platform asks whether an address accepts its deliveries.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use super::{
    read,
    reply::{PLAIN, short_answer},
    verify,
};
use crate::{
    error::{AuthError, ConfigError},
    secret::{self, Secret},
};

/// The token of Meta's handshake, `GET ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`.
#[derive(Clone)]
pub(super) struct VerifyToken(Secret);

impl VerifyToken {
    pub(super) fn parse(token: Secret) -> Result<Self, ConfigError> {
        if token.expose().trim().is_empty() {
            return Err(verify::blank());
        }
        Ok(Self(token))
    }

    /// The answer to a handshake.
    pub(super) fn answer(&self, handshake: Handshake) -> Result<Response<Bytes>, AuthError> {
        let is_right = secret::equal(handshake.token.as_bytes(), self.0.expose().as_bytes());
        if !is_right || handshake.mode != "subscribe" {
            return Err(read::refused("wrong_verify_token"));
        }
        Ok(short_answer(StatusCode::OK, PLAIN, handshake.challenge))
    }
}

/// What a handshake shows.
pub(super) struct Handshake {
    mode: String,
    pub(super) token: String,
    challenge: String,
}

impl Handshake {
    /// Reads a handshake; `None` where the request is none.
    pub(super) fn read<B>(request: &Request<B>) -> Option<Result<Self, AuthError>> {
        (request.method() == Method::GET).then(|| {
            let query = request.uri().query().unwrap_or_default();
            let [mode, token, challenge] =
                ["hub.mode", "hub.verify_token", "hub.challenge"].map(|name| only(query, name));
            match (mode?, token?, challenge?) {
                (Some(mode), Some(token), Some(challenge)) => Ok(Self {
                    mode,
                    token,
                    challenge,
                }),
                _ => Err(read::unsigned()),
            }
        })
    }
}

/// The only value of a query parameter.
fn only(query: &str, name: &str) -> Result<Option<String>, AuthError> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(shown, _)| shown == name);
    let value = values.next().map(|(_, value)| value.into_owned());
    match values.next() {
        None => Ok(value),
        Some(_) => Err(AuthError::invalid_request("handshake_parameter_twice")
            .with_message("a parameter of the handshake may be sent only once")),
    }
}
