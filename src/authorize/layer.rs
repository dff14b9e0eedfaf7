//! The layer that asks an authorizer for one resource and action.

use std::{fmt, sync::Arc};

use tower_layer::Layer;

use super::{
    Authorizer, IntoAuthorizer,
    ask::Query,
    gate::{AuthorizeGate, AuthorizeService},
    judge::{Head, Judge, Judged, ask_for_layer},
    resource::{Resource, parse_action},
};
use crate::{
    error::{AuthError, ConfigError},
    event,
    observe::About,
};

/// Asks an authorizer for one resource and action: a layer for a route or a router.
///
/// The resource may hold parameters of the route that axum chose: `agent:{id}` on a route
/// `/agents/{id}` asks for that agent alone. Values are decoded and written as
/// [`escape_id`](super::escape_id) does, so that no id can widen the resource. If the route has no
/// such parameter, the request is refused and the log says what to change.
///
/// # Example
///
/// ```
/// use axum::{Router, routing::post};
/// use tower_auth::{AuthLayer, provider::ApiKeyAuth, authorize::{AuthorizeLayer, by_scope}};
///
/// let app: Router = Router::new()
///     .route(
///         "/agents/{id}/run",
///         post(|| async { "ran" }).layer(AuthorizeLayer::new(by_scope(), "agent:{id}", "invoke")?),
///     )
///     .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)); // outside, so it runs first
/// # let _ = app;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct AuthorizeLayer(Arc<ResourceCheck>);

struct ResourceCheck {
    authorizer: Arc<dyn Authorizer>,
    resource: Resource,
    action: Box<str>,
}

impl AuthorizeLayer {
    /// Makes a layer that asks this authorizer for that resource and action.
    ///
    /// # Errors
    ///
    /// The resource or the action is malformed; the text says how to mend it.
    pub fn new<Form>(
        authorizer: impl IntoAuthorizer<Form>,
        resource: &str,
        action: &str,
    ) -> Result<Self, ConfigError> {
        Ok(Self(Arc::new(ResourceCheck {
            resource: Resource::parse(resource)?,
            action: parse_action(action)?,
            authorizer: authorizer.into_authorizer(),
        })))
    }
}

impl Judge for ResourceCheck {
    fn judge(&self, request: Head<'_>) -> Judged {
        let caller = match request.caller("AuthorizeLayer") {
            Ok(caller) => caller,
            Err(error) => return Judged::Answered(Err(error)),
        };
        let route = request.route();
        let value_of = |name: &str| route.param(route.template()?, name);
        match self.resource.fill(value_of) {
            Ok(resource) => ask_for_layer(
                &*self.authorizer,
                caller,
                Query {
                    resource: &resource,
                    action: &self.action,
                },
                request,
            ),
            Err(name) => Judged::Answered(Err(without_value(name, request.about()))),
        }
    }
}

/// The refusal where a parameter of the resource has no trusted value.
pub(super) fn without_value(name: &str, about: About<'_>) -> AuthError {
    let error = AuthError::forbidden("no_such_parameter");
    let advice = format_args!(
        "{{{name}}} of a resource could not be read from the path: name it as a parameter of the \
         route, once, and put the layer where axum has chosen the route (.layer, .route_layer), \
         with no service in front of it that rewrites paths"
    );
    event::misplaced(&error, about, &advice);
    error
}

impl<S> Layer<S> for AuthorizeLayer {
    type Service = AuthorizeService<S>;

    fn layer(&self, inner: S) -> AuthorizeService<S> {
        AuthorizeGate::service(inner, Arc::clone(&self.0) as Arc<dyn Judge>)
    }
}

impl fmt::Debug for AuthorizeLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizeLayer")
            .field("authorizer", &self.0.authorizer.name())
            .field("resource", &self.0.resource)
            .field("action", &self.0.action)
            .finish()
    }
}
