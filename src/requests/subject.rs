//! The bucket of a limit that a request is counted in.

use http::Extensions;
use serde_json::Value;

use super::limit::{Limit, Subject};
use crate::{
    context::{AuthContext, ClaimPath},
    request::ClientAddress,
    seed::{Seed, SeededHasher},
    shared::bucket_digest::BucketDigest,
};

/// What tells whose a request is.
#[derive(Clone, Copy)]
pub(super) struct Requester<'a> {
    pub(super) caller: Option<&'a AuthContext>,
    /// Nothing where a handler charges: it has the caller alone.
    pub(super) extensions: Option<&'a Extensions>,
}

/// What makes the buckets of one limit.
pub(super) trait Buckets {
    type Texts: Texts;

    /// The bucket of a kind of subject, of which nothing is told yet.
    fn of(&self, kind: &'static str) -> Self::Texts;

    fn of_caller(&self, caller: &AuthContext) -> u128;

    fn of_client(&self, client: ClientAddress) -> u128;

    /// A number that means something in this process alone; nothing where others read it too.
    fn own(&self, number: usize) -> Option<[u8; size_of::<usize>()]>;
}

/// The texts that tell whose a bucket is.
pub(super) trait Texts {
    fn add(&mut self, text: Option<&[u8]>);

    fn bucket(self) -> u128;
}

/// Buckets of this process alone. Each limit has a seed of its own.
impl Buckets for Seed {
    type Texts = SeededHasher;

    #[inline(always)]
    fn of(&self, kind: &'static str) -> SeededHasher {
        let mut texts = self.hasher();
        texts.write(kind.as_bytes());
        texts
    }

    #[inline]
    fn of_caller(&self, caller: &AuthContext) -> u128 {
        self.hash_again(caller.identity())
    }

    #[inline]
    fn of_client(&self, client: ClientAddress) -> u128 {
        self.hash_block(client.octets())
    }

    #[inline]
    fn own(&self, number: usize) -> Option<[u8; size_of::<usize>()]> {
        Some(number.to_be_bytes())
    }
}

impl Texts for SeededHasher {
    #[inline(always)]
    fn add(&mut self, text: Option<&[u8]>) {
        match text {
            Some(text) => self.write(text),
            None => self.write_none(),
        }
    }

    #[inline]
    fn bucket(self) -> u128 {
        self.finish()
    }
}

/// Buckets of the limit with that name, which every process makes alike.
pub(super) struct Everywhere<'a>(pub(super) &'a str);

impl Buckets for Everywhere<'_> {
    type Texts = BucketDigest;

    fn of(&self, kind: &'static str) -> BucketDigest {
        let mut texts = BucketDigest::default();
        texts.write(self.0.as_bytes());
        texts.write(kind.as_bytes());
        texts
    }

    fn of_caller(&self, caller: &AuthContext) -> u128 {
        let mut texts = self.of("caller");
        add_principal(&mut texts, caller);
        texts.finish()
    }

    fn of_client(&self, client: ClientAddress) -> u128 {
        let mut texts = self.of("address");
        texts.write(&client.octets());
        texts.finish()
    }

    fn own(&self, _: usize) -> Option<[u8; size_of::<usize>()]> {
        None
    }
}

impl Texts for BucketDigest {
    fn add(&mut self, text: Option<&[u8]>) {
        match text {
            Some(text) => self.write(text),
            None => self.write_none(),
        }
    }

    fn bucket(self) -> u128 {
        self.finish()
    }
}

/// The bucket of a limit; `None` where it does not count the request.
#[inline]
pub(super) fn bucket(
    limit: &Limit,
    requester: Requester<'_>,
    buckets: &impl Buckets,
) -> Option<u128> {
    match &limit.subject {
        Subject::Caller => Some(buckets.of_caller(requester.caller?)),
        Subject::Key => Some(of_key(requester.caller?, buckets)),
        Subject::Claim(claim) => Some(of_claim(requester.caller?, claim, buckets)),
        Subject::Address => Some(buckets.of_client(ClientAddress::of(requester.extensions?)?)),
        Subject::All => Some(buckets.of("all").bucket()),
    }
}

fn add_principal(texts: &mut impl Texts, caller: &AuthContext) {
    let principal = caller.principal();
    texts.add(Some(principal.method().as_bytes()));
    texts.add(principal.source().map(str::as_bytes));
    texts.add(Some(principal.user_id().as_bytes()));
}

#[inline(never)]
fn of_claim(caller: &AuthContext, claim: &ClaimPath, buckets: &impl Buckets) -> u128 {
    let hash = |kind, text: &[u8]| {
        let mut texts = buckets.of(kind);
        // Two issuers may each have a tenant `acme`.
        texts.add(caller.principal().source().map(str::as_bytes));
        texts.add(Some(text));
        texts.bucket()
    };
    match claim.find(caller.metadata()) {
        Some(Value::String(text)) => hash("text", text.as_bytes()),
        Some(Value::Number(value)) => match (value.as_i64(), value.as_u64()) {
            (Some(value), _) => hash("int", &value.to_be_bytes()),
            (None, Some(value)) => hash("uint", &value.to_be_bytes()),
            (None, None) => buckets.of_caller(caller),
        },
        _ => buckets.of_caller(caller),
    }
}

#[inline(never)]
fn of_key(caller: &AuthContext, buckets: &impl Buckets) -> u128 {
    if let Some(charge) = caller.own_charge() {
        let (store, account) = charge.account();
        let mut texts = buckets.of("account");
        // An account's name is random: no two stores have one in common.
        texts.add(buckets.own(store).as_ref().map(<[u8; _]>::as_slice));
        texts.add(Some(account.as_bytes()));
        return texts.bucket();
    }
    match caller.key_name() {
        Some(name) => {
            let mut texts = buckets.of("key");
            add_principal(&mut texts, caller);
            texts.add(Some(name.as_bytes()));
            texts.bucket()
        }
        None => buckets.of_caller(caller),
    }
}
