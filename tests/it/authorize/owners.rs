//! `by_owner`: who owns a thing is the whole principal.

use std::sync::{Arc, Mutex};

use tower_auth::{
    AuthContext, AuthError, Principal,
    authorize::{Authorizer, async_by_owner, by_owner},
};

use crate::authorize::apps::{ada, token_holder};

type Owner = Option<Principal<'static>>;

/// Both forms of an authorizer for things that have that owner.
fn owned_by(owner: Owner) -> [Arc<dyn Authorizer>; 2] {
    let later = owner.clone();
    [
        Arc::new(by_owner(move |_: &str| Ok(owner.clone()))),
        Arc::new(async_by_owner(move |_: String| {
            let owner = later.clone();
            async move {
                tokio::task::yield_now().await;
                Ok(owner)
            }
        })),
    ]
}

async fn owns(owner: &AuthContext, caller: &AuthContext) -> bool {
    let [at_once, later] = owned_by(Some(owner.principal().into_owned()));
    let at_once = at_once.check(caller, "document:7", "read").await.is_ok();
    let later = later.check(caller, "document:7", "read").await.is_ok();
    assert_eq!(at_once, later);
    at_once
}

#[tokio::test]
async fn the_owner_is_allowed() {
    assert!(owns(&ada(&[]), &ada(&["any"])).await);
}

#[tokio::test]
async fn the_same_user_id_from_elsewhere_is_somebody_else() {
    let key = ada(&[]);
    let token = ada(&[]).with_method("jwt").with_issuer("https://a.example");
    let elsewhere = ada(&[]).with_method("jwt").with_issuer("https://b.example");
    let custom = AuthContext::new("ada");
    let callers = [key, token, elsewhere, custom, token_holder("")];
    for (left, owner) in callers.iter().enumerate() {
        for (right, caller) in callers.iter().enumerate() {
            assert_eq!(
                owns(owner, caller).await,
                left == right,
                "{owner:?} {caller:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_scope_for_everything_is_no_ownership() {
    assert!(!owns(&AuthContext::new("bob"), &ada(&["*"])).await);
}

#[tokio::test]
async fn what_nobody_owns_is_refused() {
    for authorizer in owned_by(None) {
        let error = authorizer.check(&ada(&["*"]), "document:7", "read").await;
        assert_eq!(error.unwrap_err().code(), "forbidden");
    }
}

#[tokio::test]
async fn a_look_up_that_failed_is_no_answer() {
    for authorizer in [
        Arc::new(by_owner(|_: &str| Err(AuthError::unavailable("down")))) as Arc<dyn Authorizer>,
        Arc::new(by_owner(|_: &str| Err(AuthError::unavailable("down"))).hide_foreign()),
        Arc::new(async_by_owner(async |_: String| {
            Err(AuthError::unavailable("down"))
        })),
        Arc::new(
            async_by_owner(async |_: String| Err(AuthError::unavailable("down"))).hide_foreign(),
        ),
    ] {
        let error = authorizer
            .check(&ada(&[]), "document:7", "read")
            .await
            .unwrap_err();
        assert_eq!((error.status().as_u16(), error.is_denial()), (503, false));
    }
}

#[tokio::test]
async fn the_look_up_gets_the_resource() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let authorizer = by_owner(move |resource: &str| {
        noted.lock().unwrap().push(resource.to_owned());
        Ok(None)
    });
    let _refused = authorizer.check(&ada(&[]), "document:a%20b", "read").await;
    assert_eq!(*asked.lock().unwrap(), ["document:a%20b"]);
}
