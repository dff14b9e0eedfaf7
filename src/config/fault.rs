//! The faults of a configuration: each with its place and what to write instead.

use std::{error::Error, fmt, sync::Arc};

use super::node::At;
use crate::error::{ConfigError, ConfigErrorKind};

/// All faults of a configuration, in the order of the file.
///
/// It is shown as one line per fault: file, line and column, the place in the document, and what to
/// write instead. It never holds the value of a key or secret.
///
/// # Example
///
/// ```
/// use tower_auth::config::AuthConfig;
///
/// let config = AuthConfig::from_yaml("auth: {mode: jtw, jwt: {secret: '${NO_SUCH_VARIABLE}'}}");
/// let faults = config.into_layer().unwrap_err();
/// assert_eq!(faults.faults().len(), 2);
/// assert_eq!(faults.faults()[0].path(), "auth.mode");
/// assert!(faults.to_string().contains("did you mean \"jwt\"?"));
/// ```
#[derive(Clone, Debug)]
pub struct ConfigFaults(Arc<[ConfigFault]>);

impl ConfigFaults {
    /// The faults; there is at least one.
    pub fn faults(&self) -> &[ConfigFault] {
        &self.0
    }

    pub(super) fn one(fault: ConfigFault) -> Self {
        Self(Arc::new([fault]))
    }
}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl Error for ConfigFaults {}

impl From<ConfigFaults> for ConfigError {
    /// One error with the kind of the first fault and a line for each.
    fn from(faults: ConfigFaults) -> Self {
        let kind = faults
            .0
            .first()
            .map_or(ConfigErrorKind::Malformed, |fault| fault.kind);
        Self::new(kind, faults.to_string())
    }
}

/// One fault of a configuration.
///
/// # Example
///
/// ```
/// use tower_auth::{ConfigErrorKind, config::{AuthConfig, ConfigFault}};
///
/// let faults = AuthConfig::from_yaml("auth: {mode: none_at_all}").into_layer().unwrap_err();
/// let first: &ConfigFault = &faults.faults()[0];
/// assert_eq!(first.kind(), ConfigErrorKind::Unknown);
/// assert_eq!((first.path(), first.line()), ("auth.mode", Some(1)));
/// println!("column {:?}: {}", first.column(), first.message());
/// ```
#[derive(Clone, Debug)]
pub struct ConfigFault {
    kind: ConfigErrorKind,
    origin: Arc<str>,
    at: At,
    path: String,
    message: String,
}

impl ConfigFault {
    pub(super) fn new(
        kind: ConfigErrorKind,
        origin: &Arc<str>,
        place: &Place,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            origin: Arc::clone(origin),
            at: place.at.clone(),
            path: one_line(place.path.clone()),
            message: one_line(message.into()),
        }
    }

    /// The kind of the fault.
    pub fn kind(&self) -> ConfigErrorKind {
        self.kind
    }

    /// The place in the document, such as `auth.api_keys[1].expires_at`; empty for the whole file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The line in the file, counted from 1, if the fault has a line.
    pub fn line(&self) -> Option<u32> {
        match self.at {
            At::Line { line, .. } => Some(line),
            _ => None,
        }
    }

    /// The column in the line, counted from 1.
    pub fn column(&self) -> Option<u32> {
        match self.at {
            At::Line { column, .. } => Some(column),
            _ => None,
        }
    }

    /// The fault, and what to write instead.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            At::Line { line, column } => write!(f, "{}:{line}:{column}: ", self.origin)?,
            At::Variable(name) => write!(f, "{name}: ")?,
            At::Code => {}
            At::File => write!(f, "{}: ", self.origin)?,
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// The place of a value in the document and in the file.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) path: String,
    pub(super) at: At,
}

impl Place {
    pub(super) fn root() -> Self {
        Self::new("", At::File)
    }

    pub(super) fn new(path: impl Into<String>, at: At) -> Self {
        let path = path.into();
        Self { path, at }
    }

    pub(super) fn member(&self, name: &str, at: &At) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self::new(format!("{}{dot}{name}", self.path), at.clone())
    }

    /// A member with an unknown name, which may be a key that was written by mistake.
    pub(super) fn unknown_member(&self, name: &str, at: &At) -> Self {
        let is_harmless = name.len() <= LONGEST_NAME
            && !name.is_empty()
            && name
                .chars()
                .all(|char| char.is_ascii_lowercase() || char == '_');
        let has_digits = matches!(name, "oauth2" | "key_sha256");
        let shown = if is_harmless || has_digits {
            name
        } else {
            "…"
        };
        self.member(shown, at)
    }

    pub(super) fn item(&self, index: usize, at: &At) -> Self {
        Self::new(format!("{}[{index}]", self.path), at.clone())
    }
}

/// The faults found so far.
pub(super) struct Faults {
    origin: Arc<str>,
    found: Vec<ConfigFault>,
}

impl Faults {
    pub(super) fn of(origin: Arc<str>) -> Self {
        Self {
            origin,
            found: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, kind: ConfigErrorKind, place: &Place, message: impl Into<String>) {
        self.found
            .push(ConfigFault::new(kind, &self.origin, place, message));
    }

    pub(super) fn add_error(&mut self, place: &Place, error: &ConfigError) {
        self.add(error.kind(), place, error.to_string());
    }

    /// The value, unless it is at fault.
    pub(super) fn keep<T>(&mut self, place: &Place, result: Result<T, ConfigError>) -> Option<T> {
        result.map_err(|error| self.add_error(place, &error)).ok()
    }

    /// Webhooks are named, and the program has no layer for them.
    pub(super) fn add_homeless_webhooks(&mut self) {
        let place = Place::new("auth.webhooks", At::File);
        let message = "webhooks are named, and this program has no place for them: leave them out, \
                       or let the program take both layers (`AuthSetup::into_layers`)";
        self.add(ConfigErrorKind::Conflict, &place, message);
    }

    /// An MCP server is named, and the program has not taken its layer.
    pub(super) fn add_homeless_mcp(&mut self) {
        let place = Place::new("auth.mcp", At::File);
        let message = "an MCP server is named, and this program has no place for its rules: leave it out, \
                       or let the program take its layer (`AuthSetup::take_mcp`)";
        self.add(ConfigErrorKind::Conflict, &place, message);
    }

    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    /// INVARIANT: nothing is ever built from a configuration in which a fault was found.
    pub(super) fn finish<T>(mut self, built: Option<T>) -> Result<T, ConfigFaults> {
        // Faults in the file by line, then those of the environment and the code in the order of
        // discovery.
        self.found.sort_by_key(|fault| match fault.at {
            At::File => (0, 0, 0),
            At::Line { line, column } => (1, line, column),
            At::Variable(_) | At::Code => (2, 0, 0),
        });
        match built {
            Some(built) if self.found.is_empty() => Ok(built),
            _ => {
                if self.found.is_empty() {
                    let message = "the configuration comes to nothing: write an `auth` block";
                    self.add(ConfigErrorKind::Empty, &Place::root(), message);
                }
                Err(ConfigFaults(self.found.into()))
            }
        }
    }
}

/// A fault is one line, whatever the document holds.
fn one_line(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    text.chars().fold(String::new(), |mut line, char| {
        match char.is_control() {
            true => line.extend(char.escape_debug()),
            false => line.push(char),
        }
        line
    })
}

const LONGEST_NAME: usize = 40;
