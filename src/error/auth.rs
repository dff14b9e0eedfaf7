//! The errors of a request.

#[cfg(any(feature = "mcp", feature = "oauth2", feature = "webhook"))]
mod by_callers;
mod kind;
mod level;
mod policy;

use std::{borrow::Cow, error::Error, fmt, sync::Arc, time::Duration};

pub use self::kind::AuthErrorKind;
pub(crate) use self::policy::QuotaPolicy;
use super::Mismatch;

/// The reason why a request is refused.
///
/// "Wrong" and "could not check" stay different up to the response: see [`AuthErrorKind`]. A provider
/// without a credential in the request answers `Ok(None)`, which is not an error.
///
/// An error carries two texts. The [`reason`](Self::reason) and the [`source`](Error::source) are
/// for the log and never reach the caller; the [`message`](Self::message) is sent.
///
/// `?` converts an error type that implements [`IntoAuthError`](crate::IntoAuthError). Convert an
/// error of another crate, such as a database's, where it occurs: `.map_err(AuthError::unavailable)?`.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthError, AuthErrorKind};
///
/// let error = AuthError::invalid_credential("session_revoked");
/// assert_eq!(error.kind(), AuthErrorKind::InvalidCredential);
/// assert_eq!(error.status(), 401);
/// assert_eq!(error.code(), "invalid_credential");
/// assert_eq!(error.reason(), "session_revoked");
/// ```
///
/// Each kind has a constructor, and the texts of the response can be replaced:
///
/// ```
/// use std::time::Duration;
/// use tower_auth::AuthError;
///
/// for (error, status) in [
///     (AuthError::missing_credential(), 401),
///     (AuthError::expired_credential("session_expired"), 401),
///     (AuthError::invalid_request("session_shown_twice"), 400),
///     (AuthError::insufficient_scope("agents:invoke"), 403),
///     (AuthError::not_found("another_tenant"), 404),
///     (AuthError::conflict("run_in_progress"), 409),
///     (AuthError::payload_too_large("upload_too_long"), 413),
///     (AuthError::throttled(Duration::from_secs(2)), 429),
///     (AuthError::unknown_key(Duration::from_secs(30)), 503),
/// ] {
///     assert_eq!(error.status(), status);
/// }
///
/// let error = AuthError::forbidden("trial_is_over")
///     .with_reason("trial_ended")
///     .with_code("trial_over")
///     .with_message("the trial of this account is over");
/// assert!(error.is_denial() && error.retry_after().is_none());
///
/// let down = AuthError::unavailable("no database").with_retry_after(Duration::from_secs(60));
/// assert_eq!(down.retry_after(), Some(Duration::from_secs(60)));
/// ```
#[derive(Clone)]
pub struct AuthError {
    /// Behind a pointer, so that a successful answer does not have this size.
    pub(super) inner: Arc<Inner>,
    /// Whether a layer has rendered this error into a response.
    is_worded: bool,
}

#[derive(Clone)]
pub(super) struct Inner {
    kind: AuthErrorKind,
    code: &'static str,
    reason: Cow<'static, str>,
    message: &'static str,
    provider: &'static str,
    retry_after: Option<Duration>,
    scopes: Option<Box<str>>,
    by_callers: bool,
    policy: Option<Box<QuotaPolicy>>,
    pub(super) mismatch: Option<Box<Mismatch>>,
    pub(super) key_name: Option<Box<str>>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl AuthError {
    /// A required credential is missing: 401 `missing_credential`.
    ///
    /// Providers answer `Ok(None)` instead; the layer makes this error if no provider found a
    /// credential.
    pub fn missing_credential() -> Self {
        Self::new(
            AuthErrorKind::MissingCredential,
            "missing_credential",
            "missing_credential",
        )
    }

    /// The request itself is malformed: 400 `invalid_request` (RFC 6750 §3.1).
    ///
    /// `reason` is for the log, in `snake_case`, as for all constructors of this type.
    pub fn invalid_request(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(AuthErrorKind::InvalidRequest, "invalid_request", reason)
    }

    /// The credential is wrong: 401 `invalid_credential`.
    pub fn invalid_credential(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            AuthErrorKind::InvalidCredential,
            "invalid_credential",
            reason,
        )
    }

    /// The credential was valid once and has expired: 401 `expired_credential`.
    ///
    /// # Security
    ///
    /// Only for a credential whose authenticity was proven (a signature that verified): otherwise the
    /// response tells an attacker more than `invalid_credential` does.
    pub fn expired_credential(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            AuthErrorKind::InvalidCredential,
            "expired_credential",
            reason,
        )
        .with_message("the credential has expired")
    }

    /// The caller lacks scopes: 403 `insufficient_scope` that names `required`, space-separated.
    pub fn insufficient_scope(required: impl Into<String>) -> Self {
        let mut error = Self::new(
            AuthErrorKind::InsufficientScope,
            "insufficient_scope",
            "insufficient_scope",
        );
        error.edit().scopes = Some(required.into().into_boxed_str());
        error
    }

    /// The caller is known and has no permission: 403 `forbidden`.
    pub fn forbidden(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(AuthErrorKind::Forbidden, "forbidden", reason)
    }

    /// The caller is known, and must not learn whether the object exists: 404 `not_found`.
    ///
    /// An authorizer returns it both for another caller's object and for an object that does not
    /// exist, so that ids cannot be probed.
    pub fn not_found(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(AuthErrorKind::NotFound, "not_found", reason)
    }

    /// Another copy of this request is in progress, or was handled: 409 `conflict`.
    pub fn conflict(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(AuthErrorKind::Conflict, "conflict", reason)
    }

    /// The body is longer than the limit: 413 `payload_too_large`.
    pub fn payload_too_large(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(AuthErrorKind::PayloadTooLarge, "payload_too_large", reason)
    }

    /// Too many requests: 429 `throttled` with `Retry-After` (whole seconds, rounded up).
    pub fn throttled(retry_after: Duration) -> Self {
        Self::new(AuthErrorKind::Throttled, "throttled", "throttled").with_retry_after(retry_after)
    }

    /// The credential names an unknown key: 503 `unknown_key` with `Retry-After` (whole seconds,
    /// rounded up).
    ///
    /// Use it for a key that was never seen, until the keys are fetched again: it may be a rotation.
    /// It ranks with [`unavailable`](Self::unavailable) in a chain, and is logged at level info, since
    /// any caller can name a key that does not exist.
    pub fn unknown_key(retry_after: Duration) -> Self {
        Self::new(AuthErrorKind::UnknownKey, "unknown_key", "unknown_key")
            .with_retry_after(retry_after)
    }

    /// The credential, or the permission, could not be checked: 503 `unavailable` with
    /// `Retry-After: 5`.
    ///
    /// The argument is the error that occurred, so that `.map_err(AuthError::unavailable)?` works. The
    /// cause is logged, never sent.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let mut error = Self::new(AuthErrorKind::Unavailable, "unavailable", "could_not_check");
        error.edit().source = Some(Arc::from(source.into()));
        error
    }

    fn new(kind: AuthErrorKind, code: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            inner: Arc::new(Inner {
                kind,
                code,
                reason: reason.into(),
                message: kind.message(),
                provider: "",
                retry_after: None,
                scopes: None,
                by_callers: false,
                policy: None,
                mismatch: None,
                key_name: None,
                source: None,
            }),
            is_worded: false,
        }
    }

    /// Replaces the stable code in the problem body.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.edit().code = code;
        self
    }

    /// Replaces the reason that the log shows.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.edit().reason = reason.into();
        self
    }

    /// Replaces the sentence in the response.
    ///
    /// The sentence is a `'static` text, so that it cannot hold a part of a request. Characters that
    /// RFC 6750 §3 does not allow in `error_description` are left out there.
    #[must_use]
    pub fn with_message(mut self, message: &'static str) -> Self {
        self.edit().message = message;
        self
    }

    /// Replaces the time after which the caller may try again, for the kinds that have one: see
    /// [`retry_after`](Self::retry_after).
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.edit().retry_after = Some(after);
        self
    }

    /// Names the provider that answered, unless one is named already.
    #[must_use]
    pub(crate) fn at_provider(mut self, provider: &'static str) -> Self {
        if self.inner.provider.is_empty() {
            self.edit().provider = provider;
        }
        self
    }

    /// Sets whether a layer has rendered this error.
    #[must_use]
    pub(crate) fn with_worded(mut self, is_worded: bool) -> Self {
        self.is_worded = is_worded;
        self
    }

    pub(crate) fn is_worded(&self) -> bool {
        self.is_worded
    }

    /// The kind: it tells the caller what to do about the error.
    pub fn kind(&self) -> AuthErrorKind {
        self.inner.kind
    }

    /// Whether this is a denial, a "no" to a known caller: one of the three kinds with which an
    /// [`Authorizer`](crate::authorize::Authorizer) denies.
    ///
    /// Every other kind means that the question was not answered.
    pub fn is_denial(&self) -> bool {
        matches!(
            self.inner.kind,
            AuthErrorKind::InsufficientScope | AuthErrorKind::Forbidden | AuthErrorKind::NotFound
        )
    }

    /// The status of the response.
    pub fn status(&self) -> http::StatusCode {
        self.inner.kind.status()
    }

    /// The stable code of the problem body.
    pub fn code(&self) -> &'static str {
        self.inner.code
    }

    /// The reason for the log: never sent to the caller.
    pub fn reason(&self) -> &str {
        &self.inner.reason
    }

    /// The sentence in the response.
    pub fn message(&self) -> &'static str {
        self.inner.message
    }

    /// The provider or authorizer that answered, or an empty text if none did.
    pub fn provider(&self) -> &'static str {
        self.inner.provider
    }

    /// The scopes that the refused action needs, space-separated.
    pub fn scopes(&self) -> Option<&str> {
        self.inner.scopes.as_deref()
    }

    /// The time after which the caller may try again, for the three kinds that have one: throttled,
    /// unknown key and unavailable.
    pub fn retry_after(&self) -> Option<Duration> {
        matches!(
            self.inner.kind,
            AuthErrorKind::Throttled | AuthErrorKind::UnknownKey | AuthErrorKind::Unavailable
        )
        .then(|| self.inner.retry_after.unwrap_or(DEFAULT_RETRY_AFTER))
    }

    pub(super) fn edit(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.inner)
    }
}

impl fmt::Debug for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthError")
            .field("kind", &self.inner.kind)
            .field("code", &self.inner.code)
            .field("reason", &self.reason())
            .field("provider", &self.inner.provider)
            .field("scopes", &self.scopes())
            .field("source", &self.source())
            .finish()
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.inner.message)
    }
}

impl Error for AuthError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.inner
            .source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}

const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(5);
