//! Closures with a state: what they need is handed to them, and nothing is captured [8.2].

use std::{collections::HashMap, sync::Arc};

use crate::common;

use axum::{Router, routing::any};
use common::{
    answer::{guarded, run, witness},
    log::Log,
};
use http::{HeaderName, header};
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequestBuf, AuthResult, CredentialSource, Secret,
    authorize::{AuthorizeLayer, async_authorizer_fn_with_state},
    provider::{
        ApiKeyAuth, ApiKeyRecord, AsyncAuthProvider, AuthProvider, CompositeAuth,
        async_provider_fn_with_state, token_provider,
    },
};

const KEY: &str = "sk-live-9f3a51d8c702";

/// A database: it has to be waited for, and fails for one token.
struct Db(HashMap<&'static str, &'static str>);

impl Db {
    fn new() -> Self {
        Self(HashMap::from([("7f", "ada"), ("4c", "eve")]))
    }

    async fn user_of(&self, token: &str) -> Result<Option<&'static str>, std::io::Error> {
        tokio::task::yield_now().await;
        match token {
            "broken" => Err(std::io::Error::other("the database is away")),
            _ => Ok(self.0.get(token).copied()),
        }
    }
}

/// A state behind a trait, as a program hands it about.
trait Users: Send + Sync {
    fn is_active(&self, user: &str) -> bool;
}

struct OnlyAda;

impl Users for OnlyAda {
    fn is_active(&self, user: &str) -> bool {
        user == "ada"
    }
}

fn session() -> CredentialSource {
    CredentialSource::header(HeaderName::from_static("x-session"))
}

fn sessions() -> impl AuthProvider {
    token_provider(session(), Db::new(), async |db: Arc<Db>, token: Secret| {
        let user = db.user_of(token.expose()).await;
        Ok(user.map_err(AuthError::unavailable)?.map(AuthContext::new))
    })
    .with_name("sessions")
}

fn shown(token: &str) -> [(&str, &[u8]); 1] {
    [("x-session", token.as_bytes())]
}

#[tokio::test]
async fn a_closure_is_handed_its_state_at_each_call() {
    let db = Arc::new(Db::new());
    let provider = async_provider_fn_with_state(
        Arc::clone(&db),
        async |db: Arc<Db>, request: AuthRequestBuf| {
            let Some(token) = request.header("x-session") else {
                return Ok(None);
            };
            let user = db.user_of(token).await.map_err(AuthError::unavailable)?;
            Ok(user.map(AuthContext::new))
        },
    )
    .with_credentials([session()]);
    let app = guarded(AuthLayer::new(provider));
    for (token, user) in [("7f", "ada"), ("4c", "eve"), ("7f", "ada")] {
        run(&app, &shown(token)).await.accepted_as(user);
    }
    run(&app, &shown("broken"))
        .await
        .refused_with(503, "unavailable");
}

#[tokio::test]
async fn a_check_is_handed_its_state_after_any_provider() {
    let users: Arc<dyn Users> = Arc::new(OnlyAda);
    let active = async |users: Arc<dyn Users>, caller: AuthContext, _: AuthRequestBuf| match users
        .is_active(caller.user_id())
    {
        true => Ok(caller),
        false => Err(AuthError::forbidden("inactive")),
    };
    let keys = ApiKeyAuth::new(ApiKeyRecord::new("ada", KEY).unwrap()).unwrap();
    let keys = keys.and_then_with_state(Arc::clone(&users), active);
    run(
        &guarded(AuthLayer::new(keys)),
        &[("x-api-key", KEY.as_bytes())],
    )
    .await
    .accepted_as("ada");

    let app = guarded(AuthLayer::new(
        sessions().and_then_with_state(users, active),
    ));
    run(&app, &shown("7f")).await.accepted_as("ada");
    run(&app, &shown("4c")).await.refused_with(403, "forbidden");
}

#[tokio::test]
async fn an_asynchronous_provider_takes_a_check_with_a_state_too() {
    struct Everybody;
    impl AsyncAuthProvider for Everybody {
        async fn authenticate(self: Arc<Self>, request: AuthRequestBuf) -> AuthResult {
            Ok(request.header("x-session").map(AuthContext::new))
        }
    }
    let checked = Everybody.and_then_with_state(
        "ada".to_owned(),
        async |only: Arc<String>, caller: AuthContext, _| match caller.user_id() == *only {
            true => Ok(caller),
            false => Err(AuthError::forbidden("another")),
        },
    );
    let app = guarded(AuthLayer::new(checked));
    run(&app, &shown("ada")).await.accepted_as("ada");
    run(&app, &shown("eve"))
        .await
        .refused_with(403, "forbidden");
}

#[tokio::test]
async fn an_authorizer_is_handed_its_state_at_each_call() {
    let grants = async_authorizer_fn_with_state(
        Db(HashMap::from([("ada", "graph")])),
        async |db: Arc<Db>, caller: AuthContext, resource: String, _action| {
            let granted = db.user_of(caller.user_id()).await;
            match granted.map_err(AuthError::unavailable)? {
                Some(granted) if granted == resource => Ok(()),
                _ => Err(AuthError::forbidden("no_grant")),
            }
        },
    );
    let app = Router::new()
        .route("/run", any(witness))
        .layer(AuthorizeLayer::new(grants, "graph", "invoke").unwrap())
        .layer(AuthLayer::new(sessions()));
    run(&app, &shown("7f")).await.accepted_as("ada");
    run(&app, &shown("4c")).await.refused_with(403, "forbidden");
}

#[tokio::test]
async fn a_token_that_is_known_is_accepted_and_an_unknown_one_is_wrong() {
    let app = guarded(AuthLayer::new(sessions()));
    let answer = run(&app, &shown("7f")).await;
    answer.accepted_as("ada");
    assert_eq!(answer.seen().context.as_ref().unwrap().method(), "sessions");

    let log = Log::start();
    run(&app, &shown("nobodys"))
        .await
        .refused_with(401, "invalid_credential");
    assert_eq!(log.only().field("reason"), Some("token_unknown"));
    run(&app, &[]).await.refused_with(401, "missing_credential");
    run(&app, &shown("broken"))
        .await
        .refused_with(503, "unavailable");
}

#[tokio::test]
async fn a_token_provider_names_its_credential_by_itself() {
    let layer = AuthLayer::new(sessions());
    let name = HeaderName::from_static("x-session");
    assert!(layer.credential_headers().contains(&name));

    let app = guarded(layer);
    let answer = run(&app, &shown("7f")).await;
    assert!(answer.seen().headers["x-session"].is_sensitive());
    run(&app, &[("x-session", b"7f"), ("x-session", b"4c")])
        .await
        .refused_with(400, "invalid_request");

    let token = CredentialSource::authorization("Token");
    let provider = token_provider(token, (), async |_: Arc<()>, _| Ok(None));
    let answer = run(&guarded(AuthLayer::new(provider)), &[]).await;
    assert_eq!(answer.challenges(), ["Token realm=\"api\""]);
}

#[tokio::test]
async fn a_token_that_is_no_text_is_refused_unasked() {
    let panics = token_provider(session(), (), async |_: Arc<()>, _: Secret| {
        panic!("nobody is asked")
    });
    let app = guarded(AuthLayer::new(panics));
    run(&app, &[("x-session", b"\xff\xfe")])
        .await
        .refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn a_token_of_another_provider_is_left_to_it() {
    let bearer = CredentialSource::bearer();
    let tokens = token_provider(bearer, Db::new(), async |db: Arc<Db>, token: Secret| {
        let user = db.user_of(token.expose()).await;
        Ok(user.map_err(AuthError::unavailable)?.map(AuthContext::new))
    })
    .with_name("sessions");
    let keys = ApiKeyAuth::new(ApiKeyRecord::new("frontend", KEY).unwrap()).unwrap();
    let app = guarded(AuthLayer::new(CompositeAuth::new(tokens).or(keys)));
    for (token, user) in [("7f", "ada"), (KEY, "frontend")] {
        let value = format!("Bearer {token}");
        run(&app, &[(header::AUTHORIZATION.as_str(), value.as_bytes())])
            .await
            .accepted_as(user);
    }
}
