//! Plain http is accepted on loopback because it does not leave the machine. It must not.

use std::{net::TcpListener, process::Command};

use http::Request;
use tower_auth::{
    AuthRequest,
    provider::{AuthProvider, IntrospectionAuth, OAuth2Auth},
    testing::{IssuerEndpoint, TestIssuer},
};

#[test]
fn a_proxy_of_the_environment_sees_nothing_that_is_sent_to_loopback() {
    for (name, proxied) in [
        ("keys_are_fetched_from_loopback", "keys"),
        ("tokens_are_introspected_on_loopback", "tokens"),
    ] {
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        proxy.set_nonblocking(true).unwrap();
        let address = format!("http://{}", proxy.local_addr().unwrap());
        let run = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("attacks::proxy::{name}")])
            .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|variable| (variable, &address)))
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .output()
            .unwrap();
        assert!(proxy.accept().is_err(), "the proxy was shown {proxied}");
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(said.contains("1 passed"), "{said}");
    }
}

#[tokio::test]
async fn keys_are_fetched_from_loopback() {
    let issuer = TestIssuer::start();
    let provider = OAuth2Auth::new(issuer.url(), TestIssuer::AUDIENCE).unwrap();
    assert!(provider.verify(&issuer.token().mint()).await.is_ok());
}

#[tokio::test]
async fn tokens_are_introspected_on_loopback() {
    let issuer = TestIssuer::start();
    let endpoint = issuer.endpoint(IssuerEndpoint::Introspection);
    let provider =
        IntrospectionAuth::new(&endpoint, TestIssuer::CLIENT_ID, TestIssuer::CLIENT_SECRET)
            .unwrap();
    let request = Request::get("/")
        .header(
            "authorization",
            format!("Bearer {}", issuer.token().mint_opaque()),
        )
        .body(())
        .unwrap();
    let answer = provider.authenticate(&AuthRequest::from(&request)).await;
    assert!(answer.unwrap().is_some());
}
