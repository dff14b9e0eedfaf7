//! A layer as data.

use std::fmt;

use http::{Extensions, Method, Uri};

use super::{
    provider::ProviderDescription,
    rule::{AccessDescription, RuleDescription},
};
use crate::{
    access::{Route, Rules},
    auth::layer::AuthLayer,
};

impl AuthLayer {
    /// Describes the layer as data: its providers, its rules, its limits. See [`describe`](crate::describe)
    /// for what a description cannot know.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthLayer, provider::ApiKeyAuth};
    ///
    /// let description = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).describe();
    /// assert_eq!(description.providers()[0].name(), "api_key");
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn describe(&self) -> LayerDescription {
        let described = self.described();
        let rules = described.rules().map(|rule| {
            RuleDescription::new(rule.pattern, rule.method, &rule.access, rule.is_built_in)
        });
        LayerDescription {
            providers: ProviderDescription::all(&*described.provider()),
            rules: rules.collect(),
            numbers: described.rule_numbers(),
            realm: described.realm(),
            limits: described.limits().collect(),
            resource_metadata: described.resource_metadata().map(str::to_owned),
            passes_preflight: described.passes_preflight(),
            is_disabled: described.is_disabled(),
        }
    }
}

/// A layer as data: made by [`AuthLayer::describe`].
///
/// # Example
///
/// ```
/// use tower_auth::{
///     AuthLayer, provider::ApiKeyAuth,
///     throttle::{Attempts, Limit, Requests},
/// };
///
/// let requests = Requests::new([Limit::by_caller("100 per minute".parse()?)])?;
/// let description = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)
///     .throttle_attempts(Attempts::new("30 per minute".parse()?))
///     .throttle_requests(requests)
///     .with_realm("agents")?
///     .describe();
///
/// assert_eq!(description.limits(), ["attempts 30 per minute", "caller 100 per minute"]);
/// assert_eq!(description.realm(), "agents");
/// assert_eq!(description.rules().len(), 1); // `/health`
/// assert!(!description.is_disabled() && !description.passes_preflight());
/// assert!(description.resource_metadata().is_none());
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct LayerDescription {
    providers: Vec<ProviderDescription>,
    rules: Vec<RuleDescription>,
    /// The very rules that the layer has, which find the number of a rule in the list.
    numbers: Rules<usize>,
    realm: String,
    limits: Vec<String>,
    resource_metadata: Option<String>,
    passes_preflight: bool,
    is_disabled: bool,
}

impl LayerDescription {
    /// The layer's providers, in the order in which they are asked. Those of a rule stand in its
    /// [`access`](RuleDescription::access).
    pub fn providers(&self) -> &[ProviderDescription] {
        &self.providers
    }

    /// The rules that count: those that were added, each path with all its methods, and the built-in
    /// ones behind them.
    pub fn rules(&self) -> &[RuleDescription] {
        &self.rules
    }

    /// What challenges name: `api` unless set.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The limits of the layer, each with its name and its quota.
    pub fn limits(&self) -> &[String] {
        &self.limits
    }

    /// The address of the metadata that the layer answers to anybody, where it stands before a
    /// protected resource (RFC 9728).
    pub fn resource_metadata(&self) -> Option<&str> {
        self.resource_metadata.as_deref()
    }

    /// Whether a CORS preflight passes unasked.
    pub fn passes_preflight(&self) -> bool {
        self.passes_preflight
    }

    /// Whether every caller is let in, whatever the rules say.
    pub fn is_disabled(&self) -> bool {
        self.is_disabled
    }

    /// What a request with that method and that path must show. The path is as the client sends it,
    /// without the query.
    ///
    /// It is found as for a request of which axum chose no route: `{param}` stands for whatever segment.
    /// Where the route is known, ask [`of_route`](Self::of_route).
    pub fn at(&self, method: &Method, path: &str) -> Requirement<'_> {
        let no_route = Extensions::new();
        let number = path.parse::<Uri>().ok().and_then(|uri| {
            let route = Route::of(&uri, &no_route);
            self.numbers.find_opening(method, &route).copied()
        });
        self.requirement(number)
    }

    /// What the requests to a route must show. The template is in axum's syntax, the whole path of a
    /// nested route.
    ///
    /// A rule for some paths of a route (`/agents/news` of `/agents/{id}`, `/files/{name}` of
    /// `/files/{*rest}`) decides about those alone and is not counted here; nor are paths that a server
    /// could read as a step up ([`PathRule`](crate::PathRule)), which are always required.
    ///
    /// # Example
    ///
    /// ```
    /// use http::Method;
    /// use tower_auth::{AuthLayer, describe::AccessDescription, provider::ApiKeyAuth};
    ///
    /// let description = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)
    ///     .public("/hooks/{source}")
    ///     .describe();
    /// let open = description.of_route(&Method::POST, "/hooks/{platform}");
    /// assert_eq!(open.access(), &AccessDescription::Public);
    /// // A rule with a parameter opens no route with a plain segment there.
    /// let closed = description.of_route(&Method::POST, "/hooks/partner");
    /// assert_eq!(closed.access(), &AccessDescription::Required);
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn of_route(&self, method: &Method, template: &str) -> Requirement<'_> {
        self.requirement(self.numbers.for_route(method, template).copied())
    }

    fn requirement(&self, number: Option<usize>) -> Requirement<'_> {
        let rule = number.and_then(|number| self.rules.get(number));
        let access = match rule {
            _ if self.is_disabled => &AccessDescription::Public,
            Some(rule) => rule.access(),
            None => &AccessDescription::Required,
        };
        let providers = match access {
            AccessDescription::Public => &[][..],
            AccessDescription::Providers(providers) => providers,
            AccessDescription::Optional | AccessDescription::Required => &self.providers,
        };
        Requirement {
            rule,
            access,
            providers,
        }
    }
}

impl fmt::Debug for LayerDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayerDescription")
            .field("providers", &self.providers)
            .field("rules", &self.rules)
            .field("realm", &self.realm)
            .field("limits", &self.limits)
            .field("is_disabled", &self.is_disabled)
            .finish_non_exhaustive()
    }
}

/// What a request must show: found by [`LayerDescription::at`] or [`LayerDescription::of_route`].
///
/// # Example
///
/// ```
/// use http::Method;
/// use tower_auth::{AuthLayer, describe::Requirement, provider::ApiKeyAuth};
///
/// let description = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).describe();
/// let run: Requirement<'_> = description.at(&Method::POST, "/run");
/// assert_eq!(run.providers()[0].name(), "api_key");
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Requirement<'a> {
    rule: Option<&'a RuleDescription>,
    access: &'a AccessDescription,
    providers: &'a [ProviderDescription],
}

impl<'a> Requirement<'a> {
    /// The rule that decides; `None` where no rule counts, so that a credential is required.
    pub fn rule(&self) -> Option<&'a RuleDescription> {
        self.rule
    }

    /// Who is asked.
    pub fn access(&self) -> &'a AccessDescription {
        self.access
    }

    /// The providers that are asked, in their order; empty where nobody is asked.
    pub fn providers(&self) -> &'a [ProviderDescription] {
        self.providers
    }
}
