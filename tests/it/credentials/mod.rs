//! Where a credential is looked for, and what is ambiguous.

mod ambiguous;
mod bytes;
mod cookie_origins;
mod cookies;
mod hidden;
mod named_twice;
mod query;
mod readers;
mod websocket;
