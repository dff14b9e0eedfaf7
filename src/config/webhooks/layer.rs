//! The layer for every webhook of a configuration.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tower_layer::Layer;

use super::{
    gate::{WebhooksGate, WebhooksService},
    table::Table,
};

/// Proves the deliveries to the webhooks that a configuration names: given by
/// [`AuthSetup::webhooks`](crate::config::AuthSetup::webhooks).
///
/// It goes around the [`AuthLayer`](crate::AuthLayer) of the same set-up: what it proved, that one
/// lets in, as the caller that the delivery names. Every other request passes it untouched. It reads
/// the body of a delivery up to the limit in the file and gives it back byte for byte; a chat
/// message is in the request's extensions ([`Message`](crate::Message)).
///
/// Around an axum router it costs each request a box for its body.
///
/// With a [`ReloadHandle`](crate::config::ReloadHandle) another file's webhooks take the place of
/// these, secrets, lists and paths alike; what has been handled stays known.
///
/// # Security
///
/// A program that leaves this layer out, or puts it inside, opens nothing: the paths of the
/// webhooks then refuse every request with 401, one with a valid API key too.
///
/// What a secret has signed is a delivery to each path that has it: whoever records one to the
/// first path can send it to the second. Give paths with different scopes different secrets.
///
/// A body is waited for as long as the server lets it take, and meanwhile the inner service that is
/// ready for it is held: a `ConcurrencyLimit` and a time limit belong outside.
///
/// # Example
///
/// ```
/// use axum::{Extension, Router, routing::post};
/// use tower_auth::{AuthContext, Message, config::AuthConfig};
///
/// async fn update(caller: AuthContext, Extension(message): Extension<Message>) -> String {
///     format!("user {} in chat {:?}", caller.user_id(), message.chat_id())
/// }
///
/// let setup = AuthConfig::from_yaml(r#"
/// auth:
///   api_keys: [{name: ada, key: sk-live-9f}]
///   webhooks:
///     - path: /hooks/telegram
///       scheme: telegram
///       secret: ${TELEGRAM_SECRET}
///       allow: {user_ids: [42]}
/// "#)
/// .with_env([("TELEGRAM_SECRET", "tg_Secret-1234567")])
/// .build()?;
///
/// let webhooks = setup.webhooks();
/// let app: Router = Router::new()
///     .route("/hooks/telegram", post(update))
///     .layer(setup.into_layer())
///     .layer(webhooks); // around it
/// # let _ = app;
/// # Ok::<(), tower_auth::config::ConfigFaults>(())
/// ```
#[derive(Clone, Debug)]
pub struct WebhooksLayer {
    table: Arc<ArcSwap<Table>>,
}

impl WebhooksLayer {
    pub(in crate::config) fn new(table: Table) -> Self {
        Self {
            table: Arc::new(ArcSwap::from_pointee(table)),
        }
    }

    /// Puts other webhooks in the place of these: they hold from the next request.
    pub(in crate::config) fn put(&self, table: Table) {
        self.table.store(Arc::new(table));
    }

    /// The webhooks that hold now.
    pub(in crate::config) fn table(&self) -> Arc<Table> {
        self.table.load_full()
    }
}

impl<S> Layer<S> for WebhooksLayer {
    type Service = WebhooksService<S>;

    fn layer(&self, inner: S) -> WebhooksService<S> {
        WebhooksService::new(inner, WebhooksGate::new(self.clone()))
    }
}
