//! From the document to a layer.

mod claims;
mod custom;
mod document;
mod faults;
mod gateway;
mod introspection;
mod issuers;
mod jwt;
mod keys;
mod mode;
mod secrets;
mod senders;
mod settings;
mod signatures;
mod trust;
mod webhooks;

use std::sync::Arc;

use super::{
    AuthConfig,
    fault::{ConfigFaults, Faults, Place},
    node::At,
    shape::agent::Agent,
    source::Seen,
    summary::ConfigSummary,
};
use crate::{
    auth::layer::AuthLayer,
    authorize::Authorizer,
    provider::{
        AuthProvider, CompositeAuth, IntoAuthProvider, IntrospectionAuth, OAuth2Auth, provider_fn,
    },
    webhook::WebhookRoutes,
};

use self::gateway::ProviderBlock;
pub(super) use self::{
    gateway::Gateway, introspection::Asking, issuers::Issuer, webhooks::Handled,
};

/// What a block makes.
type Provider = Arc<dyn AuthProvider>;

/// What a document came to.
pub(super) struct Built {
    pub(super) layer: AuthLayer,
    pub(super) provider: Option<Provider>,
    pub(super) authorizer: Option<NamedAuthorizer>,
    pub(super) issuers: Vec<(Issuer, OAuth2Auth)>,
    pub(super) introspection: Option<(Asking, IntrospectionAuth)>,
    pub(super) webhooks: WebhookRoutes,
    pub(super) handled: Vec<Handled>,
    pub(super) summary: ConfigSummary,
}

/// The authorizer that the document names.
pub(super) struct NamedAuthorizer {
    pub(super) name: String,
    pub(super) authorizer: Arc<dyn Authorizer>,
}

/// A layer, and the provider that it asks where it asks one.
struct Guard {
    layer: AuthLayer,
    provider: Option<Provider>,
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

/// What is read and found while a document is put together.
struct Assembly<'a> {
    config: &'a AuthConfig,
    former: Former<'a>,
    issuers: Vec<(Issuer, OAuth2Auth)>,
    introspection: Option<(Asking, IntrospectionAuth)>,
    webhooks: WebhookRoutes,
    handled: Vec<Handled>,
    /// Whether the document lets everybody in, in one of the explicit ways.
    is_open: bool,
    seen: &'a mut Vec<Seen>,
    faults: Faults,
    summary: ConfigSummary,
}

/// Who is asked.
enum Verdict {
    /// Nobody. INVARIANT: made only where the document says so in one of the explicit ways.
    Disabled,
    Ask(Provider),
}

/// Puts together what a configuration says, or tells everything that is wrong with it.
///
/// The files it read are noted in `seen` in either case.
pub(super) fn assemble(
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
    let mut assembly = Assembly {
        config,
        former,
        issuers: Vec::new(),
        introspection: None,
        webhooks,
        handled: Vec::new(),
        is_open: false,
        seen,
        faults: Faults::of(Arc::clone(&origin)),
        summary: ConfigSummary {
            source: origin,
            overrides: config.env.override_names(),
            ..ConfigSummary::default()
        },
    };
    let parts = assembly.document(document);
    let Assembly {
        faults,
        issuers,
        introspection,
        webhooks,
        handled,
        mut summary,
        ..
    } = assembly;
    summary.warn_of_address(config.address);
    let built = parts.map(|(guard, authorizer)| Built {
        webhooks: worded_by(webhooks, guard.layer.clone()),
        handled,
        layer: guard.layer,
        provider: guard.provider,
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

impl Assembly<'_> {
    fn agent(&mut self, agent: &Agent) -> Option<Verdict> {
        match agent {
            Agent::Nobody => Some(Verdict::Disabled),
            Agent::Jwt(tokens) => self.agent_tokens(tokens).map(Verdict::Ask),
            Agent::Custom(name) => name.value.provider(self, &name.place).map(Verdict::Ask),
        }
    }

    fn gateway(&mut self, gateway: &Gateway, place: &Place) -> Option<Verdict> {
        self.check_mode(gateway, place);
        self.is_open = gateway.lets_everybody_in();
        let mut providers = Vec::new();
        for (_, block) in gateway.providers.readable() {
            providers.extend(block.value.provider(self, &block.place));
        }
        if self.is_open {
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

    fn guard(&mut self, verdict: Verdict, gateway: Option<&Gateway>) -> Option<Guard> {
        let (mut layer, provider) = match verdict {
            Verdict::Disabled => (self.open_layer(gateway), None),
            Verdict::Ask(provider) => {
                let layer = AuthLayer::try_new(Arc::clone(&provider));
                let place = Place::new("auth", At::File);
                (self.faults.keep(&place, layer)?, Some(provider))
            }
        };
        if let Some(gateway) = gateway {
            layer = self.settings(layer, gateway);
        }
        if let Some(adjust) = &self.config.adjust {
            layer = self.faults.keep(&Place::new("", At::Code), adjust(layer))?;
        }
        Some(Guard { layer, provider })
    }

    /// A layer that lets everybody in. What a webhook has proven is known all the same.
    fn open_layer(&mut self, gateway: Option<&Gateway>) -> AuthLayer {
        self.summary.is_disabled = true;
        let proof: Provider = Arc::new(self.webhooks.proof(&[]));
        let has_webhooks = gateway.is_some_and(|gateway| !gateway.webhooks.is_absent());
        AuthLayer::open_to(has_webhooks.then_some(proof))
    }
}
