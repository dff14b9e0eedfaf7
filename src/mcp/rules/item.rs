//! What a rule is about.

/// What a rule of an [`McpLayer`](crate::mcp::McpLayer) is about: something by its exact name, or all whose names
/// begin alike.
///
/// An exact name goes before a beginning, a longer beginning before a shorter one.
///
/// # Example
///
/// ```
/// use tower_auth::mcp::{McpItem, McpLayer, McpNeed, ProtectedResource};
///
/// let resource = ProtectedResource::new("https://api.example.com/mcp")?;
/// let layer = McpLayer::new(&resource)
///     .rule(McpItem::Method("tasks/get"), McpNeed::scopes("agents:deploy")?)
///     .rule(McpItem::Tool("echo"), McpNeed::caller())
///     .rule(McpItem::ToolPrefix("admin_"), McpNeed::scopes("admin")?)
///     .rule(McpItem::Resource("config://app"), McpNeed::scopes("admin")?)
///     .rule(McpItem::ResourcePrefix("docs://"), McpNeed::caller())
///     .rule(McpItem::Prompt("review"), McpNeed::caller())
///     .rule(McpItem::PromptPrefix("team_"), McpNeed::scopes("team")?);
/// # let _ = layer;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum McpItem<'a> {
    /// A method of the protocol, such as `tools/list`. Its need adds to that of the tool, the resource or the
    /// prompt that a request names.
    ///
    /// `GET` is the stream of the server's messages, and `DELETE` the end of a session: HTTP methods that versions
    /// before 2026-07-28 use without a message. Every caller may use them unless a rule says otherwise.
    /// [`deny_all`](crate::authorize::deny_all) closes them.
    Method(&'a str),
    /// A tool.
    Tool(&'a str),
    /// All tools whose names begin so; of an empty text, all.
    ToolPrefix(&'a str),
    /// A resource, by its whole URI.
    Resource(&'a str),
    /// All resources whose URIs begin so; of an empty text, all.
    ///
    /// It does not cover a URI that a server could read as another one, or write in another way: with a segment of
    /// dots, a needless escape or one that is missing (`%61`, `ä`), a host with a user, a default port or capital
    /// letters. Only an exact rule allows that.
    ResourcePrefix(&'a str),
    /// A prompt.
    Prompt(&'a str),
    /// All prompts whose names begin so; of an empty text, all.
    PromptPrefix(&'a str),
}
