//! Access tokens (JWT) of an OAuth2 or OpenID Connect issuer.
//!
//! Issuers agree on how to publish keys and differ in what they write where. This prints what is
//! known of the usual ones, and plays each of them against an issuer within this process. To see
//! what a token of your own says, name its kind of issuer, its `iss` and its `aud`:
//!
//! ```sh
//! TOKEN=eyJ… cargo run --example oauth2_issuer -- keycloak https://HOST/realms/REALM my-agent
//! ```

use std::{env, error::Error, process::ExitCode};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    routing::get,
};
use http_body_util::BodyExt;
use serde_json::{Map, Value};
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthLayer, ConfigError,
    authorize::{AuthorizeLayer, ByRole, any_of, by_role, by_scope},
    jose::Algorithm,
    provider::OAuth2Auth,
    testing::TestIssuer,
};

/// What an issuer writes where.
struct Kind {
    name: &'static str,
    /// As its tokens name it in `iss`: byte for byte, a slash at the end included.
    issuer: &'static str,
    audience: &'static str,
    scope_claim: &'static str,
    role_claim: &'static str,
    remark: &'static str,
    /// What a token says besides, of someone who may do everything here.
    claims: &'static str,
}

/// All of them sign with RS256 unless told otherwise, and all are found by discovery.
const KINDS: &[Kind] = &[
    Kind {
        name: "auth0",
        issuer: "https://TENANT.REGION.auth0.com/",
        audience: "the identifier of the API",
        scope_claim: "scope",
        role_claim: "https://my-agent.example/roles",
        remark: "a token is opaque unless the client asks for the audience; with RBAC the scope \
                 claim is `permissions`; an Action adds roles, under a name that is a URL",
        claims: r#"{"scope": "openid agents:invoke", "https://my-agent.example/roles": ["admin"]}"#,
    },
    Kind {
        name: "keycloak",
        issuer: "https://HOST/realms/REALM",
        audience: "what an audience mapper of the client adds; `account` alone without one",
        scope_claim: "scope",
        role_claim: "realm_access.roles",
        remark: "roles of one client are in `resource_access.CLIENT.roles`",
        claims: r#"{"scope": "email agents:invoke", "realm_access": {"roles": ["offline_access", "admin"]}}"#,
    },
    Kind {
        name: "entra",
        issuer: "https://login.microsoftonline.com/TENANT-ID/v2.0",
        audience: "the client id of the API's own registration",
        scope_claim: "scp",
        role_claim: "roles",
        remark: "with `requestedAccessTokenVersion` 2 in the API's manifest; version 1 writes \
                 https://sts.windows.net/TENANT-ID/ and api://CLIENT-ID; a program without a user \
                 has roles and no scopes",
        claims: r#"{"scp": "agents:invoke", "roles": ["admin"]}"#,
    },
    Kind {
        name: "firebase",
        issuer: "https://securetoken.google.com/PROJECT",
        audience: "PROJECT",
        scope_claim: "scope",
        role_claim: "roles",
        remark: "ID tokens: there are no scopes, and what a custom claim is named is up to you",
        claims: r#"{"roles": ["user", "admin"]}"#,
    },
];

fn provider(kind: &Kind, issuer: &str, audience: &str) -> Result<OAuth2Auth, ConfigError> {
    Ok(OAuth2Auth::new(issuer, audience)?.with_scope_claim(kind.scope_claim))
}

/// Who may run the agent has the scope or a role that stands for it.
fn app(kind: &Kind, tokens: OAuth2Auth) -> Result<Router, ConfigError> {
    let roles: ByRole = by_role([("user", "agents:invoke"), ("admin", "agents:* stats:read")])?
        .with_claim(kind.role_claim);
    let may_run = any_of(by_scope()).or(roles.clone());
    Ok(Router::new()
        .route(
            "/run",
            get(run).layer(AuthorizeLayer::new(may_run, "agents", "invoke")?),
        )
        .route(
            "/stats",
            get(|| async { "{}" }).layer(AuthorizeLayer::new(roles, "stats", "read")?),
        )
        .layer(AuthLayer::new(tokens)))
}

async fn run(caller: AuthContext) -> String {
    format!("hello {}", caller.user_id())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match show().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("oauth2_issuer: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn show() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &*arguments {
        [] => {
            for kind in KINDS {
                describe(kind);
                play(kind).await?;
            }
            Ok(())
        }
        [name, issuer, audience] => {
            let kind = KINDS.iter().find(|kind| kind.name == name);
            let kind = kind.ok_or("the kind is none of auth0, keycloak, entra, firebase")?;
            look_at(kind, issuer, audience).await
        }
        _ => Err("name the kind, the issuer and the audience, or nothing".into()),
    }
}

fn describe(kind: &Kind) {
    println!("{}", kind.name);
    println!("  issuer    {}", kind.issuer);
    println!("  audience  {}", kind.audience);
    println!("  scopes    in {:?}", kind.scope_claim);
    println!("  roles     in {:?}", kind.role_claim);
    println!("  note      {}", kind.remark);
}

/// An issuer of that kind, and what becomes of its tokens.
async fn play(kind: &Kind) -> Result<(), Box<dyn Error>> {
    let issuer = TestIssuer::builder()
        .with_algorithms([Algorithm::RS256])
        .with_path(kind.name)
        .start();
    let app = app(kind, provider(kind, issuer.url(), TestIssuer::AUDIENCE)?)?;

    let claims: Map<String, Value> = serde_json::from_str(kind.claims)?;
    let token = || issuer.token().with_subject("ada");
    let mut full = token();
    for (name, value) in claims {
        full = full.with_claim(name, value);
    }
    let full = full.mint();
    expect(&app, "/run", &full, StatusCode::OK, "hello ada").await?;
    expect(&app, "/stats", &full, StatusCode::OK, "{}").await?;

    let bare = token().mint();
    let code = "forbidden";
    expect(&app, "/stats", &bare, StatusCode::FORBIDDEN, code).await?;
    let code = "insufficient_scope";
    expect(&app, "/run", &bare, StatusCode::FORBIDDEN, code).await?;

    let wrong = token().with_audience("another-service").mint();
    let code = "invalid_credential";
    expect(&app, "/run", &wrong, StatusCode::UNAUTHORIZED, code).await?;
    println!();
    Ok(())
}

async fn expect(
    app: &Router,
    path: &str,
    token: &str,
    status: StatusCode,
    says: &str,
) -> Result<(), Box<dyn Error>> {
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    let response = app.clone().oneshot(request.body(Body::empty())?).await?;
    assert_eq!(response.status(), status, "{path}");
    let body = response.into_body().collect().await?.to_bytes();
    let body = String::from_utf8(body.into())?;
    println!("  {path:<8}  {status}: {body}");
    assert!(body.contains(says));
    Ok(())
}

/// What a real issuer's token says to the provider.
async fn look_at(kind: &Kind, issuer: &str, audience: &str) -> Result<(), Box<dyn Error>> {
    let token = env::var("TOKEN").map_err(|_| "set TOKEN to the access token to look at")?;
    let tokens = provider(kind, issuer, audience)?;
    tokens.warm_up().await?;
    match tokens.verify(token.trim()).await {
        Ok(caller) => {
            println!(
                "accepted {} with the scopes {:?}",
                caller.user_id(),
                caller.scopes()
            );
            match caller.metadata().get(kind.role_claim) {
                Some(roles) => println!("roles {roles}"),
                None => {
                    let roles: Option<Value> = caller.claim_at(kind.role_claim)?;
                    println!("roles {}", roles.unwrap_or_default());
                }
            }
            Ok(())
        }
        Err(error) => Err(format!("refused: {}", error.reason()).into()),
    }
}
