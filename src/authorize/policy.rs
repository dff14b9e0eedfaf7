//! The resources and actions of all routes, for a whole router.

use std::{fmt, sync::Arc};

use http::Method;
use tower_layer::Layer;

use super::{
    Authorizer, IntoAuthorizer,
    ask::Query,
    gate::{AuthorizeGate, AuthorizeService},
    judge::{Head, Judge, Judged, ask_for_layer},
    layer::without_value,
    resource::{Part, Resource, SEPARATORS, parse_action},
};
use crate::{
    access::{PathRule, Route, Rules},
    error::{AuthError, ConfigError, ConfigErrorKind},
    event,
    log::Clean,
    observe::Outcome,
};

/// The resource and action that each route needs: one layer over a whole axum router.
///
/// Rules name routes by their templates, as axum's `MatchedPath` shows them (below the prefix where a
/// router is nested), for every method or for one (GET covers HEAD). The policy is strict: a route
/// without a rule is refused, and the log shows the missing line; a request without a route is refused
/// with 404. So no unlisted method and no later route is open by accident.
///
/// The layer goes onto the router that has the routes, with `.layer` or `.route_layer`, because axum
/// names the chosen route only inside a router. A service mounted by `nest_service` or
/// `fallback_service` has no template: merge such a router in outside of this layer.
///
/// # Example
///
/// ```
/// use axum::{Router, routing::{get, post}};
/// use http::Method;
/// use tower_auth::{AuthLayer, authorize::{Policy, by_scope}, provider::ApiKeyAuth};
///
/// let policy = Policy::new(by_scope())
///     .rule((Method::POST, "/graphs/{id}/runs"), "graph:{id}", "invoke")
///     .rule("/config", "config", "read")
///     .open((Method::GET, "/health"));
///
/// let app: Router = Router::new()
///     .route("/graphs/{id}/runs", post(|| async { "ran" }))
///     .route("/config", get(|| async { "{}" }))
///     .route("/health", get(|| async { "ok" }))
///     .layer(policy)
///     .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)); // outside, so it runs first
/// # let _ = app;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// Routes that come from data, and a router with a part that another layer decides:
///
/// ```
/// use tower_auth::authorize::{Policy, by_scope};
///
/// let routes = [("/graphs/{id}", "graph:{id}", "read"), ("/config", "config", "read")];
/// let mut policy = Policy::new(by_scope()).try_open("/health")?;
/// for (route, resource, action) in routes {
///     policy = policy.try_rule(route, resource, action)?;
/// }
/// let policy = policy.insecure_pass_unlisted();
/// # let _ = policy;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Policy(Arc<PolicyRules>);

#[derive(Clone)]
struct PolicyRules {
    authorizer: Arc<dyn Authorizer>,
    rules: Rules<Rule>,
    known: Vec<(Box<str>, Box<str>)>,
    passes_unlisted: bool,
}

#[derive(Clone)]
enum Rule {
    Open,
    Ask {
        resource: Arc<Resource>,
        action: Arc<str>,
    },
}

impl Policy {
    /// Makes a policy without a rule, which refuses everything.
    pub fn new<Form>(authorizer: impl IntoAuthorizer<Form>) -> Self {
        Self(Arc::new(PolicyRules {
            authorizer: authorizer.into_authorizer(),
            rules: Rules::new(),
            known: Vec::new(),
            passes_unlisted: false,
        }))
    }

    /// Adds the resource and action of a route. The resource may hold parameters of the template:
    /// `agent:{id}`.
    ///
    /// # Panics
    ///
    /// The rule is malformed or there already; the text says how to mend it.
    #[must_use]
    #[track_caller]
    #[expect(
        clippy::panic,
        reason = "a bad rule must not survive start-up; `try_rule` returns it"
    )]
    pub fn rule(self, route: impl Into<PathRule>, resource: &str, action: &str) -> Self {
        match self.try_rule(route, resource, action) {
            Ok(policy) => policy,
            Err(error) => panic!("{error}"),
        }
    }

    /// Adds a route that needs no permission and no caller.
    ///
    /// The `AuthLayer` around still requires a credential unless the path is public there too.
    ///
    /// # Panics
    ///
    /// The pattern of the route is malformed or there already; the text says how to mend it.
    #[must_use]
    #[track_caller]
    #[expect(
        clippy::panic,
        reason = "a bad rule must not survive start-up; `try_open` returns it"
    )]
    pub fn open(self, route: impl Into<PathRule>) -> Self {
        match self.try_open(route) {
            Ok(policy) => policy,
            Err(error) => panic!("{error}"),
        }
    }

    /// Adds the resource and action of a route, or returns the fault of the rule.
    ///
    /// # Errors
    ///
    /// The rule is malformed or there already, its resource names a parameter that the template
    /// does not have, or its action is [not known](Self::add_actions).
    pub fn try_rule(
        self,
        route: impl Into<PathRule>,
        resource: &str,
        action: &str,
    ) -> Result<Self, ConfigError> {
        let route = route.into();
        let parsed = Resource::parse(resource)?;
        let action = parse_action(action)?;
        if let Some(name) = parsed.params().find(|name| !route.has_param(name)) {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                format!(
                    "the resource {resource:?} names {{{name}}}, and the route {:?} has no such \
                     parameter, or has it twice: use a name that stands in the route once",
                    route.pattern()
                ),
            ));
        }
        self.0.check_known(parsed.kind(), &action)?;
        let rule = Rule::Ask {
            resource: Arc::new(parsed),
            action: action.into(),
        };
        self.add(route, rule)
    }

    /// Adds a route that needs no permission, or returns the fault of the rule.
    ///
    /// # Errors
    ///
    /// The rule is malformed or there already.
    pub fn try_open(self, route: impl Into<PathRule>) -> Result<Self, ConfigError> {
        self.add(route.into(), Rule::Open)
    }

    /// Adds resources and actions to the list that later rules must use: a typing error in a rule is
    /// then an error at start-up.
    ///
    /// Without a list, rules may use any word. `agent:{id}` counts as `agent`.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::authorize::{AGENT_ACTIONS, Policy, by_scope};
    ///
    /// let policy = Policy::new(by_scope())
    ///     .add_actions(AGENT_ACTIONS)
    ///     .add_actions(&[("billing", &["read", "refund"])])
    ///     .rule("/billing", "billing", "read");
    /// assert!(policy.try_rule("/graphs", "graph", "invok").is_err());
    /// ```
    #[must_use]
    pub fn add_actions(mut self, actions: &[(&str, &[&str])]) -> Self {
        let known = &mut Arc::make_mut(&mut self.0).known;
        for (resource, actions) in actions {
            known.extend(
                actions
                    .iter()
                    .map(|action| ((*resource).into(), (*action).into())),
            );
        }
        self
    }

    /// Lets requests without a rule pass, instead of refusing them.
    ///
    /// # Security
    ///
    /// Every forgotten route is then open to every caller that the `AuthLayer` accepts.
    #[must_use]
    pub fn insecure_pass_unlisted(mut self) -> Self {
        Arc::make_mut(&mut self.0).passes_unlisted = true;
        self
    }

    fn add(mut self, route: PathRule, rule: Rule) -> Result<Self, ConfigError> {
        Arc::make_mut(&mut self.0).rules.add(route, rule)?;
        Ok(self)
    }
}

impl PolicyRules {
    fn check_known(&self, resource: &str, action: &str) -> Result<(), ConfigError> {
        let is_known =
            |(known, does): &(Box<str>, Box<str>)| **known == *resource && **does == *action;
        if self.known.is_empty() || self.known.iter().any(is_known) {
            return Ok(());
        }
        let actions: Vec<&str> = self
            .known
            .iter()
            .filter(|(known, _)| **known == *resource)
            .map(|(_, does)| &**does)
            .collect();
        let known = if actions.is_empty() {
            let mut resources: Vec<&str> = self.known.iter().map(|(known, _)| &**known).collect();
            resources.dedup();
            format!("the known resources are {}", resources.join(", "))
        } else {
            format!(
                "the known actions of {resource:?} are {}",
                actions.join(", ")
            )
        };
        Err(ConfigError::new(
            ConfigErrorKind::Unsupported,
            format!(
                "the action {action:?} of {resource:?} is not known: {known}; name another one, or \
                 make it known with add_actions"
            ),
        ))
    }

    fn unlisted(&self, request: Head<'_>, route: &Route<'_>) -> Judged {
        let Some(template) = route.template() else {
            if self.passes_unlisted {
                event::passed(Outcome::Unlisted, request.about());
                return Judged::Answered(Ok(()));
            }
            let error = AuthError::not_found("no_route");
            event::refused(&error, request.about());
            return Judged::Answered(Err(error));
        };
        if self.passes_unlisted {
            event::passed(Outcome::Unlisted, request.about());
            return Judged::Answered(Ok(()));
        }
        let error = AuthError::forbidden("no_rule");
        let method = match *request.method() {
            // A rule for GET covers HEAD.
            Method::HEAD => Clean("GET"),
            ref method => Clean(method.as_str()),
        };
        let advice = format_args!(
            "no rule of the policy is for {method} {template}: add \
             .rule((Method::{method}, \"{template}\"), \"RESOURCE\", \"ACTION\"), or \
             .open((Method::{method}, \"{template}\")) if it needs nothing"
        );
        event::misplaced(&error, request.about(), &advice);
        Judged::Answered(Err(error))
    }
}

impl Judge for PolicyRules {
    fn judge(&self, request: Head<'_>) -> Judged {
        let route = request.route();
        let rule = route
            .template()
            .and_then(|template| self.rules.for_template(request.method(), template));
        let (pattern, resource, action) = match rule {
            None => return self.unlisted(request, &route),
            Some((_, Rule::Open)) => {
                event::passed(Outcome::Open, request.about());
                return Judged::Answered(Ok(()));
            }
            Some((pattern, Rule::Ask { resource, action })) => (pattern, resource, action),
        };
        let caller = match request.caller("Policy") {
            Ok(caller) => caller,
            Err(error) => return Judged::Answered(Err(error)),
        };
        match resource.fill(|name| route.param(pattern, name)) {
            Ok(resource) => ask_for_layer(
                &*self.authorizer,
                caller,
                Query {
                    resource: &resource,
                    action,
                },
                request,
            ),
            Err(name) => Judged::Answered(Err(without_value(name, request.about()))),
        }
    }
}

impl Resource {
    fn params(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Param(name) => Some(&**name),
            Part::Plain(_) => None,
        })
    }

    /// The first segment, `agent` of `agent:{id}`, where it is plain text.
    fn kind(&self) -> &str {
        match self.0.first() {
            Some(Part::Plain(text)) => text.split(SEPARATORS).next().unwrap_or_default(),
            _ => "",
        }
    }
}

impl<S> Layer<S> for Policy {
    type Service = AuthorizeService<S>;

    fn layer(&self, inner: S) -> AuthorizeService<S> {
        AuthorizeGate::service(inner, Arc::clone(&self.0) as Arc<dyn Judge>)
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("authorizer", &self.0.authorizer.name())
            .field("passes_unlisted", &self.0.passes_unlisted)
            .finish_non_exhaustive()
    }
}
