//! Metadata that could be written and not be read again: one such record would stop every process that reads the
//! store.

use serde_json::{Map, Value, json};
use tower_auth::keys::{KeyAdminError, KeyRequest, KeyUpdate, ManagedKeys};

use crate::common::Folder;

#[tokio::test]
async fn what_could_not_be_read_again_is_never_written() {
    let folder = Folder::new();
    let keys = ManagedKeys::new(folder.store().await, "sk").unwrap();
    let admin = keys.as_operator("ada");
    let made = admin.create(KeyRequest::new("x")).await.unwrap();
    let raw = |text: &str| json!({"$serde_json::private::RawValue": text});
    let deep = (0..124).fold(Value::Null, |inner, _| json!([inner]));
    for odd in [raw("no json"), raw("1"), json!([{"a": raw("1")}]), deep] {
        let request = KeyRequest::new("x").with_metadata("note", odd.clone());
        let refused = admin.create(request).await.map(|_| ());
        let metadata = Map::from_iter([("note".to_owned(), odd)]);
        let update = KeyUpdate::new().with_metadata(metadata);
        let also = admin
            .update(made.key().record().id(), update)
            .await
            .map(|_| ());

        let others = ManagedKeys::new(folder.store().await, "sk").unwrap();
        others.open().await.unwrap();
        assert_eq!(
            others
                .as_operator("ada")
                .list(None, 10)
                .await
                .unwrap()
                .items
                .len(),
            1
        );
        assert_eq!(
            others
                .as_operator("ada")
                .audit(None, None, 10)
                .await
                .unwrap()
                .items
                .len(),
            1
        );
        for refused in [refused, also] {
            assert!(
                matches!(refused, Err(KeyAdminError::Invalid(_))),
                "{refused:?}"
            );
        }
    }
}
