//! From the document to values of a type: what a value may be, and what a fault says.

mod block;
mod claims;
mod contract;
mod lists;
mod slot;
mod values;

pub(super) use self::{
    block::{Block, Described, Members, block},
    claims::{Claim, Claims, RequiredClaim},
    contract::{Read, misfit, read},
    lists::{Filled, OneOrList, OneOrMore, OneOrMoreSecrets, PublicAlgorithms},
    slot::{Located, OneOf, Slot, Which},
    values::{Bytes, Count, Free, Id, Keys, Seconds, Url, choice, choice_schema},
};
