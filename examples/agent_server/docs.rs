//! The documentation pages, made from the routes.

use axum::Router;
use serde::Serialize;
use utoipa::{
    IntoResponses, Modify, OpenApi, ToSchema,
    openapi::{
        self,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_redoc::{Redoc, Servable};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{credentials::PARTNER_KEY, routes, telegram};

/// `/docs`, `/redoc` and `/openapi.json`.
///
/// The assets of `/docs` are built in; the page of `/redoc` loads its script from a CDN.
pub(crate) fn pages<S: Clone + Send + Sync + 'static>(has_telegram: bool) -> Router<S> {
    let mut api = Api::openapi();
    if has_telegram {
        api.merge(Telegram::openapi());
    }
    // Its default sends the address of the document to a validator on the internet.
    let config = Config::default()
        .validator_url("none")
        .use_base_layout()
        .default_models_expand_depth(-1);
    let swagger = SwaggerUi::new("/docs").config(config);
    Router::new()
        .merge(swagger.url("/openapi.json", api.clone()))
        .merge(Redoc::with_url("/redoc", api))
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Agent server", description = "Press *Authorize*, paste the key, then try *run*."),
    paths(
        routes::run,
        routes::run_stream,
        routes::whoami,
        routes::stats,
        routes::partner_hook,
        routes::public_hook,
        routes::health,
    ),
    tags(
        (name = "agent", description = "for callers with the API key or a token"),
        (name = "admin", description = "for callers with the role `admin`"),
        (name = "partner", description = "for the partner, with its own key"),
        (name = "public", description = "for everybody"),
    ),
    components(schemas(Problem)),
    // Either of the two, unless a route says otherwise.
    security(("api_key" = []), ("bearer" = [])),
    modifiers(&SecuritySchemes)
)]
struct Api;

/// What there is where a bot is configured.
#[derive(OpenApi)]
#[openapi(
    paths(telegram::hook),
    tags((name = "telegram", description = "for Telegram, with the secret of the webhook")),
    modifiers(&TelegramSecret)
)]
struct Telegram;

struct TelegramSecret;

impl Modify for TelegramSecret {
    fn modify(&self, api: &mut openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        let secret = header_key("X-Telegram-Bot-Api-Secret-Token");
        components.add_security_scheme("telegram_secret", secret);
    }
}

struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, api: &mut openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("api_key", header_key("X-API-Key"));
        let bearer = Http::new(HttpAuthScheme::Bearer);
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("partner_key", header_key(PARTNER_KEY.as_str()));
    }
}

fn header_key(header: &str) -> SecurityScheme {
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(header)))
}

/// No credential, or not the right one: the refusal has the form of RFC 9457
#[derive(IntoResponses)]
#[response(status = 401, content_type = "application/problem+json", example = json!({
    "type": "about:blank", "title": "Unauthorized", "status": 401,
    "code": "missing_credential", "detail": "a credential is required",
}))]
pub(crate) struct Refusal(#[expect(dead_code, reason = "only described")] Problem);

/// The caller is known and may not: a scope is missing (`insufficient_scope`, and `WWW-Authenticate`
/// names it), or a role (`forbidden`)
#[derive(IntoResponses)]
#[response(status = 403, content_type = "application/problem+json", example = json!({
    "type": "about:blank", "title": "Forbidden", "status": 403,
    "code": "insufficient_scope", "detail": "the credential lacks a scope that this needs",
}))]
pub(crate) struct Forbidden(#[expect(dead_code, reason = "only described")] Problem);

#[derive(Serialize, ToSchema)]
pub(crate) struct Problem {
    r#type: String,
    title: String,
    status: u16,
    /// Stays the same from version to version.
    code: String,
    detail: String,
}
