//! The agent by Telegram: what people on a list write to a bot.
//!
//! `setWebhook` of Telegram's Bot API takes the address of this route and the secret, which comes
//! back with every update.

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderName, StatusCode},
};
use serde::{Deserialize, Serialize};
use tower_auth::{AuthContext, Message, Secret, provider::AllowlistAuth, webhook::WebhookLayer};
use utoipa::ToSchema;

use crate::{docs::Refusal, shared::Stats};

/// A bot, and who may write to it.
pub(crate) struct Bot {
    pub(crate) secret: Secret,
    pub(crate) users: Vec<i64>,
}

impl Bot {
    /// Proves that Telegram sent an update, and lets in those of the users on the list.
    pub(crate) fn layer(&self) -> Result<WebhookLayer, String> {
        let webhook = WebhookLayer::telegram(self.secret.clone())
            .map_err(|error| format!("--telegram-secret: {error}"))?;
        let users = self.users.iter().map(i64::to_string);
        let allowed = AllowlistAuth::on_platforms(["telegram"], users)
            .map_err(|error| format!("--telegram-user: {error}"))?;
        Ok(webhook.allow(allowed).with_max_body_len(64 * 1024))
    }
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct Update {
    message: Option<Said>,
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct Said {
    #[schema(example = "hello")]
    text: Option<String>,
}

/// Telegram takes the answer to an update as a call of its API.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reply {
    #[schema(example = "sendMessage")]
    method: &'static str,
    #[schema(example = "42")]
    chat_id: String,
    #[schema(example = "user 42, you said: hello")]
    text: String,
}

/// What somebody on the list wrote to the bot
///
/// An update of anybody else is answered with an empty 200, so that Telegram does not send it again.
#[utoipa::path(post, path = "/hooks/telegram", tag = "telegram", security(("telegram_secret" = [])),
    responses((status = 200, description = "What the bot says", body = Reply), Refusal))]
pub(crate) async fn hook(
    State(stats): State<Stats>,
    caller: AuthContext,
    message: Option<Extension<Message>>,
    Json(update): Json<Update>,
) -> Result<Json<Option<Reply>>, StatusCode> {
    // A caller with a key, where no file makes this path a webhook.
    let Extension(message) = message.ok_or(StatusCode::NOT_FOUND)?;
    let said = update.message.and_then(|message| message.text);
    let (Some(said), Some(chat_id)) = (said, message.chat_id()) else {
        return Ok(Json(None));
    };
    stats.count_run();
    Ok(Json(Some(Reply {
        method: "sendMessage",
        chat_id: chat_id.to_owned(),
        text: format!("user {}, you said: {said}", caller.user_id()),
    })))
}

pub(crate) const PATH: &str = "/hooks/telegram";
/// It is the secret itself.
pub(crate) const SECRET_HEADER: HeaderName =
    HeaderName::from_static("x-telegram-bot-api-secret-token");
