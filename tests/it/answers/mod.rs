//! What a caller is answered, and what the log says.

mod challenges;
mod cors;
mod doors;
mod events;
mod outside;
mod refusals;
mod replaced;
mod unread;
