//! Making, rotating, revoking and deleting.

use std::time::Duration;

use tower_auth::{
    AuthError,
    keys::{KeyAction, KeyAdminError, KeyRequest, KeyUpdate, MemoryKeyStore},
    testing::ManualClock,
};

use super::kit::{Stopped, app, caller, id, keys, make, make_named, opened, show};

#[tokio::test]
async fn a_key_is_shown_once() {
    let keys = keys();
    let made = make_named(&keys, "ci").await;
    let secret = made.secret().unwrap().expose();
    let seen = keys.as_operator("ada").get(id(&made)).await.unwrap();
    let shown = serde_json::to_string(&seen).unwrap();
    assert!(!shown.contains(secret) && secret.starts_with(seen.record().start()));
    assert_eq!(seen.record().start().len(), "sk_".len() + 4);
}

#[tokio::test]
async fn a_revocation_holds_from_the_next_request() {
    let keys = keys();
    let made = make_named(&keys, "ci").await;
    let app = app(keys.clone());
    show(&app, &made).await.accepted_as(id(&made).as_str());
    keys.as_operator("ada")
        .revoke(id(&made), "lost")
        .await
        .unwrap();
    show(&app, &made)
        .await
        .refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn an_unrevoked_key_counts_again() {
    let keys = keys();
    let made = make_named(&keys, "ci").await;
    let admin = keys.as_operator("ada");
    admin.revoke(id(&made), "lost").await.unwrap();
    admin
        .update(id(&made), KeyUpdate::new().unrevoked())
        .await
        .unwrap();
    show(&app(keys), &made)
        .await
        .accepted_as(id(&made).as_str());
    let audit = admin.audit(Some(id(&made)), None, 10).await.unwrap();
    assert_eq!(audit.items[0].action(), KeyAction::Unrevoke);
}

#[tokio::test]
async fn a_rotated_key_works_until_the_end_of_the_overlap_to_the_second() {
    let clock = ManualClock::now();
    let store = MemoryKeyStore::new().unwrap().with_clock(clock.clock());
    let keys = opened(&Stopped::of(store), &clock).await;
    let old = make_named(&keys, "ci").await;
    let app = app(keys.clone());
    let new = keys
        .as_operator("ada")
        .rotate(id(&old), Duration::from_secs(60))
        .await
        .unwrap();
    for _ in 0..60 {
        for key in [&old, &new] {
            show(&app, key).await.accepted_as(id(&old).as_str());
        }
        clock.advance(Duration::from_secs(1));
    }
    show(&app, &old)
        .await
        .refused_with(401, "invalid_credential");
    show(&app, &new).await.accepted_as(id(&old).as_str());
}

#[tokio::test]
async fn a_rotated_key_is_the_caller_that_the_old_one_was() {
    let keys = keys();
    let old = make(
        &keys,
        KeyRequest::new("ci")
            .with_scopes(["files:read"])
            .with_metadata("plan", "gold"),
    )
    .await;
    let new = keys
        .as_operator("ada")
        .rotate(id(&old), Duration::from_secs(60))
        .await
        .unwrap();
    let (one, other) = (caller(&keys, &old).await, caller(&keys, &new).await);
    assert_eq!(one.principal(), other.principal());
    assert_eq!(one.scopes(), other.scopes());
    assert_eq!(one.metadata(), other.metadata());
}

#[tokio::test]
async fn a_key_is_rotated_once() {
    let keys = keys();
    let old = make_named(&keys, "ci").await;
    let admin = keys.as_operator("ada");
    let overlap = Duration::from_secs(60);
    let (one, other) = tokio::join!(
        admin.rotate(id(&old), overlap),
        admin.rotate(id(&old), overlap)
    );
    assert!(one.is_ok() != other.is_ok());
    let again = admin.rotate(id(&old), overlap).await.unwrap_err();
    assert!(matches!(again, KeyAdminError::Conflict(_)), "{again}");
}

#[tokio::test]
async fn a_dead_key_is_not_rotated() {
    let keys = keys();
    let old = make_named(&keys, "ci").await;
    let admin = keys.as_operator("ada");
    admin.revoke(id(&old), "").await.unwrap();
    let refused = admin.rotate(id(&old), Duration::ZERO).await.unwrap_err();
    assert_eq!(AuthError::from(refused).status(), 409);
}

#[tokio::test]
async fn a_deleted_name_made_anew_inherits_nothing() {
    let keys = keys();
    let admin = keys.as_operator("ada");
    let old = make(
        &keys,
        KeyRequest::new("ci").with_scopes(["*"]).with_credits(5),
    )
    .await;
    admin.delete(id(&old)).await.unwrap();
    let new = make(&keys, KeyRequest::new("ci")).await;
    assert_ne!(id(&old), id(&new));
    assert!(caller(&keys, &new).await.scopes().is_empty());
    assert_eq!(new.key().credits(), None);
    show(&app(keys.clone()), &old)
        .await
        .refused_with(401, "invalid_credential");
    assert!(matches!(
        admin.get(id(&old)).await,
        Err(KeyAdminError::NotFound)
    ));
}

#[tokio::test]
async fn a_repeated_request_answers_the_record_without_the_key() {
    let keys = keys();
    let request = || KeyRequest::new("ci").with_idempotency_key("order-1");
    let first = make(&keys, request()).await;
    let again = make(&keys, request()).await;
    assert!(again.secret().is_none());
    assert_eq!(again.key(), first.key());
    let other = keys.as_operator("bob").create(request()).await.unwrap();
    assert_ne!(id(&other), id(&first));
}

#[tokio::test]
async fn the_first_administrator_is_made_where_nobody_administers() {
    let keys = keys();
    let admin = keys.as_operator("cli");
    let request = || KeyRequest::new("root").with_scopes(["keys:write"]);
    let first = admin.create_first_admin(request()).await.unwrap();
    let second = admin.create_first_admin(request()).await.unwrap_err();
    assert!(matches!(second, KeyAdminError::Conflict(_)));
    admin.revoke(id(&first), "").await.unwrap();
    assert!(admin.create_first_admin(request()).await.is_ok());
}

#[tokio::test]
async fn a_request_of_the_wrong_form_makes_nothing() {
    let keys = keys();
    let long = "x".repeat(129);
    for request in [
        KeyRequest::new(""),
        KeyRequest::new(" "),
        KeyRequest::new("a\nb"),
        KeyRequest::new(&long),
        KeyRequest::new("ci").with_scopes([""]),
        KeyRequest::new("ci").with_scopes(["a b"]),
        KeyRequest::new("ci").with_scopes([long.as_str()]),
        KeyRequest::new("ci").with_scopes(vec!["a"; 65]),
        KeyRequest::new("ci").with_tenant(""),
        KeyRequest::new("ci").with_owner(""),
        KeyRequest::new("ci").with_metadata("note", "x".repeat(9_000)),
        KeyRequest::new("ci").with_metadata("tenant", "acme"),
        KeyRequest::new("ci").with_idempotency_key(""),
        KeyRequest::new("ci").with_owner(tower_auth::Principal::new("made_up", None, "ada")),
    ] {
        let told = format!("{request:?}");
        let refused = keys.as_operator("ada").create(request).await.unwrap_err();
        assert!(matches!(refused, KeyAdminError::Invalid(_)), "{told}");
    }
    assert_eq!(keys.known(), 0);
}

#[tokio::test]
async fn keys_are_listed_by_page() {
    let keys = keys();
    for number in 0..5 {
        make_named(&keys, &format!("key {number}")).await;
    }
    let admin = keys.as_operator("ada");
    let mut names = Vec::new();
    let mut after = None;
    loop {
        let page = admin.list(after, 2).await.unwrap();
        after = page.items.last().map(|key| key.record().id().clone());
        names.extend(page.items.iter().map(|key| key.record().name().to_owned()));
        if !page.has_more {
            break;
        }
    }
    names.sort();
    assert_eq!(names, ["key 0", "key 1", "key 2", "key 3", "key 4"]);
}

#[tokio::test]
async fn no_key_outlives_the_longest_lifetime() {
    let keys = keys().with_max_lifetime(Duration::from_secs(3_600));
    let made = make_named(&keys, "ci").await;
    assert!(made.key().record().expires_at().is_some());
    let late = std::time::SystemTime::now() + Duration::from_secs(7_200);
    let request = KeyRequest::new("ci").with_expires_at(late);
    let refused = keys.as_operator("ada").create(request).await.unwrap_err();
    assert!(matches!(refused, KeyAdminError::Forbidden(_)));
}

/// The store's time as this process knows it is from the last poll, and may be behind that of a change.
#[tokio::test]
async fn a_key_that_a_change_has_ended_is_refused_by_a_clock_that_is_behind_too() {
    let (theirs, ours) = (ManualClock::now(), ManualClock::now());
    let store = MemoryKeyStore::new().unwrap().with_clock(theirs.clock());
    let keys = opened(&Stopped::of(store), &ours).await;
    let old = make_named(&keys, "ci").await;
    let app = app(keys.clone());
    assert_eq!(show(&app, &old).await.status, 200);
    theirs.advance(Duration::from_secs(1));
    let admin = keys.as_operator("ada");
    let next = admin.rotate(id(&old), Duration::ZERO).await.unwrap();
    assert_eq!(show(&app, &old).await.status, 401);
    assert_eq!(show(&app, &next).await.status, 200);
}
