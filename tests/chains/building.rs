//! How a chain is made.

use std::sync::Arc;

use tower_auth::{
    AuthLayer, ConfigErrorKind,
    provider::{AuthProvider, CompositeAuth},
};

use crate::members::{Event, Log, Member, Says, When, block_on, chain, through};

const NOT_MINE: (Says, When) = (Says::NotMine, When::AtOnce);

#[test]
fn refuses_a_chain_without_a_provider_and_says_what_to_do() {
    let error = CompositeAuth::from_providers([]).unwrap_err();
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
