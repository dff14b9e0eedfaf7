//! The outcomes of decisions.

use std::fmt;

/// What became of a request, or of a question about its caller.
///
/// The word of an outcome is the same in the log, in metrics and in audit lines, and does not change.
///
/// # Example
///
/// ```
/// use tower_auth::observe::Outcome;
///
/// assert_eq!(Outcome::EqualDelivery.as_str(), "equal_delivery");
/// assert_eq!(Outcome::Refused.to_string(), "refused");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// A provider, or a webhook's signature, knows the caller, who goes in.
    Accepted,
    /// An authorizer, or a list of scopes, lets the caller do this.
    Allowed,
    /// The request went no further: the [`error`](super::Decision::error) says why. What could not be
    /// checked is refused too, and its error is of the kind
    /// [`Unavailable`](crate::AuthErrorKind::Unavailable).
    Refused,
    /// Nobody was asked: the path is public.
    Public,
    /// The path lets callers without a credential in, and none was shown.
    Anonymous,
    /// A CORS preflight, which was passed unasked.
    Preflight,
    /// The metadata of a protected resource was asked for.
    Metadata,
    /// A platform shook hands with a webhook.
    Handshake,
    /// A delivery that was handled before was answered again.
    Repeated,
    /// A delivery has the bytes of an earlier one, under another id that is not signed.
    EqualDelivery,
    /// A policy has no rule for the route, and passes such routes.
    Unlisted,
    /// A policy leaves the route open.
    Open,
}

impl Outcome {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::Public => "public",
            Self::Anonymous => "anonymous",
            Self::Preflight => "preflight",
            Self::Metadata => "metadata",
            Self::Handshake => "handshake",
            Self::Repeated => "repeated",
            Self::EqualDelivery => "equal_delivery",
            Self::Unlisted => "unlisted",
            Self::Open => "open",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
