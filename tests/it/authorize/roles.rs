//! `by_role`: which roles a caller has, and what they permit.

use serde_json::{Value, json};
use tower_auth::{
    AuthContext, ConfigErrorKind,
    authorize::{Authorizer, ByRole, by_role},
};

use crate::authorize::{apps::token_holder, common::log::Log};

fn table() -> ByRole {
    by_role([
        ("admin", "*"),
        ("operator", "graph:* config:read"),
        ("runner", "agent:*:invoke agent:7:read"),
    ])
    .unwrap()
}

fn with(claim: &str, value: Value) -> AuthContext {
    AuthContext::new("ada").with_claim(claim, value)
}

async fn may(roles: &ByRole, caller: &AuthContext, resource: &str, action: &str) -> bool {
    roles.check(caller, resource, action).await.is_ok()
}

async fn role_may(role: &str, resource: &str, action: &str) -> bool {
    may(&table(), &with("roles", json!(role)), resource, action).await
}

#[tokio::test]
async fn a_permission_covers_its_resource_and_action() {
    assert!(role_may("operator", "config", "read").await);
    for (resource, action) in [
        ("config", "write"),
        ("store", "read"),
        ("config:7", "read"),
        ("config:read", "write"),
    ] {
        assert!(
            !role_may("operator", resource, action).await,
            "{resource}:{action}"
        );
    }
}

#[tokio::test]
async fn an_asterisk_at_the_end_covers_what_is_below() {
    for (resource, action) in [("graph", "invoke"), ("graph", "read"), ("graph:7", "stop")] {
        assert!(
            role_may("operator", resource, action).await,
            "{resource}:{action}"
        );
    }
    for (resource, action) in [("graphs", "invoke"), ("grap", "h"), ("x:graph", "invoke")] {
        assert!(
            !role_may("operator", resource, action).await,
            "{resource}:{action}"
        );
    }
}

#[tokio::test]
async fn an_asterisk_in_the_middle_covers_one_id() {
    assert!(role_may("runner", "agent:7", "invoke").await);
    assert!(role_may("runner", "agent:8", "invoke").await);
    for (resource, action) in [
        ("agent:8", "read"),
        ("agent", "invoke"),
        ("agent:7:8", "invoke"),
        ("agent:7", "invoke:x"),
    ] {
        assert!(
            !role_may("runner", resource, action).await,
            "{resource}:{action}"
        );
    }
}

#[tokio::test]
async fn a_lone_asterisk_covers_everything() {
    assert!(role_may("admin", "anything:at:all", "delete").await);
}

#[tokio::test]
async fn asking_for_an_asterisk_matches_no_more_than_its_text() {
    assert!(!role_may("runner", "*", "invoke").await);
    assert!(!role_may("runner", "agent:7", "*").await);
}

#[tokio::test]
async fn a_role_that_the_table_does_not_name_grants_nothing() {
    for role in [
        "",
        "*",
        "Admin",
        "admi",
        "admin\t",
        "admin\u{a0}operator",
        "admin,operator",
    ] {
        assert!(!role_may(role, "graph", "read").await, "{role:?}");
    }
}

#[tokio::test]
async fn roles_stand_in_a_string_or_an_array() {
    for roles in [json!("operator"), json!(["x", "operator"])] {
        assert!(may(&table(), &with("roles", roles), "graph", "read").await);
    }
}

#[tokio::test]
async fn a_string_of_several_words_is_several_roles() {
    for roles in ["x operator", "operator x", "  operator  "] {
        assert!(may(&table(), &with("roles", json!(roles)), "graph", "read").await);
    }
    let spaced = by_role([("site operator", "graph:read")]).unwrap();
    assert!(
        !may(
            &spaced,
            &with("roles", json!("site operator")),
            "graph",
            "read"
        )
        .await
    );
    assert!(
        may(
            &spaced,
            &with("roles", json!(["site operator"])),
            "graph",
            "read"
        )
        .await
    );
}

#[tokio::test]
async fn the_names_of_an_objects_members_are_roles_where_they_are_held() {
    // As Zitadel writes them: a role, and the organizations that granted it.
    let name = "urn:zitadel:iam:org:project:roles";
    let zitadel = json!({ "operator": { "173": "acme.zitadel.cloud" } });
    let roles = table().with_claim(name);
    assert!(may(&roles, &with(name, zitadel), "graph", "read").await);
    for held in [
        json!({ "operator": true }),
        json!({ "operator": {}, "admin": false }),
    ] {
        assert!(may(&table(), &with("roles", held.clone()), "graph", "read").await);
        assert!(!may(&table(), &with("roles", held), "config", "write").await);
    }
    for not_held in [json!({ "operator": false }), json!({ "operator": null })] {
        assert!(!may(&table(), &with("roles", not_held), "graph", "read").await);
    }
}

#[tokio::test]
async fn role_is_read_where_there_is_no_roles() {
    assert!(may(&table(), &with("role", json!("operator")), "graph", "read").await);
    let caller = with("role", json!("admin")).with_claim("roles", json!(["x"]));
    assert!(!may(&table(), &caller, "graph", "read").await);
}

#[tokio::test]
async fn odd_types_grant_nothing() {
    for roles in [
        json!(null),
        json!(true),
        json!(7),
        json!([]),
        json!({}),
        json!({ "admin": 1 }),
        json!({ "admin": "yes" }),
        json!({ "admin": true, "operator": 1 }),
        json!({ "roles": ["admin"] }),
        json!([["admin"]]),
        json!(["admin", 7]),
        json!(["admin", null]),
        json!([{ "name": "admin" }]),
    ] {
        let caller = with("roles", roles.clone()).with_claim("role", json!("admin"));
        assert!(!may(&table(), &caller, "graph", "read").await, "{roles}");
    }
}

#[tokio::test]
async fn a_path_leads_into_the_claims() {
    let roles = table().with_claim("realm_access.roles");
    let caller = with("realm_access", json!({ "roles": ["operator"] }));
    assert!(may(&roles, &caller, "graph", "read").await);
    for claims in [
        json!("operator"),
        json!(["operator"]),
        json!({ "role": "operator" }),
        json!([{ "roles": ["operator"] }]),
        json!({ "roles": { "operator": 1 } }),
    ] {
        assert!(
            !may(
                &roles,
                &with("realm_access", claims.clone()),
                "graph",
                "read"
            )
            .await,
            "{claims}"
        );
    }
}

#[tokio::test]
async fn a_claim_may_have_dots_in_its_name() {
    let roles = table().with_claim("https://example.com/roles");
    let caller = with("https://example.com/roles", json!("operator"));
    assert!(may(&roles, &caller, "graph", "read").await);
}

#[tokio::test]
async fn a_nested_claim_goes_before_one_with_dots_in_its_name() {
    let roles = table().with_claim("realm_access.roles");
    let dotted = || with("realm_access.roles", json!("admin"));
    assert!(may(&roles, &dotted(), "config", "write").await);
    for realm in [json!({ "roles": ["operator"] }), json!({}), json!(null)] {
        let caller = dotted().with_claim("realm_access", realm.clone());
        assert!(!may(&roles, &caller, "config", "write").await, "{realm}");
    }
}

#[tokio::test]
async fn a_path_of_segments_is_taken_exactly() {
    // As Keycloak writes the roles of a client that is named `my.agent`.
    let roles = table().with_claim(["resource_access", "my.agent", "roles"]);
    let access = json!({ "my.agent": { "roles": ["operator"] } });
    assert!(may(&roles, &with("resource_access", access), "graph", "read").await);
    let split = json!({ "my": { "agent": { "roles": ["operator"] } } });
    assert!(!may(&roles, &with("resource_access", split), "graph", "read").await);
    let flat = with("resource_access.my.agent.roles", json!("operator"));
    assert!(!may(&roles, &flat, "graph", "read").await);
    let exact = table().with_claim(["a.b"]);
    assert!(
        !may(
            &exact,
            &with("a", json!({ "b": "operator" })),
            "graph",
            "read"
        )
        .await
    );
    assert!(may(&exact, &with("a.b", json!("operator")), "graph", "read").await);
}

#[tokio::test]
async fn a_claim_that_is_configured_is_the_only_one_that_is_read() {
    let roles = table().with_claim("groups");
    assert!(!may(&roles, &with("roles", json!("admin")), "graph", "read").await);
    assert!(may(&roles, &with("groups", json!("admin")), "graph", "read").await);
}

#[tokio::test]
async fn scopes_are_no_roles() {
    let caller = AuthContext::new("admin").with_scopes(["*", "admin"]);
    assert!(!may(&table(), &caller, "graph", "read").await);
    assert!(!may(&table(), &token_holder("admin"), "graph", "read").await);
}

#[tokio::test]
async fn the_log_tells_why_a_role_did_not_do() {
    for (caller, reason) in [
        (AuthContext::new("ada"), "no_role"),
        (with("roles", json!(7)), "odd_role_claim"),
        (with("roles", json!("x")), "role_lacks_permission"),
    ] {
        let log = Log::start();
        let error = table().check(&caller, "graph", "read").await.unwrap_err();
        assert_eq!(error.code(), "forbidden");
        let event = log.only();
        assert_eq!(
            (event.field("reason"), event.field("provider")),
            (Some(reason), Some("by_role"))
        );
    }
}

#[test]
fn a_table_may_come_from_a_file() {
    let file: std::collections::HashMap<String, String> =
        serde_json::from_value(json!({ "admin": "*", "reader": "graph:read" })).unwrap();
    assert!(by_role(file).is_ok());
}

#[test]
fn a_bad_table_is_refused_with_what_to_write_instead() {
    for (table, kind, fix) in [
        (vec![], ConfigErrorKind::Empty, "deny_all()"),
        (vec![(" ", "*")], ConfigErrorKind::Blank, "name it"),
        (
            vec![("a", " ")],
            ConfigErrorKind::Blank,
            "leave the role out",
        ),
        (
            vec![("a", "*"), ("a", "x:y")],
            ConfigErrorKind::Duplicate,
            "one line of the two",
        ),
        (
            vec![("a", "graph")],
            ConfigErrorKind::Malformed,
            "write \"graph:*\"",
        ),
        (
            vec![("a", "*:read")],
            ConfigErrorKind::Malformed,
            "name the resource",
        ),
        (
            vec![("a", "graph:re*")],
            ConfigErrorKind::Malformed,
            "between two colons",
        ),
        (
            vec![("a", "graph::read")],
            ConfigErrorKind::Malformed,
            "empty segment",
        ),
        (
            vec![("a", "graph:")],
            ConfigErrorKind::Malformed,
            "empty segment",
        ),
        (
            vec![("a", "graph:read\tstore:read")],
            ConfigErrorKind::Malformed,
            "escape_id",
        ),
    ] {
        let error = by_role(table.clone()).unwrap_err();
        assert_eq!(error.kind(), kind, "{table:?}");
        assert!(error.to_string().contains(fix), "{table:?}: {error}");
    }
}
