//! Whatever becomes of one node of a valid file, nobody is granted more than the whole file grants,
//! but for what the documentation names.
//!
//! Documents, changes and callers are generated from a seed. The tests ask 50,000 times together;
//! `TOWER_AUTH_MONOTONE_REQUESTS=500000 cargo test --all-features --test it config::monotone` asks as often
//! as it says. A failure prints its seed, and `TOWER_AUTH_MONOTONE_SEED` begins with that one.

mod callers;
mod changes;
mod credentials;
mod deliveries;
mod documents;
mod named;
mod random;
mod tree;

use std::{collections::BTreeMap, env, fs};

use tower_auth::{
    authorize::by_scope,
    config::{AuthConfig, AuthSetup},
};

use self::{
    callers::{ANY, Ask, Asked, Granted, World},
    changes::{Touched, blanked, changed, cut},
    documents::document,
    named::{Gain, MEMBERS},
    random::Random,
    tree::{Node, Step},
};
use super::files::ready;

#[test]
fn removing_or_changing_one_node_grants_nobody_more() {
    let written = |random: &mut Random, (other, touched): (Node, Vec<Touched>)| {
        let is_json = random.chance(50);
        let text = if is_json {
            other.json()
        } else {
            other.yaml().0
        };
        (is_json, text, touched)
    };
    run(3, 0, |random, whole| {
        let blanked = blanked(whole).into_iter();
        let mut all: Vec<Change> = blanked.map(|change| written(random, change)).collect();
        for _ in 0..CHANGES {
            if let Some(change) = changed(random, whole) {
                all.push(written(random, change));
            }
        }
        all
    });
}

#[test]
fn cutting_a_file_anywhere_grants_nobody_more() {
    run(2, 1, |random, whole| {
        let cuts = (0..CHANGES).map(|_| cut(random, whole));
        cuts.map(|(text, touched)| (false, text, touched)).collect()
    });
}

#[test]
fn the_documentation_names_each_member_that_may_grant_more() {
    let text = fs::read_to_string("src/config/mod.rs").unwrap();
    let section = text
        .split("# What a changed file may grant")
        .nth(1)
        .unwrap();
    let section = section.split("\n//! # ").next().unwrap();
    for member in MEMBERS {
        assert!(section.contains(&format!("`{member}`")), "{member}");
    }
}

type Change = (bool, String, Vec<Touched>);

/// Asks a share of all requests, in fifths.
fn run(share: usize, stream: u64, changes: impl Fn(&mut Random, &Node) -> Vec<Change>) {
    let number = |name: &str, unless: u64| match env::var(name) {
        Ok(text) => text.parse().expect("a whole number"),
        Err(_) => unless,
    };
    let wanted = number("TOWER_AUTH_MONOTONE_REQUESTS", 50_000) as usize * share / 5;
    let first = number("TOWER_AUTH_MONOTONE_SEED", 1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let world = World::new();
    let mut count = Count::default();
    for seed in first.. {
        let mut random = Random(seed.wrapping_mul(2).wrapping_add(stream) << 20);
        let whole = document(&mut random, &world);
        let case = Case {
            seed,
            asks: world.asks(&mut random),
            whole,
        };
        runtime.block_on(case.check(&mut random, &changes, &mut count));
        if count.requests >= wanted {
            break;
        }
    }
    // Else the whole test would say nothing.
    let said = format!("{count:?}");
    assert!(count.built > count.documents, "{said}");
    assert!(count.granted * 20 > count.requests, "{said}");
    assert!(count.narrowed * 500 > count.requests, "{said}");
    eprintln!("{said}");
}

#[derive(Debug, Default)]
struct Count {
    documents: usize,
    built: usize,
    requests: usize,
    granted: usize,
    /// What the changed file grants less.
    narrowed: usize,
    /// What it grants more, by the member that says so.
    named: BTreeMap<&'static str, usize>,
}

struct Case {
    seed: u64,
    whole: Node,
    asks: Vec<Ask>,
}

impl Case {
    async fn check(
        &self,
        random: &mut Random,
        changes: &impl Fn(&mut Random, &Node) -> Vec<Change>,
        count: &mut Count,
    ) {
        let text = self.whole.json();
        let setup = build(true, &text);
        let setup = setup.unwrap_or_else(|faults| panic!("seed {}: {text}\n{faults}", self.seed));
        let before = self.answers(setup, count).await;
        count.documents += 1;
        let enough = count.built + BUILT;
        for (is_json, text, touched) in changes(random, &self.whole) {
            if count.built >= enough {
                break;
            }
            let Ok(setup) = build(is_json, &text) else {
                continue;
            };
            count.built += 1;
            if setup.summary().is_disabled() {
                // The last one is the agent shape's.
                let says_so = |node: &Touched| match &*node.path {
                    "auth.enabled" | "auth.mode" => true,
                    "auth" => text.contains("\"auth\": null"),
                    _ => false,
                };
                let was = build(true, &self.whole.json())
                    .unwrap()
                    .summary()
                    .is_disabled();
                assert!(was || touched.iter().any(says_so), "{}", self.tell(&text));
                continue;
            }
            let after = self.answers(setup, count).await;
            self.compare(&before, &after, &touched, &text, count).await;
        }
    }

    async fn answers(&self, setup: AuthSetup, count: &mut Count) -> Vec<Granted> {
        let asked = Asked::new(setup);
        let mut all = Vec::with_capacity(self.asks.len());
        for ask in &self.asks {
            let granted = asked.grants(ask).await;
            count.granted += usize::from(granted != Granted::Nothing);
            all.push(granted);
        }
        count.requests += all.len();
        all
    }

    async fn compare(
        &self,
        before: &[Granted],
        after: &[Granted],
        touched: &[Touched],
        text: &str,
        count: &mut Count,
    ) {
        for (ask, (before_here, after_here)) in self.asks.iter().zip(before.iter().zip(after)) {
            if before_here.covers(after_here) {
                count.narrowed += usize::from(!after_here.covers(before_here));
                continue;
            }
            let elsewhere = |other: &Ask| other.who == ask.who && other.path == ANY;
            let elsewhere = self.asks.iter().position(elsewhere);
            let elsewhere = elsewhere.map_or(&Granted::Nothing, |index| &before[index]);
            // Where the path was public and is not any more, who may call is known there now.
            let before_here = match before_here {
                Granted::Open if elsewhere.covers(after_here) => continue,
                Granted::Open => elsewhere,
                other => other,
            };
            let gain = Gain {
                whole: &self.whole,
                ask,
                before: before_here,
                after: after_here,
                elsewhere,
                touched,
                is_word: text.contains("\"auth\": \""),
            };
            // Who shows several credentials at once could show each alone.
            let has_alone = |other: &&Ask| ask.alone.contains(&other.who) && other.path == ANY;
            let alone = self
                .asks
                .iter()
                .zip(before)
                .filter(|(other, _)| has_alone(other));
            if { alone }.any(|(_, granted)| granted.covers(after_here)) {
                continue;
            }
            let named = match gain.named() {
                Some(member) => Some(member),
                None if self.a_block_alone_grants(ask, after_here).await => Some("another block"),
                None => None,
            };
            match named {
                Some(member) => *count.named.entry(member).or_default() += 1,
                None => panic!(
                    "{}\nchanged: {touched:?}\n{} gains {} {}: {after_here:?} instead of \
                     {before_here:?}",
                    self.tell(text),
                    ask.who,
                    ask.method,
                    ask.path,
                ),
            }
        }
    }

    /// Whether one of the blocks would grant it, were it the only one: the first that accepts a
    /// credential says what its scopes are, and another may be the first now.
    async fn a_block_alone_grants(&self, ask: &Ask, granted: &Granted) -> bool {
        for block in BLOCKS {
            let mut alone = self.whole.clone();
            for other in BLOCKS
                .iter()
                .filter(|other| **other != block)
                .chain(&["mode"])
            {
                alone.remove(&[Step::Member("auth".into()), Step::Member((*other).into())]);
            }
            let Ok(setup) = build(true, &alone.json()) else {
                continue;
            };
            if Asked::new(setup).grants(ask).await.covers(granted) {
                return true;
            }
        }
        false
    }

    fn tell(&self, text: &str) -> String {
        format!(
            "seed {}\nwhole: {}\nother: {text}",
            self.seed,
            self.whole.json()
        )
    }
}

fn build(is_json: bool, text: &str) -> Result<AuthSetup, tower_auth::config::ConfigFaults> {
    let config = match is_json {
        true => AuthConfig::from_json(text),
        false => AuthConfig::from_yaml(text),
    };
    ready(config).with_authorizer("scopes", by_scope()).build()
}

/// What makes a provider.
const BLOCKS: [&str; 7] = [
    "api_keys",
    "key_store",
    "jwt",
    "oauth2",
    "introspection",
    "allowlist",
    "custom",
];
/// How many changes of one document are tried; most of them do not build.
const CHANGES: usize = 60;
/// How many of those that build are asked.
const BUILT: usize = 5;
