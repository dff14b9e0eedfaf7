//! What a program opens by the scheme of a URL.

use tower_auth::shared::{Admission, SharedStates, SharedUrl};
use tower_auth_servers::{ESCAPED_PASSWORD, Redis};

use crate::common::{count, reason};

fn states() -> SharedStates {
    ["redis", "rediss", "redis+unix", "valkey", "valkeys"]
        .into_iter()
        .fold(SharedStates::new(), |states, scheme| {
            states.register(scheme, tower_auth_redis::open_url)
        })
}

#[tokio::test]
async fn every_scheme_is_opened_by_a_registry() {
    let Some(server) = Redis::shared() else {
        return;
    };
    let (port, folder) = (server.port(), server.folder().display());
    for url in [
        format!("redis://:{ESCAPED_PASSWORD}@127.0.0.1:{port}/0?namespace=test-opener"),
        format!("valkey://:{ESCAPED_PASSWORD}@127.0.0.1:{port}/0?namespace=test-opener"),
        format!("redis+unix://:{ESCAPED_PASSWORD}@{folder}/socket?namespace=test-opener"),
    ] {
        let url = SharedUrl::parse(&url).unwrap();
        let state = states().open(url).await.unwrap();
        let answer = state.admit(&[count("ada", "9 per hour")]).await.unwrap();
        assert!(matches!(answer, Admission::Admitted { .. }), "{answer:?}");
    }
    for scheme in ["rediss", "valkeys"] {
        let url = format!("{scheme}://:{ESCAPED_PASSWORD}@127.0.0.1:{port}?cacert=/no/such");
        let opened = states().open(SharedUrl::parse(&url).unwrap()).await;
        let told = reason(&opened.err().unwrap());
        assert!(told.contains("cannot be read as certificates"), "{told}");
    }
}
