//! That it compiles is what is shown.

use tower_auth_sqlite::SqliteKeyStore;

fn main() {
    let opened = SqliteKeyStore::open("keys.db");
    drop(opened);
    println!("SQLite {}", rusqlite::version());
}
