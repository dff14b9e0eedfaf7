//! The public address of a resource.

use std::sync::Arc;

use crate::{
    error::{ConfigError, ConfigErrorKind},
    request::Origin,
};

/// An address as clients write it: what a token's audience is compared with, byte for byte.
#[derive(Clone, Debug)]
pub(super) struct PublicUrl {
    pub(super) text: Arc<str>,
    /// The address of its metadata.
    pub(super) metadata: Arc<str>,
    /// The path below which the well-known one is continued; empty for a whole origin.
    pub(super) suffix: Arc<str>,
}

impl PublicUrl {
    pub(super) fn parse(text: &str) -> Result<Self, ConfigError> {
        let (origin, path) = check(text)?;
        let suffix = path.strip_suffix('/').unwrap_or(path);
        // RFC 9728 §3.1: a slash that ends the host is removed, one that ends a path is not.
        let behind = if suffix.is_empty() { "" } else { path };
        Ok(Self {
            text: text.into(),
            metadata: format!("{origin}{WELL_KNOWN}{behind}").into(),
            suffix: suffix.into(),
        })
    }

    /// Whether the metadata stands at this path: that of the resource, or that of its origin, which older clients
    /// try. A slash at the end changes nothing.
    pub(super) fn is_metadata(&self, path: &str) -> bool {
        let Some(behind) = path.strip_prefix(WELL_KNOWN) else {
            return false;
        };
        let behind = behind.strip_suffix('/').unwrap_or(behind);
        behind.is_empty() || behind == &*self.suffix
    }
}

/// Checks the address of a resource or an issuer; answers its origin and its path.
pub(super) fn check(text: &str) -> Result<(&str, &str), ConfigError> {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let at = text.len() - rest.len() + rest.find('/').unwrap_or(rest.len());
    let (origin, path) = text.split_at_checked(at).unwrap_or((text, ""));
    let fault = |kind, advice: &str| {
        Err(ConfigError::new(
            kind,
            format!("{text:?} {advice}: {EXAMPLE}"),
        ))
    };
    let is_plain = |char: char| matches!(char, '\x21'..='\x7e') && !"\"\\<>^`{|}".contains(char);
    if text.contains(['?', '#', '@']) || !text.chars().all(is_plain) {
        return fault(
            ConfigErrorKind::Malformed,
            "holds a query, a fragment, a user name or a character that no address has",
        );
    }
    let Ok(parsed) = Origin::parse(origin) else {
        return fault(ConfigErrorKind::Malformed, "is no address");
    };
    let is_default = [("https://", ":443"), ("http://", ":80")]
        .iter()
        .any(|(scheme, port)| origin.starts_with(scheme) && origin.ends_with(port));
    if is_default || origin.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return fault(
            ConfigErrorKind::Malformed,
            "has a default port, or capital letters in its host: clients leave them out, and compare as \
             text",
        );
    }
    if !parsed.is_secure() {
        return fault(
            ConfigErrorKind::Unsupported,
            "is not https, or http on this machine: whoever listens in between would have the tokens",
        );
    }
    if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return fault(ConfigErrorKind::Malformed, "has a path with a step in it");
    }
    Ok((origin, path))
}

const EXAMPLE: &str = "write it as clients do, as in https://api.example.com/mcp";
pub(super) const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
