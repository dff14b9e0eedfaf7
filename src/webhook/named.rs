//! The layer for each platform.

use super::{
    WebhookLayer,
    handshake::VerifyToken,
    platform::{DISCORD, META, SLACK, TELEGRAM},
    scheme::{
        discord::Discord, github::Github, hmac::HmacScheme, linear::Linear, meta::Meta,
        shopify::Shopify, slack::Slack, standard::Standard, stripe::Stripe, telegram::Telegram,
        twilio::Twilio,
    },
};
use crate::{error::ConfigError, secret::Secret};

impl WebhookLayer {
    /// [Standard Webhooks](https://www.standardwebhooks.com), with its header names or Svix's: a
    /// shared secret (`whsec_…`, signatures `v1`) or a public key (`whpk_…`, signatures `v1a`).
    ///
    /// A retry is known by its signed id. An id with a full stop in it is refused: the full stop
    /// separates what is signed.
    ///
    /// # Errors
    ///
    /// The secret is blank, not base64, shorter than 24 bytes, or a private key.
    pub fn standard(secret: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::of(Standard, secret.into(), None)
    }

    /// GitHub: the secret of the webhook, `X-Hub-Signature-256`.
    ///
    /// GitHub signs no time and no id. A delivery is known by its body and `X-GitHub-Delivery`: a
    /// failed delivery that is redelivered by hand is handled; one that was handled is answered as
    /// known. An equal body under another id is handled twice more in 24 hours: see
    /// [`with_equal_bodies`](Self::with_equal_bodies).
    ///
    /// # Errors
    ///
    /// The secret is blank.
    pub fn github(secret: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::of(Github, secret.into(), None)
    }

    /// Slack: the signing secret of the app, for events, slash commands and interactivity.
    ///
    /// `url_verification` is answered once its signature is verified.
    ///
    /// # Errors
    ///
    /// The secret is blank.
    pub fn slack(secret: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::of(Slack, secret.into(), Some(SLACK))
    }

    /// Telegram: the `secret_token` that was given to `setWebhook`.
    ///
    /// Telegram signs nothing: everyone who knows the token can write any update. Use TLS only.
    ///
    /// # Errors
    ///
    /// The secret is blank, or not in the form that Telegram requires.
    pub fn telegram(secret: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::of(Telegram, secret.into(), Some(TELEGRAM))
    }

    /// Discord: the public key of the application, in hexadecimal, for interactions and for the
    /// application's events.
    ///
    /// A `PING` is answered once its signature is verified. Discord sends wrong signatures on purpose
    /// and expects a 401.
    ///
    /// # Errors
    ///
    /// The text is no Ed25519 public key.
    pub fn discord(public_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::of(Discord, public_key.into(), Some(DISCORD))
    }

    /// Stripe: the secret of the endpoint (`whsec_…`, taken as it stands), signatures `v1`.
    ///
    /// A retry is known by the event's `id`, although its bytes have changed.
    ///
    /// # Errors
    ///
    /// The secret is blank.
    pub fn stripe(secret: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::of(Stripe, secret.into(), None)
    }

    /// A partner of yours, with a signature scheme that you agreed on.
    ///
    /// # Errors
    ///
    /// The secret is blank.
    pub fn hmac(scheme: HmacScheme, secret: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::of(scheme, secret.into(), None)
    }

    /// Twilio: the auth token of the account, and the address as it is configured at Twilio, without a
    /// query: behind a proxy, the host and path of the request are not the signed ones.
    ///
    /// # Security
    ///
    /// Twilio signs no time, and joins the names and values of a form without a separator: of several
    /// readings with one signature the first that arrives is handled, and every other one is a 409.
    /// Equal requests of one call (a `<Redirect>` to the same address) have different tokens
    /// (`I-Twilio-Idempotency-Token`), which are not signed: see
    /// [`with_equal_bodies`](Self::with_equal_bodies).
    ///
    /// A copy of a handled delivery is answered with an empty `<Response/>`.
    ///
    /// # Errors
    ///
    /// The token is blank, or the address is not absolute or has a query.
    pub fn twilio(auth_token: impl Into<Secret>, url: &str) -> Result<Self, ConfigError> {
        Self::of(Twilio::new(url)?, auth_token.into(), None)
    }

    /// Meta (WhatsApp, Messenger, Instagram): the app secret, `X-Hub-Signature-256`.
    ///
    /// The messages of WhatsApp have senders. A delivery may hold several messages; with
    /// [`allow`](Self::allow) each sender must be let in.
    ///
    /// # Errors
    ///
    /// The secret is blank.
    pub fn meta(app_secret: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::of(Meta, app_secret.into(), Some(META))
    }

    /// Answers Meta's handshake (`GET` with `hub.verify_token`) if its token equals this one.
    ///
    /// The layer then answers every `GET`.
    ///
    /// # Errors
    ///
    /// The token is blank.
    pub fn with_verify_token(self, token: impl Into<Secret>) -> Result<Self, ConfigError> {
        let token = VerifyToken::parse(token.into())?;
        Ok(self.edit(|core| core.verify_token = Some(token)))
    }

    /// Shopify: the client secret of the app.
    ///
    /// A delivery is known by its body and `X-Shopify-Webhook-Id` (or `Shopify-Webhook-Id`), which
    /// is not signed: see [`with_equal_bodies`](Self::with_equal_bodies).
    ///
    /// # Errors
    ///
    /// The secret is blank.
    pub fn shopify(secret: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::of(Shopify, secret.into(), None)
    }

    /// Linear: the signing secret of the webhook. The time is in the body, and may be off by a minute.
    ///
    /// # Errors
    ///
    /// The secret is blank.
    pub fn linear(secret: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::of(Linear, secret.into(), None)
    }
}
