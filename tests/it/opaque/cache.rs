//! `IntrospectionAuth`: what is remembered, for how long, and how often the endpoint is asked.

use crate::common;

use std::{
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use common::{
    bearer::{accepted, ask, authenticate, reason, refused, unavailable},
    opaque::{NOW, issuer, tokens},
};
use futures_util::future::join_all;
use tower_auth::{
    AuthErrorKind,
    provider::{Authentication, IntrospectionAuth},
    testing::{Fault, IssuerEndpoint, ManualClock, TestIssuer},
};

const ASKED: IssuerEndpoint = IssuerEndpoint::Introspection;

/// A provider that remembers as long as it does unless told otherwise, and its clock.
fn remembering(issuer: &TestIssuer) -> (IntrospectionAuth, ManualClock) {
    let clock = ManualClock::at_unix(NOW);
    let cache_ttl = Duration::from_secs(30);
    let tokens = tokens(issuer).with_cache_ttl(cache_ttl).unwrap();
    (tokens.with_clock(clock.clock()), clock)
}

#[tokio::test]
async fn a_revocation_is_seen_within_the_cache_time() {
    let issuer = issuer();
    let (tokens, clock) = remembering(&issuer);
    let token = issuer.token().mint_opaque();
    accepted(&tokens, &token).await;
    issuer.revoke(&token);
    clock.advance(Duration::from_secs(29));
    accepted(&tokens, &token).await;
    clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&tokens, &token).await, "token_inactive");
}

#[tokio::test]
async fn the_cache_time_begins_when_the_endpoint_is_asked() {
    let issuer = issuer();
    let (tokens, clock) = remembering(&issuer);
    let token = issuer.token().mint_opaque();
    issuer.fail(ASKED, Fault::Hang);
    let asking = tokio::spawn({
        let (tokens, token) = (tokens.clone(), token.clone());
        async move { accepted(&tokens, &token).await }
    });
    issuer.until_requests(ASKED, 1).await;
    clock.advance(Duration::from_secs(20));
    issuer.recover();
    asking.await.unwrap();
    issuer.revoke(&token);
    clock.advance(Duration::from_secs(10));
    assert_eq!(reason(&tokens, &token).await, "token_inactive");
}

#[tokio::test]
async fn a_remembered_token_is_answered_at_once() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    let token = issuer.token().mint_opaque();
    accepted(&tokens, &token).await;
    let Authentication::Ready(answer) = authenticate(&tokens, &token) else {
        panic!("it waits for something that it knows");
    };
    assert!(answer.unwrap().is_some());
    assert_eq!(issuer.requests(ASKED), 1);
}

#[tokio::test]
async fn a_remembered_token_expires_on_time() {
    let issuer = issuer();
    let (tokens, clock) = remembering(&issuer);
    let tokens = tokens.with_leeway(Duration::ZERO).unwrap();
    let token = issuer.token().with_claim("exp", NOW + 10).mint_opaque();
    accepted(&tokens, &token).await;
    clock.advance(Duration::from_secs(10));
    assert_eq!(refused(&tokens, &token).await.code(), "expired_credential");
}

#[tokio::test]
async fn a_clock_that_is_set_back_keeps_nothing_alive() {
    let issuer = issuer();
    let (tokens, clock) = remembering(&issuer);
    let token = issuer.token().without_claim("iat").mint_opaque();
    accepted(&tokens, &token).await;
    issuer.revoke(&token);
    clock.set_unix(NOW - 100);
    assert_eq!(reason(&tokens, &token).await, "token_inactive");
}

#[tokio::test]
async fn only_the_very_same_token_is_remembered() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    let token = issuer.token().mint_opaque();
    accepted(&tokens, &token).await;
    let (shorter, longer) = (&token[1..], format!("{token}a"));
    let other_case = token.to_ascii_uppercase();
    for other in [shorter, &longer, &other_case] {
        assert_eq!(reason(&tokens, other).await, "token_inactive");
    }
}

#[tokio::test]
async fn a_bad_token_is_asked_about_again_after_five_seconds() {
    let issuer = issuer();
    let (tokens, clock) = remembering(&issuer);
    for (advance, asked) in [(0, 1), (4, 1), (1, 2), (4, 2)] {
        clock.advance(Duration::from_secs(advance));
        assert_eq!(reason(&tokens, "guess").await, "token_inactive");
        assert_eq!(issuer.requests(ASKED), asked);
    }
}

#[tokio::test]
async fn a_refusal_for_its_audience_is_remembered_too() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    let tokens = tokens.with_audience("elsewhere");
    let token = issuer.token().mint_opaque();
    for _ in 0..2 {
        assert_eq!(reason(&tokens, &token).await, "token_aud_mismatch");
    }
    assert_eq!(issuer.requests(ASKED), 1);
}

#[tokio::test]
async fn that_the_endpoint_failed_is_not_remembered() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    let token = issuer.token().mint_opaque();
    issuer.fail(ASKED, Fault::Status(500));
    unavailable(&tokens, &token).await;
    issuer.recover();
    accepted(&tokens, &token).await;
}

#[tokio::test]
async fn good_tokens_live_through_an_outage_only_while_they_are_remembered() {
    let issuer = issuer();
    let (tokens, clock) = remembering(&issuer);
    let token = issuer.token().mint_opaque();
    accepted(&tokens, &token).await;
    issuer.close();
    accepted(&tokens, &token).await;
    clock.advance(Duration::from_secs(30));
    unavailable(&tokens, &token).await;
}

#[tokio::test]
async fn bad_tokens_do_not_crowd_the_good_ones_out() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    let tokens = tokens.with_remembered_tokens(16);
    let token = issuer.token().mint_opaque();
    accepted(&tokens, &token).await;
    for guess in 0..500 {
        reason(&tokens, &format!("guess-{guess}")).await;
    }
    let before = issuer.requests(ASKED);
    accepted(&tokens, &token).await;
    assert_eq!(issuer.requests(ASKED), before);
}

#[tokio::test]
async fn remembering_can_be_turned_off() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    let token = issuer.token().mint_opaque();
    let never = tokens.clone().with_cache_ttl(Duration::ZERO).unwrap();
    let none = tokens.with_remembered_tokens(0);
    for tokens in [never, none] {
        let before = issuer.requests(ASKED);
        accepted(&tokens, &token).await;
        accepted(&tokens, &token).await;
        assert_eq!(issuer.requests(ASKED), before + 2);
    }
}

#[tokio::test]
async fn nothing_is_remembered_for_more_than_five_minutes() {
    let (tokens, _) = remembering(&issuer());
    assert!(
        tokens
            .clone()
            .with_cache_ttl(Duration::from_secs(300))
            .is_ok()
    );
    assert!(tokens.with_cache_ttl(Duration::from_secs(301)).is_err());
}

#[tokio::test]
async fn clones_remember_together() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    let token = issuer.token().mint_opaque();
    accepted(&tokens, &token).await;
    accepted(&tokens.clone(), &token).await;
    assert_eq!(issuer.requests(ASKED), 1);
}

#[tokio::test]
async fn a_copy_with_other_rules_remembers_nothing_of_the_first() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    let token = issuer.token().mint_opaque();
    accepted(&tokens, &token).await;
    let elsewhere = tokens.clone().with_audience("elsewhere");
    assert_eq!(reason(&elsewhere, &token).await, "token_aud_mismatch");
    let other_issuer = tokens.clone().with_issuer("https://other.example");
    assert_eq!(reason(&other_issuer, &token).await, "token_iss_mismatch");
    accepted(&tokens, &token).await;
}

#[tokio::test]
async fn many_requests_with_one_token_ask_once() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    let token = issuer.token().mint_opaque();
    issuer.fail(ASKED, Fault::Hang);
    let release = async {
        issuer.until_requests(ASKED, 1).await;
        issuer.recover();
    };
    let callers = join_all((0..200).map(|_| accepted(&tokens, &token)));
    let (contexts, ()) = tokio::join!(callers, release);
    assert_eq!(contexts.len(), 200);
    assert_eq!(issuer.requests(ASKED), 1);
}

#[tokio::test]
async fn many_requests_ask_once_though_nothing_is_remembered() {
    let issuer = issuer();
    let tokens = tokens(&issuer);
    issuer.fail(ASKED, Fault::Hang);
    let release = async {
        issuer.until_requests(ASKED, 1).await;
        issuer.recover();
    };
    let callers = join_all((0..50).map(|_| reason(&tokens, "guess")));
    tokio::join!(callers, release);
    assert_eq!(issuer.requests(ASKED), 1);
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_wait_and_the_next_one_asks_again() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    issuer.fail(ASKED, Fault::Status(500));
    join_all((0..50).map(|_| unavailable(&tokens, "t"))).await;
    assert_eq!(issuer.requests(ASKED), 1);
    unavailable(&tokens, "t").await;
    assert_eq!(issuer.requests(ASKED), 2);
}

#[tokio::test]
async fn a_question_survives_the_caller_who_asked_it() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    let token = issuer.token().mint_opaque();
    issuer.fail(ASKED, Fault::Hang);
    let first = tokio::spawn({
        let (tokens, token) = (tokens.clone(), token.clone());
        async move { ask(&tokens, &token).await }
    });
    issuer.until_requests(ASKED, 1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let release = async { issuer.recover() };
    tokio::join!(accepted(&tokens, &token), release);
    assert_eq!(issuer.requests(ASKED), 1);
}

#[tokio::test]
async fn different_tokens_do_not_wait_for_each_other() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    issuer.fail(ASKED, Fault::Hang);
    let release = async {
        issuer.until_requests(ASKED, 2).await;
        issuer.recover();
    };
    tokio::join!(reason(&tokens, "a"), reason(&tokens, "b"), release);
}

#[tokio::test]
async fn no_more_questions_are_under_way_than_allowed() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    // Half of it is for tokens that nobody has seen.
    let tokens = tokens.with_max_concurrency(4);
    issuer.fail(ASKED, Fault::Hang);
    let release = async {
        issuer.until_requests(ASKED, 2).await;
        // Whatever would come too many has been sent before this is answered.
        let (userinfo, other) = (
            IssuerEndpoint::Userinfo,
            issuer.endpoint(IssuerEndpoint::Userinfo),
        );
        let asking =
            tokio::task::spawn_blocking(move || common::live::http("GET", &other, &[], ""));
        issuer.until_requests(userinfo, 1).await;
        asking.await.unwrap();
        let meanwhile = issuer.requests(ASKED);
        issuer.recover();
        meanwhile
    };
    let guesses: Vec<_> = (0..18).map(|number| number.to_string()).collect();
    let callers = join_all(guesses.iter().map(|guess| reason(&tokens, guess)));
    let (_, meanwhile) = tokio::join!(callers, release);
    assert_eq!((meanwhile, issuer.requests(ASKED)), (2, 18));
}

#[tokio::test]
async fn the_time_in_line_counts_too() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    let tokens = tokens
        .with_max_concurrency(1)
        .with_wait_limit(Duration::from_millis(50));
    issuer.fail(ASKED, Fault::Hang);
    // One slot, and a line of eight.
    let guesses: Vec<_> = (0..9).map(|number| number.to_string()).collect();
    let answers = join_all(guesses.iter().map(|guess| unavailable(&tokens, guess))).await;
    assert!(answers.iter().all(|reason| reason == "endpoint_failed"));
    // Whoever is next in line may get his turn in the very moment in which his time is up too; did
    // the time in line not count, all would.
    assert!(issuer.requests(ASKED) < guesses.len());
}

#[tokio::test]
async fn a_flood_of_tokens_is_answered_at_once_beyond_its_bound() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    issuer.fail(ASKED, Fault::Hang);
    let waiting: Vec<_> = (0..16 + 128)
        .map(|number| {
            let (tokens, guess) = (tokens.clone(), format!("guess-{number}"));
            tokio::spawn(async move { ask(&tokens, &guess).await })
        })
        .collect();
    issuer.until_requests(ASKED, 16).await;
    assert_eq!(unavailable(&tokens, "one-more").await, "endpoint_not_asked");
    issuer.recover();
    for answer in join_all(waiting).await {
        let error = answer.unwrap().unwrap_err();
        assert_eq!(error.kind(), AuthErrorKind::InvalidCredential);
    }
    assert_eq!(reason(&tokens, "one-more").await, "token_inactive");
}

#[test]
fn a_question_that_ends_with_its_runtime_can_be_asked_again_in_another() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    let token = issuer.token().mint_opaque();
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    issuer.fail(ASKED, Fault::Hang);
    runtime().block_on(async {
        let (tokens, token) = (tokens.clone(), token.clone());
        tokio::spawn(async move { ask(&tokens, &token).await });
        issuer.until_requests(ASKED, 1).await;
    });
    issuer.recover();
    runtime().block_on(accepted(&tokens, &token));
}

#[test]
fn without_a_runtime_it_is_503_and_no_panic() {
    let issuer = issuer();
    let (tokens, _) = remembering(&issuer);
    let mut asking = pin!(ask(&tokens, "t"));
    let mut context = Context::from_waker(Waker::noop());
    let std::task::Poll::Ready(answer) = asking.as_mut().poll(&mut context) else {
        panic!("it waits for a runtime that is not there");
    };
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::Unavailable);
}
