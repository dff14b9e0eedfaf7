//! Two users of SQLite in one program, each with a file of its own.

use std::error::Error;

use sqlx::SqlitePool;
use tower_auth::keys::{KeyStore, Revision};
use tower_auth_sqlite::SqliteKeyStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let tables = SqlitePool::connect("sqlite::memory:").await?;
    let sqlx: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&tables)
        .await?;
    // One library: both tell one version.
    assert_eq!(sqlx, rusqlite::version());

    let file = std::env::temp_dir().join(format!("sqlite-beside-sqlx-{}", std::process::id()));
    let keys = SqliteKeyStore::open_or_create(&file).await?;
    let changes = keys.changes(Revision::ZERO, 1).await?.value;
    assert!(changes.is_complete);
    keys.close().await?;
    std::fs::remove_file(file)?;
    println!("both work");
    Ok(())
}
