//! What a document came to.

use std::sync::Arc;

use super::{
    assembly::{Assembly, Provider},
    document::NamedAuthorizer,
    kept::{Former, Kept},
    limits::Limits,
    mcp_server::McpServer,
};
use crate::{
    auth::layer::AuthLayer,
    config::{AuthConfig, ConfigFaults, ConfigSummary, fault::Faults, source::FileDigest},
    webhook::WebhookRoutes,
};

/// What a document came to.
pub(in crate::config) struct Built {
    pub(in crate::config) layer: AuthLayer,
    pub(in crate::config) provider: Option<Provider>,
    pub(in crate::config) authorizer: Option<NamedAuthorizer>,
    pub(in crate::config) webhooks: WebhookRoutes,
    pub(in crate::config) mcp: Option<McpServer>,
    pub(in crate::config) kept: Kept,
    pub(in crate::config) summary: ConfigSummary,
}

/// Puts together what a configuration says, or tells everything that is wrong with it.
///
/// The files it read are noted in `files` in either case.
pub(in crate::config) fn assemble(
    config: &AuthConfig,
    former: Option<Former<'_>>,
    files: &mut Vec<FileDigest>,
) -> Result<Built, ConfigFaults> {
    let origin = config.source.name();
    let document = config.source.read(files)?;
    let webhooks = match former {
        Some(former) => former.webhooks.successor(),
        None => WebhookRoutes::anywhere(),
    };
    let mut assembly = Assembly {
        config,
        former,
        webhooks,
        kept: Kept::after(former),
        limits: Limits::default(),
        mcp: None,
        resource: None,
        is_open: false,
        has_api_keys: false,
        files,
        faults: Faults::of(Arc::clone(&origin)),
        summary: ConfigSummary {
            source: origin,
            overrides: config.env.override_names(),
            ..ConfigSummary::default()
        },
    };
    let parts = assembly.document(document);
    if parts.is_some() {
        assembly.check_shared();
    }
    let Assembly {
        faults,
        webhooks,
        mcp,
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
        mcp,
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
