//! From the document to a layer.

mod claims;
mod document;
mod introspection;
mod issuers;
mod jwt;
mod keys;
mod mode;
mod secrets;
mod senders;
mod signatures;
mod trust;
mod webhooks;

use std::sync::Arc;

use super::{
    AuthConfig,
    fault::{ConfigFaults, Faults, Place},
    read::Slot,
    shape::{
        agent::Agent,
        gateway::{ApiKeys, Gateway, Maker, Mode},
    },
    source::Seen,
    summary::ConfigSummary,
};
use crate::{
    auth::layer::{AuthLayer, LONGEST_CREDENTIAL},
    authorize::Authorizer,
    error::ConfigErrorKind,
    provider::{
        AuthProvider, CompositeAuth, IntoAuthProvider, IntrospectionAuth, OAuth2Auth, provider_fn,
    },
    webhook::WebhookRoutes,
};

pub(super) use self::{introspection::Asking, issuers::Issuer, webhooks::Handled};

/// What a document came to.
pub(super) struct Built {
    pub(super) layer: AuthLayer,
    pub(super) provider: Option<Arc<dyn AuthProvider>>,
    pub(super) authorizer: Option<(String, Arc<dyn Authorizer>)>,
    pub(super) issuers: Vec<(Issuer, OAuth2Auth)>,
    pub(super) introspection: Option<(Asking, IntrospectionAuth)>,
    pub(super) webhooks: WebhookRoutes,
    pub(super) handled: Vec<Handled>,
    pub(super) summary: ConfigSummary,
}

/// What the build before came to, as far as the next one goes on with it.
#[derive(Clone, Copy, Default)]
pub(super) struct Former<'a> {
    /// Whether there was one, whose rules hold while this one is read.
    pub(super) is_running: bool,
    /// The issuers, whose keys are fetched already.
    pub(super) issuers: &'a [(Issuer, OAuth2Auth)],
    /// The provider that asks about tokens, which knows some of them.
    pub(super) introspection: Option<&'a (Asking, IntrospectionAuth)>,
    /// The webhooks' routes: what they have proven counts as before.
    pub(super) webhooks: Option<&'a WebhookRoutes>,
    /// What the webhooks have handled.
    pub(super) handled: &'a [Handled],
}

/// What one build reads and finds.
struct Builder<'a> {
    config: &'a AuthConfig,
    former: Former<'a>,
    issuers: Vec<(Issuer, OAuth2Auth)>,
    introspection: Option<(Asking, IntrospectionAuth)>,
    webhooks: WebhookRoutes,
    handled: Vec<Handled>,
    seen: &'a mut Vec<Seen>,
    faults: Faults,
    summary: ConfigSummary,
}

/// Who is asked.
enum Verdict {
    /// Nobody. INVARIANT: made only where the document says so in one of the explicit ways.
    Disabled,
    Ask(Arc<dyn AuthProvider>),
}

/// Builds what a configuration says, or tells everything that is wrong with it.
///
/// The files it read are noted in `seen` in either case.
pub(super) fn build(
    config: &AuthConfig,
    former: Former<'_>,
    seen: &mut Vec<Seen>,
) -> Result<Built, ConfigFaults> {
    let origin = config.source.name();
    let document = config.source.read(seen)?;
    let webhooks = match former.webhooks {
        Some(routes) => routes.successor(),
        None => WebhookRoutes::anywhere(),
    };
    let mut builder = Builder {
        config,
        former,
        issuers: Vec::new(),
        introspection: None,
        webhooks,
        handled: Vec::new(),
        seen,
        faults: Faults::of(Arc::clone(&origin)),
        summary: ConfigSummary {
            source: origin,
            overrides: config.env.override_names(),
            ..ConfigSummary::default()
        },
    };
    let built = builder.document(document);
    let Builder {
        faults,
        issuers,
        introspection,
        webhooks,
        handled,
        mut summary,
        ..
    } = builder;
    summary.warn_of_address(config.address);
    let built = built.map(|(layer, provider, authorizer)| Built {
        webhooks: worded_by(webhooks, layer.clone()),
        handled,
        layer,
        provider,
        authorizer,
        issuers,
        introspection,
        summary,
    });
    faults.finish(built)
}

/// The routes with their refusals in the words of the layer inside: the realm is the file's, and a
/// refusal of one's own the program's.
fn worded_by(webhooks: WebhookRoutes, layer: AuthLayer) -> WebhookRoutes {
    webhooks.with_refusal(move |_, request, response| {
        layer.reworded(request, &response).unwrap_or(response)
    })
}

impl Builder<'_> {
    fn agent(&mut self, agent: &Agent) -> Option<Verdict> {
        match agent {
            Agent::Nobody => Some(Verdict::Disabled),
            Agent::Jwt(tokens) => self.agent_tokens(tokens).map(Verdict::Ask),
            Agent::Custom(name) => self.custom(&name.value, &name.place).map(Verdict::Ask),
        }
    }

    fn gateway(&mut self, gateway: &Gateway, place: &Place) -> Option<Verdict> {
        self.check_mode(gateway, place);
        let is_off = gateway.enabled.value() == Some(&false);
        let is_nobody = gateway.mode.value() == Some(&Mode::Nobody);
        let mut providers = Vec::new();
        for (_, place, maker) in gateway.makers() {
            let provider = match maker {
                Maker::ApiKeys(ApiKeys::Some(keys)) => self.api_keys(keys, place),
                Maker::ApiKeys(none) => self.no_api_keys(none, place, is_off || is_nobody),
                Maker::Jwt(jwt) => self.jwt(jwt, place),
                Maker::OAuth2(oauth2) => self.oauth2(oauth2, place),
                Maker::Introspection(block) => self.introspection(block, place),
                Maker::Allowlist(list) => self.allowlist(list, place),
                Maker::Custom(name) => self.custom(name, place),
            };
            providers.extend(provider);
        }
        if is_off || is_nobody {
            return Some(Verdict::Disabled);
        }
        match providers.len() {
            0 if gateway.has_only_webhooks() => {
                Some(Verdict::Ask(provider_fn(|_| Ok(None)).into_provider()))
            }
            1 => providers.pop().map(Verdict::Ask),
            _ => {
                let chain = CompositeAuth::from_providers(providers).ok()?;
                Some(Verdict::Ask(Arc::new(chain)))
            }
        }
    }

    fn custom(&mut self, name: &str, place: &Place) -> Option<Arc<dyn AuthProvider>> {
        match self.config.registry.providers.find(name, "provider") {
            Ok(provider) => {
                self.summary.providers.push(format!("custom ({name})"));
                Some(provider)
            }
            Err(message) => {
                self.faults.add(ConfigErrorKind::Unknown, place, message);
                None
            }
        }
    }

    fn layer(
        &mut self,
        verdict: Verdict,
        gateway: Option<&Gateway>,
    ) -> Option<(AuthLayer, Option<Arc<dyn AuthProvider>>)> {
        let mut layer = match &verdict {
            Verdict::Disabled => {
                self.summary.is_disabled = true;
                // What a webhook has proven is known all the same.
                let proof: Arc<dyn AuthProvider> = Arc::new(self.webhooks.proof(&[]));
                let has_webhooks = gateway.is_some_and(|gateway| !gateway.webhooks.is_absent());
                AuthLayer::open_to(has_webhooks.then_some(proof))
            }
            Verdict::Ask(provider) => {
                let layer = AuthLayer::try_new(Arc::clone(provider));
                self.faults
                    .keep(&Place::new("auth", super::node::At::File), layer)?
            }
        };
        if let Some(gateway) = gateway {
            layer = self.settings(layer, gateway);
        }
        if let Some(adjust) = &self.config.adjust {
            layer = self
                .faults
                .keep(&Place::new("", super::node::At::Code), adjust(layer))?;
        }
        Some(match verdict {
            Verdict::Disabled => (layer, None),
            Verdict::Ask(provider) => (layer, Some(provider)),
        })
    }

    fn settings(&mut self, mut layer: AuthLayer, gateway: &Gateway) -> AuthLayer {
        if let Slot::Here(realm) = &gateway.realm {
            let changed = layer.clone().with_realm(&realm.value);
            layer = self.faults.keep(&realm.place, changed).unwrap_or(layer);
        }
        for path in gateway.public_paths.value().into_iter().flatten() {
            if path.value.starts_with("/{*") {
                let message = "this makes every path public: name the paths; to let every caller \
                               in, write `enabled: false`";
                self.faults
                    .add(ConfigErrorKind::Conflict, &path.place, message);
                continue;
            }
            match layer.clone().try_public(path.value.as_str()) {
                Ok(changed) => {
                    self.summary.public_paths.push(path.value.clone());
                    layer = changed;
                }
                Err(error) if error.kind() == ConfigErrorKind::Conflict => {
                    let message = "an earlier path of the list is the same, or has a parameter \
                                   where this one has {*rest}, or the other way round: leave one \
                                   of the two out";
                    self.faults.add(error.kind(), &path.place, message);
                }
                Err(error) => self.faults.add_error(&path.place, &error),
            }
        }
        if let Slot::Here(most) = &gateway.max_credential_bytes {
            if most.value.0 > LONGEST_CREDENTIAL {
                let message = format!("a credential has {LONGEST_CREDENTIAL} bytes at most");
                self.faults
                    .add(ConfigErrorKind::Malformed, &most.place, message);
            }
            layer = layer.with_max_credential_len(most.value.0);
        }
        if gateway.dev_docs.value() == Some(&true) {
            self.summary.dev_docs = true;
            layer = layer.dev_docs(true);
        }
        self.webhooks(layer, gateway)
    }
}
