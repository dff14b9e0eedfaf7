//! What strangers cost the known, and each other.

use super::*;

/// How those of a flood outcome.
#[derive(Default)]
struct Flood {
    known: Outcome,
    strangers: Outcome,
}

#[derive(Default)]
struct Outcome {
    answered: AtomicUsize,
    unavailable: AtomicUsize,
    waiting: AtomicUsize,
    longest_wait: Mutex<Duration>,
}

impl World {
    /// A provider whose verdicts lapse a few times within a short flood.
    fn before_a_flood() -> Self {
        Self::with(|settings| settings.cache_ttl = Duration::from_secs(4))
    }

    /// Ten seconds with 2,000 strangers each, and 60 known tokens that are used once a second.
    async fn flood(&self, client: Option<ClientAddress>) -> Arc<Flood> {
        let flood = Arc::new(Flood::default());
        let known: Vec<_> = (0..60).map(|number| format!("known-{number}")).collect();
        for token in &known {
            assert_eq!(self.fault(token).await, None);
        }
        for tick in 0..1_000 {
            if tick % 100 == 0 {
                self.clock.advance(Duration::from_secs(1));
            }
            for number in tick * 20..(tick + 1) * 20 {
                let asking = self.ask(&format!("stranger-{number}"), client);
                flood.count(asking, |flood| &flood.strangers);
            }
            if let Some(token) = known.get(tick % 100) {
                flood.count(self.ask(token, None), |flood| &flood.known);
            }
            sleep(Duration::from_millis(10)).await;
        }
        flood
    }
}

impl Flood {
    fn count(self: &Arc<Self>, asking: Authentication, which: fn(&Self) -> &Outcome) {
        let flood = Arc::clone(self);
        which(self).waiting.fetch_add(1, Relaxed);
        let since = Instant::now();
        tokio::spawn(async move {
            let answer = asking.await;
            let outcome = which(&flood);
            outcome.waiting.fetch_sub(1, Relaxed);
            outcome.answered.fetch_add(1, Relaxed);
            let unavailable = answer.is_err_and(|error| error.kind() == AuthErrorKind::Unavailable);
            outcome
                .unavailable
                .fetch_add(usize::from(unavailable), Relaxed);
            let mut longest = outcome.longest_wait.lock().unwrap();
            *longest = since.elapsed().max(*longest);
        });
    }
}

fn address(last: u8) -> Option<ClientAddress> {
    Some(IpAddr::from(Ipv4Addr::new(203, 0, 113, last)).into())
}

#[tokio::test(start_paused = true)]
async fn known_tokens_are_never_503_while_2000_strangers_a_second_come() {
    let flood = World::before_a_flood().flood(None).await;
    assert_eq!(flood.known.answered.load(Relaxed), 60 * 10);
    assert_eq!(flood.known.unavailable.load(Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn known_tokens_in_use_do_not_wait_while_strangers_come() {
    let flood = World::before_a_flood().flood(None).await;
    assert_eq!(*flood.known.longest_wait.lock().unwrap(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_endpoint_has_no_more_questions_than_allowed_in_a_flood() {
    let world = World::before_a_flood();
    world.flood(None).await;
    assert!(world.log.most_running.load(Relaxed) <= 32);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_answered_within_a_second_whatever_comes() {
    let flood = World::before_a_flood().flood(None).await;
    let longest = *flood.strangers.longest_wait.lock().unwrap();
    assert!(longest <= Duration::from_secs(1), "{longest:?}");
}

#[tokio::test(start_paused = true)]
async fn strangers_get_every_slot_that_is_theirs_in_a_flood() {
    let flood = World::before_a_flood().flood(None).await;
    let strangers = &flood.strangers;
    let judged = strangers.answered.load(Relaxed) - strangers.unavailable.load(Relaxed);
    // 160 a second, but for those who still wait when it ends.
    assert!(
        judged + strangers.waiting.load(Relaxed) >= 1_600,
        "{judged}"
    );
}

#[tokio::test(start_paused = true)]
async fn tokens_of_strangers_push_no_known_one_out() {
    let world = World::before_a_flood();
    world.flood(None).await;
    assert!((0..60).all(|number| world.knows(&format!("known-{number}"))));
}

#[tokio::test(start_paused = true)]
async fn a_flood_from_one_address_costs_another_address_nothing() {
    let world = Arc::new(World::before_a_flood());
    let flooding = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.flood(address(1)).await }
    });
    for number in 0..90 {
        sleep(LATENCY).await;
        let since = Instant::now();
        let other = world.spawn(&format!("other-{number}"), address(2));
        assert_eq!(other.await.unwrap(), REFUSED);
        assert_eq!(since.elapsed(), LATENCY);
    }
    flooding.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn strangers_have_half_of_the_slots_and_eight_places_in_line_for_each() {
    let world = World::new();
    let asking = world.strangers(2_000, None).await;
    let waiting = asking.iter().filter(|asking| !asking.is_finished()).count();
    assert_eq!((world.running(), waiting), (16, 16 + 128));
}

#[tokio::test(start_paused = true)]
async fn one_address_has_a_quarter_of_what_strangers_have() {
    let world = World::new();
    let asking = world.strangers(2_000, address(1)).await;
    let waiting = asking.iter().filter(|asking| !asking.is_finished()).count();
    assert_eq!((world.running(), waiting), (4, 4 + 32));
}

#[tokio::test(start_paused = true)]
async fn one_address_with_one_token_leaves_the_callers_of_others_their_place() {
    let world = World::new();
    let waiting: Vec<_> = (0..2_000)
        .map(|_| world.spawn("same", address(1)))
        .collect();
    moment().await;
    let refused = waiting.iter().filter(|asking| asking.is_finished()).count();
    assert_eq!(2_000 - refused, 256);
    let other = world.spawn("other", address(2));
    assert_eq!(other.await.unwrap(), REFUSED);
}

#[tokio::test(start_paused = true)]
async fn a_lapsed_known_token_does_not_stand_in_the_line_of_strangers() {
    let world = World::new();
    assert_eq!(world.fault("known-1").await, None);
    world.pass(60).await;
    world.strangers(2_000, None).await;
    let since = Instant::now();
    assert_eq!(world.fault("known-1").await, None);
    assert_eq!(since.elapsed(), LATENCY);
}

#[tokio::test(start_paused = true)]
async fn known_tokens_have_slots_of_their_own_though_nothing_is_remembered() {
    let world = World::with(|settings| settings.remembered_tokens = 0);
    assert_eq!(world.fault("known-1").await, None);
    world.strangers(2_000, None).await;
    let since = Instant::now();
    assert_eq!(world.fault("known-1").await, None);
    assert_eq!(since.elapsed(), LATENCY);
}

#[tokio::test(start_paused = true)]
async fn known_tokens_leave_strangers_a_quarter() {
    let world = World::new();
    let known: Vec<_> = (0..100).map(|number| format!("known-{number}")).collect();
    for token in &known {
        assert_eq!(world.fault(token).await, None);
    }
    world.pass(60).await;
    let _asking: Vec<_> = known.iter().map(|token| world.spawn(token, None)).collect();
    moment().await;
    assert_eq!(world.running(), 24);
    let since = Instant::now();
    assert_eq!(world.fault("stranger").await, REFUSED);
    assert_eq!(since.elapsed(), LATENCY);
}

#[tokio::test(start_paused = true)]
async fn with_one_slot_known_tokens_are_first_in_line() {
    let world = World::with(|settings| settings.concurrency = 1);
    assert_eq!(world.fault("known-1").await, None);
    world.pass(60).await;
    world.strangers(9, None).await;
    let since = Instant::now();
    assert_eq!(world.fault("known-1").await, None);
    assert!(since.elapsed() <= 2 * LATENCY);
    assert_eq!(world.log.most_running.load(Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_who_hangs_up_in_line_gives_back_the_place() {
    let world = World::new();
    let asking = world.strangers(16 + 128, None).await;
    assert_eq!(world.fault("one-more").await, UNAVAILABLE);
    for waiting in &asking[16..] {
        waiting.abort();
    }
    moment().await;
    assert_eq!(world.fault("one-more").await, REFUSED);
    assert_eq!(world.asked(), 17, "nobody asks for those who left");
}

#[tokio::test(start_paused = true)]
async fn a_place_in_line_is_kept_while_one_of_its_callers_waits() {
    let world = World::new();
    world.strangers(16, None).await;
    let (first, second) = (world.spawn("known-1", None), world.spawn("known-1", None));
    moment().await;
    first.abort();
    assert_eq!(second.await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_known_for_an_hour() {
    let world = World::new();
    assert_eq!(world.fault("known-1").await, None);
    world.clock.advance(Duration::from_secs(3_599));
    assert!(world.knows("known-1"));
    world.clock.advance(Duration::from_secs(1));
    assert!(!world.knows("known-1"));
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_is_known_no_longer() {
    let world = World::new();
    assert_eq!(world.fault("known-1").await, None);
    world.revoke("known-1");
    world.pass(30).await;
    assert_eq!(world.fault("known-1").await, REFUSED);
    assert!(!world.knows("known-1"));
}
