//! An MCP server: the layer that judges its messages, and what the layer around says of it.

use super::{assembly::Assembly, mcp_server::McpServer};
use crate::{
    auth::layer::AuthLayer,
    config::{
        read::{Filled, Located, Slot},
        shape::mcp::{Mcp, Needed, Needs},
    },
    mcp::{McpItem, McpLayer, McpNeed, ProtectedResource},
};

impl Assembly<'_> {
    /// Puts the layer before the server, and makes the server's own.
    pub(super) fn mcp(&mut self, layer: AuthLayer, block: &Slot<Mcp>) -> AuthLayer {
        let Some(block) = block.value() else {
            return layer;
        };
        let Some(resource) = self.resource(block) else {
            return layer;
        };
        let rules = self.rules(McpLayer::new(&resource), block);
        self.mcp = Some(McpServer {
            block: block.clone(),
            layer: rules,
        });
        layer.protected_resource(&resource)
    }

    fn resource(&mut self, block: &Mcp) -> Option<ProtectedResource> {
        let url = block.resource.present()?;
        let made = ProtectedResource::new(&url.value);
        let mut resource = self.faults.keep(&url.place, made)?;
        for server in filled(&block.authorization_servers) {
            let added = resource.clone().add_authorization_server(&server.value);
            resource = self.faults.keep(&server.place, added).unwrap_or(resource);
        }
        let supported = filled(&block.scopes_supported)
            .iter()
            .map(|scope| &scope.value);
        resource = resource.with_scopes_supported(supported);
        if let Some(name) = block.name.value() {
            resource = resource.with_name(name);
        }
        if let Slot::Present(required) = &block.required_scopes {
            let Filled(scopes) = &required.value;
            let texts = scopes.iter().map(|scope| &scope.value);
            let changed = resource.clone().require_scopes(texts);
            resource = self
                .faults
                .keep(&required.place, changed)
                .unwrap_or(resource);
        }
        Some(resource)
    }

    fn rules(&mut self, mut layer: McpLayer, block: &Mcp) -> McpLayer {
        for (section, needs) in [
            (Section::Tools, &block.tools),
            (Section::Resources, &block.resources),
            (Section::Prompts, &block.prompts),
            (Section::Methods, &block.methods),
        ] {
            for needed in needs.value().map_or(&[][..], |Needs(needs)| needs) {
                layer = self.rule(layer, needed, section);
            }
        }
        if block.hierarchical_scopes.is_true() {
            layer = layer.hierarchical();
        }
        if let Some(most) = block.max_body_bytes.value() {
            layer = layer.with_max_body_len(most.0);
        }
        if let Slot::Present(origins) = &block.origins {
            let Filled(listed) = &origins.value;
            let texts = listed.iter().map(|origin| &origin.value);
            let changed = layer.clone().try_origins(texts);
            layer = self.faults.keep(&origins.place, changed).unwrap_or(layer);
        }
        layer
    }

    fn rule(&mut self, layer: McpLayer, needed: &Needed, section: Section) -> McpLayer {
        let need = match needed.is_open() {
            true => Ok(McpNeed::caller()),
            false => McpNeed::scopes(&needed.scopes.value.0),
        };
        let item = section.item(needed);
        let changed = need.and_then(|need| layer.clone().try_rule(item, need));
        self.faults
            .keep(&needed.scopes.place, changed)
            .unwrap_or(layer)
    }
}

impl Mcp {
    /// What tokens for the server name as their audience; `None` where its address is at fault.
    pub(super) fn audience(&self) -> Option<String> {
        let resource = ProtectedResource::new(self.resource.value()?).ok()?;
        Some(resource.audience().to_owned())
    }
}

#[derive(Clone, Copy)]
enum Section {
    Tools,
    Resources,
    Prompts,
    Methods,
}

impl Section {
    fn item(self, needed: &Needed) -> McpItem<'_> {
        match (self, needed.prefix()) {
            (Self::Tools, None) => McpItem::Tool(&needed.name),
            (Self::Tools, Some(prefix)) => McpItem::ToolPrefix(prefix),
            (Self::Resources, None) => McpItem::Resource(&needed.name),
            (Self::Resources, Some(prefix)) => McpItem::ResourcePrefix(prefix),
            (Self::Prompts, None) => McpItem::Prompt(&needed.name),
            (Self::Prompts, Some(prefix)) => McpItem::PromptPrefix(prefix),
            // Nobody opens all methods that begin alike: the whole text is the name.
            (Self::Methods, _) => McpItem::Method(&needed.name),
        }
    }
}

fn filled<T>(slot: &Slot<Filled<T>>) -> &[Located<T>] {
    slot.value().map_or(&[], |Filled(items)| items)
}
