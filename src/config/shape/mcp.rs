//! The shape of an MCP server in a file.

use serde_json::{Value, json};

use crate::{
    config::{
        fault::{Faults, Place},
        node::{Kind, Node},
        read::{Bytes, Filled, Located, OneOrMore, Read, block, misfit, read},
    },
    error::ConfigErrorKind,
};

block! {
    /// An MCP server: what its clients call it, and who may use what of it.
    Mcp: PartialEq {
        /// The public address of its endpoint, the path included, as clients write it.
        resource: required String,
        /// The issuers whose tokens it takes: clients ask there for one.
        authorization_servers: optional Filled<String>,
        /// The scopes that a client asks for at first.
        scopes_supported: optional Filled<String>,
        /// The scopes that every request needs.
        required_scopes: optional Filled<String>,
        /// What clients may show to people.
        name: optional String,
        /// The scopes that each tool needs, or `any_caller`; a name that ends in `*` means all that begin so.
        tools: optional Needs,
        /// The scopes that each resource needs, by its URI, or `any_caller`; `*` at the end as in `tools`.
        resources: optional Needs,
        /// The scopes that each prompt needs, or `any_caller`; `*` at the end as in `tools`.
        prompts: optional Needs,
        /// The scopes that a method needs beside those of what it names, or `any_caller`.
        methods: optional Needs,
        /// Whether a scope stands for those below it (`agents` for `agents:deploy`); false unless set.
        hierarchical_scopes: optional bool,
        /// The origins whose pages may use the server; none unless set.
        origins: optional Filled<String>,
        /// The length in bytes from which a message is refused; 1048576 unless set.
        max_body_bytes: optional Bytes,
    }
}

/// What callers need for things, each by its name.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct Needs(pub(in crate::config) Vec<Needed>);

/// What callers need for one thing, or for all whose names begin so.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct Needed {
    pub(in crate::config) name: String,
    pub(in crate::config) scopes: Located<OneOrMore>,
}

impl Needed {
    /// Whether no scope is needed.
    pub(in crate::config) fn is_open(&self) -> bool {
        self.scopes.value.0 == [ANY_CALLER]
    }

    /// The beginning that is meant, where one is.
    pub(in crate::config) fn prefix(&self) -> Option<&str> {
        self.name.strip_suffix('*')
    }
}

impl Read for Needs {
    const IS_STRUCTURE: bool = true;

    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        let wanted = "a block of names with the scopes that each needs, or any_caller";
        let Kind::Map(members) = &node.kind else {
            return misfit(node, place, faults, wanted);
        };
        if members.is_empty() {
            let message = format!("the block is empty: write {wanted}");
            faults.add(ConfigErrorKind::Empty, place, message);
            return None;
        }
        let mut needs = Vec::with_capacity(members.len());
        for (order, member) in members.iter().enumerate() {
            let place = place.unknown_member(&member.name, &member.node.at);
            let value = read::<OneOrMore>(&member.node, &place, faults);
            needs.extend(value.map(|value| Needed {
                name: member.name.to_string(),
                scopes: Located {
                    value,
                    place,
                    order,
                },
            }));
        }
        Some(Self(needs))
    }

    fn schema() -> Value {
        json!({
            "type": "object",
            "minProperties": 1,
            "additionalProperties": OneOrMore::schema(),
        })
    }
}

/// What stands where nobody needs a scope: no list, since an empty one grants nothing.
const ANY_CALLER: &str = "any_caller";
