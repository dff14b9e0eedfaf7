//! What tokens cost.

use tower::Layer;
use tower_auth::{AuthLayer, jose::Algorithm, provider::JwtAuth};

use super::{Inner, REFUSED, allocations, inserting_a_context, jose, once, with};

fn tokens() -> JwtAuth {
    JwtAuth::new(jose::key(Algorithm::HS256))
        .with_issuer("https://issuer.example")
        .with_audience("my-agent")
}

/// Ten claims, as issuers write them.
fn token(id: u32) -> &'static str {
    let claims = format!(
        r#"{{"iss":"https://issuer.example","aud":"my-agent","sub":"ada","exp":4000000000,"iat":1,
            "jti":"{id}","scope":"read write","roles":["editor"],"team":"blue","email":"a@b.c"}}"#
    );
    let token = jose::token(Algorithm::HS256, r#"{"alg":"HS256","typ":"JWT"}"#, claims);
    format!("Bearer {token}").leak()
}

/// The decoded token, the user id, the scopes, and the context that holds them.
const CALLER: u64 = 4;

#[test]
fn a_token_seen_first_allocates_its_caller_and_nothing_else() {
    let context = inserting_a_context();
    let unremembered = AuthLayer::new(tokens().with_remembered_tokens(0));
    let allocated = allocations(&unremembered, with("authorization", token(0)));
    assert_eq!(allocated, CALLER + context);
}

#[test]
fn a_token_that_will_be_remembered_allocates_no_more_but_where_the_memory_grows() {
    let layer = AuthLayer::new(tokens());
    let mut allocated: Vec<u64> = (0..101)
        .map(|id| {
            let mut service = layer.layer(Inner);
            let request = with("authorization", token(id))();
            allocation_counter::measure(|| once(&mut service, request)).count_total
        })
        .collect();
    allocated.sort_unstable();
    assert_eq!(allocated[50], CALLER + inserting_a_context());
}

#[test]
fn a_remembered_token_allocates_what_putting_the_context_there_costs() {
    let layer = AuthLayer::new(tokens());
    let allocated = allocations(&layer, with("authorization", token(0)));
    assert_eq!(allocated, inserting_a_context());
}

#[test]
fn a_forged_token_allocates_its_refusal_and_what_was_decoded() {
    let layer = AuthLayer::new(tokens());
    let (input, _) = token(0).rsplit_once('.').unwrap();
    let (_, signature) = token(1).rsplit_once('.').unwrap();
    let forged = format!("{input}.{signature}").leak();
    let allocated = allocations(&layer, with("authorization", forged));
    assert_eq!(allocated, REFUSED + 1);
}
