//! A bad path rule is refused when it is written, with a text that says what to write instead.

use crate::common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::runs::auth;
use http::Method;
use tower_auth::{Access, AuthLayer, ConfigError, ConfigErrorKind, PathRule};

#[test]
fn a_pattern_without_its_slash_is_shown_with_it() {
    for (pattern, mended) in [("", "/"), ("health", "/health"), ("{*rest}", "/{*rest}")] {
        let mend = format!("does not begin with a slash: write \"{mended}\"");
        malformed(pattern, &mend);
    }
}

#[test]
fn the_old_parameter_syntax_is_shown_in_the_new_one() {
    malformed("/users/:id", "uses the old parameter syntax: write {id}");
    malformed("/users/:id/log", "write {id}");
    malformed("/assets/*rest", "write {*rest}");
    malformed("/users/:", "write {name}");
    malformed("/assets/*", "write {*name}");
}

#[test]
fn a_brace_inside_a_segment_is_refused() {
    for pattern in [
        "/u{id}", "/{id}u", "/{a}{b}", "/{}", "/{*}", "/{id", "/id}", "/{{id}}", "/{a*}", "/{**a}",
        "/{a/b}",
    ] {
        malformed(pattern, "a parameter is a whole segment, {name} or {*rest}");
    }
}

#[test]
fn a_catch_all_before_the_end_is_refused() {
    for pattern in ["/{*rest}/run", "/a/{*rest}/", "/{*a}/{*b}"] {
        malformed(
            pattern,
            "goes on after {*rest}, which can only stand at the end",
        );
    }
}

#[test]
fn a_character_that_is_not_in_a_path_is_refused() {
    for pattern in ["/a?b", "/a#b", "/a b", "/ä", "/a\r\n", "/a\0", "/a\u{7f}"] {
        malformed(pattern, "write it percent-encoded and leave the query out");
    }
}

#[test]
fn a_pattern_is_shown_escaped() {
    let error = auth().try_public("/a\r\nb").unwrap_err();
    assert!(!error.to_string().contains('\n'), "{error}");
}

#[test]
fn a_second_rule_for_a_path_is_refused() {
    conflicting(
        ["/feed", "/feed"].map(PathRule::from),
        "keep one of the two",
    );
}

#[test]
fn a_parameter_of_another_name_is_the_same_path() {
    let rules = ["/hooks/{a}", "/hooks/{b}"].map(PathRule::from);
    let error = conflicting(rules, "\"/hooks/{b}\" is there already, as \"/hooks/{a}\"");
    assert!(
        error.to_string().contains("name a method for each"),
        "{error}"
    );
    conflicting(
        ["/x/{*a}", "/x/{*b}"].map(PathRule::from),
        "is there already",
    );
}

#[test]
fn a_second_rule_for_a_method_of_a_path_is_refused() {
    let rules = ["/feed", "/feed"].map(|path| PathRule::from((Method::GET, path)));
    conflicting(rules, "keep one of the two");
}

#[test]
fn a_parameter_beside_a_catch_all_is_refused_in_either_order() {
    for rules in [
        ["/x/{a}", "/x/{*b}"],
        ["/x/{*b}", "/x/{a}"],
        ["/x/{a}/y", "/x/{*b}"],
    ] {
        let error = conflicting(rules.map(PathRule::from), "keep one of the two");
        for rule in rules {
            assert!(error.to_string().contains(rule), "{error}");
        }
    }
}

#[test]
fn rules_that_only_touch_are_accepted() {
    let layer = [
        "/",
        "/{*rest}",
        "/a",
        "/a/",
        "/a/{b}",
        "/a/{b}/c",
        "/a/x/c",
        "/a/{b}/{c}",
        "/ab",
        "/b/{*c}",
        "/b/",
        "/b/c",
        "/a%20b",
        "/a:b",
        "/a*b",
        "/a~b",
    ]
    .into_iter()
    .try_fold(auth(), AuthLayer::try_public);
    assert!(layer.is_ok(), "{layer:?}");
}

#[test]
fn every_kind_of_access_is_checked_alike() {
    for access in [Access::Public, Access::Optional, Access::Required] {
        let refused = auth().try_access("feed", access.clone()).map(|_| ());
        assert!(refused.is_err(), "{access:?}");
        let layer = auth().public("/feed");
        let refused = layer.try_access("/feed", access.clone()).map(|_| ());
        assert!(refused.is_err(), "{access:?}");
    }
}

#[test]
fn a_refused_rule_panics_with_the_same_text() {
    for pattern in ["health", "/:id", "/{*a}/b"] {
        let error = auth().try_public(pattern).unwrap_err().to_string();
        let public = panic_text(|| drop(auth().public(pattern)));
        let access = panic_text(|| drop(auth().access(pattern, Access::Required)));
        assert_eq!([public, access], [error.clone(), error]);
    }
}

#[test]
fn a_conflict_panics_with_the_same_text() {
    let error = auth().public("/feed").try_public("/feed").unwrap_err();
    let panic = panic_text(|| drop(auth().public("/feed").public("/feed")));
    assert_eq!(panic, error.to_string());
}

fn malformed(pattern: &str, mend: &str) {
    let error = auth().try_public(pattern).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Malformed, "{error}");
    let text = error.to_string();
    assert!(text.contains(mend), "{text}");
    assert!(
        text.starts_with(&format!("the path rule {pattern:?}")),
        "{text}"
    );
}

fn conflicting(rules: [PathRule; 2], mend: &str) -> ConfigError {
    let [first, second] = rules;
    let error = auth().public(first).try_public(second).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Conflict, "{error}");
    let text = error.to_string();
    assert!(text.contains(mend), "{text}");
    error
}

fn panic_text(build: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(build)).unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}
