//! Encryption, with a certificate authority of the test's own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tokio_rustls::rustls::crypto::CryptoProvider;
use tower_auth::keys::{KeyStore, Revision};
use tower_auth_postgres::PostgresKeyStore;
use tower_auth_servers::{ESCAPED_PASSWORD, Postgres, folder, give};

use crate::common::{refusal, store};

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments}: {said}");
}

/// Files of two authorities, and a server's certificate of the first one: for `keys.test`.
struct Authority(PathBuf);

impl Authority {
    fn new() -> Self {
        let folder = folder();
        fs::write(
            folder.join("names"),
            "subjectAltName=DNS:keys.test,DNS:localhost\n",
        )
        .unwrap();
        for name in ["root", "other"] {
            openssl(
                &folder,
                &format!(
                    "req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.crt -days 2 \
                     -subj /CN={name}"
                ),
            );
        }
        for (name, days) in [("server", 2), ("expired", -1)] {
            let request = format!(
                "req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN=x"
            );
            openssl(&folder, &request);
            let sign = format!(
                "x509 -req -in {name}.csr -CA root.crt -CAkey root.key -CAcreateserial -days {days} \
                 -extfile names -out {name}.crt"
            );
            openssl(&folder, &sign);
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// A server that speaks TLS alone.
    fn server(&self, certificate: &str) -> Option<Postgres> {
        give(&self.0);
        let file = format!("ssl_cert_file={}", self.path(&format!("{certificate}.crt")));
        let key = format!("ssl_key_file={}", self.path(&format!("{certificate}.key")));
        Postgres::start(&["ssl=on", &file, &key])
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_asked_for_a_certificate_that_is_its_own() {
    let authority = Authority::new();
    let Some(server) = authority.server("server") else {
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
                authority.path("other.crt")
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
            format!("sslmode=require&sslrootcert={}", authority.path("names")),
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
    let authority = Authority::new();
    let Some(server) = authority.server("expired") else {
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
