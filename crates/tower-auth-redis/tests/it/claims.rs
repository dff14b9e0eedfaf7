//! What is promised of every shared state.

use std::{sync::Arc, time::Duration};

use tower_auth::{shared::SharedState, testing};
use tower_auth_servers::{REDIS_ENGINES, Redis};

use crate::common::state;

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_shared_state_promises_holds_over_two_states_of_one_server() {
    for engine in REDIS_ENGINES {
        let Some(server) = Redis::shared_of(engine) else {
            continue;
        };
        testing::shared_state(async || {
            let url = server.url();
            let handles = [state(&url).await, state(&url).await];
            let handles = handles.map(|state| Arc::new(state) as Arc<dyn SharedState>);
            // The server's clock and ours are one; a little more, because timers may be early.
            let pass = async |by| tokio::time::sleep(by + Duration::from_millis(20)).await;
            (handles, pass)
        })
        .await;
        println!("all claims: {:?}", server.engine());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_namespaces_on_one_server_share_nothing() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let (one, other) = (server.url(), server.url());
    testing::shared_state(async || {
        // What one namespace holds is of no consequence for the other.
        let stranger = state(&one).await;
        let ada = crate::common::count("ada", "1 per hour");
        crate::common::admit(&stranger, ada).await.unwrap();
        for name in server.names("test-other") {
            server.run::<i64>(&format!("DEL {name}"));
        }
        let url = server.url_of("test-other");
        let handles = [state(&url).await, state(&url).await];
        let handles = handles.map(|state| Arc::new(state) as Arc<dyn SharedState>);
        let pass = async |by| tokio::time::sleep(by + Duration::from_millis(20)).await;
        (handles, pass)
    })
    .await;
    let ada = crate::common::count("bob", "1 per hour");
    for url in [&one, &other] {
        let left = crate::common::admit(&state(url).await, ada).await;
        assert_eq!(left, Ok(Some(0)), "{url}");
    }
}
