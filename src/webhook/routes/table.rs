//! The webhooks of a layer, by path.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderName, Method, Request, Response};

use crate::{
    access::{self, Prefix, Route, Rules},
    error::{AuthError, ConfigError, ConfigErrorKind},
    event,
    observe::Observers,
    refusal::{self, OnRefusal, RefusedHead, Wording, copy_head},
    request::AuthRequest,
    webhook::layer::WebhookLayer,
};

/// The webhooks of one layer.
#[derive(Clone)]
pub(super) struct Table {
    /// Below it only deliveries are let in.
    prefix: Option<Prefix>,
    rules: Rules<Arc<WebhookLayer>>,
    webhooks: Vec<(Arc<str>, Arc<WebhookLayer>)>,
    on_refusal: Option<OnRefusal>,
    observers: Option<Arc<Observers>>,
}

/// The destination of a request.
pub(super) enum Destination<'a> {
    Webhook(&'a WebhookLayer),
    /// A path that accepts only deliveries; the request is none.
    Closed,
    Elsewhere,
}

impl Table {
    pub(super) fn new(prefix: Option<Prefix>) -> Self {
        Self {
            prefix,
            rules: Rules::new(),
            webhooks: Vec::new(),
            on_refusal: None,
            observers: None,
        }
    }

    pub(super) fn add(&mut self, path: &str, webhook: WebhookLayer) -> Result<(), ConfigError> {
        if let Some(prefix) = self.prefix.as_ref().filter(|prefix| !prefix.is_over(path)) {
            return Err(ConfigError::new(
                ConfigErrorKind::Conflict,
                format!(
                    "the webhook at {path:?} is not below {:?}: give it a path that begins so, or \
                     routes of its own",
                    prefix.as_str()
                ),
            ));
        }
        let webhook = Arc::new(webhook);
        let rule = (Method::POST, path).into();
        self.rules.add(rule, Arc::clone(&webhook))?;
        self.webhooks.push((path.into(), webhook));
        Ok(())
    }

    pub(super) fn set_refusal(&mut self, respond: OnRefusal) {
        self.on_refusal = Some(respond);
    }

    #[allow(
        dead_code,
        reason = "without files of configuration a layer around observes"
    )]
    pub(super) fn set_observers(&mut self, observers: Observers) {
        self.observers = Some(Arc::new(observers));
    }

    /// Notes who is told of the decision about a request to a webhook.
    pub(super) fn watch<B>(&self, request: &mut Request<B>) {
        if let Some(observers) = &self.observers {
            Observers::watch(observers, request);
        }
    }

    /// The webhook that a request is a delivery to, or a handshake with.
    pub(super) fn find<B>(&self, request: &Request<B>) -> Destination<'_> {
        if self.webhooks.is_empty() && self.prefix.is_none() {
            return Destination::Elsewhere;
        }
        let route = Route::of(request.uri(), request.extensions());
        let entry = self.rules.entry(&route);
        match entry.and_then(|entry| entry.access(&Method::POST)) {
            Some(webhook) if takes(webhook, request.method()) => Destination::Webhook(webhook),
            Some(_) => Destination::Closed,
            None if self.is_closed(request) => Destination::Closed,
            None => Destination::Elsewhere,
        }
    }

    fn is_closed<B>(&self, request: &Request<B>) -> bool {
        let Some(prefix) = &self.prefix else {
            return false;
        };
        let original = access::original_uri(request.uri(), request.extensions());
        [original, request.uri()]
            .iter()
            .any(|uri| prefix.may_hold(uri.path()))
    }

    /// The refusal of a request that is no delivery.
    pub(super) fn refuse<B>(&self, request: &Request<B>) -> Response<Bytes> {
        let error = AuthError::missing_credential().at_provider("webhook");
        event::refused(&error, access::about(request));
        let refused = Wording::plain().respond(&error);
        let head = self.refused_head(request);
        self.reworded(head.as_deref(), &refused).unwrap_or(refused)
    }

    /// A copy of a request's head for the closure that replaces refusals, if there is one, without
    /// secret headers.
    pub(super) fn refused_head<B>(&self, request: &Request<B>) -> Option<RefusedHead> {
        self.on_refusal.as_ref()?;
        let mut head = copy_head(&AuthRequest::from(request))?;
        for name in &*self.credential_headers() {
            head.headers_mut().remove(name);
        }
        Some(head)
    }

    /// A refusal that no layer has rendered yet, rendered by this layer.
    pub(super) fn reworded<B>(
        &self,
        head: Option<&Request<()>>,
        refused: &Response<B>,
    ) -> Option<Response<Bytes>> {
        let (replace, head) = self.on_refusal.as_ref().zip(head)?;
        let error = refusal::unworded(refused)?;
        let mut response = Wording::plain().respond(error);
        refusal::keep_headers(response.headers_mut(), refused.headers());
        let mut response = replace(error, &AuthRequest::from(head), response);
        refusal::mark_worded(&mut response, error);
        Some(response)
    }

    pub(super) fn credential_headers(&self) -> Arc<[HeaderName]> {
        let mut headers: Vec<HeaderName> = Vec::new();
        for (_, webhook) in &self.webhooks {
            for name in &*webhook.credential_headers() {
                if !headers.contains(name) {
                    headers.push(name.clone());
                }
            }
        }
        headers.into()
    }
}

/// Whether a webhook answers that method: a handshake is a `GET`.
fn takes(webhook: &WebhookLayer, method: &Method) -> bool {
    method == Method::POST || (method == Method::GET && webhook.has_handshake())
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths = self.webhooks.iter().map(|(path, _)| path);
        f.debug_list().entries(paths).finish()
    }
}
