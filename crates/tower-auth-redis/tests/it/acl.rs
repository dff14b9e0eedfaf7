//! Users who may do no more than they need.

use crate::{
    common::{admit, count, refusal, state},
    server::Server,
};
use std::{sync::Arc, time::Duration};
use tower_auth::{shared::SharedState, testing};

/// As the README lists them.
const NEEDED: &str = "+hello +ping +select +info +get +set +del +time +evalsha +script|load \
                      +subscribe +publish ~{test-acl}:* &{test-acl}:*";

fn url(server: &Server) -> String {
    let port = server.port();
    format!("redis://app:app-pw@127.0.0.1:{port}/0?namespace=test-acl")
}

fn server(rights: &str) -> Option<Server> {
    let server = Server::start(&[])?;
    let rights = rights.split_whitespace().collect::<Vec<_>>().join(" ");
    server.run::<String>(&format!(
        "ACL SETUSER app on >app-pw resetkeys resetchannels -@all {rights}"
    ));
    Some(server)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_readme_lists_is_enough_also_where_config_is_forbidden() {
    let Some(server) = server(NEEDED) else {
        return;
    };
    assert!(include_str!("../../README.md").contains("+evalsha +script|load"));
    let url = url(&server);
    testing::shared_state(async || {
        server.run::<String>("FLUSHALL");
        let handles = [state(&url).await, state(&url).await];
        let handles = handles.map(|state| Arc::new(state) as Arc<dyn SharedState>);
        let pass = async |by| tokio::time::sleep(by + Duration::from_millis(20)).await;
        (handles, pass)
    })
    .await;
    server.run::<String>("CONFIG SET maxmemory-policy allkeys-lru");
    assert!(refusal(&url).await.contains("it is allkeys-lru"));
}

#[tokio::test]
async fn the_policy_is_read_from_config_where_info_is_forbidden() {
    let rights = format!("{NEEDED} -info +config|get");
    let Some(server) = server(&rights) else {
        return;
    };
    state(&url(&server)).await;
    server.run::<String>("CONFIG SET maxmemory-policy volatile-ttl");
    assert!(refusal(&url(&server)).await.contains("it is volatile-ttl"));
}

#[tokio::test]
async fn a_policy_that_nobody_may_read_is_refused() {
    let rights = format!("{NEEDED} -info");
    let Some(server) = server(&rights) else {
        return;
    };
    assert_eq!(
        refusal(&url(&server)).await,
        "the server does not say whether it forgets what must be remembered: grant the user +info, or \
         +config|get"
    );
}

#[tokio::test]
async fn a_missing_right_is_said() {
    for (rights, said) in [
        (format!("{NEEDED} -evalsha"), "the user lacks a permission"),
        (format!("{NEEDED} -set"), "the user lacks a permission"),
        (
            format!("{NEEDED} resetkeys ~other:*"),
            "the user lacks a permission",
        ),
    ] {
        let Some(server) = server(&rights) else {
            return;
        };
        let shared = state(&url(&server)).await;
        let told = admit(&shared, count("ada", "1 per hour"))
            .await
            .unwrap_err();
        assert!(told.contains(said), "{rights}: {told}");
    }
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_one_are_said() {
    let Some(server) = Server::shared() else {
        return;
    };
    let port = server.port();
    for (user, said) in [
        (":wrong@", "the server refuses the user"),
        ("nobody:wrong@", "the server refuses the user"),
        ("", "the server asks for a password"),
    ] {
        let told = refusal(&format!("redis://{user}127.0.0.1:{port}")).await;
        assert!(told.starts_with(said), "{user}: {told}");
    }
}
