//! Around tonic: a real client over loopback.

use std::time::Duration;

use tokio::net::TcpListener;
use tonic::{
    Code, Request,
    metadata::MetadataValue,
    service::LayerExt,
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};
use tonic_health::{
    ServingStatus,
    pb::{HealthCheckRequest, health_check_response, health_client::HealthClient},
    server::HealthReporter,
};
use tower_auth::{
    Access, AuthError, AuthLayer,
    provider::{AuthProvider, async_provider_fn, provider_fn},
};

use crate::services::{KEY, layer};

/// Where a server listens, and a client of it.
async fn listen() -> (TcpIncoming, Channel) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    (TcpIncoming::from(listener), endpoint.connect_lazy())
}

/// A health server behind a layer; both end with the test's runtime.
async fn serve(layer: AuthLayer) -> (HealthClient<Channel>, HealthReporter) {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter
        .set_service_status("agent", ServingStatus::Serving)
        .await;
    let (incoming, channel) = listen().await;
    let server = Server::builder().layer(layer).add_service(health);
    tokio::spawn(server.serve_with_incoming(incoming));
    (HealthClient::new(channel), reporter)
}

fn ask() -> Request<HealthCheckRequest> {
    Request::new(HealthCheckRequest {
        service: "agent".into(),
    })
}

fn ask_with(name: &'static str, value: &str) -> Request<HealthCheckRequest> {
    let mut request = ask();
    let value = MetadataValue::try_from(value).unwrap();
    request.metadata_mut().insert(name, value);
    request
}

fn with_key() -> Request<HealthCheckRequest> {
    ask_with("authorization", &format!("Bearer {KEY}"))
}

const SERVING: i32 = health_check_response::ServingStatus::Serving as i32;

async fn refusal_of(provider: impl AuthProvider) -> Code {
    let (mut client, _reporter) = serve(AuthLayer::new(provider)).await;
    client.check(ask()).await.unwrap_err().code()
}

#[tokio::test]
async fn a_call_without_a_credential_is_unauthenticated() {
    let (mut client, _reporter) = serve(layer()).await;
    let status = client.check(ask()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn the_client_reads_what_the_problem_body_says_and_nothing_more() {
    let (mut client, _reporter) = serve(layer()).await;
    let status = client.check(ask_with("x-api-key", "other")).await;
    assert_eq!(status.unwrap_err().message(), "the credential is not valid");
}

#[tokio::test]
async fn a_message_that_is_not_plain_ascii_arrives_whole() {
    let refuses = provider_fn(|_| {
        Err(AuthError::forbidden("no").with_message("100% verboten: für Ada\nund alle"))
    });
    let (mut client, _reporter) = serve(AuthLayer::new(refuses)).await;
    let status = client.check(ask()).await.unwrap_err();
    assert_eq!(status.message(), "100% verboten: für Ada\nund alle");
}

#[tokio::test]
async fn a_call_with_a_wrong_key_is_unauthenticated() {
    let (mut client, _reporter) = serve(layer()).await;
    let status = client
        .check(ask_with("x-api-key", "other"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_call_with_a_key_is_answered_in_either_place() {
    let (mut client, _reporter) = serve(layer()).await;
    for request in [with_key(), ask_with("x-api-key", KEY)] {
        let answer = client.check(request).await.unwrap();
        assert_eq!(answer.into_inner().status, SERVING);
    }
}

#[tokio::test]
async fn a_stream_passes_through() {
    let (mut client, reporter) = serve(layer()).await;
    let mut stream = client.watch(with_key()).await.unwrap().into_inner();
    let first = stream.message().await.unwrap().unwrap();
    assert_eq!(first.status, SERVING);
    reporter
        .set_service_status("agent", ServingStatus::NotServing)
        .await;
    let second = stream.message().await.unwrap().unwrap();
    assert_ne!(second.status, SERVING);
}

#[tokio::test]
async fn a_stream_without_a_credential_is_unauthenticated() {
    let (mut client, _reporter) = serve(layer()).await;
    let status = client.watch(ask()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_status_that_travels_in_trailers_passes_through() {
    let (mut client, _reporter) = serve(layer()).await;
    let mut request = with_key();
    request.get_mut().service = "nobody".into();
    assert_eq!(
        client.check(request).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn every_refusal_has_its_code() {
    let forbidden = provider_fn(|_| Err(AuthError::forbidden("no")));
    assert_eq!(refusal_of(forbidden).await, Code::PermissionDenied);
    let throttled = provider_fn(|_| Err(AuthError::throttled(Duration::from_secs(1))));
    assert_eq!(refusal_of(throttled).await, Code::ResourceExhausted);
    let fault = provider_fn(|_| Err(AuthError::invalid_request("twice")));
    assert_eq!(refusal_of(fault).await, Code::InvalidArgument);
    let down = async_provider_fn(async |_| Err(AuthError::unavailable("down")));
    assert_eq!(refusal_of(down).await, Code::Unavailable);
}

#[tokio::test]
async fn one_method_can_be_public() {
    let check = "/grpc.health.v1.Health/Check";
    let (mut client, _reporter) = serve(layer().access(check, Access::Public)).await;
    assert!(client.check(ask()).await.is_ok());
    let status = client.watch(ask()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn one_service_can_be_guarded_alone() {
    let (_reporter, health) = tonic_health::server::health_reporter();
    let (incoming, channel) = listen().await;
    let server = Server::builder().add_service(layer().named_layer(health));
    tokio::spawn(server.serve_with_incoming(incoming));
    let mut client = HealthClient::new(channel);
    let status = client.check(ask()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let mut request = with_key();
    request.get_mut().service = String::new();
    assert!(client.check(request).await.is_ok());
}
