//! Deliveries that a platform signed.
#![allow(unreachable_pub, reason = "a test exports nothing")]

use crate::common;
use crate::common::vectors;

mod asymmetric;
mod before_proof;
mod body;
mod building;
mod chains;
mod compressed;
mod discord;
mod equal_bodies;
mod invalid;
mod kit;
mod meta;
mod names;
mod replay;
mod replay_stores;
mod routes;
mod schemes;
mod shared_leases;
mod shared_store;
mod signing;
mod slack;
mod slow_bodies;
mod telegram;
mod times;
mod twilio;
mod vector_file;
