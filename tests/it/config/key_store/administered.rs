//! The administrator of the keys that a file names.

use std::time::Duration;

use super::kit::{Outside, PLAIN, show};
use crate::{common::answer::guarded, keys::kit::Mood};

#[tokio::test]
async fn what_an_administrator_changes_holds_at_once() {
    let outside = Outside::new();
    let setup = outside.build(PLAIN);
    let admin = setup.managed_keys().unwrap().as_operator("ada");
    let app = guarded(setup.into_layer());
    let made = admin.create(tower_auth::keys::KeyRequest::new("ci")).await;
    let made = made.unwrap();
    let key = made.secret().unwrap().expose();
    assert_eq!(show(&app, key).await.status, 200);
    let id = made.key().record().id();
    let next = admin.rotate(id, Duration::from_secs(60)).await.unwrap();
    assert_eq!(
        show(&app, next.secret().unwrap().expose()).await.status,
        200
    );
    assert_eq!(show(&app, key).await.status, 200);
    admin.revoke(id, "").await.unwrap();
    assert_eq!(show(&app, key).await.status, 401);
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_is_an_answer_to_the_administrator_too() {
    let outside = Outside::new();
    outside.opens(Mood::Failing);
    let keys = outside.build(PLAIN).managed_keys().unwrap();
    let error = keys.as_operator("ada").list(None, 10).await.unwrap_err();
    let causes = std::error::Error::source(&error).unwrap();
    let cause = std::error::Error::source(causes).unwrap();
    assert!(cause.to_string().contains("the server is away"), "{cause}");
}
