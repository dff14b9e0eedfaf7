//! Whose attempts they are: by peer, by network, behind proxies; and when the table is full [14.2].

use axum::body::Body;
use http::Request;
use tower_auth::{ClientAddress, throttle::TrustedProxies};

use super::kit::{KEY, PEER, World, from};
use crate::common::{answer::send, log::Log};

#[tokio::test]
async fn guesses_spread_over_keys_are_of_one_address() {
    let world = World::new();
    world.guess(PEER, 10).await;
    assert_eq!(world.show(PEER, "another").await.status, 429);
    assert_eq!(world.show("203.0.113.8", "another").await.status, 401);
}

#[tokio::test]
async fn a_dual_stack_socket_is_the_same_address() {
    let world = World::new();
    world.guess("::ffff:203.0.113.7", 5).await;
    world.guess("64:ff9b::203.0.113.7", 5).await;
    assert_eq!(world.show(PEER, "wrong").await.status, 429);
}

#[tokio::test]
async fn an_ipv6_network_of_64_bits_is_one_address_and_one_of_48_is_many() {
    let world = World::new();
    for host in 0..10 {
        let peer = format!("2001:db8:1:2::{host}");
        assert_eq!(world.show(&peer, "wrong").await.status, 401);
    }
    assert_eq!(world.show("2001:db8:1:2:f::1", "wrong").await.status, 429);
    // Not bounded, as docs/throttling.md says: each /64 of a /48 has its own attempts.
    for network in 3..30 {
        let peer = format!("2001:db8:1:{network}::1");
        assert_eq!(world.show(&peer, "wrong").await.status, 401);
    }
}

async fn guess_over(world: &World, peer: &str, header: &str, times: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for number in 0..times {
        let client = match header {
            "forwarded" => format!("for=198.51.100.{number}"),
            _ => format!("198.51.100.{number}"),
        };
        let headers = [("x-api-key", "wrong"), (header, &*client)];
        let answer = send(&world.app, from(peer, "GET /run", &headers)).await;
        statuses.push(answer.status.as_u16());
    }
    statuses
}

#[tokio::test]
async fn headers_of_an_untrusted_proxy_change_nothing() {
    let trusting = |layer: tower_auth::AuthLayer| {
        layer.with_trusted_proxies(TrustedProxies::new(["10.0.0.0/8"]).unwrap())
    };
    for header in ["x-forwarded-for", "forwarded"] {
        for world in [World::new(), World::with(trusting)] {
            let statuses = guess_over(&world, PEER, header, 12).await;
            assert_eq!(statuses[10..], [429, 429], "{header}");
        }
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_attempts() {
    let world = World::with(|layer| {
        layer.with_trusted_proxies(TrustedProxies::new(["10.0.0.0/8"]).unwrap())
    });
    for header in ["x-forwarded-for", "forwarded"] {
        let statuses = guess_over(&world, "10.0.0.1", header, 40).await;
        assert_eq!(statuses, [401; 40], "{header}");
    }
    // What a client writes itself stands to the left of what the proxy appends.
    for number in 0..12 {
        let forwarded = format!("192.0.2.{number}, 198.51.100.200");
        let headers = [("x-api-key", "wrong"), ("x-forwarded-for", &*forwarded)];
        let answer = send(&world.app, from("10.0.0.1", "GET /run", &headers)).await;
        assert_eq!(
            answer.status,
            if number < 10 { 401 } else { 429 },
            "{number}"
        );
    }
}

#[tokio::test]
async fn an_address_that_an_outer_layer_names_counts() {
    let world = World::new();
    let guess = async |client: &str| {
        let client: std::net::IpAddr = client.parse().unwrap();
        let mut request = from(PEER, "GET /run", &[("x-api-key", "wrong")]);
        request.extensions_mut().insert(ClientAddress::from(client));
        send(&world.app, request).await.status
    };
    for _ in 0..10 {
        assert_eq!(guess("192.0.2.1").await, 401);
    }
    assert_eq!(guess("192.0.2.1").await, 429);
    assert_eq!(guess("192.0.2.2").await, 401);
}

#[tokio::test]
async fn a_peer_without_an_address_is_not_limited_and_the_log_says_so_once() {
    let log = Log::start();
    let world = World::new();
    for _ in 0..30 {
        let request = Request::get("/run").header("x-api-key", "wrong");
        let request = request.body(Body::empty()).unwrap();
        assert_eq!(send(&world.app, request).await.status, 401);
    }
    let told = log.events().into_iter();
    let told = told.filter(|event| {
        event
            .field("message")
            .is_some_and(|text| text.contains("without a client address"))
    });
    assert_eq!(told.count(), 1);
}

fn warnings_of_a_proxy(log: &Log) -> usize {
    let told = log.events().into_iter();
    told.filter(|event| event.field("proxy").is_some()).count()
}

#[tokio::test]
async fn a_proxy_that_nobody_listed_is_told_of_once() {
    let log = Log::start();
    let world = World::new();
    for _ in 0..60 {
        let headers = [("x-api-key", KEY), ("x-forwarded-for", "198.51.100.1")];
        send(&world.app, from("10.0.0.1", "GET /run", &headers)).await;
    }
    assert_eq!(warnings_of_a_proxy(&log), 1);
}

#[tokio::test]
async fn callers_who_come_straight_are_no_proxy() {
    let forwarded: &[_] = &[("x-api-key", KEY), ("x-forwarded-for", "198.51.100.1")];
    let plain: &[_] = &[("x-api-key", KEY)];
    for first in [
        ("10.0.0.2", forwarded),
        ("10.0.0.1", plain),
        (PEER, forwarded),
    ] {
        let log = Log::start();
        let world = World::new();
        send(&world.app, from(first.0, "GET /run", first.1)).await;
        for _ in 0..60 {
            send(&world.app, from("10.0.0.1", "GET /run", forwarded)).await;
        }
        assert_eq!(warnings_of_a_proxy(&log), 0, "{first:?}");
    }
}

#[tokio::test]
async fn a_flood_of_addresses_drives_out_no_address_that_guesses_and_no_known_credential() {
    let world = World::new();
    assert_eq!(world.show(PEER, KEY).await.status, 200);
    world.guess(PEER, 10).await;
    // Ten times as many addresses as the table holds, one guess each.
    for network in 0..100_000_u32 {
        let peer = format!("2001:db8:{:x}:{:x}::1", network >> 16, network & 0xffff);
        let answer = world.show(&peer, "wrong").await;
        assert_eq!(answer.status, 401);
    }
    assert_eq!(world.show(PEER, "one-more").await.status, 429);
    assert_eq!(world.show(PEER, KEY).await.status, 200);
}
