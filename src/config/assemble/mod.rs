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
    provider::{AuthProvider, CompositeAuth, IntoAuthProvider, provider_fn},
    webhook::WebhookRoutes,
};

pub(super) use self::gateway::Gateway;
use self::gateway::ProviderBlock;
use self::{introspection::KeptIntrospection, issuers::KeptIssuer, webhooks::Handled};

/// What a block makes.
type Provider = Arc<dyn AuthProvider>;

/// What a document came to.
pub(super) struct Built {
    pub(super) layer: AuthLayer,
    pub(super) provider: Option<Provider>,
    pub(super) authorizer: Option<NamedAuthorizer>,
    pub(super) webhooks: WebhookRoutes,
    pub(super) kept: Kept,
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

/// What was fetched, asked and handled, where another file goes on with it.
#[derive(Default)]
pub(super) struct Kept {
    issuers: Vec<KeptIssuer>,
    introspection: Option<KeptIntrospection>,
    handled: Vec<Handled>,
}

/// What the file before came to, whose rules hold while the next one is read.
#[derive(Clone, Copy)]
pub(super) struct Former<'a> {
    /// What these routes have proven counts as before.
    pub(super) webhooks: &'a WebhookRoutes,
    pub(super) kept: &'a Kept,
}

/// What is read and found while a document is put together.
struct Assembly<'a> {
    config: &'a AuthConfig,
    former: Option<Former<'a>>,
    webhooks: WebhookRoutes,
    kept: Kept,
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
    former: Option<Former<'_>>,
    seen: &mut Vec<Seen>,
) -> Result<Built, ConfigFaults> {
    let origin = config.source.name();
    let document = config.source.read(seen)?;
    let webhooks = match former {
        Some(former) => former.webhooks.successor(),
        None => WebhookRoutes::anywhere(),
    };
    let mut assembly = Assembly {
        config,
        former,
        webhooks,
        kept: Kept::default(),
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
        webhooks,
        kept,
        mut summary,
        ..
    } = assembly;
    summary.warn_of_address(config.address);
    let built = parts.map(|(guard, authorizer)| Built {
        webhooks: worded_by(webhooks, guard.layer.clone()),
        layer: guard.layer,
        provider: guard.provider,
        authorizer,
        kept,
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
                // Its callers come through webhooks alone.
                let nobody = provider_fn(|_| Ok(None)).with_credentials([]);
                Some(Verdict::Ask(nobody.into_provider()))
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
