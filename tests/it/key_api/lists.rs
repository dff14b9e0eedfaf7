//! Lists by page.

use serde_json::{Value, json};

use super::kit::{Admin, Server, at, body, text};

#[tokio::test]
async fn keys_come_by_page_each_once_the_oldest_first() {
    let server = Server::new();
    let root = server.root().await;
    for number in 0..6 {
        root.creates_named(&number.to_string()).await;
    }
    let names = pages(&root, "/keys?limit=3", "keys").await;
    let names: Vec<_> = names.iter().map(|key| text(key, "name")).collect();
    assert_eq!(names.len(), 7);
    let mut unique = names.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), 7);
}

#[tokio::test]
async fn audit_records_come_by_page_each_once_the_newest_first() {
    let server = Server::new();
    let root = server.root().await;
    let made = root.creates_named("x").await;
    for number in 0..4 {
        root.patch(&at(&made), json!({"name": number.to_string()}))
            .await;
    }
    for path in ["/keys/audit".to_owned(), format!("{}/audit", at(&made))] {
        let records = pages(&root, &format!("{path}?limit=2"), "audit").await;
        let revisions: Vec<_> = records
            .iter()
            .map(|record| record["revision"].as_u64().unwrap())
            .collect();
        assert!(
            revisions.is_sorted_by(|one, other| one > other),
            "{revisions:?}"
        );
        let newest = &records[0];
        assert_eq!(newest["action"], "update");
        assert_eq!(
            (
                text(&newest["before"], "name"),
                text(&newest["after"], "name")
            ),
            ("2", "3")
        );
        assert_eq!(newest["key"], made["id"]);
    }
}

/// All items, by the links of the pages.
async fn pages(admin: &Admin, first: &str, member: &str) -> Vec<Value> {
    let (path, mut query) = first.split_once('?').unwrap();
    let (mut items, mut seen) = (vec![], 0);
    let mut owned;
    loop {
        let answer = admin.get(&format!("{path}?{query}")).await;
        assert_eq!(answer.status, 200);
        let page = body(&answer);
        items.extend(page[member].as_array().unwrap().iter().cloned());
        seen += 1;
        assert!(seen < 20, "the list ends");
        if page["next"].is_null() {
            assert!(!answer.headers.contains_key("link"));
            return items;
        }
        let link = answer.header("link");
        owned = link
            .strip_prefix("<?")
            .unwrap()
            .strip_suffix(">; rel=\"next\"")
            .unwrap()
            .to_owned();
        query = &owned;
    }
}

#[tokio::test]
async fn a_query_that_is_no_page_is_refused() {
    let server = Server::new();
    let root = server.root().await;
    for query in [
        "limit=0",
        "limit=1001",
        "limit=+5",
        "limit=",
        "limit=5&limit=6",
        "afer=key_1",
        "after=",
        "after=a%20b",
        "after=key_1&after=key_2",
        "before=1",
        "limit",
    ] {
        root.get(&format!("/keys?{query}"))
            .await
            .refused_with(400, "invalid_request");
    }
    for query in [
        "after=key_1",
        "before=x",
        "before=-1",
        "before=18446744073709551616",
    ] {
        root.get(&format!("/keys/audit?{query}"))
            .await
            .refused_with(400, "invalid_request");
    }
    for query in ["", "limit=1000", "after=key_zzzz&limit=1", "&"] {
        assert_eq!(
            root.get(&format!("/keys?{query}")).await.status,
            200,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_head_is_answered_as_a_get() {
    let server = Server::new();
    let root = server.root().await;
    let answer = root
        .send("HEAD", "/keys", &[], axum::body::Body::empty())
        .await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
}
