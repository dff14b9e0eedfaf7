//! Whose session is whose: `rmcp` serves a session of an earlier version to whoever knows its id.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use tower_auth::{AuthContext, Principal};

/// Who began each session.
#[derive(Clone)]
pub(crate) struct Owners {
    sessions: Arc<LocalSessionManager>,
    owners: Arc<Mutex<HashMap<String, Principal<'static>>>>,
}

impl Owners {
    pub(crate) fn new(sessions: Arc<LocalSessionManager>) -> Self {
        Self {
            sessions,
            owners: Arc::default(),
        }
    }

    fn is_of(&self, session: &str, caller: &AuthContext) -> bool {
        let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners.get(session) == Some(&caller.principal())
    }

    async fn add(&self, session: String, caller: &AuthContext) {
        let live = self.sessions.sessions.read().await;
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that ended meanwhile, by themselves too.
        owners.retain(|known, _| live.contains_key(&**known));
        owners.insert(session, caller.principal().into_owned());
    }
}

/// Lets a session serve nobody but the caller who began it: to others it is one that is not there.
pub(crate) async fn of_its_caller(
    State(owners): State<Owners>,
    caller: AuthContext,
    request: Request,
    next: Next,
) -> Response {
    let shown = session(request.headers());
    if let Some(session) = &shown
        && !owners.is_of(session, &caller)
    {
        return (StatusCode::NOT_FOUND, "no such session").into_response();
    }
    let response = next.run(request).await;
    if let (None, Some(begun)) = (shown, session(response.headers())) {
        owners.add(begun, &caller).await;
    }
    response
}

/// The id of a session, as `rmcp` reads it: the first one.
fn session(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("mcp-session-id")?;
    Some(String::from_utf8_lossy(id.as_bytes()).into_owned())
}
