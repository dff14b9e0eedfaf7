//! The connection to an issuer: plain http, a private CA, or a client of the application.

use std::{
    error::Error,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{provider::OAuth2Auth, settings::OAuth2Settings};
use crate::{
    error::ConfigError,
    issuer::KeySetLocation,
    issuer::fetch::{BearerFile, Endpoint, Transport},
};

impl OAuth2Auth {
    /// Accepts tokens of an issuer inside a private network over plain http, such as
    /// `http://keycloak:8080/realms/agents` of a compose file. Logs one warning, unless the address is
    /// https or loopback.
    ///
    /// Plain http is allowed for the issuer's own host and port: a redirect or a key set elsewhere is
    /// refused. Every other issuer still needs https, and so does every introspection endpoint
    /// ([`IntrospectionAuth::insecure_allow_http`](crate::provider::IntrospectionAuth::insecure_allow_http)).
    ///
    /// # Security
    ///
    /// An attacker on the network between this service and the issuer can replace the keys, and then
    /// sign any token. Prefer https with a private CA ([`with_ca_file`](Self::with_ca_file)).
    ///
    /// # Errors
    ///
    /// The issuer is no http or https URL, or the audience is blank.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::provider::OAuth2Auth;
    ///
    /// let tokens =
    ///     OAuth2Auth::insecure_allow_http("http://keycloak:8080/realms/agents", "my-agent")?;
    /// # let _ = tokens;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn insecure_allow_http(
        issuer: impl Into<String>,
        audience: impl Into<String>,
    ) -> Result<Self, ConfigError> {
        let made = Self::insecure_without_warning(issuer, audience)?;
        made.endpoint().warn_if_plain_http("issuer");
        Ok(made)
    }

    /// Accepts tokens of an issuer that may be asked over plain http. The caller logs the warning.
    pub(crate) fn insecure_without_warning(
        issuer: impl Into<String>,
        audience: impl Into<String>,
    ) -> Result<Self, ConfigError> {
        let issuer = issuer.into();
        let location = KeySetLocation::of_insecure_issuer(&issuer)?;
        let endpoint = location.endpoint().clone();
        let settings = OAuth2Settings::new(issuer, audience.into(), location)?;
        Ok(Self::with(OAuth2Settings {
            insecure: Some(endpoint),
            ..settings
        }))
    }

    /// Trusts only the certificate authorities in a PEM file when keys are fetched, for an issuer
    /// inside a private network. It replaces a client that was set before.
    ///
    /// The file is read once, by this call.
    ///
    /// # Errors
    ///
    /// The file cannot be read, holds no certificate, or holds a private key.
    ///
    /// # Example
    ///
    /// The issuer of a Kubernetes cluster's service accounts, asked from a pod:
    ///
    /// ```no_run
    /// use tower_auth::provider::OAuth2Auth;
    ///
    /// const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
    ///
    /// let tokens = OAuth2Auth::new("https://kubernetes.default.svc.cluster.local", "my-agent")?
    ///     .with_jwks_uri("https://kubernetes.default.svc/openid/v1/jwks")?
    ///     .with_ca_file(format!("{ACCOUNT}/ca.crt"))?
    ///     .with_key_set_bearer_file(format!("{ACCOUNT}/token"));
    /// # let _ = tokens;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn with_ca_file(self, path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Transport::with_ca_file(path.as_ref()).map(|transport| self.with_transport(transport))
    }

    /// Fetches keys with a client of your own: for a proxy, a client certificate, another HTTP
    /// library. It replaces a CA file that was set before.
    ///
    /// The client is any tower service that takes an `http::Request<Bytes>` with the whole address in
    /// its URI. This crate chooses the addresses, follows redirects itself, and limits every answer to
    /// 256 KiB and 10 seconds. The client decides about trust in TLS, the proxy and the `User-Agent`.
    ///
    /// # Security
    ///
    /// The client must not follow redirects itself: this crate could not check the target, and the
    /// token of [`with_key_set_bearer_file`](Self::with_key_set_bearer_file) might be sent there.
    /// Where plain http is allowed ([`insecure_allow_http`](Self::insecure_allow_http)), it should use
    /// no proxy. Its errors are logged, so their text must hold no secret.
    ///
    /// # Example
    ///
    /// A client of [`reqwest`](https://docs.rs/reqwest), in whatever version:
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use tower_auth::provider::OAuth2Auth;
    ///
    /// let none = reqwest::redirect::Policy::none();
    /// let client = reqwest::Client::builder().redirect(none).user_agent("my-agent").build()?;
    /// let service = tower::service_fn(move |request: Request<Bytes>| {
    ///     let client = client.clone();
    ///     async move { client.execute(request.try_into()?).await.map(Response::from) }
    /// });
    /// let tokens = OAuth2Auth::new("https://issuer.example", "my-agent")?.with_client(service);
    /// # let _ = tokens;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_client<S, B>(self, client: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        S::Future: Send,
        B: Body + Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        self.edit(|settings| settings.transport = Transport::Service(Arc::new(client)))
    }

    /// Asks the issuer over that transport.
    pub(crate) fn with_transport(self, transport: Transport) -> Self {
        self.edit(|settings| settings.transport = transport)
    }

    /// The address that is asked for the keys: the key set where it is configured, or else the issuer.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.settings().location.endpoint()
    }

    /// Sends the bearer token in a file to the issuer when the keys are fetched, such as the token of a
    /// Kubernetes service account.
    ///
    /// The file is read at every fetch, since it is replaced before the token expires; one newline at
    /// its end is ignored. If the file cannot be read, the fetch fails like one that cannot reach the
    /// issuer.
    ///
    /// # Security
    ///
    /// The token is sent only to the scheme, host and port of the configured `jwks_uri` or, without
    /// one, of the issuer. A key set at another address that the issuer's metadata names is asked
    /// without the token, and so is the target of a redirect. A client of your own
    /// ([`with_client`](Self::with_client)) must not follow redirects itself.
    #[must_use]
    pub fn with_key_set_bearer_file(self, path: impl Into<PathBuf>) -> Self {
        let bearer = BearerFile::new(path.into());
        self.edit(|settings| settings.bearer = Some(bearer))
    }
}
