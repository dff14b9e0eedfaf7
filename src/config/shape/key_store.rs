//! The shape of managed keys in a file: where they are, and how they are let in.

use crate::config::read::{Filled, Keys, Seconds, Url, block};

block! {
    /// A store of managed keys, and the rules for them.
    ManagedKeyStore: PartialEq {
        /// The store, such as `sqlite:keys.db`, best as `${VARIABLE}` where it holds a password.
        url: optional Url,
        /// A file that holds the URL, relative to this file's folder.
        url_file: optional String,
        /// What the keys of the store begin with, before the last `_`, such as `sk_live`.
        prefix: required String,
        /// The header that is read first; `X-API-Key` unless set. With `Authorization`, a key is read
        /// there alone.
        header: optional String,
        /// A label that is part of the callers' principals: of this block alone.
        source: optional String,
        /// A label that is part of the callers' principals, in common with every provider of keys that
        /// has it as its shared source: they mean the same users.
        shared_source: optional String,
        /// How long known keys are accepted while the store cannot be asked; 60 unless set, 0 is
        /// allowed.
        stale_limit_seconds: optional Seconds,
        /// How long a new key may live; no limit unless set.
        max_lifetime_seconds: optional Seconds,
        /// How many keys this process keeps in memory; a million unless set, at least 1 (0 counts as
        /// 1). Others are looked up when they are shown.
        max_known: optional Keys,
        /// Methods of the program's own providers whose principals may own keys.
        owner_methods: optional Filled<String>,
        /// Names that every administrator may use in the metadata of keys, which become claims.
        free_metadata: optional Filled<String>,
    }
}
