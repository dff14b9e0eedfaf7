//! The shape of limits in a file.

use serde_json::{Value, json};

use crate::{
    config::{
        fault::{Faults, Place},
        node::{Kind, Node},
        read::{Count, Filled, Read, Slot, block, choice, choice_schema, misfit},
    },
    error::ConfigErrorKind,
    quota::Quota,
};

block! {
    /// Limits: of wrong credentials for each client address, and of requests. They only refuse more.
    Throttle: PartialEq {
        /// The limit of wrong credentials that a client address may show.
        attempts: optional AttemptsLimit,
        /// The limits of requests: each of them counts a request that it means.
        requests: optional Filled<RequestLimit>,
        /// How many requests of one caller may run at the same time; any number unless set.
        max_running: optional Count,
        /// The proxies whose word about a client's address counts, by address or network
        /// (`10.0.0.0/8`); none unless set.
        trusted_proxies: optional Filled<String>,
        /// The only header that these proxies write; `Forwarded` and `X-Forwarded-For` unless set.
        proxy_header: optional String,
    }
}

block! {
    /// A limit of wrong credentials.
    AttemptsLimit: PartialEq {
        /// How many: `30 per minute`.
        quota: required Quota,
        /// About how many addresses, and accepted credentials, are remembered: 1048576 unless set.
        max_entries: optional Entries,
    }
}

block! {
    /// A limit of requests.
    RequestLimit: PartialEq {
        /// How many: `100 per minute`, or `100 per minute, burst 20` where fewer may come at once.
        quota: required Quota,
        /// Whose requests are counted together; the caller's unless set.
        by: optional By,
        /// The claim by whose value requests are counted, in the place of `by`.
        claim: optional String,
        /// The name that callers read in `RateLimit`; that of `by` unless set.
        name: optional String,
        /// How many units a request takes; 1 unless set.
        cost: optional Count,
        /// The only path that is counted, in axum's syntax; every path unless set.
        path: optional String,
        /// The only method that is counted; every method unless set.
        method: optional String,
        /// The scope of the only callers who are counted.
        for_scope: optional String,
        /// The scope of callers who are not counted.
        except_scope: optional String,
    }
}

impl Default for Throttle {
    /// What a document without the block says.
    fn default() -> Self {
        Self {
            attempts: Slot::Absent,
            requests: Slot::Absent,
            max_running: Slot::Absent,
            trusted_proxies: Slot::Absent,
            proxy_header: Slot::Absent,
        }
    }
}

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum By {
    Caller,
    Key,
    Tenant,
    Address,
    All,
}

impl By {
    const NAMES: [(&'static str, Self); 5] = [
        ("caller", Self::Caller),
        ("key", Self::Key),
        ("tenant", Self::Tenant),
        ("address", Self::Address),
        ("all", Self::All),
    ];
}

impl Read for By {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        choice(node, place, faults, "subject of a limit", &Self::NAMES)
    }

    fn schema() -> Value {
        choice_schema(&Self::NAMES)
    }
}

impl Read for Quota {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        let Kind::Text(text) = &node.kind else {
            return misfit(node, place, faults, QUOTA);
        };
        let text = text.secret.expose();
        if text.trim().is_empty() {
            return misfit(node, place, faults, QUOTA);
        }
        match text.parse() {
            Ok(quota) => Some(quota),
            Err(error) => {
                faults.add(ConfigErrorKind::Malformed, place, error.to_string());
                None
            }
        }
    }

    fn schema() -> Value {
        json!({"type": "string", "minLength": 1})
    }
}

/// How many entries a table has, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) struct Entries(pub(in crate::config) usize);

impl Read for Entries {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        let wanted = "a whole number from 1 to 16777216, such as 100000";
        let number = match &node.kind {
            Kind::Number(number) => number.expose(),
            Kind::Text(text) if text.is_raw => text.secret.expose(),
            _ => return misfit(node, place, faults, wanted),
        };
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| is_plain);
        match number.filter(|number| (1..=MOST_ENTRIES).contains(number)) {
            Some(number) => Some(Self(number)),
            None => misfit(node, place, faults, wanted),
        }
    }

    fn schema() -> Value {
        json!({"anyOf": [
            {"type": "integer", "minimum": 1, "maximum": MOST_ENTRIES},
            {"type": "string", "pattern": r"\$\{[A-Za-z_]"},
        ]})
    }
}

const QUOTA: &str = "a quota, such as 100 per minute";
/// 16 bytes each, twice.
const MOST_ENTRIES: usize = 1 << 24;
