//! Encryption, with a certificate authority of the test's own.

use tokio_rustls::rustls::crypto::CryptoProvider;
use tower_auth_servers::{Authority, ESCAPED_PASSWORD, Redis, free_port};

use crate::common::{admit, count, refusal, state};

/// Certificates for `localhost`, and for another host.
fn authority() -> Authority {
    Authority::new(&[
        ("server", "DNS:localhost", 2),
        ("expired", "DNS:localhost", -1),
        ("other", "DNS:keys.test", 2),
    ])
}

/// A server with that certificate, and its port for TLS.
fn server(authority: &Authority, certificate: &str) -> Option<(Redis, u16)> {
    let port = free_port();
    let (text, root) = (port.to_string(), authority.path("root.crt"));
    let file = authority.path(&format!("{certificate}.crt"));
    let key = authority.path(&format!("{certificate}.key"));
    let server = Redis::start(&[
        "--tls-port",
        &text,
        "--tls-cert-file",
        &file,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &root,
        "--tls-auth-clients",
        "no",
    ]);
    server.map(|server| (server, port))
}

fn url(port: u16, rest: &str) -> String {
    format!("rediss://:{ESCAPED_PASSWORD}@localhost:{port}/0?{rest}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_asked_for_a_certificate_that_is_its_own() {
    let authority = authority();
    let Some((server, port)) = self::server(&authority, "server") else {
        return;
    };
    let root = format!("cacert={}", authority.path("root.crt"));
    let shared = state(&url(port, &root)).await;
    assert_eq!(
        admit(&shared, count("ada", "2 per hour")).await,
        Ok(Some(1))
    );
    let stranger = format!("cacert={}", authority.path("stranger.crt"));
    for rest in ["", "cacert=system", &stranger] {
        assert_eq!(
            refusal(&url(port, rest)).await,
            "the server's certificate is signed by nobody whom this machine trusts: name the \
             authority's file in the URL, cacert=/FOLDER/root.crt",
            "{rest}"
        );
    }
    let told = refusal(&url(
        port,
        &format!("cacert={}", authority.path("server.names")),
    ))
    .await;
    assert!(told.contains("cannot be read as certificates"), "{told}");
    // A port that speaks no TLS waits for the rest of what it takes for a command.
    let told = refusal(&url(server.port(), &root)).await;
    assert!(
        told.starts_with("the server did not answer in time")
            || told.starts_with("the server speaks no TLS on this port"),
        "{told}"
    );
    // A port that speaks nothing else, asked without.
    let plain = format!("redis://:{ESCAPED_PASSWORD}@127.0.0.1:{port}");
    let told = refusal(&plain).await;
    assert!(
        told.starts_with("the server did not answer in time")
            || told.starts_with("the connection to the server ended"),
        "{told}"
    );
    // Nobody has to install a provider, and none was installed behind the program's back.
    assert!(CryptoProvider::get_default().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_host_or_another_time_is_refused() {
    let authority = authority();
    let root = format!("cacert={}", authority.path("root.crt"));
    for (certificate, said) in [
        (
            "expired",
            "the server's certificate has expired, or begins later",
        ),
        ("other", "the server's certificate is another host's"),
    ] {
        let Some((_server, port)) = server(&authority, certificate) else {
            return;
        };
        let told = refusal(&url(port, &root)).await;
        assert!(told.starts_with(said), "{told}");
    }
}
