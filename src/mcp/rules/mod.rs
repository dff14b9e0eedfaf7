//! What a caller needs for a method, a tool, a resource or a prompt.

mod item;
mod need;
mod spelling;
mod table;

pub use self::{item::McpItem, need::McpNeed};
pub(super) use self::{need::Need, table::Rules};
