//! What is malformed does not survive start-up, and the text says how to mend it.

use tower_auth::{
    ConfigError, ConfigErrorKind,
    authorize::{AuthorizeLayer, RequireScopes, deny_all},
};

#[track_caller]
fn is(error: ConfigError, kind: ConfigErrorKind, fix: &str) {
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(fix), "{error}");
}

#[test]
fn a_list_without_a_scope_is_refused() {
    let none: [&str; 0] = [];
    is(
        RequireScopes::all(none).unwrap_err(),
        ConfigErrorKind::Empty,
        "name at least one",
    );
    is(
        RequireScopes::any(none).unwrap_err(),
        ConfigErrorKind::Empty,
        "name at least one",
    );
}

#[test]
fn a_blank_scope_is_refused_beside_good_ones_too() {
    for blank in [vec![""], vec!["  "], vec!["a", ""]] {
        is(
            RequireScopes::all(&blank).unwrap_err(),
            ConfigErrorKind::Blank,
            "leave it out",
        );
        is(
            RequireScopes::any(&blank).unwrap_err(),
            ConfigErrorKind::Blank,
            "leave it out",
        );
    }
}

#[test]
fn a_scope_that_no_challenge_could_name_is_refused() {
    for odd in ["a\tb", "a\"b", "a\\b", "käse", "a\n"] {
        is(
            RequireScopes::all([odd]).unwrap_err(),
            ConfigErrorKind::Malformed,
            "printable ASCII",
        );
    }
}

#[test]
fn a_malformed_resource_is_refused_with_the_fix() {
    use ConfigErrorKind::{Blank, Malformed};

    for (resource, kind, fix) in [
        ("", Blank, "name what is asked for"),
        ("  ", Blank, "name what is asked for"),
        ("agent:{}", Malformed, "write {id}"),
        ("agent:{*rest}", Malformed, "leave the asterisk out"),
        ("agent:{id", Malformed, "all that stands between"),
        ("agent:id}", Malformed, "all that stands between"),
        ("agent-{id}", Malformed, "all that stands between"),
        ("{a}{b}", Malformed, "all that stands between"),
        ("{a}-{b}", Malformed, "all that stands between"),
        ("agent:{{id}}", Malformed, "all that stands between"),
        ("agent:", Malformed, "name what stands there"),
        (":agent", Malformed, "name what stands there"),
        ("agent::{id}", Malformed, "name what stands there"),
        ("agent 7", Malformed, "letters, digits"),
        ("agent:*", Malformed, "letters, digits"),
        ("agent:%41", Malformed, "letters, digits"),
        ("agent\"", Malformed, "letters, digits"),
        ("käse", Malformed, "letters, digits"),
    ] {
        let error = AuthorizeLayer::new(deny_all(), resource, "read").unwrap_err();
        is(error, kind, fix);
    }
}

#[test]
fn a_malformed_action_is_refused_with_the_fix() {
    for (action, kind, fix) in [
        ("", ConfigErrorKind::Blank, "name what is done"),
        ("*", ConfigErrorKind::Malformed, "one plain word"),
        ("runs:create", ConfigErrorKind::Malformed, "one plain word"),
        ("{id}", ConfigErrorKind::Malformed, "one plain word"),
        ("re ad", ConfigErrorKind::Malformed, "one plain word"),
    ] {
        let error = AuthorizeLayer::new(deny_all(), "graph", action).unwrap_err();
        is(error, kind, fix);
    }
}

#[test]
fn good_resources_are_taken() {
    for resource in [
        "graph",
        "agent:{id}",
        "t/{tenant}/agent:{id}",
        "{id}",
        "files:v1.2:{path}",
    ] {
        assert!(
            AuthorizeLayer::new(deny_all(), resource, "read").is_ok(),
            "{resource}"
        );
    }
}

#[test]
fn debug_shows_what_is_asked_and_no_closure() {
    let text = format!(
        "{:?}",
        AuthorizeLayer::new(deny_all(), "agent:{id}", "read").unwrap()
    );
    assert!(text.contains("deny_all") && text.contains("read"), "{text}");
    let text = format!("{:?}", RequireScopes::any(["a", "b"]).unwrap());
    assert!(text.contains("any") && text.contains("\"b\""), "{text}");
}
