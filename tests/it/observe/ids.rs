//! The ids of a request and of its trace.

use http::HeaderName;
use tower_auth::{AuthLayer, observe::Observers, provider::ApiKeyAuth};

use super::{KEY, Told};
use crate::common::{
    log::Log,
    oneshot::{app, ask},
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

async fn told_for(headers: &[(&str, &str)], more: Observers) -> String {
    let told = Told::default();
    let observers = told.observers(|decision| {
        let id = decision.request_id().unwrap_or("-");
        format!("{id} {}", decision.trace_id().unwrap_or("-"))
    });
    let keys = AuthLayer::new(ApiKeyAuth::new([KEY]).unwrap());
    let app = app(["/run"], keys.observers(observers).observers(more));
    ask(&app, "GET /run", headers).await;
    told.take().concat()
}

#[tokio::test]
async fn tells_the_ids_of_a_request_and_of_its_trace() {
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let headers = [("x-request-id", "r-7"), ("traceparent", &*parent)];
    let told = told_for(&headers, Observers::new()).await;
    assert_eq!(told, format!("r-7 {TRACE}"));
}

#[tokio::test]
async fn reads_the_request_id_where_it_is_told_to() {
    let more = Observers::new().with_request_id_header(HeaderName::from_static("x-trace"));
    let headers = [("x-request-id", "wrong"), ("x-trace", "right")];
    assert_eq!(told_for(&headers, more).await, "right -");
}

#[tokio::test]
async fn takes_no_credential_for_a_request_id() {
    let headers = [
        ("authorization", "Bearer-secret"),
        ("cookie", "session=secret"),
    ];
    for (name, _) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        let more = Observers::new().with_request_id_header(name);
        assert_eq!(told_for(&headers, more).await, "- -");
    }
}

#[tokio::test]
async fn takes_no_request_id_that_is_odd_or_doubled_and_cuts_a_long_one() {
    for id in ["", "two words", "tab\there", "ü", "caf\u{e9}"] {
        let told = told_for(&[("x-request-id", id)], Observers::new()).await;
        assert_eq!(told, "- -", "{id:?}");
    }
    let doubled = [("x-request-id", "a"), ("x-request-id", "b")];
    assert_eq!(told_for(&doubled, Observers::new()).await, "- -");
    let longest = "r".repeat(64);
    for more in ["", "s", "no end of a long one counts"] {
        let id = format!("{longest}{}", more.replace(' ', "-"));
        let told = told_for(&[("x-request-id", &id)], Observers::new()).await;
        assert_eq!(told, format!("{longest} -"));
    }
}

#[tokio::test]
async fn takes_no_trace_id_that_is_not_well_formed() {
    let zeros = "0".repeat(32);
    let upper = TRACE.to_uppercase();
    for parent in [
        format!("00-{TRACE}-b7ad6b7169203331"),
        format!("00-{TRACE}-b7ad6b7169203331-01-more"),
        format!("ff-{TRACE}-b7ad6b7169203331-01"),
        format!("00-{zeros}-b7ad6b7169203331-01"),
        format!("00-{upper}-b7ad6b7169203331-01"),
        format!("00-{TRACE}-0000000000000000-01"),
        format!("00-{TRACE}0-b7ad6b7169203331-01"),
        format!("00-{TRACE}-b7ad6b7169203331-0g"),
        String::from("00-\"}\"-b7ad6b7169203331-01"),
    ] {
        let told = told_for(&[("traceparent", &parent)], Observers::new()).await;
        assert_eq!(told, "- -", "{parent}");
    }
    let later = format!("cc-{TRACE}-b7ad6b7169203331-01-what-comes-later");
    let told = told_for(&[("traceparent", &later)], Observers::new()).await;
    assert_eq!(told, format!("- {TRACE}"));
}

#[tokio::test]
async fn the_log_tells_the_ids_with_each_decision() {
    let log = Log::start();
    let app = app(["/run"], AuthLayer::new(ApiKeyAuth::new([KEY]).unwrap()));
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let ids = [("x-request-id", "r-7"), ("traceparent", &*parent)];
    ask(&app, "GET /run", &ids).await;
    let refused = log.only();
    assert_eq!(refused.fields["request_id"], "r-7");
    assert_eq!(refused.fields["trace_id"], TRACE);
    ask(&app, "GET /run", &[("x-request-id", &"r".repeat(65))]).await;
    assert_eq!(log.only().fields["request_id"], "r".repeat(64));
    ask(&app, "GET /run", &[ids[0], ("x-api-key", KEY)]).await;
    let accepted = log.only();
    assert_eq!(accepted.fields["request_id"], "r-7");
    assert!(!accepted.fields.contains_key("trace_id"));
}
