//! A key set behind a bearer that a file holds, as in a Kubernetes cluster.

use std::fs;

use http::{HeaderMap, header};
use tower_auth::testing::{
    Fault,
    IssuerEndpoint::{self, Jwks, OpenIdConfiguration, WellKnownJwks},
};

use crate::oauth2::{
    private::{TempFile, behind_tls, describe, fails, over_tls, path_of, redirect},
    tls::path,
    world::*,
};

fn authorization(world: &World, endpoint: IssuerEndpoint) -> Option<String> {
    let request = world.issuer.last_request(endpoint).expect("it was asked");
    shown(request.headers())
}

fn shown(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?;
    Some(value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_bearer_is_read_at_every_fetch() {
    let world = World::new();
    let file = TempFile::new("bearer");
    let provider = world.provider().with_key_set_bearer_file(&file.0);
    for (content, sent) in [
        ("first", "first"),
        ("second\n", "second"),
        ("third\r\n", "third"),
    ] {
        file.write(content);
        provider.warm_up().await.unwrap();
        assert_eq!(authorization(&world, Jwks), Some(format!("Bearer {sent}")));
        assert_eq!(
            authorization(&world, OpenIdConfiguration),
            Some(format!("Bearer {sent}"))
        );
        // The keys grow too old, so that the next call fetches them again.
        world.pass(2 * DAY);
    }
    assert_eq!(world.fetches(), 3);
}

#[tokio::test]
async fn no_fetch_waits_for_whoever_writes_a_named_pipe() {
    let world = World::new();
    let pipe = TempFile::new("pipe");
    pipe.make_pipe();
    let provider = world.provider().with_key_set_bearer_file(&pipe.0);
    let text = fails(&provider).await;
    assert!(text.contains("it is no file"), "{text}");
}

#[tokio::test]
async fn a_bearer_that_cannot_be_read_is_an_outage_and_never_sent_in_part() {
    let world = World::new();
    let file = TempFile::new("bearer");
    let provider = world.provider().with_key_set_bearer_file(&file.0);
    let text = fails(&provider).await;
    assert!(text.contains("cannot be read from"), "{text}");
    for content in ["", "\n", "two\nlines", "a b", " a", "a\n\n", "é", "a\0"] {
        file.write(content);
        world.pass(DAY);
        let text = fails(&provider).await;
        assert!(text.contains("no token"), "{content:?}: {text}");
        assert!(!text.contains("two"), "{text}");
    }
    assert_eq!((world.fetches(), world.discoveries()), (0, 0));
    file.write("good");
    world.pass(DAY);
    provider.warm_up().await.unwrap();
}

#[tokio::test]
async fn keys_stay_in_use_while_the_bearer_is_missing() {
    let world = World::new();
    let file = TempFile::new("bearer");
    file.write("good");
    let provider = world.provider().with_key_set_bearer_file(&file.0);
    provider.warm_up().await.unwrap();
    fs::remove_file(&file.0).unwrap();
    world.pass(2 * HOUR);
    assert!(provider.verify(&world.token().mint()).await.is_ok());
}

#[tokio::test]
async fn the_bearer_is_dropped_wherever_a_redirect_leads() {
    let (world, other) = (World::new(), World::new());
    let file = TempFile::new("bearer");
    file.write("secret");
    let elsewhere = other.issuer.endpoint(Jwks);
    let beside = world.issuer.endpoint(WellKnownJwks);
    let relative = path_of(&world, WellKnownJwks);
    let provider = || world.provider().with_key_set_bearer_file(&file.0);
    for to in [beside.as_str(), relative.as_str(), elsewhere.as_str()] {
        redirect(&world, Jwks, to);
        provider().warm_up().await.unwrap();
        assert_eq!(
            authorization(&world, Jwks).as_deref(),
            Some("Bearer secret")
        );
    }
    assert_eq!(authorization(&world, WellKnownJwks), None);
    assert_eq!(authorization(&other, Jwks), None);
    for to in [
        "http://issuer.example/",
        "http://me:x@127.0.0.1/",
        "ftp://127.0.0.1/",
    ] {
        redirect(&world, Jwks, to);
        fails(&provider()).await;
    }
}

#[tokio::test]
async fn the_bearer_goes_to_no_key_set_that_metadata_name_elsewhere() {
    let (world, other) = (World::new(), World::new());
    let file = TempFile::new("bearer");
    file.write("secret");
    describe(&world, world.issuer.url(), &other.issuer.endpoint(Jwks));
    let provider = world.provider().with_key_set_bearer_file(&file.0);
    provider.warm_up().await.unwrap();
    assert_eq!(authorization(&other, Jwks), None);
}

#[tokio::test]
async fn the_bearer_goes_to_the_key_set_that_the_configuration_names() {
    let (world, keys) = (World::new(), World::new());
    let file = TempFile::new("bearer");
    file.write("secret");
    let provider = world.provider().with_key_set_bearer_file(&file.0);
    let provider = provider.with_jwks_uri(&keys.issuer.endpoint(Jwks)).unwrap();
    provider.warm_up().await.unwrap();
    assert_eq!(authorization(&keys, Jwks).as_deref(), Some("Bearer secret"));
    assert_eq!(world.discoveries(), 0);
}

#[tokio::test]
async fn an_issuer_of_a_cluster_is_asked_with_its_ca_and_the_account_s_token() {
    let (world, front) = behind_tls().await;
    let file = TempFile::new("bearer");
    file.write("account\n");
    let provider = over_tls(&world, &front)
        .with_jwks_uri(&front.url(&path_of(&world, Jwks)))
        .unwrap()
        .with_ca_file(path("authority.crt"))
        .unwrap()
        .with_key_set_bearer_file(&file.0);
    let token = world.token().with_claim("iss", front.url("")).mint();
    assert!(provider.verify(&token).await.is_ok());
    assert_eq!(
        authorization(&world, Jwks).as_deref(),
        Some("Bearer account")
    );
}

#[tokio::test]
async fn no_bearer_appears_in_what_is_printed() {
    let file = TempFile::new("bearer");
    file.write("c4nary");
    let world = World::new();
    let provider = world.provider().with_key_set_bearer_file(&file.0);
    world.issuer.fail(Jwks, Fault::Status(403));
    let text = fails(&provider).await + &format!("{provider:?}");
    assert!(!text.contains("c4nary"), "{text}");
}
