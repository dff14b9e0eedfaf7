//! The outage matrix: 200 requests a second with valid tokens, while the issuer fails in every way.
//!
//! `cargo test --all-features --test it oauth2::outage -- --nocapture` prints the table.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{task::JoinHandle, time::MissedTickBehavior};
use tower_auth::{
    AuthError, AuthResult,
    provider::{Authentication, OAuth2Auth},
    testing::{Fault, IssuerEndpoint::Jwks},
};

use crate::oauth2::world::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outage {
    Nothing,
    Killed,
    Hangs,
    Answers500,
    AnswersGarbage,
    AnswersAnEmptySet,
    Drips,
    RotatesItsKeys,
    RemovesAKey,
}

const ALL: [Outage; 9] = [
    Outage::Nothing,
    Outage::Killed,
    Outage::Hangs,
    Outage::Answers500,
    Outage::AnswersGarbage,
    Outage::AnswersAnEmptySet,
    Outage::Drips,
    Outage::RotatesItsKeys,
    Outage::RemovesAKey,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_outage_refuses_or_delays_a_valid_token() {
    let tallies = together(ALL.map(endure)).await;
    println!("{HEAD}");
    for tally in &tallies {
        println!("{}", tally.row());
    }
    for tally in &tallies {
        let outage = tally.outage;
        assert_eq!(tally.false_401, 0, "{outage:?}");
        assert_eq!(tally.waited_with_known_kid, 0, "{outage:?}");
        assert!(tally.unavailable.is_empty(), "{tally:?}");
        assert!(tally.fetches <= tally.allowed, "{outage:?} {tally:?}");
        if outage == Outage::RemovesAKey {
            // In time, as a test without load shows: here the clock runs on during the fetch.
            assert!(tally.removed_key_refused_after.is_some(), "{tally:?}");
        } else {
            assert_eq!(tally.accepted, REQUESTS, "{outage:?}");
        }
    }
}

/// Two seconds of requests, during which the clock of the provider moves on by more than three
/// hours: every refresh that is due in that time falls into the outage.
async fn endure(outage: Outage) -> Tally {
    let world = Arc::new(World::new());
    // The limit is not what this is about, and a busy machine takes its time.
    let provider = world.provider().with_wait_limit(MINUTE);
    provider.warm_up().await.unwrap();
    let known = world.kid();
    let mut tally = Tally::new(outage);
    let mut waiting = Vec::<JoinHandle<AuthResult>>::new();
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0.. {
        if number >= REQUESTS && !tally.awaits_removal(number) {
            break;
        }
        ticks.tick().await;
        if number == OUTAGE_AT {
            begin(outage, &world);
        }
        if number < REQUESTS {
            world.pass(STEP);
        }
        let token = token(&world, outage, &known, number);
        tally.requests += 1;
        match timed(&mut tally, &provider, &token) {
            Authentication::Ready(Ok(_)) => tally.accepted += 1,
            Authentication::Ready(Err(error)) => tally.refused(&error, number),
            Authentication::Pending(answer) => {
                match outage {
                    // The first token of the new key: nobody can know it.
                    Outage::RotatesItsKeys if number >= OUTAGE_AT => tally.waited += 1,
                    Outage::RemovesAKey if number >= OUTAGE_AT => tally.removal_noticed(number),
                    _ => tally.waited_with_known_kid += 1,
                }
                waiting.push(tokio::spawn(answer));
            }
        }
    }
    for answer in waiting {
        match answer.await.unwrap() {
            Ok(_) => tally.accepted += 1,
            Err(error) => tally.refused(&error, REQUESTS),
        }
    }
    tally.fetches = world.fetches().max(world.discoveries());
    tally.allowed = allowed(outage);
    tally
}

fn begin(outage: Outage, world: &World) {
    let issuer = &world.issuer;
    match outage {
        Outage::Nothing => {}
        Outage::Killed => issuer.close(),
        Outage::Hangs => issuer.fail_everywhere(&Fault::Hang),
        Outage::Answers500 => issuer.fail_everywhere(&Fault::Status(500)),
        Outage::AnswersGarbage => issuer.fail_everywhere(&Fault::Garbage),
        Outage::AnswersAnEmptySet => issuer.fail(Jwks, Fault::Empty),
        Outage::Drips => issuer.fail_everywhere(&Fault::Drip),
        Outage::RotatesItsKeys => issuer.rotate(),
        Outage::RemovesAKey => issuer.replace_keys(),
    }
}

/// Every second token is a new one; the others come again and are remembered.
fn token(world: &World, outage: Outage, known: &str, number: usize) -> String {
    let token = match outage {
        Outage::RemovesAKey => world.token().with_key(known),
        _ => world.token(),
    };
    match number % 2 {
        0 => token.with_claim("number", number).mint(),
        _ => token
            .with_claim("iat", NOW)
            .with_claim("exp", NOW + 30 * 86_400)
            .mint(),
    }
}

fn timed(tally: &mut Tally, provider: &OAuth2Auth, token: &str) -> Authentication {
    let start = Instant::now();
    let answer = ask(provider, token);
    tally.longest = tally.longest.max(start.elapsed());
    answer
}

/// How many fetches the rules allow: one at the start, one per refresh, those that are tried again
/// after a failure, and one per cool-down for unknown keys.
fn allowed(outage: Outage) -> usize {
    let life = 3600 - 3600 / 5;
    let total = STEP.as_secs() * REQUESTS as u64;
    let refreshes = (total / life) as usize;
    match outage {
        Outage::Nothing => 1 + refreshes,
        Outage::RotatesItsKeys => 1 + refreshes + 1,
        // From then on its tokens name an unknown key.
        Outage::RemovesAKey => 1 + refreshes + (total / 30) as usize,
        _ => {
            let (mut time, mut pause, mut tries) = (life, 30, 1);
            while time + pause <= total {
                time += pause;
                pause = (pause * 2).min(300);
                tries += 1;
            }
            1 + tries
        }
    }
}

#[derive(Debug)]
struct Tally {
    outage: Outage,
    requests: usize,
    accepted: usize,
    false_401: usize,
    waited_with_known_kid: usize,
    waited: usize,
    /// Why it was 503.
    unavailable: Vec<String>,
    fetches: usize,
    allowed: usize,
    longest: Duration,
    /// In seconds of the provider's clock.
    removed_key_refused_after: Option<u64>,
}

impl Tally {
    fn new(outage: Outage) -> Self {
        Self {
            outage,
            requests: 0,
            accepted: 0,
            false_401: 0,
            waited_with_known_kid: 0,
            waited: 0,
            unavailable: vec![],
            fetches: 0,
            allowed: 0,
            longest: Duration::ZERO,
            removed_key_refused_after: None,
        }
    }

    fn refused(&mut self, error: &AuthError, number: usize) {
        if self.outage == Outage::RemovesAKey && number >= OUTAGE_AT {
            return self.removal_noticed(number);
        }
        match error.status().as_u16() {
            401 => self.false_401 += 1,
            _ => self.unavailable.push(error.reason().to_owned()),
        }
    }

    /// On a busy machine the fetch may take longer than the two seconds.
    fn awaits_removal(&self, number: usize) -> bool {
        let noticed = self.removed_key_refused_after.is_some();
        self.outage == Outage::RemovesAKey && !noticed && number < 10 * REQUESTS
    }

    fn removal_noticed(&mut self, number: usize) {
        let seconds = STEP.as_secs() * (number - OUTAGE_AT + 1) as u64;
        self.removed_key_refused_after.get_or_insert(seconds);
    }

    fn row(&self) -> String {
        let after = self.removed_key_refused_after;
        format!(
            "{:<18} {:>8} {:>8} {:>9} {:>12} {:>11} {:>4} {:>7} {:>7} {:>9.1?} {:>12}",
            format!("{:?}", self.outage),
            self.requests,
            self.accepted,
            self.false_401,
            self.waited_with_known_kid,
            self.waited,
            self.unavailable.len(),
            self.fetches,
            self.allowed,
            self.longest,
            after.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds} s")),
        )
    }
}

const HEAD: &str = "outage             requests accepted false 401 known waited new waited  503 \
                    fetches allowed   longest key refused";
const REQUESTS: usize = 400;
const OUTAGE_AT: usize = 50;
/// How far the clock moves with each request.
const STEP: Duration = Duration::from_secs(30);
