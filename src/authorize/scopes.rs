//! Scopes: those of a caller, and the layer that requires them.

use std::{fmt, sync::Arc};

use tower_layer::Layer;

use super::{
    by_scope::{holds, required_scopes, words},
    gate::{AuthorizeGate, AuthorizeService},
    judge::{Head, Judge, Judged},
};
use crate::{
    context::AuthContext,
    error::{AuthError, ConfigError},
    event,
    observe::About,
    scope::IntoScopes,
};

/// Lets in only callers who hold certain scopes: a layer for a route, a router or any tower service.
///
/// The layer answers at once, allocates nothing for a caller who passes, and refuses with a 403 that
/// names every required scope.
///
/// Scopes are compared whole and literally unless [`hierarchical`](Self::hierarchical) is set. A `*`
/// from code or from a key record holds all of them; a `*` in a token holds none.
///
/// # Example
///
/// ```
/// use axum::{Router, routing::post};
/// use tower_auth::{AuthLayer, authorize::RequireScopes, provider::ApiKeyAuth};
///
/// let app: Router = Router::new()
///     .route("/run", post(|| async { "ran" }))
///     .route_layer(RequireScopes::all(["agents:invoke"])?)
///     .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)); // outside, so it runs first
/// # let _ = app;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct RequireScopes(Arc<ScopeCheck>);

#[derive(Clone)]
struct ScopeCheck {
    scopes: Box<[Box<str>]>,
    any: bool,
    hierarchical: bool,
    /// Made once: a refusal clones it.
    refusal: AuthError,
}

impl RequireScopes {
    /// Requires every one of these scopes; a text with spaces counts as several.
    ///
    /// # Errors
    ///
    /// The list is empty, or a scope is malformed; the text says how to mend it.
    pub fn all<Form>(scopes: impl IntoScopes<Form>) -> Result<Self, ConfigError> {
        Self::of(&scopes.into_scopes(), false)
    }

    /// Requires at least one of these scopes; a text with spaces counts as several.
    ///
    /// # Errors
    ///
    /// The list is empty, or a scope is malformed; the text says how to mend it.
    pub fn any<Form>(scopes: impl IntoScopes<Form>) -> Result<Self, ConfigError> {
        Self::of(&scopes.into_scopes(), true)
    }

    fn of(scopes: &[Box<str>], any: bool) -> Result<Self, ConfigError> {
        let wanted = required_scopes(scopes)?;
        Ok(Self(Arc::new(ScopeCheck {
            refusal: AuthError::insufficient_scope(wanted.join(" ")).at_provider(NAME),
            scopes: wanted.into(),
            any,
            hierarchical: false,
        })))
    }

    /// Lets a scope stand for the scopes below it: `agents` and `agents:*` for `agents:read`, and for
    /// `agents:read:own` too.
    ///
    /// Colons separate the levels: `agent` never holds `agents:read`.
    #[must_use]
    pub fn hierarchical(mut self) -> Self {
        Arc::make_mut(&mut self.0).hierarchical = true;
        self
    }

    /// Checks a caller in a handler, as the layer does.
    ///
    /// # Errors
    ///
    /// 403 `insufficient_scope`, with every required scope.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthContext, authorize::RequireScopes};
    ///
    /// let wanted = RequireScopes::any(["agents:invoke", "agents:admin"])?;
    /// assert!(wanted.check(&AuthContext::new("ada").with_scopes(["agents:invoke"])).is_ok());
    /// assert!(wanted.check(&AuthContext::new("ada").with_scopes(["agents:read"])).is_err());
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn check(&self, caller: &AuthContext) -> Result<(), AuthError> {
        self.answer(caller, About::NOTHING)
    }

    fn answer(&self, caller: &AuthContext, about: About<'_>) -> Result<(), AuthError> {
        let is_held = |scope| holds(caller.scopes(), scope, self.0.hierarchical);
        let mut wanted = self.0.scopes.iter().map(|scope| &**scope);
        let passes = if self.0.any {
            wanted.any(is_held)
        } else {
            wanted.all(is_held)
        };
        let answer = passes.then_some(()).ok_or_else(|| self.0.refusal.clone());
        log(&answer, caller, about);
        answer
    }
}

impl Judge for RequireScopes {
    fn judge(&self, request: Head<'_>) -> Judged {
        Judged::Answered(
            request
                .caller("RequireScopes")
                .and_then(|caller| self.answer(caller, request.about())),
        )
    }
}

impl<S> Layer<S> for RequireScopes {
    type Service = AuthorizeService<S>;

    fn layer(&self, inner: S) -> AuthorizeService<S> {
        AuthorizeGate::service(inner, Arc::new(self.clone()))
    }
}

impl fmt::Debug for RequireScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireScopes")
            .field(if self.0.any { "any" } else { "all" }, &self.0.scopes)
            .field("hierarchical", &self.0.hierarchical)
            .finish()
    }
}

impl AuthContext {
    /// Refuses a caller who lacks one of these space-separated scopes, in a handler, as
    /// [`RequireScopes::all`] does.
    ///
    /// # Errors
    ///
    /// 403 `insufficient_scope`, with all of the scopes; 403 `forbidden` where the text names none.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthContext, AuthError};
    ///
    /// async fn run(caller: AuthContext) -> Result<&'static str, AuthError> {
    ///     caller.require_scopes("agents:invoke")?;
    ///     Ok("ran")
    /// }
    ///
    /// let caller = AuthContext::new("ada").with_scopes(["agents:invoke", "graph:readonly"]);
    /// assert!(caller.require_scopes("agents:invoke").is_ok());
    /// assert!(caller.require_scopes("agents:invoke graph:read").is_err());
    /// ```
    pub fn require_scopes(&self, scopes: &str) -> Result<(), AuthError> {
        self.require_scopes_about(scopes, About::NOTHING)
    }

    /// Like [`require_scopes`](Self::require_scopes), for that request.
    pub(crate) fn require_scopes_about(
        &self,
        scopes: &str,
        about: About<'_>,
    ) -> Result<(), AuthError> {
        let answer = if words(scopes).next().is_none() {
            // Without a required scope, every caller would pass.
            Err(AuthError::forbidden("no_scope_named"))
        } else if words(scopes).all(|scope| holds(self.scopes(), scope, false)) {
            Ok(())
        } else {
            let wanted: Vec<&str> = words(scopes).collect();
            Err(AuthError::insufficient_scope(wanted.join(" ")).at_provider(NAME))
        };
        log(&answer, self, about);
        answer
    }
}

fn log(answer: &Result<(), AuthError>, caller: &AuthContext, about: About<'_>) {
    let asked = event::Permission {
        user_id: Some(caller.user_id()),
        ..event::Permission::default()
    };
    event::authorized(answer, asked, about);
}

const NAME: &str = "scopes";
