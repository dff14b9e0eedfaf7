//! A layer, what stands behind it, and what it is told: as data, and as a service made of them.

use std::{
    convert::Infallible,
    fs,
    path::PathBuf,
    process,
    sync::{Arc, Mutex, atomic::AtomicU64, atomic::Ordering},
};

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse, Response},
    routing::Route,
};
use http::HeaderName;
use serde_json::json;
use tower::{Layer, Service, ServiceExt, util::BoxCloneSyncService};
use tower_auth::{
    Access, AuthContext, AuthError, AuthLayer, AuthRequest, ConfigError, CredentialSource,
    PathRule,
    auth::AuthService,
    config::{AuthConfig, ReloadHandle},
    provider::{
        ApiKeyAuth, ApiKeyHandle, ApiKeyRecord, AuthProvider, Authentication, CompositeAuth,
    },
};

use crate::access::properties::{
    answer,
    common::paths_model::{Kind, Pattern, Rule, Segment, text},
    table,
};

/// The longest credential that is looked at.
pub const LONGEST: usize = 100;

#[derive(Clone, Debug)]
pub struct World {
    pub wiring: Wiring,
    pub routes: Vec<Pattern>,
    pub rules: Vec<Rule>,
    pub dev_docs: bool,
    pub pass_preflight: bool,
    pub main: Provider,
    /// Asked after the main one, where it is there; its keys never change.
    pub second: Option<Provider>,
    /// Asked where a path has a provider of its own.
    pub own: Provider,
    /// Whether a file tells the layer about keys, the docs and which paths are public.
    pub by_file: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiring {
    Layer,
    RouteLayer,
    Around,
    /// In a fallback of a router outside.
    Fallback,
    /// Inside `nest("/n", …)`.
    Nested,
}

#[derive(Clone, Debug)]
pub struct Provider {
    pub sources: Vec<Source>,
    pub keys: Vec<Key>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub name: &'static str,
    pub key: &'static str,
    pub revoked: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub place: Place,
    pub fallback: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Header,
    Bearer,
    /// With the origins whose pages may act with it.
    Cookie(Vec<&'static str>),
    WebSocket,
    Query,
}

pub type App = BoxCloneSyncService<Request, Response, Infallible>;

/// A world that serves.
pub struct Served {
    pub app: App,
    main: Option<ApiKeyHandle>,
    own: ApiKeyHandle,
    file: Option<File>,
}

struct File {
    path: PathBuf,
    handle: ReloadHandle,
    /// What the file cannot say.
    coded: Arc<Mutex<Vec<Rule>>>,
}

impl World {
    pub fn serve(&self) -> Served {
        let own = self.own.build().with_source("own").unwrap();
        let own_handle = own.handle();
        if self.by_file {
            return self.serve_by_file(own);
        }
        let main = self.main.build();
        let handle = main.handle();
        let layer = match &self.second {
            Some(second) => AuthLayer::new(CompositeAuth::new(main).or(Second::of(second))),
            None => AuthLayer::new(main),
        };
        let layer = layer
            .dev_docs(self.dev_docs)
            .pass_preflight(self.pass_preflight)
            .with_max_credential_len(LONGEST);
        let layer = with_rules(layer, &self.rules, &own).unwrap();
        Served {
            app: self.wire(layer),
            main: Some(handle),
            own: own_handle,
            file: None,
        }
    }

    fn serve_by_file(&self, own: ApiKeyAuth) -> Served {
        static FILES: AtomicU64 = AtomicU64::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let name = format!("tower-auth-oracle-{}-{number}.json", process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, self.file()).unwrap();
        let coded = Arc::new(Mutex::new(self.coded()));
        let (rules, preflight, own_handle) =
            (Arc::clone(&coded), self.pass_preflight, own.handle());
        let adjust = move |layer: AuthLayer| {
            let layer = layer
                .pass_preflight(preflight)
                .with_max_credential_len(LONGEST);
            with_rules(layer, &rules.lock().unwrap(), &own)
        };
        let config = AuthConfig::from_file(&path).with_layer(adjust);
        let (layer, handle) = config
            .into_reload_layer()
            .unwrap_or_else(|faults| panic!("{faults}\n{}", self.file()));
        Served {
            app: self.wire(layer),
            main: None,
            own: own_handle,
            file: Some(File {
                path,
                handle,
                coded,
            }),
        }
    }

    /// The rules that a file cannot say.
    fn coded(&self) -> Vec<Rule> {
        let rules = self.rules.iter();
        rules.filter(|rule| !is_said(rule)).cloned().collect()
    }

    fn file(&self) -> String {
        let keys = self.main.keys.iter().map(
            |key| json!({"name": key.name, "key": key.key, "scopes": [], "revoked": key.revoked}),
        );
        let public = self.rules.iter().filter(|rule| is_said(rule));
        let auth = json!({
            "api_keys": keys.collect::<Vec<_>>(),
            "public_paths": public.map(|rule| text(&rule.pattern)).collect::<Vec<_>>(),
            "dev_docs": self.dev_docs,
        });
        json!({"auth": auth}).to_string()
    }

    fn wire<L>(&self, layer: L) -> App
    where
        L: Layer<Route, Service = AuthService<Route>>
            + Layer<Router, Service = AuthService<Router>>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        let table = self.table();
        match self.wiring {
            Wiring::Layer => boxed(table.layer(layer)),
            Wiring::RouteLayer if self.routes.is_empty() => boxed(table),
            Wiring::RouteLayer => boxed(table.route_layer(layer)),
            Wiring::Around => boxed(layer.layer(table)),
            Wiring::Fallback => boxed(Router::new().fallback_service(table.layer(layer))),
            Wiring::Nested => boxed(Router::new().nest("/n", table.layer(layer))),
        }
    }

    fn table(&self) -> Router {
        table(&self.routes).fallback(answer(None))
    }

    /// What would serve without a layer.
    pub fn bare(&self) -> Router {
        match self.wiring {
            Wiring::Nested => Router::new().nest("/n", self.table()),
            _ => self.table(),
        }
    }
}

fn boxed<S>(service: S) -> App
where
    S: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    BoxCloneSyncService::new(service.map_response(IntoResponse::into_response))
}

/// Whether a file can say it: `public_paths` names no method, and never every path.
fn is_said(rule: &Rule) -> bool {
    rule.kind == Kind::Public && rule.method.is_none() && rule.pattern != [Segment::Rest]
}

fn with_rules(
    layer: AuthLayer,
    rules: &[Rule],
    own: &ApiKeyAuth,
) -> Result<AuthLayer, ConfigError> {
    rules.iter().try_fold(layer, |layer, rule| {
        let access = match rule.kind {
            Kind::Public => Access::Public,
            Kind::Optional => Access::Optional,
            Kind::Required => Access::Required,
            Kind::Own => Access::provider(own.clone()),
        };
        let path = text(&rule.pattern);
        match &rule.method {
            Some(method) => layer.try_access((method.clone(), path), access),
            None => layer.try_access(PathRule::from(path), access),
        }
    })
}

impl Served {
    /// Takes the main provider's keys, and what a file says beside them, from a world that changed.
    pub fn follow(&self, world: &World) {
        if let Some(main) = &self.main {
            main.replace_all(world.main.records()).unwrap();
        }
        self.own.replace_all(world.own.records()).unwrap();
        if let Some(file) = &self.file {
            *file.coded.lock().unwrap() = world.coded();
            fs::write(&file.path, world.file()).unwrap();
            file.handle
                .reload()
                .unwrap_or_else(|faults| panic!("{faults}"));
        }
    }

    /// Changes one key of the main provider by itself, where a handle can.
    pub fn change_key(&self, change: &KeyChange) -> bool {
        let Some(main) = &self.main else {
            return false;
        };
        match change {
            KeyChange::Add(key) => main.add(key.record()).unwrap(),
            KeyChange::Replace(key) => main.replace(key.record()).unwrap(),
            KeyChange::Revoke(name) => main.revoke(name).unwrap(),
            KeyChange::Remove(name) => main.remove(name).unwrap(),
        }
        true
    }

    /// Reads a file that is at fault, which must change nothing.
    pub fn read_a_faulty_file(&self) {
        if let Some(file) = &self.file {
            fs::write(
                &file.path,
                r#"{"auth": {"api_keys": [{"name": "x"}], "public_paths": ["/{*rest}"]}}"#,
            )
            .unwrap();
            file.handle.reload().unwrap_err();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = fs::remove_file(&file.path);
        }
    }
}

#[derive(Debug)]
pub enum KeyChange {
    Add(Key),
    Replace(Key),
    Revoke(&'static str),
    Remove(&'static str),
}

impl Key {
    fn record(&self) -> ApiKeyRecord {
        let record = ApiKeyRecord::new(self.name, self.key).unwrap();
        record.with_revoked(self.revoked)
    }
}

impl Provider {
    fn records(&self) -> Vec<ApiKeyRecord> {
        self.keys.iter().map(Key::record).collect()
    }

    fn sources(&self) -> Vec<CredentialSource> {
        self.sources.iter().map(Source::build).collect()
    }

    fn build(&self) -> ApiKeyAuth {
        let keys = ApiKeyAuth::new(self.records()).unwrap();
        keys.with_credentials(self.sources())
    }
}

impl Source {
    fn build(&self) -> CredentialSource {
        let source = match &self.place {
            Place::Header => CredentialSource::header(HeaderName::from_static("x-api-key")),
            Place::Bearer => CredentialSource::bearer(),
            Place::Cookie(origins) => {
                let cookie = CredentialSource::cookie("session");
                cookie.with_origins(origins).unwrap()
            }
            Place::WebSocket => CredentialSource::websocket_protocol(),
            Place::Query => CredentialSource::insecure_query("key"),
        };
        if self.fallback {
            source.fallback()
        } else {
            source
        }
    }
}

/// A provider of the user's own: the second in a chain.
struct Second {
    sources: Vec<CredentialSource>,
    keys: Vec<Key>,
}

impl Second {
    fn of(provider: &Provider) -> Self {
        Self {
            sources: provider.sources(),
            keys: provider.keys.clone(),
        }
    }
}

impl AuthProvider for Second {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        let answer = request.credential(&self.sources).and_then(|shown| {
            let Some(shown) = shown else { return Ok(None) };
            let known = self
                .keys
                .iter()
                .find(|key| key.key.as_bytes() == shown.as_bytes());
            match known {
                Some(key) if !key.revoked => Ok(Some(AuthContext::new(key.name))),
                _ => Err(AuthError::invalid_credential("unknown")),
            }
        });
        answer.into()
    }

    fn credentials(&self) -> &[CredentialSource] {
        &self.sources
    }
}
