//! Which URLs are opened, and what is said of the others.

use std::{error::Error, fs, net::Ipv4Addr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, lookup_host},
};
use tower_auth::keys::{KeyStoreUrl, KeyStores};
use tower_auth_postgres::{PostgresKeyStore, open_url};
use tower_auth_servers::{ESCAPED_PASSWORD, Postgres};

use crate::common::{reason, refusal};

#[tokio::test]
async fn what_is_wrong_with_a_url_is_said_word_for_word() {
    let malformed = "the URL is malformed, or has an option that is not known: write \
        postgres://USER:PASSWORD@HOST:PORT/DATABASE, and in the user and the password %40 for @, \
        %3A for :, %2F for /, %3F for ?";
    let scheme = "the URL is no database's: write postgres://USER:PASSWORD@HOST:PORT/DATABASE";
    let host = "the URL names no host: write postgres://USER:PASSWORD@HOST:PORT/DATABASE, or \
        ?host=/FOLDER for a Unix socket";
    let plain = "the URL says sslmode=disable and the server is on another machine: turn TLS on in the \
        server and leave sslmode out (only loopback addresses and Unix sockets go without TLS)";
    for (url, said) in [
        ("", scheme),
        ("mysql://db/keys", scheme),
        ("host=127.0.0.1 user=app", scheme),
        ("postgres://app:canary@db:port/keys", malformed),
        ("postgres://app:can@ary@db/keys", malformed),
        ("postgres://app@127.0.0.1/keys?canary=1", malformed),
        (
            "postgres://app@127.0.0.1,127.0.0.2/keys?hostaddr=127.0.0.1",
            malformed,
        ),
        (
            "postgres://app@127.0.0.1:1,127.0.0.2:2/keys?port=3",
            malformed,
        ),
        ("postgres://app@127.0.0.1/keys?sslmode", malformed),
        ("postgres:///keys", host),
        ("postgres://app@db.example/keys?sslmode=disable", plain),
        ("postgres://app@10.0.0.1/keys?sslmode=disable", plain),
        // The engine goes to the address, whatever the name says.
        (
            "postgres://app@localhost/keys?hostaddr=10.0.0.1&sslmode=disable",
            plain,
        ),
        (
            "postgres://app@127.0.0.1,10.0.0.1/keys?sslmode=disable",
            plain,
        ),
        (
            "postgres://app@localhost.example/keys?sslmode=disable",
            plain,
        ),
        (
            "postgres://app@[::ffff:10.0.0.1]/keys?sslmode=disable",
            plain,
        ),
        ("postgres://app@0.0.0.0/keys?sslmode=disable", plain),
        (
            "postgres://app@127.0.0.1/keys?host=db.example&sslmode=disable",
            plain,
        ),
        (
            "postgres://app@127.0.0.1/keys?sslmode=canary",
            "the URL's sslmode is not known: leave it out, or write verify-full",
        ),
        (
            "postgres://app@db.example/keys?sslkey=canary",
            "the URL has sslkey, which is not supported here: take it out",
        ),
        (
            "postgres://app@db.example/keys?channel_binding=require",
            "the URL has channel_binding=require, which is not supported here: take it out",
        ),
        (
            "postgres:///keys?hostaddr=10.0.0.1",
            "the URL has a hostaddr without a host: name the host too, because the server's \
             certificate is for a name",
        ),
        (
            "postgres://app@db.example/keys?target_session_attrs=read-only",
            "the URL asks for a server that only reads: take target_session_attrs out",
        ),
        (
            "postgres://app@db.example/keys?sslrootcert=/no/such/file",
            "the file \"/no/such/file\" of sslrootcert cannot be read as certificates in PEM: correct \
             the URL or the file",
        ),
        (
            "postgres://app@db.example/keys?sslrootcert=/dev/zero",
            "the file \"/dev/zero\" of sslrootcert cannot be read as certificates in PEM: correct the URL \
             or the file",
        ),
    ] {
        assert_eq!(refusal(url).await, said, "{url}");
    }
}

#[tokio::test]
async fn what_a_server_refuses_is_said_word_for_word() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let (port, name) = (server.port(), &database.name);
    for (url, said) in [
        (
            format!("postgres://postgres:canary@127.0.0.1:{port}/{name}"),
            "the server refuses the user: look at the user and the password of the URL, and at \
             pg_hba.conf (SQLSTATE 28P01)",
        ),
        (
            format!("postgres://nobody:canary@127.0.0.1:{port}/{name}"),
            "the server refuses the user: look at the user and the password of the URL, and at \
             pg_hba.conf (SQLSTATE 28P01)",
        ),
        (
            format!("postgres://postgres@127.0.0.1:{port}/{name}"),
            "the server asks for a password: put one into the URL",
        ),
        (
            server.url("no_such_database"),
            "the database of the URL is not there: create it, or name another one (SQLSTATE 3D000)",
        ),
        (
            format!("{}?sslmode=require", database.url()),
            "the server offers no TLS: turn ssl on in postgresql.conf (only loopback addresses and Unix \
             sockets go without TLS)",
        ),
        (
            "postgres://postgres:canary@127.0.0.1:1/keys".to_owned(),
            "the server cannot be reached: start it, or correct the host and the port of the URL \
             (connection refused)",
        ),
        (
            "postgres://postgres:canary@127.0.0.1:1/keys?host=/no/such/folder".to_owned(),
            "the server cannot be reached: start it, or correct the host and the port of the URL \
             (entity not found)",
        ),
    ] {
        let said_of = refusal(&url).await;
        assert_eq!(said_of, said, "{url}");
    }
    let error = PostgresKeyStore::open(database.url()).await.unwrap_err();
    assert_eq!(
        reason(&error),
        "the database has no tables for keys: create them with PostgresKeyStore::open_or_create \
         (SQLSTATE 42P01)"
    );
}

#[tokio::test]
async fn a_loopback_address_needs_no_tls() {
    for host in [
        "127.0.0.1",
        "127.1.2.3",
        "localhost",
        "LocalHost",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ] {
        for mode in ["", "?sslmode=disable", "?sslmode=prefer"] {
            let told = refusal(&format!("postgres://app:canary@{host}:1/keys{mode}")).await;
            assert!(told.contains("cannot be reached"), "{host} {told}");
        }
    }
}

/// A name may lead anywhere tomorrow: what it leads to today decides nothing.
#[tokio::test]
async fn a_name_is_asked_for_tls_wherever_it_leads() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    // Many a machine has a name that leads to its loopback address.
    let Ok(name) = fs::read_to_string("/etc/hostname") else {
        return;
    };
    let (name, port) = (name.trim(), server.port());
    let addresses = lookup_host((name, port)).await.into_iter().flatten();
    if !addresses
        .into_iter()
        .any(|address| address.ip() == Ipv4Addr::LOCALHOST)
    {
        return;
    }
    for mode in ["", "?sslmode=prefer", "?sslmode=allow", "?sslmode=require"] {
        let url = format!("postgres://postgres:{ESCAPED_PASSWORD}@{name}:{port}/postgres{mode}");
        assert_eq!(
            refusal(&url).await,
            "the server offers no TLS: turn ssl on in postgresql.conf (only loopback addresses and Unix \
             sockets go without TLS)"
        );
    }
}

#[tokio::test]
async fn a_unix_socket_needs_no_tls() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let (folder, port) = (server.folder().display(), server.port());
    let password = ESCAPED_PASSWORD;
    let url = format!(
        "postgres:///{}?host={folder}&port={port}&user=postgres&password={password}",
        database.name
    );
    PostgresKeyStore::open_or_create(&url).await.unwrap();
}

#[tokio::test]
async fn a_host_without_an_address_is_said() {
    let said = "the host of the URL has no address: correct its name, or look at the name server";
    // A label has at most 63 bytes: no name server is asked for this one.
    let url = format!("postgres://app:canary@{}.invalid/keys", "a".repeat(64));
    assert_eq!(refusal(&url).await, said);
}

#[tokio::test]
async fn what_is_no_postgresql_server_is_said() {
    for answer in [&b"R\0\0\0\x01"[..], b"?\0\0\0\x04"] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut bytes = [0; 1_024];
                let _ = client.read(&mut bytes).await;
                let _ = client.write_all(answer).await;
                let _ = client.read(&mut bytes).await;
            }
        });
        let told = refusal(&format!("postgres://app:canary@127.0.0.1:{port}/keys")).await;
        assert_eq!(
            told, "what answers is no PostgreSQL server: correct the host and the port of the URL",
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_registry_opens_both_schemes_and_makes_tables_only_where_it_is_told() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database().await;
    let stores = KeyStores::new()
        .register("postgres", open_url)
        .register("postgresql", open_url);
    let url = KeyStoreUrl::parse(&database.url()).unwrap();
    let error = stores.open(url.clone()).await.map(drop).unwrap_err();
    assert!(reason(&error).contains("no tables"), "{error:?}");
    stores.open(url.creating()).await.map(drop).unwrap();
    let other = database.url().replace("postgres://", "PostgreSQL://");
    let other = KeyStoreUrl::parse(&other).unwrap();
    stores.open(other).await.map(drop).unwrap();
}

#[tokio::test]
async fn no_error_about_a_url_tells_any_of_it() {
    for url in [
        "canary://canary",
        "postgres://canary:canary@db:canary/canary?canary=canary",
        "postgres://canary:canary@can@ary/?sslmode=canary",
        "postgres://canary:canary@127.0.0.1:1/canary?sslrootcert=",
        "postgres://canary:canary@127.0.0.1:1/canary",
        "postgres://canary:%ff@127.0.0.1/canary",
    ] {
        let error = PostgresKeyStore::open(url).await.unwrap_err();
        let told = format!(
            "{error} {error:?} {:?}",
            error.source().map(ToString::to_string)
        );
        assert!(!told.contains("canary"), "{told}");
    }
}
