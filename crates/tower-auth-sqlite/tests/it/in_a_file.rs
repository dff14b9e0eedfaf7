//! A store that a configuration file names, from a file that is not there to a key that is revoked
//! by another process.

use http::Request;
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::{
    AuthLayer,
    config::{AuthConfig, AuthSetup},
    keys::{KeyRequest, ManagedKeys},
};
use tower_auth_sqlite::{SqliteKeyStore, open_url};

use crate::common::Folder;

fn setup(folder: &Folder) -> AuthSetup {
    let url = format!("sqlite:{}", folder.file().display());
    let document = format!("auth: {{key_store: {{url: '{url}', prefix: sk}}}}");
    let config = AuthConfig::from_yaml(document).register_key_store("sqlite", open_url);
    config.build().unwrap_or_else(|faults| panic!("{faults}"))
}

async fn status(layer: &AuthLayer, key: &str) -> u16 {
    let service = layer.layer(service_fn(async |_: Request<()>| {
        Ok::<_, std::convert::Infallible>(http::Response::new(()))
    }));
    let request = Request::get("/run").header("x-api-key", key);
    let answer = service.oneshot(request.body(()).unwrap()).await.unwrap();
    answer.status().as_u16()
}

#[tokio::test]
async fn a_file_names_a_store_whose_keys_another_process_changes() {
    let folder = Folder::new();
    let layer = setup(&folder);
    let told = layer.open().await.unwrap_err().to_string();
    assert!(told.contains("auth.key_store.url: sqlite:"), "{told}");
    assert!(told.contains("is not there"), "{told}");
    let layer = layer.into_layer();
    assert!(!folder.file().exists());

    let store = SqliteKeyStore::open_or_create(folder.file()).await.unwrap();
    let other = ManagedKeys::new(store, "sk").unwrap().as_operator("ada");
    let made = other.create(KeyRequest::new("ci")).await.unwrap();
    let key = made.secret().unwrap().expose();
    // What holds is 503, and then the answer of the store, at most a second after it can be opened.
    let mut said = status(&layer, key).await;
    while said == 503 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        said = status(&layer, key).await;
    }
    assert_eq!(said, 200);
    assert_eq!(status(&layer, "sk_unknown").await, 401);

    other.revoke(made.key().record().id(), "").await.unwrap();
    while said == 200 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        said = status(&layer, key).await;
    }
    assert_eq!(said, 401);
}
