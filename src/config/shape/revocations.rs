//! The shape of revocations in a file.

use crate::config::{
    read::{Seconds, block},
    shape::throttle::Entries,
};

block! {
    /// Revocations of tokens, in the key store. With this block, every caller is held to them.
    RevocationRules: PartialEq {
        /// How long a token may live; 86400 (a day) unless set. A token that lives longer is refused:
        /// its revocation would be forgotten first.
        max_token_lifetime_seconds: optional Seconds,
        /// How far the clocks of issuers may be ahead; 30 unless set.
        leeway_seconds: optional Seconds,
        /// How long the known revocations count while the store cannot be asked; 60 unless set, 0 is
        /// allowed. Then every caller is a 503.
        stale_limit_seconds: optional Seconds,
        /// How many revocations are kept; a million unless set. Beyond it a new one is refused to
        /// whoever revokes, and none is dropped.
        max_revocations: optional Entries,
        /// Whether a token must say when it was issued (`iat`); false unless set.
        require_issued_at: optional bool,
    }
}
