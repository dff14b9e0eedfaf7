//! What a key store's URL says, and what of it is shown.

use tower_auth::{ConfigErrorKind, keys::KeyStoreUrl};

fn shown(text: &str) -> String {
    let url = KeyStoreUrl::parse(text).unwrap();
    let (debug, display) = (format!("{url:?}"), url.to_string());
    assert!(debug.contains(&display), "{debug}");
    display
}

#[test]
fn a_file_is_named_by_a_relative_or_an_absolute_path() {
    for path in [
        "keys.db",
        "./a/keys.db",
        "/var/lib/app/keys.db",
        "a%20b:c?d.db",
    ] {
        let url = KeyStoreUrl::parse(&format!("sqlite:{path}")).unwrap();
        assert_eq!((url.scheme(), url.after_scheme()), ("sqlite", path));
        assert_eq!(url.to_string(), format!("sqlite:{path}"));
    }
}

#[test]
fn a_scheme_is_read_in_any_case() {
    let url = KeyStoreUrl::parse("Postgres://db/keys").unwrap();
    assert_eq!(url.scheme(), "postgres");
    assert_eq!(url.as_str(), "Postgres://db/keys");
}

#[test]
fn a_store_has_to_be_there_unless_said_otherwise() {
    let url = KeyStoreUrl::parse("sqlite:keys.db").unwrap();
    assert!(!url.creates());
    assert!(url.clone().creating().creates());
    assert_ne!(url.clone().creating(), url);
}

#[test]
fn a_text_without_a_scheme_is_refused() {
    for text in [
        "keys.db",
        "/var/keys.db",
        "C:\\keys.db",
        ":keys.db",
        "1a:b",
        "a b:c",
    ] {
        let error = KeyStoreUrl::parse(text).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a key store's URL begins with a scheme and `:`: write `sqlite:keys.db`, or \
             `postgres://user@host/database`"
        );
    }
    let error = KeyStoreUrl::parse(" ").unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Blank);
}

#[test]
fn white_space_around_it_is_refused() {
    for text in [" sqlite:a", "sqlite:a ", "sqlite:a\n", "sqlite:a\nb"] {
        let error = KeyStoreUrl::parse(text).unwrap_err();
        assert!(error.to_string().contains("white space"), "{error}");
    }
}

/// Other programs mean a relative path by one number of slashes and an absolute one by another.
#[test]
fn slashes_before_a_file_are_refused() {
    for text in [
        "sqlite://keys.db",
        "sqlite:///keys.db",
        "sqlite:",
        "sqlite::memory:",
    ] {
        let error = KeyStoreUrl::parse(text).unwrap_err();
        assert!(error.to_string().contains("without `//`"), "{error}");
    }
}

#[test]
fn a_server_is_named_after_slashes() {
    for text in ["postgres:db/keys", "postgresql:host=db"] {
        let error = KeyStoreUrl::parse(text).unwrap_err();
        assert!(error.to_string().contains("postgres://"), "{error}");
    }
}

#[test]
fn what_is_shown_says_where_the_store_is() {
    for (text, expected) in [
        ("postgres://db/keys", "postgres://db/keys"),
        (
            "postgres:///keys?host=/run/postgresql",
            "postgres:///keys?…",
        ),
        ("postgres://app@db/keys", "postgres://…@db/keys"),
        (
            "postgres://app:pw@[::1]:5432/keys",
            "postgres://…@[::1]:5432/keys",
        ),
        (
            "postgres://app:pw@a:1,b:2/keys",
            "postgres://…@a:1,b:2/keys",
        ),
    ] {
        assert_eq!(shown(text), expected);
    }
}

/// Passwords that were not percent-encoded, and those in places of other drivers.
#[test]
fn a_password_is_never_shown() {
    for text in [
        "postgres://app:hunter2@db/keys",
        "postgres://app:hun@ter2@db/keys",
        "postgres://app:x/hunter2@db/keys",
        "postgres://app:x?hunter2@db/keys",
        "postgres://app:x#hunter2@db/keys",
        "postgres://app:x@y?hunter2@db/keys",
        "postgres://app:hunter2",
        "postgres://app:hunter2/keys",
        "postgres://app:12345hunter2/keys",
        "postgres://db/keys?password=hunter2",
        "postgres://db/keys?password=x@hunter2",
        "postgres://app:x@db/keys?password=hunter2",
        "postgres://db/keys#hunter2",
        "vault:hunter2",
        "vault:token=hunter2@db",
        "vault:/hunter2",
    ] {
        let shown = shown(text);
        assert!(!shown.contains("hunter2"), "{text}: {shown}");
    }
}

#[test]
fn an_error_shows_nothing_of_the_text() {
    for text in [
        "hunter2",
        " postgres://app:hunter2@db",
        "postgres:app:hunter2@db",
        "host=db password=hunter2:",
        "sqlite://hunter2",
        "hunter2hunter2hunter2hunter2:x",
    ] {
        let error = KeyStoreUrl::parse(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{text}");
    }
}
