//! Whose users the callers of providers of one's own are.

use std::sync::Arc;

use http::{HeaderName, Request};
use tower_auth::{
    AuthContext, AuthError, AuthRequest, AuthResult,
    provider::{
        AsyncAuthProvider, AuthProvider, CompositeAuth, PrincipalSource, async_provider_fn,
        provider_fn,
    },
};

use super::principals::{builds, conflict};
use crate::chains::members::block_on;

pub(super) struct Sessions;

impl AsyncAuthProvider for Sessions {
    async fn authenticate(self: Arc<Self>, _: tower_auth::AuthRequestBuf) -> AuthResult {
        Ok(None)
    }
}

#[test]
fn two_providers_of_one_s_own_need_a_name_each() {
    let closure = || provider_fn(|_| Ok(Some(AuthContext::new("ada"))));
    conflict(CompositeAuth::new(closure()).or(closure()));
    conflict(CompositeAuth::new(closure()).or(async_provider_fn(async |_| Ok(None))));
    conflict(CompositeAuth::new(Sessions).or(closure()));
    conflict(CompositeAuth::new(Sessions).or(Sessions));
    builds(CompositeAuth::new(closure().with_name("one")).or(closure().with_name("two")));
    builds(CompositeAuth::new(Sessions).or(closure().with_name("two")));
}

#[test]
fn a_closure_s_label_is_the_source_of_callers_for_whom_it_names_none() {
    let key = || HeaderName::from_static("x-user");
    let answer = move |shown: Option<&str>| {
        let caller = shown.map(AuthContext::new);
        Ok::<_, AuthError>(caller.map(|caller| match caller.user_id() {
            "named" => caller.with_issuer("https://a.example"),
            _ => caller,
        }))
    };
    let at_once = provider_fn(move |request: &AuthRequest<'_>| answer(request.header("x-user")));
    let later = async_provider_fn(move |request: tower_auth::AuthRequestBuf| {
        let answer = answer(request.header("x-user"));
        async move { answer }
    });
    let providers: [Arc<dyn AuthProvider>; 2] = [
        Arc::new(at_once.with_source("label").unwrap()),
        Arc::new(later.with_source("label").unwrap()),
    ];
    for provider in providers {
        for (user, source) in [("ada", "label"), ("named", "https://a.example")] {
            let request = Request::get("/").header(key(), user).body(()).unwrap();
            let answer =
                block_on(async { provider.authenticate(&AuthRequest::from(&request)).await });
            assert_eq!(answer.unwrap().unwrap().source(), Some(source));
        }
    }
}

#[test]
fn a_provider_of_one_s_own_tells_whose_users_its_callers_are() {
    struct Tenants(&'static str);

    impl AuthProvider for Tenants {
        fn authenticate(&self, _: &AuthRequest<'_>) -> tower_auth::provider::Authentication {
            Ok(None).into()
        }

        fn principal_sources(&self) -> Vec<PrincipalSource> {
            vec![PrincipalSource::new("tenants", Some(self.0))]
        }
    }

    builds(CompositeAuth::new(Tenants("a")).or(Tenants("b")));
    conflict(CompositeAuth::new(Tenants("a")).or(Tenants("a")));
    conflict(CompositeAuth::new(Arc::new(Tenants("a"))).or(Tenants("a")));
}
