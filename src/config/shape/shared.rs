//! The shape of what several processes share in a file.

use crate::config::read::{Url, block};

block! {
    /// A state that several processes share: limits count there, and webhooks remember deliveries there.
    Shared {
        /// The state, such as `redis://host:6379`, best as `${VARIABLE}` where it holds a password.
        url: optional Url,
        /// A file that holds the URL, relative to this file's folder.
        url_file: optional String,
    }
}
