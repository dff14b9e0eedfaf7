//! `all_of`, `any_of`, `not`, `deny_all`: generated against a truth table.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use proptest::{collection::vec, prelude::*, sample::select};
use tower_auth::{
    AuthContext, AuthError, AuthErrorKind, ConfigErrorKind,
    authorize::{AllOf, AnyOf, Authorizer, all_of, any_of, authorizer_fn, by_scope, deny_all, not},
};

use crate::authorize::apps::{EVERY_ANSWER, Told, ada};

/// What a member says, and whether it has to wait for it.
type Member = (Told, bool);

fn member() -> impl Strategy<Value = Member> {
    (select(EVERY_ANSWER.to_vec()), any::<bool>())
}

fn made((told, later): Member) -> Arc<dyn Authorizer> {
    if later { told.later() } else { told.at_once() }
}

fn ask(authorizer: &dyn Authorizer) -> Result<(), AuthError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async { authorizer.check(&ada(&[]), "graph", "invoke").await })
}

fn status(answer: &Result<(), AuthError>) -> u16 {
    answer
        .as_ref()
        .map_or_else(|error| error.status().as_u16(), |()| 200)
}

/// Refusals of `any_of`, the most telling first.
const RANKS: [&[Told]; 5] = [
    &[Told::Fail, Told::Panic],
    &[Told::Throttle],
    &[Told::Hide],
    &[Told::Scope],
    &[Told::Forbid],
];

#[test]
fn not_grants_nothing_over_a_member_that_could_not_tell() {
    for order in [[0, 1], [1, 0]] {
        let members = order.map(|at| -> Arc<dyn Authorizer> {
            Arc::new(authorizer_fn(move |_: &AuthContext, _: &str, _: &str| {
                Err(match at {
                    0 => AuthError::forbidden("no_grant"),
                    _ => AuthError::invalid_request("no_such_graph"),
                })
            }))
        });
        let any = AnyOf::from_authorizers(members).unwrap();
        assert_eq!(status(&ask(&not(any))), 400, "{order:?}");
    }
}

proptest! {
    #[test]
    fn all_of_answers_as_its_first_refusal(members in vec(member(), 1..5)) {
        let all = AllOf::from_authorizers(members.iter().copied().map(made)).unwrap();
        let refusal = members.iter().map(|(told, _)| *told).find(|told| *told != Told::Allow);
        prop_assert_eq!(status(&ask(&all)), refusal.map_or(200, Told::status));
    }

    #[test]
    fn any_of_grants_or_answers_as_its_most_telling_refusal(members in vec(member(), 1..5)) {
        let any = AnyOf::from_authorizers(members.iter().copied().map(made)).unwrap();
        let answer = ask(&any);
        let said: Vec<Told> = members.iter().map(|(told, _)| *told).collect();
        if said.contains(&Told::Allow) {
            prop_assert!(answer.is_ok());
        } else {
            let worst = RANKS.iter().find(|rank| rank.iter().any(|told| said.contains(told)));
            let error = answer.unwrap_err();
            let expected = worst.unwrap()[0];
            prop_assert_eq!(error.status().as_u16(), expected.status());
            prop_assert_eq!(error.kind() == AuthErrorKind::InsufficientScope, expected == Told::Scope);
        }
    }

    #[test]
    fn not_turns_around_what_was_decided_and_nothing_else(member in member()) {
        let answer = ask(&not(made(member)));
        match member.0 {
            Told::Allow => prop_assert_eq!(status(&answer), 403),
            Told::Scope | Told::Forbid | Told::Hide => prop_assert!(answer.is_ok()),
            undecided => prop_assert_eq!(status(&answer), undecided.status()),
        }
    }

    /// However they are put together, nothing is granted unless a member that allows, or one that
    /// denies below a `not`, was there to do so.
    #[test]
    fn an_outage_is_never_a_grant(members in vec(select(vec![Told::Fail, Told::Panic, Told::Throttle]), 1..4), later: bool) {
        let each = || members.iter().map(|told| made((*told, later)));
        let all = AllOf::from_authorizers(each()).unwrap();
        let any = AnyOf::from_authorizers(each()).unwrap();
        for authorizer in [
            Arc::new(all.clone()) as Arc<dyn Authorizer>,
            Arc::new(any.clone()),
            Arc::new(not(all.clone())),
            Arc::new(not(any.clone())),
            Arc::new(not(not(any.clone()))),
            Arc::new(any_of(not(all)).or(not(any))),
        ] {
            let error = ask(&authorizer).unwrap_err();
            prop_assert!(!error.is_denial(), "{:?}", error);
        }
    }
}

#[test]
fn any_of_keeps_the_earliest_of_equals() {
    let named = |name: &'static str| {
        authorizer_fn(|_: &AuthContext, _: &str, _: &str| Err(AuthError::forbidden("x")))
            .with_name(name)
    };
    let error = ask(&any_of(named("first")).or(named("second"))).unwrap_err();
    assert_eq!(error.provider(), "first");
}

#[test]
fn a_refusal_names_the_member_it_came_from() {
    let error = ask(&all_of(Told::Allow.later()).and(any_of(deny_all()))).unwrap_err();
    assert_eq!(error.provider(), "deny_all");
    let panicked = ask(&all_of(Told::Panic.at_once())).unwrap_err();
    assert_eq!(
        (panicked.provider(), panicked.reason()),
        ("custom", "authorizer_panicked")
    );
}

#[test]
fn nobody_is_asked_once_the_answer_is_settled() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = || {
        let asked = Arc::clone(&asked);
        authorizer_fn(move |_: &AuthContext, _: &str, _: &str| {
            asked.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    };
    for settled in [Told::Forbid, Told::Fail] {
        assert!(ask(&all_of(settled.at_once()).and(counting())).is_err());
        assert!(ask(&all_of(settled.later()).and(counting())).is_err());
    }
    assert!(ask(&any_of(Told::Allow.at_once()).or(counting())).is_ok());
    assert!(ask(&any_of(Told::Allow.later()).or(counting())).is_ok());
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn members_that_wait_are_asked_one_after_the_other() {
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let member = |name: &'static str| {
        let order = Arc::clone(&order);
        tower_auth::authorize::async_authorizer_fn(move |_: AuthContext, _: String, _: String| {
            let order = Arc::clone(&order);
            order.lock().unwrap().push(format!("{name} asked"));
            async move {
                tokio::task::yield_now().await;
                order.lock().unwrap().push(format!("{name} answered"));
                Ok(())
            }
        })
    };
    let all = all_of(member("a")).and(member("b"));
    all.check(&ada(&[]), "graph", "invoke").await.unwrap();
    assert_eq!(
        *order.lock().unwrap(),
        ["a asked", "a answered", "b asked", "b answered"]
    );
}

#[tokio::test]
async fn members_that_wait_get_the_whole_question() {
    let all = all_of(Told::Allow.later()).and(by_scope());
    let caller = ada(&["graph:invoke"]);
    assert!(all.check(&caller, "graph", "invoke").await.is_ok());
    assert!(all.check(&caller, "graph", "read").await.is_err());
    assert!(all.check(&ada(&[]), "graph", "invoke").await.is_err());
}

#[tokio::test]
async fn deny_all_denies_who_holds_everything() {
    let error = deny_all()
        .check(&ada(&["*"]), "graph", "read")
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.is_denial()), ("forbidden", true));
}

#[test]
fn none_is_refused_when_it_is_built() {
    let none = Vec::<Arc<dyn Authorizer>>::new;
    for error in [
        AllOf::from_authorizers(none()).unwrap_err(),
        AnyOf::from_authorizers(none()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ConfigErrorKind::Empty);
        assert!(error.to_string().contains("deny_all()"), "{error}");
    }
}
