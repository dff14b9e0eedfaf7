//! Encryption, with a certificate authority of the test's own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tokio_rustls::rustls::crypto::CryptoProvider;
use tower_auth_servers::{ESCAPED_PASSWORD, Redis, folder, free_port, give};

use crate::common::{admit, count, refusal, state};

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments}: {said}");
}

/// Files of two authorities, and a server's certificates of the first one: for `localhost`, and for another
/// host.
struct Authority(PathBuf);

impl Authority {
    fn new() -> Self {
        let folder = folder();
        fs::write(
            folder.join("server.names"),
            "subjectAltName=DNS:localhost\n",
        )
        .unwrap();
        fs::write(
            folder.join("expired.names"),
            "subjectAltName=DNS:localhost\n",
        )
        .unwrap();
        fs::write(folder.join("other.names"), "subjectAltName=DNS:keys.test\n").unwrap();
        for name in ["root", "stranger"] {
            openssl(
                &folder,
                &format!(
                    "req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.crt -days 2 \
                     -subj /CN={name}"
                ),
            );
        }
        for (name, days) in [("server", 2), ("expired", -1), ("other", 2)] {
            let request = format!(
                "req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN=x"
            );
            openssl(&folder, &request);
            let sign = format!(
                "x509 -req -in {name}.csr -CA root.crt -CAkey root.key -CAcreateserial -days {days} \
                 -extfile {name}.names -out {name}.crt"
            );
            openssl(&folder, &sign);
        }
        give(&folder);
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// A server with that certificate, and its port for TLS.
    fn server(&self, certificate: &str) -> Option<(Redis, u16)> {
        let port = free_port();
        let (text, root) = (port.to_string(), self.path("root.crt"));
        let file = self.path(&format!("{certificate}.crt"));
        let key = self.path(&format!("{certificate}.key"));
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
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn url(port: u16, rest: &str) -> String {
    format!("rediss://:{ESCAPED_PASSWORD}@localhost:{port}/0?{rest}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_asked_for_a_certificate_that_is_its_own() {
    let authority = Authority::new();
    let Some((server, port)) = authority.server("server") else {
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
    let authority = Authority::new();
    let root = format!("cacert={}", authority.path("root.crt"));
    for (certificate, said) in [
        (
            "expired",
            "the server's certificate has expired, or begins later",
        ),
        ("other", "the server's certificate is another host's"),
    ] {
        let Some((_server, port)) = authority.server(certificate) else {
            return;
        };
        let told = refusal(&url(port, &root)).await;
        assert!(told.starts_with(said), "{told}");
    }
}
