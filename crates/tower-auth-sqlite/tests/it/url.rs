//! Stores by their URLs.

use tower_auth::keys::{KeyStore, KeyStoreUrl, KeyStores, Revision};
use tower_auth_sqlite::{SqliteKeyStore, open_url};

use crate::common::{Folder, reason};

fn url(folder: &Folder) -> KeyStoreUrl {
    let text = format!("sqlite:{}", folder.file().display());
    KeyStoreUrl::parse(&text).unwrap()
}

#[tokio::test]
async fn a_url_opens_the_file_that_it_names() {
    let folder = Folder::new();
    let epoch = folder.store().await.renew_epoch().await.unwrap();
    let stores = KeyStores::new().register("sqlite", open_url);
    let store = stores.open(url(&folder)).await.unwrap();
    let changes = store.changes(Revision::ZERO, 1).await.unwrap().value;
    assert_eq!(changes.epoch, epoch);
}

#[tokio::test]
async fn a_file_that_is_not_there_is_made_only_where_the_url_says_so() {
    let folder = Folder::new();
    let error = open_url(url(&folder)).await.err().unwrap();
    assert!(reason(&error).contains("is not there"), "{error:?}");
    assert!(!folder.file().exists());
    drop(open_url(url(&folder).creating()).await.unwrap());
    SqliteKeyStore::open(folder.file()).await.unwrap();
}

/// Registered for another scheme by mistake, it must not show a text that may hold a password.
#[tokio::test]
async fn a_url_of_another_scheme_is_refused_and_not_shown() {
    let url = KeyStoreUrl::parse("postgres://app:hunter2@localhost/keys").unwrap();
    let error = open_url(url.creating()).await.err().unwrap();
    assert!(!format!("{error:?} {}", reason(&error)).contains("hunter2"));
    assert!(reason(&error).contains("sqlite:PATH"));
}
