//! Servers of the Model Context Protocol: their metadata, their challenges, and who may call what.

mod bodies;
mod challenges;
mod headers;
mod kit;
mod metadata;
mod permissions;

use crate::common;
