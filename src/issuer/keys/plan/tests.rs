use super::*;

const NOW: u64 = 1_000_000;

#[test]
fn the_first_fetch_is_due_at_once() {
    let mut plan = Plan::default();
    assert!(plan.want_keys(NOW).is_ok());
    assert_eq!(plan.begin(NOW), Some(1));
    assert_eq!(plan.begin(NOW), None, "one at a time");
}

#[test]
fn keys_are_refreshed_when_four_fifths_of_their_time_are_over() {
    for (max_age, cache_ttl, expected) in [
        (None, None, 2880),
        (Some(600), None, 480),
        (Some(0), None, 48),
        (Some(59), None, 48),
        (Some(u64::MAX), None, 69_120),
        (Some(600), Some(3600), 2880),
        (None, Some(60), 48),
    ] {
        let pace = Pace {
            cache_ttl,
            ..Pace::default()
        };
        let plan = with_keys(max_age, &pace);
        assert_eq!(plan.due(), NOW + expected, "{max_age:?} {cache_ttl:?}");
    }
}

#[test]
fn keys_are_refreshed_before_they_are_stale() {
    let pace = Pace {
        stale_ttl: 600,
        ..Pace::default()
    };
    assert_eq!(with_keys(Some(86_400), &pace).due(), NOW + 480);
}

#[test]
fn nothing_is_fetched_before_it_is_due() {
    let mut plan = with_keys(None, &Pace::default());
    assert_eq!(plan.begin(NOW + 2879), None);
    assert_eq!(plan.begin(NOW + 2880), Some(2));
}

#[test]
fn a_failed_refresh_is_tried_again_less_and_less_often() {
    let mut plan = with_keys(None, &Pace::default());
    let mut now = plan.due();
    for pause in [30, 60, 120, 240, 300, 300, 300] {
        assert!(plan.begin(now).is_some());
        plan.fail(true, now);
        assert_eq!(plan.due(), now + pause);
        now += pause;
    }
}

#[test]
fn many_failures_overflow_nothing() {
    let mut plan = Plan::default();
    for _ in 0..1000 {
        plan.begin(u64::MAX);
        plan.fail(false, u64::MAX);
    }
    assert_eq!(plan.due(), u64::MAX);
}

#[test]
fn after_a_success_failures_are_forgotten() {
    let pace = Pace::default();
    let mut plan = Plan::default();
    for _ in 0..5 {
        plan.want();
        plan.begin(NOW);
        plan.fail(false, NOW);
    }
    plan.want();
    plan.begin(NOW);
    plan.succeed(None, &pace);
    plan.begin(plan.due());
    plan.fail(true, NOW);
    assert_eq!(plan.due(), NOW + 30);
}

#[test]
fn unknown_keys_cause_one_fetch_per_cool_down() {
    let pace = Pace::default();
    let mut plan = with_keys(None, &pace);
    assert_eq!(plan.want_key(1, &pace, NOW), Ok(ticket(2, true)));
    assert_eq!(
        plan.want_key(1, &pace, NOW),
        Ok(ticket(2, true)),
        "not begun: the same one"
    );
    plan.begin(NOW);
    assert_eq!(
        plan.want_key(1, &pace, NOW),
        Ok(ticket(2, false)),
        "begun before this token"
    );
    plan.succeed(None, &pace);
    assert_eq!(
        plan.want_key(1, &pace, NOW),
        Ok(ticket(2, false)),
        "look at the new set first"
    );
    assert_eq!(plan.want_key(2, &pace, NOW), Err(30));
    assert_eq!(plan.want_key(2, &pace, NOW + 29), Err(1));
    assert_eq!(plan.want_key(2, &pace, NOW + 30), Ok(ticket(3, true)));
}

#[test]
fn a_refresh_that_is_under_way_costs_no_cool_down() {
    let pace = Pace::default();
    let mut plan = with_keys(None, &pace);
    plan.begin(plan.due());
    assert_eq!(plan.want_key(1, &pace, NOW), Ok(ticket(2, false)));
    plan.succeed(None, &pace);
    assert_eq!(plan.want_key(2, &pace, NOW), Ok(ticket(3, true)));
}

#[test]
fn a_clock_that_is_set_back_prolongs_nothing_for_long() {
    let pace = Pace::default();
    let mut plan = with_keys(None, &pace);
    assert!(plan.want_key(1, &pace, NOW).is_ok());
    plan.begin(NOW);
    plan.succeed(None, &pace);
    // By little: nothing happens. By far: both the refresh and the cool-down are over.
    assert_eq!(plan.begin(NOW - 60), None);
    assert_eq!(plan.cooling(&pace, NOW - 29), 30);
    assert_eq!(plan.cooling(&pace, NOW - 30), 0);
    assert_eq!(plan.begin(NOW - 61), Some(3));
}

#[test]
fn an_abandoned_fetch_is_over_and_can_be_begun_again() {
    let mut plan = Plan::default();
    plan.begin(NOW);
    plan.abandon(NOW);
    assert_eq!(plan.ended(), 1);
    assert_eq!(plan.begin(NOW), None);
    assert_eq!(plan.begin(NOW + 1), Some(2));
}

fn with_keys(max_age: Option<u64>, pace: &Pace) -> Plan {
    let mut plan = Plan::default();
    plan.begin(NOW);
    plan.succeed(max_age, pace);
    plan
}

fn ticket(number: u64, is_proof: bool) -> Ticket {
    Ticket { number, is_proof }
}
