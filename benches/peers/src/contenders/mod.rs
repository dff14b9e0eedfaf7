//! Who is measured, one file each.

mod axum_jwt;
mod axum_oidc_layer;
mod bare;
mod by_hand;
mod claims;
mod jwt_authorizer;
pub(crate) mod oauth_resource_server;
mod raw;
mod tower_auth;
mod tower_http;
mod tower_oauth2_resource_server;

use std::fmt;

use ::axum::body::Body;
use ::tower_auth::jose::Algorithm;
use http::{Request, StatusCode};
use tower_service::Service;

pub use self::{
    claims::PARTIAL,
    tower_auth::{keys, tokens},
};
use crate::{
    call::{Answer, Head, once},
    credentials::{Credentials, api_key},
    measure::Dice,
};

/// Somebody who does a task.
pub struct Contender {
    /// What is done.
    pub task: Task,
    /// Who does it.
    pub name: &'static str,
    /// How it is set up, where that can be done in several ways.
    pub setup: &'static str,
    /// Whose cryptography it stands on.
    pub crypto: Crypto,
    run: Box<dyn FnMut(u32)>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// The inner service alone, on a request that shows this.
    Bare(Shown),
    /// A path that everybody may call.
    ExemptPath,
    /// An API key, accepted.
    ApiKey,
    /// An API key, accepted, of a million: another in each call.
    MillionKeys,
    /// An API key with scopes, accepted: what [`Task::Scopes`] adds to.
    ScopedKey,
    /// The same, and scopes are required.
    Scopes,
    /// No credential, refused.
    Missing,
    /// An unknown API key, refused.
    UnknownKey,
    /// A bearer token that is none, refused.
    Garbage,
    /// A token, accepted as if it had never been seen.
    FirstSeen(Algorithm),
    /// A token, accepted because it was seen before.
    Remembered(Algorithm),
    /// The signature alone.
    Verify(Algorithm),
    /// SHA-256 of the API key alone.
    HashOfKey,
    /// SHA-256 of the RS256 token alone.
    HashOfToken,
}

/// What a request shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// No credential.
    Nothing,
    /// An API key.
    Key,
    /// Another API key in each call.
    AnyKey,
    /// A token.
    Token,
}

/// Whose cryptography somebody stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crypto {
    /// None is needed.
    None,
    /// `aws-lc-rs`.
    AwsLc,
    /// `ring`.
    Ring,
    /// `sha2`.
    Sha2,
}

impl Contender {
    /// A service that must accept the one request and refuse the other.
    ///
    /// # Panics
    ///
    /// It does not: nobody is timed who skips the check.
    fn accepting<S>(task: Task, name: &'static str, service: S, heads: Heads) -> Self
    where
        S: Service<Request<Body>, Response: Answer, Error: fmt::Debug> + Clone + 'static,
    {
        let mut checked = service.clone();
        let refused = once(&mut checked, heads.refused.request());
        assert!(
            matches!(refused, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN),
            "{name} answers a forged credential with {refused} ({task})"
        );
        let request = move || heads.accepted.request();
        Self::answering(task, name, service, request, StatusCode::OK)
    }

    /// A service that must give that answer to each of the requests.
    ///
    /// # Panics
    ///
    /// It gives another, now or while it is timed.
    fn answering<S>(
        task: Task,
        name: &'static str,
        mut service: S,
        mut request: impl FnMut() -> Request<Body> + 'static,
        expected: StatusCode,
    ) -> Self
    where
        S: Service<Request<Body>, Response: Answer, Error: fmt::Debug> + 'static,
    {
        let run = move |calls| {
            for _ in 0..calls {
                let status = once(&mut service, request());
                assert!(
                    status == expected,
                    "{name} answers {status} instead of {expected} ({task})"
                );
            }
        };
        let mut made = Self::raw(task, name, Crypto::None, run);
        made.run(1);
        made
    }

    /// Something that is no service.
    fn raw(task: Task, name: &'static str, crypto: Crypto, run: impl FnMut(u32) + 'static) -> Self {
        Self {
            task,
            name,
            setup: "",
            crypto,
            run: Box::new(run),
        }
    }

    fn on(mut self, crypto: Crypto) -> Self {
        self.crypto = crypto;
        self
    }

    fn set_up(mut self, setup: &'static str) -> Self {
        self.setup = setup;
        self
    }

    /// How many batches make one of its own: where many callers call, they are to call again
    /// before others have taken the processor's caches.
    pub fn batches(&self) -> u32 {
        match self.task {
            Task::MillionKeys | Task::Bare(Shown::AnyKey) => 16,
            _ => 1,
        }
    }

    /// Makes so many calls.
    pub fn run(&mut self, calls: u32) {
        (self.run)(calls);
    }
}

/// A request that must be accepted, and one that must not.
struct Heads {
    accepted: Head,
    refused: Head,
}

impl Heads {
    fn of_token(signed: &crate::credentials::Signed) -> Self {
        Self {
            accepted: Head::with_bearer(&signed.token),
            refused: Head::with_bearer(&signed.forged),
        }
    }
}

impl Task {
    /// What the net figure is taken over; none where the figure stands for itself.
    pub fn baseline(self) -> Option<Self> {
        match self {
            Self::Bare(_) | Self::Verify(_) | Self::HashOfKey | Self::HashOfToken => None,
            Self::ExemptPath | Self::Missing => Some(Self::Bare(Shown::Nothing)),
            Self::ApiKey | Self::ScopedKey | Self::UnknownKey => Some(Self::Bare(Shown::Key)),
            Self::MillionKeys => Some(Self::Bare(Shown::AnyKey)),
            Self::Scopes => Some(Self::ScopedKey),
            Self::FirstSeen(_) | Self::Remembered(_) | Self::Garbage => {
                Some(Self::Bare(Shown::Token))
            }
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bare(Shown::Nothing) => "bare",
            Self::Bare(Shown::Key) => "bare, key shown",
            Self::Bare(Shown::AnyKey) => "bare, any key shown",
            Self::Bare(Shown::Token) => "bare, token shown",
            Self::ExemptPath => "exempt path",
            Self::ApiKey => "API key",
            Self::MillionKeys => "API key of 1,000,000",
            Self::ScopedKey => "API key with scopes",
            Self::Scopes => "scopes layer",
            Self::Missing => "refused: missing",
            Self::UnknownKey => "refused: unknown key",
            Self::Garbage => "refused: garbage",
            Self::HashOfKey => "SHA-256 of the key",
            Self::HashOfToken => "SHA-256 of the token",
            Self::FirstSeen(algorithm) => return write!(f, "{algorithm}"),
            Self::Remembered(algorithm) => return write!(f, "{algorithm} remembered"),
            Self::Verify(algorithm) => return write!(f, "{algorithm} signature alone"),
        })
    }
}

impl fmt::Display for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "",
            Self::AwsLc => "aws-lc-rs",
            Self::Ring => "ring",
            Self::Sha2 => "sha2",
        })
    }
}

impl fmt::Debug for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender")
            .field("task", &self.task)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Everybody, warmed up and checked; `many` is how many keys stand for a million.
///
/// # Panics
///
/// Somebody accepts what is forged, or refuses what is right.
pub async fn all(credentials: &Credentials, many: usize) -> Vec<Contender> {
    let mut all = bare::contenders(credentials, many);
    all.extend(tower_auth::contenders(credentials, many).await);
    all.extend(by_hand::contenders(credentials, many));
    all.extend(tower_http::contenders(credentials));
    all.extend(jwt_authorizer::contenders(credentials).await);
    all.extend(axum_jwt::contenders(credentials));
    all.extend(tower_oauth2_resource_server::contenders(credentials).await);
    all.extend(oauth_resource_server::contenders(credentials).await);
    all.extend(axum_oidc_layer::contenders(credentials).await);
    all.extend(raw::contenders(credentials));
    all
}

/// Requests that each show another of so many keys, in an order that no cache foresees.
fn any_key(count: usize) -> impl FnMut() -> Request<Body> {
    let head = Head::bare();
    let mut dice = Dice::new();
    let mut key = api_key(0).into_bytes();
    let digits = key.len() - HEX.len();
    move || {
        let mut index = dice.below(count);
        for digit in key[digits..].iter_mut().rev() {
            *digit = HEX[index % HEX.len()];
            index /= HEX.len();
        }
        head.request_with_key(&key)
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// How many keys [`Task::MillionKeys`] is about.
pub const MILLION: usize = 1_000_000;
/// How many will do where nothing is timed.
pub const FEW: usize = 10_000;

/// What `tower-auth` is called in the tables.
pub const OURS: &str = "tower-auth";
/// What a check written for this alone is called.
pub const BY_HAND: &str = "by hand";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_key_is_one_of_the_keys_and_seldom_the_same() {
        let known: Vec<_> = (0..300).map(api_key).collect();
        let mut requests = any_key(known.len());
        let shown: std::collections::HashSet<_> = (0..300)
            .map(|_| {
                requests().headers()["x-api-key"]
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert!(shown.iter().all(|key| known.contains(key)));
        assert!(shown.len() > 150, "{}", shown.len());
    }
}
