//! The gateway's block, and the table of the providers that it can name.

use std::{fmt, rc::Rc};

use serde_json::Value;

use super::assembly::ProviderBlock;
use crate::config::{
    fault::{Faults, Place},
    node::Node,
    read::{
        Block, Bytes, Described, Filled, Located, Members, OneOrList, Read, Slot, block, choice,
        choice_schema,
    },
    shape::{
        audit::Audit,
        caller::{Allowlist, ApiKeys},
        key_store::ManagedKeyStore,
        mcp::Mcp,
        revocations::RevocationRules,
        shared::Shared,
        throttle::Throttle,
        tokens::{Introspection, Jwt, OAuth2},
        webhook::Webhook,
    },
};

/// The providers that a file can name: each has its row here, and nothing else names them all.
static PROVIDERS: [Row; 7] = [
    Row::of::<ApiKeys>(
        "api_keys",
        &["Keys that callers show as `X-API-Key` or `Authorization: Bearer`."],
    )
    .in_mode("api_key"),
    Row::of::<ManagedKeyStore>(
        "key_store",
        &["Managed keys: any of several processes makes, rotates and revokes them while serving."],
    ),
    Row::of::<Jwt>(
        "jwt",
        &["JSON Web Tokens signed with a key that is known beforehand."],
    )
    .in_mode("jwt"),
    Row::of::<OneOrList<OAuth2>>(
        "oauth2",
        &[
            "Access tokens of an OAuth2 or OpenID Connect issuer, checked with the keys it publishes;",
            "a list for several issuers, of which the token's `iss` picks one.",
        ],
    )
    .in_mode("oauth2"),
    Row::of::<Introspection>(
        "introspection",
        &["Opaque tokens, which the endpoint of whoever issued them says are good."],
    ),
    Row::of::<Allowlist>("allowlist", &["Senders of a chat platform's messages."]),
    Row::of::<String>(
        "custom",
        &["The name under which the program registered a provider of its own."],
    )
    .in_mode("custom"),
];

/// A row of the table of providers.
pub(in crate::config) struct Row {
    /// The member of the block `auth`.
    pub(super) name: &'static str,
    /// The value of `mode` that means this provider alone.
    mode: Option<&'static str>,
    about: &'static [&'static str],
    read: fn(&Members<'_>, &str, &mut Faults) -> Slot<Rc<dyn ProviderBlock>>,
    schema: fn() -> Value,
}

impl Row {
    const fn of<T: Read + ProviderBlock + 'static>(
        name: &'static str,
        about: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            mode: None,
            about,
            read: |members, name, faults| {
                let slot = members.optional::<T>(name, faults);
                slot.map(|block| -> Rc<dyn ProviderBlock> { Rc::new(block) })
            },
            schema: T::schema,
        }
    }

    const fn in_mode(mut self, mode: &'static str) -> Self {
        self.mode = Some(mode);
        self
    }
}

block! {
    /// Who may call. Without `mode`, the blocks that are there decide, in their order.
    Gateway {
        /// Whether anybody is asked at all; true unless set. With false, every caller is let in.
        enabled: optional bool,
        /// Which of the blocks is meant: `none` lets every caller in, `composite` takes all of them.
        mode: optional Mode,
        /// What challenges name; `api` unless set.
        realm: optional String,
        /// Paths on which nobody is asked, in axum's syntax: a plain path is exact.
        public_paths: optional Vec<Located<String>>,
        /// Deliveries of platforms and partners, each proven by its signature before it is let in.
        webhooks: optional Filled<Webhook>,
        /// The length in bytes from which a credential is refused; 8192 unless set, 65536 at most.
        max_credential_bytes: optional Bytes,
        /// Whether `/docs`, `/redoc` and `/openapi.json` are public; false unless set.
        dev_docs: optional bool,
        /// Whether the body of a response is broken off when the credential of its caller expires or is
        /// revoked; false unless set.
        end_streams: optional bool,
        /// Limits of wrong credentials and of requests.
        throttle: optional Throttle,
        /// A state that several processes share: limits count there, and webhooks remember there.
        shared: optional Shared,
        /// An MCP server that callers reach: the program puts its layer around the endpoint.
        mcp: optional Mcp,
        /// Revocations of tokens, in the key store or the shared state; off unless the block is there.
        revocations: optional RevocationRules,
        /// A file with a line of JSON for each decision; none unless set.
        audit: optional Audit,
        ..providers: Providers,
    }
}

impl Gateway {
    /// Whether the document lets everybody in, in one of the explicit ways.
    pub(super) fn lets_everybody_in(&self) -> bool {
        self.enabled.value() == Some(&false) || matches!(self.mode.value(), Some(Mode::Nobody))
    }

    /// Whether there are webhooks, and nobody else is to be let in.
    pub(super) fn has_only_webhooks(&self) -> bool {
        !self.webhooks.is_absent() && self.mode.is_absent() && self.providers.is_empty()
    }
}

/// Which of the blocks is meant.
#[derive(Clone, Copy)]
pub(in crate::config) enum Mode {
    Nobody,
    Composite,
    Only(&'static Row),
}

impl Mode {
    fn names() -> Vec<(&'static str, Self)> {
        let rows = PROVIDERS.iter();
        let blocks = rows.filter_map(|row| Some((row.mode?, Self::Only(row))));
        [("none", Self::Nobody), ("composite", Self::Composite)]
            .into_iter()
            .chain(blocks)
            .collect()
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "none",
            Self::Composite => "composite",
            Self::Only(row) => row.mode.unwrap_or(row.name),
        }
    }

    /// Whether that block is the one that the mode takes.
    pub(super) fn takes(self, name: &str) -> bool {
        matches!(self, Self::Only(row) if row.name == name)
    }
}

impl Read for Mode {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        choice(node, place, faults, "mode", &Self::names())
    }

    fn schema() -> Value {
        choice_schema(&Self::names())
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The providers that a document names, in its order, those at fault among them.
#[derive(Clone)]
pub(in crate::config) struct Providers(Vec<NamedBlock>);

#[derive(Clone)]
struct NamedBlock {
    name: &'static str,
    block: Slot<Rc<dyn ProviderBlock>>,
}

impl Providers {
    /// The names of all there are, for a message.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        PROVIDERS.iter().map(|row| row.name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|named| named.name == name)
    }

    /// Those that could be read, each with its name.
    pub(super) fn readable(
        &self,
    ) -> impl Iterator<Item = (&'static str, &Located<Rc<dyn ProviderBlock>>)> {
        let named = self.0.iter();
        named.filter_map(|named| Some((named.name, named.block.present()?)))
    }
}

impl Block for Providers {
    const ABOUT: &'static [&'static str] = &[];

    fn members() -> Vec<Described> {
        let described = |row: &Row| Described {
            name: row.name,
            is_required: false,
            about: row.about,
            schema: row.schema,
        };
        PROVIDERS.iter().map(described).collect()
    }

    fn read_members(members: &Members<'_>, faults: &mut Faults) -> Self {
        let read = |row: &Row| NamedBlock {
            name: row.name,
            block: (row.read)(members, row.name, faults),
        };
        let mut named: Vec<NamedBlock> = PROVIDERS.iter().map(read).collect();
        named.retain(|named| !named.block.is_absent());
        named.sort_by_key(|named| named.block.present().map(|located| located.order));
        Self(named)
    }
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|named| named.name);
        f.debug_list().entries(names).finish()
    }
}
