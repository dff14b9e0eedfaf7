//! The rules of a layer, and the choice of the one that counts.

use std::collections::BTreeMap;

use super::{
    item::McpItem,
    need::{McpNeed, Need},
    spelling::is_plain_uri,
};
use crate::{
    error::{ConfigError, ConfigErrorKind},
    mcp::message::Kind,
};

/// All rules of a layer.
#[derive(Clone, Debug, Default)]
pub(in crate::mcp) struct Rules {
    pub(in crate::mcp) methods: Table,
    pub(in crate::mcp) tools: Table,
    pub(in crate::mcp) resources: Table,
    pub(in crate::mcp) prompts: Table,
}

/// The rules for things of one kind.
#[derive(Clone, Debug, Default)]
pub(in crate::mcp) struct Table {
    exact: BTreeMap<Box<str>, Need>,
    /// The longest beginning first.
    prefixes: Vec<(Box<str>, Need)>,
    /// Whether every caller may do what no rule names.
    pub(in crate::mcp) allows_unknown: bool,
}

impl Rules {
    pub(in crate::mcp) fn add(
        &mut self,
        item: McpItem<'_>,
        McpNeed(need): McpNeed,
    ) -> Result<(), ConfigError> {
        match item {
            McpItem::Method(name) => self.methods.add_exact(name, need),
            McpItem::Tool(name) => self.tools.add_exact(name, need),
            McpItem::ToolPrefix(prefix) => self.tools.add_prefix(prefix, need),
            McpItem::Resource(uri) => self.resources.add_exact(uri, need),
            McpItem::ResourcePrefix(prefix) => self.resources.add_prefix(prefix, need),
            McpItem::Prompt(name) => self.prompts.add_exact(name, need),
            McpItem::PromptPrefix(prefix) => self.prompts.add_prefix(prefix, need),
        }
    }

    /// The need for a method; nothing for one that nobody knows.
    pub(in crate::mcp) fn method(&self, method: &str) -> Option<&Need> {
        let known = KNOWN.contains(&method).then_some(&Need::Caller);
        self.methods.find(method).or(known)
    }

    /// The need for a request without a message.
    pub(in crate::mcp) fn bodyless(&self, http_method: &str) -> &Need {
        self.methods.exact.get(http_method).unwrap_or(&Need::Caller)
    }

    /// The need for a tool, a resource or a prompt; nothing for one that no rule allows.
    pub(in crate::mcp) fn item(&self, kind: Kind, name: &str) -> Option<&Need> {
        match kind {
            Kind::Tool => self.tools.find(name),
            Kind::Prompt => self.prompts.find(name),
            Kind::Resource => match is_plain_uri(name) {
                true => self.resources.find(name),
                false => self.resources.exact.get(name),
            },
        }
    }
}

impl Table {
    fn add_exact(&mut self, name: &str, need: Need) -> Result<(), ConfigError> {
        if name.is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::Blank,
                "a rule names nothing: write the whole name, or use a beginning for several",
            ));
        }
        match self.exact.insert(name.into(), need) {
            None => Ok(()),
            Some(_) => Err(twice(name)),
        }
    }

    fn add_prefix(&mut self, prefix: &str, need: Need) -> Result<(), ConfigError> {
        if self.prefixes.iter().any(|(known, _)| **known == *prefix) {
            return Err(twice(prefix));
        }
        let shorter = |(known, _): &(Box<str>, Need)| known.len() >= prefix.len();
        let at = self.prefixes.partition_point(shorter);
        self.prefixes.insert(at, (prefix.into(), need));
        Ok(())
    }

    fn find(&self, name: &str) -> Option<&Need> {
        let begun = || {
            let mut prefixes = self.prefixes.iter();
            prefixes.find(|(prefix, _)| name.starts_with(&**prefix))
        };
        self.exact
            .get(name)
            .or_else(|| begun().map(|(_, need)| need))
            .or_else(|| self.allows_unknown.then_some(&Need::Caller))
    }
}

fn twice(name: &str) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::Duplicate,
        format!("there are two rules for {name:?}: keep one of them"),
    )
}

/// The methods that every caller may use who may use the server: they begin a session, or list what there is.
/// Those that name something need the permission for that too.
const KNOWN: &[&str] = &[
    "completion/complete",
    "initialize",
    "logging/setLevel",
    "notifications/cancelled",
    "notifications/initialized",
    "notifications/progress",
    "notifications/roots/list_changed",
    "ping",
    "prompts/get",
    "prompts/list",
    "resources/directory/read",
    "resources/list",
    "resources/read",
    "resources/subscribe",
    "resources/templates/list",
    "resources/unsubscribe",
    "server/discover",
    "subscriptions/listen",
    "tools/call",
    "tools/list",
];
