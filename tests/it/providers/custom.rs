//! Providers that a user writes: every form, as a newcomer would write it [8.2].

use std::{collections::HashMap, convert::Infallible, sync::Arc};

use http::{HeaderName, Request, Response, StatusCode};
use http_body_util::Empty;
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::{
    Access, AuthContext, AuthError, AuthLayer, AuthRequest, AuthRequestBuf, AuthResult,
    CredentialSource, Message,
    provider::{
        AllowlistAuth, ApiKeyAuth, AsyncAuthProvider, AuthProvider, Authentication, Awaited,
        CompositeAuth, PrincipalSource, async_provider_fn, provider_fn,
    },
};

/// Answers at once.
struct Internal(&'static str);

impl AuthProvider for Internal {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        match request.header("x-internal") {
            None => Ok(None),
            Some(token) if token == self.0 => {
                Ok(Some(AuthContext::new("internal").with_source("internal")))
            }
            Some(_) => Err(AuthError::invalid_credential("unknown_token")),
        }
        .into()
    }

    /// Every token is of the same users.
    fn principal_sources(&self) -> Vec<PrincipalSource> {
        vec![PrincipalSource::shared("custom", "internal")]
    }
}

/// Has to wait.
struct Sessions {
    db: Db,
}

#[derive(Clone, Default)]
struct Db(Arc<HashMap<String, User>>);

#[derive(Clone)]
struct User {
    id: String,
    role: String,
}

impl Db {
    fn with(token: &str, id: &str, role: &str) -> Self {
        let user = User {
            id: id.to_owned(),
            role: role.to_owned(),
        };
        Self(Arc::new(HashMap::from([(token.to_owned(), user)])))
    }

    async fn session(&self, token: &str) -> Result<Option<User>, std::io::Error> {
        tokio::task::yield_now().await;
        match token {
            "down" => Err(std::io::Error::other("connection refused at db.internal")),
            token => Ok(self.0.get(token).cloned()),
        }
    }
}

// As the design's "What a user writes" has it.
impl AsyncAuthProvider for Sessions {
    async fn authenticate(self: Arc<Self>, request: AuthRequestBuf) -> AuthResult {
        let Some(token) = request.header("x-session") else {
            return Ok(None);
        };
        let user = self
            .db
            .session(token)
            .await
            .map_err(AuthError::unavailable)?;
        Ok(user.map(|u| {
            AuthContext::new(u.id)
                .with_source("db")
                .with_claim("role", u.role)
        }))
    }

    /// Every one of them looks into the same table.
    fn principal_sources(&self) -> Vec<PrincipalSource> {
        vec![PrincipalSource::shared("custom", "db")]
    }
}

fn sessions() -> Sessions {
    Sessions {
        db: Db::with("7f", "ada", "editor"),
    }
}

/// Who the handler says the caller is, or the refusal's status.
async fn call(layer: &AuthLayer, header: (&str, &str)) -> Result<String, StatusCode> {
    let inner = service_fn(async |request: Request<()>| {
        let caller = request.extensions().get::<AuthContext>();
        let mut response = Response::new(Empty::<bytes::Bytes>::new());
        response
            .extensions_mut()
            .insert(caller.map_or("nobody".to_owned(), |caller| caller.user_id().to_owned()));
        Ok::<_, Infallible>(response)
    });
    let request = Request::get("/run").header(header.0, header.1);
    let request = request.body(()).unwrap();
    let response = layer.layer(inner).oneshot(request).await.unwrap();
    let caller = response.extensions().get::<String>().cloned();
    caller.ok_or(response.status())
}

#[tokio::test]
async fn a_struct_with_one_method_is_a_provider() {
    let layer = AuthLayer::new(Internal("t0ken"));
    let caller = call(&layer, ("x-internal", "t0ken")).await;
    assert_eq!(caller.as_deref(), Ok("internal"));
    let refused = call(&layer, ("x-internal", "other")).await;
    assert_eq!(refused, Err(StatusCode::UNAUTHORIZED));
}

#[tokio::test]
async fn a_struct_with_one_async_fn_is_a_provider() {
    let layer = AuthLayer::new(sessions());
    assert_eq!(
        call(&layer, ("x-session", "7f")).await.as_deref(),
        Ok("ada")
    );
    let unknown = call(&layer, ("x-session", "00")).await;
    assert_eq!(unknown, Err(StatusCode::UNAUTHORIZED));
}

#[tokio::test]
async fn a_database_that_is_down_is_503_and_never_401() {
    let layer = AuthLayer::new(sessions());
    let refused = call(&layer, ("x-session", "down")).await;
    assert_eq!(refused, Err(StatusCode::SERVICE_UNAVAILABLE));
}

#[tokio::test]
async fn a_closure_is_a_provider_without_annotations() {
    let layer = AuthLayer::new(provider_fn(|request| {
        Ok(request.header("x-user").map(AuthContext::new))
    }));
    assert_eq!(call(&layer, ("x-user", "ada")).await.as_deref(), Ok("ada"));
}

#[tokio::test]
async fn an_async_closure_is_a_provider_without_annotations() {
    let layer = AuthLayer::new(async_provider_fn(async |request| {
        tokio::task::yield_now().await;
        Ok(request.header("x-user").map(AuthContext::new))
    }));
    assert_eq!(call(&layer, ("x-user", "ada")).await.as_deref(), Ok("ada"));
}

#[tokio::test]
async fn a_closure_over_a_database_clones_its_handle() {
    let db = Db::with("7f", "ada", "editor");
    let layer = AuthLayer::new(async_provider_fn(move |request| {
        let db = db.clone();
        async move {
            let Some(token) = request.header("x-session") else {
                return Ok(None);
            };
            let user = db.session(token).await.map_err(AuthError::unavailable)?;
            Ok(user.map(|user| AuthContext::new(user.id)))
        }
    }));
    for _ in 0..2 {
        let caller = call(&layer, ("x-session", "7f")).await;
        assert_eq!(caller.as_deref(), Ok("ada"));
    }
}

#[tokio::test]
async fn a_plain_function_is_a_provider() {
    fn judge(request: &AuthRequest<'_>) -> AuthResult {
        Ok(request.header("x-user").map(AuthContext::new))
    }
    async fn judge_later(request: AuthRequestBuf) -> AuthResult {
        Ok(request.header("x-later").map(AuthContext::new))
    }
    let now = provider_fn(judge).with_source("now").unwrap();
    let later = async_provider_fn(judge_later).with_source("later").unwrap();
    let chain = CompositeAuth::new(now).or(later);
    let layer = AuthLayer::new(chain);
    assert_eq!(call(&layer, ("x-user", "ada")).await.as_deref(), Ok("ada"));
    assert_eq!(call(&layer, ("x-later", "bob")).await.as_deref(), Ok("bob"));
}

#[tokio::test]
async fn every_form_stands_in_one_chain() {
    let shared: Arc<dyn AuthProvider> = Arc::new(Internal("shared"));
    let counted = Arc::new(Internal("counted"));
    let now =
        provider_fn(|request: &AuthRequest<'_>| Ok(request.header("x-sync").map(AuthContext::new)))
            .with_source("now")
            .unwrap();
    let later = async_provider_fn(async |request: AuthRequestBuf| {
        Ok(request.header("x-async").map(AuthContext::new))
    })
    .with_source("later")
    .unwrap();
    let chain = CompositeAuth::new(Internal("own"))
        .or(sessions())
        .or(now)
        .or(later)
        .or(shared)
        .or(Arc::clone(&counted))
        .or(Awaited::new(sessions()))
        .or(ApiKeyAuth::new(["sk-live-9f"]).unwrap())
        .or(AllowlistAuth::on_platforms(["telegram"], ["42"]).unwrap());
    let layer = AuthLayer::new(chain);
    for (name, value, caller) in [
        ("x-internal", "own", "internal"),
        ("x-internal", "shared", "internal"),
        ("x-internal", "counted", "internal"),
        ("x-session", "7f", "ada"),
        ("x-sync", "bob", "bob"),
        ("x-async", "eve", "eve"),
    ] {
        let seen = call(&layer, (name, value)).await;
        assert_eq!(seen.as_deref(), Ok(caller), "{name}: {value}");
    }
}

#[tokio::test]
async fn every_form_guards_a_path_of_its_own() {
    let shared: Arc<dyn AuthProvider> = Arc::new(Internal("t0ken"));
    for access in [
        Access::provider(Internal("t0ken")),
        Access::provider(Arc::new(Internal("t0ken"))),
        Access::provider(Arc::clone(&shared)),
        Access::Provider(shared.clone()),
    ] {
        let layer = AuthLayer::new(sessions()).access("/run", access);
        let caller = call(&layer, ("x-internal", "t0ken")).await;
        assert_eq!(caller.as_deref(), Ok("internal"));
    }
    let layer = AuthLayer::new(Internal("t0ken")).access("/run", Access::provider(sessions()));
    assert_eq!(
        call(&layer, ("x-session", "7f")).await.as_deref(),
        Ok("ada")
    );
}

#[tokio::test]
async fn a_shared_async_provider_is_a_provider() {
    let shared = Arc::new(sessions());
    let layer = AuthLayer::new(Arc::clone(&shared));
    assert_eq!(
        call(&layer, ("x-session", "7f")).await.as_deref(),
        Ok("ada")
    );
    assert!(
        Arc::strong_count(&shared) > 1,
        "the layer holds the same one"
    );
}

#[tokio::test]
async fn a_check_follows_an_async_provider() {
    let layer =
        AuthLayer::new(sessions().and_then(
            async |context, _| match context.claim::<String>("role") {
                Ok(Some(role)) if role == "admin" => Ok(context),
                _ => Err(AuthError::forbidden("not_an_admin")),
            },
        ));
    let refused = call(&layer, ("x-session", "7f")).await;
    assert_eq!(refused, Err(StatusCode::FORBIDDEN));
}

#[tokio::test]
async fn the_places_that_a_closure_names_are_screened_like_anyone_elses() {
    let source = CredentialSource::header(HeaderName::from_static("x-user"));
    let provider = async_provider_fn(async |_| Ok(Some(AuthContext::new("ada"))))
        .with_credentials([source])
        .with_name("users");
    assert_eq!(provider.name(), "users");
    let layer = AuthLayer::new(provider);
    let long = "k".repeat(8 * 1024 + 1);
    let refused = call(&layer, ("x-user", &long)).await;
    assert_eq!(refused, Err(StatusCode::BAD_REQUEST));
}

#[tokio::test]
async fn a_handler_asks_the_chain_that_the_layer_uses() {
    let chain = CompositeAuth::new(ApiKeyAuth::new(["sk-live-9f"]).unwrap())
        .or(AllowlistAuth::on_platforms(["telegram"], ["42"]).unwrap());
    let _layer = AuthLayer::new(chain.clone());
    let message = Message::new("telegram").with_user_id(42);
    let caller = chain.authenticate(&AuthRequest::message(&message)).await;
    assert_eq!(caller.unwrap().unwrap().user_id(), "42");
}
