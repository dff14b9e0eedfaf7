//! A policy that cannot be right is refused when it is built.

use std::panic::catch_unwind;

use http::Method;
use tower_auth::{
    ConfigError, ConfigErrorKind,
    authorize::{AGENT_ACTIONS, Policy, deny_all},
};

fn policy() -> Policy {
    Policy::new(deny_all())
}

#[track_caller]
fn is(result: Result<Policy, ConfigError>, kind: ConfigErrorKind, fix: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(fix), "{error}");
}

#[test]
fn a_second_rule_for_a_route_is_refused() {
    for first in [
        policy().rule("/a/{id}", "a", "read"),
        policy().open("/a/{other}"),
    ] {
        is(
            first.clone().try_rule("/a/{x}", "a", "read"),
            ConfigErrorKind::Conflict,
            "keep one",
        );
        is(
            first.try_open("/a/{x}"),
            ConfigErrorKind::Conflict,
            "keep one",
        );
    }
}

#[test]
fn rules_for_different_methods_stand_side_by_side() {
    let both = policy().rule((Method::GET, "/a"), "a", "read").try_rule(
        (Method::POST, "/a"),
        "a",
        "write",
    );
    assert!(both.is_ok());
}

#[test]
fn a_malformed_route_is_refused_with_the_fix() {
    for (route, fix) in [
        ("a", "write \"/a\""),
        ("/a/:id", "write {id}"),
        ("/a?x=1", "leave the query out"),
        ("/{*rest}/a", "at the end"),
    ] {
        is(
            policy().try_rule(route, "a", "read"),
            ConfigErrorKind::Malformed,
            fix,
        );
        is(policy().try_open(route), ConfigErrorKind::Malformed, fix);
    }
}

#[test]
fn a_resource_must_take_its_parameters_from_the_route() {
    for (route, resource) in [
        ("/agents/{agent}", "agent:{id}"),
        ("/agents", "agent:{id}"),
        ("/agents/{id}/runs/{id}", "agent:{id}"),
        ("/agents/id", "agent:{id}"),
    ] {
        is(
            policy().try_rule(route, resource, "read"),
            ConfigErrorKind::Malformed,
            "stands in the route once",
        );
    }
}

#[test]
fn a_malformed_resource_or_action_is_refused() {
    is(
        policy().try_rule("/a", "", "read"),
        ConfigErrorKind::Blank,
        "name what is asked for",
    );
    is(
        policy().try_rule("/a", "a", "a b"),
        ConfigErrorKind::Malformed,
        "one plain word",
    );
}

#[test]
fn the_shorter_forms_panic_with_the_same_text() {
    let panics: [fn() -> Policy; 2] = [
        || policy().rule("/a", "agent:{id}", "read"),
        || policy().open("a"),
    ];
    for panics in panics {
        let text = *catch_unwind(panics)
            .unwrap_err()
            .downcast::<String>()
            .unwrap();
        assert!(text.contains("once") || text.contains("\"/a\""), "{text}");
    }
}

#[test]
fn an_action_that_is_not_known_is_refused_with_those_that_are() {
    let known = || policy().add_actions(AGENT_ACTIONS);
    is(
        known().try_rule("/a", "graph", "invok"),
        ConfigErrorKind::Unsupported,
        "the known actions of \"graph\" are invoke, stream, read, stop, fix",
    );
    is(
        known().try_rule("/a", "grph", "invoke"),
        ConfigErrorKind::Unsupported,
        "the known resources are graph, checkpointer, store, files, config",
    );
}

#[test]
fn known_actions_can_be_added_to() {
    let known = policy()
        .add_actions(AGENT_ACTIONS)
        .add_actions(&[("billing", &["refund"])]);
    let rules = known
        .try_rule("/a/{id}", "graph:{id}", "invoke")
        .and_then(|policy| policy.try_rule("/b", "billing", "refund"));
    assert!(rules.is_ok());
}

#[test]
fn the_usual_actions_are_those_of_agent_servers() {
    assert_eq!(
        AGENT_ACTIONS,
        [
            ("graph", &["invoke", "stream", "read", "stop", "fix"][..]),
            ("checkpointer", &["read", "write", "delete"]),
            ("store", &["read", "write", "delete"]),
            ("files", &["upload", "read"]),
            ("config", &["read"]),
        ]
    );
}
