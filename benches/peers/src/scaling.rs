//! How many checks a second one thread makes, and how many two do.

use std::{
    fmt::Debug,
    hint::black_box,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    routing::{Route, post},
};
use http::{Request, StatusCode};
use tower_auth::{AuthLayer, jose::Algorithm};
use tower_layer::{Layer, layer_fn};
use tower_service::Service;

use crate::{
    by_hand,
    call::{Answer, Head, Inner, once},
    contenders::{self, tokens},
    credentials::{Credentials, api_key},
    measure::median,
};

/// How many times as much two threads do.
#[derive(Clone, Debug)]
pub struct Scaling {
    /// What they do.
    pub name: &'static str,
    /// Calls a second on one thread.
    pub one: f64,
    /// Calls a second on two threads, together.
    pub two: f64,
    /// The median over the rounds of the one over the other.
    pub factor: f64,
}

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How many rounds.
    pub rounds: usize,
    /// How long a run takes.
    pub run: Duration,
}

impl Effort {
    /// A run whose figures are kept.
    pub const FULL: Self = Self {
        rounds: 15,
        run: Duration::from_millis(100),
    };

    /// A run that only shows that everything works.
    pub const SMOKE: Self = Self {
        rounds: 1,
        run: Duration::from_millis(1),
    };
}

/// What the machine itself is measured with.
pub const EMPTY_LOOP: &str = "empty loop";
/// The inner service with nothing around it.
pub const BARE: &str = "bare";
/// A whole application, with a layer that does nothing around its routes.
pub const ROUTER: &str = "Router, no layer";
/// The same application with a check that shares nothing but its table and its callers.
pub const ROUTER_BY_HAND: &str = "Router, API key by hand, the same";
/// What begins the name of work that goes through an application, as users' requests do: what it
/// wins is worth keeping, and what wins beside it alone is not.
pub const THROUGH_ROUTER: &str = "Router, ";
/// A check that shares nothing but its table and its callers.
pub const BY_HAND: [&str; 2] = ["API key by hand, one each", "API key by hand, the same"];

/// Measures the empty loop and the checks, interleaved.
///
/// # Panics
///
/// A check refuses what is right.
pub fn scaling(credentials: &Credentials, effort: Effort) -> Vec<Scaling> {
    let signed = credentials.token(Algorithm::RS256);
    let with_key = AuthLayer::new(contenders::keys(2)).layer(Inner);
    let remembered = tokens(credentials, signed);
    let first = remembered.clone().with_remembered_tokens(0);
    let token_layer = AuthLayer::new(remembered);
    let remembered = token_layer.layer(Inner);
    let first = AuthLayer::new(first).layer(Inner);
    let keys = |shown: [usize; 2]| move |thread: usize| Head::with_key(&api_key(shown[thread]));
    let tokens = |shown: [&String; 2]| {
        let shown = shown.map(String::clone);
        move |thread: usize| Head::with_bearer(&shown[thread])
    };
    let (token, other) = (&signed.token, &signed.other);

    let least = by_hand::layer(by_hand::keys([api_key(0), api_key(1)])).layer(Inner);
    let app = || Router::new().route("/run", post(async || "ran"));
    // As `axum::serve` does: a router without its state makes each layer's service anew for every
    // request.
    let served = |app: Router| app.with_state::<()>(());
    let key_layer = || AuthLayer::new(contenders::keys(2));

    let work: [(&'static str, Worker); WORK] = [
        (EMPTY_LOOP, Box::new(|_| Box::new(arithmetic))),
        (BARE, checks(&Inner, keys([0, 1]))),
        ("API key, one each", checks(&with_key, keys([0, 1]))),
        ("API key, the same", checks(&with_key, keys([0, 0]))),
        (BY_HAND[0], checks(&least, keys([0, 1]))),
        (BY_HAND[1], checks(&least, keys([0, 0]))),
        (
            "remembered, one each",
            checks(&remembered, tokens([token, other])),
        ),
        (
            "remembered, the same",
            checks(&remembered, tokens([token, token])),
        ),
        ("RS256 first seen", checks(&first, tokens([token, other]))),
        (
            ROUTER,
            checks(
                &served(app().layer(layer_fn(|inner: Route| inner))),
                keys([0, 0]),
            ),
        ),
        (
            "Router, exempt path",
            checks(
                &served(app().layer(key_layer().public("/run"))),
                keys([0, 0]),
            ),
        ),
        (
            "Router, API key, one each",
            checks(&served(app().layer(key_layer())), keys([0, 1])),
        ),
        (
            "Router, API key, the same",
            checks(&served(app().layer(key_layer())), keys([0, 0])),
        ),
        (
            ROUTER_BY_HAND,
            checks(
                &served(app().layer(by_hand::layer(by_hand::keys([api_key(0), api_key(1)])))),
                keys([0, 0]),
            ),
        ),
        (
            "Router, remembered, one each",
            checks(
                &served(app().layer(token_layer.clone())),
                tokens([token, other]),
            ),
        ),
        (
            "Router, remembered, the same",
            checks(&served(app().layer(token_layer)), tokens([token, token])),
        ),
    ];
    let mut figures = vec![(Vec::new(), Vec::new(), Vec::new()); work.len()];
    for _ in 0..effort.rounds {
        for ((_, worker), (ones, twos, factors)) in work.iter().zip(&mut figures) {
            let one = per_second(worker, 1, effort.run);
            let two = per_second(worker, 2, effort.run);
            ones.push(one);
            twos.push(two);
            factors.push(two / one);
        }
    }
    let work = work.iter().zip(&mut figures);
    work.map(|((name, _), (one, two, factor))| Scaling {
        name,
        one: median(one),
        two: median(two),
        factor: median(factor),
    })
    .collect()
}

const WORK: usize = 16;

/// Makes what the first or the second thread does again and again.
type Worker = Box<dyn Fn(usize) -> Box<dyn FnMut() + Send> + Sync>;

/// A copy of the service for each thread, as a server has one for each connection: what they share
/// is the provider, and what it keeps of a caller who calls on both.
///
/// Each thread makes its head itself: a copy would share its bytes, and both would count who holds
/// them, as they would where what they count lies side by side.
fn checks<S>(service: &S, head: impl Fn(usize) -> Head + Send + Sync + 'static) -> Worker
where
    S: Service<Request<Body>, Response: Answer, Error: Debug> + Clone + Send + Sync + 'static,
{
    let service = service.clone();
    Box::new(move |thread| {
        let (mut service, head) = (service.clone(), head(thread));
        Box::new(move || assert_eq!(once(&mut service, head.request()), StatusCode::OK))
    })
}

fn per_second(worker: &Worker, threads: usize, run: Duration) -> f64 {
    let start = Barrier::new(threads + 1);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let (start, stop) = (&start, &stop);
        let count = |thread| {
            let mut work = worker(thread);
            work();
            start.wait();
            let began = Instant::now();
            let mut calls = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                work();
                calls += 1;
            }
            f64::from(calls) / began.elapsed().as_secs_f64()
        };
        let counting: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || count(thread)))
            .collect();
        start.wait();
        thread::sleep(run);
        stop.store(true, Ordering::Relaxed);
        let counted = counting.into_iter().map(|thread| thread.join());
        counted.map(|rate| rate.expect("every check passes")).sum()
    })
}

/// Touches no memory that anybody shares.
fn arithmetic() {
    let mut value = black_box(1_u64);
    for step in 0..500 {
        value = value
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(step);
    }
    black_box(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_measured_beside_the_empty_loop() {
        let figures = scaling(&Credentials::new(), Effort::SMOKE);
        assert_eq!(figures[0].name, EMPTY_LOOP);
        assert_eq!(figures.len(), WORK);
        for figure in figures {
            assert!(figure.one > 0.0 && figure.two > 0.0, "{figure:?}");
        }
    }
}
