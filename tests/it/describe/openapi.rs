//! What a layer asks for, in an application's document.

use http::HeaderName;
use serde_json::{Value, json};
use tower_auth::{
    Access, AuthLayer, CredentialSource,
    provider::{ApiKeyAuth, AuthProvider, CompositeAuth, JwtAuth, provider_fn},
};
use utoipa::openapi::OpenApi;

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new(["sk-live-9f03a51d8c70"]).unwrap()
}

fn document(paths: &[(&str, &str)]) -> OpenApi {
    let mut all = json!({});
    for (path, method) in paths {
        all[path][method] = json!({"responses": {}});
    }
    let info = json!({"title": "", "version": ""});
    serde_json::from_value(json!({"openapi": "3.1.0", "info": info, "paths": all})).unwrap()
}

/// The document afterwards, and what could not be said in it.
fn secured(layer: &AuthLayer, mut api: OpenApi) -> (Value, Vec<String>) {
    let unsaid = layer.describe().add_security_to(&mut api);
    (serde_json::to_value(&api).unwrap(), unsaid)
}

fn security<'a>(api: &'a Value, path: &str, method: &str) -> &'a Value {
    &api["paths"][path][method]["security"]
}

#[test]
fn an_optional_route_has_the_empty_alternative() {
    let layer = AuthLayer::new(keys()).access("/feed", Access::Optional);
    let (api, unsaid) = secured(&layer, document(&[("/feed", "get")]));
    assert!(unsaid.is_empty());
    let wanted = json!([{"api_key": []}, {"bearer": []}, {}]);
    assert_eq!(security(&api, "/feed", "get"), &wanted);
}

#[test]
fn a_method_is_described_by_its_own_rule() {
    let layer = AuthLayer::new(keys()).public((http::Method::GET, "/feed"));
    let paths = [("/feed", "get"), ("/feed", "head"), ("/feed", "post")];
    let (api, _) = secured(&layer, document(&paths));
    assert_eq!(security(&api, "/feed", "get"), &json!([]));
    assert_eq!(security(&api, "/feed", "head"), &json!([]));
    assert_eq!(security(&api, "/feed", "post").as_array().unwrap().len(), 2);
}

#[test]
fn a_scheme_that_the_document_has_keeps_its_name_and_description() {
    let scheme =
        json!({"type": "apiKey", "in": "header", "name": "x-api-key", "description": "yours"});
    let mut api = serde_json::to_value(document(&[("/run", "post")])).unwrap();
    api["components"] = json!({"securitySchemes": {"key": scheme}});
    let layer = AuthLayer::new(keys());
    let (api, _) = secured(&layer, serde_json::from_value(api).unwrap());
    let wanted = json!([{"key": []}, {"bearer": []}]);
    assert_eq!(security(&api, "/run", "post"), &wanted);
    assert_eq!(api["components"]["securitySchemes"]["key"], scheme);
}

#[test]
fn a_taken_name_is_left_to_who_has_it() {
    let scheme = json!({"type": "apiKey", "in": "cookie", "name": "c"});
    let mut api = serde_json::to_value(document(&[("/run", "post")])).unwrap();
    api["components"] = json!({"securitySchemes": {"bearer": scheme}});
    let layer = AuthLayer::new(keys());
    let (api, _) = secured(&layer, serde_json::from_value(api).unwrap());
    let wanted = json!([{"api_key": []}, {"bearer_2": []}]);
    assert_eq!(security(&api, "/run", "post"), &wanted);
    assert_eq!(api["components"]["securitySchemes"]["bearer"], scheme);
}

#[test]
fn a_second_factor_is_needed_beside_the_credential() {
    let code = CredentialSource::header(HeaderName::from_static("x-totp"));
    let checked = keys()
        .and_then(async |context, _| Ok(context))
        .with_credentials([code]);
    let (api, _) = secured(&AuthLayer::new(checked), document(&[("/run", "post")]));
    let wanted = json!([{"api_key": [], "x_totp": []}, {"bearer": [], "x_totp": []}]);
    assert_eq!(security(&api, "/run", "post"), &wanted);
}

#[test]
fn every_place_has_a_scheme() {
    let sources = [
        CredentialSource::authorization("Basic"),
        CredentialSource::authorization("Token"),
        CredentialSource::cookie("my session"),
        CredentialSource::insecure_query("key"),
        CredentialSource::websocket_protocol(),
    ];
    let layer = AuthLayer::new(keys().with_credentials(sources));
    let (api, unsaid) = secured(&layer, document(&[("/run", "post")]));
    assert!(unsaid.is_empty());
    let schemes = &api["components"]["securitySchemes"];
    let wanted = json!({
        "basic": {"type": "http", "scheme": "basic"},
        "token": {
            "type": "apiKey", "in": "header", "name": "Authorization",
            "description": "`Token`, a space, and the credential",
        },
        "cookie_my_session": {"type": "apiKey", "in": "cookie", "name": "my session"},
        "query_key": {"type": "apiKey", "in": "query", "name": "key"},
    });
    assert_eq!(schemes, &wanted);
}

#[test]
fn one_scheme_stands_for_all_providers_that_read_its_place() {
    let tokens = JwtAuth::hs256("0123456789abcdef0123456789abcdef").unwrap();
    let layer = AuthLayer::new(CompositeAuth::new(keys()).or(tokens));
    let (api, _) = secured(&layer, document(&[("/run", "post")]));
    let wanted = json!([{"api_key": []}, {"bearer": []}]);
    assert_eq!(security(&api, "/run", "post"), &wanted);
}

#[test]
fn what_openapi_has_no_words_for_is_told_and_left_as_it_was() {
    let deliveries = provider_fn(|_| Ok(None)).with_credentials([]);
    let unnamed = provider_fn(|_| Ok(None)).with_name("unnamed");
    let layer = AuthLayer::new(keys())
        .access("/hooks/github", Access::provider(deliveries))
        .access("/odd", Access::provider(unnamed));
    let paths = [("/hooks/github", "post"), ("/odd", "get"), ("/run", "post")];
    let (api, unsaid) = secured(&layer, document(&paths));
    assert_eq!(unsaid, ["POST /hooks/github", "GET /odd"]);
    assert!(security(&api, "/hooks/github", "post").is_null());
}

#[test]
fn everything_is_public_behind_a_layer_that_is_off() {
    let (api, _) = secured(&AuthLayer::disabled(), document(&[("/run", "post")]));
    assert_eq!(security(&api, "/run", "post"), &json!([]));
}
