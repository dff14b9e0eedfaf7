//! What a file says of issuers inside private networks and of what tokens may grant.

use std::{fs, path::PathBuf};

use axum::{Router, routing::any};
use http::{Response, header};
use serde_json::json;
use tower_auth::{
    AuthContext, AuthLayer,
    authorize::{AuthorizeLayer, by_role},
    config::AuthConfig,
    jose::Algorithm,
    provider::ApiKeyAuth,
    testing::{
        Fault,
        IssuerEndpoint::{self, Introspection, Jwks, OpenIdConfiguration},
        ManualClock, TestIssuer,
    },
};

use super::files::{NOW, bearer, ready, yaml};
use crate::config::{
    common::oneshot::ask,
    tls::{TlsFront, path},
};

fn issuer() -> TestIssuer {
    TestIssuer::builder()
        .with_algorithms([Algorithm::ES256])
        .with_clock(ManualClock::at_unix(NOW).clock())
        .start()
}

fn port(issuer: &TestIssuer) -> u16 {
    issuer.url().rsplit(':').next().unwrap().parse().unwrap()
}

fn path_of(issuer: &TestIssuer, endpoint: IssuerEndpoint) -> String {
    issuer.endpoint(endpoint).replace(issuer.url(), "")
}

/// Lets the issuer describe itself under another address.
fn known_as(issuer: &TestIssuer, url: &str) {
    let jwks_uri = format!("{url}{}", path_of(issuer, Jwks));
    let metadata = json!({ "issuer": url, "jwks_uri": jwks_uri }).to_string();
    issuer.fail(OpenIdConfiguration, Fault::Answer(Response::new(metadata)));
}

/// An app with a route for anybody known, one for a scope and one for a role.
fn app(layer: AuthLayer) -> Router {
    let who = async |caller: AuthContext| {
        let principal = caller.principal();
        format!("{} {}", principal.source().unwrap_or("-"), caller.scopes())
    };
    let roles = by_role([("admin", "*")]).unwrap();
    let admin = any(async || "admin").layer(AuthorizeLayer::new(roles, "keys", "read").unwrap());
    Router::new()
        .route("/run", any(who))
        .route("/admin", admin)
        .layer(layer)
}

async fn get(app: &Router, path: &str, token: &str) -> (u16, String) {
    let shown = bearer(token);
    let answer = ask(app, &format!("GET {path}"), &[("authorization", &shown)]).await;
    let status = answer.status().as_u16();
    let body = http_body_util::BodyExt::collect(answer.into_body()).await;
    let body = body.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = format!("tower-auth-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let file = self.0.join(name);
        fs::write(&file, content).unwrap();
        file
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_file_allows_plain_http_for_one_issuer_by_name() {
    let issuer = issuer();
    let url = format!("http://0.0.0.0:{}", port(&issuer));
    known_as(&issuer, &url);
    let text = |more: &str| {
        let audience = TestIssuer::AUDIENCE;
        format!("auth: {{oauth2: {{issuer: '{url}', audience: '{audience}'{more}}}}}")
    };
    assert!(yaml(&text("")).build().is_err());
    assert!(yaml(&text(", insecure_allow_http: false")).build().is_err());
    let elsewhere = ", insecure_allow_http: true, jwks_uri: 'http://0.0.0.0:1/jwks'";
    assert!(yaml(&text(elsewhere)).build().is_err());

    let setup = yaml(&text(", insecure_allow_http: true")).build().unwrap();
    let warnings = setup.summary().warnings().join("\n");
    assert!(warnings.contains("plain http"), "{warnings}");
    let app = app(setup.into_layer());
    let token = issuer.token().with_claim("iss", url.as_str()).mint();
    assert_eq!(get(&app, "/run", &token).await.0, 200);
}

#[tokio::test]
async fn a_file_names_a_private_ca_and_the_bearer_for_the_key_set() {
    let issuer = issuer();
    let front = TlsFront::start(port(&issuer)).await;
    known_as(&issuer, &front.url(""));
    let folder = Folder::new("trust");
    folder.write(
        "ca.pem",
        &fs::read_to_string(path("authority.crt")).unwrap(),
    );
    folder.write("token", "account\n");
    let block = |more: &str| {
        let (url, audience) = (front.url(""), TestIssuer::AUDIENCE);
        format!("auth: {{oauth2: {{issuer: '{url}', audience: '{audience}'{more}}}}}")
    };
    let layer = |more: &str| {
        let file = folder.write("auth.yaml", &block(more));
        ready(AuthConfig::from_file(file)).into_layer().unwrap()
    };
    let token = issuer.token().with_claim("iss", front.url("")).mint();
    assert_eq!(get(&app(layer("")), "/run", &token).await.0, 503);

    let trusted = app(layer(", ca_file: ca.pem, key_set_bearer_file: token"));
    assert_eq!(get(&trusted, "/run", &token).await.0, 200);
    let asked = issuer.last_request(Jwks).unwrap();
    assert_eq!(asked.headers()[header::AUTHORIZATION], "Bearer account");
}

#[tokio::test]
async fn another_ca_in_the_same_file_is_another_provider_after_a_reload() {
    let issuer = issuer();
    let front = TlsFront::start(port(&issuer)).await;
    known_as(&issuer, &front.url(""));
    let folder = Folder::new("trust-reload");
    let ca = |name: &str| {
        folder.write("ca.pem", &fs::read_to_string(path(name)).unwrap());
    };
    ca("authority.crt");
    let (url, audience) = (front.url(""), TestIssuer::AUDIENCE);
    let text =
        format!("auth: {{oauth2: {{issuer: '{url}', audience: '{audience}', ca_file: ca.pem}}}}");
    let file = folder.write("auth.yaml", &text);
    let (layer, handle) = ready(AuthConfig::from_file(file))
        .into_reload_layer()
        .unwrap();
    let app = Router::new()
        .route("/run", any(async || "ran"))
        .layer(layer);
    let token = issuer.token().with_claim("iss", front.url("")).mint();
    assert_eq!(get(&app, "/run", &token).await.0, 200);

    handle.reload().unwrap();
    assert_eq!(get(&app, "/run", &token).await.0, 200);
    assert_eq!(issuer.requests(Jwks), 1, "the same file keeps its keys");
    ca("other_authority.crt");
    handle.reload().unwrap();
    assert_eq!(get(&app, "/run", &token).await.0, 503);
}

#[tokio::test]
async fn a_file_asks_a_private_introspection_endpoint() {
    let issuer = issuer();
    let front = TlsFront::start(port(&issuer)).await;
    let folder = Folder::new("trust-endpoint");
    folder.write(
        "ca.pem",
        &fs::read_to_string(path("authority.crt")).unwrap(),
    );
    let endpoint = path_of(&issuer, Introspection);
    let plain = format!("http://0.0.0.0:{}{endpoint}", port(&issuer));
    let build = |url: &str, more: &str| {
        let text = format!(
            "auth: {{introspection: {{endpoint: '{url}', bearer_token: '{}'{more}}}}}",
            TestIssuer::CLIENT_TOKEN
        );
        ready(AuthConfig::from_file(folder.write("auth.yaml", &text))).build()
    };
    let token = issuer.token().mint_opaque();
    assert!(build(&plain, "").is_err());
    let insecure = build(&plain, ", insecure_allow_http: true").unwrap();
    assert!(
        insecure
            .summary()
            .warnings()
            .join("\n")
            .contains("plain http")
    );
    assert_eq!(
        get(&app(insecure.into_layer()), "/run", &token).await.0,
        200
    );

    let untrusted = build(&front.url(&endpoint), "").unwrap();
    assert_eq!(
        get(&app(untrusted.into_layer()), "/run", &token).await.0,
        503
    );
    let trusted = build(&front.url(&endpoint), ", ca_file: ca.pem, source: opaque").unwrap();
    let answer = get(&app(trusted.into_layer()), "/run", &token).await;
    assert_eq!(answer.0, 200);
    assert!(answer.1.starts_with("opaque "), "{answer:?}");
}

#[tokio::test]
async fn a_file_limits_what_each_issuer_grants() {
    let (staff, partners) = (issuer(), issuer());
    let audience = TestIssuer::AUDIENCE;
    let text = format!(
        "auth: {{oauth2: [
            {{issuer: '{}', audience: '{audience}'}},
            {{issuer: '{}', audience: '{audience}', granted_scopes: ['partner:*'],
              granted_roles: []}}]}}",
        staff.url(),
        partners.url(),
    );
    let app = app(yaml(&text).into_layer().unwrap());
    for (issuer, scopes, admin) in [
        (&staff, "corp:admin partner:read", 200),
        (&partners, "partner:read", 403),
    ] {
        let token = issuer
            .token()
            .with_scope("corp:admin partner:read")
            .with_claim("roles", json!(["admin"]))
            .mint();
        let answer = get(&app, "/run", &token).await;
        assert_eq!(answer, (200, format!("{} {scopes}", issuer.url())));
        assert_eq!(get(&app, "/admin", &token).await.0, admin);
    }
}

#[tokio::test]
async fn a_file_labels_tokens_of_a_fixed_key_and_limits_them() {
    let secret = "an example secret of 32 bytes …";
    let text =
        format!("auth: {{jwt: {{secret: '{secret}', source: partners, granted_scopes: [read]}}}}");
    let app = app(yaml(&text).into_layer().unwrap());
    let claims = json!({"sub": "ada", "exp": NOW + 600, "scope": "read write", "iss": "staff"});
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
    let answer = get(&app, "/run", &token).await;
    assert_eq!(answer, (200, "partners read".to_owned()));
}

#[test]
fn a_provider_of_the_program_s_that_mixes_up_users_with_the_file_s_is_a_fault() {
    let keys = "auth: {mode: composite, custom: more, api_keys: [{name: ada, key: sk-live-9f}]}";
    let with = |provider: ApiKeyAuth| yaml(keys).with_provider("more", provider).build();
    let more = || ApiKeyAuth::new(["sk-live-4c"]).unwrap();
    let faults = with(more()).unwrap_err().to_string();
    assert!(faults.contains("with_source"), "{faults}");
    assert!(with(more().with_source("more").unwrap()).is_ok());
}

#[test]
fn what_a_file_says_wrongly_of_trust_is_a_fault_in_its_place() {
    let folder = Folder::new("trust-faults");
    folder.write("key.pem", &fs::read_to_string(path("server.key")).unwrap());
    folder.write("empty.pem", "");
    let oauth2 = |more: &str| {
        format!("auth: {{oauth2: {{issuer: 'https://a.example', audience: a, {more}}}}}")
    };
    for (text, place) in [
        (oauth2("ca_file: missing.pem"), "auth.oauth2.ca_file"),
        (oauth2("ca_file: empty.pem"), "auth.oauth2.ca_file"),
        (oauth2("ca_file: key.pem"), "auth.oauth2.ca_file"),
        (oauth2("ca_file: "), "auth.oauth2.ca_file"),
        (
            oauth2("key_set_bearer_file: "),
            "auth.oauth2.key_set_bearer_file",
        ),
        (
            oauth2("insecure_allow_http: 'true'"),
            "auth.oauth2.insecure_allow_http",
        ),
        (oauth2("granted_scopes: "), "auth.oauth2.granted_scopes"),
        (
            oauth2("granted_scopes: ['a b']"),
            "auth.oauth2.granted_scopes[0]",
        ),
        (oauth2("granted_roles: admin"), "auth.oauth2.granted_roles"),
        (
            "auth: {jwt: {secret: 'an example secret of 32 bytes …', source: 'a#b'}}".into(),
            "auth.jwt.source",
        ),
    ] {
        let file = folder.write("auth.yaml", &text);
        let faults = ready(AuthConfig::from_file(file)).build().unwrap_err();
        let said = faults.to_string();
        assert!(said.contains(&format!("{place}: ")), "{text}: {said}");
        assert!(!said.contains("PRIVATE KEY-"), "{said}");
    }
}
