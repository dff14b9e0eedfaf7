//! The store through its public interface, with real files and real processes.
#![cfg(test)]

mod claims;
mod common;
mod crashes;
mod credits;
mod files;
mod in_a_file;
mod managed;
mod odd_metadata;
mod opening;
mod outage;
mod processes;
mod secrets;
mod stopped;
mod url;
