//! The layer and its settings.

use std::{fmt, sync::Arc};

use http::HeaderName;
use tower_layer::Layer;

use super::{
    core::{Admission, Core},
    core_source::CoreSource,
    gate::{AuthGate, AuthService},
    places::Places,
    resource::Resource,
    screened::ScreenedProvider,
};
use crate::{
    access::{Access, PathRule, Rules},
    error::ConfigError,
    provider::{AuthProvider, IntoAuthProvider, PrincipalSources},
    refusal::Realm,
    request::DEFAULT_MAX_CREDENTIAL_LEN,
};

/// Authenticates every request before the inner service runs.
///
/// Around an axum `Router` it goes last, because axum's layers do not cover routes that are added
/// after them. `Router::layer` also covers unknown paths, which are then refused with 401;
/// `Router::route_layer` leaves them 404. `GET` and `HEAD /health` are public; everything else
/// needs a credential unless a rule says otherwise.
///
/// # Example
///
/// ```
/// use axum::{Router, routing::{get, post}};
/// use tower_auth::{AuthContext, AuthLayer, provider::ApiKeyAuth};
///
/// async fn run(caller: AuthContext) -> String {
///     format!("hello {}", caller.user_id())
/// }
///
/// let app: Router = Router::new()
///     .route("/run", post(run))
///     .route("/health", get(|| async { "ok" }))
///     .layer(AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?));
/// # let _ = app;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
///
/// Its settings:
///
/// ```
/// use http::Method;
/// use tower_auth::{AuthLayer, provider::ApiKeyAuth};
///
/// let layer = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?)
///     .public((Method::POST, "/hooks/public"))
///     .dev_docs(cfg!(debug_assertions))
///     .pass_preflight(true)
///     .hide_credentials(true)
///     .with_realm("agents")?
///     .with_max_credential_len(16 * 1024);
/// assert_eq!(layer.credential_headers()[0], "authorization");
///
/// // A path that comes from data:
/// let layer = layer.try_public(String::from("/status"))?;
/// assert!(layer.try_public("no-slash").is_err());
///
/// let open_to_everybody = AuthLayer::disabled();
/// # let _ = open_to_everybody;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct AuthLayer {
    pub(super) core: Arc<Core>,
}

impl AuthLayer {
    /// A layer that asks this provider, or chain of providers.
    ///
    /// # Panics
    ///
    /// Two of the providers would vouch for the same principals without meaning the same users, such
    /// as two `ApiKeyAuth` without a label; the text says how to mend it.
    #[track_caller]
    #[expect(
        clippy::panic,
        reason = "two users who are one must not survive start-up; `try_new` returns it"
    )]
    pub fn new<Form>(provider: impl IntoAuthProvider<Form>) -> Self {
        match Self::try_new(provider) {
            Ok(layer) => layer,
            Err(error) => panic!("{error}"),
        }
    }

    /// A layer that asks this provider, or chain of providers, or returns why it cannot.
    ///
    /// # Errors
    ///
    /// Two of the providers would vouch for the same principals without meaning the same users.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthLayer, ConfigErrorKind, provider::{ApiKeyAuth, CompositeAuth}};
    ///
    /// let (old, new) = (ApiKeyAuth::new(["sk-live-9f"])?, ApiKeyAuth::new(["sk-live-4c"])?);
    /// let mixed_up = AuthLayer::try_new(CompositeAuth::new(old.clone()).or(new.clone()));
    /// assert_eq!(mixed_up.unwrap_err().kind(), ConfigErrorKind::Conflict);
    ///
    /// // Two sets of keys for the same callers, while one replaces the other:
    /// let (old, new) = (old.with_shared_source("keys")?, new.with_shared_source("keys")?);
    /// let layer = AuthLayer::try_new(CompositeAuth::new(old).or(new))?;
    /// # let _ = layer;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn try_new<Form>(provider: impl IntoAuthProvider<Form>) -> Result<Self, ConfigError> {
        let screened = ScreenedProvider::new(provider.into_provider(), Realm::default());
        let mut principals = PrincipalSources::default();
        principals.add(|| screened.provider().principal_sources())?;
        Ok(Self::of(screened, principals))
    }

    /// A layer that lets everybody in, as an anonymous caller with the scope `*`.
    ///
    /// Path rules count for nothing then. It logs one warning when it is built.
    ///
    /// # Security
    ///
    /// There is no authentication then. This constructor exists so that turning authentication off is
    /// a visible choice.
    pub fn disabled() -> Self {
        warn_of_disabled();
        Self::open()
    }

    /// Like [`disabled`](Self::disabled), without the warning: whoever builds it logs that later.
    pub(crate) fn open() -> Self {
        Self::open_to([])
    }

    /// A layer that lets everybody in, as whom these providers know or else as an anonymous caller.
    pub(crate) fn open_to(known: impl IntoIterator<Item = Arc<dyn AuthProvider>>) -> Self {
        Self::of(ScreenedProvider::open(known), PrincipalSources::default())
            .edit(|core| core.disabled = true)
    }

    fn of(screened: ScreenedProvider, principals: PrincipalSources) -> Self {
        let mut places = Places::new();
        places.add(screened.places());
        let mut rules = Rules::new();
        set_built_in(&mut rules, false);
        Self {
            core: Arc::new(Core {
                provider: Arc::new(screened),
                rules,
                principals,
                places,
                realm: Realm::default(),
                max_credential_len: DEFAULT_MAX_CREDENTIAL_LEN,
                hide_credentials: false,
                pass_preflight: false,
                disabled: false,
                report_caller: false,
                after: None,
                revoker: None,
                end_streams: false,
                attempts: None,
                proxies: None,
                requests: None,
                on_refusal: None,
                resource: Resource::default(),
                observers: None,
            }),
        }
    }

    /// Makes a path public: no credential is needed there, and no provider is asked.
    ///
    /// A rule names the whole path, also where the layer is inside a nested router: `/v1/hook`, not
    /// `/hook`.
    ///
    /// # Security
    ///
    /// Without axum's routing around this layer (a fallback, a plain service, the layer around the
    /// whole router) a `{param}` matches whatever stands there, also where the inner service has a
    /// route for it: prefer plain paths then. And what an inner service makes of a path cannot be
    /// seen from here: a service that rewrites paths belongs outside this layer, not inside. Where
    /// an inner service forwards requests to another server, a pattern with a parameter leaves out
    /// what that server could read as a step up (`/assets/../admin`), as [`PathRule`] says; what
    /// that server makes of the rest of a path below the pattern is its own affair.
    ///
    /// # Panics
    ///
    /// The pattern is malformed or conflicts with another rule; the text says how to mend it.
    #[must_use]
    #[track_caller]
    pub fn public(self, path: impl Into<PathRule>) -> Self {
        self.access(path, Access::Public)
    }

    /// Sets the rule of a path: whether a credential is needed there, and which provider checks it.
    ///
    /// # Panics
    ///
    /// The pattern is malformed or conflicts with another rule, or the provider of the path would
    /// vouch for the same principals as another provider of this layer without meaning the same
    /// users; the text says how to mend it.
    #[must_use]
    #[track_caller]
    #[expect(
        clippy::panic,
        reason = "a bad rule must not survive start-up; `try_access` returns it"
    )]
    pub fn access(self, path: impl Into<PathRule>, access: Access) -> Self {
        match self.try_access(path, access) {
            Ok(layer) => layer,
            Err(error) => panic!("{error}"),
        }
    }

    /// Makes a path public, or returns why that rule cannot be.
    ///
    /// # Errors
    ///
    /// The pattern is malformed or conflicts with another rule.
    pub fn try_public(self, path: impl Into<PathRule>) -> Result<Self, ConfigError> {
        self.try_access(path, Access::Public)
    }

    /// Sets the rule of a path, or returns why that rule cannot be.
    ///
    /// # Errors
    ///
    /// The pattern is malformed or conflicts with another rule, or the provider that is asked there
    /// would vouch for the same principals as another one of this layer without meaning the same
    /// users.
    pub fn try_access(
        mut self,
        path: impl Into<PathRule>,
        access: Access,
    ) -> Result<Self, ConfigError> {
        let core = Arc::make_mut(&mut self.core);
        let admission = match access {
            Access::Public => Admission::Public,
            Access::Optional => Admission::Optional,
            Access::Required => Admission::Required,
            Access::Provider(provider) => {
                let screened = ScreenedProvider::new(provider, core.realm.clone());
                let sources = core
                    .principals
                    .add(|| screened.provider().principal_sources())?;
                core.resource.warn_of(&sources);
                core.places.add(screened.places());
                Admission::Provider(Arc::new(screened))
            }
        };
        core.rules.add(path.into(), admission)?;
        Ok(self)
    }

    /// Sets whether `GET` and `HEAD` of `/docs`, `/docs/`, `/docs/{*rest}`, `/redoc` and
    /// `/openapi.json` are public; off unless set.
    ///
    /// A rule of yours for one of these paths goes first, and one for `/docs/{page}` takes the place
    /// of `/docs/{*rest}`. What somebody could read as a step up out of `/docs/` stays protected: see
    /// [`PathRule`].
    #[must_use]
    pub fn dev_docs(self, open: bool) -> Self {
        self.edit(|core| set_built_in(&mut core.rules, open))
    }

    /// Sets whether a true CORS preflight passes unasked; off unless set.
    ///
    /// Prefer a `CorsLayer` outside this layer: it answers preflights itself, and refusals carry
    /// its headers. With this setting, a handler for any method runs on a preflight.
    #[must_use]
    pub fn pass_preflight(self, pass: bool) -> Self {
        self.edit(|core| core.pass_preflight = pass)
    }

    /// Sets whether credentials are removed before the inner service runs; off unless set, and
    /// credential headers are then marked as sensitive.
    #[must_use]
    pub fn hide_credentials(self, hide: bool) -> Self {
        self.edit(|core| core.hide_credentials = hide)
    }

    /// Replaces the realm that challenges name, `api` unless set.
    ///
    /// # Errors
    ///
    /// The realm is empty or not printable ASCII.
    pub fn with_realm(self, realm: &str) -> Result<Self, ConfigError> {
        let realm = self.core.realm.named(realm)?;
        Ok(self.edit(|core| core.set_realm(realm)))
    }

    /// Replaces the greatest length of a credential in bytes: 8 KiB unless set, at most 64 KiB. A
    /// longer one is refused with 400 before a provider sees it.
    #[must_use]
    pub fn with_max_credential_len(self, bytes: usize) -> Self {
        self.edit(|core| core.max_credential_len = bytes.min(LONGEST_CREDENTIAL))
    }

    /// The headers that may hold a credential, for tower-http's `SetSensitiveRequestHeadersLayer`
    /// around a trace layer outside this one, which sees them before they are marked here.
    pub fn credential_headers(&self) -> Arc<[HeaderName]> {
        Arc::clone(self.core.places.headers())
    }

    pub(super) fn edit(mut self, change: impl FnOnce(&mut Core)) -> Self {
        change(Arc::make_mut(&mut self.core));
        self
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService::new(
            inner,
            AuthGate::new(CoreSource::fixed(Arc::clone(&self.core))),
        )
    }
}

impl fmt::Debug for AuthLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthLayer")
            .field("credential_headers", self.core.places.headers())
            .field("realm", &self.core.realm)
            .finish_non_exhaustive()
    }
}

pub(crate) fn warn_of_disabled() {
    tracing::warn!(
        target: "tower_auth",
        "authentication is disabled: every caller is let in with every scope"
    );
}

fn set_built_in(rules: &mut Rules<Admission>, dev_docs: bool) {
    let docs = if dev_docs { DEV_DOCS } else { &[] };
    rules
        .set_built_in([HEALTH].iter().chain(docs).copied(), &Admission::Public)
        .expect("INVARIANT: the built-in patterns are well-formed");
}

const HEALTH: &str = "/health";
const DEV_DOCS: &[&str] = &[
    "/docs",
    "/docs/",
    "/docs/{*rest}",
    "/redoc",
    "/openapi.json",
];
/// The longest token that the JOSE parser takes; no other credential needs more.
pub(crate) const LONGEST_CREDENTIAL: usize = 64 * 1024;
