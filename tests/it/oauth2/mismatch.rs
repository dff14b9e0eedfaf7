//! Another issuer or audience: the log says what was wanted and what came.

use tower_auth::{AuthLayer, jose::Algorithm, provider::OAuth2Issuers};
use tracing::Level;

use crate::oauth2::{
    common::{
        answer::{guarded, run},
        log::Log,
    },
    world::*,
};

#[tokio::test]
async fn who_is_another_is_logged_with_what_was_wanted_and_what_came() {
    let world = World::new();
    let provider = world.warm().await;
    let long = format!("https://evil.example/\n{}", "x".repeat(100));
    for (claim, wanted) in [("iss", world.issuer.url()), ("aud", AUDIENCE)] {
        let app = guarded(AuthLayer::new(provider.clone()));
        let token = world.token().with_claim(claim, long.as_str()).mint();
        let shown = format!("Bearer {token}");
        let log = Log::start();
        let refused = [("authorization", shown.as_bytes())];
        let answer = run(&app, &refused).await;
        assert!(!format!("{answer:?}").contains("evil"), "{answer:?}");
        let event = log.only();
        assert_eq!(event.level, Level::INFO);
        assert_eq!(event.field("wanted"), Some(wanted));
        let came = event.field("came").unwrap();
        assert!(came.starts_with("https://evil.example/\\nxxx"), "{came}");
        assert_eq!(
            came.chars().filter(|char| *char == 'x').count(),
            64 - 22 + 1,
            "{came}"
        );
        assert_eq!(event.field("verified"), Some("true"));
    }
}

#[tokio::test]
async fn what_nobody_verified_is_said_to_be_so() {
    let world = World::new();
    let other = World::new();
    let several = OAuth2Issuers::new([world.provider()]).unwrap();
    let token = other.token().with_algorithm(Algorithm::ES256).mint();
    for layer in [AuthLayer::new(world.provider()), AuthLayer::new(several)] {
        let app = guarded(layer);
        let log = Log::start();
        let shown = format!("Bearer {token}");
        run(&app, &[("authorization", shown.as_bytes())]).await;
        let event = log.only();
        assert_eq!(event.field("wanted"), Some(world.issuer.url()));
        assert_eq!(event.field("came"), Some(other.issuer.url()));
        assert_eq!(event.field("verified"), Some("false"));
    }
}
