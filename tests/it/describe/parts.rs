//! What a description holds.

use http::{HeaderName, Method};
use tower_auth::{
    Access, AuthError, AuthLayer, CredentialSource,
    describe::{AccessDescription, PlaceDescription},
    provider::{ApiKeyAuth, AuthProvider, CompositeAuth, JwtAuth, provider_fn},
    webhook::{WebhookLayer, WebhookRoutes},
};

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new(["sk-live-9f03a51d8c70"]).unwrap()
}

fn names(layer: &AuthLayer) -> Vec<String> {
    let description = layer.describe();
    let providers = description.providers().iter();
    providers
        .map(|provider| provider.name().to_owned())
        .collect()
}

#[test]
fn a_chain_in_a_chain_is_described_one_by_one() {
    let inner = CompositeAuth::new(keys()).or(provider_fn(|_| Ok(None)).with_name("sessions"));
    let tokens = JwtAuth::hs256("0123456789abcdef0123456789abcdef").unwrap();
    let outer = CompositeAuth::new(inner).or(tokens);
    assert_eq!(
        names(&AuthLayer::new(outer)),
        ["api_key", "sessions", "jwt"]
    );
}

#[test]
fn a_check_behind_a_chain_is_described_with_each_member() {
    let code = CredentialSource::header(HeaderName::from_static("x-totp"));
    let tokens = JwtAuth::hs256("0123456789abcdef0123456789abcdef").unwrap();
    let chain = CompositeAuth::new(keys()).or(tokens);
    let checked = chain
        .and_then(async |context, _| Ok(context))
        .with_credentials([code]);
    let description = AuthLayer::new(checked).describe();
    assert_eq!(description.providers().len(), 2);
    for provider in description.providers() {
        let code = PlaceDescription::Header {
            name: HeaderName::from_static("x-totp"),
        };
        assert_eq!(provider.second_factors(), [code], "{provider:?}");
        assert!(!provider.places().is_empty());
    }
}

#[tokio::test]
async fn a_member_of_a_checked_chain_is_checked_too() {
    let chain = CompositeAuth::new(keys()).or(provider_fn(|_| Ok(None)));
    let checked = chain.and_then(async |_, _| Err(AuthError::forbidden("suspended")));
    let request = http::Request::post("/run")
        .header("x-api-key", "sk-live-9f03a51d8c70")
        .body(())
        .unwrap();
    let request = tower_auth::AuthRequest::from(&request);
    let answer = checked.members()[0].authenticate(&request).await;
    assert_eq!(answer.unwrap_err().reason(), "suspended");
}

#[test]
fn a_provider_that_panics_is_described_all_the_same() {
    struct Panics;
    impl AuthProvider for Panics {
        fn authenticate(
            &self,
            _: &tower_auth::AuthRequest<'_>,
        ) -> tower_auth::provider::Authentication {
            Ok(None).into()
        }
        fn name(&self) -> &'static str {
            panic!("no name")
        }
        fn members(&self) -> Vec<std::sync::Arc<dyn AuthProvider>> {
            panic!("no members")
        }
    }
    let layer = AuthLayer::new(keys()).access("/odd", Access::provider(Panics));
    let description = layer.describe();
    let odd = description.at(&Method::GET, "/odd");
    assert_eq!(odd.providers()[0].name(), "");
    assert!(!odd.providers()[0].names_places());
}

#[test]
fn deliveries_of_webhooks_are_described_as_a_rule() {
    let hooks = WebhookRoutes::new("/hooks").unwrap();
    let github = WebhookLayer::github("It's a Secret to Everybody").unwrap();
    let hooks = hooks.add_webhook("/hooks/github", github).unwrap();
    let layer = AuthLayer::new(keys()).access("/hooks/{*rest}", hooks.access());
    let description = layer.describe();
    let hook = description.at(&Method::POST, "/hooks/github");
    let [provider] = hook.providers() else {
        panic!("{hook:?}")
    };
    assert_eq!(provider.name(), "webhook");
    assert!(provider.places().is_empty() && provider.names_places());
}

#[test]
fn built_in_rules_stand_behind_the_others_and_are_told_apart() {
    let description = AuthLayer::new(keys())
        .dev_docs(true)
        .public((Method::POST, "/docs"))
        .access("/health", Access::Required)
        .describe();
    let rules = description.rules().iter();
    let told: Vec<_> = rules
        .map(|rule| (rule.pattern(), rule.method(), rule.is_built_in()))
        .collect();
    assert_eq!(
        told,
        [
            ("/docs", Some(&Method::POST), false),
            ("/docs", Some(&Method::GET), true),
            ("/health", None, false),
            ("/docs/", Some(&Method::GET), true),
            ("/docs/{*rest}", Some(&Method::GET), true),
            ("/redoc", Some(&Method::GET), true),
            ("/openapi.json", Some(&Method::GET), true),
        ]
    );
    let health = description.at(&Method::GET, "/health");
    assert_eq!(health.access(), &AccessDescription::Required);
}

#[test]
fn a_description_stays_as_it_was_made() {
    let layer = AuthLayer::new(keys());
    let description = layer.describe();
    let layer = layer.public("/feed");
    assert!(description.at(&Method::GET, "/feed").rule().is_none());
    assert!(layer.describe().at(&Method::GET, "/feed").rule().is_some());
}

#[test]
fn a_realm_is_described_as_it_was_set() {
    let layer = AuthLayer::new(keys()).with_realm(r#"the "inner" \ one"#);
    assert_eq!(layer.unwrap().describe().realm(), r#"the "inner" \ one"#);
}

#[test]
fn a_description_shows_no_secret() {
    let tokens = JwtAuth::hs256("0123456789abcdef0123456789abcdef").unwrap();
    let layer = AuthLayer::new(CompositeAuth::new(keys()).or(tokens));
    let shown = format!("{:#?}", layer.describe());
    assert!(
        !shown.contains("9f03a51d8c70") && !shown.contains("0123456789abcdef"),
        "{shown}"
    );
}

#[test]
fn places_are_described_as_people_write_them() {
    let sources = [
        CredentialSource::bearer(),
        CredentialSource::authorization("Token"),
        CredentialSource::header(HeaderName::from_static("x-session")),
        CredentialSource::cookie("session"),
        CredentialSource::websocket_protocol(),
        CredentialSource::insecure_query("key"),
    ];
    let layer = AuthLayer::new(keys().with_credentials(sources));
    let description = layer.describe();
    let places = description.providers()[0].places().iter();
    assert_eq!(
        places.map(ToString::to_string).collect::<Vec<_>>(),
        [
            "Authorization: Bearer",
            "Authorization: Token",
            "X-Session",
            "cookie session",
            "Sec-WebSocket-Protocol: bearer",
            "query parameter key",
        ]
    );
    assert_eq!(description.providers()[0].schemes(), ["Bearer", "Token"]);
}

#[tokio::test]
async fn each_provider_is_asked_alone_where_the_layer_asks_it() {
    let partner = ApiKeyAuth::new(["sk-partner-1"]).unwrap();
    let partner = partner.with_source("partner").unwrap();
    let panics = provider_fn(|_| panic!("broken")).with_name("broken");
    let layer = AuthLayer::new(CompositeAuth::new(panics).or(keys()))
        .public("/open")
        .access("/partner", Access::provider(partner));
    let said = async |path: &str| {
        let request = http::Request::post(path).header("x-api-key", "sk-live-9f03a51d8c70");
        let answers = layer.ask_each(&request.body(()).unwrap()).await;
        let said = answers.iter().map(|answer| match answer.answer() {
            Ok(Some(_)) => format!("{} accepts", answer.provider().name()),
            Ok(None) => format!("{} passes", answer.provider().name()),
            Err(error) => format!("{}: {}", answer.provider().name(), error.reason()),
        });
        said.collect::<Vec<_>>()
    };
    assert_eq!(
        said("/run").await,
        ["broken: provider_panicked", "api_key accepts"]
    );
    assert_eq!(said("/partner").await, ["api_key: api_key_unknown"]);
    assert!(said("/open").await.is_empty());
}

#[test]
fn a_source_is_described_as_it_was_set() {
    let secret = "0123456789abcdef0123456789abcdef";
    let tokens = JwtAuth::hs256(secret).unwrap();
    let labelled = JwtAuth::hs256(secret)
        .unwrap()
        .with_source("partners")
        .unwrap();
    let of_issuer = JwtAuth::hs256(secret)
        .unwrap()
        .with_issuer("https://issuer.example");
    for (tokens, sources) in [
        (tokens, &[][..]),
        (labelled, &["partners"]),
        (of_issuer, &["https://issuer.example"]),
    ] {
        let description = AuthLayer::new(tokens).describe();
        assert_eq!(description.providers()[0].sources(), sources);
    }
}

/// It opens the paths of one segment, and the route has others.
#[test]
fn a_rule_for_some_paths_of_a_catch_all_route_is_not_the_routes() {
    let layer = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f03a51d8c70"]).unwrap())
        .public("/files/{name}")
        .public("/assets/{*rest}")
        .public("/hooks/{source}");
    let described = layer.describe();
    for (template, is_public) in [
        ("/files/{*rest}", false),
        ("/files/{name}", true),
        ("/assets/{*path}", true),
        ("/assets/{name}", true),
        ("/hooks/{source}", true),
    ] {
        let access = described.of_route(&Method::GET, template).access().clone();
        assert_eq!(access == AccessDescription::Public, is_public, "{template}");
    }
}
