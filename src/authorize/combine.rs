//! Authorizers that combine others.

use std::{fmt, sync::Arc};

use super::{
    Authorization, Authorizer, IntoAuthorizer,
    ask::{Decision, PendingQuery, Query},
    contract::ask,
};
use crate::{
    answer::{Asked, Check},
    context::AuthContext,
    error::{AuthError, ConfigError, ConfigErrorKind},
};

/// Allows only if every member allows: the first refusal is the answer.
///
/// Members are asked in order, and none after a refusal.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthContext, AuthError, authorize::{AuthorizeLayer, all_of, authorizer_fn, by_scope}};
///
/// let office_hours = authorizer_fn(|_: &AuthContext, _: &str, _: &str| {
///     Err(AuthError::forbidden("closed"))
/// });
/// let layer = AuthorizeLayer::new(all_of(by_scope()).and(office_hours), "graph", "invoke")?;
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
pub fn all_of<Form>(first: impl IntoAuthorizer<Form>) -> AllOf {
    AllOf(Members::new(first.into_authorizer()))
}

/// Allows if one member allows.
///
/// Members are asked in order, and none after a grant. If none allows, the answer is the refusal that
/// ranks highest: could not check (503), throttled (429), hidden object (404), missing scope, another
/// 403, any other, then the earliest. So an outage of one member never becomes a grant, nor a 403 of
/// another.
///
/// # Example
///
/// ```
/// use tower_auth::authorize::{AuthorizeLayer, any_of, by_owner, by_role};
///
/// let owner = by_owner(|_document: &str| Ok(None)).hide_foreign();
/// let layer = AuthorizeLayer::new(any_of(by_role([("admin", "*")])?).or(owner), "document:{id}", "read")?;
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
pub fn any_of<Form>(first: impl IntoAuthorizer<Form>) -> AnyOf {
    AnyOf(Members::new(first.into_authorizer()))
}

/// Allows if an authorizer denies, and denies if it allows.
///
/// An authorizer that could not check allows nothing in either form: its error stays unchanged.
///
/// # Example
///
/// ```
/// use tower_auth::authorize::{all_of, by_role, by_scope, not};
///
/// let suspended = by_role([("suspended", "*")])?;
/// let authorizer = all_of(by_scope()).and(not(suspended));
/// # let _ = authorizer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
pub fn not<Form>(authorizer: impl IntoAuthorizer<Form>) -> Not {
    Not(authorizer.into_authorizer())
}

/// Denies every permission: for an action that no rule grants yet.
///
/// # Example
///
/// ```
/// use tower_auth::authorize::{AuthorizeLayer, deny_all};
///
/// let layer = AuthorizeLayer::new(deny_all(), "billing", "refund")?; // nobody may, whatever they hold
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
pub fn deny_all() -> DenyAll {
    DenyAll(())
}

/// The authorizer that [`all_of`] makes.
#[derive(Clone)]
pub struct AllOf(Members);

/// The authorizer that [`any_of`] makes.
#[derive(Clone)]
pub struct AnyOf(Members);

/// The authorizer that [`not`] makes.
#[derive(Clone)]
pub struct Not(Arc<dyn Authorizer>);

/// The authorizer that [`deny_all`] makes.
#[derive(Clone, Debug)]
pub struct DenyAll(());

impl AllOf {
    /// Adds the member that is asked next.
    #[must_use]
    pub fn and<Form>(mut self, next: impl IntoAuthorizer<Form>) -> Self {
        self.0.push(next.into_authorizer());
        self
    }

    /// Makes an `all_of` from a list of authorizers.
    ///
    /// # Errors
    ///
    /// The list is empty: a combination of no authorizer would allow everything.
    ///
    /// # Example
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tower_auth::authorize::{AllOf, Authorizer, by_role, by_scope};
    ///
    /// let members: [Arc<dyn Authorizer>; 2] =
    ///     [Arc::new(by_scope()), Arc::new(by_role([("admin", "*")])?)];
    /// let authorizer = AllOf::from_authorizers(members)?;
    /// # let _ = authorizer;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn from_authorizers<Form, A: IntoAuthorizer<Form>>(
        members: impl IntoIterator<Item = A>,
    ) -> Result<Self, ConfigError> {
        let members = members.into_iter().map(IntoAuthorizer::into_authorizer);
        Members::of(members).map(Self)
    }
}

impl AnyOf {
    /// Adds the member that is asked next.
    #[must_use]
    pub fn or<Form>(mut self, next: impl IntoAuthorizer<Form>) -> Self {
        self.0.push(next.into_authorizer());
        self
    }

    /// Makes an `any_of` from a list of authorizers.
    ///
    /// # Errors
    ///
    /// The list is empty: use [`deny_all`] to deny everything.
    ///
    /// # Example
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tower_auth::authorize::{AnyOf, Authorizer, by_role, by_scope};
    ///
    /// let members: [Arc<dyn Authorizer>; 2] =
    ///     [Arc::new(by_scope()), Arc::new(by_role([("admin", "*")])?)];
    /// let authorizer = AnyOf::from_authorizers(members)?;
    /// # let _ = authorizer;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn from_authorizers<Form, A: IntoAuthorizer<Form>>(
        members: impl IntoIterator<Item = A>,
    ) -> Result<Self, ConfigError> {
        let members = members.into_iter().map(IntoAuthorizer::into_authorizer);
        Members::of(members).map(Self)
    }
}

impl Authorizer for AllOf {
    fn authorize(&self, caller: &AuthContext, resource: &str, action: &str) -> Authorization {
        self.0.ask(Tally::All, caller, Query { resource, action })
    }

    fn name(&self) -> &'static str {
        "all_of"
    }
}

impl Authorizer for AnyOf {
    fn authorize(&self, caller: &AuthContext, resource: &str, action: &str) -> Authorization {
        self.0
            .ask(Tally::Any(None), caller, Query { resource, action })
    }

    fn name(&self) -> &'static str {
        "any_of"
    }
}

impl Authorizer for Not {
    fn authorize(&self, caller: &AuthContext, resource: &str, action: &str) -> Authorization {
        match ask(&*self.0, caller, Query { resource, action }) {
            Asked::Answered(answer) => inverted(answer).into(),
            Asked::Waiting(check) => Authorization::pending(async move { inverted(check.await) }),
        }
    }

    fn name(&self) -> &'static str {
        "not"
    }
}

fn inverted(answer: Result<(), AuthError>) -> Result<(), AuthError> {
    match answer {
        Ok(()) => Err(AuthError::forbidden("not")),
        Err(error) if error.is_denial() => Ok(()),
        Err(error) => Err(error),
    }
}

impl Authorizer for DenyAll {
    fn authorize(&self, _: &AuthContext, _: &str, _: &str) -> Authorization {
        Err(AuthError::forbidden("deny_all")).into()
    }

    fn name(&self) -> &'static str {
        "deny_all"
    }
}

/// INVARIANT: at least one member, because `all_of` without a member would allow everything.
#[derive(Clone)]
struct Members(Arc<Vec<Arc<dyn Authorizer>>>);

impl Members {
    fn new(first: Arc<dyn Authorizer>) -> Self {
        Self(Arc::new(vec![first]))
    }

    fn of(members: impl IntoIterator<Item = Arc<dyn Authorizer>>) -> Result<Self, ConfigError> {
        let members: Vec<_> = members.into_iter().collect();
        if members.is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::Empty,
                "a combination needs at least one authorizer: add one, or use deny_all()",
            ));
        }
        Ok(Self(Arc::new(members)))
    }

    fn push(&mut self, next: Arc<dyn Authorizer>) {
        Arc::make_mut(&mut self.0).push(next);
    }

    fn ask(&self, mut tally: Tally, caller: &AuthContext, query: Query<'_>) -> Authorization {
        for (index, member) in self.0.iter().enumerate() {
            match ask(&**member, caller, query) {
                Asked::Answered(answer) => {
                    if let Some(answer) = tally.count(answer) {
                        return answer.into();
                    }
                }
                Asked::Waiting(check) => {
                    let rest = RemainingMembers {
                        members: Arc::clone(&self.0),
                        next: index.saturating_add(1),
                        caller: caller.clone(),
                        query: query.to_pending(),
                    };
                    return Authorization::pending(rest.ask(check, tally));
                }
            }
        }
        tally.end().into()
    }
}

/// The members to ask after a pending one has answered.
struct RemainingMembers {
    members: Arc<Vec<Arc<dyn Authorizer>>>,
    next: usize,
    caller: AuthContext,
    query: PendingQuery,
}

impl RemainingMembers {
    async fn ask(self, first: Check<Decision>, mut tally: Tally) -> Result<(), AuthError> {
        if let Some(answer) = tally.count(first.await) {
            return answer;
        }
        for member in self.members.iter().skip(self.next) {
            let asked = ask(&**member, &self.caller, self.query.query());
            let answer = asked.answer().await;
            if let Some(answer) = tally.count(answer) {
                return answer;
            }
        }
        tally.end()
    }
}

/// The result of the answers so far.
enum Tally {
    All,
    /// The refusal that ranks highest so far.
    Any(Option<AuthError>),
}

impl Tally {
    /// Counts an answer; returns the combined answer as soon as it is certain.
    fn count(&mut self, answer: Result<(), AuthError>) -> Option<Result<(), AuthError>> {
        match (self, answer) {
            (Self::All, Ok(())) => None,
            (Self::All, refused) => Some(refused),
            (Self::Any(_), Ok(())) => Some(Ok(())),
            (Self::Any(worst), Err(error)) => {
                if worst.as_ref().is_none_or(|worst| tells_more(&error, worst)) {
                    *worst = Some(error);
                }
                None
            }
        }
    }

    fn end(self) -> Result<(), AuthError> {
        match self {
            Self::All => Ok(()),
            Self::Any(worst) => Err(worst.unwrap_or_else(|| AuthError::forbidden("no_member"))),
        }
    }
}

/// An error that is no denial ranks first: `not` turns a denial into a grant, and must not do so if
/// one member could not check.
fn tells_more(error: &AuthError, worst: &AuthError) -> bool {
    match (error.is_denial(), worst.is_denial()) {
        (false, true) => true,
        (true, false) => false,
        _ => error.outranks(worst),
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|member| member.name()))
            .finish()
    }
}

impl fmt::Debug for AllOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AllOf").field(&self.0).finish()
    }
}

impl fmt::Debug for AnyOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyOf").field(&self.0).finish()
    }
}

impl fmt::Debug for Not {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Not").field(&self.0.name()).finish()
    }
}
