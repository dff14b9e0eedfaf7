//! The resource and its settings.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use serde::Serialize;

use super::{
    answer::answer,
    url::{self, PublicUrl},
};
use crate::{
    access,
    authorize::required_scopes,
    error::{ConfigError, ConfigErrorKind},
    refusal::Realm,
    scope::IntoScopes,
};

/// An MCP server as its clients know it: its public address, who issues tokens for it, and the scopes it knows.
///
/// It is what RFC 9728 calls a protected resource. An [`AuthLayer`](crate::AuthLayer) that stands before it
/// ([`protected_resource`](crate::AuthLayer::protected_resource)) and an [`McpLayer`](crate::mcp::McpLayer) answer its
/// metadata document to anybody, and their challenges tell clients where it is.
///
/// # Example
///
/// ```
/// use http::Request;
/// use tower_auth::mcp::ProtectedResource;
///
/// let resource = ProtectedResource::new("https://api.example.com/mcp")?
///     .with_authorization_server("https://issuer.example.com")?
///     .add_authorization_server("https://other.example.com")?
///     .with_scopes_supported(["agents:read", "agents:deploy"])
///     .require_scopes("agents:read")?
///     .with_initial_scopes("agents:list")?
///     .with_name("Agents")
///     .with_documentation("https://api.example.com/docs")?;
///
/// assert_eq!(resource.audience(), "https://api.example.com/mcp");
/// assert_eq!(
///     resource.metadata_url(),
///     "https://api.example.com/.well-known/oauth-protected-resource/mcp",
/// );
///
/// // In a server that routes by hand:
/// let request = Request::get("/.well-known/oauth-protected-resource/mcp").body(()).unwrap();
/// assert_eq!(resource.answer(&request).unwrap().status(), 200);
/// assert!(resource.answer(&Request::get("/mcp").body(()).unwrap()).is_none());
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct ProtectedResource(Arc<Settings>);

#[derive(Clone)]
struct Settings {
    url: PublicUrl,
    servers: Vec<Box<str>>,
    scopes_supported: Vec<Box<str>>,
    required: Vec<Box<str>>,
    initial: Vec<Box<str>>,
    name: Option<Box<str>>,
    documentation: Option<Box<str>>,
    /// Rendered once: anybody may ask for it at any time.
    document: Bytes,
}

impl ProtectedResource {
    /// The resource at this public address: that of the MCP endpoint, its path included, as clients write it.
    ///
    /// # Errors
    ///
    /// It is no https address (http is for this machine alone), or it holds more than an address of an endpoint.
    pub fn new(public_url: &str) -> Result<Self, ConfigError> {
        let settings = Settings {
            url: PublicUrl::parse(public_url)?,
            servers: Vec::new(),
            scopes_supported: Vec::new(),
            required: Vec::new(),
            initial: Vec::new(),
            name: None,
            documentation: None,
            document: Bytes::new(),
        };
        Ok(Self(Arc::new(settings)).edit(|_| ()))
    }

    /// Replaces the authorization servers by this one: the issuer whose tokens the server accepts.
    ///
    /// Without one, clients find nobody who issues a token: leave the resource out then, or give API keys to the
    /// callers.
    ///
    /// # Errors
    ///
    /// It is no https address (http is for this machine alone).
    pub fn with_authorization_server(self, issuer: &str) -> Result<Self, ConfigError> {
        self.edit(|settings| settings.servers.clear())
            .add_authorization_server(issuer)
    }

    /// Adds an authorization server; clients may choose.
    ///
    /// # Errors
    ///
    /// It is no https address (http is for this machine alone).
    pub fn add_authorization_server(self, issuer: &str) -> Result<Self, ConfigError> {
        url::check(issuer)?;
        Ok(self.edit(|settings| settings.servers.push(issuer.into())))
    }

    /// Replaces the scopes that the metadata names: those that a client asks for at first, where a challenge names
    /// none. `offline_access` is left out: a refresh token is the client's wish, not the resource's.
    #[must_use]
    pub fn with_scopes_supported<S: AsRef<str>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes = scopes.into_iter().map(|scope| Box::from(scope.as_ref()));
        let scopes: Vec<Box<str>> = scopes.filter(|scope| !is_offline_access(scope)).collect();
        self.edit(|settings| settings.scopes_supported = scopes)
    }

    /// Replaces the scopes that every request needs: those of a session. None unless set.
    ///
    /// A challenge to a caller without a token names them; an [`McpLayer`](crate::mcp::McpLayer) requires them of every
    /// message, beside those of its method and its tool, and of streams and of the end of a session.
    ///
    /// # Errors
    ///
    /// The list is empty, or a scope is malformed or `offline_access`.
    pub fn require_scopes<Form>(self, scopes: impl IntoScopes<Form>) -> Result<Self, ConfigError> {
        let required = online_scopes(&scopes.into_scopes())?;
        Ok(self.edit(|settings| settings.required = required))
    }

    /// Replaces the scopes that a caller without a token is told to ask for, beside those that every request needs.
    /// None unless set.
    ///
    /// No request needs them for that: they let a client begin with what most calls need, instead of all that
    /// [`with_scopes_supported`](Self::with_scopes_supported) names, and ask for more when a call needs more.
    ///
    /// # Errors
    ///
    /// The list is empty, or a scope is malformed or `offline_access`.
    pub fn with_initial_scopes<Form>(
        self,
        scopes: impl IntoScopes<Form>,
    ) -> Result<Self, ConfigError> {
        let initial = online_scopes(&scopes.into_scopes())?;
        Ok(self.edit(|settings| settings.initial = initial))
    }

    /// Replaces the name that clients may show to people.
    #[must_use]
    pub fn with_name(self, name: &str) -> Self {
        self.edit(|settings| settings.name = Some(name.into()))
    }

    /// Replaces the address of a page for developers.
    ///
    /// # Errors
    ///
    /// It is no https address (http is for this machine alone).
    pub fn with_documentation(self, url: &str) -> Result<Self, ConfigError> {
        url::check(url)?;
        Ok(self.edit(|settings| settings.documentation = Some(url.into())))
    }

    /// The audience of tokens for this resource (RFC 8707): its public address.
    pub fn audience(&self) -> &str {
        &self.0.url.text
    }

    /// The address of the metadata document, as challenges name it.
    pub fn metadata_url(&self) -> &str {
        &self.0.url.metadata
    }

    /// The resource's own answer to a request for its metadata; nothing for any other request.
    ///
    /// The layers call it. A server whose layers do not see `/.well-known/…` calls it there.
    pub fn answer<B>(&self, request: &Request<B>) -> Option<Response<Bytes>> {
        let path = access::original_uri(request.uri(), request.extensions()).path();
        let is_metadata = self.0.url.is_metadata(path);
        is_metadata.then(|| answer(request.method(), &self.0.document))
    }

    /// The realm with this resource in its challenges.
    pub(crate) fn realm(&self, realm: Realm) -> Realm {
        let Settings {
            required, initial, ..
        } = &*self.0;
        let mut scopes: Vec<&str> = required.iter().map(|scope| &**scope).collect();
        for scope in initial {
            if !scopes.contains(&&**scope) {
                scopes.push(scope);
            }
        }
        let scopes = (!scopes.is_empty()).then(|| scopes.join(" ").into());
        realm.of_resource(Arc::clone(&self.0.url.metadata), scopes)
    }

    /// The scopes that every request needs.
    pub(crate) fn required(&self) -> &[Box<str>] {
        &self.0.required
    }

    fn edit(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        let settings = Arc::make_mut(&mut self.0);
        change(settings);
        settings.document = settings.render();
        self
    }
}

impl Settings {
    fn render(&self) -> Bytes {
        let document = Document {
            resource: &self.url.text,
            authorization_servers: &self.servers,
            scopes_supported: &self.scopes_supported,
            bearer_methods_supported: ["header"],
            resource_name: self.name.as_deref(),
            resource_documentation: self.documentation.as_deref(),
        };
        serde_json::to_vec(&document).map_or_else(|_| Bytes::new(), Bytes::from)
    }
}

/// RFC 9728 §2. A list without members is left out (§3.2).
#[derive(Serialize)]
struct Document<'a> {
    resource: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    authorization_servers: &'a [Box<str>],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scopes_supported: &'a [Box<str>],
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<&'a str>,
}

impl fmt::Debug for ProtectedResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectedResource")
            .field("url", &self.0.url.text)
            .field("authorization_servers", &self.0.servers)
            .field("required", &self.0.required)
            .finish_non_exhaustive()
    }
}

/// The scopes that a request needs. A client asks for a refresh token of its own accord, and no challenge may
/// tell it to.
pub(crate) fn online_scopes(texts: &[Box<str>]) -> Result<Vec<Box<str>>, ConfigError> {
    let scopes = required_scopes(texts)?;
    if scopes.iter().any(|scope| is_offline_access(scope)) {
        return Err(ConfigError::new(
            ConfigErrorKind::Unsupported,
            "offline_access is a client's wish for a refresh token, and no request needs it: leave it out",
        ));
    }
    Ok(scopes)
}

fn is_offline_access(scope: &str) -> bool {
    scope == "offline_access"
}
