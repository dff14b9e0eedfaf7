//! The documentation pages, made from the routes.

use std::sync::Arc;

use aide::redoc::Redoc;
use axum::{Json, Router, body::Bytes, http::header, response::IntoResponse, routing::get};
use serde::Serialize;
use tower_auth::{describe::LayerDescription, key_api::KeyApi};
use utoipa::{
    IntoResponses, Modify, OpenApi, ToSchema,
    openapi::{
        self, RefOr,
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};
use utoipa_swagger_ui::{Config, SwaggerUi, serve};

use crate::{
    credentials::{Caller, PARTNER_KEY},
    routes::{self, KEYS},
    telegram,
};

/// `/docs`, `/redoc` and `/openapi.json`, which need nothing from the internet. `describe` tells what the
/// layer asks for at this moment: a file that is read again may change it.
pub(crate) fn pages<S: Clone + Send + Sync + 'static>(
    caller: &Caller,
    describe: impl Fn() -> LayerDescription + Clone + Send + Sync + 'static,
    has_telegram: bool,
    keys: Option<&KeyApi>,
) -> Router<S> {
    let api = undescribed(caller, keys);
    let redoc = Redoc::new(DOCUMENT).with_title(&api.info.title).html();
    let redoc = Bytes::from(redoc);
    let initializer = initializer();
    let document = async move || Json(described(api, &describe(), has_telegram));
    Router::new()
        .merge(SwaggerUi::new("/docs").config(config()))
        .route(DOCUMENT, get(document))
        .route(
            "/docs/swagger-initializer.js",
            get(async || ([(header::CONTENT_TYPE, "text/javascript")], initializer)),
        )
        .route("/redoc", get(async || redoc_page(redoc)))
}

/// What can be called here.
fn undescribed(caller: &Caller, keys: Option<&KeyApi>) -> openapi::OpenApi {
    let mut api = Api::openapi();
    if let Some(keys) = keys {
        // A test looks for its paths, so that a document which does not fit is noticed.
        let document = serde_json::from_value(keys.openapi(KEYS));
        api.merge(document.unwrap_or_default());
    }
    let instruction = match caller {
        Caller::Demo { .. } | Caller::Key | Caller::Stored { .. } => {
            "On [/docs](/docs) press **Authorize**, paste the API key, press **Enter**, then **Close**. Open **/run** \
             and press **Execute**."
        }
        Caller::Token => {
            "On [/docs](/docs) press **Authorize**, paste the token, press **Enter**, then **Close**. Open **/run** \
             and press **Execute**."
        }
        Caller::Anything => {
            "Everybody may call: on [/docs](/docs) open **/run** and press **Execute**."
        }
    };
    api.info.description = Some(instruction.to_owned());
    api
}

/// And with what.
fn described(
    mut api: openapi::OpenApi,
    auth: &LayerDescription,
    has_telegram: bool,
) -> openapi::OpenApi {
    // What each route asks for is what the layer asks for.
    auth.add_security_to(&mut api);
    describe_schemes(&mut api);
    if has_telegram {
        // The layer of its webhook asks, and not the one that was described.
        api.merge(Telegram::openapi());
    }
    api
}

fn config() -> Config<'static> {
    // The default of `validator_url` sends the address of the document to a server elsewhere.
    Config::new([DOCUMENT])
        .validator_url("none")
        .use_base_layout()
        .try_it_out_enabled(true)
        .default_models_expand_depth(-1)
}

/// What starts the page: Swagger UI's own script, and one of ours behind it.
fn initializer() -> Bytes {
    let file = serve("swagger-initializer.js", Arc::new(config()));
    let mut script = match file {
        Ok(Some(file)) => file.bytes.into_owned(),
        // A test opens the page, so that an update without this file is noticed.
        Ok(None) | Err(_) => vec![],
    };
    script.extend_from_slice(FIRST_FIELD.as_bytes());
    script.into()
}

/// The page with its script inside; its footer would load a picture from elsewhere.
fn redoc_page(page: Bytes) -> impl IntoResponse {
    let policy = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src \
                  'unsafe-inline'; img-src data:; connect-src 'self'; worker-src blob:; \
                  frame-ancestors 'none'; base-uri 'none'";
    let html = "text/html; charset=utf-8";
    let headers = [
        (header::CONTENT_TYPE, html),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    (headers, page)
}

const DOCUMENT: &str = "/openapi.json";

/// Swagger UI puts the cursor into the last field of the dialog. What people paste belongs into the
/// first one: a key in the partner's field would let nobody in.
const FIRST_FIELD: &str = "
let wasOpen = false;
new MutationObserver(() => {
  const dialog = document.querySelector('.dialog-ux .modal-ux-content');
  if (dialog !== null && !wasOpen) {
    dialog.querySelector('input')?.focus();
    dialog.scrollTop = 0;
  }
  wasOpen = dialog !== null;
}).observe(document.documentElement, { childList: true, subtree: true });
";

#[derive(OpenApi)]
#[openapi(
    info(title = "Agent server"),
    paths(
        routes::run,
        routes::run_stream,
        routes::events,
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
        let secret = header_key(
            "X-Telegram-Bot-Api-Secret-Token",
            "what was given to setWebhook",
        );
        components.add_security_scheme("telegram_secret", secret);
    }
}

/// Says what belongs into the fields of the page.
fn describe_schemes(api: &mut openapi::OpenApi) {
    let Some(components) = &mut api.components else {
        return;
    };
    for scheme in components.security_schemes.values_mut() {
        match scheme {
            RefOr::T(SecurityScheme::Http(http)) => {
                http.description = Some("a token, or an API key".into());
            }
            RefOr::T(SecurityScheme::ApiKey(ApiKey::Header(header))) => {
                let is_partners = header.name.eq_ignore_ascii_case(PARTNER_KEY.as_str());
                let description = match is_partners {
                    true => "for /hooks/partner alone",
                    false => "the API key that the server printed, or one that it was given",
                };
                header.description = Some(description.into());
            }
            _ => {}
        }
    }
}

fn header_key(header: &str, description: &str) -> SecurityScheme {
    let value = ApiKeyValue::with_description(header, description);
    SecurityScheme::ApiKey(ApiKey::Header(value))
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
    "scope": "agents:invoke",
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
