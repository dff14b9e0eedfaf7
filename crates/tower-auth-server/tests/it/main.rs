//! The program `tower-auth`, as a shell runs it.
#![cfg(test)]

mod audit;
mod canary;
mod checking;
mod common;
mod documents;
mod ends;
mod explaining;
mod first_admin;
mod guides;
mod help;
mod http_api;
mod importing;
mod listing;
mod making;
mod mistakes;
mod outage;
mod postgres;
mod redis_revoking;
mod revoking;
mod updating;
mod whole_life;
