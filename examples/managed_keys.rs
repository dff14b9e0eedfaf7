//! Managed keys: one is made, accepted, rotated and revoked.
//!
//! `cargo run --example managed_keys`. The keys are in a SQLite file of a temporary directory,
//! which goes when the example ends.

use std::{env, error::Error, fs, path::Path, process, process::ExitCode, time::Duration};

use axum::{Router, body::Body, routing::get};
use http::Request;
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthLayer,
    keys::{KeyRequest, MadeKey, ManagedKeys},
};
use tower_auth_sqlite::SqliteKeyStore;

async fn hello(caller: AuthContext) -> String {
    format!("hello {}", caller.user_id())
}

#[tokio::main]
async fn main() -> ExitCode {
    match show_in_folder().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("managed_keys: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn show_in_folder() -> Result<(), Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("managed-keys-{}", process::id()));
    let made = fs::create_dir(&folder);
    made.map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let shown = show(&folder.join("keys.db")).await;
    fs::remove_dir_all(&folder)?;
    shown
}

async fn show(file: &Path) -> Result<(), Box<dyn Error>> {
    let store = SqliteKeyStore::open_or_create(file).await?;
    let keys = ManagedKeys::new(store, "sk_demo")?;
    keys.open().await?;
    let app = Router::new()
        .route("/hello", get(hello))
        .layer(AuthLayer::new(keys.clone()));

    let admin = keys.as_operator("the example");
    let request = KeyRequest::new("billing robot")
        .with_owner("robot-7")
        .with_scopes(["invoices:read"]);
    let first = admin.create(request).await?;
    println!("made     {}", first.key().record().id());
    println!("shown    {} …", first.key().record().start());
    assert_eq!(ask(&app, &first).await?, 200);

    let next = admin
        .rotate(first.key().record().id(), Duration::from_secs(3_600))
        .await?;
    println!("rotated  the old key works for an hour more, the new one from now on");
    assert_eq!(ask(&app, &first).await?, 200);
    assert_eq!(ask(&app, &next).await?, 200);

    admin
        .revoke(first.key().record().id(), "it was in a log")
        .await?;
    println!("revoked  the old key");
    assert_eq!(ask(&app, &first).await?, 401);
    assert_eq!(ask(&app, &next).await?, 200);

    let audit = admin.audit(None, None, 10).await?;
    for record in audit.items.iter().rev() {
        println!("audit    {:?} {}", record.action(), record.key());
    }
    Ok(())
}

/// What a request with that key is answered.
async fn ask(app: &Router, key: &MadeKey) -> Result<u16, Box<dyn Error>> {
    let secret = key.secret().ok_or("the key is shown once")?;
    let request = Request::get("/hello")
        .header("x-api-key", secret.expose())
        .body(Body::empty())?;
    let answer = app.clone().oneshot(request).await?;
    println!("asked    {}", answer.status());
    Ok(answer.status().as_u16())
}
