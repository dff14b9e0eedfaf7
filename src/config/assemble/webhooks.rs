//! Webhooks: each a layer that proves its deliveries, and a rule that lets in what it proved.

use std::sync::Arc;

use http::{Extensions, Method, Uri};

use super::{
    assembly::{Assembly, Provider},
    gateway::Gateway,
    kept::Handled,
    senders::{Listed, listed_in_words},
};
use crate::{
    access::{Access, Route, Rules},
    auth::layer::AuthLayer,
    config::{
        fault::Place,
        node::At,
        read::{Count, Filled, Located, Slot},
        shape::webhook::{Allow, Scheme, Senders, Webhook},
    },
    error::{ConfigError, ConfigErrorKind},
    provider::AuthProvider,
    webhook::{MOST_EQUAL_BODIES, MemoryReplayStore, WebhookLayer},
};

impl Assembly<'_> {
    /// Makes routes of the document's webhooks, and their paths into the layer's rules.
    pub(super) fn webhooks(&mut self, mut layer: AuthLayer, gateway: &Gateway) -> AuthLayer {
        let Some(Filled(entries)) = gateway.webhooks.value() else {
            return layer;
        };
        let public = public_rules(gateway);
        self.check_partners(entries);
        for located in entries {
            let made = self.webhook(located);
            let Slot::Present(path) = &located.value.path else {
                continue;
            };
            let pattern: Arc<str> = path.value.as_str().into();
            let secret_headers = made
                .as_ref()
                .map(|made| made.credential_headers())
                .unwrap_or_default();
            let proof = self.webhooks.proof(&secret_headers);
            let rule = (Method::POST, &*pattern);
            match layer.clone().try_access(rule, Access::provider(proof)) {
                Ok(changed) => layer = changed,
                Err(error) => {
                    self.wrong_path(&path.place, &error);
                    continue;
                }
            }
            self.check_path(path, &public);
            if let (Some(made), Slot::Present(scheme)) = (made, &located.value.scheme) {
                self.add_hook(located, pattern, scheme.value, made);
            }
        }
        layer
    }

    /// Two partners must not be one caller: where the scheme is no platform's, its name says nothing
    /// of who signs. A user id that is written twice is meant.
    fn check_partners(&mut self, entries: &[Located<Webhook>]) {
        let mut unnamed = Vec::new();
        for located in entries {
            let hook = &located.value;
            let Some(scheme) = hook.scheme.value().filter(|scheme| scheme.is_generic()) else {
                continue;
            };
            if !hook.user_id.is_absent() {
                continue;
            }
            if unnamed.contains(scheme) {
                let message = "the callers of two webhooks of this scheme would be the same user: \
                               write `user_id` for each, and the same one where it is one partner";
                self.duplicate(&located.place, message);
            }
            unnamed.push(*scheme);
        }
    }

    fn add_hook(
        &mut self,
        located: &Located<Webhook>,
        path: Arc<str>,
        scheme: Scheme,
        layer: WebhookLayer,
    ) {
        let is_same = |earlier: &&Handled| *earlier.path == *path && earlier.scheme == scheme;
        let store = self.kept.earlier_handled.iter().find(is_same);
        let store = store.map_or_else(MemoryReplayStore::default, |earlier| earlier.store.clone());
        let Some(layer) = self.finish_webhook(located, &path, layer, &store) else {
            return;
        };
        match self.webhooks.clone().add_webhook(&path, layer) {
            Ok(webhooks) => {
                self.webhooks = webhooks;
                self.summary
                    .webhooks
                    .push(summary(&path, scheme, &located.value));
                self.kept.handled.push(Handled {
                    path,
                    scheme,
                    store,
                });
            }
            Err(error) => self.wrong_path(&located.place, &error),
        }
    }

    /// What is set for every scheme alike, and what the program adds.
    fn finish_webhook(
        &mut self,
        located: &Located<Webhook>,
        path: &str,
        mut layer: WebhookLayer,
        handled: &MemoryReplayStore,
    ) -> Option<WebhookLayer> {
        let hook = &located.value;
        // By its path, so that another `user_id` in a later file forgets nothing.
        layer = match &self.kept.shared {
            Some(shared) => layer.with_replay_store(shared.handled.clone()),
            None => layer.with_replay_store(handled.clone()),
        };
        layer = layer.with_namespace(path);
        if let Some(clock) = &self.config.clock {
            layer = layer.with_clock(clock.clone());
        }
        layer = self.limits.limit_webhook(layer);
        if let Some(user_id) = hook.user_id.value() {
            layer = layer.with_user_id(user_id);
        }
        if let Some(scopes) = hook.scopes.value() {
            layer = layer.with_scopes(scopes.iter().map(|scope| &scope.value));
        }
        if let Some(most) = hook.max_body_bytes.value() {
            layer = layer.with_max_body_len(most.0);
        }
        if let Some(most) = hook.equal_bodies.value() {
            layer = layer.with_equal_bodies(most.0);
        }
        if let Some(refuse) = hook.refuse_handled.value() {
            layer = layer.refuse_handled(*refuse);
        }
        if hook.insecure_allow_replay.is_true() {
            layer = layer.insecure_allow_replay();
            let weak = format!("{} handles copies of a delivery", located.place.path);
            self.weak(weak);
        }
        match &self.config.adjust_webhook {
            Some(adjust) => {
                let place = Place::new(located.place.path.as_str(), At::Code);
                self.faults.keep(&place, adjust(path, layer))
            }
            None => Some(layer),
        }
    }

    /// What proves the deliveries and who of their senders is let in.
    fn webhook(&mut self, located: &Located<Webhook>) -> Option<WebhookLayer> {
        let before = self.faults.len();
        let hook = &located.value;
        for scope in hook.scopes.value().into_iter().flatten() {
            self.check_scope(scope);
        }
        if hook.refuse_handled.is_true() && hook.insecure_allow_replay.is_true() {
            let message = "copies cannot be refused and handled: leave `refuse_handled` or \
                           `insecure_allow_replay` out";
            self.conflict(&located.place, message);
        }
        if let Slot::Present(most) = &hook.equal_bodies {
            self.check_equal_bodies(most, hook);
        }
        let Slot::Present(scheme) = &hook.scheme else {
            self.check_without_scheme(located);
            return None;
        };
        let scheme = scheme.value;
        self.check_members(hook, scheme);
        let layer = self.signed_layer(located, scheme);
        let senders = self.senders(located, scheme);
        let layer = layer?;
        let layer = match senders {
            Some(senders) => layer.allow(senders),
            None => layer,
        };
        (self.faults.len() == before).then_some(layer)
    }

    /// Tells what is wrong with what some schemes need, where nobody knows which one is meant.
    fn check_without_scheme(&mut self, located: &Located<Webhook>) {
        let hook = &located.value;
        self.webhook_secret(located);
        self.verify_token(located);
        if !hook.hmac.is_absent() {
            self.hmac(located);
        }
        if !hook.url.is_absent() {
            self.twilio_url(located);
        }
        if let Slot::Present(allow) = &hook.allow
            && let Allow::Senders(senders) = &allow.value
        {
            self.listed(Listed::of(senders, None), &allow.place);
        }
    }

    /// A setting that says nothing, or more than is done.
    fn check_equal_bodies(&mut self, most: &Located<Count>, hook: &Webhook) {
        if most.value.0 > MOST_EQUAL_BODIES {
            let message = format!(
                "at most {MOST_EQUAL_BODIES} deliveries with equal bodies are handled: write a \
                 smaller number"
            );
            self.malformed(&most.place, message);
        }
        let hmac = hook.hmac.value();
        if hmac.is_some_and(|hmac| hmac.unsigned_id_header.is_absent()) {
            let message = "nothing tells deliveries with equal bodies apart: add \
                           `hmac.unsigned_id_header`, or leave it out";
            self.conflict(&most.place, message);
        }
    }

    fn check_members(&mut self, hook: &Webhook, scheme: Scheme) {
        for (name, place, schemes) in hook.special() {
            let Some(place) = place.filter(|_| !schemes.contains(&scheme)) else {
                continue;
            };
            let names: Vec<&str> = schemes.iter().map(|scheme| scheme.as_str()).collect();
            let message = format!(
                "`{name}` is for the schemes {}, and not for {}: leave it out",
                names.join(", "),
                scheme.as_str()
            );
            self.conflict(place, message);
        }
    }

    /// Nobody but senders on a list, or nothing where the document says that everyone may.
    fn senders(&mut self, located: &Located<Webhook>, scheme: Scheme) -> Option<Provider> {
        let platform = scheme.platform()?;
        let allow = match &located.value.allow {
            Slot::Present(allow) => allow,
            Slot::Faulty => return None,
            Slot::Absent => {
                let message = format!(
                    "`allow` is missing, and anybody can write to a {} bot or app: add \
                     `allow: {{user_ids: [ID]}}`, `allow: {{chat_ids: [ID]}}` or `allow: everyone`",
                    scheme.as_str()
                );
                self.missing(&located.place, message);
                return None;
            }
        };
        let Allow::Senders(senders) = &allow.value else {
            return None;
        };
        self.check_ids(senders, scheme);
        let list = self.listed(Listed::of(senders, Some(platform)), &allow.place)?;
        let Some(scopes) = located.value.scopes.value() else {
            return Some(Arc::new(list));
        };
        let scopes: Vec<String> = scopes.iter().map(|scope| scope.value.clone()).collect();
        let with_scopes = list.and_then(move |context, _| {
            let context = context.with_scopes(&scopes);
            async move { Ok(context) }
        });
        Some(Arc::new(with_scopes))
    }

    /// An id that no message can have lets nobody in, and was meant to.
    fn check_ids(&mut self, senders: &Senders, scheme: Scheme) {
        if !scheme.has_numeric_ids() {
            return;
        }
        let lists = [&senders.user_ids, &senders.chat_ids];
        for located in lists
            .iter()
            .filter_map(|list| list.value())
            .flat_map(|list| &list.0)
        {
            let digits = located
                .value
                .0
                .strip_prefix('-')
                .unwrap_or(&located.value.0);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                let message = format!(
                    "an id of {} is a number, and never a name: write the digits",
                    scheme.as_str()
                );
                self.malformed(&located.place, message);
            }
        }
    }

    /// The path must be nobody else's, or a delivery could get in around its proof.
    fn check_path(&mut self, path: &Located<String>, public: &Rules<String>) {
        if path.value.starts_with("/{*") {
            let message = "this makes every path a webhook: name the path";
            self.conflict(&path.place, message);
        }
        let Ok(uri) = path.value.parse::<Uri>() else {
            return;
        };
        let extensions = Extensions::new();
        let rule = public.entry(&Route::of(&uri, &extensions));
        if let Some(place) = rule.and_then(|rule| rule.access(&Method::POST)) {
            let message = format!(
                "{place} makes this path public: leave it out there, since a webhook lets \
                 its deliveries in by itself"
            );
            self.conflict(&path.place, message);
        }
    }

    fn wrong_path(&mut self, place: &Place, error: &ConfigError) {
        let message = match error.kind() {
            ConfigErrorKind::Conflict => {
                "another webhook has this path, or another path has a parameter where this one has \
                 {*rest}, or the other way round: give each webhook a path of its own"
            }
            _ => {
                "this is no path: begin it with a slash, write a parameter as {name} for a whole \
                 segment, percent-encode what is not ASCII, and leave a query out"
            }
        };
        self.faults.add(error.kind(), place, message);
    }
}

/// The public paths by themselves, each with its place.
fn public_rules(gateway: &Gateway) -> Rules<String> {
    let mut rules = Rules::new();
    for path in gateway.public_paths.value().into_iter().flatten() {
        // What is wrong with one of them has been told.
        let _told = rules.add(path.value.as_str().into(), path.place.path.clone());
    }
    rules
}

/// `/hooks/telegram (telegram, 2 users)`.
fn summary(path: &str, scheme: Scheme, hook: &Webhook) -> String {
    let mut text = format!("{path} ({}", scheme.as_str());
    match hook.allow.value() {
        Some(Allow::Everyone) => text.push_str(", everyone"),
        Some(Allow::Senders(senders)) => {
            text.push_str(", ");
            text.push_str(&listed_in_words(&senders.user_ids, &senders.chat_ids));
        }
        None => {}
    }
    text.push(')');
    text
}
