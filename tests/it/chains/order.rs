//! Who is asked when, and which of two equal refusals is the answer.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use http::Request;
use tokio::sync::oneshot;
use tower_auth::{
    AuthContext, AuthError, AuthErrorKind, AuthRequest, AuthResult,
    provider::{AuthProvider, CompositeAuth, async_provider_fn, provider_fn},
};

use crate::chains::members::{Event, Log, Member, Says, When, block_on};

async fn ask(chain: &CompositeAuth) -> AuthResult {
    let request = Request::get("/run").body(()).unwrap();
    chain.authenticate(&AuthRequest::from(&request)).await
}

#[test]
fn a_member_that_waits_keeps_the_next_from_being_asked() {
    let log = Log::default();
    let (open, opened) = oneshot::channel::<()>();
    let opened = std::sync::Mutex::new(Some(opened));
    let waits = async_provider_fn(move |_| {
        let opened = opened.lock().unwrap().take().unwrap();
        async move {
            opened.await.unwrap();
            Ok(None)
        }
    });
    let chain = CompositeAuth::new(waits).or(Member::new(1, (Says::Accepts, When::AtOnce), &log));

    let mut answer = pin!(ask(&chain));
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..3 {
        assert!(answer.as_mut().poll(&mut cx).is_pending());
        assert_eq!(log.take(), []);
    }
    open.send(()).unwrap();
    let Poll::Ready(answer) = answer.as_mut().poll(&mut cx) else {
        panic!("the first member has answered");
    };
    assert_eq!(answer.unwrap().unwrap().user_id(), "second");
    assert_eq!(log.take(), [Event::Asked(1), Event::Answered(1)]);
}

#[test]
fn a_chain_that_is_dropped_while_it_waits_asks_nobody_else() {
    let log = Log::default();
    let chain = CompositeAuth::new(async_provider_fn(|_| std::future::pending())).or(Member::new(
        1,
        (Says::Accepts, When::AtOnce),
        &log,
    ));
    {
        let mut answer = pin!(ask(&chain));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(answer.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!(log.take(), []);
}

#[test]
fn of_two_equal_refusals_the_earlier_is_the_answer() {
    let refuses = |reason: &'static str, make: fn(&'static str) -> AuthError| {
        provider_fn(move |_: &AuthRequest<'_>| Err(make(reason)))
    };
    let kinds: [fn(&'static str) -> AuthError; 5] = [
        |reason| AuthError::invalid_credential(reason),
        |reason| AuthError::expired_credential(reason),
        |reason| AuthError::forbidden(reason),
        |reason| AuthError::invalid_request(reason),
        |reason| AuthError::unavailable(reason).with_reason(reason),
    ];
    for make in kinds {
        let chain = CompositeAuth::new(refuses("earlier", make)).or(refuses("later", make));
        assert_eq!(block_on(ask(&chain)).unwrap_err().reason(), "earlier");
    }
}

#[test]
fn a_specific_code_of_ones_own_beats_the_general_one() {
    let general = provider_fn(|_| Err(AuthError::invalid_credential("unknown")));
    let specific =
        provider_fn(|_| Err(AuthError::invalid_credential("locked").with_code("locked_out")));
    for chain in [
        CompositeAuth::new(general.clone()).or(specific.clone()),
        CompositeAuth::new(specific).or(general),
    ] {
        assert_eq!(block_on(ask(&chain)).unwrap_err().code(), "locked_out");
    }
}

#[test]
fn a_request_fault_tells_more_than_a_wrong_credential_and_less_than_a_known_caller() {
    let fault = || provider_fn(|_| Err(AuthError::invalid_request("twice")));
    let forbidden = provider_fn(|_| Err(AuthError::forbidden("no")));
    let expired = provider_fn(|_| Err(AuthError::expired_credential("old")));

    let over_wrong = CompositeAuth::new(expired).or(fault());
    let kind = block_on(ask(&over_wrong)).unwrap_err().kind();
    assert_eq!(kind, AuthErrorKind::InvalidRequest);

    let under_known = CompositeAuth::new(fault()).or(forbidden);
    let kind = block_on(ask(&under_known)).unwrap_err().kind();
    assert_eq!(kind, AuthErrorKind::Forbidden);
}

#[test]
fn a_request_fault_of_one_member_does_not_keep_another_from_accepting() {
    let chain = CompositeAuth::new(provider_fn(|_| Err(AuthError::invalid_request("twice"))))
        .or(provider_fn(|_| Ok(Some(AuthContext::new("ada")))));
    assert_eq!(block_on(ask(&chain)).unwrap().unwrap().user_id(), "ada");
}

#[test]
fn what_one_member_hides_another_does_not_tell_by_a_403() {
    let says = |error: AuthError| provider_fn(move |_: &AuthRequest<'_>| Err(error.clone()));
    let (hidden, denied) = (
        AuthError::not_found("told_to"),
        AuthError::forbidden("told_to"),
    );
    for chain in [
        CompositeAuth::new(says(denied.clone())).or(says(hidden.clone())),
        CompositeAuth::new(says(hidden)).or(says(denied)),
    ] {
        let error = block_on(ask(&chain)).unwrap_err();
        assert_eq!(error.kind(), AuthErrorKind::NotFound);
    }
}
