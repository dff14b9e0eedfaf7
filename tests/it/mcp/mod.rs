//! Servers of the Model Context Protocol: their metadata, their challenges, and who may call what.

mod audience;
mod authorizers;
mod bodies;
mod challenges;
mod generated;
mod headers;
mod kit;
mod metadata;
mod permissions;
mod sessions;
mod streams;

#[path = "../../../fuzz/src/mcp.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets use it from outside")]
pub(crate) mod oracle;

use crate::common;
