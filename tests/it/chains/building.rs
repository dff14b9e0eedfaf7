//! How a chain is made.

use std::{convert::Infallible, sync::Arc};

use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::{
    AuthContext, AuthLayer, AuthRequest, ConfigErrorKind,
    provider::{AuthProvider, CompositeAuth, provider_fn},
};

use crate::chains::members::{Event, Log, Member, Says, When, block_on, chain, through};

const NOT_MINE: (Says, When) = (Says::NotMine, When::AtOnce);

#[test]
fn refuses_a_chain_without_a_provider_and_says_what_to_do() {
    let error = CompositeAuth::from_providers([] as [Arc<dyn AuthProvider>; 0]).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Empty);
    let text = error.to_string();
    assert!(text.contains("add one"), "{text}");
    assert!(text.contains("AuthLayer::disabled()"), "{text}");
}

#[test]
fn extending_a_clone_leaves_the_original_as_it_was() {
    let log = Log::default();
    let original = chain(&[NOT_MINE], &log);
    let longer = original
        .clone()
        .or(Member::new(1, (Says::Accepts, When::AtOnce), &log));
    block_on(async {
        assert!(!through(&AuthLayer::new(original)).await.handled);
        assert_eq!(log.take(), [Event::Asked(0), Event::Answered(0)]);
        assert!(through(&AuthLayer::new(longer)).await.handled);
    });
}

#[test]
fn a_chain_of_made_providers_is_the_chain_of_or() {
    let log = Log::default();
    let made: Vec<Arc<dyn AuthProvider>> = vec![
        Arc::new(Member::new(0, NOT_MINE, &log)),
        Arc::new(Member::new(1, (Says::Accepts, When::Later), &log)),
    ];
    let made = CompositeAuth::from_providers(made).unwrap();
    let outcome = block_on(through(&AuthLayer::new(made)));
    assert_eq!(outcome.by, Some("second"));
}

#[test]
fn debug_names_the_members_in_order() {
    let chain = chain(&[NOT_MINE, NOT_MINE], &Log::default());
    assert_eq!(format!("{chain:?}"), r#"["first", "second"]"#);
}

#[test]
fn a_chain_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<CompositeAuth>();
}

#[test]
fn a_caller_is_the_same_principal_for_the_layer_and_for_a_handler_that_asks_the_chain() {
    let unnamed = provider_fn(|_| Ok(Some(AuthContext::new("ada"))));
    let named = unnamed.clone().with_name("sessions");
    for (provider, method) in [(unnamed, "custom"), (named, "sessions")] {
        let chain = CompositeAuth::new(provider);
        let request = Request::get("/run").body(()).unwrap();
        let asked = block_on(async { chain.authenticate(&AuthRequest::from(&request)).await });
        assert_eq!(asked.unwrap().unwrap().method(), method);

        let inner = service_fn(async |request: Request<()>| {
            let caller = request.extensions().get::<AuthContext>().cloned();
            let mut response = Response::new(());
            response.extensions_mut().insert(caller.unwrap());
            Ok::<_, Infallible>(response)
        });
        let layer = AuthLayer::new(CompositeAuth::new(chain));
        let response = block_on(layer.layer(inner).oneshot(request)).unwrap();
        let seen = response.extensions().get::<AuthContext>().unwrap();
        assert_eq!(seen.method(), method);
    }
}
