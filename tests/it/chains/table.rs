//! The truth table [8.1]: every chain of one, two and three, generated.

use http::Request;
use tower_auth::{
    Access, AuthLayer, AuthRequest, Message,
    provider::{AuthProvider, CompositeAuth},
};

use crate::chains::members::{
    Event, Kind, Log, Member, Outcome, Says, block_on, chain, expected, expected_events, kinds,
    of_answer, says, through,
};

/// Every chain of `len` members.
fn chains_of(len: usize) -> Vec<Vec<Kind>> {
    let mut chains = vec![Vec::new()];
    for _ in 0..len {
        chains = chains
            .iter()
            .flat_map(|chain| {
                kinds().into_iter().map(move |kind| {
                    let mut longer = chain.clone();
                    longer.push(kind);
                    longer
                })
            })
            .collect();
    }
    chains
}

fn check_through_layer(len: usize) {
    block_on(async {
        for kinds in chains_of(len) {
            let log = Log::default();
            let outcome = through(&AuthLayer::new(chain(&kinds, &log))).await;
            assert_eq!(outcome, expected(&says(&kinds)), "{kinds:?}");
            assert_eq!(log.take(), expected_events(&says(&kinds)), "{kinds:?}");
        }
    });
}

#[test]
fn a_provider_alone_is_answered_for_by_the_layer_as_the_specification_says() {
    block_on(async {
        for kind in kinds() {
            let log = Log::default();
            let outcome = through(&AuthLayer::new(Member::new(0, kind, &log))).await;
            assert_eq!(outcome, expected(&[kind.0]), "{kind:?}");
        }
    });
}

#[test]
fn a_chain_of_one_answers_as_its_member() {
    check_through_layer(1);
}

#[test]
fn every_pair_gets_the_expected_response_and_asks_in_order() {
    check_through_layer(2);
}

#[test]
fn every_triple_gets_the_expected_response_and_asks_in_order() {
    check_through_layer(3);
}

#[test]
fn every_triple_gives_a_handler_that_awaits_it_the_same_answer() {
    let request = Request::get("/run").body(()).unwrap();
    let message = Message::new("telegram").with_user_id(42);
    block_on(async {
        for kinds in chains_of(3) {
            let log = Log::default();
            let chain = chain(&kinds, &log);
            for view in [AuthRequest::from(&request), AuthRequest::message(&message)] {
                let answer = chain.authenticate(&view).await;
                let Outcome {
                    status, code, by, ..
                } = expected(&says(&kinds));
                assert_eq!(of_answer(&answer), (status, code, by), "{kinds:?}");
                assert_eq!(log.take(), expected_events(&says(&kinds)), "{kinds:?}");
            }
        }
    });
}

#[test]
fn nesting_changes_nothing_wherever_it_stands() {
    let request = Request::get("/run").body(()).unwrap();
    block_on(async {
        for kinds in chains_of(3) {
            let log = Log::default();
            let [first, second, third] =
                [0, 1, 2].map(|index| Member::new(index, kinds[index], &log));
            let outermost = CompositeAuth::new(CompositeAuth::new(first))
                .or(CompositeAuth::new(second).or(third));
            let answer = outermost.authenticate(&AuthRequest::from(&request)).await;
            let Outcome {
                status, code, by, ..
            } = expected(&says(&kinds));
            assert_eq!(of_answer(&answer), (status, code, by), "{kinds:?}");
            assert_eq!(log.take(), expected_events(&says(&kinds)), "{kinds:?}");
        }
    });
}

#[test]
fn an_optional_path_passes_only_where_no_member_recognized_anything() {
    block_on(async {
        for kinds in chains_of(2) {
            let log = Log::default();
            let layer = AuthLayer::new(chain(&kinds, &log)).access("/run", Access::Optional);
            let outcome = through(&layer).await;
            let says = says(&kinds);
            if says == [Says::NotMine, Says::NotMine] {
                assert!(outcome.handled && outcome.by.is_none(), "{kinds:?}");
            } else {
                assert_eq!(outcome, expected(&says), "{kinds:?}");
            }
        }
    });
}

#[test]
fn a_path_with_a_chain_of_its_own_asks_nobody_else() {
    block_on(async {
        for kinds in chains_of(2) {
            let (own, others) = (Log::default(), Log::default());
            let everybody = Member::new(3, (Says::Accepts, kinds[0].1), &others);
            let layer =
                AuthLayer::new(everybody).access("/run", Access::provider(chain(&kinds, &own)));
            assert_eq!(through(&layer).await, expected(&says(&kinds)), "{kinds:?}");
            assert_eq!(others.take(), Vec::<Event>::new(), "{kinds:?}");
        }
    });
}
