//! A provider of one's own: session tokens that a database knows.
//!
//! The database is SQLite, in memory, so that the example runs by itself. Its calls block, so they
//! run where blocking is allowed; with an asynchronous driver one awaits the query instead.

use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderName, Request, StatusCode},
    routing::get,
};
use http_body_util::BodyExt;
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequestBuf, AuthResult, CredentialSource,
    provider::AsyncAuthProvider,
};

struct SessionAuth {
    database: Arc<Mutex<Connection>>,
    sources: [CredentialSource; 1],
}

/// A session, and what its user looks like at this moment.
struct Session {
    user_id: String,
    role: String,
    active: bool,
    expires_at: SystemTime,
}

impl AsyncAuthProvider for SessionAuth {
    async fn authenticate(self: Arc<Self>, request: AuthRequestBuf) -> AuthResult {
        let Some(token) = request.credential(&self.sources)? else {
            return Ok(None);
        };
        let digest = digest(token.as_bytes());
        let database = Arc::clone(&self.database);
        // "Could not check" is an answer of its own: an outage never reads as a wrong token.
        let session = tokio::task::spawn_blocking(move || find(&database, &digest))
            .await
            .map_err(AuthError::unavailable)?
            .map_err(AuthError::unavailable)?
            .ok_or_else(|| AuthError::invalid_credential("unknown_session"))?;

        if session.expires_at <= SystemTime::now() {
            return Err(AuthError::expired_credential("session_expired"));
        }
        if !session.active {
            return Err(
                AuthError::forbidden("user_inactive").with_message("this account is not active")
            );
        }
        Ok(Some(
            AuthContext::new(session.user_id)
                .with_method("session")
                .with_claim("role", session.role)
                .with_expires_at(session.expires_at),
        ))
    }

    /// Named, so that the layer refuses two tokens at once and keeps them out of logs.
    fn credentials(&self) -> &[CredentialSource] {
        &self.sources
    }

    fn name(&self) -> &'static str {
        "session"
    }
}

fn find(database: &Mutex<Connection>, digest: &[u8]) -> rusqlite::Result<Option<Session>> {
    let database = database.lock().unwrap_or_else(PoisonError::into_inner);
    let mut query = database.prepare_cached(
        "SELECT user_id, role, active, expires_at FROM sessions JOIN users ON id = user_id
         WHERE token_sha256 = ?1",
    )?;
    let session = query.query_row([digest], |row| {
        Ok(Session {
            user_id: row.get(0)?,
            role: row.get(1)?,
            active: row.get(2)?,
            expires_at: UNIX_EPOCH + Duration::from_secs(row.get::<_, u32>(3)?.into()),
        })
    });
    session.optional()
}

/// What is stored: whoever reads the database cannot take over a session. A plain SHA-256 is
/// enough, because a token is random and long; for passwords it is not.
fn digest(token: &[u8]) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

async fn whoami(caller: AuthContext) -> Result<String, StatusCode> {
    let role: Option<String> = caller
        .claim("role")
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(format!(
        "{} ({})",
        caller.user_id(),
        role.unwrap_or_default()
    ))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = Arc::new(Mutex::new(example_database()?));
    let app = Router::new()
        .route("/whoami", get(whoami))
        .layer(AuthLayer::new(SessionAuth {
            database: Arc::clone(&database),
            sources: [CredentialSource::header(HeaderName::from_static(
                "x-session",
            ))],
        }));

    for (token, status, says) in [
        ("ada-7f31", StatusCode::OK, "ada (editor)"),
        (
            "bob-02c8",
            StatusCode::FORBIDDEN,
            "this account is not active",
        ),
        ("ada-old", StatusCode::UNAUTHORIZED, "expired_credential"),
        ("guessed", StatusCode::UNAUTHORIZED, "invalid_credential"),
    ] {
        expect(&app, token, status, says).await?;
    }

    execute(&database, "UPDATE users SET active = 0 WHERE id = 'ada'")?;
    expect(&app, "ada-7f31", StatusCode::FORBIDDEN, "not active").await?;

    execute(&database, "DROP TABLE sessions")?;
    expect(
        &app,
        "ada-7f31",
        StatusCode::SERVICE_UNAVAILABLE,
        "unavailable",
    )
    .await
}

fn example_database() -> rusqlite::Result<Connection> {
    let database = Connection::open_in_memory()?;
    database.execute_batch(
        "CREATE TABLE users (id TEXT PRIMARY KEY, role TEXT NOT NULL, active INTEGER NOT NULL);
         CREATE TABLE sessions (
             token_sha256 BLOB PRIMARY KEY,
             user_id TEXT NOT NULL REFERENCES users,
             expires_at INTEGER NOT NULL
         );
         INSERT INTO users VALUES ('ada', 'editor', 1), ('bob', 'viewer', 0);",
    )?;
    for (token, user_id, expires_at) in [
        ("ada-7f31", "ada", u32::MAX),
        ("ada-old", "ada", 1),
        ("bob-02c8", "bob", u32::MAX),
    ] {
        database.execute(
            "INSERT INTO sessions VALUES (?1, ?2, ?3)",
            (digest(token.as_bytes()), user_id, expires_at),
        )?;
    }
    Ok(database)
}

fn execute(database: &Mutex<Connection>, statement: &str) -> rusqlite::Result<()> {
    let database = database.lock().unwrap_or_else(PoisonError::into_inner);
    database.execute_batch(statement)
}

async fn expect(
    app: &Router,
    token: &str,
    status: StatusCode,
    says: &str,
) -> Result<(), Box<dyn Error>> {
    let request = Request::get("/whoami").header("x-session", token);
    let response = app.clone().oneshot(request.body(Body::empty())?).await?;
    assert_eq!(response.status(), status);
    let body = response.into_body().collect().await?.to_bytes();
    let body = String::from_utf8(body.into())?;
    println!("{token:<10} {status}: {body}");
    assert!(body.contains(says));
    Ok(())
}
