//! The bucket of a limit that a request is counted in.

use http::Extensions;
use serde_json::Value;

use super::limit::{Limit, Subject};
use crate::{
    context::AuthContext,
    request::ClientAddress,
    shared::{Count, seed::Seed},
};

/// What tells whose a request is.
#[derive(Clone, Copy)]
pub(super) struct Requester<'a> {
    pub(super) caller: Option<&'a AuthContext>,
    /// Nothing where a handler charges: it has the caller alone.
    pub(super) extensions: Option<&'a Extensions>,
}

/// What makes buckets of the texts that tell whose they are.
pub(super) trait Buckets {
    fn hash<const N: usize>(&self, parts: [&[u8]; N]) -> u128;

    /// A number that means something in this process alone, or nothing where others read it too.
    fn own(&self, number: usize) -> [u8; size_of::<usize>()];
}

/// Buckets of this process alone.
impl Buckets for Seed {
    #[inline]
    fn hash<const N: usize>(&self, parts: [&[u8]; N]) -> u128 {
        Self::hash(self, parts)
    }

    #[inline]
    fn own(&self, number: usize) -> [u8; size_of::<usize>()] {
        number.to_be_bytes()
    }
}

/// Buckets that every process makes alike.
pub(super) struct Everywhere;

impl Buckets for Everywhere {
    fn hash<const N: usize>(&self, parts: [&[u8]; N]) -> u128 {
        Count::bucket_of(&parts)
    }

    fn own(&self, _: usize) -> [u8; size_of::<usize>()] {
        [0; size_of::<usize>()]
    }
}

/// The bucket of the limit with that name; `None` where it does not count the request.
pub(super) fn bucket(
    limit: &Limit,
    name: &[u8],
    requester: Requester<'_>,
    seed: &impl Buckets,
) -> Option<u128> {
    match &limit.subject {
        Subject::Caller => Some(of_caller(requester.caller?, name, seed)),
        Subject::Key => Some(of_key(requester.caller?, name, seed)),
        Subject::Claim(claim) => {
            let caller = requester.caller?;
            // Two issuers may each have a tenant `acme`.
            let principal = caller.principal();
            let source = principal.source().map(str::as_bytes);
            let has_source = [u8::from(source.is_some())];
            let source = source.unwrap_or_default();
            let hash = |kind: &[u8], text: &[u8]| {
                seed.hash([name, kind, has_source.as_slice(), source, text])
            };
            Some(match claim.find(caller.metadata()) {
                Some(Value::String(text)) => hash(b"text", text.as_bytes()),
                Some(Value::Number(value)) => match (value.as_i64(), value.as_u64()) {
                    (Some(value), _) => hash(b"int", &value.to_be_bytes()),
                    (None, Some(value)) => hash(b"uint", &value.to_be_bytes()),
                    (None, None) => of_caller(caller, name, seed),
                },
                _ => of_caller(caller, name, seed),
            })
        }
        Subject::Address => {
            let client = ClientAddress::of(requester.extensions?)?;
            Some(seed.hash([name, b"address".as_slice(), &client.octets()]))
        }
        Subject::All => Some(seed.hash([name])),
    }
}

/// The bucket of a principal.
pub(super) fn of_caller(caller: &AuthContext, kind: &[u8], seed: &impl Buckets) -> u128 {
    let principal = caller.principal();
    // No source and an empty one are two.
    let source = principal.source().map(str::as_bytes);
    seed.hash([
        kind,
        b"caller",
        principal.method().as_bytes(),
        &[u8::from(source.is_some())],
        source.unwrap_or_default(),
        principal.user_id().as_bytes(),
    ])
}

fn of_key(caller: &AuthContext, kind: &[u8], seed: &impl Buckets) -> u128 {
    if let Some(charge) = caller.own_charge() {
        let (store, account) = charge.account();
        // An account's name is random: no two stores have one in common.
        let store = seed.own(store);
        return seed.hash([kind, b"account", &store, account.as_bytes()]);
    }
    match caller.key_name() {
        Some(name) => {
            let of_caller = of_caller(caller, kind, seed).to_be_bytes();
            seed.hash([kind, b"key", &of_caller, name.as_bytes()])
        }
        None => of_caller(caller, kind, seed),
    }
}
