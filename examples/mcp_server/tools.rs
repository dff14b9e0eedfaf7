//! What the server offers: three tools, and the caller in each of them.

use axum::http::request::Parts;
use rmcp::{
    ErrorData, ServerHandler,
    handler::server::{tool::Extension, wrapper::Parameters},
    model::{Implementation, ServerCapabilities, ServerConfig},
    schemars, tool, tool_handler, tool_router,
};
use serde::Deserialize;
use tower_auth::AuthContext;

#[derive(Clone)]
pub(crate) struct Tools;

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
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("mcp_server", env!("CARGO_PKG_VERSION")))
    }
}

/// Who calls. It is in each request, not in the session: two requests of a session may show two credentials.
fn caller(request: &Parts) -> Result<&AuthContext, ErrorData> {
    let caller = request.extensions.get();
    caller.ok_or_else(|| ErrorData::internal_error("no layer asked who is calling", None))
}
