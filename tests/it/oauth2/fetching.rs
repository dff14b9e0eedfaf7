//! A fetch is bounded, whatever the issuer sends.

use http::Response;
use serde_json::json;
use tower_auth::testing::{
    Fault,
    IssuerEndpoint::{self, Jwks, OpenIdConfiguration, WellKnownJwks},
};

use crate::oauth2::world::*;

#[tokio::test]
async fn a_set_of_256_kib_is_read_and_a_larger_one_is_not() {
    let world = World::new();
    let set = |len: usize| {
        let mut body = json!({"keys": [world.issuer.jwk(&world.kid())]}).to_string();
        body += &" ".repeat(len - body.len());
        Fault::Answer(Response::new(body))
    };
    world.issuer.fail(Jwks, set(256 * 1024));
    assert!(world.provider().warm_up().await.is_ok());
    world.issuer.fail(Jwks, set(256 * 1024 + 1));
    let error = world.provider().warm_up().await.unwrap_err();
    assert!(causes(&error).contains("too long"), "{}", causes(&error));
}

#[tokio::test]
async fn a_huge_document_is_not_read_to_its_end() {
    for endpoint in [Jwks, OpenIdConfiguration] {
        let world = World::new();
        let fault = Fault::Answer(Response::new("[".repeat(20_000_000)));
        world.issuer.fail(endpoint, fault);
        let error = world.provider().warm_up().await.unwrap_err();
        assert!(causes(&error).contains("too long"), "{}", causes(&error));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_drips_is_given_up() {
    // The runtime's own time jumps ahead whenever it has nothing to do but wait.
    let world = World::new();
    world.issuer.fail_everywhere(&Fault::Drip);
    let error = world.provider().warm_up().await.unwrap_err();
    assert!(
        causes(&error).contains("took too long"),
        "{}",
        causes(&error)
    );
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_never_answers_is_given_up() {
    let world = World::new();
    world.issuer.fail_everywhere(&Fault::Hang);
    let error = world.provider().warm_up().await.unwrap_err();
    assert!(
        causes(&error).contains("took too long"),
        "{}",
        causes(&error)
    );
}

#[tokio::test]
async fn a_redirect_within_loopback_is_followed() {
    let world = World::new();
    redirect(&world, Jwks, &world.issuer.endpoint(WellKnownJwks));
    world.provider().warm_up().await.unwrap();
    assert_eq!(world.issuer.requests(WellKnownJwks), 1);
}

#[tokio::test]
async fn a_redirect_to_plain_http_elsewhere_is_not_followed() {
    for endpoint in [Jwks, OpenIdConfiguration] {
        let world = World::new();
        for place in ["issuer.example", "10.255.255.1", "0.0.0.0"] {
            redirect(&world, endpoint, &format!("http://{place}/jwks"));
            let error = world.provider().warm_up().await.unwrap_err();
            assert!(causes(&error).contains("302"), "{}", causes(&error));
        }
    }
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let world = World::new();
    redirect(&world, Jwks, &world.issuer.endpoint(Jwks));
    assert!(world.provider().warm_up().await.is_err());
    assert!(world.fetches() <= 4, "{}", world.fetches());
}

fn redirect(world: &World, from: IssuerEndpoint, to: &str) {
    let response = Response::builder()
        .status(302)
        .header("location", to)
        .body(String::new())
        .unwrap();
    world.issuer.fail(from, Fault::Answer(response));
}
