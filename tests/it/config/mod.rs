//! Configuration: from a file to a layer, and never open by accident.

use crate::common;
use crate::common::tls;

mod all_at_once;
mod audit;
mod broken;
mod claims;
mod documents;
mod emptied;
pub mod files;
mod hostile;
mod introspected;
mod issuers;
mod jwt_keys;
mod key_members;
mod key_store;
mod mcp;
mod monotone;
mod never_open;
mod overrides;
mod pyjwt;
pub mod reload;
mod schema;
mod secret_files;
mod secrets;
mod shapes;
mod shared_revocations;
mod summary;
mod trust;
mod watch;
mod webhooks;
