//! Issuers inside a private network: plain http by name, a private CA.

use std::{fs, path::PathBuf};

use http::{Response, header};
use serde_json::json;
use tower_auth::{
    ConfigErrorKind,
    provider::{IntrospectionAuth, OAuth2Auth, UserinfoAuth},
    testing::{
        Fault,
        IssuerEndpoint::{self, Introspection, Jwks, OpenIdConfiguration, Userinfo, WellKnownJwks},
        ManualClock, TestIssuer,
    },
};

use crate::oauth2::{
    common::log::{Event, Log},
    tls::{TlsFront, path},
    world::*,
};

/// No loopback address as it is written, and yet this machine's own.
const ELSEWHERE: &str = "0.0.0.0";

fn port(world: &World) -> u16 {
    world
        .issuer
        .url()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

/// The issuer's name where it is asked under another host.
fn at(world: &World, host: &str) -> String {
    format!("http://{host}:{}", port(world))
}

pub(super) fn path_of(world: &World, endpoint: IssuerEndpoint) -> String {
    world
        .issuer
        .endpoint(endpoint)
        .replace(world.issuer.url(), "")
}

/// Lets the metadata name that issuer and that key set.
pub(super) fn describe(world: &World, issuer: &str, jwks_uri: &str) {
    let metadata = json!({ "issuer": issuer, "jwks_uri": jwks_uri }).to_string();
    let answer = Fault::Answer(Response::new(metadata));
    world.issuer.fail(OpenIdConfiguration, answer);
}

/// An issuer that names itself by an address of plain http elsewhere.
fn plain() -> (World, String) {
    let world = World::new();
    let issuer = at(&world, ELSEWHERE);
    describe(
        &world,
        &issuer,
        &format!("{issuer}{}", path_of(&world, Jwks)),
    );
    (world, issuer)
}

fn insecure(world: &World, issuer: &str) -> OAuth2Auth {
    OAuth2Auth::insecure_allow_http(issuer, AUDIENCE)
        .unwrap()
        .with_clock(world.clock.clock())
}

pub(super) fn redirect(world: &World, endpoint: IssuerEndpoint, to: &str) {
    let answer = Response::builder().status(302).header(header::LOCATION, to);
    world
        .issuer
        .fail(endpoint, Fault::Answer(answer.body(String::new()).unwrap()));
}

pub(super) async fn fails(provider: &OAuth2Auth) -> String {
    let error = provider.warm_up().await.expect_err("no keys");
    assert_eq!(error.status(), 503);
    causes(&error)
}

#[tokio::test]
async fn plain_http_is_asked_where_it_is_allowed_by_name_and_nowhere_else() {
    let (world, issuer) = plain();
    assert!(OAuth2Auth::new(issuer.as_str(), AUDIENCE).is_err());
    let provider = insecure(&world, &issuer);
    provider.warm_up().await.unwrap();
    let token = world.token().with_claim("iss", issuer.as_str()).mint();
    assert_eq!(
        provider.verify(&token).await.unwrap().user_id(),
        "test-user"
    );
}

#[tokio::test]
async fn an_issuer_of_a_compose_file_is_asked_by_its_name_there() {
    let world = World::new();
    let issuer = at(&world, "keycloak");
    describe(
        &world,
        &issuer,
        &format!("{issuer}{}", path_of(&world, Jwks)),
    );
    let client = reqwest::Client::builder()
        .no_proxy()
        .resolve("keycloak", ([127, 0, 0, 1], 0).into())
        .build()
        .unwrap();
    let provider = insecure(&world, &issuer).with_client(service(client));
    provider.warm_up().await.unwrap();
}

#[test]
fn the_key_set_may_be_named_on_the_issuer_s_own_host_and_port_alone() {
    let world = World::new();
    let provider = insecure(&world, "http://keycloak:8080/realms/agents");
    let named = |uri: &str| provider.clone().with_jwks_uri(uri);
    assert!(named("http://keycloak:8080/elsewhere/certs").is_ok());
    assert!(named("https://keys.example/certs").is_ok());
    for uri in [
        "http://keycloak/certs",
        "http://keycloak:8081/certs",
        "http://keycloak.example:8080/certs",
        "http://other:8080/certs",
        "ftp://keycloak:8080/certs",
    ] {
        let error = named(uri).unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Malformed, "{uri}");
    }
    // Another issuer's allowance is none of this one's.
    let other = OAuth2Auth::new("https://issuer.example", AUDIENCE).unwrap();
    assert!(other.with_jwks_uri("http://keycloak:8080/certs").is_err());
    let https = OAuth2Auth::insecure_allow_http("https://keycloak:8080", AUDIENCE).unwrap();
    assert!(https.with_jwks_uri("http://keycloak:8080/certs").is_err());
    for issuer in [
        "ftp://keycloak:8080",
        "keycloak:8080",
        "http://me:pass@keycloak",
    ] {
        assert!(
            OAuth2Auth::insecure_allow_http(issuer, AUDIENCE).is_err(),
            "{issuer}"
        );
    }
}

#[tokio::test]
async fn metadata_over_plain_http_lead_nowhere_but_to_their_own_host_and_port() {
    let (world, issuer) = plain();
    let other = World::new();
    for uri in [
        format!("{}{}", at(&other, ELSEWHERE), path_of(&other, Jwks)),
        other.issuer.endpoint(Jwks),
        format!("http://127.0.0.1:{}{}", port(&world), path_of(&world, Jwks)),
        "https://keys.example/certs".to_owned(),
    ] {
        describe(&world, &issuer, &uri);
        let text = fails(&insecure(&world, &issuer)).await;
        assert!(text.contains("may not be asked"), "{uri}: {text}");
    }
    assert_eq!((other.fetches(), world.fetches()), (0, 0));
}

#[tokio::test]
async fn a_redirect_from_plain_http_leads_nowhere_but_to_its_own_host_and_port() {
    for endpoint in [Jwks, OpenIdConfiguration] {
        let (world, issuer) = plain();
        let other = World::new();
        for to in [
            format!("{}/jwks", at(&other, ELSEWHERE)),
            other.issuer.endpoint(Jwks),
            format!(
                "http://127.0.0.1:{}{}",
                port(&world),
                path_of(&world, WellKnownJwks)
            ),
            "https://keys.example/certs".to_owned(),
        ] {
            redirect(&world, endpoint, &to);
            let text = fails(&insecure(&world, &issuer)).await;
            assert!(text.contains("302"), "{to}: {text}");
        }
        assert_eq!(
            (other.fetches(), world.issuer.requests(WellKnownJwks)),
            (0, 0)
        );
    }
    let (world, issuer) = plain();
    redirect(&world, Jwks, &path_of(&world, WellKnownJwks));
    insecure(&world, &issuer).warm_up().await.unwrap();
}

#[test]
fn the_log_warns_once_of_plain_http_and_not_where_there_is_none() {
    let log = Log::start();
    let warnings = || {
        let events = log.events();
        let is_about_http = |event: &&Event| event.fields["message"].contains("plain http");
        events.iter().filter(is_about_http).count()
    };
    for issuer in [
        "https://issuer.example",
        "http://127.0.0.1:1",
        "http://localhost:1",
    ] {
        OAuth2Auth::insecure_allow_http(issuer, AUDIENCE).unwrap();
    }
    assert_eq!(warnings(), 0);
    let provider = OAuth2Auth::insecure_allow_http("http://keycloak:8080", AUDIENCE).unwrap();
    let _more = provider
        .clone()
        .strict_at_jwt()
        .with_jwks_uri("http://keycloak:8080/k");
    assert_eq!(warnings(), 1);
    IntrospectionAuth::insecure_allow_http("http://keycloak:8080/i", "id", "secret").unwrap();
    assert_eq!(warnings(), 2);
}

#[tokio::test]
async fn an_introspection_secret_goes_over_plain_http_by_a_switch_of_its_own() {
    let world = World::new();
    let endpoint = |endpoint| format!("{}{}", at(&world, ELSEWHERE), path_of(&world, endpoint));
    let (id, secret) = (TestIssuer::CLIENT_ID, TestIssuer::CLIENT_SECRET);
    let introspect = endpoint(Introspection);
    assert!(IntrospectionAuth::new(&introspect, id, secret).is_err());
    assert!(IntrospectionAuth::bearer(&introspect, "token").is_err());
    assert!(UserinfoAuth::new(&endpoint(Userinfo)).is_err());

    let token = world.token().mint_opaque();
    let clock = || ManualClock::at_unix(NOW).clock();
    let by_secret = IntrospectionAuth::insecure_allow_http(&introspect, id, secret).unwrap();
    let token_of_ours = TestIssuer::CLIENT_TOKEN;
    let by_token = IntrospectionAuth::insecure_allow_http_bearer(&introspect, token_of_ours);
    let userinfo = UserinfoAuth::insecure_allow_http(&endpoint(Userinfo)).unwrap();
    assert!(
        ask(&by_secret.with_clock(clock()), &token)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        ask(&by_token.unwrap().with_clock(clock()), &token)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        ask(&userinfo.with_clock(clock()), &token)
            .await
            .unwrap()
            .is_some()
    );
}

/// An issuer behind TLS with the private CA, which is asked for its keys there.
pub(super) async fn behind_tls() -> (World, TlsFront) {
    let world = World::new();
    let front = TlsFront::start(port(&world)).await;
    let issuer = front.url("");
    describe(&world, &issuer, &front.url(&path_of(&world, Jwks)));
    (world, front)
}

pub(super) fn over_tls(world: &World, front: &TlsFront) -> OAuth2Auth {
    OAuth2Auth::new(front.url(""), AUDIENCE)
        .unwrap()
        .with_clock(world.clock.clock())
}

#[tokio::test]
async fn a_ca_file_makes_a_private_issuer_trusted() {
    let (world, front) = behind_tls().await;
    let provider = over_tls(&world, &front)
        .with_ca_file(path("authority.crt"))
        .unwrap();
    provider.warm_up().await.unwrap();
    let token = world.token().with_claim("iss", front.url("")).mint();
    assert!(provider.verify(&token).await.is_ok());
}

#[tokio::test]
async fn without_the_ca_file_or_with_another_one_a_private_issuer_is_not_trusted() {
    let (world, front) = behind_tls().await;
    let provider = over_tls(&world, &front);
    let other = provider
        .clone()
        .with_ca_file(path("other_authority.crt"))
        .unwrap();
    for provider in [provider, other] {
        fails(&provider).await;
    }
    assert_eq!((front.handshakes(), world.fetches()), (0, 0));
}

#[tokio::test]
async fn a_ca_file_holds_for_introspection_and_userinfo_too() {
    let (world, front) = behind_tls().await;
    let endpoint = |endpoint| front.url(&path_of(&world, endpoint));
    let (id, secret) = (TestIssuer::CLIENT_ID, TestIssuer::CLIENT_SECRET);
    let introspection = IntrospectionAuth::new(&endpoint(Introspection), id, secret)
        .unwrap()
        .with_clock(world.clock.clock());
    let userinfo = UserinfoAuth::new(&endpoint(Userinfo))
        .unwrap()
        .with_clock(world.clock.clock());
    let token = world.token().mint_opaque();
    assert_eq!(ask(&introspection, &token).await.unwrap_err().status(), 503);
    assert_eq!(ask(&userinfo, &token).await.unwrap_err().status(), 503);
    let introspection = introspection.with_ca_file(path("authority.crt")).unwrap();
    let userinfo = userinfo.with_ca_file(path("authority.crt")).unwrap();
    assert!(ask(&introspection, &token).await.unwrap().is_some());
    assert!(ask(&userinfo, &token).await.unwrap().is_some());
}

#[test]
fn a_ca_file_that_holds_no_authority_is_refused_when_it_is_named() {
    let provider = || OAuth2Auth::new("https://issuer.example", AUDIENCE).unwrap();
    let file = TempFile::new("ca");
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (content, kind) in [
        ("", ConfigErrorKind::Malformed),
        ("no PEM", ConfigErrorKind::Malformed),
        (broken, ConfigErrorKind::Malformed),
        (
            &fs::read_to_string(path("server.key")).unwrap(),
            ConfigErrorKind::WrongKey,
        ),
    ] {
        file.write(content);
        let error = provider().with_ca_file(&file.0).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(!error.to_string().contains("MII"), "{error}");
    }
    let missing = provider()
        .with_ca_file(file.0.with_extension("missing"))
        .unwrap_err();
    assert_eq!(missing.kind(), ConfigErrorKind::Unknown, "{missing}");
    let pipe = TempFile::new("ca-pipe");
    pipe.make_pipe();
    let waits = provider().with_ca_file(&pipe.0).unwrap_err().to_string();
    assert!(waits.contains("it is no file"), "{waits}");
}

/// A file of this test's own, removed with it.
pub(super) struct TempFile(pub(super) PathBuf);

impl TempFile {
    pub(super) fn new(name: &str) -> Self {
        let process = std::process::id();
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or_default().replace(':', "_");
        Self(std::env::temp_dir().join(format!("tower-auth-{name}-{process}-{thread}")))
    }

    pub(super) fn write(&self, content: &str) {
        fs::write(&self.0, content).unwrap();
    }

    pub(super) fn make_pipe(&self) {
        let made = std::process::Command::new("mkfifo").arg(&self.0).status();
        assert!(made.unwrap().success());
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.0);
    }
}
