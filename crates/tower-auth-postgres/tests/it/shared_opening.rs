//! Opening the tables that replicas share: who makes them, and what is said where they cannot be used.

use tower_auth::shared::{Admission, Begun, Once, SharedState, SharedStates, SharedUrl};
use tower_auth_postgres::PostgresSharedState;
use tower_auth_servers::Postgres;

use super::shared::{HOUR, count, reason, sql, state};

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_open_an_empty_database_at_once_make_its_tables_once() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let opened: Vec<_> = (0..6)
        .map(|_| tokio::spawn(PostgresSharedState::open_or_create(database.url())))
        .collect();
    for opened in opened {
        opened.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_missing_another_programs_or_a_newer_ones_are_said() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let url = database.url();
    let error = PostgresSharedState::open(&url).await.unwrap_err();
    assert_eq!(
        reason(&error),
        "the database has no tables for the shared state: create them with \
         PostgresSharedState::open_or_create"
    );
    let shared = state(&url).await;
    sql(&database, "UPDATE tower_auth_shared.store SET version = 99").await;
    for error in [
        PostgresSharedState::open(&url).await.unwrap_err(),
        PostgresSharedState::open_or_create(&url).await.unwrap_err(),
    ] {
        assert!(
            reason(&error).contains("newer program"),
            "{}",
            reason(&error)
        );
    }
    sql(
        &database,
        "DROP SCHEMA tower_auth_shared CASCADE; CREATE SCHEMA tower_auth_shared;
         CREATE TABLE tower_auth_shared.store (x int)",
    )
    .await;
    let error = PostgresSharedState::open_or_create(&url).await.unwrap_err();
    assert!(reason(&error).contains("another program's tables"));
    let error = shared
        .admit(&[count("ada", "1 per hour")])
        .await
        .unwrap_err();
    assert!(
        reason(&error).contains("no tables for the shared state"),
        "{}",
        reason(&error)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_may_do_no_more_than_the_docs_say_counts_and_remembers() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    state(&database.url()).await;
    let name = &database.name;
    sql(
        &database,
        &format!(
            "CREATE ROLE {name}_app LOGIN PASSWORD 'app-pw';
             GRANT USAGE ON SCHEMA tower_auth_shared TO {name}_app;
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tower_auth_shared TO {name}_app"
        ),
    )
    .await;
    let url = format!(
        "postgres://{name}_app:app-pw@127.0.0.1:{}/{name}",
        server.port()
    );
    let shared = PostgresSharedState::open(&url).await.unwrap();
    let ada = count("ada", "1 per hour");
    shared.admit(&[ada]).await.unwrap();
    shared.charge(&[ada]).await.unwrap();
    shared.give_back(&[ada]).await.unwrap();
    let once = Once::new("test", b"x");
    assert_eq!(shared.begin(&once, HOUR).await.unwrap(), Begun::New);
    shared.abandon(&once).await.unwrap();
    shared.finish(&once, HOUR).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_opens_a_database_that_has_no_tables_yet() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let states = SharedStates::new().register("postgres", tower_auth_postgres::open_shared_url);
    let url = SharedUrl::parse(&database.url()).unwrap();
    let state = states.open(url).await.unwrap();
    let answer = state.admit(&[count("ada", "9 per hour")]).await.unwrap();
    assert!(matches!(answer, Admission::Admitted { .. }), "{answer:?}");
}
