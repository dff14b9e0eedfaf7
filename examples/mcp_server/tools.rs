//! What the server offers: three tools, and the caller in each of them.

use axum::http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    handler::server::{tool::Extension, wrapper::Parameters},
    model::{
        CacheScope, Implementation, ListToolsResult, PaginatedRequestParams, ProtocolVersion,
        ServerCapabilities, ServerConfig,
    },
    schemars,
    service::RequestContext,
    tool, tool_handler, tool_router,
};
use serde::Deserialize;
use tower_auth::{AuthContext, mcp::McpLayer};

#[derive(Clone)]
pub(crate) struct Tools {
    /// The layer around the server, which says what a caller may call.
    rules: McpLayer,
}

impl Tools {
    pub(crate) fn within(rules: McpLayer) -> Self {
        Self { rules }
    }
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Said {
    /// What to say back
    text: String,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Deployment {
    /// The version to deploy; the newest one unless named
    version: Option<String>,
}

/// No tool asks what its caller may do: the layer around the server has decided that.
#[tool_router]
impl Tools {
    /// Says back what it is told
    #[tool(annotations(read_only_hint = true))]
    fn echo(&self, Parameters(Said { text }): Parameters<Said>) -> String {
        text
    }

    /// Deploys the agents; needs the scope agents:deploy
    #[tool]
    fn deploy(
        &self,
        Extension(request): Extension<Parts>,
        Parameters(Deployment { version }): Parameters<Deployment>,
    ) -> Result<String, ErrorData> {
        let version = version.as_deref().unwrap_or("the newest version");
        Ok(format!(
            "deployed {version} for {}",
            caller(&request)?.user_id()
        ))
    }

    /// Resets the server; needs the role admin
    #[tool(annotations(destructive_hint = true))]
    fn admin_reset(&self, Extension(request): Extension<Parts>) -> Result<String, ErrorData> {
        Ok(format!("reset by {}", caller(&request)?.user_id()))
    }
}

#[tool_handler]
impl ServerHandler for Tools {
    /// Lists what a caller may call, or may call with a further scope: a client asks for that when it calls the
    /// tool. What only a role opens is for nobody else to see.
    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let request = context.extensions.get().ok_or_else(nobody_asked)?;
        let caller = caller(request)?;
        let mut seen = Vec::new();
        for tool in Self::tool_router().list_all() {
            if tool.name != BY_ROLE || self.rules.may_use_tool(caller, &tool.name).await {
                seen.push(tool);
            }
        }
        let mut listed = ListToolsResult::with_all_items(seen);
        let version = context.protocol_version();
        if version.is_some_and(|version| version >= ProtocolVersion::V_2026_07_28) {
            // Nobody keeps this list for another caller.
            listed.cache_scope = Some(CacheScope::Private);
            listed.ttl_ms = Some(0);
        }
        Ok(listed)
    }

    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("mcp_server", env!("CARGO_PKG_VERSION")))
    }
}

/// Who calls. It is in each request, not in the session: two requests of a session may show two credentials.
fn caller(request: &Parts) -> Result<&AuthContext, ErrorData> {
    request.extensions.get().ok_or_else(nobody_asked)
}

/// The tool that no scope stands for.
pub(crate) const BY_ROLE: &str = "admin_reset";

fn nobody_asked() -> ErrorData {
    ErrorData::internal_error("no layer asked who is calling", None)
}
