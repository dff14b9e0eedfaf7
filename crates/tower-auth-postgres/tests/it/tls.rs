//! Encryption, with a certificate authority of the test's own.

use std::fs;

use tokio_rustls::rustls::crypto::CryptoProvider;
use tower_auth::keys::{KeyStore, Revision};
use tower_auth_postgres::PostgresKeyStore;
use tower_auth_servers::{Authority, ESCAPED_PASSWORD, Postgres};

use crate::common::{refusal, store};

/// Certificates for `keys.test` and `localhost`.
fn authority() -> Authority {
    let hosts = "DNS:keys.test,DNS:localhost";
    Authority::new(&[("server", hosts, 2), ("expired", hosts, -1)])
}

/// A server that speaks TLS alone.
fn server(authority: &Authority, certificate: &str) -> Option<Postgres> {
    let file = format!(
        "ssl_cert_file={}",
        authority.path(&format!("{certificate}.crt"))
    );
    let key = format!(
        "ssl_key_file={}",
        authority.path(&format!("{certificate}.key"))
    );
    Postgres::start(&["ssl=on", &file, &key])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_asked_for_a_certificate_that_is_its_own() {
    let authority = authority();
    let Some(server) = self::server(&authority, "server") else {
        return;
    };
    let database = server.database().await;
    // From now on the server takes nobody in without TLS, and no password in the clear.
    let rules = "hostssl all all all scram-sha-256\n";
    fs::write(server.folder().join("data/pg_hba.conf"), rules).unwrap();
    let admin = database.client().await;
    admin
        .batch_execute("SELECT pg_reload_conf()")
        .await
        .unwrap();
    let (port, name) = (server.port(), &database.name);
    let url = |host: &str, rest: &str| {
        format!(
            "postgres://postgres:{ESCAPED_PASSWORD}@{host}:{port}/{name}?hostaddr=127.0.0.1&{rest}"
        )
    };
    let root = authority.path("root.crt");

    let store = store(&url(
        "keys.test",
        &format!("sslmode=verify-full&sslrootcert={root}"),
    ))
    .await;
    store.changes(Revision::ZERO, 1).await.unwrap();
    store.renew_epoch().await.unwrap();
    // A connection that listens is one more.
    let sql = "SELECT count(*) FILTER (WHERE ssl), count(*) FROM pg_stat_ssl
        JOIN pg_stat_activity USING (pid) WHERE application_name = 'tower-auth'";
    let row = admin.query_one(sql, &[]).await.unwrap();
    let (encrypted, all) = (row.get::<_, i64>(0), row.get::<_, i64>(1));
    assert!(encrypted == all && all > 0, "{encrypted} of {all}");
    // An authority is asked for TLS, and so is the weakest mode that means it.
    for rest in ["", "sslmode=require&"] {
        let rest = format!("{rest}sslrootcert={root}");
        PostgresKeyStore::open(url("keys.test", &rest))
            .await
            .unwrap();
    }
    for (host, rest, said) in [
        (
            "keys.test",
            "sslmode=require".to_owned(),
            "the server's certificate is signed by nobody whom this machine trusts: name the \
             authority's file in the URL, sslrootcert=/FOLDER/root.crt",
        ),
        (
            "keys.test",
            format!(
                "sslmode=require&sslrootcert={}",
                authority.path("stranger.crt")
            ),
            "the server's certificate is signed by nobody whom this machine trusts: name the \
             authority's file in the URL, sslrootcert=/FOLDER/root.crt",
        ),
        (
            "other.test",
            format!("sslmode=require&sslrootcert={root}"),
            "the server's certificate is another host's: name the host in the URL as the certificate \
             does",
        ),
        // Weaker words for it weaken nothing.
        (
            "other.test",
            format!("sslmode=verify-ca&sslrootcert={root}"),
            "the server's certificate is another host's: name the host in the URL as the certificate \
             does",
        ),
        (
            "keys.test",
            format!(
                "sslmode=require&sslrootcert={}",
                authority.path("server.names")
            ),
            "",
        ),
        (
            "keys.test",
            String::new(),
            "the server refuses the user: look at the user and the password of the URL, and at \
             pg_hba.conf (SQLSTATE 28000)",
        ),
    ] {
        let told = refusal(&url(host, &rest)).await;
        match said {
            "" => assert!(told.contains("cannot be read as certificates"), "{told}"),
            said => assert_eq!(told, said, "{host} {rest}"),
        }
    }
    // Nobody has to install a provider, and none was installed behind the program's back.
    assert!(CryptoProvider::get_default().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_refused() {
    let authority = authority();
    let Some(server) = self::server(&authority, "expired") else {
        return;
    };
    let url = format!(
        "postgres://postgres:{ESCAPED_PASSWORD}@localhost:{}/postgres?sslrootcert={}",
        server.port(),
        authority.path("root.crt")
    );
    assert_eq!(
        refusal(&url).await,
        "the server's certificate has expired, or begins later: renew it, or look at the clocks"
    );
}
