//! From what a shape says to the layer.

use std::sync::Arc;

use super::{
    assembly::{Assembly, Provider, ProviderBlock},
    gateway::Gateway,
};
use crate::{
    auth::layer::AuthLayer,
    config::{
        fault::Place,
        node::At,
        shape::{agent::Agent, mcp::Mcp},
    },
    provider::{CompositeAuth, IntoAuthProvider, provider_fn},
};

/// A layer, and the provider that it asks where it asks one.
pub(super) struct Guard {
    pub(super) layer: AuthLayer,
    pub(super) provider: Option<Provider>,
}

/// Who is asked.
pub(super) enum Verdict {
    /// Nobody. INVARIANT: made only where the document says so in one of the explicit ways.
    Disabled,
    Ask(Provider),
}

impl Assembly<'_> {
    pub(super) fn agent(&mut self, agent: &Agent) -> Option<Verdict> {
        match agent {
            Agent::Nobody => Some(Verdict::Disabled),
            Agent::Jwt(tokens) => self.agent_tokens(tokens).map(Verdict::Ask),
            Agent::Custom(name) => name.value.provider(self, &name.place).map(Verdict::Ask),
        }
    }

    pub(super) fn gateway(&mut self, gateway: &Gateway, place: &Place) -> Option<Verdict> {
        self.check_mode(gateway, place);
        self.audit_file(gateway);
        self.is_open = gateway.lets_everybody_in();
        self.has_api_keys = gateway.providers.has("api_keys");
        self.resource = gateway.mcp.value().and_then(Mcp::audience);
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

    pub(super) fn guard(&mut self, verdict: Verdict, gateway: Option<&Gateway>) -> Option<Guard> {
        let (mut layer, provider) = match verdict {
            Verdict::Disabled => (self.open_layer(gateway), None),
            Verdict::Ask(provider) => {
                let layer = AuthLayer::try_new(Arc::clone(&provider));
                let place = Place::new("auth", At::File);
                (self.faults.keep(&place, layer)?, Some(provider))
            }
        };
        layer = layer.end_streams(self.config.default_end_streams);
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
