//! The rules of a layer, each by a method of its own. They panic at start-up, as `Router::route` does.

use super::{
    layer::McpLayer,
    rules::{McpItem, McpNeed},
};
use crate::{authorize::IntoAuthorizer, error::ConfigError, scope::IntoScopes};

impl McpLayer {
    /// Sets what a caller needs for something.
    ///
    /// # Panics
    ///
    /// There is a rule for it already, or its name is empty; [`try_rule`](Self::try_rule) returns it.
    #[must_use]
    #[track_caller]
    pub fn rule(self, item: McpItem<'_>, need: McpNeed) -> Self {
        settled(self.try_rule(item, need))
    }

    /// Lets callers with all of these scopes use a tool.
    ///
    /// # Panics
    ///
    /// There is a rule for it already, its name is empty, or no scope is named, or a malformed one.
    #[must_use]
    #[track_caller]
    pub fn tool<Form>(self, name: &str, scopes: impl IntoScopes<Form>) -> Self {
        self.scoped(McpItem::Tool(name), scopes)
    }

    /// Lets callers with all of these scopes use the tools whose names begin so.
    ///
    /// # Panics
    ///
    /// There is a rule for it already, its name is empty, or no scope is named, or a malformed one.
    #[must_use]
    #[track_caller]
    pub fn tool_prefix<Form>(self, prefix: &str, scopes: impl IntoScopes<Form>) -> Self {
        self.scoped(McpItem::ToolPrefix(prefix), scopes)
    }

    /// Lets callers use a tool whom an authorizer allows `tool:NAME` and `call`: for a role, say.
    ///
    /// # Panics
    ///
    /// There is a rule for it already, or its name is empty.
    #[must_use]
    #[track_caller]
    pub fn tool_by<Form>(self, name: &str, authorizer: impl IntoAuthorizer<Form>) -> Self {
        self.rule(McpItem::Tool(name), McpNeed::permission(authorizer))
    }

    /// Lets every caller use a tool.
    ///
    /// # Panics
    ///
    /// There is a rule for it already, or its name is empty.
    #[must_use]
    #[track_caller]
    pub fn open_tool(self, name: &str) -> Self {
        self.rule(McpItem::Tool(name), McpNeed::caller())
    }

    /// Lets every caller use the tools whose names begin so.
    ///
    /// # Panics
    ///
    /// There is a rule for it already, or its name is empty.
    #[must_use]
    #[track_caller]
    pub fn open_tool_prefix(self, prefix: &str) -> Self {
        self.rule(McpItem::ToolPrefix(prefix), McpNeed::caller())
    }

    /// Lets callers with all of these scopes read a resource, and watch it.
    ///
    /// # Panics
    ///
    /// There is a rule for it already, its name is empty, or no scope is named, or a malformed one.
    #[must_use]
    #[track_caller]
    pub fn resource<Form>(self, uri: &str, scopes: impl IntoScopes<Form>) -> Self {
        self.scoped(McpItem::Resource(uri), scopes)
    }

    /// Lets callers with all of these scopes read the resources whose URIs begin so: see [`McpItem::ResourcePrefix`].
    ///
    /// # Panics
    ///
    /// There is a rule for it already, its name is empty, or no scope is named, or a malformed one.
    #[must_use]
    #[track_caller]
    pub fn resource_prefix<Form>(self, prefix: &str, scopes: impl IntoScopes<Form>) -> Self {
        self.scoped(McpItem::ResourcePrefix(prefix), scopes)
    }

    /// Lets every caller read a resource, and watch it.
    ///
    /// # Panics
    ///
    /// There is a rule for it already, or its name is empty.
    #[must_use]
    #[track_caller]
    pub fn open_resource(self, uri: &str) -> Self {
        self.rule(McpItem::Resource(uri), McpNeed::caller())
    }

    /// Lets callers with all of these scopes get a prompt.
    ///
    /// # Panics
    ///
    /// There is a rule for it already, its name is empty, or no scope is named, or a malformed one.
    #[must_use]
    #[track_caller]
    pub fn prompt<Form>(self, name: &str, scopes: impl IntoScopes<Form>) -> Self {
        self.scoped(McpItem::Prompt(name), scopes)
    }

    /// Lets callers with all of these scopes get the prompts whose names begin so.
    ///
    /// # Panics
    ///
    /// There is a rule for it already, its name is empty, or no scope is named, or a malformed one.
    #[must_use]
    #[track_caller]
    pub fn prompt_prefix<Form>(self, prefix: &str, scopes: impl IntoScopes<Form>) -> Self {
        self.scoped(McpItem::PromptPrefix(prefix), scopes)
    }

    /// Lets every caller get a prompt.
    ///
    /// # Panics
    ///
    /// There is a rule for it already, or its name is empty.
    #[must_use]
    #[track_caller]
    pub fn open_prompt(self, name: &str) -> Self {
        self.rule(McpItem::Prompt(name), McpNeed::caller())
    }

    /// Lets callers with all of these scopes use a method; they add to those of what a request names.
    ///
    /// # Panics
    ///
    /// There is a rule for it already, its name is empty, or no scope is named, or a malformed one.
    #[must_use]
    #[track_caller]
    pub fn method<Form>(self, name: &str, scopes: impl IntoScopes<Form>) -> Self {
        self.scoped(McpItem::Method(name), scopes)
    }

    /// Lets every caller use a method that this crate does not know: one of an extension.
    ///
    /// # Security
    ///
    /// What the method names is not judged: `tasks/get` reads the result of any task, whatever its tool needs. Where
    /// tools run as tasks, give it the scopes of those tools ([`method`](Self::method)), or let the server tell the
    /// tasks of its callers apart.
    ///
    /// # Panics
    ///
    /// There is a rule for it already, or its name is empty.
    #[must_use]
    #[track_caller]
    pub fn open_method(self, name: &str) -> Self {
        self.rule(McpItem::Method(name), McpNeed::caller())
    }

    /// Replaces the origins whose pages may use the server: none unless set. A request with another `Origin`, or with
    /// `null`, is refused with 403; programs send none.
    ///
    /// # Panics
    ///
    /// An origin is malformed; [`try_origins`](Self::try_origins) returns it.
    #[must_use]
    #[track_caller]
    pub fn with_origins<O: AsRef<str>>(self, origins: impl IntoIterator<Item = O>) -> Self {
        settled(self.try_origins(origins))
    }

    #[track_caller]
    fn scoped<Form>(self, item: McpItem<'_>, scopes: impl IntoScopes<Form>) -> Self {
        settled(McpNeed::scopes(scopes).and_then(|need| self.try_rule(item, need)))
    }
}

#[track_caller]
#[expect(
    clippy::panic,
    reason = "a bad rule must not survive start-up; the `try_` forms return it"
)]
fn settled(layer: Result<McpLayer, ConfigError>) -> McpLayer {
    match layer {
        Ok(layer) => layer,
        Err(error) => panic!("{error}"),
    }
}
