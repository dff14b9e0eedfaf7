use super::{super::rows::tests::row, *};
use crate::contenders::OURS;

/// A run that meets every target exactly, or nearly so.
struct Met100(Rows, Vec<Scaling>, Vec<Compared>);

impl Met100 {
    fn new() -> Self {
        let alone = |task: Task, net| Row {
            crypto: Crypto::AwsLc.to_string(),
            to_bare: None,
            allocations: 0,
            ..row(&task.to_string(), "parsed key", net)
        };
        let ours = |task: Task, net| row(&task.to_string(), OURS, net);
        let peer = |task: Task, net| row(&task.to_string(), "a peer", net);
        let nothing_allocated = |row: Row| Row {
            allocations: 0,
            ..row
        };
        let mut rows = vec![
            nothing_allocated(ours(Task::ExemptPath, 30.0)),
            nothing_allocated(ours(Task::Scopes, 29.0)),
            ours(Task::ApiKey, 200.0),
            alone(Task::HashOfKey, 50.0),
            ours(Task::MillionKeys, 400.0),
            ours(Task::FirstSeen(Algorithm::HS256), 1200.0),
            peer(Task::FirstSeen(Algorithm::HS256), 2000.0),
            ours(Task::FirstSeen(Algorithm::RS256), 11_000.0),
            alone(Task::Verify(Algorithm::RS256), 10_000.0),
            peer(Task::FirstSeen(Algorithm::RS256), 17_500.0),
            ours(Task::FirstSeen(Algorithm::ES256), 31_800.0),
            alone(Task::Verify(Algorithm::ES256), 30_000.0),
            ours(Task::FirstSeen(Algorithm::EdDSA), 21_200.0),
            alone(Task::Verify(Algorithm::EdDSA), 20_000.0),
            peer(Task::Remembered(Algorithm::RS256), 1500.0),
            ours(Task::Missing, 300.0),
            ours(Task::UnknownKey, 300.0),
            ours(Task::Garbage, 300.0),
        ];
        let remembered = crate::credentials::ALGORITHMS.map(Task::Remembered);
        rows.extend(remembered.map(|task| ours(task, 500.0)));
        let scaling = |name, factor| Scaling {
            name,
            one: 1.0,
            two: factor,
            factor,
        };
        let server = |name, ratio, promised| Compared {
            name,
            bare: 100.0,
            layered: 100.0 * ratio,
            ratio,
            promised,
        };
        Self(
            Rows(rows),
            vec![scaling(EMPTY_LOOP, 1.95), scaling("Router, API key", 1.8)],
            vec![
                server("a layer that does nothing", 0.9, false),
                server("API key", 0.95, true),
            ],
        )
    }

    fn targets(&self) -> Vec<Target> {
        let run = Run {
            rows: &self.0,
            scaling: &self.1,
            servers: &self.2,
            bytes_a_key: 300.0,
            resident_a_key: Some(320.0),
            map_allocations: 2,
        };
        run.targets()
    }

    /// What is not met when a figure of ours, or of what ours is compared with, is another.
    fn failing(mut self, task: Task, name: &str, change: impl Fn(&mut Row)) -> Vec<String> {
        let task = task.to_string();
        let mut rows = self.0.0.iter_mut();
        let found = rows.find(|row| row.task == task && row.name == name);
        change(found.unwrap());
        let targets = self.targets().into_iter();
        targets
            .filter(|target| target.met != Met::Yes)
            .map(|target| target.path)
            .collect()
    }
}

/// A tenth more than promised.
fn slower(row: &mut Row) {
    row.net *= 1.1;
    row.to_bare = row.to_bare.map(|ratio| ratio * 1.1);
}

fn allocates(row: &mut Row) {
    row.allocations += 6;
}

#[test]
fn a_target_that_is_reached_exactly_is_met() {
    for target in Met100::new().targets() {
        assert_eq!(target.met, Met::Yes, "{target:?}");
    }
}

#[test]
fn a_figure_beyond_its_target_fails_that_target() {
    for (task, path) in [
        (Task::ExemptPath, "exempt path"),
        (Task::ApiKey, "API key, 1 key"),
        (Task::MillionKeys, "API key, 1,000,000 keys"),
        (Task::FirstSeen(Algorithm::HS256), "HS256 first seen"),
        (Task::FirstSeen(Algorithm::RS256), "RS256 first seen"),
        (Task::FirstSeen(Algorithm::ES256), "ES256 first seen"),
        (Task::FirstSeen(Algorithm::EdDSA), "EdDSA first seen"),
        (Task::Missing, "refused: missing"),
        (Task::UnknownKey, "refused: unknown key"),
        (Task::Garbage, "refused: garbage"),
    ] {
        assert_eq!(Met100::new().failing(task, OURS, slower), [path]);
    }
    let remembered = Task::Remembered(Algorithm::EdDSA);
    let failing = Met100::new().failing(remembered, OURS, slower);
    assert_eq!(failing, ["remembered token, the slowest algorithm"]);
}

#[test]
fn an_allocation_too_many_fails_its_target() {
    for (task, path) in [
        (Task::ExemptPath, "exempt path"),
        (Task::Scopes, "scopes layer"),
        (Task::ApiKey, "API key, 1 key"),
        (Task::FirstSeen(Algorithm::HS256), "HS256 first seen"),
    ] {
        assert_eq!(Met100::new().failing(task, OURS, allocates), [path]);
    }
}

#[test]
fn a_quicker_peer_fails_what_is_compared_with_it() {
    let quicker = |row: &mut Row| row.net *= 0.9;
    let hmac = Task::FirstSeen(Algorithm::HS256);
    let failing = Met100::new().failing(hmac, "a peer", quicker);
    assert_eq!(failing, ["HS256 first seen"]);
    let hit = Task::Remembered(Algorithm::RS256);
    let failing = Met100::new().failing(hit, "a peer", quicker);
    assert_eq!(failing, ["remembered token, the slowest algorithm"]);
}

#[test]
fn threads_are_judged_where_the_machine_has_two() {
    let judged = |machine, check| {
        let mut run = Met100::new();
        run.1[0].factor = machine;
        run.1[1].factor = check;
        let targets = run.targets().into_iter();
        let mut threads = targets.filter(|target| target.path.starts_with("two threads"));
        threads.next().unwrap().met
    };
    assert_eq!(judged(1.95, 1.7), Met::No);
    assert_eq!(judged(1.5, 1.4), Met::Unknown);
    assert_eq!(judged(1.85, 1.85), Met::Yes);
}

#[test]
fn keys_are_judged_by_what_the_process_grows_too() {
    let met = |allocated, resident| {
        let met = Met100::new();
        let run = Run {
            rows: &met.0,
            scaling: &met.1,
            servers: &met.2,
            bytes_a_key: allocated,
            resident_a_key: resident,
            map_allocations: 2,
        };
        run.million_keys().met
    };
    assert_eq!(met(300.0, Some(321.0)), Met::No);
    assert_eq!(met(321.0, None), Met::No);
    assert_eq!(met(320.0, None), Met::Yes);
}

#[test]
fn a_slow_server_fails() {
    let mut run = Met100::new();
    run.2[1].ratio = 0.94;
    let last = run.targets().pop().unwrap();
    assert_eq!(
        (last.path.as_str(), last.met),
        ("whole server, API key", Met::No)
    );
}
