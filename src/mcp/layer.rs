//! The layer and its settings.

use std::{fmt, sync::Arc, time::Duration};

use tower_layer::Layer;

use super::{
    core::Core,
    gate::{McpGate, McpService},
    message::{Item, Kind},
    permission::{Permissions, Wanted},
    resource::ProtectedResource,
    rules::{McpItem, McpNeed, Rules},
};
use crate::{
    clock::Clock,
    context::AuthContext,
    error::ConfigError,
    reading::BodyRoom,
    refusal::{Challenges, Realm, Wording},
    request::Origin,
};

/// Judges every message to an MCP server before the server runs: a layer around the endpoint, inside of an
/// [`AuthLayer`](crate::AuthLayer).
///
/// Every caller may begin a session and list what there is. Tools, resources, prompts and further methods are
/// refused unless a rule allows them. [The module](crate::mcp) tells how a message is read.
///
/// The layer takes every request for one to the server, whatever its path: put it around the endpoint, and other
/// routes beside it.
///
/// # Example
///
/// ```
/// use axum::{Router, routing::{get, post}};
/// use tower_auth::{AuthLayer, authorize::by_role, provider::ApiKeyAuth};
/// use tower_auth::mcp::{McpLayer, ProtectedResource};
///
/// let resource = ProtectedResource::new("https://api.example.com/mcp")?
///     .with_authorization_server("https://issuer.example.com")?;
/// let layer = McpLayer::new(&resource)
///     .open_tool("echo")                                                  // for every caller
///     .tool("deploy", ["agents:deploy"])                                  // for a scope
///     .tool_prefix("admin_", ["admin"])
///     .tool_by("restart", by_role([("operator", "tool:restart:call")])?); // for a role
///
/// let app: Router = Router::new()
///     .route("/mcp", post(|| async { "the server" }))
///     .layer(layer)
///     .route("/health", get(|| async { "ok" })) // no message: after the layer
///     .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).protected_resource(&resource));
/// # let _ = app;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// Its settings:
///
/// ```
/// use std::time::Duration;
/// use tower_auth::mcp::{McpItem, McpLayer, McpNeed, ProtectedResource};
///
/// let resource = ProtectedResource::new("https://api.example.com/mcp")?;
/// let layer = McpLayer::new(&resource)
///     .open_tool_prefix("read_")
///     .resource("config://app", ["admin"])
///     .resource_prefix("docs://", ["docs:read"])
///     .open_resource("about://server")
///     .prompt("review", ["review"])
///     .prompt_prefix("team_", ["team"])
///     .open_prompt("greet")
///     .method("logging/setLevel", ["admin"])
///     .method("GET", ["agents:read"])  // the stream of the server's messages
///     .open_method("skills/list")
///     .method("tasks/get", ["agents:deploy"])
///     .allow_unknown_tools()
///     .allow_unknown_resources()
///     .allow_unknown_prompts()
///     .allow_unknown_methods()
///     .hierarchical()
///     .with_origins(["https://app.example.com"])
///     .with_max_body_len(4 * 1024 * 1024)
///     .with_max_bodies(64)
///     .with_body_time_limit(Duration::from_secs(5));
///
/// // Rules that come from data:
/// let name = String::from("deploy");
/// let layer = layer.try_rule(McpItem::Tool(&name), McpNeed::scopes("agents:deploy")?)?;
/// assert!(layer.clone().try_rule(McpItem::Tool(&name), McpNeed::caller()).is_err()); // the second one
/// assert!(layer.try_origins(["app.example.com"]).is_err());
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct McpLayer {
    pub(super) core: Arc<Core>,
}

impl McpLayer {
    /// A layer for the server at this address.
    pub fn new(resource: &ProtectedResource) -> Self {
        let realm = resource.realm(Realm::default());
        Self {
            core: Arc::new(Core {
                resource: resource.clone(),
                wording: Wording::new(Challenges::default(), realm),
                rules: Rules::default(),
                hierarchical: false,
                origins: Vec::new(),
                room: BodyRoom::new(MOST_BODIES),
                clock: Clock::system(),
            }),
        }
    }

    /// Sets what a caller needs for something, or returns why that rule cannot be.
    ///
    /// # Errors
    ///
    /// There is a rule for it already, or its name is empty.
    pub fn try_rule(self, item: McpItem<'_>, need: McpNeed) -> Result<Self, ConfigError> {
        let mut rules = self.core.rules.clone();
        rules.add(item, need)?;
        Ok(self.edit(|core| core.rules = rules))
    }

    /// Lets a scope stand for the scopes below it: `agents` and `agents:*` for `agents:deploy`, as
    /// [`RequireScopes::hierarchical`](crate::authorize::RequireScopes::hierarchical) does.
    #[must_use]
    pub fn hierarchical(self) -> Self {
        self.edit(|core| core.hierarchical = true)
    }

    /// Lets every caller use the tools that no rule names.
    ///
    /// # Security
    ///
    /// A tool that is added to the server is then open to every caller from its first day.
    #[must_use]
    pub fn allow_unknown_tools(self) -> Self {
        self.edit(|core| core.rules.tools.allows_unknown = true)
    }

    /// Lets every caller use the resources that no rule names, but for URIs that a server could read as another
    /// one: see [`McpItem::ResourcePrefix`].
    ///
    /// # Security
    ///
    /// A resource that is added to the server is then open to every caller from its first day.
    #[must_use]
    pub fn allow_unknown_resources(self) -> Self {
        self.edit(|core| core.rules.resources.allows_unknown = true)
    }

    /// Lets every caller use the prompts that no rule names.
    ///
    /// # Security
    ///
    /// A prompt that is added to the server is then open to every caller from its first day.
    #[must_use]
    pub fn allow_unknown_prompts(self) -> Self {
        self.edit(|core| core.rules.prompts.allows_unknown = true)
    }

    /// Lets every caller use the methods that neither a rule nor this crate knows.
    ///
    /// # Security
    ///
    /// What such a method names is not judged: an extension of the server can reach what the rules protect.
    #[must_use]
    pub fn allow_unknown_methods(self) -> Self {
        self.edit(|core| core.rules.methods.allows_unknown = true)
    }

    /// Replaces the origins whose pages may use the server, or returns why it cannot; none unless set.
    ///
    /// # Errors
    ///
    /// An origin is malformed.
    pub fn try_origins<O: AsRef<str>>(
        self,
        origins: impl IntoIterator<Item = O>,
    ) -> Result<Self, ConfigError> {
        let origins = origins.into_iter();
        let origins: Vec<Origin> = origins
            .map(|origin| Origin::parse(origin.as_ref()))
            .collect::<Result<_, ConfigError>>()?;
        Ok(self.edit(|core| core.origins = origins))
    }

    /// Replaces the maximum length of a body in bytes: 1 MiB unless set. A longer body is refused with 413.
    #[must_use]
    pub fn with_max_body_len(self, bytes: usize) -> Self {
        self.edit(|core| core.room.max_len = bytes)
    }

    /// Replaces how many bodies are read at the same time: 256 unless set, at least 1. No peer holds more than a
    /// quarter of them, or one where there are fewer than four. Any further body is refused with 503.
    #[must_use]
    pub fn with_max_bodies(self, most: usize) -> Self {
        self.edit(|core| core.room.set_most(most))
    }

    /// Replaces the time limit of a body, from its first byte to its last: 10 seconds unless set. A body that
    /// takes longer is refused with 503.
    #[must_use]
    pub fn with_body_time_limit(self, limit: Duration) -> Self {
        self.edit(|core| core.room.time_limit = limit)
    }

    /// Whether a caller may use a tool, by the rules of this layer: for a server that lists to each caller what
    /// that caller may use.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthContext, mcp::{McpLayer, ProtectedResource}};
    ///
    /// async fn visible(layer: &McpLayer, caller: &AuthContext, tools: Vec<String>) -> Vec<String> {
    ///     let mut visible = Vec::new();
    ///     for tool in tools {
    ///         if layer.may_use_tool(caller, &tool).await {
    ///             visible.push(tool);
    ///         }
    ///     }
    ///     visible
    /// }
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let resource = ProtectedResource::new("https://api.example.com/mcp")?;
    /// let layer = McpLayer::new(&resource).open_tool("echo").tool("deploy", ["agents:deploy"]);
    /// let caller = AuthContext::new("ada");
    /// let tools = ["echo", "deploy"].map(String::from).to_vec();
    /// assert_eq!(visible(&layer, &caller, tools).await, ["echo"]);
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// # }).unwrap();
    /// ```
    pub async fn may_use_tool(&self, caller: &AuthContext, tool: &str) -> bool {
        let core = &*self.core;
        let item = Item {
            kind: Kind::Tool,
            name: tool.into(),
        };
        let needs = [core.rules.method(CALL), core.rules.item(Kind::Tool, tool)];
        let [Some(method), Some(needed)] = needs else {
            return false;
        };
        let mut permissions = Permissions::new(core.resource.required());
        let added = permissions
            .add(method, Wanted::method(CALL))
            .and_then(|()| permissions.add(needed, Wanted::item(&item, CALL)));
        if added.is_err() || permissions.check_scopes(caller, core.hierarchical).is_err() {
            return false;
        }
        match permissions.questions(caller) {
            None => true,
            Some(questions) => questions.await.is_ok(),
        }
    }

    pub(super) fn edit(mut self, change: impl FnOnce(&mut Core)) -> Self {
        change(Arc::make_mut(&mut self.core));
        self
    }
}

impl<S> Layer<S> for McpLayer {
    type Service = McpService<S>;

    fn layer(&self, inner: S) -> McpService<S> {
        McpService::new(inner, McpGate::new(Arc::clone(&self.core)))
    }
}

impl fmt::Debug for McpLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpLayer")
            .field("resource", &self.core.resource)
            .field("rules", &self.core.rules)
            .field("hierarchical", &self.core.hierarchical)
            .finish_non_exhaustive()
    }
}

const CALL: &str = "tools/call";
/// The default number of bodies that a layer reads at the same time, each of up to 1 MiB.
const MOST_BODIES: usize = 256;
