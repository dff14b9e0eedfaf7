//! A store on a server.

use serde_json::json;
use tower_auth_servers::{PASSWORD, Postgres};

use crate::common::{Folder, text};

/// A database without tables.
async fn folder() -> Option<Folder> {
    let server = Postgres::shared()?;
    Some(Folder::with_store(&server.database().await.url()))
}

#[tokio::test]
async fn a_database_gets_its_tables_with_the_first_key() {
    let Some(folder) = folder().await else { return };
    let said = folder.fault(&["keys", "list"]);
    assert!(
        said.contains("has no tables for keys")
            && said.ends_with("; `tower-auth keys create` does that"),
        "{said}"
    );
    folder.make("a", &[]);
    assert_eq!(folder.json(&["keys", "list"]).as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn every_command_works_there() {
    let Some(folder) = folder().await else { return };
    let made = folder.make("a", &["--credits", "5", "--expires", "1d"]);
    let id = text(&made, "id");
    folder.good(&["keys", "update", id, "--name", "b"]);
    let next = folder.json(&["keys", "rotate", id, "--overlap", "1h"]);
    folder.good(&["keys", "revoke", id, "--reason", "lost"]);
    folder.good(&["keys", "delete", id]);
    folder.write("keys.csv", &format!("digest,name\n{},c\n", "ab".repeat(32)));
    folder.good(&["keys", "import", "keys.csv"]);
    folder.good(&["keys", "renew-epoch"]);
    let list = folder.json(&["keys", "list"]);
    let names: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|key| text(key, "name"))
        .collect();
    assert_eq!(names, ["b", "c"]);
    assert_eq!(list[0]["credits"], json!(5));
    let audit = folder.json(&["audit"]);
    let actions: Vec<_> = audit
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(one, "action"))
        .collect();
    assert_eq!(
        actions,
        [
            "import", "delete", "revoke", "create", "rotate", "update", "create"
        ]
    );
    assert!(!audit.to_string().contains(&text(&next, "key")[3..]));
}

#[tokio::test]
async fn what_cannot_be_reached_is_told_without_the_password() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.url("no_such_database");
    let port = format!(":{}/", server.port());
    let cases = [
        (
            url.clone(),
            "the database of the URL is not there: create it, or name another one",
        ),
        (
            url.replace("canary", "another-canary"),
            "the server refuses the user",
        ),
        (
            url.replace(&port, ":1/"),
            "the server cannot be reached: start it, or correct the host and the port",
        ),
        (
            url.clone() + "?sslmode=sometimes",
            "the URL's sslmode is not known",
        ),
        (
            url.replace("127.0.0.1", "db.invalid") + "?sslmode=disable",
            "the URL says sslmode=disable",
        ),
    ];
    for (url, why) in cases {
        let folder = Folder::with_store(&url);
        for command in [&["keys", "list"][..], &["keys", "create", "--name", "a"]] {
            let said = folder.fault(command);
            assert!(said.contains(why), "{said}");
            assert!(
                !said.contains("canary") && !said.contains(PASSWORD),
                "{said}"
            );
        }
    }
}

/// A command line with the rights of a server that only serves.
#[tokio::test]
async fn a_user_who_may_not_make_tables_makes_keys() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let owner = Folder::with_store(&database.url());
    owner.make("a", &[]);
    let role = format!("app_{}", database.name);
    let sql = format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'app';
         GRANT USAGE ON SCHEMA tower_auth TO {role};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tower_auth TO {role}"
    );
    database.client().await.batch_execute(&sql).await.unwrap();
    let (port, name) = (server.port(), &database.name);
    let app = Folder::with_store(&format!("postgres://{role}:app@127.0.0.1:{port}/{name}"));
    app.make("b", &[]);
    assert_eq!(owner.json(&["keys", "list"]).as_array().unwrap().len(), 2);
}
