//! One limit: whose requests it counts, which of them, and how many.

use std::sync::Arc;

use http::Method;

use crate::{
    access::{PathFilter, PathRule, Route},
    context::{AuthContext, ClaimPath},
    error::{ConfigError, ConfigErrorKind},
    quota::Quota,
    shared::gcra::Rate,
};

/// A limit of requests: for each caller, key, tenant or client address, or for everybody together.
///
/// Every limit of a set that means a request counts it; one that is exceeded refuses the request, and
/// then no other counts it.
///
/// # Example
///
/// ```
/// use http::Method;
/// use tower_auth::throttle::{Limit, Quota, Requests};
///
/// let a_minute: Quota = "60 per minute, burst 10".parse()?;
/// let requests = Requests::new([
///     Limit::by_caller(a_minute),
///     Limit::by_key("1000 per hour".parse()?),
///     Limit::by_tenant("10000 per day".parse()?),
///     // A route that costs more:
///     Limit::by_caller("20 per hour".parse()?)
///         .with_name("runs")?
///         .for_route((Method::POST, "/run"))?
///         .with_cost(2),
///     // Callers of a plan:
///     Limit::by_claim("org_id", "100 per day".parse()?)
///         .with_name("trial")?
///         .for_scope("plan:trial")
///         .except_scope("plan:paid"),
///     // Where nobody is asked who is calling:
///     Limit::by_address("30 per minute".parse()?).for_route("/hooks/public")?,
///     Limit::of_all("1000 per second".parse()?),
/// ])?;
/// # let _ = requests;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Limit {
    pub(super) subject: Subject,
    pub(super) quota: Quota,
    pub(super) rate: Rate,
    pub(super) name: Arc<str>,
    pub(super) cost: u32,
    for_scope: Option<Box<str>>,
    except_scope: Option<Box<str>>,
    route: Option<PathFilter>,
}

/// Whose requests are counted together.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    Caller,
    Key,
    Claim(ClaimPath),
    Address,
    All,
}

impl Limit {
    fn new(subject: Subject, name: &str, quota: Quota) -> Self {
        Self {
            subject,
            quota,
            rate: quota.into(),
            name: name.into(),
            cost: 1,
            for_scope: None,
            except_scope: None,
            route: None,
        }
    }

    /// A limit for each caller: each [`Principal`](crate::Principal), however many keys or tokens it has.
    /// A request without a caller is not counted.
    pub fn by_caller(quota: Quota) -> Self {
        Self::new(Subject::Caller, "caller", quota)
    }

    /// A limit for each API key. Managed keys that share an account, such as a key and its successor,
    /// share the limit. For a caller without a key it is a limit for each caller.
    pub fn by_key(quota: Quota) -> Self {
        Self::new(Subject::Key, "key", quota)
    }

    /// A limit for each tenant: the claim `tenant`, as API keys have it. Tenants of one name that two
    /// issuers, or two sources of keys, vouch for are two. For a caller without one it is a limit for
    /// each caller.
    pub fn by_tenant(quota: Quota) -> Self {
        Self::new(Subject::Claim("tenant".into()), "tenant", quota)
    }

    /// A limit for each value of a claim, a text or a number, of each issuer or source of keys. For a
    /// caller without it, or with another kind of value, it is a limit for each caller.
    pub fn by_claim(claim: impl Into<ClaimPath>, quota: Quota) -> Self {
        Self::new(Subject::Claim(claim.into()), "claim", quota)
    }

    /// A limit for each client address, of requests without a caller too: for public paths. A request
    /// without an address is not counted.
    pub fn by_address(quota: Quota) -> Self {
        Self::new(Subject::Address, "address", quota)
    }

    /// A limit for everybody together: it protects what is behind, and lets one caller refuse others.
    pub fn of_all(quota: Quota) -> Self {
        Self::new(Subject::All, "all", quota)
    }

    /// Replaces the name that `RateLimit` shows: `caller`, `key`, `tenant`, `claim`, `address` or `all`
    /// unless set. The limits of a set have different names.
    ///
    /// # Errors
    ///
    /// The name is empty, longer than 64 characters, or holds other characters than letters, digits,
    /// `-`, `_` and `.`.
    pub fn with_name(mut self, name: &str) -> Result<Self, ConfigError> {
        let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(is_inside) {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                "the name of a limit is not of 1 to 64 letters, digits, `-`, `_` and `.`: callers read \
                 it in a header",
            ));
        }
        self.name = name.into();
        Ok(self)
    }

    /// Replaces how many units a request takes: 1 unless set.
    pub fn with_cost(mut self, units: u32) -> Self {
        self.cost = units;
        self
    }

    /// Counts only the requests of callers who hold this scope. `*` holds every scope.
    pub fn for_scope(mut self, scope: impl Into<String>) -> Self {
        self.for_scope = Some(scope.into().into());
        self
    }

    /// Counts no request of a caller who holds this scope. `*` holds every scope.
    pub fn except_scope(mut self, scope: impl Into<String>) -> Self {
        self.except_scope = Some(scope.into().into());
        self
    }

    /// Counts only the requests to a route, by the template that axum chose or by the path.
    ///
    /// # Errors
    ///
    /// The path is malformed; the text says how to mend it.
    pub fn for_route(mut self, path: impl Into<PathRule>) -> Result<Self, ConfigError> {
        self.route = Some(PathFilter::new(path.into())?);
        Ok(self)
    }

    /// Whether the limit is for one route.
    pub(super) fn has_route(&self) -> bool {
        self.route.is_some()
    }

    /// Whether a request to that route is meant.
    pub(super) fn is_for_route(&self, method: &Method, route: &Route<'_>) -> bool {
        let filter = self.route.as_ref();
        filter.is_none_or(|filter| filter.is_meant(method, route))
    }

    /// Whether a request of that caller is meant.
    pub(super) fn is_for_caller(&self, caller: Option<&AuthContext>) -> bool {
        let holds = |scope: &str| caller.is_some_and(|caller| caller.scopes().contains(scope));
        let for_scope = self.for_scope.as_deref();
        for_scope.is_none_or(holds) && !self.except_scope.as_deref().is_some_and(holds)
    }
}
