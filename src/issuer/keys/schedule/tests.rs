use super::*;

const NOW: u64 = 1_000_000;

#[test]
fn the_first_fetch_is_due_at_once() {
    let mut schedule = RefreshSchedule::default();
    assert!(schedule.request_keys(NOW).is_ok());
    assert_eq!(schedule.start(NOW), Some(1));
    assert_eq!(schedule.start(NOW), None, "one at a time");
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
        let settings = RefreshSettings {
            cache_ttl,
            ..RefreshSettings::default()
        };
        let schedule = with_keys(max_age, &settings);
        assert_eq!(schedule.due(), NOW + expected, "{max_age:?} {cache_ttl:?}");
    }
}

#[test]
fn keys_are_refreshed_before_they_are_stale() {
    let settings = RefreshSettings {
        stale_ttl: 600,
        ..RefreshSettings::default()
    };
    assert_eq!(with_keys(Some(86_400), &settings).due(), NOW + 480);
}

#[test]
fn nothing_is_fetched_before_it_is_due() {
    let mut schedule = with_keys(None, &RefreshSettings::default());
    assert_eq!(schedule.start(NOW + 2879), None);
    assert_eq!(schedule.start(NOW + 2880), Some(2));
}

#[test]
fn a_failed_refresh_is_tried_again_less_and_less_often() {
    let mut schedule = with_keys(None, &RefreshSettings::default());
    let mut now = schedule.due();
    for pause in [30, 60, 120, 240, 300, 300, 300] {
        assert!(schedule.start(now).is_some());
        schedule.fail(true, now);
        assert_eq!(schedule.due(), now + pause);
        now += pause;
    }
}

#[test]
fn many_failures_overflow_nothing() {
    let mut schedule = RefreshSchedule::default();
    for _ in 0..1000 {
        schedule.start(u64::MAX);
        schedule.fail(false, u64::MAX);
    }
    assert_eq!(schedule.due(), u64::MAX);
}

#[test]
fn after_a_success_failures_are_forgotten() {
    let settings = RefreshSettings::default();
    let mut schedule = RefreshSchedule::default();
    for _ in 0..5 {
        schedule.request();
        schedule.start(NOW);
        schedule.fail(false, NOW);
    }
    schedule.request();
    schedule.start(NOW);
    schedule.succeed(None, &settings);
    schedule.start(schedule.due());
    schedule.fail(true, NOW);
    assert_eq!(schedule.due(), NOW + 30);
}

#[test]
fn unknown_keys_cause_one_fetch_per_cool_down() {
    let settings = RefreshSettings::default();
    let mut schedule = with_keys(None, &settings);
    assert_eq!(schedule.request_key(1, &settings, NOW), Ok(ticket(2, true)));
    assert_eq!(
        schedule.request_key(1, &settings, NOW),
        Ok(ticket(2, true)),
        "not begun: the same one"
    );
    schedule.start(NOW);
    assert_eq!(
        schedule.request_key(1, &settings, NOW),
        Ok(ticket(2, false)),
        "begun before this token"
    );
    schedule.succeed(None, &settings);
    assert_eq!(
        schedule.request_key(1, &settings, NOW),
        Ok(ticket(2, false)),
        "look at the new set first"
    );
    assert_eq!(schedule.request_key(2, &settings, NOW), Err(30));
    assert_eq!(schedule.request_key(2, &settings, NOW + 29), Err(1));
    assert_eq!(
        schedule.request_key(2, &settings, NOW + 30),
        Ok(ticket(3, true))
    );
}

#[test]
fn a_refresh_that_is_under_way_costs_no_cool_down() {
    let settings = RefreshSettings::default();
    let mut schedule = with_keys(None, &settings);
    schedule.start(schedule.due());
    assert_eq!(
        schedule.request_key(1, &settings, NOW),
        Ok(ticket(2, false))
    );
    schedule.succeed(None, &settings);
    assert_eq!(schedule.request_key(2, &settings, NOW), Ok(ticket(3, true)));
}

#[test]
fn a_clock_that_is_set_back_prolongs_nothing_for_long() {
    let settings = RefreshSettings::default();
    let mut schedule = with_keys(None, &settings);
    assert!(schedule.request_key(1, &settings, NOW).is_ok());
    schedule.start(NOW);
    schedule.succeed(None, &settings);
    // By little: nothing happens. By far: both the settings and the cool-down are over.
    assert_eq!(schedule.start(NOW - 60), None);
    assert_eq!(schedule.cool_down_left(&settings, NOW - 29), 30);
    assert_eq!(schedule.cool_down_left(&settings, NOW - 30), 0);
    assert_eq!(schedule.start(NOW - 61), Some(3));
}

#[test]
fn an_abandoned_fetch_is_over_and_can_be_begun_again() {
    let mut schedule = RefreshSchedule::default();
    schedule.start(NOW);
    schedule.abandon(NOW);
    assert_eq!(schedule.finished(), 1);
    assert_eq!(schedule.start(NOW), None);
    assert_eq!(schedule.start(NOW + 1), Some(2));
}

fn with_keys(max_age: Option<u64>, settings: &RefreshSettings) -> RefreshSchedule {
    let mut schedule = RefreshSchedule::default();
    schedule.start(NOW);
    schedule.succeed(max_age, settings);
    schedule
}

fn ticket(number: u64, is_proof: bool) -> FetchTicket {
    FetchTicket { number, is_proof }
}
