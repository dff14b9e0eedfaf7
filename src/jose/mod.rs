//! Compact JWS: parsing, keys, claims. No HTTP, no tower, no async.
