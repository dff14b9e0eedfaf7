//! What the contracts promise: the context, the principal, the owned request.

use std::{
    error::Error,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::{HeaderName, HeaderValue, Request};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequest, AuthRequestBuf, CredentialSource, Message,
    Principal, ResponseBody,
    auth::{AuthService, ResponseFuture},
    provider::{Authentication, CompositeAuth},
};

fn ada() -> AuthContext {
    AuthContext::new("ada")
        .with_method("session")
        .with_issuer("https://id.example")
        .with_scopes(["graph:invoke", "files:read files:upload"])
        .with_expires_at(UNIX_EPOCH + Duration::from_millis(1_700_000_000_900))
        .with_claim("role", "editor")
        .with_claim("teams", json!(["a", "b"]))
}

#[test]
fn a_context_tells_what_it_was_given() {
    let context = ada();
    assert_eq!(context.user_id(), "ada");
    assert_eq!(context.method(), "session");
    assert_eq!(context.issuer(), Some("https://id.example"));
    assert!(context.scopes().contains("files:upload"));
    assert!(!context.scopes().contains("files:delete"));
    assert_eq!(context.metadata().len(), 2);
}

#[test]
fn a_fresh_context_may_do_nothing_and_does_not_expire() {
    let context = AuthContext::new("ada");
    assert_eq!((context.method(), context.issuer()), ("custom", None));
    assert!(context.scopes().is_empty());
    assert_eq!(context.expires_at(), None);
    assert!(context.metadata().is_empty());
    assert!(context.response_headers().is_none());
}

#[test]
fn expiry_is_cut_to_whole_seconds_so_that_nothing_lives_longer() {
    let at = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    assert_eq!(ada().expires_at(), Some(at));
}

#[test]
fn an_expiry_before_the_epoch_is_in_the_past() {
    let context = AuthContext::new("ada").with_expires_at(UNIX_EPOCH - Duration::from_secs(1));
    assert!(context.expires_at().unwrap() < SystemTime::now());
}

#[test]
fn the_last_word_replaces_the_ones_before() {
    let context = ada()
        .with_scopes(["only"])
        .with_claim("role", "admin")
        .with_issuer("other");
    assert_eq!(context.scopes().to_string(), "only");
    assert_eq!(context.claim::<String>("role").unwrap().unwrap(), "admin");
    assert_eq!(context.issuer(), Some("other"));
    assert_eq!(context.metadata().len(), 2);
}

#[test]
fn changing_a_clone_leaves_the_original_as_it_was() {
    let original = ada();
    let changed = original
        .clone()
        .with_claim("role", "admin")
        .with_method("x");
    assert_eq!(original.claim::<String>("role").unwrap().unwrap(), "editor");
    assert_eq!(original.method(), "session");
    assert_eq!(changed.user_id(), original.user_id());
}

#[test]
fn claims_come_as_types_of_ones_own() {
    #[derive(Deserialize, PartialEq, Debug)]
    #[serde(rename_all = "lowercase")]
    enum Role {
        Editor,
        Admin,
    }
    let context = ada();
    assert_eq!(context.claim::<Role>("role").unwrap(), Some(Role::Editor));
    let teams: Vec<String> = context.claim("teams").unwrap().unwrap();
    assert_eq!(teams, ["a", "b"]);
    assert_eq!(context.claim::<Role>("absent").unwrap(), None);
    let null = context.with_claim("role", Value::Null);
    assert_eq!(null.claim::<Role>("role").unwrap(), None);
}

#[test]
fn a_claim_of_another_type_is_an_error_that_names_it_and_shows_no_value() {
    let context = AuthContext::new("ada").with_claim("pin", "sk-canary-1");
    let error = context.claim::<u64>("pin").unwrap_err();
    assert_eq!(error.to_string(), r#"the claim "pin" has another type"#);
    let mut shown = format!("{error:?}");
    for cause in std::iter::successors(error.source(), |&cause| cause.source()) {
        shown.push_str(&cause.to_string());
    }
    assert!(!shown.contains("canary"), "{shown}");
    fn passes_through_question_mark(context: &AuthContext) -> Result<u64, Box<dyn Error>> {
        Ok(context.claim("pin")?.unwrap_or_default())
    }
    assert!(passes_through_question_mark(&context).is_err());
}

#[test]
fn a_context_serializes_to_these_members() {
    assert_eq!(
        serde_json::to_value(ada()).unwrap(),
        json!({
            "user_id": "ada",
            "method": "session",
            "issuer": "https://id.example",
            "scopes": ["graph:invoke", "files:read", "files:upload"],
            "expires_at": 1_700_000_000,
            "metadata": {"role": "editor", "teams": ["a", "b"]},
        })
    );
    assert_eq!(
        serde_json::to_value(AuthContext::new("ada")).unwrap(),
        json!({
            "user_id": "ada",
            "method": "custom",
            "issuer": null,
            "scopes": [],
            "expires_at": null,
            "metadata": {},
        })
    );
}

#[test]
fn response_headers_are_not_part_of_what_a_context_serializes_or_shows() {
    let context = AuthContext::new("ada").add_response_header(
        HeaderName::from_static("set-cookie"),
        HeaderValue::from_static("session=sk-canary-1"),
    );
    assert_eq!(context.response_headers().unwrap().len(), 1);
    assert!(!serde_json::to_string(&context).unwrap().contains("canary"));
    assert!(!format!("{context:?}").contains("canary"));
}

#[test]
fn debug_shows_the_names_of_claims_and_not_their_values() {
    let shown = format!("{:?}", ada());
    assert!(shown.contains("role") && shown.contains("ada"), "{shown}");
    assert!(!shown.contains("editor"), "{shown}");
}

#[test]
fn a_principal_differs_in_each_of_its_three_parts() {
    let key = AuthContext::new("frontend").with_method("api_key");
    let jwt = AuthContext::new("frontend").with_method("jwt");
    assert_ne!(key.principal(), jwt.principal());
    let one = jwt.clone().with_issuer("https://one.example");
    let two = jwt.clone().with_issuer("https://two.example");
    assert_ne!(one.principal(), two.principal());
    assert_ne!(one.principal(), jwt.principal());
    let empty = jwt.clone().with_issuer("");
    assert_ne!(empty.principal(), jwt.principal(), "empty is not absent");
    assert_eq!(one.principal(), one.clone().with_scopes(["x"]).principal());
}

#[test]
fn a_principal_can_be_stored_and_read_back() {
    let context = ada();
    let stored = serde_json::to_string(&context.principal()).unwrap();
    let read: Principal<'static> = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, context.principal().into_owned());
    let parts = (read.method(), read.source(), read.user_id());
    assert_eq!(parts, ("session", Some("https://id.example"), "ada"));
}

#[test]
fn a_principal_is_a_key_of_maps() {
    let mut owners = std::collections::HashMap::new();
    owners.insert(ada().principal().into_owned(), "thread-1");
    assert_eq!(owners.get(&ada().principal()), Some(&"thread-1"));
}

#[test]
fn an_owned_request_outlives_the_one_it_was_made_of() {
    let mut request = Request::post("/run?deep=1").header("x-session", "7f");
    request.extensions_mut().unwrap().insert(7_u32);
    let request = request.body("never read").unwrap();
    let owned = AuthRequest::from(&request).to_buf();
    drop(request);
    assert_eq!(owned.method(), Some(&http::Method::POST));
    assert_eq!(owned.uri().unwrap().query(), Some("deep=1"));
    assert_eq!(owned.header("x-session"), Some("7f"));
    assert_eq!(owned.extension::<u32>(), Some(&7));
    assert!(owned.as_message().is_none());
}

#[test]
fn an_owned_request_reads_credentials_as_the_borrowed_one_does() {
    let request = Request::get("/").header("authorization", "bearer t0ken");
    let request = request.body(()).unwrap();
    let owned = AuthRequest::from(&request).to_buf();
    let sources = [CredentialSource::bearer()];
    let shown = owned.credential(&sources).unwrap().unwrap();
    assert_eq!(shown.as_bytes(), b"t0ken");
}

#[test]
fn an_owned_message_is_a_message() {
    let message = Message::new("telegram").with_user_id(42);
    let owned = AuthRequest::message(&message).to_buf();
    assert_eq!(owned.as_message(), Some(&message));
    assert_eq!((owned.method(), owned.uri()), (None, None));
    assert!(owned.headers().is_empty());
    let sources = [CredentialSource::bearer()];
    assert!(owned.credential(&sources).unwrap().is_none());
}

#[test]
fn a_header_that_stands_there_twice_has_no_text() {
    let request = Request::get("/")
        .header("x-session", "a")
        .header("x-session", "b");
    let request = request.body(()).unwrap();
    assert_eq!(AuthRequest::from(&request).header("x-session"), None);
    assert_eq!(AuthRequest::from(&request).header("not a name"), None);
}

#[tokio::test]
async fn an_answer_can_be_awaited_whether_it_is_ready_or_not() {
    let ready = Authentication::from(Ok(Some(AuthContext::new("ada"))));
    assert_eq!(ready.await.unwrap().unwrap().user_id(), "ada");
    let pending = Authentication::pending(async { Err(AuthError::forbidden("no")) });
    assert_eq!(pending.await.unwrap_err().reason(), "no");
}

#[test]
fn what_goes_between_threads_is_send_and_sync() {
    fn both<T: Send + Sync + 'static>() {}
    fn send<T: Send + 'static>() {}
    type Inner = tower::util::BoxCloneSyncService<
        Request<String>,
        http::Response<String>,
        std::convert::Infallible,
    >;
    both::<AuthContext>();
    both::<AuthError>();
    both::<AuthRequestBuf>();
    both::<AuthLayer>();
    both::<AuthService<Inner>>();
    both::<CompositeAuth>();
    both::<ResponseBody<String>>();
    send::<Authentication>();
    send::<ResponseFuture<Inner, String>>();
}
