//! The layer against the model: random routers, rules, paths, methods and places of a credential, with
//! reloads and changes of keys between the requests.
//!
//! `TOWER_AUTH_CASES=500000 cargo test --release --all-features --test it access::properties::oracle` asks so many requests
//! instead of 50,000. A failing case says its seed, and `TOWER_AUTH_SEED` then repeats its world alone.

use std::{
    env,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use axum::extract::Request;
use futures_util::FutureExt;
use tower::ServiceExt;
use tower_auth::AuthError;

use crate::access::properties::{
    Ran,
    common::{
        dice::{Dice, cases},
        paths_model::{Kind, Pattern, Rule, Segment, allowed, fits_beside},
    },
    model::{self, Answer},
    requests::{self, Shown},
    world::{App, Key, KeyChange, Place, Provider, Served, Source, Wiring, World},
};

#[test]
fn a_layer_answers_as_the_model_says() {
    if let Ok(seed) = env::var("TOWER_AUTH_SEED") {
        return ask_a_world(seed.parse().unwrap());
    }
    let worlds = cases(50_000).div_ceil(REQUESTS).try_into().unwrap();
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= worlds {
                        break;
                    }
                    ask_a_world(seed);
                }
            });
        }
    });
}

/// Requests to each world.
const REQUESTS: usize = 50;

fn ask_a_world(seed: u64) {
    let mut dice = Dice::new(seed);
    let mut world = world(&mut dice);
    let served = world.serve();
    let mut history = Vec::new();
    for _ in 0..REQUESTS {
        if dice.percent(15) {
            history.push(change(&mut dice, &mut world, &served));
        }
        let shown = requests::request(&mut dice, &patterns(&world));
        if let Err(why) = compare(&world, served.app.clone(), &shown) {
            let (world, shown) = smallest(world, shown);
            panic!(
                "TOWER_AUTH_SEED={seed}: {why}\nchanges before: {history:?}\n{shown:#?}\n{world:#?}"
            );
        }
    }
}

fn compare(world: &World, app: App, shown: &Shown) -> Result<(), String> {
    let bare = ask(world.bare(), shown.to_request());
    let wanted = model::answer(world, shown, bare.extensions().get().cloned());
    let answer = ask(app, shown.to_request());
    let got = match (
        answer.extensions().get::<Ran>(),
        answer.extensions().get::<AuthError>(),
    ) {
        (Some(ran), None) => Answer::Ran(ran.clone()),
        (None, Some(error)) => Answer::Refused(answer.status().as_u16(), error.code()),
        _ => Answer::NotFound,
    };
    if got == wanted {
        return Ok(());
    }
    Err(format!("{got:?}, and the model says {wanted:?}"))
}

fn ask<S>(service: S, request: Request) -> axum::response::Response
where
    S: tower::Service<
            Request,
            Response = axum::response::Response,
            Error = std::convert::Infallible,
        >,
{
    let answer = service.oneshot(request).now_or_never();
    answer.expect("nobody here waits").unwrap()
}

/// The world and the request with whatever may be left out and still they differ.
fn smallest(mut world: World, mut shown: Shown) -> (World, Shown) {
    let differs =
        |world: &World, shown: &Shown| compare(world, world.serve().app.clone(), shown).is_err();
    if !differs(&world, &shown) {
        return (world, shown); // it takes the changes before, too
    }
    loop {
        let mut smaller: Vec<(World, Shown)> = Vec::new();
        let mut leave_out = |change: &dyn Fn(&mut World, &mut Shown)| {
            let (mut world, mut shown) = (world.clone(), shown.clone());
            change(&mut world, &mut shown);
            smaller.push((world, shown));
        };
        for index in 0..world.rules.len() {
            leave_out(&|world, _| drop(world.rules.remove(index)));
        }
        for index in 0..world.routes.len() {
            leave_out(&|world, _| drop(world.routes.remove(index)));
        }
        for index in 0..shown.headers.len() {
            leave_out(&|_, shown| drop(shown.headers.remove(index)));
        }
        for index in 0..shown.query.len() {
            leave_out(&|_, shown| drop(shown.query.remove(index)));
        }
        for index in 1..world.main.keys.len() {
            leave_out(&|world, _| {
                world.main.keys.remove(index);
            });
        }
        if world.second.is_some() {
            leave_out(&|world, _| world.second = None);
        }
        match smaller
            .into_iter()
            .find(|(world, shown)| differs(world, shown))
        {
            Some((less, request)) => (world, shown) = (less, request),
            None => return (world, shown),
        }
    }
}

fn world(dice: &mut Dice) -> World {
    let wirings = [
        Wiring::Layer,
        Wiring::Layer,
        Wiring::RouteLayer,
        Wiring::Around,
        Wiring::Fallback,
        Wiring::Nested,
    ];
    let wiring = dice.pick(&wirings);
    let by_file = dice.percent(30);
    let mut routes: Vec<Pattern> = Vec::new();
    for _ in 0..dice.below(8) {
        let route = pattern(dice);
        if fits_beside(&route, &routes) {
            routes.push(route);
        }
    }
    let main = if by_file {
        gateways()
    } else {
        provider(dice, &["sk-alpha-0123456789", "sk-beta-0123456789"])
    };
    let second = (!by_file && dice.percent(40))
        .then(|| provider(dice, &["sk-second-0123456789", "sk-beta-0123456789"]));
    World {
        wiring,
        rules: rules(dice, wiring),
        routes,
        dev_docs: dice.percent(40),
        pass_preflight: dice.percent(20),
        main,
        second,
        own: provider(dice, &["sk-own-0123456789"]),
        by_file,
    }
}

/// What `api_keys` of a file comes to.
fn gateways() -> Provider {
    Provider {
        sources: vec![
            Source {
                place: Place::Header,
                fallback: false,
            },
            Source {
                place: Place::Bearer,
                fallback: true,
            },
        ],
        keys: vec![key("alpha", "sk-alpha-0123456789")],
    }
}

fn provider(dice: &mut Dice, keys: &[&'static str]) -> Provider {
    let mut places = vec![Place::Header, Place::Bearer, Place::WebSocket, Place::Query];
    let origins: &[&[&str]] = &[
        &[],
        &["https://app.example.com"],
        &["https://app.example.com", "http://[::1]:80"],
    ];
    places.push(Place::Cookie(dice.pick(origins).to_vec()));
    let mut sources = Vec::new();
    for _ in 0..=dice.below(places.len()) {
        let place = places.remove(dice.below(places.len()));
        sources.push(Source {
            place,
            fallback: dice.percent(30),
        });
    }
    let keys = keys.iter().map(|text| key(text, text)).collect();
    Provider { sources, keys }
}

fn key(name: &'static str, key: &'static str) -> Key {
    Key {
        name,
        key,
        revoked: false,
    }
}

fn rules(dice: &mut Dice, wiring: Wiring) -> Vec<Rule> {
    let mut rules = Vec::new();
    for _ in 0..dice.below(8) {
        let mut pattern = pattern(dice);
        if wiring == Wiring::Nested && dice.percent(80) {
            let root = [Segment::Plain("")];
            let below = if pattern == root { Vec::new() } else { pattern };
            pattern = [vec![Segment::Plain("n")], below].concat();
        }
        rules.push(Rule {
            pattern,
            method: dice.percent(30).then(|| {
                dice.pick(&["GET", "HEAD", "POST", "OPTIONS"])
                    .parse()
                    .unwrap()
            }),
            kind: dice.pick(&[
                Kind::Public,
                Kind::Public,
                Kind::Public,
                Kind::Optional,
                Kind::Required,
                Kind::Own,
            ]),
        });
    }
    allowed(rules)
}

fn pattern(dice: &mut Dice) -> Pattern {
    let mut pattern: Pattern = Vec::new();
    for _ in 0..dice.below(4) {
        pattern.push(match dice.below(3) {
            0 => Segment::Param,
            _ => Segment::Plain(dice.pick(&["a", "b", "run", "health", "docs", "v1"])),
        });
    }
    match dice.below(5) {
        0 => pattern.push(Segment::Rest),
        1 => pattern.push(Segment::Plain("")),
        _ if pattern.is_empty() => pattern.push(Segment::Plain("")),
        _ => {}
    }
    pattern
}

/// What a request may be for: routes, rules and what is built in.
fn patterns(world: &World) -> Vec<Pattern> {
    let mut patterns = vec![vec![Segment::Plain("health")]];
    for route in &world.routes {
        patterns.push(match world.wiring {
            Wiring::Nested => [vec![Segment::Plain("n")], route.clone()].concat(),
            _ => route.clone(),
        });
    }
    patterns.extend(world.rules.iter().map(|rule| rule.pattern.clone()));
    patterns.extend(model::docs());
    patterns
}

/// Changes the world and what serves it alike; says what was done.
fn change(dice: &mut Dice, world: &mut World, served: &Served) -> String {
    if world.by_file {
        if dice.percent(30) {
            served.read_a_faulty_file();
            return "a faulty file".to_owned();
        }
        world.rules = rules(dice, world.wiring);
        world.dev_docs = dice.percent(40);
        world.main.keys = any_keys(dice);
        served.follow(world);
        return "another file".to_owned();
    }
    let keys = &mut world.main.keys;
    let spare = key(
        "gamma",
        dice.pick(&["sk-gamma-0123456789", "sk-délta-0123456789"]),
    );
    let has_spare = keys.iter().any(|known| known.name == spare.name);
    let some = keys
        .get(dice.below(keys.len().max(1)))
        .map(|known| known.name);
    let change = match (dice.below(4), some) {
        (0, Some(name)) => {
            keys.iter_mut()
                .filter(|known| known.name == name)
                .for_each(|known| known.revoked = true);
            KeyChange::Revoke(name)
        }
        (1, Some(name)) => {
            keys.retain(|known| known.name != name);
            KeyChange::Remove(name)
        }
        (2, _) if !has_spare => {
            keys.push(spare.clone());
            KeyChange::Add(spare)
        }
        (3, _) => {
            keys.retain(|known| known.name != spare.name);
            keys.push(spare.clone());
            KeyChange::Replace(spare)
        }
        _ => {
            world.main.keys = any_keys(dice);
            world.own.keys = vec![key(
                "own",
                dice.pick(&["sk-own-0123456789", "sk-alpha-0123456789"]),
            )];
            served.follow(world);
            return "other keys".to_owned();
        }
    };
    served.change_key(&change);
    format!("{change:?}")
}

fn any_keys(dice: &mut Dice) -> Vec<Key> {
    let all = [
        key("alpha", "sk-alpha-0123456789"),
        key("beta", "sk-beta-0123456789"),
        key("gamma", "sk-délta-0123456789"),
    ];
    let mut keys: Vec<Key> = all.into_iter().filter(|_| dice.percent(60)).collect();
    for known in &mut keys {
        known.revoked = dice.percent(25);
    }
    if keys.is_empty() {
        keys.push(key("beta", "sk-beta-0123456789"));
    }
    keys
}
