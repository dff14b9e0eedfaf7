//! The bucket of a limit that a request is counted in.

use http::Extensions;
use serde_json::Value;

use super::limit::{Limit, Subject};
use crate::{context::AuthContext, request::ClientAddress, shared::seed::Seed};

/// What tells whose a request is.
#[derive(Clone, Copy)]
pub(super) struct Requester<'a> {
    pub(super) caller: Option<&'a AuthContext>,
    /// Nothing where a handler charges: it has the caller alone.
    pub(super) extensions: Option<&'a Extensions>,
}

/// The bucket of the limit with that number; `None` where it does not count the request.
pub(super) fn bucket(
    limit: &Limit,
    number: u8,
    requester: Requester<'_>,
    seed: &Seed,
) -> Option<u128> {
    let number = [number];
    match &limit.subject {
        Subject::Caller => Some(of_caller(requester.caller?, &number, seed)),
        Subject::Key => Some(of_key(requester.caller?, &number, seed)),
        Subject::Claim(claim) => {
            let caller = requester.caller?;
            // Two issuers may each have a tenant `acme`.
            let principal = caller.principal();
            let source = principal.source().map(str::as_bytes);
            let has_source = [u8::from(source.is_some())];
            let source = source.unwrap_or_default();
            let hash = |kind: &[u8], text: &[u8]| {
                seed.hash([&number, kind, has_source.as_slice(), source, text])
            };
            Some(match claim.find(caller.metadata()) {
                Some(Value::String(text)) => hash(b"text", text.as_bytes()),
                Some(Value::Number(value)) => match (value.as_i64(), value.as_u64()) {
                    (Some(value), _) => hash(b"int", &value.to_be_bytes()),
                    (None, Some(value)) => hash(b"uint", &value.to_be_bytes()),
                    (None, None) => of_caller(caller, &number, seed),
                },
                _ => of_caller(caller, &number, seed),
            })
        }
        Subject::Address => {
            let client = ClientAddress::of(requester.extensions?)?;
            Some(seed.hash([&number, b"address".as_slice(), &client.octets()]))
        }
        Subject::All => Some(seed.hash([number.as_slice()])),
    }
}

/// The bucket of a principal.
pub(super) fn of_caller(caller: &AuthContext, kind: &[u8], seed: &Seed) -> u128 {
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

fn of_key(caller: &AuthContext, kind: &[u8], seed: &Seed) -> u128 {
    if let Some(charge) = caller.own_charge() {
        let (store, account) = charge.account();
        let store = store.to_be_bytes();
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
